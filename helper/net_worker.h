/* SPDX-License-Identifier: MIT */
/* The parts of tokenring-net: privileges, profile, answer. */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include <stdint.h>
#include <sys/types.h>

#include "conf.h"
#include "err.h"
#include "http.h"
#include "lines.h"
#include "secbuf.h"
#include "token.h"

#define NET_MESSAGE_MAX 400      /* bytes of an answer's message or warning */
#define NET_READ_MS     5000     /* for the request to arrive */
#define NET_START_MS    10000    /* until its time limit is known */
#define NET_TIMEOUT_MIN 100      /* ms; a smaller budget is raised */
#define NET_TIMEOUT_MAX 600000   /* ms; a larger budget is cut */
#define NET_CALL_MAX_MS 86400000 /* op=request: its bodies may take that long */

/* All that one request is about. */
struct net_job {
	const struct lines *rq;
	uid_t caller;  /* effective uid at the start */
	int64_t begun; /* io_now_ms() at the start */
	struct conf *conf;
	const struct profile *profile; /* NULL: none was found */
	struct token token;
	struct outcome outcome;
	struct secbuf more; /* an operation's own lines */
	bool begun_answer;  /* its first part is written: net_call.c */
};
#define NET_JOB_INIT                                                           \
	{                                                                      \
		.token = TOKEN_INIT, .outcome = OUTCOME_INIT,                  \
		.more = SECBUF_INIT(LINES_MESSAGE_MAX)                         \
	}

/*
 * Give away what a worker must not have: cores, tracing, new privileges, the
 * environment; and, if it was started by root, root.  After 0 nothing can bring
 * it back.
 */
int net_isolate(struct err *err);

/*
 * Take system calls away that no request needs (seccomp(2)), where libseccomp
 * was there at the build.  A kernel that has no filters, or no room for one, is
 * no failure.
 */
int net_seccomp(struct err *err);

/*
 * The profile that the request is about: of the file that PAM names, read under
 * our own eyes and with the rules for its owner, or out of the request's own
 * fields.  Warnings go to the job's notes.
 */
int net_profile(struct net_job *job, struct err *err);

/* The operation probe, whose findings go to job->more. */
int net_probe(struct net_job *job, struct http *http, struct err *err);

/* For whom the token is kept: part of its fingerprint. */
const char *net_account(const struct net_job *job);

/* op=request: send it and stream the bodies. */
int net_call(struct net_job *job, struct http *http, struct err *err);

/*
 * Append the whole answer.  ERR_INTERNAL if `why` (whose code is 0 for success)
 * is nothing that an answer can tell.
 */
int net_answer(const struct net_job *job, const struct err *why,
    struct secbuf *to, struct err *err);

/*
 * Write the answer; if it is a good one or holds a refresh token, to the
 * journal first, where there is one.  A journal that cannot be written is no
 * failure: the answer says so.
 */
int net_deliver(const struct net_job *job, bool ok, const struct secbuf *answer,
    struct err *err);

#endif
