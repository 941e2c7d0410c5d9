/* SPDX-License-Identifier: MIT */
/*
 * Which helpers git has for the profiles' servers, and in which order.
 *
 * git asks all helpers that apply to a URL, general ones too, in the order in
 * which it reads them: the system's file, the user's, the repository's.  An
 * empty one ends the list of those before it, so ours have to come last.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "configure_git.h"
#include "git_settings.h"
#include "tool.h"

#define VALUES_MAX 64

struct entries {
	struct secbuf text;
	struct git_settings all;
};

static int
list(const char *scope, struct entries *ret, struct err *err)
{
	const char *argv[] = {"git", "config", "--null", "--show-origin",
	    "--get-regexp", "^credential\\.", scope, NULL};
	int r;

	if (scope != NULL) {
		argv[2] = scope;
		argv[3] = "--null";
		argv[4] = "--show-origin";
		argv[5] = "--get-regexp";
		argv[6] = "^credential\\.";
	}
	r = tool_run(argv, &ret->text, err);
	if (r < 0)
		return r;
	git_settings_read(&ret->text, &ret->all);
	return 0;
}

/* Can this key's setting count for the server of that URL?  When in doubt. */
static bool
applies(const struct git_setting *e, const char *to)
{
	size_t n, len;
	const char *url, *host, *at;

	len = git_setting_url(e, &url);
	if (len == 0)
		return true;
	host = memmem(url, len, "://", 3);
	if (host == NULL)
		return true;
	if (strncasecmp(url, "https:", 6) != 0)
		return false;
	host += 3;
	n = strcspn(host, "/");
	if (n > len - (size_t)(host - url))
		n = len - (size_t)(host - url);
	at = memchr(host, '@', n);
	if (at != NULL) {
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	to += strlen("https://");
	return memchr(host, '*', n) != NULL ||
	       (strncasecmp(host, to, n) == 0 &&
		   (to[n] == '\0' || to[n] == '/' || to[n] == ':'));
}

/* Is it in the section [credential "URL"]? */
static bool
is_in_section(const struct git_setting *e, const char *url)
{
	const char *theirs;
	size_t n = git_setting_url(e, &theirs);

	return n == strlen(url) && strncmp(theirs, url, n) == 0;
}

/* Does a helper of others come after the section, if that is there? */
static bool
is_followed(const struct git_settings *l, const char *section)
{
	size_t i, last = l->n;

	for (i = 0; i < l->n; i++)
		if (is_in_section(&l->e[i], section))
			last = i;
	for (i = last + 1; i < l->n; i++)
		if (git_setting_is_helper(&l->e[i]) && *l->e[i].value != '\0' &&
		    strcmp(l->e[i].value, GIT_HELPER) != 0 &&
		    applies(&l->e[i], section))
			return true;
	return false;
}

static int
want_helper(struct configure *c, const char *section, struct err *err)
{
	char setting[MATCH_URL_MAX + 64];
	const char *values[VALUES_MAX + 2];
	struct json_object *now;
	size_t i, n;
	int r;

	(void)snprintf(
	    setting, sizeof(setting), "credential.%s.helper", section);
	if (c->tool->read(setting, &now, err) < 0)
		return err->code;
	n = json_object_array_length(now);
	for (i = 0; i < n && i < VALUES_MAX; i++)
		values[i] = configure_value(now, i);
	if (n > VALUES_MAX) {
		r = err_set(err, ERR_CONFIG, "%s has too many values", setting);
	} else {
		if (n < 2 || strcmp(values[n - 2], "") != 0 ||
		    strcmp(values[n - 1], GIT_HELPER) != 0) {
			values[n++] = "";
			values[n++] = GIT_HELPER;
		}
		r = configure_want(c, setting, false, values, n, err);
	}
	json_object_put(now);
	return r;
}

/* The system's files and the user's; what comes behind is the repository's. */
static bool
is_before_repositories(const struct git_settings *global, const char *where)
{
	size_t i;

	for (i = 0; i < global->n; i++)
		if (strcmp(global->e[i].where, where) == 0)
			return true;
	return strncmp(where, "file:/etc/", 10) == 0;
}

/* Of all helpers, those before ours in plain text, and all after. */
static int
note_others(struct configure *c, const struct git_settings *all,
    const struct git_settings *global, const char *section, struct err *err)
{
	bool followed = is_followed(global, section), after;
	const struct git_setting *e;
	struct git_helper h;
	size_t i, last = 0;

	for (i = 0; i < all->n; i++)
		if (is_before_repositories(global, all->e[i].where) ||
		    is_in_section(&all->e[i], section))
			last = i + 1;
	for (i = 0; i < all->n; i++) {
		e = &all->e[i];
		if (!git_setting_is_helper(e) || *e->value == '\0' ||
		    strcmp(e->value, GIT_HELPER) == 0 || !applies(e, section))
			continue;
		after = i >= last || followed;
		git_helper_read(e->value, &h);
		if (after &&
		    configure_note(c, err,
			"warning: git hands the tokens of %s to the helper "
			"'%s' (%s in %s) too%s; to end that: git config "
			"--unset-all '%s'",
			section, h.name, e->key, e->where,
			h.plaintext ? ", in plain text" : "", e->key) < 0)
			return err->code;
		if (!after && h.plaintext &&
		    configure_note(c, err,
			"the helper '%s' (%s in %s) keeps passwords in plain "
			"text; it gets none of these tokens",
			h.name, e->key, e->where) < 0)
			return err->code;
	}
	return 0;
}

struct lists {
	struct entries global, all;
};

/*
 * A section that git would read before a helper of others is of no use.  The
 * same URL with a slash at its end means the same in a section of its own, and
 * git puts new ones last.  A path counts for git only with useHttpPath.
 */
static int
want_server(struct configure *c, const struct lists *l, const char *url,
    bool path, struct err *err)
{
	static const char *const yes[] = {"true"};
	char section[MATCH_URL_MAX + 2], setting[MATCH_URL_MAX + 64];

	(void)snprintf(section, sizeof(section), "%s%s", url,
	    is_followed(&l->global.all, url) ? "/" : "");
	if (want_helper(c, section, err) < 0)
		return err->code;
	(void)snprintf(
	    setting, sizeof(setting), "credential.%s.useHttpPath", section);
	if (path && configure_want(c, setting, false, yes, 1, err) < 0)
		return err->code;
	return note_others(c, &l->all.all, &l->global.all, section, err);
}

static int
visit(struct configure *c, const struct profile *p,
    const struct match_target *target, const char *url, struct err *err)
{
	(void)p;
	return want_server(
	    c, c->state, url, strcmp(target->path, "/") != 0, err);
}

int
git_plan(struct configure *c, struct err *err)
{
	struct lists *l = calloc(1, sizeof(*l));
	int r;

	if (l == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	l->global.text = l->all.text =
	    (struct secbuf)SECBUF_INIT(TOOL_OUTPUT_MAX);
	c->state = l;
	r = list("--global", &l->global, err);
	if (r == 0)
		r = list(NULL, &l->all, err);
	if (r == 0)
		r = configure_servers(c, visit, err);
	c->state = NULL;
	secbuf_release(&l->global.text);
	secbuf_release(&l->all.text);
	free(l);
	if (r == 0 && json_object_array_length(c->changes) == 0)
		return err_set(err, ERR_CONFIG,
		    "no profile names a git server: add its https URL to "
		    "'match'");
	return r;
}
