/* SPDX-License-Identifier: MIT */
/*
 * A request of any method whose bodies stream: what http_send() does for
 * `tokenring api`, under the same policy.
 *
 * Neither body is ever whole in memory.  The time limit is one of silence: it
 * counts while nothing moves in either direction, and not while the reader of
 * the answer or the writer of the body is slow.
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "http.h"

#define HTTP_CALL_BODIES      2   /* descriptors that make up one body */
#define HTTP_CALL_HEADERS_MAX 128 /* header lines that a caller adds */
#define HTTP_CALL_METHODS     "GET HEAD OPTIONS POST PUT PATCH DELETE"

struct http_call {
	const char *method;          /* one of HTTP_CALL_METHODS */
	const struct secbuf *bearer; /* the Authorization line */
	const char *const *header;   /* "Name: value", NULL-terminated */
	bool has_body;
	int64_t body_len;           /* -1: unknown, sent in chunks */
	int body[HTTP_CALL_BODIES]; /* read to their ends in turn; -1: none */
	int answer;                 /* where the answer's body goes */
	int64_t silence_ms;         /* once connected; more is a failure */
	/* The final answer's headers are there, its body is not yet. */
	int (*begin)(void *ctx, const struct http_response *r);
	void *ctx;
};

/*
 * Does `url` lie under `base`: https, same host and port, and the path equal
 * or below it on whole segments?  Both are read by the parser that sends the
 * request, after its own clean-up of the path.  False for user information.
 */
bool http_under(const char *url, const char *base);

#endif
