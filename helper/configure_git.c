/* SPDX-License-Identifier: MIT */
/*
 * tokenring configure git: our helper for each server of the profiles, behind
 * an empty one that ends the list of helpers before it (gitcredentials(7)).
 * git itself reads and writes its files.
 */
#include "configure_git.h"

#include <stdio.h>
#include <string.h>

#include "tool.h"

/* Values that git prints with a NUL behind each. */
static int
git_read(const char *setting, struct json_object **ret, struct err *err)
{
	SECBUF out = SECBUF_INIT(TOOL_OUTPUT_MAX);
	const char *argv[] = {
	    "git", "config", "--global", "--null", "--get-all", setting, NULL};
	size_t at;
	int r = tool_run(argv, &out, err);

	if (r < 0)
		return r;
	/* 1: there is no such key, or no file. */
	if (r > 1)
		return err_set(err, ERR_CONFIG,
		    "git cannot read its own configuration (git config "
		    "--global)");
	*ret = configure_values(NULL, 0);
	if (*ret == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	for (at = 0; at < out.len; at += strlen(out.ptr + at) + 1)
		(void)json_object_array_add(
		    *ret, json_object_new_string(out.ptr + at));
	return 0;
}

static int
add(const char *setting, const char *value, struct err *err)
{
	const char *argv[] = {
	    "git", "config", "--global", "--add", setting, value, NULL};

	return tool_do(argv, err);
}

static int
unset_all(const char *setting, const char *pattern, struct err *err)
{
	const char *argv[] = {
	    "git", "config", "--global", "--unset-all", setting, pattern, NULL};

	return tool_do(argv, err);
}

/* The two that we add, at the end and nowhere else? */
static bool
ends_in_ours(struct json_object *values, size_t keep)
{
	size_t i, n = json_object_array_length(values);

	if (n != keep + 2 || strcmp(configure_value(values, keep), "") != 0 ||
	    strcmp(configure_value(values, keep + 1), "tokenring") != 0)
		return false;
	for (i = 0; i < keep; i++)
		if (strcmp(configure_value(values, i), "") == 0 ||
		    strcmp(configure_value(values, i), "tokenring") == 0)
			return false;
	return true;
}

/* From `from` to `to`, leaving lines that stay as they are, with whatever
   comments and blanks they have. */
static int
change(const char *setting, struct json_object *from, struct json_object *to,
    struct err *err)
{
	size_t i, had = json_object_array_length(from),
		  n = json_object_array_length(to);

	if (configure_begins_with(from, to) && ends_in_ours(from, n))
		/* In this order: cut off between, it can be told as ours. */
		return unset_all(setting, "^tokenring$", err) < 0
			   ? err->code
			   : unset_all(setting, "^$", err);
	if (!configure_begins_with(to, from)) {
		if (unset_all(setting, NULL, err) < 0)
			return err->code;
		had = 0;
	}
	for (i = had; i < n; i++)
		if (add(setting, configure_value(to, i), err) < 0)
			return err->code;
	return 0;
}

static int
git_write(const char *setting, struct json_object *values, struct err *err)
{
	struct json_object *now;
	int r;

	if (git_read(setting, &now, err) < 0)
		return err->code;
	r = change(setting, now, values, err);
	json_object_put(now);
	return r;
}

const struct configure_tool configure_git = {
    .name = "git",
    .title = "git, in all repositories of this user (git config --global): "
	     "every server in 'match', a git server or not",
    .used = "git",
    .link = "git-credential-tokenring",
    .plan = git_plan,
    .read = git_read,
    .write = git_write,
};
