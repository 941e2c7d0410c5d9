/* SPDX-License-Identifier: MIT */
/*
 * Whose process is at the other end of a loopback connection?  The kernel lists
 * that end as a socket of its own, with its owner, in /proc/net/tcp and tcp6.
 */
#ifndef LOOPBACK_PEER_H
#define LOOPBACK_PEER_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "err.h"

#define LOOPBACK_ENDS_MAX 96 /* bytes of both ends in the kernel's writing */

/* Can the kernel's lists be read at all?  ERR_UNAVAIL if not. */
int loopback_peer_possible(struct err *err);

/* Does the other end of this connection belong to us, and is it held by a
   process (not left behind by one, which looks like root's)? */
bool loopback_peer_is_us(int fd);

/* Does the list say that `ends` ("LOCAL REMOTE") is a socket of `uid`? */
bool loopback_listed(FILE *list, const char *ends, uid_t uid);

#endif
