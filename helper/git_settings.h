/* SPDX-License-Identifier: MIT */
/* git's configuration as git tells it, and the credential helpers in it. */
#ifndef GIT_SETTINGS_H
#define GIT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "secbuf.h"

#define GIT_SETTINGS_MAX 1000 /* what comes after these is passed over */
#define GIT_HELPER_MAX   64   /* bytes of a helper's name */

struct git_setting {
	const char *where; /* "file:/home/a/.gitconfig" */
	const char *key;   /* "credential.https://example.com.helper" */
	const char *value; /* of a key without one: "" */
};

struct git_settings {
	struct git_setting e[GIT_SETTINGS_MAX];
	size_t n;
};

/*
 * Take apart what `git config --null --show-origin` prints of several settings:
 * ORIGIN NUL KEY LF VALUE NUL, again and again (git-config(1)).  The text is
 * changed, and lent to the settings.
 */
void git_settings_read(struct secbuf *text, struct git_settings *ret);

/* Is it a credential helper's, general or a URL's? */
bool git_setting_is_helper(const struct git_setting *e);

/*
 * A key's URL, as it is written there, and its length; 0: it has none.  git
 * writes section and last part in lower case, the URL as it is.
 */
size_t git_setting_url(const struct git_setting *e, const char **url);

struct git_helper {
	char name[GIT_HELPER_MAX]; /* fit to be shown */
	bool ours, plaintext;
};

/*
 * Who it is: "store" for "store --file=x" and /usr/lib/git-core/
 * git-credential-store.  A value may be a shell command with a secret in it: no
 * more than a program's name is told, and of a command nothing.
 */
void git_helper_read(const char *value, struct git_helper *ret);

#endif
