/* SPDX-License-Identifier: MIT */
/*
 * Steps told to whoever watches, without secrets.
 *
 * A program names its sink once; below main only log_debug is used, and it is
 * silent (and free) while there is no sink.  The PAM module never sets one: it
 * may be loaded twice in a process, and reports through pam_syslog.
 * Grammar: lower case, no full stop, subject first, foreign text in quotes and
 * through err_printable().  Never headers, never bodies.
 */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

#define LOG_LINE_MAX 1024 /* longer lines are cut */

typedef void log_sink(const char *line);

void log_to(log_sink *sink); /* NULL: silent */
bool log_enabled(void);
void log_debug(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2), __nonnull__(1)));

/* A sink that writes "tokenring: LINE" to standard error. */
log_sink log_stderr;

#endif
