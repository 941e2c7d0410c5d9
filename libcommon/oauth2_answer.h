/* SPDX-License-Identifier: MIT */
/*
 * What an authorization server says, read strictly where a token depends on it
 * and generously elsewhere: unknown members are ignored (RFC 6749 §5.1), and
 * errors are told apart by `error` and status only, since the words of
 * error_description change from one version of a server to the next.
 */
#ifndef OAUTH2_ANSWER_H
#define OAUTH2_ANSWER_H

#include <json-c/json_types.h>
#include <stdint.h>

#include "err.h"
#include "http.h"
#include "lines.h"
#include "token.h"

#define OAUTH2_DEPTH_MAX       32          /* of JSON */
#define OAUTH2_UNKNOWN_LIFE    120         /* s, where expires_in is missing */
#define OAUTH2_LIFE_MAX        315360000LL /* s; ten years */
#define OAUTH2_DESCRIPTION_MAX 200         /* bytes of it that are shown */

/* The answer's JSON object, or NULL; the caller's to release. */
struct json_object *oauth2_object(const struct http_response *r);
void oauth2_object_release(struct json_object **o);

/* A string member without control characters, not empty; else NULL. */
const char *oauth2_text(struct json_object *o, const char *name);

/* A positive number of seconds (or a string of one), capped; else 0. */
int64_t oauth2_seconds(struct json_object *o, const char *name);

/*
 * An answer that is not what was asked for: fills `out` and `err` and returns
 * the code.  `rq` is what was sent: an error or a description that repeats a
 * secret of it (repeats.h) is dropped as a whole; oauth_error is then
 * "unknown_error".
 */
int oauth2_refusal(const struct http_response *r, const char *url,
    const struct lines *rq, struct outcome *out, struct err *err);

/*
 * A token endpoint's answer.  On entry ret->obtained_at is the time before the
 * request was sent, from which the expiry counts.  Where the access token of a
 * 200 is of no use, `ret` still has the refresh token that came with it, when
 * that ends and the scope, and never the access token.
 */
int oauth2_answer(const struct http_response *r, const char *url,
    const struct lines *rq, struct token *ret, struct outcome *out,
    struct err *err);

#endif
