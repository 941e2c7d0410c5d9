/* SPDX-License-Identifier: MIT */
/*
 * Put a token into its user's cache, in a child process that has become that
 * user for good: nothing of his is touched with anybody else's rights.
 */
#ifndef DELIVER_H
#define DELIVER_H

#include "err.h"
#include "subject.h"
#include "token.h"

#define DELIVER_MS 3000 /* then the child is killed */

/*
 * The caller's signals, descriptors, umask and identity are left as they are;
 * its SIGCHLD handler does not run and its wait does not meet the child.
 */
int deliver(const struct subject *s, const char *fingerprint,
    const struct token *t, struct err *err);

#endif
