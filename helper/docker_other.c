/* SPDX-License-Identifier: MIT */
#include "docker_other.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "other_call.h"

/* docker has one credential a server: a path is a part of its name, or none. */
static int
make_pattern(
    const struct docker_server *server, struct credential *ret, struct err *err)
{
	if (other_host(
		ret, server->https ? "https" : "http", server->name, err) < 0)
		return err->code;
	return credential_set(ret, CREDENTIAL_PATH,
	    server->target.has_path ? server->target.path : "", err);
}

static bool
may_ask(const struct front *f)
{
	return !f->opt.no_input && ask_possible();
}

/* The keyring's own dialogue appears only if somebody is there. */
static int
call(const struct front *f, enum other_what what, const struct credential *c,
    struct credential *ret, struct err *err)
{
	struct other o = {.tool = OTHER_DOCKER, .prefer = what == OTHER_STORE};

	return other_call(f, what, &o, "docker", may_ask, c, ret, err);
}

int
docker_other_get(const struct front *f, const struct docker_server *server,
    struct credential *ret, struct err *err)
{
	CREDENTIAL pattern = CREDENTIAL_INIT;

	if (make_pattern(server, &pattern, err) < 0 ||
	    call(f, OTHER_GET, &pattern, ret, err) < 0)
		return err->code;
	if (!ret->has[CREDENTIAL_USERNAME] || !ret->has[CREDENTIAL_PASSWORD])
		return err_set(err, ERR_NOTFOUND, "no user and password");
	return 0;
}

int
docker_other_store(const struct front *f, const struct docker_server *server,
    const char *raw, const char *user, const char *given, struct err *err)
{
	CREDENTIAL c = CREDENTIAL_INIT;

	if (make_pattern(server, &c, err) < 0 ||
	    credential_set(&c, CREDENTIAL_URL, raw, err) < 0 ||
	    credential_set(&c, CREDENTIAL_USERNAME, user, err) < 0 ||
	    credential_set(&c, CREDENTIAL_PASSWORD, given, err) < 0)
		return err->code;
	return call(f, OTHER_STORE, &c, NULL, err);
}

int
docker_other_erase(
    const struct front *f, const struct docker_server *server, struct err *err)
{
	CREDENTIAL pattern = CREDENTIAL_INIT;
	int r = make_pattern(server, &pattern, err);

	if (r == 0)
		r = call(f, OTHER_ERASE, &pattern, NULL, err);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* {raw: user}; a server with several users is there with null. */
static void
collect(const struct credential *c, void *arg)
{
	const char *raw = credential_get(c, CREDENTIAL_URL);
	const char *user = credential_get(c, CREDENTIAL_USERNAME);
	struct json_object *all = arg;

	if (raw == NULL || user == NULL)
		return;
	(void)json_object_object_add(all, raw,
	    json_object_object_get_ex(all, raw, NULL)
		? NULL
		: json_object_new_string(user));
}

static int
visit_one(const struct front *f, const char *raw, struct json_object *user,
    docker_other_visit *visit, void *arg, struct err *err)
{
	CREDENTIAL found = CREDENTIAL_INIT;
	struct docker_server server;

	if (user != NULL)
		return visit(raw, json_object_get_string(user), arg);
	if (docker_server_parse(raw, &server, err) < 0 ||
	    docker_other_get(f, &server, &found, err) < 0)
		return err->code == ERR_NOTFOUND ? 0 : err->code;
	return visit(raw, credential_get(&found, CREDENTIAL_USERNAME), arg);
}

int
docker_other_list(const struct front *f, docker_other_visit *visit, void *arg,
    struct err *err)
{
	struct json_object *all = json_object_new_object();
	const struct other o = {.tool = OTHER_DOCKER};
	int r;

	if (all == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	r = other_list(&o, collect, all, err);
	if (r == ERR_NOTFOUND)
		r = 0;
	json_object_object_foreach(all, raw, user)
	{
		if (r == 0 && visit_one(f, raw, user, visit, arg, err) < 0)
			r = err->code != 0
				? err->code
				: err_set(err, ERR_NOMEM, "too long a list");
	}
	json_object_put(all);
	return r;
}
