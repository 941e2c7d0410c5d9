/* SPDX-License-Identifier: MIT */
/* What the dialects of docker, Bazel and kubectl have in common. */
#ifndef DIALECT_H
#define DIALECT_H

#include <json-c/json.h>

#include "broker.h"
#include "match.h"

#define DIALECT_REQUEST_MAX 65536 /* bytes of a request in JSON, or of a URL */
#define DIALECT_DEPTH_MAX   32    /* nesting of its JSON */

/*
 * Parse one JSON object that fills the whole text (RFC 8259, UTF-8) into *ret,
 * for json_object_put.  ERR_PROTOCOL: it is none; `what` is what it should be.
 * The parser's own memory is wiped; that of the object is the caller's to wipe.
 */
int dialect_parse(const struct secbuf *text, const char *what,
    struct json_object **ret, struct err *err);

/* The same of whatever bytes: what this machine itself wrote down. */
int dialect_parse_bytes(const struct secbuf *text, const char *what,
    struct json_object **ret, struct err *err);

/* A member that is a string without NUL, lent from the object; or NULL. */
const char *dialect_text(struct json_object *o, const char *key);

/*
 * The profile for the target, or the one that --profile names if it covers the
 * target.  ERR_NOTFOUND: no token of ours belongs there.
 */
int dialect_profile(struct front *f, const struct match_target *target,
    const struct profile **ret, struct err *err);

/* A token of this profile, and the grant it came from. */
int dialect_token(struct front *f, const struct profile *p, struct grant *g,
    struct token *ret, struct err *err);

/*
 * When a caller that keeps a token should ask again: before its expiry by the
 * life that we ask for, yet never in the first half of what is left of it.
 */
int64_t dialect_expiry(
    const struct front *f, const struct profile *p, const struct token *t);

#endif
