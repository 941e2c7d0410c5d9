/* SPDX-License-Identifier: MIT */
/* Asking the person at the terminal, and telling him things. */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>

#include "err.h"
#include "secbuf.h"

#define ASK_SECRET_MAX 4096 /* bytes of a typed or piped secret */

/* Is there a terminal to ask at (/dev/tty, not just standard input)? */
bool ask_possible(void);

/*
 * A line without echo from /dev/tty.  ERR_INTERACT without a terminal,
 * ERR_CANCELED at its end of input.
 */
int ask_secret(const char *prompt, struct secbuf *ret, struct err *err);

/* A line of anything else, with echo, from /dev/tty; fails as ask_secret(). */
int ask_line(const char *prompt, struct secbuf *ret, struct err *err);

/* The secret on standard input: one line, its line end dropped. */
int ask_stdin(struct secbuf *ret, struct err *err);

/* A line of text for the person: on /dev/tty if it opens, else stderr (a
   caller may have captured that). */
void ask_tell(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

#endif
