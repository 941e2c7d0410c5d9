/* SPDX-License-Identifier: MIT */
/*
 * tokenring configure docker: an entry for each server of the profiles in
 * "credHelpers" of docker's config.json, which podman and skopeo read too.
 *
 * Settings are called "FILE", "FILE: credHelpers" and "FILE: credHelpers.HOST";
 * the first two only hold others.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "configure.h"
#include "configure_file.h"
#include "dialect.h"
#include "docker_server.h"
#include "json_edit.h"
#include "json_out.h"

#define HELPERS "credHelpers"
#define BETWEEN ": " HELPERS
#define EMPTY   "{}"

struct place {
	char file[PATH_MAX];
	enum { FILE_ITSELF, OBJECT, MEMBER } kind;
	const char *host; /* of a MEMBER */
};

static int
take_apart(const char *setting, struct place *ret, struct err *err)
{
	const char *p = strstr(setting, BETWEEN);
	size_t n = p != NULL ? (size_t)(p - setting) : strlen(setting);

	if (n >= sizeof(ret->file))
		return err_set(
		    err, ERR_CONFIG, "no setting of a file: '%s'", setting);
	(void)snprintf(ret->file, sizeof(ret->file), "%.*s", (int)n, setting);
	ret->kind = FILE_ITSELF;
	ret->host = NULL;
	if (p == NULL)
		return 0;
	p += strlen(BETWEEN);
	ret->kind = *p == '.' ? MEMBER : OBJECT;
	ret->host = *p == '.' ? p + 1 : NULL;
	return 0;
}

/* The file, and what it means.  A file that is not there is an empty object. */
static int
read_file(const char *file, struct secbuf *text, struct stat *st, bool *there,
    struct json_object **ret, struct err *err)
{
	int r = configure_file_read(file, text, st, err);

	*there = r == 0;
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	if (r == ERR_NOTFOUND && secbuf_set(text, EMPTY) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return dialect_parse(text, file, ret, err);
}

static const char *
value_of(const struct place *at, struct json_object *o)
{
	struct json_object *helpers;

	if (at->kind != FILE_ITSELF) {
		if (!json_object_object_get_ex(o, HELPERS, &helpers))
			return NULL;
		o = helpers;
	}
	if (at->kind == MEMBER)
		return dialect_text(o, at->host);
	return json_object_is_type(o, json_type_object) &&
		       json_object_object_length(o) == 0
		   ? EMPTY
		   : "(not empty)";
}

static int
docker_read(const char *setting, struct json_object **ret, struct err *err)
{
	SECBUF text = SECBUF_INIT(CONFIGURE_FILE_MAX);
	struct json_object *o, *helpers;
	const char *value = NULL;
	struct place at;
	struct stat st;
	bool there;

	if (take_apart(setting, &at, err) < 0 ||
	    read_file(at.file, &text, &st, &there, &o, err) < 0)
		return err->code;
	if (json_object_object_get_ex(o, HELPERS, &helpers) &&
	    !json_object_is_type(helpers, json_type_object)) {
		json_object_put(o);
		return err_set(err, ERR_CONFIG,
		    "'%s': \"" HELPERS "\" is no object", at.file);
	}
	if (there)
		value = value_of(&at, o);
	*ret = configure_values(&value, value != NULL ? 1 : 0);
	json_object_put(o);
	return *ret != NULL ? 0 : err_set(err, ERR_NOMEM, "out of memory");
}

static int
edit(struct secbuf *text, const struct place *at, const char *value,
    struct err *err)
{
	const char *outer = at->kind == MEMBER ? HELPERS : NULL;
	const char *key = at->kind == MEMBER ? at->host : HELPERS;
	SECBUF json = SECBUF_INIT(CONFIGURE_FILE_MAX);

	if (value == NULL)
		return json_edit_remove(text, outer, key, err);
	if ((at->kind == MEMBER ? json_out_string(&json, value)
				: secbuf_set(&json, EMPTY)) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return json_edit_set(text, outer, key, json.ptr, err);
}

static int
docker_write(const char *setting, struct json_object *values, struct err *err)
{
	SECBUF text = SECBUF_INIT(CONFIGURE_FILE_MAX);
	const char *value = configure_value(values, 0);
	struct json_object *o;
	struct place at;
	struct stat st;
	bool there;

	if (take_apart(setting, &at, err) < 0 ||
	    read_file(at.file, &text, &st, &there, &o, err) < 0)
		return err->code;
	json_object_put(o);
	if (at.kind == FILE_ITSELF && value == NULL)
		return unlink(at.file) == 0
			   ? 0
			   : err_set(err, ERR_CONFIG, "cannot remove '%s'",
				 at.file);
	if (at.kind != FILE_ITSELF && edit(&text, &at, value, err) < 0)
		return err_wrap(err, "'%s'", at.file);
	return configure_file_replace(at.file, &text, there ? &st : NULL, err);
}

static int
find_file(char file[PATH_MAX], struct err *err)
{
	const char *dir = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
	int n;

	if (dir != NULL && *dir != '\0')
		n = snprintf(file, PATH_MAX, "%s/config.json", dir);
	else
		n = snprintf(file, PATH_MAX, "%s/.docker/config.json",
		    home != NULL ? home : "");
	if (n >= PATH_MAX || *file != '/')
		return err_set(err, ERR_CONFIG,
		    "docker's directory is no absolute path: set HOME or "
		    "DOCKER_CONFIG");
	if (strstr(file, BETWEEN) != NULL)
		return err_set(err, ERR_CONFIG,
		    "docker's directory has a name that cannot be used here");
	return 0;
}

/* A password of that server in the file itself. */
static int
note_plain(
    struct configure *c, const char *file, const char *host, struct err *err)
{
	SECBUF text = SECBUF_INIT(CONFIGURE_FILE_MAX);
	struct docker_server ours, theirs;
	struct json_object *o, *auths;
	struct err ignored = ERR_INIT;
	const char *auth;
	struct stat st;
	bool there;
	int r = 0;

	if (read_file(file, &text, &st, &there, &o, err) < 0 ||
	    docker_server_parse(host, &ours, err) < 0)
		return err->code;
	if (json_object_object_get_ex(o, "auths", &auths) &&
	    json_object_is_type(auths, json_type_object)) {
		json_object_object_foreach(auths, key, value)
		{
			auth = json_object_is_type(value, json_type_object)
				   ? dialect_text(value, "auth")
				   : NULL;
			if (r == 0 && auth != NULL && *auth != '\0' &&
			    docker_server_parse(key, &theirs, &ignored) == 0 &&
			    strcmp(ours.target.host, theirs.target.host) == 0 &&
			    ours.target.port == theirs.target.port)
				r = configure_note(c, err,
				    "warning: this file has a password for %s "
				    "in plain text; 'docker logout %s' takes "
				    "it out",
				    key, key);
		}
	}
	json_object_put(o);
	return r;
}

static int
visit(struct configure *c, const struct profile *p,
    const struct match_target *target, const char *url, struct err *err)
{
	static const char *const empty[] = {EMPTY}, *const us[] = {"tokenring"};
	char file[PATH_MAX], setting[PATH_MAX + MATCH_URL_MAX + 32];
	struct json_object *now;
	const char *host = url + strlen("https://");
	bool first = json_object_array_length(c->changes) == 0;
	int n = (int)strcspn(host, "/"), parts;
	char name[MATCH_HOST_MAX + 16];

	(void)p;
	(void)target;
	(void)snprintf(name, sizeof(name), "%.*s", n, host);
	if (find_file(file, err) < 0)
		return err->code;
	/* What holds the entries is only made if it is missing. */
	for (parts = 0; first && parts < 2; parts++) {
		(void)snprintf(setting, sizeof(setting), "%s%s", file,
		    parts == 0 ? "" : BETWEEN);
		if (c->tool->read(setting, &now, err) < 0)
			return err->code;
		n = (int)json_object_array_length(now);
		json_object_put(now);
		if (n == 0 &&
		    configure_want(c, setting, true, empty, 1, err) < 0)
			return err->code;
	}
	(void)snprintf(
	    setting, sizeof(setting), "%s%s.%s", file, BETWEEN, name);
	if (configure_want(c, setting, false, us, 1, err) < 0)
		return err->code;
	return note_plain(c, file, name, err);
}

static int
docker_plan(struct configure *c, struct err *err)
{
	if (configure_servers(c, visit, err) < 0)
		return err->code;
	if (json_object_array_length(c->changes) == 0)
		return err_set(err, ERR_CONFIG,
		    "no profile names a registry: add its https URL to "
		    "'match'");
	return 0;
}

const struct configure_tool configure_docker = {
    .name = "docker",
    .title = "docker, and what else reads its config.json: every server in "
	     "'match', a registry or not",
    .used = NULL,
    .link = "docker-credential-tokenring",
    .plan = docker_plan,
    .read = docker_read,
    .write = docker_write,
};
