/* SPDX-License-Identifier: MIT */
#include "secret_other.h"

#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "other.h"
#include "secret_match.h"

static bool
asks(const struct keyring *k, const char *key)
{
	const char *v = lines_get(k->request, key);

	return v != NULL && strcmp(v, "1") == 0;
}

/*
 * How good is it as an answer?  0: of no use, 1: its password has expired but
 * it can be refreshed, 2: usable.
 */
static int
quality(const struct credential *c, bool authtype, int64_t now)
{
	bool usable =
	    c->has[CREDENTIAL_USERNAME] && c->has[CREDENTIAL_PASSWORD];

	if (authtype && c->has[CREDENTIAL_AUTHTYPE] &&
	    c->has[CREDENTIAL_CREDENTIAL])
		usable = true;
	if (usable &&
	    credential_number(c, CREDENTIAL_EXPIRES_AT, INT64_MAX) > now)
		return 2;
	return c->has[CREDENTIAL_REFRESH_TOKEN] ? 1 : 0;
}

/* Its time is up: nothing is left of it. */
static bool
is_over(const struct credential *c, int64_t now)
{
	return credential_number(c, CREDENTIAL_FORGET_AT, INT64_MAX) <= now;
}

static int
answer(struct keyring *k, const struct credential *c,
    enum credential_field last, struct err *err)
{
	if (lines_add(k->answer, "item[]", "", err) < 0)
		return err->code;
	return credential_write(c, CREDENTIAL_TOOL, last, k->answer, err);
}

int
op_credential_get(struct keyring *k, struct err *err)
{
	CREDENTIAL pattern = CREDENTIAL_INIT;
	CLEANUP(matches_release) struct matches m = MATCHES_INIT;
	const struct match *best = NULL, *one;
	bool over = false;
	int best_quality = 0, q;
	int64_t now = time(NULL);
	guint i;

	if (match_request(k, &pattern, err) < 0 ||
	    matches_find(k, &pattern, MATCH_ANY, &m, err) < 0)
		return err->code;
	for (i = 0; i < m.found->len; i++) {
		one = m.found->pdata[i];
		if (is_over(&one->credential, now)) {
			over = true;
			continue;
		}
		q = quality(&one->credential, asks(k, "authtype"), now);
		if (q > best_quality ||
		    (q == best_quality && q > 0 && match_is_later(one, best))) {
			best = one;
			best_quality = q;
		}
	}
	if (over && lines_add(k->answer, "over", "1", err) < 0)
		return err->code;
	if (best == NULL)
		return err_set(err, ERR_NOTFOUND, "the keyring has no item");
	return answer(k, &best->credential, CREDENTIAL_EXPIRES_AT, err);
}

/* Is it the very same secret as the one that we hold? */
static bool
same_secret(const struct credential *a, const struct credential *b)
{
	return credential_same(a, b, CREDENTIAL_PASSWORD) &&
	       credential_same(a, b, CREDENTIAL_AUTHTYPE) &&
	       credential_same(a, b, CREDENTIAL_CREDENTIAL);
}

static bool
unchanged(const struct credential *a, const struct credential *b)
{
	int i;

	for (i = CREDENTIAL_URL; i < CREDENTIAL_STORED_AT; i++)
		if (!credential_same(a, b, (enum credential_field)i))
			return false;
	return true;
}

static int
keep_field(struct credential *c, const struct credential *held,
    enum credential_field field, struct err *err)
{
	return c->has[field]
		   ? 0
		   : credential_set(c, field, credential_get(held, field), err);
}

/*
 * What old git does not hand on stays.  An expiry that has passed was none: git
 * stores what a server has just taken.
 */
static int
merge(struct credential *c, const struct credential *held, int64_t now,
    struct err *err)
{
	if (!same_secret(c, held) || is_over(held, now))
		return 0;
	if (credential_number(held, CREDENTIAL_EXPIRES_AT, INT64_MAX) > now &&
	    keep_field(c, held, CREDENTIAL_EXPIRES_AT, err) < 0)
		return err->code;
	return keep_field(c, held, CREDENTIAL_REFRESH_TOKEN, err);
}

/* The one that was stored last of its host and path; NULL: there is none. */
static int
find_last(struct keyring *k, const struct credential *c, GPtrArray *salts,
    struct matches *all, const struct match **ret, struct err *err)
{
	CREDENTIAL pattern = CREDENTIAL_INIT;
	static const enum credential_field by[] = {CREDENTIAL_TOOL,
	    CREDENTIAL_PROTOCOL, CREDENTIAL_HOST, CREDENTIAL_PATH};
	size_t i;
	int r;

	*ret = NULL;
	for (i = 0; i < G_N_ELEMENTS(by); i++)
		if (credential_set(
			&pattern, by[i], credential_get(c, by[i]), err) < 0)
			return err->code;
	for (i = 0; i < salts->len; i++)
		g_ptr_array_add(all->salts, g_strdup(salts->pdata[i]));
	r = matches_find(k, &pattern, MATCH_ANY, all, err);
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	for (i = 0; i < all->found->len; i++)
		if (*ret == NULL || match_is_later(all->found->pdata[i], *ret))
			*ret = all->found->pdata[i];
	return 0;
}

/* Is it the one that a request without a user name gets? */
static int
is_first(struct keyring *k, const struct credential *c, GPtrArray *salts,
    bool *ret, struct err *err)
{
	CLEANUP(matches_release) struct matches all = MATCHES_INIT;
	const struct match *last;

	if (find_last(k, c, salts, &all, &last, err) < 0)
		return err->code;
	*ret = last != NULL &&
	       credential_same(c, &last->credential, CREDENTIAL_USERNAME);
	return 0;
}

/*
 * Now, but after all others that can be seen: a clock may have been set back
 * since.
 */
static int
set_time(
    struct keyring *k, struct credential *c, GPtrArray *salts, struct err *err)
{
	CLEANUP(matches_release) struct matches all = MATCHES_INIT;
	struct err ignored = ERR_INIT;
	const struct match *last;
	int64_t now = g_get_real_time() / 1000, then = 0;

	if (find_last(k, c, salts, &all, &last, &ignored) == 0 && last != NULL)
		then = credential_number(
		    &last->credential, CREDENTIAL_STORED_AT, 0);
	return credential_set_number(
	    c, CREDENTIAL_STORED_AT, MAX(now, then + 1), err);
}

/*
 * Is it ours, or that of somebody who wrote after us?  Clocks cannot tell who was
 * last: what was not there before we wrote can.
 */
static bool
is_new(const struct match *one, const struct credential *c,
    const struct matches *before)
{
	const struct match *old;
	guint i;

	if (same_secret(&one->credential, c))
		return true;
	for (i = 0; i < before->found->len; i++) {
		old = before->found->pdata[i];
		if (same_secret(&one->credential, &old->credential) &&
		    credential_same(&one->credential, &old->credential,
			CREDENTIAL_STORED_AT))
			return false;
	}
	return true;
}

/* Write it, and see that what can be found then is a whole and a new one. */
static int
write_item(struct keyring *k, struct credential *c,
    const struct matches *before, char **ret_path, struct err *err)
{
	CLEANUP(matches_release) struct matches back = MATCHES_INIT;
	SECBUF stored = SECBUF_INIT(STORED_MAX);
	g_autofree char *collection = NULL;
	const char *salt = before->salts->pdata[0];
	int r;

	if (set_time(k, c, before->salts, err) < 0 ||
	    match_encode(c, &stored, err) < 0 ||
	    keep_collection(k, &collection, err) < 0 ||
	    keep_create(k, collection, match_attributes(SCHEMA, c, salt, true),
		match_label(c), &stored, KEEP_REPLACE, ret_path, err) < 0)
		return err->code;
	g_ptr_array_add(back.salts, g_strdup(salt));
	r = matches_find(k, c, MATCH_EXACT, &back, err);
	if (r == ERR_NOTFOUND)
		return err_set(err, ERR_INTERNAL,
		    "the keyring cannot find what was stored");
	if (r < 0)
		return r;
	if (!is_new(back.found->pdata[0], c, before))
		return err_set(err, ERR_INTERNAL,
		    "the keyring still has what was to be replaced");
	return 0;
}

int
op_credential_store(struct keyring *k, struct err *err)
{
	CREDENTIAL c = CREDENTIAL_INIT;
	CLEANUP(matches_release) struct matches m = MATCHES_INIT;
	g_autofree char *path = NULL;
	const struct match *one;
	struct err ignored = ERR_INIT;
	bool first = true;
	guint i;
	int r;

	if (match_request(k, &c, err) < 0 ||
	    matches_salts(k, true, &m, err) < 0)
		return err->code;
	r = matches_find(k, &c, MATCH_EXACT, &m, err);
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	for (i = 0; i < m.found->len; i++) {
		one = m.found->pdata[i];
		if (merge(&c, &one->credential, time(NULL), err) < 0)
			return err->code;
	}
	if (m.found->len == 1 && unchanged(&c, &one->credential)) {
		if (asks(k, "prefer") &&
		    is_first(k, &c, m.salts, &first, err) < 0)
			return err->code;
		if (first)
			return 0;
	}
	if (write_item(k, &c, &m, &path, err) < 0)
		return err->code;
	/* Under another salt, perhaps. */
	for (i = 0; i < m.found->len; i++) {
		one = m.found->pdata[i];
		if (strcmp(one->path, path) != 0)
			(void)keep_delete(k, one->path, false, &ignored);
	}
	return 0;
}

/* Of the password and credential that are given, if any are. */
static bool
is_given(const struct credential *pattern, const struct credential *c)
{
	return (!pattern->has[CREDENTIAL_PASSWORD] ||
		   credential_same(pattern, c, CREDENTIAL_PASSWORD)) &&
	       (!pattern->has[CREDENTIAL_CREDENTIAL] ||
		   credential_same(pattern, c, CREDENTIAL_CREDENTIAL));
}

/* Go on after a failure: what can be erased shall not outlive this. */
static int
erase(struct keyring *k, bool only_over, struct err *err)
{
	CREDENTIAL pattern = CREDENTIAL_INIT;
	CLEANUP(matches_release) struct matches m = MATCHES_INIT;
	const struct match *one;
	int64_t now = time(NULL);
	size_t erased = 0;
	guint i;
	int r = 0;

	if (match_request(k, &pattern, err) < 0 ||
	    (matches_salts(k, false, &m, err) < 0 &&
		err->code != ERR_NOTFOUND) ||
	    matches_find(k, &pattern, MATCH_ANY, &m, err) < 0)
		return err->code;
	for (i = 0; i < m.found->len; i++) {
		one = m.found->pdata[i];
		if (only_over ? !is_over(&one->credential, now)
			      : !is_given(&pattern, &one->credential))
			continue;
		erased++;
		if (keep_delete(k, one->path, false, err) < 0)
			r = err->code;
	}
	if (erased == 0)
		return err_set(err, ERR_NOTFOUND, "the keyring has no item");
	return r;
}

int
op_credential_erase(struct keyring *k, struct err *err)
{
	return erase(k, false, err);
}

int
op_credential_sweep(struct keyring *k, struct err *err)
{
	k->in_passing = true;
	return erase(k, true, err);
}

int
op_credential_list(struct keyring *k, struct err *err)
{
	CLEANUP(matches_release) struct matches m = MATCHES_INIT;
	CREDENTIAL pattern = CREDENTIAL_INIT;
	const struct match *one;
	int64_t now = time(NULL);
	size_t told = 0;
	guint i;
	int r;

	if (match_tool(k, &pattern, err) < 0)
		return err->code;
	r = matches_all(k, &pattern, &m, err);
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	for (i = 0; i < m.found->len; i++) {
		one = m.found->pdata[i];
		if (is_over(&one->credential, now))
			continue;
		if (++told > OTHER_LIST_MAX)
			return err_set(err, ERR_INTERNAL,
			    "the keyring has more than %d credentials",
			    OTHER_LIST_MAX);
		if (answer(k, &one->credential, CREDENTIAL_URL, err) < 0)
			return err->code;
	}
	return 0;
}
