/* SPDX-License-Identifier: MIT */
/*
 * The line format of git's credential protocol (gitcredentials(7),
 * git-credential(1)): "key=value" lines, a key without '=', a value without
 * line feed or NUL, nothing quoted or escaped.
 *
 * It is what git speaks to us, what the front and the PAM module speak to the
 * workers, and how tokens rest in the cache.  Between our own programs a
 * message begins with "version=1" and ends with "end=ok": one without both was
 * cut off and is refused.  "end=ok" means whole, not successful.
 *
 * Keys of a request to tokenring-net: op, id, timeout_ms, user, password,
 * account, client_secret, refresh_token, device_code, code, code_verifier,
 * redirect_uri, token, token_type_hint, journal, ca[], https_proxy, no_proxy,
 * ssl_cert_file, ssl_cert_dir; of op=request method, target (the address),
 * access_token, token_type, instance, header[] ("Name: value") and body_len (-1:
 * unknown; absent: no body); from PAM profile and config; from the front
 * every resolved configuration key by its name.
 * Of its answer, whatever became of it: result, message (of a failure), http
 * (the status, as soon as its line arrived), verified (its server's certificate
 * was good), sent (a part of the request may have reached the server), whole
 * (OAuth: all of the response that http tells of arrived), ms, oauth_error,
 * retry_after, profile, fingerprint, journal_failed (the journal lacks this
 * answer, which belongs there), warning[].
 * The answer to op=request comes in two parts, the first when the headers are
 * there: status, header[] (the status line and the fields as they came), and
 * body=follows as its last line.
 * Of a token: access_token, token_type, expires_at, obtained_at, account,
 * instance, scope, refresh_token, refresh_expires_at; a failing answer may have
 * the last two and scope, when the rest was of no use.
 * Of a device authorization: device_code, user_code, verification_uri,
 * verification_uri_complete, interval, expires_in.  Of a discovery: token_url,
 * authorization_url, device_authorization_url, revocation_url, iss_supported.
 * Of a probe (of the URL `target`): trusted, complaint, authority, date,
 * subject, names, sha256, not_after.
 * Keys are added, never redefined, and unknown ones are passed over: a program
 * and its worker may be of different builds (tests/frozen).  Another word in
 * result would take another version.
 */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "secbuf.h"

#define LINES_LINE_MAX    65535   /* bytes of a line, its line feed included */
#define LINES_MESSAGE_MAX 1048576 /* bytes of a message */
#define LINES_FIELDS_MAX  16384   /* fields of a message */
#define LINES_KEYS_MAX    256     /* of these, keys without "[]" in our own */

enum lines_kind {
	LINES_MESSAGE, /* ours: framed, no control characters, no repetition
			  but of keys that end in "[]" */
	LINES_GIT,     /* git's: ended by a blank line or the end of input; one
			  CR before the line feed is dropped, any other refused;
			  of repeated keys the last counts */
};

struct lines_field {
	const char *key, *value; /* lent from the message */
};

/* A parsed message; owns the bytes its fields point into. */
struct lines {
	struct secbuf text;
	struct lines_field *field;
	size_t n;
};
#define LINES_INIT                                                             \
	{                                                                      \
		.text = SECBUF_INIT(LINES_MESSAGE_MAX)                         \
	}
#define LINES CLEANUP(lines_release) struct lines

/*
 * Take the text in l->text apart.  ERR_PROTOCOL with the line's number, never
 * its text, for anything that is not of the format.
 */
int lines_parse(struct lines *l, enum lines_kind kind, struct err *err);

/*
 * Read `fd` to its end (deadline as in io.h) and parse.  A request of git's ends
 * at its blank line too: who wrote it may hold its pipe open and wait for us.
 */
int lines_read(struct lines *l, int fd, enum lines_kind kind, int64_t deadline,
    struct err *err);

/* The last value of `key`, or NULL; "" is a value. */
const char *lines_get(const struct lines *l, const char *key);

/* The decimal integer in `key`, or `missing` if there is none that is one. */
int64_t lines_number(const struct lines *l, const char *key, int64_t missing);

void lines_release(struct lines *l);

/* Append "key=value"; a value the format cannot carry is ERR_PROTOCOL. */
int lines_add(
    struct secbuf *to, const char *key, const char *value, struct err *err);
int lines_add_number(
    struct secbuf *to, const char *key, int64_t value, struct err *err);

/* As lines_add, but nothing for NULL or "". */
int lines_add_some(
    struct secbuf *to, const char *key, const char *value, struct err *err);

/* Begin and end one of our messages. */
int lines_begin(struct secbuf *to, struct err *err);
int lines_end(struct secbuf *to, struct err *err);

#endif
