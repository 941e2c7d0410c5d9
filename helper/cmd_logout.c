/* SPDX-License-Identifier: MIT */
/* tokenring logout: revoke (RFC 7009), then forget; --local only forgets. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "cache.h"
#include "commands.h"
#include "facts.h"
#include "lock.h"
#include "log.h"
#include "net.h"
#include "refresh.h"
#include "refusal.h"
#include "renew.h"
#include "sign_ins.h"

#define AGAIN_MAX_S 5 /* a server that is back sooner is asked once more */

static int
revoke_once(struct grant *g, const struct secbuf *secret, const char *token,
    const char *hint, int64_t *again_s, struct err *err)
{
	NET_REQUEST q = NET_REQUEST_INIT;
	LINES answer = LINES_INIT;
	int r;

	q.profile = g->profile;
	q.account = g->account;
	q.op = "revoke";
	r = lines_add_some(&q.more, "client_secret", secret->ptr, err);
	if (r == 0)
		r = lines_add(&q.more, "token", token, err);
	if (r == 0)
		r = lines_add(&q.more, "token_type_hint", hint, err);
	if (r == 0)
		r = net_ask(&q, &answer, err);
	*again_s = lines_number(&answer, "retry_after", 0);
	return r;
}

/* RFC 7009 §2.2.1: after a 503 the token still counts, and may be sent again. */
static int
revoke_one(struct grant *g, const struct secbuf *secret, const char *token,
    const char *hint, struct err *err)
{
	int64_t again_s;
	int r = revoke_once(g, secret, token, hint, &again_s, err);

	if (r != ERR_UNAVAIL || again_s < 1 || again_s > AGAIN_MAX_S)
		return r;
	lock_pause((int)again_s * 1000);
	err->code = 0;
	return revoke_once(g, secret, token, hint, &again_s, err);
}

/* Other machines may be signed out with this one; a script needs not know. */
static void
tell_of_others(const struct grant *g)
{
	if (renew_by_person(g) && isatty(STDERR_FILENO))
		(void)fprintf(stderr,
		    "tokenring: profile '%s': signed out; many servers end "
		    "this "
		    "account's sessions on other machines with it (--local "
		    "does not)\n",
		    g->profile->name);
}

/*
 * The refresh token if there is one (that ends the grant), else the access
 * token.  Nothing to revoke is a success.
 */
static int
revoke_grant(struct grant *g, struct err *err)
{
	SECBUF secret = SECBUF_INIT(LINES_LINE_MAX);
	SECBUF refresh = SECBUF_INIT(TOKEN_MAX);
	TOKEN t = TOKEN_INIT;
	char entry[CACHE_NAME_MAX];
	struct err ignored = ERR_INIT;

	if (g->profile->provider == PROVIDER_SAINET ||
	    (profile_get(g->profile, CONF_REVOCATION_URL) == NULL &&
		profile_get(g->profile, CONF_ISSUER) == NULL))
		return 0;
	(void)snprintf(entry, sizeof(entry), "%s.refresh", g->fp);
	if (cache_get(entry, &refresh, &ignored) < 0 && renew_by_person(g) &&
	    store_get(&g->store, g->fp, STORE_REFRESH, &refresh, err) < 0 &&
	    err->code != ERR_NOTFOUND)
		return err->code;
	if (refresh.len == 0 && cache_get_token(g->fp, &t, &ignored) < 0)
		return 0;
	if (renew_client_secret(g, &secret, err) < 0)
		return err->code == ERR_INTERACT ? 0 : err->code;
	if (refresh.len == 0)
		return revoke_one(
		    g, &secret, t.access_token.ptr, "access_token", err);
	if (revoke_one(g, &secret, refresh.ptr, "refresh_token", err) < 0)
		return err->code;
	tell_of_others(g);
	return 0;
}

static int
forget(struct grant *g, struct err *err)
{
	static const char *const entries[] = {
	    "refresh", "refused", "ahead", "outcome", "rejected"};
	char entry[CACHE_NAME_MAX];
	size_t i;
	int r;

	cache_drop(g->fp);
	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		(void)snprintf(
		    entry, sizeof(entry), "%s.%s", g->fp, entries[i]);
		cache_drop(entry);
	}
	refresh_forget(g);
	if (g->store.backend == STORE_NONE)
		r = 0;
	else
		r = store_erase_all(&g->store, g->fp, err);
	if (r == ERR_NOTFOUND)
		r = 0;
	if (r == 0)
		facts_drop(g->fp);
	return r < 0 ? err_wrap(err,
			   "the token is forgotten, but what is stored is not")
		     : 0;
}

static int
logout(struct front *f, const struct profile *p, struct err *err)
{
	struct facts known;
	struct grant g;
	struct err revoked = ERR_INIT, ignored = ERR_INIT;
	TOKEN t = TOKEN_INIT;
	LOCK lock = LOCK_INIT;

	if (grant_open(&g, f, p, err) < 0 || broker_lock(&g, &lock, err) < 0)
		return err->code;
	g.store.lock = &lock;
	/* The newest refresh token may lie in a journal still. */
	if (renew_by_person(&g))
		(void)refresh_recover(&g, &t, &ignored);
	if (!f->opt.local && revoke_grant(&g, &revoked) == 0)
		revoked.code = 0;

	/* A machine without a keyring has nothing in one to forget. */
	if (forget(&g, err) < 0 &&
	    !(err->code == ERR_UNAVAIL &&
		facts_read(g.fp, &known, &ignored) == ERR_NOTFOUND))
		return err_wrap(err, "profile '%s'", p->name);
	if (revoked.code != 0) {
		*err = revoked;
		return err_wrap(err,
		    "profile '%s': forgotten here, but not revoked", p->name);
	}
	return 0;
}

/* What no profile is for any more can be forgotten, but not revoked. */
static int
forget_left(
    struct front *f, const char *fp, const struct facts *known, struct err *err)
{
	struct err ignored = ERR_INIT;
	LOCK lock = LOCK_INIT;
	struct grant g = {.front = f, .store.lock = &lock};
	bool service;
	int r;

	(void)snprintf(g.fp, sizeof(g.fp), "%s", fp);
	if (broker_lock(&g, &lock, err) < 0)
		return err->code;
	service = strcmp(known->store, "secret-service") == 0;
	g.store.backend = service ? STORE_FILE : STORE_SECRET_SERVICE;
	(void)store_erase_all(&g.store, fp, &ignored);
	g.store.backend = service ? STORE_SECRET_SERVICE : STORE_FILE;
	r = forget(&g, err);
	if (r == 0 && !f->opt.local)
		(void)fprintf(stderr,
		    "tokenring: a sign-in of '%s', which is not configured "
		    "like "
		    "that any more, is forgotten; it was not revoked\n",
		    known->profile);
	return r;
}

/* A sign-in that is on record: an account of a profile, or a left-over. */
static int
logout_known(struct front *f, const char *fp, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct facts known = {.profile = "?"};
	const struct profile *p;
	char now[FINGERPRINT_LEN + 1];
	int r;

	(void)facts_read(fp, &known, &ignored);
	p = conf_find(f->conf, known.profile);
	if (p == NULL)
		return forget_left(f, fp, &known, err);
	fingerprint(p, known.account, now);
	if (strcmp(now, fp) != 0)
		return forget_left(f, fp, &known, err);
	f->opt.account = known.account;
	r = logout(f, p, err);
	f->opt.account = NULL;
	return r;
}

/* One failure is shown at once, but for the last, which the caller shows. */
static void
next_failure(int r, struct err *last, struct err *err)
{
	if (r < 0 && last->code != 0)
		(void)fprintf(stderr, "tokenring: %s\n", last->msg);
	if (r < 0)
		*last = *err;
	*err = (struct err)ERR_INIT;
}

static int
logout_all(struct front *f, struct err *err)
{
	struct err last = ERR_INIT;
	struct sign_ins left;
	size_t i;
	int r;

	for (i = 0; i < conf_count(f->conf); i++) {
		r = logout(f, conf_at(f->conf, i), err);
		next_failure(r, &last, err);
	}
	/* Of a certain account, nothing else was meant. */
	left.n = 0;
	if (f->opt.account == NULL)
		sign_ins_find(&left);
	for (i = 0; i < left.n; i++) {
		r = logout_known(f, left.fp[i], err);
		next_failure(r, &last, err);
	}
	*err = last;
	return last.code;
}

int
cmd_logout(struct front *f, struct err *err)
{
	const struct profile *p;

	if (f->opt.operands > 1 || (f->opt.all && f->opt.operands > 0))
		return err_set(
		    err, ERR_CONFIG, "one profile at a time, or --all alone");
	if (front_load(f, err) < 0)
		return err->code;
	if (!f->opt.all) {
		if (front_profile(f,
			f->opt.operands == 1 ? f->opt.operand[0] : NULL, &p,
			err) < 0)
			return err->code;
		return logout(f, p, err);
	}
	return logout_all(f, err);
}
