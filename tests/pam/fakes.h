/* SPDX-License-Identifier: MIT */
/*
 * The world as the module under test sees it: a log that is written to standard
 * output, a user database that a test fills, ids and a clock that it sets.
 */
#ifndef FAKES_H
#define FAKES_H

#include <stdbool.h>

/*
 * nss-user NAME UID:GID GROUP,GROUP   nss-group NAME GID   nss-error ERRNO
 * set-uid (what AT_SECURE tells)
 * ids REAL:EFFECTIVE (what is ours seems to be the latter's)   clock SECONDS
 */
bool fakes_command(const char *verb, char *a, char *b, char *c);

/* Keep the log and the prompts to ourselves. */
void fakes_quiet(bool quiet);
bool fakes_quiet_now(void);

/* How many lines of LOG_WARNING or worse there were since the last time. */
int fakes_warnings(void);

#endif
