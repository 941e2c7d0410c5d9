/* SPDX-License-Identifier: MIT */
#include "renew.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "facts.h"
#include "io.h"
#include "log.h"
#include "net.h"
#include "refresh.h"
#include "refusal.h"

#define AHEAD_CONNECT_MS 1000
#define AHEAD_TIMEOUT_MS 3000
#define REFRESH_UNKNOWN_LIFE_S                                                 \
	1800 /* of a client's refresh token that says
				       nothing: it is a convenience only */

int
renew_sign_in(const struct grant *g, struct err *err, const char *why)
{
	const char *account = g->front->opt.account;
	char who[TOKEN_NAME_MAX];

	return err_set(err, ERR_INTERACT,
	    "%s; sign in with: tokenring login %s%s%s", why, g->profile->name,
	    account != NULL ? " --account " : "",
	    account != NULL ? err_printable(who, sizeof(who), account) : "");
}

/* The cache's entry of a client's refresh token. */
static void
refresh_entry(const struct grant *g, char name[CACHE_NAME_MAX])
{
	(void)snprintf(name, CACHE_NAME_MAX, "%s.refresh", g->fp);
}

void
renew_remember(const struct grant *g, const struct secbuf *credential,
    const struct lines *answer, const struct err *why)
{
	const char *error = lines_get(answer, "oauth_error");

	if (lines_number(answer, "verified", 0) != 1)
		return;
	/* To a person's grant that is no refusal of the client. */
	if (why->code == ERR_DENIED &&
	    (error == NULL || strcmp(error, "invalid_grant") != 0 ||
		!renew_by_person(g)))
		refusal_remember(g->fp, credential, why, 0);
	else if (why->code == ERR_UNAVAIL)
		refusal_remember(g->fp, credential, why,
		    lines_number(answer, "retry_after", 0));
}

static int
from_environment(const struct grant *g, struct secbuf *ret, struct err *err)
{
	const char *name = profile_get(g->profile, CONF_CLIENT_SECRET_ENV);
	const char *v = secure_getenv(name);

	if (v == NULL || *v == '\0')
		return err_set(err, ERR_CONFIG,
		    "the environment variable '%s' (client_secret_env) is "
		    "empty or not set",
		    name);
	return secbuf_set(ret, v) == 0 ? 0
				       : err_set(err, ERR_CONFIG,
					     "the client's secret is too long");
}

static int
from_file(const struct grant *g, struct secbuf *ret, struct err *err)
{
	const char *path = profile_get(g->profile, CONF_CLIENT_SECRET_FILE);

	if (io_read_named(path, ret, err) < 0)
		return err_wrap(err, "client_secret_file");
	if (ret->len > 0 && ret->ptr[ret->len - 1] == '\n')
		secbuf_cut(ret, ret->len - 1);
	if (ret->len == 0 || strlen(ret->ptr) != ret->len ||
	    strpbrk(ret->ptr, "\r\n") != NULL)
		return err_set(err, ERR_CONFIG,
		    "client_secret_file: '%s' must hold one line, the secret",
		    path);
	return 0;
}

int
renew_client_secret(const struct grant *g, struct secbuf *ret, struct err *err)
{
	const char *auth = profile_get(g->profile, CONF_CLIENT_AUTH);
	int r;

	secbuf_reset(ret);
	if (strcmp(auth, "none") == 0)
		return 0;
	if (profile_get(g->profile, CONF_CLIENT_SECRET_FILE) != NULL)
		return from_file(g, ret, err);
	if (profile_get(g->profile, CONF_CLIENT_SECRET_ENV) != NULL)
		return from_environment(g, ret, err);
	r = store_get(&g->store, g->fp, STORE_CLIENT_SECRET, ret, err);
	if (r == ERR_NOTFOUND)
		return renew_sign_in(
		    g, err, "no client secret is stored for this profile");
	return r;
}

static int
keep_client_refresh(
    const struct grant *g, const struct token *t, struct err *err)
{
	char name[CACHE_NAME_MAX];
	int64_t life = REFRESH_UNKNOWN_LIFE_S;

	refresh_entry(g, name);
	if (t->refresh_token.len == 0) {
		cache_drop(name);
		return 0;
	}
	if (t->refresh_expires_at != 0)
		life = t->refresh_expires_at - t->obtained_at;
	return cache_put(name, &t->refresh_token, life, err);
}

static void
write_facts(const struct grant *g, const struct token *t, const char *kept)
{
	struct err ignored = ERR_INIT;
	struct facts f = {.profile = ""};

	(void)facts_read(g->fp, &f, &ignored);
	(void)snprintf(f.profile, sizeof(f.profile), "%s", g->profile->name);
	(void)snprintf(f.account, sizeof(f.account), "%s", g->account);
	(void)snprintf(f.store, sizeof(f.store), "%s",
	    profile_get(g->profile, CONF_STORE));
	if (kept != NULL) {
		(void)snprintf(f.kept, sizeof(f.kept), "%s", kept);
		f.signed_in_at = t->obtained_at;
	}
	f.obtained_at = t->obtained_at;
	f.expires_at = t->expires_at;
	f.refresh_expires_at = t->refresh_expires_at;
	if (facts_write(g->fp, &f, &ignored) < 0)
		log_debug("facts: %s", ignored.msg);
}

bool
renew_by_person(const struct grant *g)
{
	struct err ignored = ERR_INIT;
	struct facts f = {.profile = ""};

	if (g->profile->provider == PROVIDER_SAINET)
		return false;
	if (strcmp(profile_get(g->profile, CONF_GRANT), "client_credentials") !=
	    0)
		return true;
	return facts_read(g->fp, &f, &ignored) == 0 &&
	       strcmp(f.kept, store_kind_name(STORE_REFRESH)) == 0;
}

int
renew_settle(struct grant *g, const struct lines *answer, const char *kept,
    struct token *ret, struct err *err)
{
	struct err ignored = ERR_INIT;

	if (token_read(ret, answer, err) < 0)
		return err->code;
	if (ret->access_token.len == 0 || ret->expires_at == 0)
		return err_set(
		    err, ERR_INTERNAL, "tokenring-net gave no token");
	(void)snprintf(ret->account, sizeof(ret->account), "%s", g->account);
	write_facts(g, ret, kept);
	/* A token that cannot be cached is still a token. */
	if (cache_put_token(g->fp, ret, time(NULL), &ignored) < 0)
		log_debug("cache: %s", ignored.msg);
	if (!renew_by_person(g) && keep_client_refresh(g, ret, &ignored) < 0)
		log_debug("cache: %s", ignored.msg);
	refusal_clear(g->fp);
	return 0;
}

int
renew_ask(struct grant *g, const char *op, const struct secbuf *secret,
    const struct renew_spend *spend, struct lines *answer, struct err *err)
{
	NET_REQUEST q = NET_REQUEST_INIT;
	int r = 0;

	q.profile = g->profile;
	q.account = g->account;
	q.op = op;
	q.lock = g->store.lock;
	q.journal_fd = spend != NULL ? spend->journal_fd : -1;
	q.connect_ms = g->ahead ? AHEAD_CONNECT_MS : 0;
	/* What needs no person may be cut off and asked for again. */
	if (g->ahead && q.journal_fd < 0)
		q.timeout_ms = AHEAD_TIMEOUT_MS;
	if (secret->len > 0)
		r = lines_add(&q.more, "client_secret", secret->ptr, err);
	if (r == 0 && spend != NULL)
		r = lines_add(
		    &q.more, "refresh_token", spend->refresh->ptr, err);
	if (r < 0)
		return err_set(err, ERR_CONFIG,
		    "the stored secret holds a control character");
	r = net_ask(&q, answer, err);
	g->heard = g->heard || lines_number(answer, "verified", 0) == 1;
	return r;
}

/* Is it the client itself that is refused, not just this refresh token? */
static bool
client_refused(const struct lines *answer)
{
	const char *e = lines_get(answer, "oauth_error");

	return e != NULL && (strcmp(e, "invalid_client") == 0 ||
				strcmp(e, "unauthorized_client") == 0);
}

/*
 * A client's own grant: the refresh token that came with it is used first (it
 * would leak a session on the server), and when it fails, the secret.
 */
static int
client_credentials(struct grant *g, struct token *ret, struct err *err)
{
	SECBUF secret = SECBUF_INIT(LINES_LINE_MAX);
	SECBUF refresh = SECBUF_INIT(TOKEN_MAX);
	struct renew_spend spend = {&refresh, -1};
	LINES answer = LINES_INIT;
	char entry[CACHE_NAME_MAX];
	int r;

	if (renew_client_secret(g, &secret, err) < 0 ||
	    refusal_check(g->fp, &secret, err) < 0)
		return err->code;
	refresh_entry(g, entry);
	r = ERR_DENIED;
	if (cache_get(entry, &refresh, err) == 0) {
		r = renew_ask(g, "refresh", &secret, &spend, &answer, err);
		if (r < 0 && err->code != ERR_UNAVAIL)
			cache_drop(entry);
	}
	if (r == ERR_DENIED && !client_refused(&answer))
		r = renew_ask(g, "token", &secret, NULL, &answer, err);
	if (r < 0) {
		renew_remember(g, &secret, &answer, err);
		return r;
	}
	return renew_settle(g, &answer, NULL, ret, err);
}

/* Where nothing can renew it, the store may still hold the token itself. */
static int
stored_access(struct grant *g, struct token *ret, struct err *err)
{
	LINES l = LINES_INIT;
	int r;

	r = store_get(&g->store, g->fp, STORE_ACCESS, &l.text, err);
	if (r == ERR_NOTFOUND)
		return renew_sign_in(g, err, "nobody is signed in");
	if (r == 0 && secbuf_addstr(&l.text, "\n") < 0)
		r = err_set(err, ERR_NOMEM, "out of memory");
	if (r == 0)
		r = lines_parse(&l, LINES_MESSAGE, err);
	if (r == 0)
		r = token_read(ret, &l, err);
	if (r < 0)
		return r;
	if (!token_fresh(ret, time(NULL), 0))
		return renew_sign_in(g, err, "the token has expired");
	if (renew_is_rejected(g, ret))
		return renew_sign_in(g, err, "the token was refused");
	if (cache_put_token(g->fp, ret, time(NULL), err) < 0)
		log_debug("cache: %s", err->msg);
	return 0;
}

static int
sainet(struct grant *g, struct token *ret, struct err *err)
{
	SECBUF password = SECBUF_INIT(LINES_LINE_MAX);
	NET_REQUEST q = NET_REQUEST_INIT;
	LINES answer = LINES_INIT;
	int r = ERR_NOTFOUND;

	if (profile_on(g->profile, CONF_REMEMBER_PASSWORD))
		r = store_get(&g->store, g->fp, STORE_PASSWORD, &password, err);
	if (r == ERR_NOTFOUND)
		return stored_access(g, ret, err);
	if (r == 0)
		r = refusal_check(g->fp, &password, err);
	if (r < 0)
		return r;
	q.profile = g->profile;
	q.account = g->account;
	q.op = "login";
	q.lock = g->store.lock;
	q.connect_ms = g->ahead ? AHEAD_CONNECT_MS : 0;
	r = lines_add(&q.more, "user", g->account, err);
	if (r == 0)
		r = lines_add(&q.more, "password", password.ptr, err);
	if (r == 0)
		r = net_ask(&q, &answer, err);
	g->heard = lines_number(&answer, "verified", 0) == 1;
	if (r < 0) {
		renew_remember(g, &password, &answer, err);
		return r;
	}
	return renew_settle(g, &answer, NULL, ret, err);
}

static void
rejected_entry(const struct grant *g, char name[CACHE_NAME_MAX])
{
	(void)snprintf(name, CACHE_NAME_MAX, "%s.rejected", g->fp);
}

void
renew_reject(const struct grant *g, const struct token *t)
{
	char name[CACHE_NAME_MAX];
	struct err ignored = ERR_INIT;

	rejected_entry(g, name);
	(void)cache_put(
	    name, &t->access_token, t->expires_at - time(NULL), &ignored);
}

bool
renew_is_rejected(const struct grant *g, const struct token *t)
{
	SECBUF bad = SECBUF_INIT(TOKEN_MAX);
	char name[CACHE_NAME_MAX];
	struct err ignored = ERR_INIT;

	rejected_entry(g, name);
	return cache_get(name, &bad, &ignored) == 0 &&
	       secbuf_equal(&bad, &t->access_token);
}

int
renew(struct grant *g, struct token *ret, struct err *err)
{
	g->heard = false;
	if (g->profile->provider == PROVIDER_SAINET)
		return sainet(g, ret, err);
	if (!renew_by_person(g))
		return client_credentials(g, ret, err);
	return refresh_person(g, ret, err);
}
