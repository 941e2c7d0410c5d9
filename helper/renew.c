/* SPDX-License-Identifier: MIT */
#include "renew.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "facts.h"
#include "io.h"
#include "journal.h"
#include "log.h"
#include "net.h"
#include "refusal.h"

#define REFRESH_UNKNOWN_LIFE_S                                                 \
	1800 /* of a client's refresh token that says
				       nothing: it is a convenience only */
#define JOURNAL_KEY_LIFE_S (30 * 86400)

static int
must_sign_in(const struct grant *g, struct err *err, const char *why)
{
	return err_set(err, ERR_INTERACT,
	    "%s; sign in with: tokenring login %s", why, g->profile->name);
}

/* The cache's entry of a client's refresh token. */
static void
refresh_entry(const struct grant *g, char name[CACHE_NAME_MAX])
{
	(void)snprintf(name, CACHE_NAME_MAX, "%s.refresh", g->fp);
}

/* Where a journal goes when there is no tmpfs for it. */
static void
journal_entry(const struct grant *g, char name[CACHE_NAME_MAX])
{
	(void)snprintf(name, CACHE_NAME_MAX, "%s.journal", g->fp);
}

void
renew_remember(const struct grant *g, const struct secbuf *credential,
    const struct lines *answer, const struct err *why)
{
	const char *error = lines_get(answer, "oauth_error");

	if (lines_number(answer, "verified", 0) != 1)
		return;
	if (why->code == ERR_DENIED &&
	    (error == NULL || strcmp(error, "invalid_grant") != 0))
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
		return must_sign_in(
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

/* Send `op` with the client's secret and, if given, a refresh token. */
static int
ask_oauth(const struct grant *g, const char *op, const struct secbuf *secret,
    const struct secbuf *refresh, int lock_fd, int journal_fd,
    int64_t connect_ms, struct lines *answer, struct err *err)
{
	NET_REQUEST q = NET_REQUEST_INIT;
	int r = 0;

	q.profile = g->profile;
	q.account = g->account;
	q.op = op;
	q.lock_fd = lock_fd;
	q.journal_fd = journal_fd;
	q.connect_ms = connect_ms;
	if (secret->len > 0)
		r = lines_add(&q.more, "client_secret", secret->ptr, err);
	if (r == 0 && refresh != NULL)
		r = lines_add(&q.more, "refresh_token", refresh->ptr, err);
	return r < 0 ? err_set(err, ERR_CONFIG,
			   "the stored secret holds a control character")
		     : net_ask(&q, answer, err);
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
client_credentials(struct grant *g, int lock_fd, int64_t connect_ms,
    struct token *ret, struct err *err)
{
	SECBUF secret = SECBUF_INIT(LINES_LINE_MAX);
	SECBUF refresh = SECBUF_INIT(TOKEN_MAX);
	LINES answer = LINES_INIT;
	char entry[CACHE_NAME_MAX];
	int r;

	if (renew_client_secret(g, &secret, err) < 0 ||
	    refusal_check(g->fp, &secret, err) < 0)
		return err->code;
	refresh_entry(g, entry);
	r = ERR_DENIED;
	if (cache_get(entry, &refresh, err) == 0) {
		r = ask_oauth(g, "refresh", &secret, &refresh, lock_fd, -1,
		    connect_ms, &answer, err);
		if (r < 0 && err->code != ERR_UNAVAIL)
			cache_drop(entry);
	}
	if (r == ERR_DENIED && !client_refused(&answer))
		r = ask_oauth(g, "token", &secret, NULL, lock_fd, -1,
		    connect_ms, &answer, err);
	if (r < 0) {
		renew_remember(g, &secret, &answer, err);
		return r;
	}
	return renew_settle(g, &answer, NULL, ret, err);
}

/*
 * The new refresh token goes into the store, then the journal may go.  If the
 * store fails now, the journal stays and the next one under the lock finishes.
 */
static void
keep_refresh(struct grant *g, const struct lines *answer)
{
	SECBUF payload = SECBUF_INIT(TOKEN_MAX);
	const char *refresh = lines_get(answer, "refresh_token");
	char name[CACHE_NAME_MAX];
	struct err err = ERR_INIT;

	journal_entry(g, name);
	if (refresh == NULL || *refresh == '\0') {
		journal_end(g->fp);
		cache_drop(name);
		return;
	}
	if (secbuf_set(&payload, refresh) < 0)
		return;
	if (store_put(&g->store, g->fp, STORE_REFRESH, g->profile->name,
		&payload, &err) < 0) {
		log_debug("store: %s; the journal keeps the grant", err.msg);
		return;
	}
	journal_end(g->fp);
	cache_drop(name);
}

/* Where there was no tmpfs, the answer goes into the kernel keyring for now. */
static void
journal_in_kernel(const struct grant *g, const struct lines *answer)
{
	SECBUF text = SECBUF_INIT(CACHE_ENTRY_MAX);
	char name[CACHE_NAME_MAX];
	struct err err = ERR_INIT;
	size_t i;

	journal_entry(g, name);
	for (i = 0; i < answer->n; i++)
		if (lines_add(&text, answer->field[i].key,
			answer->field[i].value, &err) < 0)
			return;
	if (cache_put(name, &text, JOURNAL_KEY_LIFE_S, &err) < 0)
		log_debug("journal: %s", err.msg);
}

static enum journal_state
left_behind(const struct grant *g, struct lines *ret)
{
	char name[CACHE_NAME_MAX];
	struct err err = ERR_INIT;
	enum journal_state s = journal_left(g->fp, ret);

	if (s != JOURNAL_NONE)
		return s;
	journal_entry(g, name);
	secbuf_reset(&ret->text);
	if (cache_get(name, &ret->text, &err) < 0 ||
	    lines_parse(ret, LINES_MESSAGE, &err) < 0)
		return JOURNAL_NONE;
	return JOURNAL_ANSWER;
}

bool
renew_recover(struct grant *g, struct token *ret)
{
	LINES left = LINES_INIT;
	TOKEN t = TOKEN_INIT;
	struct err err = ERR_INIT;
	enum journal_state s = left_behind(g, &left);

	if (s == JOURNAL_UNKNOWN) {
		/* The request may or may not have been answered.  The stored
		   token is the only one there is: it is tried again by this
		   caller, once, and the server decides. */
		log_debug("journal: a refresh ended without an answer");
		journal_end(g->fp);
		return false;
	}
	if (s == JOURNAL_NONE)
		return false;
	log_debug("journal: finishing what another process began");
	keep_refresh(g, &left);
	if (renew_settle(g, &left, NULL, &t, &err) < 0 ||
	    !token_fresh(&t, time(NULL), 0))
		return false;
	token_move(ret, &t);
	return true;
}

/* The server says the grant is dead: drop it if the store still has that one. */
static int
grant_is_dead(
    struct grant *g, const struct secbuf *used, bool *again, struct err *err)
{
	SECBUF now = SECBUF_INIT(TOKEN_MAX);
	struct err ignored = ERR_INIT;
	char why[ERR_TEXT_MAX];

	*again = false;
	if (store_get(&g->store, g->fp, STORE_REFRESH, &now, &ignored) == 0) {
		if (!secbuf_equal(&now, used)) {
			*again = true;
			return err->code;
		}
		(void)store_erase(&g->store, g->fp, STORE_REFRESH, &ignored);
	}
	(void)snprintf(why, sizeof(why), "%s", err->msg);
	return must_sign_in(g, err, why);
}

static int
person_refresh(struct grant *g, int lock_fd, int64_t connect_ms, bool *again,
    struct token *ret, struct err *err)
{
	SECBUF refresh = SECBUF_INIT(TOKEN_MAX);
	SECBUF secret = SECBUF_INIT(LINES_LINE_MAX);
	LINES answer = LINES_INIT;
	CLEANUP_FD int journal = -1;
	struct err ignored = ERR_INIT;
	const char *error;
	int r;

	*again = false;
	/* Reading it also shows that the store is there and unlocked. */
	r = store_get(&g->store, g->fp, STORE_REFRESH, &refresh, err);
	if (r == ERR_NOTFOUND)
		return must_sign_in(g, err, "nobody is signed in");
	if (r == 0)
		r = renew_client_secret(g, &secret, err);
	if (r == 0)
		r = refusal_check(g->fp, &refresh, err);
	if (r < 0)
		return r;
	journal = journal_begin(g->fp, &ignored);
	r = ask_oauth(g, "refresh", &secret, &refresh, lock_fd, journal,
	    connect_ms, &answer, err);
	error = lines_get(&answer, "oauth_error");
	if (r < 0) {
		/* Kept only where the server may have spent the token. */
		if (answer.n > 0 && (lines_number(&answer, "sent", 0) == 0 ||
					lines_number(&answer, "verified", 0)))
			journal_end(g->fp);
		if (r == ERR_DENIED && error != NULL &&
		    strcmp(error, "invalid_grant") == 0)
			return grant_is_dead(g, &refresh, again, err);
		renew_remember(g, &refresh, &answer, err);
		return r;
	}
	if (journal < 0)
		journal_in_kernel(g, &answer);
	keep_refresh(g, &answer);
	return renew_settle(g, &answer, NULL, ret, err);
}

static int
person(struct grant *g, int lock_fd, int64_t connect_ms, struct token *ret,
    struct err *err)
{
	bool again;
	int r;

	r = person_refresh(g, lock_fd, connect_ms, &again, ret, err);
	if (r < 0 && again)
		r = person_refresh(g, lock_fd, connect_ms, &again, ret, err);
	if (r < 0 && again)
		return must_sign_in(g, err, "the grant keeps changing");
	return r;
}

/* Where nothing can renew it, the store may still hold the token itself. */
static int
stored_access(struct grant *g, struct token *ret, struct err *err)
{
	LINES l = LINES_INIT;
	int r;

	r = store_get(&g->store, g->fp, STORE_ACCESS, &l.text, err);
	if (r == ERR_NOTFOUND)
		return must_sign_in(g, err, "nobody is signed in");
	if (r == 0 && secbuf_addstr(&l.text, "\n") < 0)
		r = err_set(err, ERR_NOMEM, "out of memory");
	if (r == 0)
		r = lines_parse(&l, LINES_MESSAGE, err);
	if (r == 0)
		r = token_read(ret, &l, err);
	if (r < 0)
		return r;
	if (!token_fresh(ret, time(NULL), 0))
		return must_sign_in(g, err, "the token has expired");
	if (cache_put_token(g->fp, ret, time(NULL), err) < 0)
		log_debug("cache: %s", err->msg);
	return 0;
}

static int
sainet(struct grant *g, int lock_fd, int64_t connect_ms, struct token *ret,
    struct err *err)
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
	q.lock_fd = lock_fd;
	q.connect_ms = connect_ms;
	r = lines_add(&q.more, "user", g->account, err);
	if (r == 0)
		r = lines_add(&q.more, "password", password.ptr, err);
	if (r == 0)
		r = net_ask(&q, &answer, err);
	if (r < 0) {
		renew_remember(g, &password, &answer, err);
		return r;
	}
	return renew_settle(g, &answer, NULL, ret, err);
}

int
renew(struct grant *g, int lock_fd, int64_t connect_ms, struct token *ret,
    struct err *err)
{

	g->store.lock_fd = lock_fd;
	if (g->profile->provider == PROVIDER_SAINET)
		return sainet(g, lock_fd, connect_ms, ret, err);
	if (!renew_by_person(g))
		return client_credentials(g, lock_fd, connect_ms, ret, err);
	if (renew_recover(g, ret))
		return 0;
	return person(g, lock_fd, connect_ms, ret, err);
}
