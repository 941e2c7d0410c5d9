/* SPDX-License-Identifier: MIT */
/*
 * A token as a server gave it, and how long it counts.
 *
 * Times are seconds since the epoch on this machine's clock; `obtained_at` is
 * from before the request was sent, so that `expires_at` errs on the safe side.
 */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "lines.h"
#include "secbuf.h"

#define TOKEN_MAX       32000 /* bytes of an access or refresh token */
#define TOKEN_NAME_MAX  256   /* account, instance, type */
#define TOKEN_SCOPE_MAX 2048

struct token {
	struct secbuf access_token;
	struct secbuf refresh_token; /* empty: none */
	int64_t obtained_at;
	int64_t expires_at;            /* 0: the server did not say */
	int64_t refresh_expires_at;    /* 0: the server did not say */
	char type[TOKEN_NAME_MAX];     /* "Bearer" */
	char instance[TOKEN_NAME_MAX]; /* SAINet's server instance, or "" */
	char account[TOKEN_NAME_MAX];  /* whose it is, or "" */
	char scope[TOKEN_SCOPE_MAX];   /* as granted, or "" */
};
#define TOKEN_INIT                                                             \
	{                                                                      \
		.access_token = SECBUF_INIT(TOKEN_MAX),                        \
		.refresh_token = SECBUF_INIT(TOKEN_MAX),                       \
	}
#define TOKEN CLEANUP(token_release) struct token

/*
 * Is the token good for `min_valid` more seconds at `now`?  More than half of a
 * token's life is never asked for; one from the future (a clock that jumped) or
 * without an expiry is not fresh.
 */
bool token_fresh(const struct token *t, int64_t now, int64_t min_valid);

/* In the last fifth of its life, when renewing ahead is worth it? */
bool token_aging(const struct token *t, int64_t now);

/*
 * Append the access token's fields (not the refresh token's): access_token,
 * token_type, expires_at, obtained_at, instance, account, scope.
 */
int token_write(const struct token *t, struct secbuf *to, struct err *err);

/* The same as a message of its own (lines.h): how a token rests in a cache. */
int token_message(const struct token *t, struct secbuf *to, struct err *err);

/* That without the last line feed: how an access token rests in a store. */
int token_payload(const struct token *t, struct secbuf *to, struct err *err);

/* Read those and, where present, refresh_token and refresh_expires_at. */
int token_read(struct token *t, const struct lines *from, struct err *err);

void token_move(struct token *to, struct token *from);
void token_release(struct token *t);

#endif
