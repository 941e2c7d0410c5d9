/* SPDX-License-Identifier: MIT */
/*
 * A credential for a host that no profile has, as git or docker gave it, or the
 * pattern of one.  Its fields are git's (git-credential(1), INPUT/OUTPUT
 * FORMAT) and a few of ours; each may be absent, which is not the same as empty.
 *
 * In a message (lines.h) a field is one line "key[]=value" or several, whose
 * values are joined: control characters and '%' are written %XX, so that a
 * value may hold any byte but NUL, line feeds too.  The front, tokenring-secret
 * and the keyring's items share this form.
 */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cleanup.h"
#include "err.h"
#include "lines.h"
#include "secbuf.h"

#define CREDENTIAL_VALUE_MAX LINES_LINE_MAX /* bytes of a value */

enum credential_field {
	CREDENTIAL_TOOL, /* who keeps it: "git", "docker"; other.c's */
	CREDENTIAL_PROTOCOL,
	CREDENTIAL_HOST, /* with its port, if that is not the default */
	CREDENTIAL_PATH,
	CREDENTIAL_USERNAME,
	CREDENTIAL_URL, /* the server as the tool wrote it, for lists */
	CREDENTIAL_PASSWORD,
	CREDENTIAL_AUTHTYPE,
	CREDENTIAL_CREDENTIAL,
	CREDENTIAL_REFRESH_TOKEN,
	CREDENTIAL_EXPIRES_AT, /* of password or credential; Unix seconds */
	CREDENTIAL_FORGET_AT,  /* Unix seconds: then nothing is left of it */
	CREDENTIAL_STORED_AT,  /* Unix milliseconds; tokenring-secret's */
	CREDENTIAL_FIELDS
};

struct credential {
	bool has[CREDENTIAL_FIELDS];
	struct secbuf value[CREDENTIAL_FIELDS];
};
#define CREDENTIAL_INIT                                                        \
	{                                                                      \
		.value = {                                                     \
			[0 ... CREDENTIAL_FIELDS - 1] =                        \
			    SECBUF_INIT(CREDENTIAL_VALUE_MAX)                  \
		}                                                              \
	}
#define CREDENTIAL CLEANUP(credential_release) struct credential

void credential_release(struct credential *c);

/* The value, lent; NULL: absent. */
const char *credential_get(
    const struct credential *c, enum credential_field field);

/* Unix time in a field; `missing` if there is none that is one. */
int64_t credential_number(
    const struct credential *c, enum credential_field field, int64_t missing);

/* Copy a value in; NULL makes the field absent.  ERR_PROTOCOL: too long. */
int credential_set(struct credential *c, enum credential_field field,
    const char *value, struct err *err);
int credential_set_number(struct credential *c, enum credential_field field,
    int64_t value, struct err *err);

/* Both absent, or both there and equal (in constant time). */
bool credential_same(const struct credential *a, const struct credential *b,
    enum credential_field field);

/* Append the lines of the fields from `first` to `last` that are there. */
int credential_write(const struct credential *c, enum credential_field first,
    enum credential_field last, struct secbuf *to, struct err *err);

/*
 * Take the fields from a message, from its field *pos on to the next "item[]"
 * or its end, where *pos then is.  Keys of others are passed over.
 */
int credential_read(struct credential *ret, const struct lines *l, size_t *pos,
    struct err *err);

#endif
