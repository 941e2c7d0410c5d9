/* SPDX-License-Identifier: MIT */
/* The configuration: its files, their faults, what a profile lacks. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dirs.h"
#include "doctor.h"
#include "match.h"

#define SYSTEM_FILE SYSCONFDIR "/tokenring.conf"

/* The directory can be written by others: so can, in effect, the file. */
static void
look_at_parent(struct doctor *d, const char *path)
{
	char dir[PATH_MAX];
	struct stat st;
	char *slash;

	if (snprintf(dir, sizeof(dir), "%s", path) >= (int)sizeof(dir))
		return;
	slash = strrchr(dir, '/');
	if (slash == NULL || slash == dir)
		return;
	*slash = '\0';
	if (stat(dir, &st) == 0)
		(void)doctor_judge_mode(
		    d, dir, "the configuration's directory", &st, false);
}

/* A file that is there; `system`: what PAM's rule demands (conf_read). */
static bool
look_at(struct doctor *d, const char *path, bool system)
{
	struct stat st, followed;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return false;
		doctor_find(d, DOCTOR_ERROR, "unreadable",
		    "the configuration '%s' cannot be examined: %s", path,
		    strerror(errno));
		return true;
	}
	if (system && S_ISLNK(st.st_mode)) {
		doctor_find(d, DOCTOR_ERROR, "system-link",
		    "'%s' is a symbolic link: logins through PAM refuse it",
		    path);
		doctor_do(d, "put the file itself there");
	}
	if (stat(path, &followed) < 0) {
		doctor_find(d, DOCTOR_ERROR, "unreadable",
		    "the configuration '%s' cannot be read: %s", path,
		    strerror(errno));
		return true;
	}
	(void)doctor_judge_mode(d, path, "the configuration", &followed, false);
	look_at_parent(d, path);
	return true;
}

static bool
look_at_files(struct doctor *d)
{
	const char *one = secure_getenv("TOKENRING_CONFIG");
	struct err ignored = ERR_INIT;
	char path[PATH_MAX];
	bool found;

	if (one != NULL && *one != '\0') {
		found = look_at(d, one, false);
		if (found)
			doctor_find(d, DOCTOR_NOTE, "one-file",
			    "TOKENRING_CONFIG names '%s', in place of all "
			    "other configuration",
			    one);
		return found;
	}
	found = look_at(d, SYSTEM_FILE, true);
	if (dirs_user_config(path, sizeof(path), &ignored) == 0)
		return look_at(d, path, false) || found;
	doctor_find(d, DOCTOR_WARNING, "no-home",
	    "no home directory: there is no configuration of yours, and no "
	    "place for state");
	doctor_do(d, "set HOME to a directory that belongs to you");
	return found;
}

static void
report_faults(struct doctor *d)
{
	const struct conf_fault *f;
	size_t n = conf_faults(d->front->conf, &f), i;

	for (i = 0; i < n; i++) {
		doctor_find(d, DOCTOR_ERROR, "fault", "%s", f[i].text);
		doctor_do(d, "correct that line (tokenring.conf(5)); until "
			     "then no token is given to anybody");
	}
}

static void
report_profile(struct doctor *d, const struct profile *p)
{
	const char *store = profile_get(p, CONF_STORE);
	const char *name = profile_get(p, CONF_CLIENT_SECRET_ENV), *v;

	doctor_find(d, DOCTOR_OK, "profile", "profile '%s' (%s), from %s",
	    p->name, profile_get(p, CONF_PROVIDER), p->file);
	if (store != NULL && strcmp(store, "secret-service") == 0)
		d->needs_keyring = true;
	if (store != NULL && strcmp(store, "file") == 0)
		doctor_find(d, DOCTOR_NOTE, "plaintext-store",
		    "profile '%s' keeps its secrets in plain text files, as "
		    "store = file says",
		    p->name);
	v = name != NULL ? secure_getenv(name) : NULL;
	if (name != NULL && (v == NULL || *v == '\0')) {
		doctor_find(d, DOCTOR_ERROR, "secret-not-in-environment",
		    "profile '%s': client_secret_env names '%s', which is not "
		    "set here",
		    p->name, name);
		doctor_do(d, "set it where tokenring is started, or use "
			     "client_secret_file");
	}
}

/* A profile's own URL for which the matching cannot decide, or which it has
   lost to another profile. */
static void
report_overlaps(struct doctor *d, const struct profile *p)
{
	const char *list = profile_get(p, CONF_MATCH), *word;
	const struct profile *other = NULL;
	struct match_target target;
	struct err err = ERR_INIT;
	char url[MATCH_URL_MAX];
	size_t pos = 0, n;

	while ((n = conf_next_word(list, &pos, &word)) > 0) {
		if (snprintf(url, sizeof(url), "%.*s", (int)n, word) >=
			(int)sizeof(url) ||
		    match_url(url, &target, &err) < 0 ||
		    match_profile(d->front->conf, &target, &other, &err) !=
			ERR_CONFIG)
			continue;
		doctor_find(d, DOCTOR_WARNING, "same-match",
		    "profile '%s', %s: %s", p->name, url, err.msg);
		doctor_do(d, "say --profile where the tool calls tokenring, "
			     "or give the profiles a match of their own");
		return;
	}
}

void
doctor_configuration(struct doctor *d)
{
	struct err err = ERR_INIT;
	bool found = look_at_files(d);
	const struct profile *p;
	size_t i;

	if (front_read_conf(d->front, &err) < 0) {
		doctor_find(d, DOCTOR_ERROR, "unreadable", "%s", err.msg);
		doctor_do(d, "see that the file is there and can be read");
		if (d->front->conf == NULL)
			return;
		conf_finish(d->front->conf);
	}
	report_faults(d);
	for (i = 0; i < conf_count(d->front->conf); i++) {
		p = conf_at(d->front->conf, i);
		if (p->provider == PROVIDER_NONE)
			continue;
		report_profile(d, p);
		report_overlaps(d, p);
	}
	if (conf_count(d->front->conf) > 0)
		return;
	d->needs_keyring = true;
	doctor_find(d, DOCTOR_WARNING, "no-profile", "%s",
	    found ? "no profile is configured"
		  : "there is no configuration yet");
	doctor_do(d, "tokenring configure (it asks a few questions and writes "
		     "one; tokenring.conf(5) has examples)");
}
