/* SPDX-License-Identifier: MIT */
/*
 * What went wrong, in terms a caller can act on.
 *
 * A function that can fail for more than one reason takes `struct err *` as its
 * last parameter and returns 0 or a negative `enum err_code`.  It fills `err`
 * exactly when it returns non-zero.  Library code never prints: the program
 * that owns the struct decides whether, where and how loudly.
 */
#ifndef ERR_H
#define ERR_H

#include <stddef.h>

#define ERR_TEXT_MAX 640 /* bytes of a message, its terminator included */

enum err_code {
	ERR_INTERNAL = -1, /* bug, broken system call or dead worker */
	ERR_NOMEM = -2,
	ERR_CONFIG = -3,   /* the administrator or user must fix something */
	ERR_NOTFOUND = -4, /* no such credential; not a failure for `get` */
	ERR_DENIED = -5,   /* the server said no to these credentials */
	ERR_UNAVAIL = -6,  /* server, network or store out of reach */
	ERR_PROTOCOL = -7, /* the peer sent something malformed */
	ERR_INTERACT = -8, /* a person is needed and none is available */
	ERR_CANCELED = -9, /* the person declined */
	ERR_LOCKED = -10,  /* the keyring is there and locked */
	ERR_UNCONFIRMED = -11, /* a dry run that may have been none */
};

struct err {
	int code;
	char msg[ERR_TEXT_MAX];
};
#define ERR_INIT                                                               \
	{                                                                      \
		0                                                              \
	}

/* Record a failure; returns `code`, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((__format__(__printf__, 3, 4), __nonnull__(1, 3)));

/* Prepend "context: " to what a callee recorded; returns the unchanged code. */
int err_wrap(struct err *err, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3), __nonnull__(1, 2)));

/* Append "; hint" to what was recorded; returns the unchanged code. */
int err_hint(struct err *err, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3), __nonnull__(1, 2)));

/* The code's name for logs ("denied"); "ok" for 0. */
const char *err_name(int code);

/*
 * Copy text that came from a peer into `to` (size bytes, always terminated):
 * control characters, those that turn a text's direction around too, and bytes
 * that are not UTF-8 become '?', the rest is cut at the end.  Returns `to`.
 * Anything foreign passes through here before it enters an err or a log.
 */
const char *err_printable(char *to, size_t size, const char *from);

#endif
