/* SPDX-License-Identifier: MIT */
#include "broker.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "io.h"
#include "lock.h"
#include "log.h"
#include "refresh.h"
#include "renew.h"

#define AHEAD_PAUSE_MS 30000 /* between tries to renew ahead of time */
#define OUTCOME_S      10    /* a failure is shared with those who waited */
#define POLL_FIRST_MS  5     /* between a waiter's looks, doubling */
#define POLL_LAST_MS   50

int
grant_open(struct grant *g, const struct front *f, const struct profile *p,
    struct err *err)
{
	const char *store = profile_get(p, CONF_STORE);

	memset(g, 0, sizeof(*g));
	g->front = f;
	g->profile = p;
	g->store.profile = p->name;
	g->store.backend = strcmp(store, "file") == 0   ? STORE_FILE
			   : strcmp(store, "none") == 0 ? STORE_NONE
							: STORE_SECRET_SERVICE;
	if (front_account(f, p, g->account, err) < 0)
		return err->code;
	fingerprint(p, g->account, g->fp);
	return 0;
}

static void
entry(const struct grant *g, const char *suffix, char name[CACHE_NAME_MAX])
{
	(void)snprintf(name, CACHE_NAME_MAX, "%s.%s", g->fp, suffix);
}

static bool
cached(const struct grant *g, int64_t min_valid, struct token *ret)
{
	TOKEN t = TOKEN_INIT;
	struct err ignored = ERR_INIT;

	if (cache_get_token(g->fp, &t, &ignored) < 0 ||
	    !token_fresh(&t, time(NULL), min_valid))
		return false;
	token_move(ret, &t);
	return true;
}

/* Leave the reason of a failure for those who waited for us. */
static void
leave_outcome(const struct grant *g, const struct err *why)
{
	SECBUF text = SECBUF_INIT(LINES_LINE_MAX);
	char name[CACHE_NAME_MAX], reason[ERR_TEXT_MAX];
	struct err err = ERR_INIT;

	err_printable(reason, sizeof(reason), why->msg);
	entry(g, "outcome", name);
	if (lines_begin(&text, &err) == 0 &&
	    lines_add_number(&text, "at", io_now_ms(), &err) == 0 &&
	    lines_add_number(&text, "code", why->code, &err) == 0 &&
	    lines_add(&text, "reason", reason, &err) == 0 &&
	    lines_end(&text, &err) == 0)
		(void)cache_put(name, &text, OUTCOME_S, &err);
}

/*
 * Did somebody find out while we waited for him what we would find?  Then two
 * hundred waiters need not do it one after the other.
 */
static bool
shared_outcome(const struct grant *g, int64_t waiting_since, struct err *err)
{
	LINES l = LINES_INIT;
	char name[CACHE_NAME_MAX];
	struct err ignored = ERR_INIT;
	const char *reason;
	int64_t code;

	entry(g, "outcome", name);
	if (cache_get(name, &l.text, &ignored) < 0 ||
	    lines_parse(&l, LINES_MESSAGE, &ignored) < 0 ||
	    lines_number(&l, "at", 0) < waiting_since ||
	    lines_number(&l, "at", 0) > io_now_ms())
		return false;
	code = lines_number(&l, "code", 0);
	reason = lines_get(&l, "reason");
	if (reason == NULL || (code != ERR_UNAVAIL && code != ERR_PROTOCOL &&
				  code != ERR_CONFIG && code != ERR_DENIED))
		return false;
	err_set(err, (enum err_code)code, "%s", reason);
	return true;
}

/* What the server said is worth sharing, and that it said nothing. */
static int
renew_locked(struct grant *g, const struct lock *lock, struct token *ret,
    struct err *err)
{
	int r;

	g->store.lock = lock;
	r = renew(g, ret, err);
	g->store.lock = NULL;
	if (r == ERR_UNAVAIL || (r < 0 && r != ERR_INTERACT && g->heard))
		leave_outcome(g, err);
	return r;
}

/* The still valid token is the answer in any case. */
static void
renew_ahead(struct grant *g, struct token *ret)
{
	TOKEN t = TOKEN_INIT;
	struct err err = ERR_INIT;
	char name[CACHE_NAME_MAX];
	LOCK lock = LOCK_INIT;
	int r;

	entry(g, "ahead", name);
	if (cache_marked(name, AHEAD_PAUSE_MS) ||
	    lock_try(&lock, g->fp, &err) < 0)
		return;
	if (!cached(g, 0, &t) || token_aging(&t, time(NULL))) {
		log_debug("broker: renewing '%s' ahead of its expiry",
		    g->profile->name);
		g->ahead = true;
		r = renew_locked(g, &lock, &t, &err);
		g->ahead = false;
		if (r < 0) {
			log_debug("broker: not renewed: %s", err.msg);
			cache_mark(name);
			return;
		}
	}
	token_move(ret, &t);
}

static int
longer(int pause)
{
	return pause * 2 > POLL_LAST_MS ? POLL_LAST_MS : pause * 2;
}

int
broker_lock(const struct grant *g, struct lock *ret, struct err *err)
{
	return lock_wait(ret, g->fp, LOCK_WAIT_MS, err);
}

/* Wait for the lock, looking meanwhile for what its holder brings. */
static int
renew_waiting(
    struct grant *g, int64_t min_valid, struct token *ret, struct err *err)
{
	int64_t since = io_now_ms();
	int r, pause = POLL_FIRST_MS;
	LOCK lock = LOCK_INIT;

	for (;;) {
		r = lock_try(&lock, g->fp, err);
		if (cached(g, min_valid, ret))
			return 0;
		if (r == 0)
			break;
		if (r != ERR_UNAVAIL)
			return r;
		if (io_now_ms() - since >= LOCK_WAIT_MS)
			return err_hint(err, "it has not finished within %d s",
			    LOCK_WAIT_MS / 1000);
		if (shared_outcome(g, since, err))
			return err->code;
		lock_pause(pause);
		pause = longer(pause);
	}
	if (shared_outcome(g, since, err))
		return err->code;
	return renew_locked(g, &lock, ret, err);
}

int
broker_get(
    struct grant *g, int64_t min_valid, struct token *ret, struct err *err)
{
	int r;

	if (cached(g, min_valid, ret)) {
		if (token_aging(ret, time(NULL)))
			renew_ahead(g, ret);
		return 0;
	}
	log_debug("broker: nothing fresh is cached for '%s'", g->profile->name);
	r = renew_waiting(g, min_valid, ret, err);
	return r < 0 ? err_wrap(err, "profile '%s'", g->profile->name) : 0;
}

bool
broker_reject(struct grant *g, const char *access_token)
{
	TOKEN t = TOKEN_INIT;
	SECBUF given = SECBUF_INIT(TOKEN_MAX);
	struct err ignored = ERR_INIT;

	if (strlen(access_token) > TOKEN_MAX ||
	    secbuf_set(&given, access_token) < 0 ||
	    cache_get_token(g->fp, &t, &ignored) < 0 ||
	    !secbuf_equal(&t.access_token, &given))
		return false;
	renew_reject(g, &t);
	cache_drop(g->fp);
	/* Where the token itself is what is kept, it is no use there either. */
	if (g->profile->provider == PROVIDER_SAINET &&
	    !profile_on(g->profile, CONF_REMEMBER_PASSWORD))
		(void)store_erase(&g->store, g->fp, STORE_ACCESS, &ignored);
	return true;
}

/* Where the token itself is what is kept: there too. */
static void
store_instance(struct grant *g, const struct token *now)
{
	SECBUF text = SECBUF_INIT(LINES_MESSAGE_MAX);
	struct err err = ERR_INIT;

	if (profile_on(g->profile, CONF_REMEMBER_PASSWORD))
		return;
	if (token_payload(now, &text, &err) < 0 ||
	    store_put(&g->store, g->fp, STORE_ACCESS, g->profile->name, &text,
		&err) < 0)
		log_debug("store: %s", err.msg);
}

void
broker_instance(struct grant *g, const struct token *now)
{
	LOCK lock = LOCK_INIT;
	TOKEN t = TOKEN_INIT;
	struct err err = ERR_INIT;

	/* Whoever renews it just now knows better. */
	if (lock_try(&lock, g->fp, &err) < 0 ||
	    cache_get_token(g->fp, &t, &err) < 0 ||
	    !secbuf_equal(&t.access_token, &now->access_token))
		return;
	(void)snprintf(t.instance, sizeof(t.instance), "%s", now->instance);
	if (cache_put_token(g->fp, &t, time(NULL), &err) < 0)
		log_debug("cache: %s", err.msg);
	g->store.lock = &lock;
	store_instance(g, &t);
	g->store.lock = NULL;
}

int
broker_signed_in(struct grant *g, const struct lines *answer,
    enum store_kind kind, const struct secbuf *secret, struct err *note,
    struct err *err)
{
	TOKEN t = TOKEN_INIT;
	char name[CACHE_NAME_MAX];
	const char *kept = "";

	/* What an earlier grant left is no longer of use, and would come back
	   over the new one if we were killed now. */
	refresh_forget(g);
	if (secret != NULL && secret->len > 0) {
		if (store_put(&g->store, g->fp, kind, g->profile->name, secret,
			note) == 0)
			kept = store_kind_name(kind);
		else
			err_wrap(
			    note, "the %s was not kept", store_kind_name(kind));
	}
	entry(g, "refresh", name);
	cache_drop(name);
	entry(g, "rejected", name);
	cache_drop(name);
	entry(g, "outcome", name);
	cache_drop(name);
	return renew_settle(g, answer, kept, &t, err);
}
