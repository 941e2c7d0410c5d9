/* SPDX-License-Identifier: MIT */
/* The conversation with a worker (child.h): all of it, in both directions. */
#ifndef CHILD_TALK_H
#define CHILD_TALK_H

#include <poll.h>
#include <stdint.h>

#include "err.h"
#include "secbuf.h"

/*
 * Send `in` and receive `out` until the worker has closed its end.
 * ERR_UNAVAIL: the deadline has passed; ERR_PROTOCOL: longer than out's limit.
 */
int child_talk(int fd, int64_t deadline, const struct secbuf *in,
    struct secbuf *out, struct err *err);

/*
 * Its steps, for whoever waits for more than this conversation: what to wait
 * for in p->events, and what to do when poll(2) has filled p->revents.  The
 * step returns 1 while there is more to come, 0 at the end, or a code.
 */
void child_talk_begin(struct pollfd *p, int fd, const struct secbuf *in);
int child_talk_step(struct pollfd *p, const struct secbuf *in, size_t *sent,
    struct secbuf *out, struct err *err);

#endif
