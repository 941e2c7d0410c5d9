/* SPDX-License-Identifier: MIT */
#include "secret_match.h"

#include <string.h>

#include "cleanup.h"

#define KIND "credential"

void
match_free(gpointer match)
{
	struct match *m = match;

	g_free(m->path);
	credential_release(&m->credential);
	g_free(m);
}

void
matches_release(struct matches *m)
{
	g_clear_pointer(&m->salts, g_ptr_array_unref);
	g_clear_pointer(&m->found, g_ptr_array_unref);
}

int
match_tool(struct keyring *k, struct credential *ret, struct err *err)
{
	size_t pos = 0;

	if (credential_read(ret, k->request, &pos, err) < 0)
		return err->code;
	if (!ret->has[CREDENTIAL_TOOL])
		return err_set(err, ERR_PROTOCOL, "tool is missing");
	return 0;
}

int
match_request(struct keyring *k, struct credential *ret, struct err *err)
{
	const char *salt = lines_get(k->request, "salt");

	if (match_tool(k, ret, err) < 0)
		return err->code;
	if (ret->value[CREDENTIAL_PROTOCOL].len == 0 ||
	    !ret->has[CREDENTIAL_HOST] ||
	    (ret->value[CREDENTIAL_HOST].len == 0 &&
		ret->value[CREDENTIAL_PATH].len == 0))
		return err_set(
		    err, ERR_PROTOCOL, "protocol or host is missing");
	if (salt != NULL && !salt_is(salt))
		return err_set(err, ERR_PROTOCOL, "salt is not a salt");
	return 0;
}

const char *
match_label(const struct credential *c)
{
	return strcmp(credential_get(c, CREDENTIAL_TOOL), "docker") == 0
		   ? "docker credential"
		   : "git credential";
}

/* Each attribute covers the host, so that equal users do not look equal. */
GVariant *
match_attributes(const char *schema, const struct credential *c,
    const char *salt, bool exact)
{
	const char *part[] = {"host", credential_get(c, CREDENTIAL_TOOL),
	    credential_get(c, CREDENTIAL_PROTOCOL),
	    credential_get(c, CREDENTIAL_HOST), NULL};
	char host[HASH_LEN + 1], user[HASH_LEN + 1], path[HASH_LEN + 1];

	salt_hash(salt, part, 4, host);
	part[0] = "user";
	part[4] = credential_get(c, CREDENTIAL_USERNAME);
	salt_hash(salt, part, 5, user);
	part[0] = "path";
	part[4] = credential_get(c, CREDENTIAL_PATH);
	salt_hash(salt, part, 5, path);
	return keyring_attributes((const char *const[][2]){
	    {"xdg:schema", schema}, {"kind", KIND}, {"host", host},
	    {"user", exact || c->has[CREDENTIAL_USERNAME] ? user : NULL},
	    {"path", exact || c->has[CREDENTIAL_PATH] ? path : NULL},
	    {NULL, NULL}});
}

int
match_encode(const struct credential *c, struct secbuf *ret, struct err *err)
{
	SECBUF text = SECBUF_INIT(SECRET_MAX);

	if (lines_begin(&text, err) < 0 ||
	    credential_write(
		c, CREDENTIAL_TOOL, CREDENTIAL_STORED_AT, &text, err) < 0 ||
	    lines_end(&text, err) < 0)
		return err->code;
	if (base64url_encode(&text, ret) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

static int
decode(const struct secbuf *stored, struct credential *ret, struct err *err)
{
	LINES l = LINES_INIT;
	size_t pos = 0;

	if (base64url_decode(stored, &l.text) < 0)
		return err_set(err, ERR_PROTOCOL, "not base64url");
	if (lines_parse(&l, LINES_MESSAGE, err) < 0)
		return err->code;
	return credential_read(ret, &l, &pos, err);
}

bool
match_is_later(const struct match *a, const struct match *b)
{
	return credential_number(&a->credential, CREDENTIAL_STORED_AT, 0) >
	       credential_number(&b->credential, CREDENTIAL_STORED_AT, 0);
}

/* A hash is no proof, and an item that somebody else made is none either. */
static bool
is_meant(const struct credential *pattern, enum match_how how,
    const struct credential *c)
{
	static const struct {
		enum credential_field field;
		bool may_be_any;
	} by[] = {{CREDENTIAL_TOOL, false}, {CREDENTIAL_PROTOCOL, true},
	    {CREDENTIAL_HOST, true}, {CREDENTIAL_PATH, true},
	    {CREDENTIAL_USERNAME, true}};
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(by); i++)
		if ((how == MATCH_EXACT || !by[i].may_be_any ||
			pattern->has[by[i].field]) &&
		    !credential_same(pattern, c, by[i].field))
			return false;
	return true;
}

/* Damaged ones, and those that went meanwhile, are passed over. */
static int
add_match(const char *path, SecretValue *value,
    const struct credential *pattern, enum match_how how, GPtrArray *ret,
    struct err *err)
{
	static const struct credential none = CREDENTIAL_INIT;
	SECBUF stored = SECBUF_INIT(STORED_MAX);
	struct err damage = ERR_INIT;
	struct match *m;
	const char *text;
	gsize len;

	if (value == NULL)
		return 0;
	text = secret_value_get(value, &len);
	if (text == NULL || secbuf_add(&stored, text, len) < 0)
		return 0;
	m = g_new(struct match, 1);
	m->path = g_strdup(path);
	m->credential = none;
	if (decode(&stored, &m->credential, &damage) == 0 &&
	    is_meant(pattern, how, &m->credential))
		g_ptr_array_add(ret, m);
	else
		match_free(m);
	if (damage.code == ERR_NOMEM) {
		*err = damage;
		return err->code;
	}
	return 0;
}

/* Unlock what is locked and read all, in one call. */
static int
read_found(struct keyring *k, const struct found *f,
    const struct credential *pattern, enum match_how how, GPtrArray *ret,
    struct err *err)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	g_autoptr(GHashTable) values = NULL;
	g_autoptr(GError) e = NULL;
	size_t i;

	for (i = 0; f->open[i] != NULL; i++)
		g_ptr_array_add(paths, f->open[i]);
	for (i = 0; f->locked[i] != NULL; i++) {
		if (keyring_unlock(k, f->locked[i], err) < 0)
			return err->code;
		g_ptr_array_add(paths, f->locked[i]);
	}
	if (paths->len == 0)
		return 0;
	g_ptr_array_add(paths, NULL);
	if (keyring_open_service(k, err) < 0)
		return err->code;
	values = secret_service_get_secrets_for_dbus_paths_sync(
	    k->service, (const gchar **)paths->pdata, NULL, &e);
	if (values == NULL)
		return keyring_fail(err, "cannot read the keyring's items", e);
	for (i = 0; i + 1 < paths->len; i++)
		if (add_match(paths->pdata[i],
			g_hash_table_lookup(values, paths->pdata[i]), pattern,
			how, ret, err) < 0)
			return err->code;
	return 0;
}

static int
find_under(struct keyring *k, const struct credential *pattern,
    enum match_how how, const char *salt, GPtrArray *ret, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};

	if (keyring_search(k,
		match_attributes(NULL, pattern, salt, how == MATCH_EXACT), &f,
		err) < 0)
		return err->code;
	return read_found(k, &f, pattern, how, ret, err);
}

int
matches_salts(struct keyring *k, bool make, struct matches *m, struct err *err)
{
	g_autofree char *collection = NULL;
	int r = salts_read(k, m->salts, err);

	if (r == ERR_NOTFOUND && make) {
		if (keep_collection(k, &collection, err) < 0 ||
		    salt_make(k, collection, m->salts, err) < 0)
			return err->code;
		r = 0;
	}
	if (r < 0 || m->salts->len > 1)
		return r;
	return lines_add(k->answer, "salt", m->salts->pdata[0], err);
}

int
matches_find(struct keyring *k, const struct credential *pattern,
    enum match_how how, struct matches *m, struct err *err)
{
	const char *salt = lines_get(k->request, "salt");
	bool only = false;
	guint i;

	if (m->salts->len == 0 && salt != NULL) {
		if (find_under(k, pattern, how, salt, m->found, err) < 0 ||
		    (m->found->len == 0 &&
			salt_is_only(k, salt, &only, err) < 0))
			return err->code;
	}
	if (m->found->len == 0 && !only) {
		if (m->salts->len == 0 && matches_salts(k, false, m, err) < 0)
			return err->code;
		for (i = 0; i < m->salts->len; i++)
			if (find_under(k, pattern, how, m->salts->pdata[i],
				m->found, err) < 0)
				return err->code;
	}
	if (m->found->len == 0)
		return err_set(err, ERR_NOTFOUND, "the keyring has no item");
	return 0;
}

int
matches_all(struct keyring *k, const struct credential *pattern,
    struct matches *m, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};

	if (keyring_search_some(k,
		keyring_attributes(
		    (const char *const[][2]){{"kind", KIND}, {NULL, NULL}}),
		&f, err) < 0)
		return err->code;
	return read_found(k, &f, pattern, MATCH_ANY, m->found, err);
}
