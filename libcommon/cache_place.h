/* SPDX-License-Identifier: MIT */
/*
 * Putting one entry into a user's cache (cache.h), in two steps: everything
 * that allocates, looks something up or formats is done by cache_place_prepare;
 * cache_place_run makes system calls and nothing else.  So the second step may
 * run in the forked child of a program with threads, where another thread may
 * hold the C library's locks for ever, after that child has become the user.
 *
 * No library stands between this file and the kernel: Debian's libkeyutils.a is
 * not position-independent and cannot be linked into a PAM module.
 */
#ifndef CACHE_PLACE_H
#define CACHE_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cache.h"
#include "err.h"
#include "secbuf.h"

enum cache_placed {
	CACHE_PLACED_NOWHERE = -1, /* nothing older is left then either */
	CACHE_PLACED_KERNEL,
	CACHE_PLACED_FILE,
};

struct cache_place {
	struct secbuf file; /* the substitute file: its head, the entry */
	size_t head;        /* bytes before the entry itself */
	unsigned seconds;
	bool leave_file; /* do not look for an older substitute if the kernel
			    takes the entry; it ends by its own time */
	char description[CACHE_NAME_MAX + 16];
	char name[CACHE_NAME_MAX + 1];
	char tmp[CACHE_NAME_MAX + 32];
	char run_user[40]; /* "/run/user/UID" */
	char shm_name[40]; /* "tokenring-UID" */
};
#define CACHE_PLACE_INIT                                                       \
	{                                                                      \
		.file = SECBUF_INIT(CACHE_ENTRY_MAX + 64),                     \
	}
#define CACHE_PLACE CLEANUP(cache_place_release) struct cache_place

/* Make ready to keep `data` for `seconds` (at least 1) under `name`. */
int cache_place_prepare(struct cache_place *p, const char *name, uid_t uid,
    const struct secbuf *data, int64_t seconds, struct err *err);

/* Place it.  Async-signal-safe; the process must be the user's by now. */
enum cache_placed cache_place_run(const struct cache_place *p);

void cache_place_release(struct cache_place *p);

#endif
