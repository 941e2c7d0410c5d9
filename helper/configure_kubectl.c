/* SPDX-License-Identifier: MIT */
/*
 * tokenring configure kubectl: for each cluster of the kubeconfig whose server
 * a profile is for, a user that gets its token from us and a context with it.
 * What is there already stays.
 *
 * kubectl says what the file means, before and after.  We write it: some
 * kubectls cannot say provideClusterInfo, and all drop comments.
 *
 * Settings: "FILE: users.NAME", "FILE: contexts.NAME", "FILE: current-context".
 */
#include "configure_kubectl.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "configure_file.h"
#include "dialect.h"
#include "json_out.h"
#include "tool.h"
#include "yaml_edit.h"

#define CURRENT "current-context"

/* A setting, taken apart: `name` is empty for the current context. */
struct place {
	char file[PATH_MAX];
	char list[16];
	char name[KUBECTL_NAME_MAX];
};

int
kubectl_config(const char *file, struct json_object **ret, struct err *err)
{
	SECBUF out = SECBUF_INIT(TOOL_OUTPUT_MAX);
	char flag[PATH_MAX + 32];
	/* Without --raw, what is secret in it is left out. */
	const char *argv[] = {
	    "kubectl", "config", "view", "-o", "json", flag, NULL};
	int r;

	(void)snprintf(flag, sizeof(flag), "--kubeconfig=%s", file);
	r = tool_run(argv, &out, err);
	if (r < 0)
		return r;
	if (r > 0)
		return err_set(err, ERR_CONFIG,
		    "kubectl cannot read '%s' (kubectl config view)", file);
	return dialect_parse(&out, "what kubectl config view prints", ret, err);
}

struct json_object *
kubectl_entry(struct json_object *config, const char *list, const char *name,
    const char *key)
{
	struct json_object *a, *o, *v;
	const char *theirs;
	size_t i;

	if (!json_object_object_get_ex(config, list, &a) ||
	    !json_object_is_type(a, json_type_array))
		return NULL;
	for (i = 0; i < json_object_array_length(a); i++) {
		o = json_object_array_get_idx(a, i);
		theirs = dialect_text(o, "name");
		if (theirs != NULL && strcmp(theirs, name) == 0)
			return json_object_object_get_ex(o, key, &v) ? v : NULL;
	}
	return NULL;
}

static int
take_apart(const char *setting, struct place *ret, struct err *err)
{
	static const char *const kinds[] = {
	    ": users.", ": contexts.", (": " CURRENT)};
	const char *p = NULL;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	for (i = 0; p == NULL && i < 3; i++)
		p = strstr(setting, kinds[i]);
	if (p == NULL || p - setting >= PATH_MAX ||
	    strlen(p) >= KUBECTL_NAME_MAX)
		return err_set(
		    err, ERR_CONFIG, "no setting of kubectl: '%s'", setting);
	(void)snprintf(
	    ret->file, sizeof(ret->file), "%.*s", (int)(p - setting), setting);
	if (i == 3)
		return 0;
	(void)snprintf(
	    ret->list, sizeof(ret->list), "%s", i == 1 ? "users" : "contexts");
	(void)snprintf(
	    ret->name, sizeof(ret->name), "%s", p + strlen(kinds[i - 1]));
	return 0;
}

static const char *
text_or_nothing(struct json_object *o, const char *key)
{
	const char *v = dialect_text(o, key);

	return v != NULL ? v : "";
}

/* The item in one line of JSON, by which people and we compare. */
static const char *
value_in(struct json_object *config, const struct place *at)
{
	bool user = strcmp(at->list, "users") == 0;
	struct json_object *o;
	const char *v;

	if (at->list[0] == '\0') {
		v = text_or_nothing(config, CURRENT);
		return *v != '\0' ? v : NULL;
	}
	o = kubectl_entry(
	    config, at->list, at->name, user ? "user" : "context");
	return o != NULL ? json_object_to_json_string_ext(
			       o, JSON_C_TO_STRING_PLAIN |
				      JSON_C_TO_STRING_NOSLASHESCAPE)
			 : NULL;
}

/* kubectl writes members out that have no meaning; which, changes. */
static void
drop_defaults(struct json_object *config)
{
	static const char *const words[] = {
	    "env", "interactiveMode", "installHint"};
	struct json_object *a, *user, *exec;
	size_t i, j;

	if (!json_object_object_get_ex(config, "users", &a) ||
	    !json_object_is_type(a, json_type_array))
		return;
	for (i = 0; i < json_object_array_length(a); i++)
		if (json_object_object_get_ex(
			json_object_array_get_idx(a, i), "user", &user) &&
		    json_object_object_get_ex(user, "exec", &exec) &&
		    strcmp(text_or_nothing(exec, "command"), "tokenring") == 0)
			for (j = 0; j < 3; j++)
				json_object_object_del(exec, words[j]);
}

static int
kubectl_read(const char *setting, struct json_object **ret, struct err *err)
{
	struct json_object *config;
	struct place at;
	const char *value;

	if (take_apart(setting, &at, err) < 0 ||
	    kubectl_config(at.file, &config, err) < 0)
		return err->code;
	drop_defaults(config);
	value = value_in(config, &at);
	*ret = configure_values(&value, value != NULL ? 1 : 0);
	json_object_put(config);
	return *ret != NULL ? 0 : err_set(err, ERR_NOMEM, "out of memory");
}

/* What a person would write: the member's JSON is YAML too. */
static int
edit(struct secbuf *text, const struct place *at, const char *value,
    struct err *err)
{
	bool user = strcmp(at->list, "users") == 0;
	SECBUF item = SECBUF_INIT(CONFIGURE_FILE_MAX);

	if (at->list[0] == '\0')
		return yaml_edit_set(
		    text, CURRENT, value != NULL ? value : "", err);
	if (value == NULL)
		return yaml_edit_remove(text, at->list, at->name, err);
	if (secbuf_addstr(&item, "name: ") < 0 ||
	    json_out_string(&item, at->name) < 0 ||
	    secbuf_addstr(&item, user ? "\n  user: " : "\n  context: ") < 0 ||
	    secbuf_addstr(&item, value) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return yaml_edit_add(text, at->list, item.ptr, err);
}

/* Without the setting, both mean the same, and the new one has it as wanted. */
static bool
is_meant(struct json_object *before, struct json_object *after,
    const struct place *at, const char *value)
{
	struct json_object *both[] = {before, after}, *a;
	const char *v, *name;
	size_t i, j;

	drop_defaults(after);
	drop_defaults(before);
	v = value_in(after, at);
	if ((v == NULL) != (value == NULL) ||
	    (v != NULL && strcmp(v, value) != 0))
		return false;
	for (i = 0; i < 2; i++) {
		if (at->list[0] == '\0') {
			json_object_object_del(both[i], CURRENT);
			continue;
		}
		if (!json_object_object_get_ex(both[i], at->list, &a) ||
		    !json_object_is_type(a, json_type_array)) {
			(void)json_object_object_add(
			    both[i], at->list, json_object_new_array());
			continue;
		}
		for (j = json_object_array_length(a); j-- > 0;) {
			name = text_or_nothing(
			    json_object_array_get_idx(a, j), "name");
			if (strcmp(name, at->name) == 0)
				(void)json_object_array_del_idx(a, j, 1);
		}
	}
	return json_object_equal(before, after);
}

/* What kubectl makes of the new text, before it is the file. */
static int
check(const struct place *at, const struct secbuf *text, const char *value,
    struct err *err)
{
	struct json_object *before, *after = NULL;
	char trial[PATH_MAX + 32];
	bool understood = false;
	int r;

	(void)snprintf(trial, sizeof(trial), "%s.tokenring-trial-%ld", at->file,
	    (long)getpid());
	if (kubectl_config(at->file, &before, err) < 0)
		return err->code;
	r = configure_file_replace(trial, text, NULL, err);
	if (r == 0)
		understood = kubectl_config(trial, &after, err) == 0;
	(void)unlink(trial);
	if (r == 0 && !(understood && is_meant(before, after, at, value)))
		r = err_set(err, ERR_PROTOCOL,
		    "'%s' is written in a form that tokenring cannot change "
		    "safely: its '%s' is left as it is",
		    at->file, at->list[0] != '\0' ? at->list : CURRENT);
	json_object_put(before);
	json_object_put(after);
	return r;
}

static int
kubectl_write(const char *setting, struct json_object *values, struct err *err)
{
	SECBUF text = SECBUF_INIT(CONFIGURE_FILE_MAX);
	const char *value = configure_value(values, 0);
	struct place at;
	struct stat st;

	if (take_apart(setting, &at, err) < 0 ||
	    configure_file_read(at.file, &text, &st, err) < 0)
		return err->code;
	if (edit(&text, &at, value, err) < 0)
		return err_wrap(err, "'%s'", at.file);
	return check(&at, &text, value, err) < 0
		   ? err->code
		   : configure_file_replace(at.file, &text, &st, err);
}

const struct configure_tool configure_kubectl = {
    .name = "kubectl",
    .title = "kubectl, and what else reads its kubeconfig",
    .used = "kubectl",
    .link = "tokenring",
    .plan = kubectl_plan,
    .read = kubectl_read,
    .write = kubectl_write,
};
