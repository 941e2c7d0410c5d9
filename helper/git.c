/* SPDX-License-Identifier: MIT */
/*
 * tokenring git: git's credential helper protocol (gitcredentials(7),
 * git-credential(1)) for the hosts of profiles; for others see git_other.h.
 *
 * A miss is silent.  For a profile's host that has no token to give, the answer
 * is quit=1, so that git does not ask for a password that would be of no use.
 */
#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "broker.h"
#include "cache.h"
#include "commands.h"
#include "facts.h"
#include "git_other.h"
#include "git_request.h"
#include "io.h"
#include "log.h"
#include "match.h"

#define STATE_LEN 32   /* hexadecimal digits */
#define DRAIN_MS  1000 /* for a request that nobody answers */

/* As each of a profile's hosts is (RFC 3986): git does not change others. */
static bool
is_ascii(const char *s)
{
	while (*s != '\0' && (unsigned char)*s < 0x80)
		s++;
	return *s == '\0';
}

/* The target of the request; ERR_NOTFOUND: it can be none of ours. */
static int
find_target(
    const struct git_request *q, struct match_target *ret, struct err *err)
{
	const char *protocol = credential_get(&q->given, CREDENTIAL_PROTOCOL);
	const char *host = credential_get(&q->given, CREDENTIAL_HOST);

	if (protocol == NULL || host == NULL || *host == '\0' ||
	    strcasecmp(protocol, "https") != 0)
		return err_set(err, ERR_NOTFOUND, "not https");
	if (!is_ascii(host))
		return err_set(err, ERR_NOTFOUND, "no name of a profile's");
	return match_host(
	    host, credential_get(&q->given, CREDENTIAL_PATH), ret, err);
}

/* A profile that was named counts only for what its `match` covers. */
static int
find_profile(struct front *f, const struct match_target *target,
    const struct profile **ret, struct err *err)
{
	const struct profile *other;

	if (f->opt.profile == NULL)
		return match_profile(f->conf, target, ret, err);
	if (front_profile(f, NULL, ret, err) < 0)
		return err->code;
	if (match_covers(*ret, target))
		return 0;
	/* Another profile's host has nothing to hope for either. */
	if (match_profile(f->conf, target, &other, err) != ERR_NOTFOUND)
		*ret = NULL;
	return err_set(err, ERR_NOTFOUND, "not this profile's host");
}

enum whose { PROFILES, OTHERS, NOBODYS };

/* Whose request is it?  PROFILES: with the profile in `ret`. */
static int
resolve(struct front *f, const struct git_request *q, enum whose *whose,
    const struct profile **ret, struct err *err)
{
	struct match_target target;
	int r;

	*whose = OTHERS;
	*ret = NULL;
	r = find_target(q, &target, err);
	if (r == ERR_NOTFOUND)
		return 0;
	if (r < 0)
		return r;
	*whose = PROFILES;
	r = find_profile(f, &target, ret, err);
	if (r != ERR_NOTFOUND)
		return r;
	*whose = f->opt.profile != NULL && *ret == NULL ? NOBODYS : OTHERS;
	return 0;
}

/* What git brings back when the server refuses: which token that was. */
static void
token_state(const struct secbuf *token, char ret[STATE_LEN + 1])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;
	int i;

	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)token->ptr, token->len);
	SHA256Final(digest, &sha);
	for (i = 0; i < STATE_LEN / 2; i++)
		(void)snprintf(ret + 2 * (ptrdiff_t)i, 3, "%02x", digest[i]);
}

/*
 * git asks again within one command, since the first answer said "continue".
 * If nobody has renewed the token since, it is no good; the answer to come is
 * the last one.
 */
static void
forget_refused(struct grant *g, const struct git_request *q)
{
	TOKEN t = TOKEN_INIT;
	struct err ignored = ERR_INIT;
	char state[STATE_LEN + 1];

	if (q->ours == NULL || cache_get_token(g->fp, &t, &ignored) < 0)
		return;
	token_state(&t.access_token, state);
	if (strcmp(q->ours, state) == 0 && broker_reject(g, t.access_token.ptr))
		log_debug(
		    "git: the token of '%s' was refused", g->profile->name);
}

static int
print_answer(const struct git_request *q, const struct profile *p,
    const struct token *t, struct err *err)
{
	const char *user = credential_get(&q->given, CREDENTIAL_USERNAME);
	bool bearer = q->authtype && !q->basic_only;
	bool again = q->state && q->ours == NULL;
	char state[STATE_LEN + 1];

	if (t->access_token.len == 0 ||
	    strpbrk(t->access_token.ptr, "\r\n") != NULL)
		return err_set(
		    err, ERR_INTERNAL, "the token cannot be handed to git");
	/* Announced first: they govern what follows. */
	printf("%s%s", bearer ? "capability[]=authtype\n" : "",
	    again ? "capability[]=state\n" : "");
	if (bearer) {
		printf("authtype=%s\ncredential=%s\nephemeral=1\n", t->type,
		    t->access_token.ptr);
	} else {
		printf("username=%s\npassword=%s\n",
		    user != NULL && *user != '\0'
			? user
			: profile_get(p, CONF_BASIC_USERNAME),
		    t->access_token.ptr);
	}
	printf("password_expiry_utc=%lld\n", (long long)t->expires_at);
	if (again) {
		token_state(&t->access_token, state);
		printf("continue=1\nstate[]=" GIT_STATE "%s\n", state);
	}
	return 0;
}

/* Has anybody signed in with the profile as this user? */
static bool
is_known(const struct grant *g)
{
	struct err ignored = ERR_INIT;
	struct facts facts;

	return facts_read(g->fp, &facts, &ignored) == 0;
}

/*
 * Whose token?  That of the request's user, if it is the profile's account or
 * one that somebody has signed in as.  A profile that names no account answers
 * with the one that it has; any other is opened too, with ERR_NOTFOUND.
 */
static int
open_account(struct front *f, const struct git_request *q,
    const struct profile *p, struct grant *ret, struct err *err)
{
	const char *user = credential_get(&q->given, CREDENTIAL_USERNAME);
	const char *asked = f->opt.account;
	struct grant own;

	if (grant_open(ret, f, p, err) < 0)
		return err->code;
	if (user == NULL || *user == '\0' || strcmp(user, ret->account) == 0 ||
	    strcmp(user, profile_get(p, CONF_BASIC_USERNAME)) == 0)
		return 0;
	if (asked == NULL && strlen(user) < TOKEN_NAME_MAX) {
		f->opt.account = user;
		own = *ret;
		if (grant_open(ret, f, p, err) == 0 && is_known(ret))
			return 0;
		f->opt.account = NULL;
		*ret = own;
	}
	if (ret->account[0] == '\0')
		return 0;
	return err_set(err, ERR_NOTFOUND, "for another account");
}

static int
profile_get_token(struct front *f, const struct git_request *q,
    const struct profile *p, struct err *err)
{
	TOKEN t = TOKEN_INIT;
	struct grant g;
	int r = open_account(f, q, p, &g, err);

	if (r == ERR_NOTFOUND)
		return 0;
	if (r == 0)
		forget_refused(&g, q);
	if (r == 0)
		r = broker_get(&g, front_min_valid(f, p), &t, err);
	if (r == 0)
		r = print_answer(q, p, &t, err);
	return r;
}

static int
git_get(struct front *f, const struct git_request *q, struct err *err)
{
	const struct profile *p;
	enum whose whose;
	int r = resolve(f, q, &whose, &p, err);

	if (r == 0 && whose == OTHERS)
		return git_other_get(f, q, err);
	if (r == 0 && whose == NOBODYS)
		return 0;
	if (r == 0)
		r = profile_get_token(f, q, p, err);
	/* A wrong --profile says nothing of this host: git may ask others. */
	if (r < 0 && whose == PROFILES && (p != NULL || f->opt.profile == NULL))
		printf("quit=1\n");
	return r;
}

/* What is a profile's is kept by whoever renewed it. */
static int
git_store(struct front *f, const struct git_request *q, struct err *err)
{
	const struct profile *p;
	enum whose whose;

	if (resolve(f, q, &whose, &p, err) < 0)
		return err->code;
	return whose == OTHERS ? git_other_store(f, q, err) : 0;
}

/* That access token is no good, says git: the next `get` renews. */
static int
git_erase(struct front *f, const struct git_request *q, struct err *err)
{
	const char *bad = credential_get(&q->given, CREDENTIAL_PASSWORD);
	const struct profile *p;
	enum whose whose;
	struct grant g;
	int r;

	if (bad == NULL)
		bad = credential_get(&q->given, CREDENTIAL_CREDENTIAL);
	if (resolve(f, q, &whose, &p, err) < 0)
		return err->code;
	if (whose == OTHERS)
		return git_other_erase(f, q, err);
	if (whose == NOBODYS || bad == NULL)
		return 0;
	/* Whoever's it is called: it has to be the one that we hold. */
	r = open_account(f, q, p, &g, err);
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	if (broker_reject(&g, bad))
		log_debug("git: forgot the access token of '%s'", p->name);
	return 0;
}

/* git writes its request whoever reads it; a person at a terminal would not. */
static void
drain(void)
{
	SECBUF waste = SECBUF_INIT(LINES_MESSAGE_MAX);
	struct err ignored = ERR_INIT;

	if (!isatty(STDIN_FILENO))
		(void)io_read_end(
		    STDIN_FILENO, &waste, io_now_ms() + DRAIN_MS, &ignored);
}

int
cmd_git(struct front *f, struct err *err)
{
	static const struct {
		const char *name;
		int (*run)(struct front *f, const struct git_request *q,
		    struct err *err);
	} ops[] = {
	    {"get", git_get}, {"store", git_store}, {"erase", git_erase}};
	GIT_REQUEST q = GIT_REQUEST_INIT;
	const char *op;
	size_t i;

	if (f->opt.operands != 1)
		return err_set(err, ERR_CONFIG,
		    "git calls this with one of: get, store, erase");
	op = f->opt.operand[0];
	if (strcmp(op, "capability") == 0) {
		printf("version 0\ncapability authtype\ncapability state\n");
		return 0;
	}
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(op, ops[i].name) != 0)
			continue;
		if (git_request_read(&q, err) < 0 || front_load(f, err) < 0)
			return err->code;
		return ops[i].run(f, &q, err);
	}
	/* An operation of a later git is silently ignored, as git asks. */
	drain();
	return 0;
}
