/* SPDX-License-Identifier: MIT */
/*
 * The question to tokenring-net and the judgement of its answer.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "lines.h"
#include "options.h"
#include "secbuf.h"

#define WORKER_TOKEN_MAX   8192 /* bytes of an access token */
#define WORKER_HEADROOM_MS 500  /* the worker gives up this much earlier */

struct question {
	const struct options *o;
	const char *id, *user;
	const struct secbuf *password;
	int64_t budget_ms;
};

/*
 * May this user sign in with this password?  0 when there is a whole answer
 * from a worker that ended well, whatever it says.  ERR_CONFIG: the worker's
 * file cannot be trusted.
 */
int worker_ask(const struct question *q, struct lines *answer, struct err *err);

/*
 * Is this answer, from worker_ask, one that lets the user in?  If it claims to
 * be and is not, ERR_PROTOCOL (the server's fault) or ERR_INTERNAL (the
 * worker's) is in `err`; if it does not claim to be, false and `err` untouched.
 */
bool worker_grants(const struct lines *answer, struct err *err);

#endif
