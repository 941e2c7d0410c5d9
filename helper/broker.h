/* SPDX-License-Identifier: MIT */
/*
 * The policy of who gets a token, from where, and when the network is asked.
 *
 * Fresh in the cache: that is the answer; no process, no lock.  Else one caller
 * renews under the fingerprint's lock while the others wait and read what it
 * brought.  In the last fifth of a token's life the first caller that gets the
 * lock without waiting renews ahead of time.
 */
#ifndef BROKER_H
#define BROKER_H

#include "front.h"
#include "lines.h"
#include "lock.h"
#include "store.h"
#include "token.h"

/* A profile with an account: what tokens are kept for. */
struct grant {
	const struct front *front;
	const struct profile *profile;
	char account[TOKEN_NAME_MAX];
	char fp[FINGERPRINT_LEN + 1];
	struct store store;
	bool ahead; /* renewing before it must be: do not wait long */
	bool heard; /* a verified server answered the last renewal */
};

int grant_open(struct grant *g, const struct front *f, const struct profile *p,
    struct err *err);

/*
 * A token with `min_valid` seconds left.  ERR_INTERACT: a person must sign in
 * (the message has the command); ERR_LOCKED: the keyring must be unlocked.
 */
int broker_get(
    struct grant *g, int64_t min_valid, struct token *ret, struct err *err);

/*
 * Somebody was told that this access token is no good: forget it if it is the
 * one we hold.  Returns whether it was.
 */
bool broker_reject(struct grant *g, const char *access_token);

/*
 * This token, which is ours, is now served by another instance of the server:
 * keep that with it, if it is still the one we hold.
 */
void broker_instance(struct grant *g, const struct token *now);

/* Take the lock, waiting up to LOCK_WAIT_MS for its holder. */
int broker_lock(const struct grant *g, struct lock *ret, struct err *err);

/*
 * Under the lock, after a sign-in: keep what the answer brought (tokens in the
 * cache, `secret` of `kind` in the store when there is one) and clear what was
 * remembered against the profile.  A store that fails is not a failed sign-in:
 * `note` then says what was not kept and why.
 */
int broker_signed_in(struct grant *g, const struct lines *answer,
    enum store_kind kind, const struct secbuf *secret, struct err *note,
    struct err *err);

#endif
