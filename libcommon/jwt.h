/* SPDX-License-Identifier: MIT */
/* How long a bearer token says it lives: a hint, never a proof of anything. */
#ifndef JWT_H
#define JWT_H

#include <stdint.h>

#include "secbuf.h"

#define JWT_MAX 8192 /* bytes that are looked at */

/*
 * The `exp` of a token that is a compact JWS (RFC 7515 §7.1, RFC 7519 §4.1.4)
 * or base64 of one, in seconds since the epoch; 0 if it is anything else, an
 * encrypted JWE among it.  No signature is verified: nothing but the time of
 * the next sign-in may rest on it.
 */
int64_t jwt_exp(const struct secbuf *bearer);

#endif
