/* SPDX-License-Identifier: MIT */
/*
 * Signing in to SAINet: the documented GET, whose query carries the password,
 * and whose answer carries a token in a header (doc.sai-erp.net, 010_login).
 */
#ifndef SAINET_H
#define SAINET_H

#include "conf.h"
#include "err.h"
#include "http.h"
#include "lines.h"
#include "token.h"

#define SAINET_LOGIN_PATH   "/SNV4SRV-ws-war/api/v1/login"
#define SAINET_TOKEN_MAX    8192           /* bytes */
#define SAINET_INSTANCE_MAX 255            /* bytes */
#define SAINET_BODY_MAX     65536          /* bytes of a login's answer */
#define SAINET_LIFE_MAX     (30 * 86400LL) /* seconds; what exp may claim */

/*
 * Sign in with the `user` and `password` of the request `rq`, at the first of
 * the profile's servers that a verified connection can be made to: once a
 * request was sent there is no second try.  0 only for status 200 and exactly
 * one valid Sai-Bearer-Token; the body is not judged.
 */
int sainet_login(struct http *h, const struct profile *p,
    const struct lines *rq, struct token *ret, struct outcome *o,
    struct err *err);

/*
 * The token and the instance of a login's answer; `now` is from before the
 * request, `life` the seconds that a token counts for which says nothing.
 */
int sainet_token(const struct secbuf *headers, int64_t now, int64_t life,
    struct token *ret, struct err *err);

#endif
