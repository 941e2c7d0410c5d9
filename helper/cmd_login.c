/* SPDX-License-Identifier: MIT */
/*
 * tokenring login: sign in, and keep what lets work go on without a person.
 * No lock is held while a person thinks or types.
 */
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "broker.h"
#include "commands.h"
#include "login_person.h"
#include "net.h"
#include "renew.h"

/* From standard input if so asked, else from the person at the terminal. */
static int
get_secret(const struct grant *g, const char *what, struct secbuf *ret,
    struct err *err)
{
	char prompt[CONF_NAME_MAX + TOKEN_NAME_MAX + 64], who[TOKEN_NAME_MAX];
	int r;

	if (g->front->opt.secret_stdin)
		return ask_stdin(ret, err);
	if (g->front->opt.no_input)
		return err_set(err, ERR_INTERACT,
		    "the %s is needed: use --secret-stdin, or a terminal "
		    "without --no-input",
		    what);
	err_printable(who, sizeof(who), g->account);
	(void)snprintf(prompt, sizeof(prompt), "%s for %s%s%s: ", what,
	    g->profile->name, *who != '\0' ? ", " : "", who);
	prompt[0] = prompt[0] == 'p' ? 'P' : prompt[0];
	r = ask_secret(prompt, ret, err);
	if (r == ERR_INTERACT)
		return err_set(err, ERR_INTERACT,
		    "no terminal to ask for the %s at; pipe it in with: "
		    "tokenring login %s --secret-stdin",
		    what, g->profile->name);
	if (r == 0 && ret->len == 0)
		return err_set(err, ERR_CANCELED, "nothing was entered");
	return r;
}

/* What stands in for a password that must not be kept: the token itself. */
static int
access_payload(const struct lines *answer, const char *account,
    struct secbuf *to, struct err *err)
{
	TOKEN t = TOKEN_INIT;
	int r;

	r = token_read(&t, answer, err);
	(void)snprintf(t.account, sizeof(t.account), "%s", account);
	return r == 0 ? token_payload(&t, to, err) : r;
}

/* Under the lock from here on: the sign-in replaces what was there. */
static int
conclude(struct grant *g, const struct lines *answer, enum store_kind kind,
    const struct secbuf *secret, struct err *err)
{
	struct err note = ERR_INIT;
	LOCK lock = LOCK_INIT;

	if (broker_lock(g, &lock, err) < 0)
		return err->code;
	g->store.lock = &lock;
	g->store.may_prompt = !g->front->opt.no_input && ask_possible();
	if (broker_signed_in(g, answer, kind, secret, &note, err) < 0)
		return err->code;
	if (note.code != 0 && g->store.backend != STORE_NONE)
		(void)fprintf(stderr,
		    "tokenring: profile '%s': signed in, but only for as long "
		    "as this token lives: %s\n",
		    g->profile->name, note.msg);
	return 0;
}

static int
login_sainet(struct grant *g, struct err *err)
{
	SECBUF password = SECBUF_INIT(ASK_SECRET_MAX);
	SECBUF access = SECBUF_INIT(LINES_LINE_MAX);
	NET_REQUEST q = NET_REQUEST_INIT;
	LINES answer = LINES_INIT;

	if (get_secret(g, "password", &password, err) < 0)
		return err->code;
	q.profile = g->profile;
	q.account = g->account;
	q.op = "login";
	if (lines_add(&q.more, "user", g->account, err) < 0 ||
	    lines_add(&q.more, "password", password.ptr, err) < 0)
		return err_set(
		    err, ERR_CONFIG, "the password holds a control character");
	if (net_ask(&q, &answer, err) < 0)
		return err->code;
	if (profile_on(g->profile, CONF_REMEMBER_PASSWORD))
		return conclude(g, &answer, STORE_PASSWORD, &password, err);
	if (access_payload(&answer, g->account, &access, err) < 0)
		return err->code;
	return conclude(g, &answer, STORE_ACCESS, &access, err);
}

/* Is the secret somewhere already, by the profile's own word? */
static bool
secret_is_elsewhere(const struct grant *g)
{
	return profile_get(g->profile, CONF_CLIENT_SECRET_FILE) != NULL ||
	       profile_get(g->profile, CONF_CLIENT_SECRET_ENV) != NULL ||
	       strcmp(profile_get(g->profile, CONF_CLIENT_AUTH), "none") == 0;
}

static int
login_client(struct grant *g, struct err *err)
{
	SECBUF secret = SECBUF_INIT(LINES_LINE_MAX);
	NET_REQUEST q = NET_REQUEST_INIT;
	LINES answer = LINES_INIT;
	bool elsewhere = secret_is_elsewhere(g);
	int r;

	r = elsewhere ? renew_client_secret(g, &secret, err)
		      : get_secret(g, "client secret", &secret, err);
	if (r < 0)
		return r;
	q.profile = g->profile;
	q.account = g->account;
	q.op = "token";
	if (lines_add_some(&q.more, "client_secret", secret.ptr, err) < 0)
		return err_set(err, ERR_CONFIG,
		    "the client secret holds a control character");
	if (net_ask(&q, &answer, err) < 0)
		return err->code;
	return conclude(
	    g, &answer, STORE_CLIENT_SECRET, elsewhere ? NULL : &secret, err);
}

/* A person's grant: what is kept is the refresh token. */
static int
login_by_person(struct grant *g, struct err *err)
{
	SECBUF refresh = SECBUF_INIT(TOKEN_MAX);
	LINES answer = LINES_INIT;
	const char *v;

	if (login_person(g, &answer, err) < 0)
		return err->code;
	v = lines_get(&answer, "refresh_token");
	if (v != NULL && secbuf_set(&refresh, v) < 0)
		return err_set(err, ERR_PROTOCOL, "refresh token too long");
	return conclude(g, &answer, STORE_REFRESH, &refresh, err);
}

static int
login(struct grant *g, struct err *err)
{
	const struct options *o = &g->front->opt;

	if (g->profile->provider == PROVIDER_SAINET) {
		if (o->device || o->browser)
			return err_set(err, ERR_CONFIG,
			    "SAINet signs in with a password; --device and "
			    "--browser are for OAuth 2.0");
		return login_sainet(g, err);
	}
	if (login_person_wanted(g))
		return login_by_person(g, err);
	return login_client(g, err);
}

/* Find out before a person takes the trouble whether it can be kept at all. */
static int
can_be_kept(const struct grant *g, struct err *err)
{
	LOCK lock = LOCK_INIT;
	int r = lock_try(&lock, g->fp, err);

	return r == ERR_UNAVAIL ? 0 : r;
}

int
cmd_login(struct front *f, struct err *err)
{
	const struct profile *p;
	struct grant g;

	if (f->opt.operands > 1)
		return err_set(err, ERR_CONFIG, "one profile at a time");
	if (front_load(f, err) < 0 ||
	    front_profile(f, f->opt.operands == 1 ? f->opt.operand[0] : NULL,
		&p, err) < 0 ||
	    grant_open(&g, f, p, err) < 0)
		return err->code;
	if (can_be_kept(&g, err) < 0 || login(&g, err) < 0)
		return err_wrap(err, "profile '%s'", p->name);
	return 0;
}
