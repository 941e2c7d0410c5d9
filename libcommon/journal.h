/* SPDX-License-Identifier: MIT */
/*
 * Where a renewed grant lies between the server's answer and the store.
 *
 * A refresh token that rotates exists, for a moment, only in the answer to its
 * refresh (RFC 6749 §6).  The journal is a 0600 file on tmpfs, opened under the
 * fingerprint's lock before the request and written by tokenring-net before it
 * answers.  Whoever takes the lock next finishes what a killed process left.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdbool.h>

#include "err.h"
#include "lines.h"
#include "token.h"

enum journal_state {
	JOURNAL_NONE,    /* nothing was under way */
	JOURNAL_ANSWER,  /* a whole answer is there to be stored */
	JOURNAL_UNKNOWN, /* a refresh began and left no answer */
};

#define JOURNAL_ROOM (2 * TOKEN_MAX + 4096) /* bytes that are set aside */

/*
 * Open an empty journal, with JOURNAL_ROOM set aside for it.  Returns a
 * descriptor for the worker, or ERR_NOTFOUND where there is no tmpfs, no room
 * left on it, or files may not grow (setrlimit(2), RLIMIT_FSIZE).
 */
int journal_begin(const char *fp, struct err *err);

/* What an earlier process left; `ret` is filled for JOURNAL_ANSWER. */
enum journal_state journal_left(const char *fp, struct lines *ret);

/* All is in the store. */
void journal_end(const char *fp);

#endif
