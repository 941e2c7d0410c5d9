/* SPDX-License-Identifier: MIT */
/*
 * One renewal at a time: a flock(2) per fingerprint in the state directory, the
 * same for ssh, cron and su.  Workers inherit the descriptor, so that killing
 * the front does not free the lock while a refresh is under way.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

#define LOCK_WAIT_MS 30000 /* a waiter's patience */

/*
 * Try once.  Returns a descriptor that holds the lock until all its copies are
 * closed; ERR_UNAVAIL if somebody else holds it (the message says who);
 * ERR_INTERNAL if the state directory cannot be used.
 */
int lock_try(const char *fp, struct err *err);

/* Let `ms` milliseconds pass between tries. */
void lock_pause(int ms);

#endif
