/* SPDX-License-Identifier: MIT */
/*
 * One https request and its whole, bounded answer.
 *
 * The policy is the same for every request and cannot be widened by a caller:
 * https only, certificate and name verified, TLS 1.2 or later, no redirect
 * followed, no proxy unless one is given, no netrc, cookies, HSTS or alt-svc,
 * nothing from the environment, HTTP/1.1 on a connection of its own (so that
 * libcurl never repeats a request on its own account).
 *
 * Only http*.c know libcurl (7.87 or later); they run in tokenring-net alone,
 * whose exit wipes what libcurl copied.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "secbuf.h"

#define HTTP_URL_MAX     65536   /* bytes, the encoded query included */
#define HTTP_FORM_MAX    262144  /* bytes of a request's body */
#define HTTP_HEADERS_MAX 16384   /* bytes of an answer's header block */
#define HTTP_BODY_MAX    1048576 /* bytes of an answer's body, at most */

struct http_call; /* http_call.h */

struct http_options {
	int64_t deadline;            /* as in io.h: all is over by then */
	const char *proxy;           /* NULL: none */
	const char *no_proxy;        /* hosts to reach without it, or NULL */
	const struct secbuf *ca_pem; /* trust these alone; NULL or empty: */
	const char *ca_file;         /* and these alone; both NULL: the */
	const char *ca_dir;          /* system's, as libcurl knows them */
};

struct http_request {
	const char *url;           /* may hold a secret in its query */
	const struct secbuf *form; /* NULL: GET; else POST of this form */
	const struct secbuf *basic_user, *basic_key; /* NULL: no Basic */
	int64_t connect_ms; /* name, connection and handshake, at most */
	size_t body_max;
	bool json;                    /* ask for application/json */
	const struct http_call *call; /* NULL: none; else the rest counts not */
};

struct http_response {
	int status; /* 0: none arrived */
	bool sent;  /* a part of the request may have reached the server */
	struct secbuf headers; /* raw, of the final answer, as received */
	struct secbuf body;
};
#define HTTP_RESPONSE_INIT                                                     \
	{                                                                      \
		.headers = SECBUF_INIT(HTTP_HEADERS_MAX),                      \
		.body = SECBUF_INIT(HTTP_BODY_MAX)                             \
	}
#define HTTP_RESPONSE CLEANUP(http_response_release) struct http_response

/* What an operation learnt beside its result; goes into the answer. */
struct outcome {
	int http;            /* status of the last answer, 0: none */
	bool sent;           /* the request may have reached the server */
	bool later;          /* ERR_UNAVAIL that a retry may cure */
	int64_t retry_after; /* seconds; -1: not said */
	char oauth_error[64];
	struct secbuf notes; /* "warning[]=..." lines */
};
#define OUTCOME_INIT                                                           \
	{                                                                      \
		.retry_after = -1, .notes = SECBUF_INIT(16384)                 \
	}

struct http;

int http_open(
    struct http **ret, const struct http_options *options, struct err *err);
void http_closep(struct http **h);

/* Milliseconds until the deadline; 0 when it has passed. */
int64_t http_left(const struct http *h);

/*
 * 0 when a whole answer arrived, whatever its status.  ERR_UNAVAIL: name,
 * connection, TLS or time; ERR_PROTOCOL: not HTTP, or longer than allowed;
 * ERR_CONFIG: the authorities cannot be read; ERR_INTERNAL: this machine had no
 * time, socket or thread left for it.  The text names the host and
 * never the query.  `ret` tells in each case what is known.
 */
int http_send(struct http *h, const struct http_request *rq,
    struct http_response *ret, struct err *err);
void http_response_release(struct http_response *r);

#endif
