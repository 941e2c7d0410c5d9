/* SPDX-License-Identifier: MIT */
/*
 * A memory of refusals, so that two hundred callers with a wrong secret make
 * one request and lock nobody's account.
 *
 * It is kept where access tokens are (cache.h), under the fingerprint and an
 * HMAC of the credential that was used: another credential is not blocked.
 * Only what a verified peer said is remembered.  Time is CLOCK_BOOTTIME with
 * the boot's id: a clock that jumps neither ends nor prolongs it.
 */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdint.h>

#include "err.h"
#include "secbuf.h"

#define REFUSAL_FIRST_S     30 /* a bad client or password; doubles each time */
#define REFUSAL_LAST_S      600
#define REFUSAL_LATER_MAX_S 3600 /* of a Retry-After */

/*
 * 0 if nothing is remembered against this credential; else the code it was
 * remembered with (ERR_DENIED, ERR_UNAVAIL), the reason, and until when.
 */
int refusal_check(
    const char *fp, const struct secbuf *credential, struct err *err);

/*
 * Remember `why` (code and text).  `retry_after` in seconds counts for
 * ERR_UNAVAIL only; 0 there remembers nothing.
 */
void refusal_remember(const char *fp, const struct secbuf *credential,
    const struct err *why, int64_t retry_after);

void refusal_clear(const char *fp);

/* For `status`: seconds left and the reason, or 0. */
int64_t refusal_left(const char *fp, char *reason, size_t size);

#endif
