/* SPDX-License-Identifier: MIT */
/* The conversation with a worker (child.h): all of it, in both directions. */
#ifndef CHILD_TALK_H
#define CHILD_TALK_H

#include <stdint.h>

#include "err.h"
#include "secbuf.h"

/*
 * Send `in` and receive `out` until the worker has closed its end.
 * ERR_UNAVAIL: the deadline has passed; ERR_PROTOCOL: longer than out's limit.
 */
int child_talk(int fd, int64_t deadline, const struct secbuf *in,
    struct secbuf *out, struct err *err);

#endif
