/* SPDX-License-Identifier: MIT */
/*
 * A listener on this machine's loopback for the one answer that a browser
 * brings (RFC 8252 §7.3): open only while it is waited for, bounded in time and
 * in bytes, one connection after the other, and for this user's processes
 * alone.
 */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "loopback_http.h"

#define LOOPBACK_CONNECTION_MS 10000 /* for a request to arrive */
#define LOOPBACK_LINGER_MS     500   /* for a browser to take its page */
#define LOOPBACK_BACKLOG       16    /* connections that wait */

struct loopback {
	int fd[2]; /* 127.0.0.1, and [::1] if it could be had */
	int port;  /* the same for both */
};
#define LOOPBACK_INIT                                                          \
	{                                                                      \
		.fd = { -1, -1 }                                               \
	}
#define LOOPBACK CLEANUP(loopback_close) struct loopback

/* Is this query the answer?  If not, its sender is told so, and the wait goes
   on; if so, it is the last. */
typedef bool loopback_judge(void *context, const struct loopback_query *query);

/* Listen at a port of the system's choice. */
int loopback_open(struct loopback *l, struct err *err);
void loopback_close(struct loopback *l);

/*
 * Serve until `judge` has its answer.  ERR_CANCELED when the deadline (io.h)
 * passes first.
 */
int loopback_wait(const struct loopback *l, int64_t deadline,
    loopback_judge *judge, void *context, struct err *err);

#endif
