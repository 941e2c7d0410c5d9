/* SPDX-License-Identifier: MIT */
/*
 * A look at a server for somebody who wants to know what is wrong: does TLS
 * with it work, what does its clock say, and whose is a certificate that is not
 * trusted?
 *
 * First a GET without anything confidential, under the rules of http.h.  Only
 * where the certificate is refused, or to see when a good one ends, a second
 * handshake looks at the certificate; over that connection, which proves
 * nothing, not a byte of a request is sent.
 */
#ifndef HTTP_PROBE_H
#define HTTP_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "http.h"
#include "http_text.h"

#define HTTP_SUBJECT_MAX 200 /* bytes of a certificate's subject */
#define HTTP_DIGEST_MAX  96  /* "AB:CD:..." of SHA-256, terminated */

struct http_probe {
	bool trusted;                   /* the connection was verified */
	char complaint[ERR_TEXT_MAX];   /* if it was not */
	bool authority;                 /* because nobody vouches for it */
	int64_t date;                   /* the server's clock; 0: not said */
	char subject[HTTP_SUBJECT_MAX]; /* plain characters; "": not seen */
	char names[HTTP_WHERE_MAX];     /* as http_names() */
	char sha256[HTTP_DIGEST_MAX];   /* of the certificate; "": not seen */
	int64_t not_after;              /* when it ends; 0: not known */
};

/*
 * 0: `ret` is filled, be the server trusted or not.  Else as http_send(): name,
 * connection, TLS or time; this machine's own failures.
 */
int http_probe(struct http *h, const char *url, int64_t connect_ms,
    struct http_probe *ret, struct err *err);

/* A certificate's PEM text into `ret`; -1 if it is none. */
int http_probe_certificate(const char *pem, struct http_probe *ret);

#endif
