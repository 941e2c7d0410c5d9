/* SPDX-License-Identifier: MIT */
/*
 * tokenring curl: curl with the right headers, passed by descriptor, and never
 * to a place where the token does not belong.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "commands.h"
#include "curl_options.h"
#include "io.h"
#include "match.h"

#define ARGUMENTS_MAX 4096

/* What the arguments say of where curl will go. */
struct journey {
	const struct profile *profile; /* NULL: still to be found by the URLs */
	bool named;                    /* by the user, not by a URL */
	size_t urls;
	bool own_proxy;
};

static bool
listed(const char *name, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}
#define LISTED(name, list) listed(name, list, sizeof(list) / sizeof(list[0]))

static int
refuse(const char *arg, struct err *err)
{
	return err_set(err, ERR_CONFIG,
	    "curl's option '%.40s' could take the token elsewhere: name the "
	    "profile and put --any-host before 'curl' if that is meant",
	    arg);
}

/* How many words this option takes (1 or 2), or an error. */
static int
measure_option(struct journey *j, const char *arg, struct err *err)
{
	const char *name = arg + 2, *p;

	if (strncmp(arg, "--", 2) == 0) {
		j->own_proxy = j->own_proxy || strcmp(name, "proxy") == 0 ||
			       strcmp(name, "preproxy") == 0;
		if (LISTED(name, curl_long_valued))
			return 2;
		if (strncmp(name, "no-", 3) == 0 &&
		    LISTED(name + 3, curl_long_flags))
			return 1;
		return LISTED(name, curl_long_flags) ? 1 : refuse(arg, err);
	}
	for (p = arg + 1; *p != '\0'; p++) {
		j->own_proxy = j->own_proxy || *p == 'x';
		if (strchr(curl_short_valued, *p) != NULL)
			return p[1] == '\0' ? 2 : 1;
		if (strchr(curl_short_flags, *p) == NULL)
			return refuse(arg, err);
	}
	return 1;
}

static int
check_url(
    const struct front *f, struct journey *j, const char *url, struct err *err)
{
	const struct profile *found;
	struct match_target target;
	char shown[128];

	err_printable(shown, sizeof(shown), url);
	j->urls++;
	if (match_url(url, &target, err) < 0)
		return err_wrap(err, "'%s'", shown);
	if (j->named && match_covers(j->profile, &target))
		return 0;
	if (match_profile(f->conf, &target, &found, err) < 0)
		return err->code == ERR_NOTFOUND
			   ? err_set(err, ERR_CONFIG,
				 "no profile is for '%s': it gets no token",
				 shown)
			   : err->code;
	if (j->profile == NULL)
		j->profile = found;
	if (j->profile != found)
		return err_set(err, ERR_CONFIG,
		    "'%s' belongs to profile '%s', not to '%s': it does not "
		    "get that token",
		    shown, found->name, j->profile->name);
	return 0;
}

static int
check_arguments(
    const struct front *f, struct journey *j, char **args, struct err *err)
{
	int n = 1;

	for (; *args != NULL; args += n) {
		n = 1;
		if ((*args)[0] == '-' && (*args)[1] != '\0')
			n = measure_option(j, *args, err);
		else
			n = check_url(f, j, *args, err) < 0 ? err->code : 1;
		if (n < 0)
			return n;
		if (n == 2 && args[1] == NULL)
			break;
	}
	if (j->urls == 0)
		return err_set(
		    err, ERR_CONFIG, "there is no URL among curl's arguments");
	return 0;
}

/* The headers wait in a pipe, which holds 64 KiB without a reader. */
static int
offer_headers(const struct token *t, struct err *err)
{
	SECBUF text = SECBUF_INIT(LINES_LINE_MAX);
	int fd[2];

	if (headers_write(t, &text, err) < 0)
		return err->code;
	if (pipe(fd) < 0)
		return err_set(err, ERR_INTERNAL, "pipe: %s", strerror(errno));
	(void)fcntl(fd[1], F_SETFL, O_NONBLOCK);
	if (io_write(fd[1], text.ptr, text.len, err) < 0) {
		(void)close(fd[0]);
		fd[0] = err->code;
	}
	(void)close(fd[1]);
	return fd[0];
}

static int
run_curl(const struct journey *j, const struct token *t, bool any_host,
    char **args, struct err *err)
{
	static char name[] = "curl", quiet[] = "-q", header[] = "-H",
		    cacert[] = "--cacert", proxy[] = "--proxy";
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	char *argv[ARGUMENTS_MAX + 8], source[32];
	const char *ca = profile_get(j->profile, CONF_CA_FILE);
	const char *via = profile_get(j->profile, CONF_PROXY);
	size_t n = 0;
	int fd;

	fd = offer_headers(t, err);
	if (fd < 0)
		return err->code;
	(void)snprintf(source, sizeof(source), "@/dev/fd/%d", fd);
	argv[n++] = name;
	/* ~/.curlrc is a --config that no argument shows. */
	if (!any_host)
		argv[n++] = quiet;
	argv[n++] = header;
	argv[n++] = source;
	if (ca != NULL) {
		argv[n++] = cacert;
		argv[n++] = (char *)ca;
	}
	if (via != NULL && !j->own_proxy) {
		argv[n++] = proxy;
		argv[n++] = (char *)via;
	}
	for (; *args != NULL; args++) {
		if (n >= ARGUMENTS_MAX)
			return err_set(
			    err, ERR_CONFIG, "too many arguments for curl");
		argv[n++] = *args;
	}
	argv[n] = NULL;
	(void)sigaction(SIGXFSZ, &usual, NULL); /* main() ignores it */
	(void)execvp(name, argv);
	return err_set(err, ERR_CONFIG, "cannot run curl: %s", strerror(errno));
}

int
cmd_curl(struct front *f, struct err *err)
{
	struct journey j = {.profile = NULL};
	TOKEN t = TOKEN_INIT;
	char **args = f->opt.rest;
	struct grant g;

	if (args == NULL || *args == NULL)
		return err_set(err, ERR_CONFIG,
		    "curl wants arguments: tokenring curl [PROFILE] URL");
	if (front_load(f, err) < 0)
		return err->code;
	if (**args != '-' && conf_find(f->conf, *args) != NULL)
		j.profile = conf_find(f->conf, *args++);
	else if (f->opt.profile != NULL &&
		 front_profile(f, NULL, &j.profile, err) < 0)
		return err->code;
	j.named = j.profile != NULL;
	if (f->opt.any_host && j.profile == NULL)
		return err_set(err, ERR_CONFIG,
		    "--any-host wants a profile: tokenring --any-host curl "
		    "PROFILE ...");
	if (!f->opt.any_host && check_arguments(f, &j, args, err) < 0)
		return err->code;
	if (grant_open(&g, f, j.profile, err) < 0 ||
	    broker_get(&g, front_min_valid(f, j.profile), &t, err) < 0)
		return err->code;
	return run_curl(&j, &t, f->opt.any_host, args, err);
}
