/* SPDX-License-Identifier: MIT */
/*
 * What one run of `tokenring` works with, and how it picks a profile.
 */
#ifndef FRONT_H
#define FRONT_H

#include "conf.h"
#include "err.h"
#include "fingerprint.h"
#include "options.h"
#include "token.h"

struct front {
	struct options opt;
	struct conf *conf;
};

/*
 * Read the configuration, once: $TOKENRING_CONFIG alone, or the system's file
 * and the user's.  Faults are left in it.
 */
int front_read_conf(struct front *f, struct err *err);

/* The same, and any fault is an error: what every command but a few wants. */
int front_load(struct front *f, struct err *err);

/*
 * The profile that `word` names (a profile's name, or a URL), or with NULL the
 * one of --profile, $TOKENRING_PROFILE, or the only one.
 */
int front_profile(const struct front *f, const char *word,
    const struct profile **ret, struct err *err);

/*
 * Whose account: --account, the profile's, for SAINet else the login name, for
 * OAuth 2.0 else "".  Into `ret` of TOKEN_NAME_MAX bytes.
 */
int front_account(
    const struct front *f, const struct profile *p, char *ret, struct err *err);

/* Seconds of life that a token must have left. */
int64_t front_min_valid(const struct front *f, const struct profile *p);

/* The exit status of a failure (tokenring(1), EXIT STATUS). */
int front_exit(int code);

#endif
