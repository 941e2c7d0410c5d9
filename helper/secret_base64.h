/* SPDX-License-Identifier: MIT */
/*
 * Base64url without padding: the one form that survives every keyring file.
 * Each replaces what `to` holds; 0, or -1 if it is not of the form or too long.
 */
#ifndef SECRET_BASE64_H
#define SECRET_BASE64_H

#include "lines.h"
#include "secbuf.h"

#define SECRET_MAX LINES_MESSAGE_MAX               /* bytes, decoded */
#define STORED_MAX (LINES_MESSAGE_MAX / 3 * 4 + 8) /* base64url */

int base64url_encode(const struct secbuf *from, struct secbuf *to)
    __attribute__((__warn_unused_result__));
int base64url_decode(const struct secbuf *from, struct secbuf *to)
    __attribute__((__warn_unused_result__));

#endif
