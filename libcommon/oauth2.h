/* SPDX-License-Identifier: MIT */
/*
 * OAuth 2.0 as a client: token requests (RFC 6749 §4.1.3, §4.4, §6; RFC 8628
 * §3.4), device authorization (RFC 8628 §3.1), revocation (RFC 7009) and
 * discovery (OpenID Connect Discovery 1.0 §4, RFC 8414 §3).
 *
 * An endpoint that the profile does not name is discovered first, where there
 * is an issuer.  A request is sent once and never repeated.
 */
#ifndef OAUTH2_H
#define OAUTH2_H

#include "conf.h"
#include "err.h"
#include "http.h"
#include "lines.h"
#include "secbuf.h"
#include "token.h"

struct oauth2 {
	struct http *http;
	const struct profile *profile;
	const struct lines *rq;  /* the request to tokenring-net (lines.h) */
	struct outcome *outcome; /* filled by every call */
};

/*
 * The operations token, refresh, device_token and code.  0: `ret` is good.
 * ERR_DENIED: refused; ERR_UNAVAIL: try later; ERR_CONFIG: the profile or the
 * request is wrong; ERR_PROTOCOL: the answer makes no sense.
 */
int oauth2_tokens(const struct oauth2 *c, struct token *ret, struct err *err);

/* Begin a device authorization; appends its lines to `answer`. */
int oauth2_device(
    const struct oauth2 *c, struct secbuf *answer, struct err *err);

/* Revoke `token`; any 2xx is success, whatever it says (RFC 7009 §2.2). */
int oauth2_revoke(const struct oauth2 *c, struct err *err);

/* Append the endpoints by their configuration names, and iss_supported. */
int oauth2_discover(
    const struct oauth2 *c, struct secbuf *answer, struct err *err);

/* Append the form of the request's operation, without authentication. */
int oauth2_form(const struct oauth2 *c, struct secbuf *form, struct err *err);

/*
 * Authenticate the client as `client_auth` says, by exactly one method (RFC
 * 6749 §2.3): either fills the halves of Basic, or appends to the form.
 */
int oauth2_authenticate(const struct oauth2 *c, struct secbuf *form,
    struct secbuf *basic_user, struct secbuf *basic_key, struct err *err);

#endif
