/* SPDX-License-Identifier: MIT */
/*
 * Signing in with a browser on this machine: the authorization code grant (RFC
 * 6749 §4.1) with PKCE (RFC 7636, S256 and nothing less), the answer taken at a
 * loopback address (RFC 8252 §7.3), its issuer checked (RFC 9207).
 */
#ifndef BROWSER_H
#define BROWSER_H

#include <stdbool.h>

#include "broker.h"
#include "loopback_http.h"

#define BROWSER_WAIT_MS  300000 /* the listener is open no longer */
#define BROWSER_CODE_MAX 4096   /* bytes of an authorization code */
#define BROWSER_URL_MAX  16384  /* bytes of the address to open */

/* The server that the browser is sent to. */
struct browser_server {
	const char *authorization_url;
	const char *issuer; /* NULL: not known, and not compared */
	bool iss_promised;  /* its answers name their issuer (RFC 9207 §3) */
};

/*
 * Show the address, open it (or leave that to the person), wait, and exchange
 * the code: `answer` has the tokens.
 */
int browser_login(struct grant *g, const struct browser_server *server,
    bool open, const struct secbuf *client_secret, struct lines *answer,
    struct err *err);

/* --- parts, for tests --- */

/* One sign-in under way. */
struct browser_attempt {
	const struct browser_server *server;
	struct secbuf state, verifier;
	struct secbuf code; /* what came of it, if why.code is 0 */
	struct err why;
};
#define BROWSER_ATTEMPT_INIT                                                   \
	{                                                                      \
		.state = SECBUF_INIT(64), .verifier = SECBUF_INIT(64),         \
		.code = SECBUF_INIT(BROWSER_CODE_MAX)                          \
	}
#define BROWSER_ATTEMPT CLEANUP(browser_attempt_release) struct browser_attempt

/* Draw state and verifier. */
int browser_attempt_begin(struct browser_attempt *a, struct err *err);
void browser_attempt_release(struct browser_attempt *a);

/* The address to open, into `url`. */
int browser_url(const struct browser_attempt *a, const struct profile *p,
    const char *redirect_uri, struct secbuf *url, struct err *err);

/*
 * A loopback_judge: only a query with this attempt's state is an answer, good
 * or bad.
 */
bool browser_judge(void *attempt, const struct loopback_query *query);

#endif
