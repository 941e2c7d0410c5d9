/* SPDX-License-Identifier: MIT */
/*
 * Changing one member of a JSON file (RFC 8259) that belongs to somebody else:
 * every other byte stays, with order, blanks, and numbers of any size.
 *
 * `text` is one JSON object that fills it; a member is named by its key in that
 * object, or in the object that is `outer`'s value there.  What is set and
 * removed again leaves the text as it was, but for blanks in an empty object.
 */
#ifndef JSON_EDIT_H
#define JSON_EDIT_H

#include "err.h"
#include "secbuf.h"

/*
 * Give the member a value, which is JSON; in the place of the one it has, or
 * behind the last member, laid out as that one is.  ERR_PROTOCOL: the text is
 * none, or `outer` is not in it or no object.
 */
int json_edit_set(struct secbuf *text, const char *outer, const char *key,
    const char *value, struct err *err);

/* Take the member out, wherever it is more than once; 0 if there is none. */
int json_edit_remove(
    struct secbuf *text, const char *outer, const char *key, struct err *err);

#endif
