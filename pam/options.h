/* SPDX-License-Identifier: MIT */
/*
 * The options of a line in pam.d, pam_sainet(8).  The texts are lent from the
 * caller's argument vector.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <security/pam_modules.h>
#include <stdbool.h>

#define OPTIONS_TIMEOUT_MAX 30   /* seconds */
#define OPTIONS_VALUE_MAX   1024 /* bytes */

/* In the order of the manual. */
struct options {
	const char *profile; /* NULL: the file's only sainet profile */
	const char *config;
	unsigned timeout; /* seconds, all servers and tries together */
	bool try_first_pass;
	bool use_first_pass;
	unsigned minimum_uid;
	const char *allow_group; /* NULL: no such restriction */
	bool ignore_unknown_user;
	bool no_token;
	const char *session_services; /* NULL: all but the built-in list */
	bool nodelay;
	bool quiet;
	bool debug;
};

/*
 * Fill `o` from the arguments.  Unknown, repeated and contradictory options are
 * reported to the log; a value that cannot be used is, too, and is the only
 * thing that makes this fail: -1.
 */
int options_parse(
    struct options *o, pam_handle_t *pamh, int argc, const char **argv);

/* Is `name` an element of the comma-separated `list`? */
bool options_listed(const char *list, const char *name);

#endif
