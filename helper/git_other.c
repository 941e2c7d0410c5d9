/* SPDX-License-Identifier: MIT */
#include "git_other.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "git_ask.h"
#include "log.h"
#include "other_call.h"

#define FOR_EVER_S 1000000000000 /* nothing that long can be added to a time */

/* The fields up to `last` of what git gave; ERR_NOTFOUND: not one of ours. */
static int
make_pattern(const struct git_request *q, enum credential_field last,
    struct credential *ret, struct err *err)
{
	const char *protocol = credential_get(&q->given, CREDENTIAL_PROTOCOL);
	const char *host = credential_get(&q->given, CREDENTIAL_HOST);
	const char *path = credential_get(&q->given, CREDENTIAL_PATH);
	int i;

	if (protocol == NULL || *protocol == '\0' || host == NULL ||
	    (*host == '\0' && (path == NULL || *path == '\0')))
		return err_set(err, ERR_NOTFOUND, "no host");
	for (i = CREDENTIAL_PATH; i <= (int)last; i++)
		if (credential_set(ret, (enum credential_field)i,
			credential_get(&q->given, (enum credential_field)i),
			err) < 0)
			return err->code;
	if (other_host(ret, protocol, host, err) < 0)
		return err_wrap(err, "git's request");
	return 0;
}

/* A line that git can read: nothing else is said of it. */
static int
print_field(const struct credential *c, enum credential_field field,
    const char *key, struct err *err)
{
	const char *value = credential_get(c, field);

	if (value == NULL)
		return 0;
	if (strpbrk(value, "\r\n") != NULL)
		return err_set(err, ERR_INTERNAL,
		    "what is stored for this host cannot be handed to git: a "
		    "line end in %s",
		    key);
	printf("%s=%s\n", key, value);
	return 0;
}

/* git drops a password that has expired, and takes the rest on. */
static int
print_answer(
    const struct git_request *q, const struct credential *c, struct err *err)
{
	bool expired = credential_number(c, CREDENTIAL_EXPIRES_AT, INT64_MAX) <=
		       time(NULL);

	if (q->authtype && c->has[CREDENTIAL_CREDENTIAL] && !expired) {
		printf("capability[]=authtype\n");
		if (print_field(c, CREDENTIAL_AUTHTYPE, "authtype", err) < 0 ||
		    print_field(c, CREDENTIAL_CREDENTIAL, "credential", err) <
			0)
			return err->code;
	}
	if (print_field(c, CREDENTIAL_USERNAME, "username", err) < 0 ||
	    (!expired &&
		print_field(c, CREDENTIAL_PASSWORD, "password", err) < 0) ||
	    print_field(
		c, CREDENTIAL_REFRESH_TOKEN, "oauth_refresh_token", err) < 0)
		return err->code;
	return expired ? 0
		       : print_field(c, CREDENTIAL_EXPIRES_AT,
			     "password_expiry_utc", err);
}

/* A locked keyring asks only if git lets us, and somebody is there. */
static int
call(const struct front *f, const struct git_request *q, enum other_what what,
    const struct credential *c, struct credential *ret, struct err *err)
{
	struct other o = {.tool = OTHER_GIT, .authtype = q->authtype};

	return other_call(f, what, &o, "git", git_may_ask, c, ret, err);
}

int
git_other_get(
    const struct front *f, const struct git_request *q, struct err *err)
{
	CREDENTIAL pattern = CREDENTIAL_INIT;
	CREDENTIAL found = CREDENTIAL_INIT;
	int r = make_pattern(q, CREDENTIAL_USERNAME, &pattern, err);

	if (r == 0)
		r = call(f, q, OTHER_GET, &pattern, &found, err);
	if (r < 0)
		return r == ERR_NOTFOUND ? 0 : r;
	return print_answer(q, &found, err);
}

int
git_other_store(
    const struct front *f, const struct git_request *q, struct err *err)
{
	CREDENTIAL c = CREDENTIAL_INIT;
	int r = make_pattern(q, CREDENTIAL_EXPIRES_AT, &c, err);

	if (r < 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (q->ephemeral ||
	    !((c.has[CREDENTIAL_USERNAME] && c.has[CREDENTIAL_PASSWORD]) ||
		(c.has[CREDENTIAL_AUTHTYPE] && c.has[CREDENTIAL_CREDENTIAL])))
		return 0;
	if (f->opt.timeout >= 0 && f->opt.timeout < FOR_EVER_S &&
	    credential_set_number(
		&c, CREDENTIAL_FORGET_AT, time(NULL) + f->opt.timeout, err) < 0)
		return err->code;
	return call(f, q, OTHER_STORE, &c, NULL, err);
}

int
git_other_erase(
    const struct front *f, const struct git_request *q, struct err *err)
{
	CREDENTIAL pattern = CREDENTIAL_INIT;
	int r = make_pattern(q, CREDENTIAL_CREDENTIAL, &pattern, err);

	if (r == ERR_NOTFOUND)
		return err_set(err, ERR_PROTOCOL,
		    "git's request: to erase takes a protocol and a host");
	if (r == 0)
		r = call(f, q, OTHER_ERASE, &pattern, NULL, err);
	if (r == 0)
		log_debug("git: forgot what was stored for the host");
	return r == ERR_NOTFOUND ? 0 : r;
}
