/* SPDX-License-Identifier: MIT */
#include "secret_items.h"

#include <string.h>

#include "cleanup.h"
#include "secret_base64.h"
#include "secret_search.h"

const char *const item_kinds[] = {
    "refresh", "client-secret", "password", "access", NULL};

bool
item_is_fp(const char *s)
{
	return strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

/* What the service holds at `path`, as it is stored. */
static int
load(struct keyring *k, const char *path, struct secbuf *ret, struct err *err)
{
	g_autoptr(GError) e = NULL;
	SecretValue *value;
	const char *text;
	gsize len = 0;
	int r;

	if (keyring_open_service(k, err) < 0)
		return err->code;
	value = secret_service_get_secret_for_dbus_path_sync(
	    k->service, path, NULL, &e);
	if (value == NULL)
		return keyring_fail(err, "cannot read the keyring's item", e);
	text = secret_value_get(value, &len);
	secbuf_reset(ret);
	r = text != NULL ? secbuf_add(ret, text, len) : 0;
	secret_value_unref(value);
	return r < 0 ? err_set(err, ERR_INTERNAL,
			   "the keyring's item is larger than %d bytes",
			   STORED_MAX)
		     : 0;
}

static int
answer_payload(struct keyring *k, struct secbuf *text, struct err *err)
{
	char *line = text->ptr, *lf;

	if (memchr(text->ptr, '\0', text->len) != NULL)
		return err_set(err, ERR_INTERNAL,
		    "the keyring's item is damaged: a NUL character");
	for (;; line = lf + 1) {
		lf = strchr(line, '\n');
		if (lf != NULL)
			*lf = '\0';
		if (lines_add(k->answer, "payload[]", line, err) < 0)
			return err_wrap(err, "the keyring's item is damaged");
		if (lf == NULL)
			return 0;
	}
}

int
op_get(struct keyring *k, struct err *err)
{
	SECBUF stored = SECBUF_INIT(STORED_MAX);
	SECBUF text = SECBUF_INIT(SECRET_MAX + 4);
	CLEANUP(found_release) struct found f = {NULL, NULL};
	const char *path;

	if (keyring_find_some(k, &f, err) < 0)
		return err->code;
	path = f.open[0] != NULL ? f.open[0] : f.locked[0];
	if (f.open[0] == NULL && keyring_unlock(k, path, err) < 0)
		return err->code;
	if (load(k, path, &stored, err) < 0)
		return err->code;
	if (base64url_decode(&stored, &text) < 0)
		return err_set(err, ERR_INTERNAL,
		    "the keyring's item is damaged: not base64url");
	return answer_payload(k, &text, err);
}

static GHashTable *
properties_new(void)
{
	return g_hash_table_new_full(
	    g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_variant_unref);
}

/* The name is lent, the value's floating reference is taken. */
static void
add_property(GHashTable *p, const char *name, GVariant *value)
{
	g_hash_table_insert(p, (gpointer)name, g_variant_ref_sink(value));
}

/*
 * A place to store in.  libsecret would ask for a new collection if the default
 * one is missing (KeePassXC has none, for one); without a person that is an
 * outcome of its own.
 */
static int
ensure_collection(struct keyring *k, char **ret, struct err *err)
{
	g_autoptr(GHashTable) p = properties_new();
	g_autoptr(GError) e = NULL;

	if (keyring_default(k, ret, err) < 0)
		return err->code;
	if (*ret != NULL)
		return 0;
	if (!k->prompt)
		return err_set(err, ERR_NOTFOUND,
		    "the keyring service has no default keyring");
	if (keyring_open_service(k, err) < 0)
		return err->code;
	add_property(
	    p, COLL_IFACE ".Label", g_variant_new_string("Default keyring"));
	*ret = secret_service_create_collection_dbus_path_sync(
	    k->service, p, "default", SECRET_COLLECTION_CREATE_NONE, NULL, &e);
	if (*ret != NULL && strcmp(*ret, "/") != 0)
		return 0;
	if (e != NULL)
		return keyring_fail(err, "cannot create a keyring", e);
	return err_set(err, ERR_CANCELED, "no keyring was created");
}

static int
try_create(struct keyring *k, const char *collection, GHashTable *properties,
    SecretValue *value, char **ret_path, struct err *err)
{
	g_autoptr(GError) e = NULL;

	*ret_path =
	    secret_service_create_item_dbus_path_sync(k->service, collection,
		properties, value, SECRET_ITEM_CREATE_REPLACE, NULL, &e);
	if (*ret_path != NULL && strcmp(*ret_path, "/") != 0)
		return 0;
	g_clear_pointer(ret_path, g_free);
	if (e != NULL)
		return keyring_fail(err, "cannot store in the keyring", e);
	return err_set(
	    err, ERR_CANCELED, "storing in the keyring was declined");
}

/* Create or replace; a locked collection is unlocked first. */
static int
create_item(struct keyring *k, const char *collection,
    const struct secbuf *stored, char **ret_path, struct err *err)
{
	const struct lines *q = k->request;
	g_autoptr(GHashTable) p = properties_new();
	SecretValue *value =
	    secret_value_new(stored->ptr, (gssize)stored->len, "text/plain");
	int r;

	add_property(p, ITEM_IFACE ".Label",
	    g_variant_new_string(lines_get(q, "label")));
	add_property(p, ITEM_IFACE ".Attributes",
	    keyring_attributes(
		SCHEMA, lines_get(q, "fp"), lines_get(q, "kind")));
	r = try_create(k, collection, p, value, ret_path, err);
	if (r == ERR_LOCKED) {
		r = keyring_unlock(k, collection, err);
		if (r == 0)
			r = try_create(k, collection, p, value, ret_path, err);
	}
	secret_value_unref(value);
	return r;
}

/*
 * Can the item be found again, and does it hold what was written?  Others with
 * its attributes, left in a collection that once was the default one, go: `get`
 * must not find them.
 */
static int
verify_item(struct keyring *k, const char *path, const struct secbuf *stored,
    struct err *err)
{
	SECBUF back = SECBUF_INIT(STORED_MAX);
	CLEANUP(found_release) struct found f = {NULL, NULL};
	size_t i;

	if (load(k, path, &back, err) < 0 || keyring_find(k, &f, err) < 0)
		return err->code;
	if (!secbuf_equal(&back, stored))
		return err_set(err, ERR_INTERNAL,
		    "the keyring gave back something else than was stored");
	if (!g_strv_contains((const gchar *const *)f.open, path))
		return err_set(err, ERR_INTERNAL,
		    "the keyring cannot find what was stored");
	for (i = 0; f.open[i] != NULL; i++)
		if (strcmp(f.open[i], path) != 0)
			(void)secret_service_delete_item_dbus_path_sync(
			    k->service, f.open[i], NULL, NULL);
	return 0;
}

int
op_put(struct keyring *k, struct err *err)
{
	const struct lines *q = k->request;
	SECBUF text = SECBUF_INIT(SECRET_MAX);
	SECBUF stored = SECBUF_INIT(STORED_MAX);
	g_autofree char *collection = NULL;
	g_autofree char *path = NULL;
	size_t i, n = 0;
	int r = 0;

	for (i = 0; i < q->n; i++) {
		if (strcmp(q->field[i].key, "payload[]") != 0)
			continue;
		if (n++ > 0)
			r |= secbuf_add(&text, "\n", 1);
		r |= secbuf_addstr(&text, q->field[i].value);
	}
	if (n == 0)
		return err_set(err, ERR_PROTOCOL, "nothing to store");
	if (r < 0 || base64url_encode(&text, &stored) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (ensure_collection(k, &collection, err) < 0 ||
	    keyring_open_service(k, err) < 0 ||
	    create_item(k, collection, &stored, &path, err) < 0)
		return err->code;
	return verify_item(k, path, &stored, err);
}

static int
delete_item(struct keyring *k, const char *path, bool shut, struct err *err)
{
	g_autoptr(GError) e = NULL;

	if (keyring_open_service(k, err) < 0 ||
	    (shut && keyring_unlock(k, path, err) < 0))
		return err->code;
	if (secret_service_delete_item_dbus_path_sync(
		k->service, path, NULL, &e))
		return 0;
	if (e != NULL)
		return keyring_fail(err, "cannot erase the keyring's item", e);
	return err_set(err, ERR_CANCELED, "erasing was declined");
}

/* Go on after a failure: what can be erased shall not outlive this. */
int
op_erase(struct keyring *k, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};
	int r = 0;
	size_t i;

	if (keyring_find_some(k, &f, err) < 0)
		return err->code;
	for (i = 0; f.open[i] != NULL; i++)
		if (delete_item(k, f.open[i], false, err) < 0)
			r = err->code;
	for (i = 0; f.locked[i] != NULL; i++)
		if (delete_item(k, f.locked[i], true, err) < 0)
			r = err->code;
	return r;
}

int
op_probe(struct keyring *k, struct err *err)
{
	g_autofree char *collection = NULL;

	if (ensure_collection(k, &collection, err) < 0)
		return err->code;
	return keyring_ensure_unlocked(k, collection, err);
}
