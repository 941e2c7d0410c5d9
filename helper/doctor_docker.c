/* SPDX-License-Identifier: MIT */
/* What docker (podman, skopeo) keeps in its configuration, and whom it asks. */
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "http_text.h"
#include "io.h"
#include "tool.h"

#define CONFIG_MAX 1048576 /* bytes */
#define DEPTH_MAX  16

static void
free_tokener(json_tokener **t)
{
	json_tokener_free(*t);
}

static void
put_json(json_object **o)
{
	(void)json_object_put(*o);
}

static bool
find_file(char *to, size_t size)
{
	const char *dir = secure_getenv("DOCKER_CONFIG");

	if (dir != NULL && *dir == '/')
		return snprintf(to, size, "%s/config.json", dir) < (int)size;
	return doctor_home(".docker/config.json", to, size);
}

/* A member that is a string and not empty. */
static const char *
text_of(json_object *o, const char *name)
{
	json_object *v = NULL;
	const char *s;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, name, &v) ||
	    !json_object_is_type(v, json_type_string))
		return NULL;
	s = json_object_get_string(v);
	return *s != '\0' ? s : NULL;
}

/* base64 of "user:password", or a token, for everyone who reads the file. */
static void
judge_auths(struct doctor *d, json_object *auths, const char *path)
{
	static const char *const secrets[] = {
	    "auth", "password", "identitytoken", "registrytoken"};
	char where[HTTP_WHERE_MAX];
	size_t i;

	if (!json_object_is_type(auths, json_type_object))
		return;
	json_object_object_foreach(auths, registry, entry)
	{
		for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
			if (text_of(entry, secrets[i]) != NULL)
				break;
		if (i == sizeof(secrets) / sizeof(secrets[0]))
			continue;
		doctor_find(d, DOCTOR_WARNING, "docker-plaintext",
		    "'%s' holds a credential of '%s' in plain text (base64)",
		    path, http_where(registry, where));
		doctor_do(d, "docker logout that registry, name a helper for "
			     "it under credHelpers, and log in again");
	}
}

static void
judge_helper(struct doctor *d, const char *helper, const char *what)
{
	char program[128], found[PATH_MAX];

	if (snprintf(program, sizeof(program), "docker-credential-%s",
		helper) >= (int)sizeof(program) ||
	    strchr(helper, '/') != NULL ||
	    tool_find(program, found, sizeof(found)))
		return;
	doctor_find(d, DOCTOR_WARNING, "docker-helper-missing",
	    "docker asks 'docker-credential-%s' for %s, and PATH has no such "
	    "program",
	    helper, what);
	doctor_do(d, "install it, or change docker's configuration");
}

static void
judge_helpers(struct doctor *d, json_object *helpers)
{
	char where[HTTP_WHERE_MAX];

	if (!json_object_is_type(helpers, json_type_object))
		return;
	json_object_object_foreach(helpers, registry, v)
	{
		if (!json_object_is_type(v, json_type_string))
			continue;
		http_where(registry, where);
		judge_helper(d, json_object_get_string(v), where);
		if (strcmp(json_object_get_string(v), "tokenring") == 0)
			doctor_find(d, DOCTOR_OK, "docker-helper",
			    "docker asks tokenring for '%s'", where);
	}
}

void
doctor_docker(struct doctor *d)
{
	SECBUF text = SECBUF_INIT(CONFIG_MAX);
	CLEANUP(free_tokener) json_tokener *t = json_tokener_new_ex(DEPTH_MAX);
	CLEANUP(put_json) json_object *o = NULL;
	json_object *member = NULL;
	struct err err = ERR_INIT;
	char path[PATH_MAX];
	struct stat st;

	if (t == NULL || !find_file(path, sizeof(path)) ||
	    stat(path, &st) < 0) {
		doctor_find(d, DOCTOR_OK, "docker-none",
		    "docker has no configuration here");
		return;
	}
	if (io_read_named(path, &text, &err) < 0) {
		doctor_find(
		    d, DOCTOR_WARNING, "docker-unreadable", "%s", err.msg);
		return;
	}
	o = json_tokener_parse_ex(t, text.ptr, (int)text.len + 1);
	if (!json_object_is_type(o, json_type_object)) {
		doctor_find(d, DOCTOR_WARNING, "docker-unreadable",
		    "'%s' is no JSON object", path);
		doctor_do(d, "correct it, or move it away and log in again");
		return;
	}
	if (json_object_object_get_ex(o, "auths", &member))
		judge_auths(d, member, path);
	if (json_object_object_get_ex(o, "credHelpers", &member))
		judge_helpers(d, member);
	if (text_of(o, "credsStore") != NULL)
		judge_helper(d, text_of(o, "credsStore"), "all registries");
}
