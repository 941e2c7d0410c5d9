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
 * Renew and put the result into the cache.  The grant's store has the lock,
 * which the workers inherit; with g->ahead the server gets a second to connect.
 * g->heard says afterwards whether a verified server answered at all.
 */
int renew(struct grant *g, struct token *ret, struct err *err);

/* "WHY; sign in with: tokenring login PROFILE", as ERR_INTERACT. */
int renew_sign_in(const struct grant *g, struct err *err, const char *why);

/* A refresh token to be spent, and where the worker writes its answer first. */
struct renew_spend {
	const struct secbuf *refresh;
	int journal_fd; /* -1: none */
};

/* Send `op` with the client's secret and, unless NULL, a refresh token. */
int renew_ask(struct grant *g, const char *op, const struct secbuf *secret,
    const struct renew_spend *spend, struct lines *answer, struct err *err);

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

/*
 * An access token that was refused although it looks fresh: it must not come
 * back from a journal or a store.
 */
void renew_reject(const struct grant *g, const struct token *t);
bool renew_is_rejected(const struct grant *g, const struct token *t);

#endif
