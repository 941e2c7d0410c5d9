/* SPDX-License-Identifier: MIT */
/*
 * Which profile is for this URL?
 *
 * Scheme, host and port must be equal (after RFC 3986 §6.2.2.1 and §6.2.3: case
 * and default port), then the longest path prefix on whole segments wins.  A
 * request without a path matches by host if exactly one profile has it.
 */
#ifndef MATCH_H
#define MATCH_H

#include <stdbool.h>

#include "conf.h"
#include "err.h"

#define MATCH_HOST_MAX 256
#define MATCH_PATH_MAX 4096
#define MATCH_URL_MAX  8192

struct match_target {
	char host[MATCH_HOST_MAX]; /* lower case, IPv6 without brackets */
	int port;
	bool has_path;             /* false: the request named none */
	char path[MATCH_PATH_MAX]; /* begins with '/', raw */
};

/*
 * Take an https URL apart.  ERR_CONFIG with the reason for what must not be
 * matched at all: another scheme, user information, backslashes, '%' in the
 * host, dot segments raw or encoded, an empty host, a port outside 1-65535.
 */
int match_url(const char *url, struct match_target *ret, struct err *err);

/* The same for what git and docker give: host[:port] and a path or NULL. */
int match_host(const char *host, const char *path, struct match_target *ret,
    struct err *err);

/*
 * The profile for the target.  ERR_NOTFOUND if there is none; ERR_CONFIG if
 * several are equally good (they are named, and what to do), or if a profile's
 * own `match` is bad.
 */
int match_profile(const struct conf *c, const struct match_target *target,
    const struct profile **ret, struct err *err);

/* Does this profile's `match` cover the target? */
bool match_covers(const struct profile *p, const struct match_target *target);

#endif
