/* SPDX-License-Identifier: MIT */
#include "broker.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "io.h"
#include "journal.h"
#include "lock.h"
#include "log.h"
#include "refusal.h"
#include "renew.h"

#define AHEAD_PAUSE_S    30 /* between tries to renew ahead of time */
#define AHEAD_CONNECT_MS 1000
#define OUTCOME_S        10 /* a failure is shared with those who waited */
#define POLL_FIRST_MS    5  /* between a waiter's looks, doubling */
#define POLL_LAST_MS     50

int
grant_open(struct grant *g, const struct front *f, const struct profile *p,
    struct err *err)
{
	const char *store = profile_get(p, CONF_STORE);

	memset(g, 0, sizeof(*g));
	g->front = f;
	g->profile = p;
	g->store.lock_fd = -1;
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
	    lines_add(&text, "reason", reason, &err) == 0 &&
	    lines_end(&text, &err) == 0)
		(void)cache_put(name, &text, OUTCOME_S, &err);
}

/*
 * Did somebody find the server out of reach while we waited for him?  Then two
 * hundred waiters need not find out one after the other.
 */
static bool
shared_outcome(const struct grant *g, int64_t waiting_since, struct err *err)
{
	LINES l = LINES_INIT;
	char name[CACHE_NAME_MAX];
	struct err ignored = ERR_INIT;
	const char *reason;

	entry(g, "outcome", name);
	if (cache_get(name, &l.text, &ignored) < 0 ||
	    lines_parse(&l, LINES_MESSAGE, &ignored) < 0 ||
	    lines_number(&l, "at", 0) < waiting_since ||
	    lines_number(&l, "at", 0) > io_now_ms())
		return false;
	reason = lines_get(&l, "reason");
	err_set(
	    err, ERR_UNAVAIL, "%s", reason != NULL ? reason : "unavailable");
	return true;
}

static int
renew_locked(struct grant *g, int lock_fd, int64_t connect_ms,
    struct token *ret, struct err *err)
{
	int r = renew(g, lock_fd, connect_ms, ret, err);

	if (r == ERR_UNAVAIL)
		leave_outcome(g, err);
	return r;
}

/* The still valid token is the answer in any case. */
static void
renew_ahead(struct grant *g, struct token *ret)
{
	SECBUF mark = SECBUF_INIT(1);
	TOKEN t = TOKEN_INIT;
	struct err err = ERR_INIT;
	char name[CACHE_NAME_MAX];
	CLEANUP_FD int lock = -1;

	entry(g, "ahead", name);
	if (cache_get(name, &mark, &err) == 0)
		return;
	lock = lock_try(g->fp, &err);
	if (lock < 0)
		return;
	if (!cached(g, 0, &t) || token_aging(&t, time(NULL))) {
		log_debug("broker: renewing '%s' ahead of its expiry",
		    g->profile->name);
		if (renew(g, lock, AHEAD_CONNECT_MS, &t, &err) < 0) {
			log_debug("broker: not renewed: %s", err.msg);
			if (secbuf_set(&mark, "1") == 0)
				(void)cache_put(
				    name, &mark, AHEAD_PAUSE_S, &err);
			return;
		}
	}
	token_move(ret, &t);
}

int
broker_lock(const struct grant *g, struct err *err)
{
	int64_t deadline = io_now_ms() + LOCK_WAIT_MS;
	int fd, pause = POLL_FIRST_MS;

	for (;;) {
		fd = lock_try(g->fp, err);
		if (fd >= 0 || err->code != ERR_UNAVAIL ||
		    io_now_ms() >= deadline)
			return fd;
		lock_pause(pause);
		pause = pause * 2 > POLL_LAST_MS ? POLL_LAST_MS : pause * 2;
	}
}

/* Wait for the lock, looking meanwhile for what its holder brings. */
static int
renew_waiting(
    struct grant *g, int64_t min_valid, struct token *ret, struct err *err)
{
	int64_t since = io_now_ms();
	int pause = POLL_FIRST_MS;
	CLEANUP_FD int lock = -1;

	for (;;) {
		lock = lock_try(g->fp, err);
		if (cached(g, min_valid, ret))
			return 0;
		if (lock >= 0)
			break;
		if (err->code != ERR_UNAVAIL)
			return err->code;
		if (io_now_ms() - since >= LOCK_WAIT_MS)
			return err_hint(err, "it has not finished within %d s",
			    LOCK_WAIT_MS / 1000);
		if (shared_outcome(g, since, err))
			return err->code;
		lock_pause(pause);
		pause = pause * 2 > POLL_LAST_MS ? POLL_LAST_MS : pause * 2;
	}
	if (shared_outcome(g, since, err))
		return err->code;
	return renew_locked(g, lock, 0, ret, err);
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
	cache_drop(g->fp);
	/* Where the token itself is what is kept, it is no use there either. */
	if (g->profile->provider == PROVIDER_SAINET &&
	    !profile_on(g->profile, CONF_REMEMBER_PASSWORD))
		(void)store_erase(&g->store, g->fp, STORE_ACCESS, &ignored);
	return true;
}

int
broker_signed_in(struct grant *g, const struct lines *answer,
    enum store_kind kind, const struct secbuf *secret, struct err *note,
    struct err *err)
{
	TOKEN t = TOKEN_INIT;
	char name[CACHE_NAME_MAX];
	const char *kept = "";

	if (secret != NULL && secret->len > 0) {
		if (store_put(&g->store, g->fp, kind, g->profile->name, secret,
			note) == 0)
			kept = store_kind_name(kind);
		else
			err_wrap(
			    note, "the %s was not kept", store_kind_name(kind));
	}
	/* What an earlier grant left is no longer of use. */
	journal_end(g->fp);
	entry(g, "journal", name);
	cache_drop(name);
	entry(g, "refresh", name);
	cache_drop(name);
	entry(g, "outcome", name);
	cache_drop(name);
	return renew_settle(g, answer, kept, &t, err);
}
