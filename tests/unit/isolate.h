/* SPDX-License-Identifier: MIT */
/* A surrounding of a unit test's own. */
#ifndef ISOLATE_H
#define ISOLATE_H

#include <stdbool.h>

/*
 * From now on this process has a user namespace of its own, in which it is who
 * it was, and a /dev/shm and a /run of its own, both empty.  False: the machine
 * does not allow that, and it may have part of it.
 */
bool isolate(void);

#endif
