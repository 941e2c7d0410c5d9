/* SPDX-License-Identifier: MIT */
#include "secret_salt.h"

#include <string.h>
#include <sys/random.h>

#include "cleanup.h"
#include "secret_base64.h"
#include "secret_keep.h"

#define KIND  "salt"
#define LABEL "tokenring: needed to find the git credentials"

bool
salt_is(const char *s)
{
	return strlen(s) == SALT_LEN &&
	       strspn(s, "0123456789abcdef") == SALT_LEN;
}

void
salt_hash(const char *salt, const char *const part[], size_t n,
    char ret[HASH_LEN + 1])
{
	GHmac *h =
	    g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)salt, strlen(salt));
	guint32 len;
	size_t i;

	for (i = 0; i < n; i++) {
		len = part[i] != NULL ? (guint32)strlen(part[i]) : G_MAXUINT32;
		g_hmac_update(h, (const guchar *)&len, sizeof(len));
		if (part[i] != NULL)
			g_hmac_update(h, (const guchar *)part[i], len);
	}
	(void)g_strlcpy(ret, g_hmac_get_string(h), HASH_LEN + 1);
	g_hmac_unref(h);
}

/* By which salts are found: one of them, or all with NULL. */
static GVariant *
attributes(const char *schema, const char *salt)
{
	char id[HASH_LEN + 1];

	if (salt != NULL)
		salt_hash(salt, (const char *const[]){"salt"}, 1, id);
	return keyring_attributes(
	    (const char *const[][2]){{"xdg:schema", schema}, {"kind", KIND},
		{"id", salt != NULL ? id : NULL}, {NULL, NULL}});
}

static int
count(struct keyring *k, const char *salt, guint *ret, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};

	if (keyring_search(k, attributes(NULL, salt), &f, err) < 0)
		return err->code;
	*ret = g_strv_length(f.open) + g_strv_length(f.locked);
	return 0;
}

int
salt_is_only(struct keyring *k, const char *salt, bool *ret, struct err *err)
{
	guint all, with_it;

	if (count(k, NULL, &all, err) < 0 || count(k, salt, &with_it, err) < 0)
		return err->code;
	*ret = all == 1 && with_it == 1;
	return 0;
}

static int
compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
read_one(struct keyring *k, const char *path, GPtrArray *ret, struct err *err)
{
	SECBUF text = SECBUF_INIT(STORED_MAX);
	int r = keep_load(k, path, &text, err);

	if (r == ERR_NOTFOUND) /* it went meanwhile */
		return 0;
	if (r == 0 && salt_is(text.ptr))
		g_ptr_array_add(ret, g_strdup(text.ptr));
	return r;
}

int
salts_read(struct keyring *k, GPtrArray *ret, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};
	size_t i;

	if (keyring_search_some(k, attributes(NULL, NULL), &f, err) < 0)
		return err->code;
	for (i = 0; f.open[i] != NULL; i++)
		if (read_one(k, f.open[i], ret, err) < 0)
			return err->code;
	for (i = 0; f.locked[i] != NULL; i++)
		if (keyring_unlock(k, f.locked[i], err) < 0 ||
		    read_one(k, f.locked[i], ret, err) < 0)
			return err->code;
	if (ret->len == 0)
		return err_set(err, ERR_NOTFOUND, "the keyring has no item");
	g_ptr_array_sort(ret, compare);
	return 0;
}

int
salt_make(
    struct keyring *k, const char *collection, GPtrArray *ret, struct err *err)
{
	SECBUF text = SECBUF_INIT(SALT_LEN);
	g_autofree char *path = NULL;
	unsigned char random[SALT_LEN / 2];
	char digits[3];
	size_t i;
	int r = 0;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_set(err, ERR_INTERNAL, "no random numbers");
	for (i = 0; i < sizeof(random); i++) {
		(void)g_snprintf(digits, sizeof(digits), "%02x", random[i]);
		r |= secbuf_addstr(&text, digits);
	}
	if (r < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (keep_create(k, collection, attributes(SCHEMA, text.ptr), LABEL,
		&text, KEEP_BESIDE, &path, err) < 0)
		return err->code;
	g_ptr_array_add(ret, g_strdup(text.ptr));
	return 0;
}
