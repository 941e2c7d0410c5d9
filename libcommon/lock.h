/* SPDX-License-Identifier: MIT */
/*
 * One renewal at a time: a flock(2) per fingerprint in the state directory (the
 * same for all hosts that share a home) and one in the runtime directory (the
 * same for ssh, cron and su, whatever their environment says of directories).
 * Workers inherit the descriptors, so that killing the front does not free the
 * lock while a refresh is under way.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdint.h>
#include <sys/types.h>

#include "cleanup.h"
#include "err.h"

#define LOCK_WAIT_MS 30000 /* a waiter's patience */

#define LOCK_FILES 2

struct lock {
	int fd[LOCK_FILES]; /* -1: not held; the second may be missing */
};
#define LOCK_INIT                                                              \
	{                                                                      \
		{                                                              \
			-1, -1                                                 \
		}                                                              \
	}
#define LOCK CLEANUP(lock_release) struct lock

/*
 * Try once.  0: held until it is released here and all copies are closed.
 * ERR_UNAVAIL if somebody else holds it (the message says who); ERR_INTERNAL if
 * the state directory cannot be used.
 */
int lock_try(struct lock *ret, const char *fp, struct err *err);

/* The same, tried for `ms` milliseconds; `err` says nothing of what was tried
   before it came free. */
int lock_wait(struct lock *ret, const char *fp, int ms, struct err *err);
void lock_release(struct lock *l);

/* Let `ms` milliseconds pass between tries. */
void lock_pause(int ms);

#endif
