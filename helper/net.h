/* SPDX-License-Identifier: MIT */
/*
 * The front's side of tokenring-net: one request, one answer.
 */
#ifndef NET_H
#define NET_H

#include <stdint.h>

#include "child.h"
#include "conf.h"
#include "err.h"
#include "lines.h"
#include "lock.h"

#define NET_STREAM_FDS    3        /* the body, its rest, the answer's body */
#define NET_STREAM_MAX_MS 86400000 /* such a request ends by then */

/* What streams beside a request, and who talks to the worker meanwhile. */
struct net_stream {
	int fd[NET_STREAM_FDS]; /* the worker's 3, 4, 5; -1: none */
	child_talk_fn *talk;
	void *ctx;
};

struct net_request {
	const struct profile *profile;
	const char *account;
	const char *op;          /* login, token, refresh, device, ... */
	struct secbuf more;      /* further "key=value" lines */
	const struct lock *lock; /* inherited by the worker; NULL: none */
	int journal_fd;     /* the worker writes its answer there first; -1 */
	int64_t connect_ms; /* 0: as configured */
	int64_t timeout_ms; /* 0: as configured */
	/* NULL: none.  With it the worker ends when its caller does, and may
	   take until NET_STREAM_MAX_MS. */
	const struct net_stream *stream;
};
#define NET_REQUEST_INIT                                                       \
	{                                                                      \
		.more = SECBUF_INIT(LINES_MESSAGE_MAX), .journal_fd = -1       \
	}
#define NET_REQUEST CLEANUP(net_request_release) struct net_request

/*
 * Ask.  0: the server gave what was asked for, `answer` has it.  Otherwise the
 * code and the sentence; `answer` then has oauth_error, retry_after, verified
 * and sent where the worker came that far, and is empty if it did not.
 */
int net_ask(const struct net_request *q, struct lines *answer, struct err *err);

void net_request_release(struct net_request *q);

#endif
