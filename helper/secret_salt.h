/* SPDX-License-Identifier: MIT */
/*
 * The random salt that hides hosts, users and paths in the attributes of items.
 *
 * Attributes are in clear for every program on the bus, and in a locked
 * keyring's file as unsalted MD5.  The salt is the secret of one item,
 * kind=salt, beside whose it is told apart by its hash.  Should two programs
 * have made one at the same time, both stay good.
 */
#ifndef SECRET_SALT_H
#define SECRET_SALT_H

#include "secret_service.h"

#define SALT_LEN 64 /* hexadecimal digits */
#define HASH_LEN 32 /* hexadecimal digits of a hashed attribute */

bool salt_is(const char *s);

/* The hash of `n` strings under the salt; NULL is another than "". */
void salt_hash(const char *salt, const char *const part[], size_t n,
    char ret[HASH_LEN + 1]);

/* Is that the keyring's only salt?  Needs no unlocking. */
int salt_is_only(
    struct keyring *k, const char *salt, bool *ret, struct err *err);

/* All of them, sorted; each for g_free().  ERR_NOTFOUND: there is none. */
int salts_read(struct keyring *k, GPtrArray *ret, struct err *err);

/* Make one and append it. */
int salt_make(
    struct keyring *k, const char *collection, GPtrArray *ret, struct err *err);

#endif
