/* SPDX-License-Identifier: MIT */
/*
 * One renewal, under the lock: whatever brings a new access token without a
 * person.  Refresh tokens (RFC 6749 §6), client credentials (§4.4), SAINet's
 * remembered password.
 */
#ifndef RENEW_H
#define RENEW_H

#include "broker.h"

/*
 * Renew and put the result into the cache.  `lock_fd` holds the lock and is
 * inherited by the workers; `connect_ms` 0: as configured.
 */
int renew(struct grant *g, int lock_fd, int64_t connect_ms, struct token *ret,
    struct err *err);

/*
 * The client's secret: client_secret_file, client_secret_env, or the store.
 * Empty for client_auth = none; ERR_INTERACT if nobody has it.
 */
int renew_client_secret(
    const struct grant *g, struct secbuf *ret, struct err *err);

/*
 * Remember a refusal, if it came from a verified peer and concerns this
 * credential (refusal.h).
 */
void renew_remember(const struct grant *g, const struct secbuf *credential,
    const struct lines *answer, const struct err *why);

/* Cache the answer's tokens and write the facts; kept: NULL leaves as it was. */
int renew_settle(struct grant *g, const struct lines *answer, const char *kept,
    struct token *ret, struct err *err);

/*
 * Is the grant a person's, whose refresh token lies in the store?  So says the
 * profile, or a sign-in that overrode it (login --device).
 */
bool renew_by_person(const struct grant *g);

/* Finish what a killed process left in the journal; true: `ret` is a token. */
bool renew_recover(struct grant *g, struct token *ret);

#endif
