/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259) looked at in place: no copy, no tree, and what is handed on
 * is the text as it came, so that no number loses a digit on the way.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 128 /* nesting; deeper text is not taken */

/* A value inside of a text that its owner keeps. */
struct json_span {
	const char *at;
	size_t len;
};

/*
 * Is the text one JSON value, with nothing but blanks around it?  `ret` is the
 * value then.  The functions below want spans that have passed here.
 */
bool json_scan(const char *text, size_t len, struct json_span *ret);

/* The first member of that name (written without escapes); false: none, or no
   object. */
bool json_member(
    struct json_span object, const char *name, struct json_span *ret);

/* The next element of an array, *pos 0 at first; false at its end, or no array. */
bool json_next(struct json_span array, size_t *pos, struct json_span *ret);

/*
 * The text of a string, or the digits of a whole number, into `ret` of `size`
 * bytes, always terminated; false for anything else and what does not fit.
 * Characters beyond ASCII that are escaped become '?'.
 */
bool json_text(struct json_span value, char *ret, size_t size);

/* A whole number that fits; false for anything else. */
bool json_number(struct json_span value, int64_t *ret);

#endif
