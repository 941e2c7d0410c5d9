/* SPDX-License-Identifier: MIT */
/* Base64url without padding (RFC 4648 §5), as PKCE and random values want it. */
#ifndef BASE64URL_H
#define BASE64URL_H

#include "secbuf.h"

/* Append the text of `len` bytes; -1 as secbuf_add. */
int base64url_add(struct secbuf *to, const void *data, size_t len)
    __attribute__((__warn_unused_result__));

#endif
