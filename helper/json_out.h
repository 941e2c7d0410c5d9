/* SPDX-License-Identifier: MIT */
/*
 * JSON that holds a secret (RFC 8259), put together in wiped memory; a library's
 * memory is not wiped.  0, or -1 when the buffer's limit is reached.
 */
#ifndef JSON_OUT_H
#define JSON_OUT_H

#include <stdint.h>

#include "secbuf.h"

/* Append a string with its quotes. */
int json_out_string(struct secbuf *to, const char *s)
    __attribute__((__warn_unused_result__));

/*
 * Append a time as a string: RFC 3339 in UTC, whole seconds, "Z", which is what
 * every reader of ours takes (Bazel's refuses fractions).
 */
int json_out_time(struct secbuf *to, int64_t at)
    __attribute__((__warn_unused_result__));

#endif
