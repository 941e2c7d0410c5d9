/* SPDX-License-Identifier: MIT */
/*
 * Run a worker program: one message in, one answer out, and nothing of the
 * caller's disturbed.
 *
 * Between the caller and the worker stands a process that never executes a
 * program and whose exit raises no signal: the caller's SIGCHLD handler does
 * not run, its waitpid(-1) does not meet our child, and its disposition of
 * SIGCHLD does not matter.  (A worker cloned with exit signal 0 would raise
 * SIGCHLD again after execve; see clone(2) and execve(2).)  That process keeps
 * the deadline too, so that a worker ends even if its caller was killed.
 *
 * The worker gets its own session, default signal dispositions, an empty mask,
 * umask 077, the directory /, no core file, no new privileges, resource limits
 * as wide as they may be, and no descriptor but 0 and 1 (the conversation), 2
 * and those in `keep`.  Between fork and exec only async-signal-safe calls are
 * made, and the caller's memory is copied once.  The caller's signal mask, dispositions, descriptors, umask and
 * directory are as before when child_run returns.
 */
#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "secbuf.h"

#define CHILD_KEEP_MAX 4   /* descriptors handed over, as 3, 4, ... */
#define CHILD_GRACE_MS 250 /* from the deadline to the kill */

/*
 * The conversation: as child_talk(), which it is unless the caller has one of
 * his own for what streams beside it through `keep`.
 */
typedef int child_talk_fn(void *ctx, int fd, int64_t deadline,
    const struct secbuf *in, struct secbuf *out, struct err *err);

struct child {
	const char *path;  /* absolute; never searched for */
	char *const *argv; /* NULL: just the path */
	char *const *envp; /* NULL: empty */
	int err_fd;        /* becomes 2; -1: /dev/null */
	const int *keep;   /* become 3, 4, ... in this order; -1: a gap */
	size_t n_keep;
	int64_t deadline;    /* absolute, as in io.h */
	bool outlive;        /* the caller's death does not end the worker:
				   only the deadline does */
	child_talk_fn *talk; /* NULL: child_talk */
	void *ctx;           /* of talk */
};
#define CHILD_INIT                                                             \
	{                                                                      \
		.err_fd = -1                                                   \
	}

/*
 * Start the worker, send it `in`, and collect what it writes in `out` until it
 * has closed its end and exited.  0 only if it exited with status 0 in time.
 * ERR_UNAVAIL: the deadline passed (the worker is dead by then).
 * ERR_INTERNAL: it could not be started, was killed, or exited otherwise.
 * ERR_PROTOCOL: it wrote more than out's limit.  On failure `out` is empty.
 */
int child_run(const struct child *c, const struct secbuf *in,
    struct secbuf *out, struct err *err);

/*
 * As root: would running this file run only what root, or we, put there?  Owned
 * by root or by our effective uid, regular, not a link, not writable by anyone
 * else.  ERR_CONFIG with the reason if not.
 */
int child_trusted(const char *path, struct err *err);

#endif
