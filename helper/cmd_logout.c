/* SPDX-License-Identifier: MIT */
/* tokenring logout: revoke (RFC 7009), then forget; --local only forgets. */
#include <stdio.h>
#include <string.h>

#include "broker.h"
#include "cache.h"
#include "commands.h"
#include "facts.h"
#include "log.h"
#include "net.h"
#include "refresh.h"
#include "refusal.h"
#include "renew.h"

static int
revoke_one(struct grant *g, const struct secbuf *secret, const char *token,
    const char *hint, struct err *err)
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
	return r < 0 ? r : net_ask(&q, &answer, err);
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
	if (cache_get(entry, &refresh, &ignored) < 0 &&
	    strcmp(profile_get(g->profile, CONF_GRANT), "client_credentials") !=
		0 &&
	    store_get(&g->store, g->fp, STORE_REFRESH, &refresh, err) < 0 &&
	    err->code != ERR_NOTFOUND)
		return err->code;
	if (refresh.len == 0 && cache_get_token(g->fp, &t, &ignored) < 0)
		return 0;
	if (renew_client_secret(g, &secret, err) < 0)
		return err->code == ERR_INTERACT ? 0 : err->code;
	return refresh.len > 0
		   ? revoke_one(g, &secret, refresh.ptr, "refresh_token", err)
		   : revoke_one(
			 g, &secret, t.access_token.ptr, "access_token", err);
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

int
cmd_logout(struct front *f, struct err *err)
{
	const struct profile *p;
	struct err last = ERR_INIT;
	size_t i;

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
	for (i = 0; i < conf_count(f->conf); i++) {
		if (logout(f, conf_at(f->conf, i), err) == 0)
			continue;
		if (last.code != 0)
			(void)fprintf(stderr, "tokenring: %s\n", last.msg);
		last = *err;
	}
	*err = last;
	return last.code;
}
