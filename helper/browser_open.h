/* SPDX-License-Identifier: MIT */
/* Starting the person's own browser (RFC 8252 §6), and leaving it alone. */
#ifndef BROWSER_OPEN_H
#define BROWSER_OPEN_H

#include <stdbool.h>

/* Is there a display, or $BROWSER? */
bool browser_likely(void);

/*
 * Start $BROWSER (the first of its list; a program, never a shell's command),
 * else xdg-open, found in PATH.  It has a session of its own, nothing to read
 * from, nowhere to write to, and none of our descriptors.  Whether it started;
 * root's never does.
 */
bool browser_open(const char *url);

#endif
