/* SPDX-License-Identifier: MIT */
/*
 * Whom git asks for our hosts' credentials, and whom it gives them to: every
 * helper of a chain is told to store what one of them gave (git-credential(1)).
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "doctor.h"
#include "git_settings.h"
#include "io.h"
#include "match.h"
#include "tool.h"

#define CONFIG_MAX 1048576 /* bytes of git's configuration */
#define GIT_MS     2000
#define CHAIN_MAX  16
#define PLAIN_MAX  1048576 /* bytes of ~/.git-credentials */
#define HOSTS_MAX  50      /* of profiles, that are looked at */
#define HOST_PORT  (MATCH_HOST_MAX + 8)
#define HTTPS_PORT 443

struct helper {
	struct git_helper is;
	const char *origin; /* "file:/home/a/.gitconfig" */
};

struct chain {
	struct helper helper[CHAIN_MAX];
	size_t n;
};

/* Is it a general one, or for this server? */
static bool
is_for(const struct git_setting *e, const struct match_target *t)
{
	struct match_target theirs;
	struct err ignored = ERR_INIT;
	char text[MATCH_URL_MAX];
	const char *url;
	size_t n;

	if (!git_setting_is_helper(e))
		return false;
	n = git_setting_url(e, &url);
	if (n == 0)
		return true;
	if (t == NULL || snprintf(text, sizeof(text), "%.*s", (int)n, url) >=
			     (int)sizeof(text))
		return false;
	return match_url(text, &theirs, &ignored) == 0 &&
	       strcmp(theirs.host, t->host) == 0 && theirs.port == t->port;
}

/*
 * The chain for a server, or with NULL for any other: helpers in git's order,
 * of which an empty value forgets those before it.
 */
static void
read_chain(const struct git_settings *all, const struct match_target *t,
    struct chain *ret)
{
	const struct git_setting *e;
	size_t i;

	ret->n = 0;
	for (i = 0; i < all->n; i++) {
		e = &all->e[i];
		if (!is_for(e, t))
			continue;
		if (*e->value == '\0') {
			ret->n = 0;
		} else if (ret->n < CHAIN_MAX) {
			git_helper_read(e->value, &ret->helper[ret->n].is);
			ret->helper[ret->n++].origin = e->where;
		}
	}
}

static const char *
file_of(const struct helper *h)
{
	return strncmp(h->origin, "file:", 5) == 0 ? h->origin + 5 : h->origin;
}

static void
say_how(struct doctor *d)
{
	doctor_do(d, "tokenring configure git");
}

static void
judge_chain(struct doctor *d, const struct chain *c, const char *host)
{
	size_t i, ours = c->n;

	for (i = 0; i < c->n && ours == c->n; i++)
		if (c->helper[i].is.ours)
			ours = i;
	for (i = 0; i < c->n; i++) {
		const struct helper *h = &c->helper[i];

		if (h->is.plaintext) {
			doctor_find(d, DOCTOR_ERROR, "git-plaintext",
			    "git gives every credential of %s to the helper "
			    "'%s' (in %s), which writes it to a file in plain "
			    "text",
			    host, h->is.name, file_of(h));
			say_how(d);
		} else if (i < ours && ours < c->n) {
			doctor_find(d, DOCTOR_WARNING, "git-before",
			    "for %s git asks the helper '%s' (in %s) before "
			    "tokenring: what that one keeps may have expired",
			    host, h->is.name, file_of(h));
			say_how(d);
		} else if (i > ours) {
			doctor_find(d, DOCTOR_NOTE, "git-after",
			    "git gives the tokens of %s to the helper '%s' "
			    "(in %s) as well",
			    host, h->is.name, file_of(h));
			say_how(d);
		}
	}
	if (ours == c->n) {
		doctor_find(d, DOCTOR_NOTE, "git-without",
		    "git does not ask tokenring for %s", host);
		say_how(d);
	} else if (c->n == 1) {
		doctor_find(d, DOCTOR_OK, "git-helper",
		    "git asks tokenring for %s, and nobody else", host);
	}
}

/* Does a line of git-credential-store's file hold this server? */
static bool
line_is_of(const char *line, const struct match_target *t)
{
	char url[MATCH_URL_MAX];
	struct match_target theirs;
	struct err ignored = ERR_INIT;
	const char *at;
	size_t n = strcspn(line, "\r\n"), head = strlen("https://"), i, k;

	if (n < head || strncmp(line, "https://", head) != 0)
		return false;
	at = memrchr(line, '@', n);
	at = at != NULL ? at + 1 : line + head;
	n -= (size_t)(at - line);
	k = (size_t)snprintf(url, sizeof(url), "https://");
	/* It writes the port's colon as %3a. */
	for (i = 0; i < n && k + 1 < sizeof(url); i++) {
		if (n - i >= 3 && strncasecmp(at + i, "%3a", 3) == 0) {
			url[k++] = ':';
			i += 2;
		} else {
			url[k++] = at[i];
		}
	}
	url[k] = '\0';
	return match_url(url, &theirs, &ignored) == 0 &&
	       strcmp(theirs.host, t->host) == 0 && theirs.port == t->port;
}

static void
look_at_plain_file(
    struct doctor *d, const struct match_target *t, const char *host)
{
	SECBUF text = SECBUF_INIT(PLAIN_MAX);
	struct err ignored = ERR_INIT;
	char path[PATH_MAX];
	const char *line;

	if (!doctor_home(".git-credentials", path, sizeof(path)) ||
	    io_read_named(path, &text, &ignored) < 0)
		return;
	for (line = text.ptr; *line != '\0';
	     line += strcspn(line, "\n"), line += *line == '\n')
		if (line_is_of(line, t)) {
			doctor_find(d, DOCTOR_ERROR, "git-plain-file",
			    "'%s' holds a credential of %s in plain text", path,
			    host);
			doctor_do(d, "delete that line; 'tokenring logout' "
				     "revokes the token");
			return;
		}
}

static void
look_at_host(struct doctor *d, const struct git_settings *config,
    const struct match_target *t, const char *host)
{
	static struct chain c; /* large, and needed once at a time */

	read_chain(config, t, &c);
	judge_chain(d, &c, host);
	look_at_plain_file(d, t, host);
}

/* Each server once, however many profiles and paths it has. */
struct hosts {
	char seen[HOSTS_MAX][HOST_PORT];
	size_t n;
};

static void
look_once(struct doctor *d, struct hosts *hosts,
    const struct git_settings *config, const char *url)
{
	struct err ignored = ERR_INIT;
	struct match_target t;
	char host[HOST_PORT];
	size_t i;
	int n;

	if (match_url(url, &t, &ignored) < 0)
		return;
	n = snprintf(host, sizeof(host),
	    strchr(t.host, ':') != NULL ? "[%s]" : "%s", t.host);
	if (t.port != HTTPS_PORT)
		(void)snprintf(
		    host + n, sizeof(host) - (size_t)n, ":%d", t.port);
	for (i = 0; i < hosts->n; i++)
		if (strcmp(hosts->seen[i], host) == 0)
			return;
	if (hosts->n == HOSTS_MAX)
		return;
	memcpy(hosts->seen[hosts->n++], host, sizeof(host));
	look_at_host(d, config, &t, host);
}

static void
look_at_hosts(struct doctor *d, const struct git_settings *config)
{
	const struct conf *c = d->front->conf;
	struct hosts hosts = {.n = 0};
	char url[MATCH_URL_MAX];
	size_t i, pos, n;
	const char *word;

	for (i = 0; c != NULL && i < conf_count(c); i++) {
		/* One that a provider came with is for an API. */
		if (conf_at(c, i)->where[CONF_MATCH] == 0)
			continue;
		pos = 0;
		while (
		    (n = conf_next_word(profile_get(conf_at(c, i), CONF_MATCH),
			 &pos, &word)) > 0) {
			(void)snprintf(url, sizeof(url), "%.*s", (int)n, word);
			look_once(d, &hosts, config, url);
		}
	}
}

void
doctor_git(struct doctor *d)
{
	static const char *const keep[] = {"HOME", "XDG_CONFIG_HOME",
	    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
	    "PATH", NULL};
	static struct chain others;
	static struct git_settings settings; /* large, and needed once */
	char git[PATH_MAX];
	char *argv[] = {git, (char *)"config", (char *)"--null",
	    (char *)"--show-origin", (char *)"--list", NULL};
	SECBUF config = SECBUF_INIT(CONFIG_MAX);
	struct err err = ERR_INIT;
	size_t i;

	if (!tool_find("git", git, sizeof(git))) {
		doctor_find(d, DOCTOR_NOTE, "no-git", "git is not installed");
		return;
	}
	if (doctor_run(d, argv, keep, GIT_MS, &config, &err) < 0) {
		doctor_find(d, DOCTOR_WARNING, "git-unreadable",
		    "git cannot read its configuration (%s)", err.msg);
		doctor_do(d, "run 'git config --list' to see why");
		return;
	}
	git_settings_read(&config, &settings);
	look_at_hosts(d, &settings);
	read_chain(&settings, NULL, &others);
	for (i = 0; i < others.n; i++)
		if (others.helper[i].is.plaintext) {
			doctor_find(d, DOCTOR_NOTE, "git-plaintext-others",
			    "for other hosts git uses the helper '%s' (in %s), "
			    "which keeps passwords in plain text",
			    others.helper[i].is.name,
			    file_of(&others.helper[i]));
			doctor_do(d, "a helper that uses the keyring is a "
				     "better choice");
		}
}
