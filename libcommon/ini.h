/* SPDX-License-Identifier: MIT */
/*
 * The grammar of tokenring.conf(5), strict and small.
 *
 *	[TYPE NAME]        a section
 *	key = value        blanks around both are dropped
 *	# or ; comment     on a line of its own only
 *
 * No continuation lines, no quotes, no comments behind values: " ;" and " #"
 * inside a value are faults, since other readers cut there.  A fault never
 * repeats the value, which may be a secret in the wrong place.
 */
#ifndef INI_H
#define INI_H

#include <stddef.h>

#define INI_LINE_MAX 4096  /* bytes of a line */
#define INI_FILE_MAX 65536 /* bytes of a file */

struct ini_handler {
	/* "[TYPE NAME]"; name is NULL for "[TYPE]". */
	void (*section)(
	    void *ctx, int line, const char *type, const char *name);
	void (*pair)(void *ctx, int line, const char *key, const char *value);
	/* key is NULL where the line has none. */
	void (*fault)(void *ctx, int line, const char *key, const char *text);
};

/*
 * Take `text` (NUL-terminated, `len` bytes before that) apart, in place: the
 * strings handed on live as long as it does.  A fault does not end the reading.
 */
void ini_parse(
    char *text, size_t len, const struct ini_handler *handler, void *ctx);

#endif
