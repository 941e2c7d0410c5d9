/* SPDX-License-Identifier: MIT */
/* Running the tools that we set up: git and kubectl know their files best. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "secbuf.h"

#define TOOL_OUTPUT_MAX 4194304 /* bytes of standard output */
#define TOOL_LIMIT_MS   30000   /* for one run */

/*
 * Where PATH has a program of this name; false and "" if nowhere.  A relative
 * directory, which is another one for each caller, does not count.
 */
bool tool_find(const char *name, char *to, size_t size);
bool tool_exists(const char *name);

/*
 * Run argv (NULL-terminated; its first word is looked for in PATH) with our
 * environment and directory, without standard input, and collect its standard
 * output.  Returns its exit status, or a code: ERR_CONFIG if it cannot be
 * started, ERR_UNAVAIL after TOOL_LIMIT_MS, ERR_INTERNAL if it was killed.
 */
int tool_run(const char *const argv[], struct secbuf *out, struct err *err);

/* The same, where any exit status but 0 is ERR_INTERNAL. */
int tool_do(const char *const argv[], struct err *err);

#endif
