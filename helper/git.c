/* SPDX-License-Identifier: MIT */
/*
 * tokenring git: git's credential helper protocol (gitcredentials(7),
 * git-credential(1)) for the hosts of profiles.
 *
 * A miss is silent.  For a profile's host that has no token to give, the answer
 * is quit=1, so that git does not ask for a password that would be of no use.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "broker.h"
#include "commands.h"
#include "io.h"
#include "log.h"
#include "match.h"

struct request {
	struct lines lines;
	bool authtype;   /* git can send another scheme than Basic */
	bool basic_only; /* the server's challenges name Basic, not Bearer */
};

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static bool
is_scheme(const char *challenge, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(challenge, scheme, n) == 0 &&
	       (challenge[n] == '\0' || challenge[n] == ' ');
}

static void
read_lists(struct request *q)
{
	const struct lines_field *f;
	bool basic = false, bearer = false;
	size_t i;

	for (i = 0; i < q->lines.n; i++) {
		f = &q->lines.field[i];
		if (strcmp(f->key, "capability[]") == 0) {
			/* An empty value forgets what was listed before. */
			if (strcmp(f->value, "authtype") == 0)
				q->authtype = true;
			else if (*f->value == '\0')
				q->authtype = false;
		} else if (strcmp(f->key, "wwwauth[]") == 0) {
			if (*f->value == '\0')
				basic = bearer = false;
			basic = basic || is_scheme(f->value, "Basic");
			bearer = bearer || is_scheme(f->value, "Bearer");
		}
	}
	q->basic_only = basic && !bearer;
}

static int
read_request(struct request *q, struct err *err)
{
	const char *protocol, *host;

	if (lines_read(&q->lines, STDIN_FILENO, LINES_GIT, IO_FOREVER, err) < 0)
		return err_wrap(err, "git's request");
	protocol = lines_get(&q->lines, "protocol");
	host = lines_get(&q->lines, "host");
	if ((protocol != NULL && has_control(protocol)) ||
	    (host != NULL && has_control(host)))
		return err_set(err, ERR_PROTOCOL,
		    "git's request: a control character in the host");
	read_lists(q);
	return 0;
}

/* The target of the request; ERR_NOTFOUND: it can be none of ours. */
static int
find_target(const struct request *q, struct match_target *ret, struct err *err)
{
	const char *url = lines_get(&q->lines, "url");
	const char *protocol = lines_get(&q->lines, "protocol");
	const char *host = lines_get(&q->lines, "host");
	int r;

	if (url != NULL && strncasecmp(url, "https://", 8) != 0)
		return err_set(err, ERR_NOTFOUND, "not https");
	if (url != NULL) {
		r = match_url(url, ret, err);
		if (r == 0 && strcmp(ret->path, "/") == 0)
			ret->has_path = false;
		return r;
	}
	if (protocol == NULL || host == NULL || *host == '\0' ||
	    strcmp(protocol, "https") != 0)
		return err_set(err, ERR_NOTFOUND, "not https");
	return match_host(host, lines_get(&q->lines, "path"), ret, err);
}

/* A profile that was named counts only for what its `match` covers. */
static int
find_profile(struct front *f, const struct match_target *target,
    const struct profile **ret, struct err *err)
{
	if (f->opt.profile == NULL)
		return match_profile(f->conf, target, ret, err);
	if (front_profile(f, NULL, ret, err) < 0)
		return err->code;
	if (!match_covers(*ret, target))
		return err_set(err, ERR_NOTFOUND, "not this profile's host");
	return 0;
}

static int
print_answer(const struct request *q, const struct profile *p,
    const struct token *t, struct err *err)
{
	const char *user = lines_get(&q->lines, "username");

	if (t->access_token.len == 0 || has_control(t->access_token.ptr))
		return err_set(
		    err, ERR_INTERNAL, "the token cannot be handed to git");
	if (q->authtype && !q->basic_only) {
		/* Announced first: it governs what follows. */
		printf("capability[]=authtype\nauthtype=%s\ncredential=%s\n"
		       "ephemeral=1\n",
		    t->type, t->access_token.ptr);
	} else {
		printf("username=%s\npassword=%s\n",
		    user != NULL && *user != '\0'
			? user
			: profile_get(p, CONF_BASIC_USERNAME),
		    t->access_token.ptr);
	}
	printf("password_expiry_utc=%lld\n", (long long)t->expires_at);
	return 0;
}

/* git asks for somebody else than the profile's account: a miss. */
static bool
is_another_account(const struct request *q, const struct grant *g)
{
	const char *user = lines_get(&q->lines, "username");

	return user != NULL && *user != '\0' && g->account[0] != '\0' &&
	       strcmp(user, g->account) != 0 &&
	       strcmp(user, profile_get(g->profile, CONF_BASIC_USERNAME)) != 0;
}

static int
git_get(struct front *f, const struct request *q, struct err *err)
{
	struct match_target target;
	const struct profile *p;
	TOKEN t = TOKEN_INIT;
	struct grant g;
	int r;

	r = find_target(q, &target, err);
	if (r < 0)
		return r == ERR_NOTFOUND ? 0 : r;
	r = find_profile(f, &target, &p, err);
	if (r == ERR_NOTFOUND)
		return 0;
	/* A wrong --profile says nothing of this host: git may ask others. */
	if (r < 0 && f->opt.profile != NULL)
		return r;
	if (r == 0)
		r = grant_open(&g, f, p, err);
	if (r == 0 && is_another_account(q, &g))
		return 0;
	if (r == 0)
		r = broker_get(&g, front_min_valid(f, p), &t, err);
	if (r == 0)
		r = print_answer(q, p, &t, err);
	if (r < 0)
		printf("quit=1\n");
	return r;
}

/* That access token is no good, says git: the next `get` renews. */
static int
git_erase(struct front *f, const struct request *q, struct err *err)
{
	const char *bad = lines_get(&q->lines, "password");
	struct match_target target;
	const struct profile *p;
	struct grant g;
	int r;

	if (bad == NULL)
		bad = lines_get(&q->lines, "credential");
	r = find_target(q, &target, err);
	if (r == 0)
		r = find_profile(f, &target, &p, err);
	if (r == ERR_NOTFOUND || bad == NULL)
		return 0;
	if (r < 0 || grant_open(&g, f, p, err) < 0)
		return err->code;
	if (broker_reject(&g, bad))
		log_debug("git: forgot the access token of '%s'", p->name);
	return 0;
}

int
cmd_git(struct front *f, struct err *err)
{
	struct request q = {.lines = LINES_INIT};
	const char *op;
	int r;

	if (f->opt.operands != 1)
		return err_set(err, ERR_CONFIG,
		    "git calls this with one of: get, store, erase");
	op = f->opt.operand[0];
	if (strcmp(op, "capability") == 0) {
		printf("version 0\ncapability authtype\n");
		return 0;
	}
	/* An operation of a later git is silently ignored, as git asks. */
	if (strcmp(op, "get") != 0 && strcmp(op, "erase") != 0 &&
	    strcmp(op, "store") != 0)
		return 0;
	r = read_request(&q, err);
	if (r == 0 && strcmp(op, "store") != 0)
		r = front_load(f, err);
	if (r == 0 && strcmp(op, "get") == 0)
		r = git_get(f, &q, err);
	else if (r == 0 && strcmp(op, "erase") == 0)
		r = git_erase(f, &q, err);
	lines_release(&q.lines);
	return r == 0 ? 0 : err->code;
}
