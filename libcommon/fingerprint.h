/* SPDX-License-Identifier: MIT */
/*
 * What a stored token belongs to: provider, endpoints, domain, client, scope,
 * audience and account, not a profile's name.  An edited or borrowed profile
 * can so never be answered with another server's token.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include "conf.h"

#define FINGERPRINT_LEN 32 /* hexadecimal digits */

/* SHA-256 over the length-prefixed fields, its first half in hexadecimal. */
void fingerprint(const struct profile *p, const char *account,
    char ret[FINGERPRINT_LEN + 1]);

#endif
