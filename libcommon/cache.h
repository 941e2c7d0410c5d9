/* SPDX-License-Identifier: MIT */
/*
 * Short-lived things of one user, in memory only: access tokens first of all.
 *
 * An entry is a `user` key "tokenring:NAME" in the kernel's user keyring
 * (user-keyring(7)), readable by every process of the user (mask 0x3f0b0000)
 * and gone by its own timeout.  Where the kernel refuses (containers, quota) it
 * is a 0600 file in the runtime directory on tmpfs (dirs.h).  Never on disk.
 * NAME is a fingerprint, with a suffix for what is not an access token.
 */
#ifndef CACHE_H
#define CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "secbuf.h"
#include "token.h"

#define CACHE_NAME_MAX  64
#define CACHE_ENTRY_MAX 34000 /* bytes; the kernel takes 32,767 */

/* The entry's bytes appended to `ret`; ERR_NOTFOUND if there is none that fits
   into its limit. */
int cache_get(const char *name, struct secbuf *ret, struct err *err);

/*
 * Keep `data` for `seconds` (at least 1), replacing what was there.
 * ERR_UNAVAIL if neither place takes it; nothing older is left then either.
 */
int cache_put(const char *name, const struct secbuf *data, int64_t seconds,
    struct err *err);

/* Forget the entry; its absence is no failure. */
void cache_drop(const char *name);

/*
 * A sign that something happens now, for other processes: best effort.  The
 * entry has its time (io.h) in it and outlives its use: an entry's own end is
 * on the wall clock, which may be set, and of every key that ends by itself the
 * kernel goes on counting four bytes, the link to it, against the user's quota
 * until the machine is restarted (security/keys/keyring.c, keyring_gc).
 */
void cache_mark(const char *name);

/* Was there one less than `ms` milliseconds ago? */
bool cache_marked(const char *name, int64_t ms);

/* Does the kernel keep keys for us, or does the substitute have to? */
bool cache_in_kernel(void);

/* The same for the access token of a fingerprint. */
int cache_get_token(const char *fp, struct token *ret, struct err *err);
int cache_put_token(
    const char *fp, const struct token *t, int64_t now, struct err *err);

#endif
