/* SPDX-License-Identifier: MIT */
/* The texts of HTTP: encoding what is sent, reading what came back. */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "err.h"
#include "http.h"
#include "lines.h"
#include "secbuf.h"

#define HTTP_WHERE_MAX       280  /* "host:port", terminated */
#define HTTP_SITE_MAX        300  /* "scheme://host:port", terminated */
#define HTTP_RETRY_AFTER_MAX 3600 /* seconds; longer ones are cut */

/*
 * Append `text` with every byte outside RFC 3986's unreserved set (§2.3)
 * percent-encoded; -1 as secbuf_add.
 */
int http_percent(struct secbuf *to, const char *text);

/* The same as application/x-www-form-urlencoded (RFC 6749 appendix B). */
int http_form_encode(struct secbuf *to, const char *text);

/* Append "&name=value" to a form; nothing for NULL or "" (RFC 6749 §3.2). */
int http_form_add(struct secbuf *to, const char *name, const char *value);

/*
 * How many fields of that name does a raw header block have (RFC 9110 §5)?
 * `*value` and `*len` are the first one's, without surrounding blanks, as
 * received: any byte but the line feed may be in it.  A field that is folded or
 * has a blank before its colon counts as two: nobody may read it as one.
 */
size_t http_header(const struct secbuf *headers, const char *name,
    const char **value, size_t *len);

/* A date in any of the three forms of RFC 9110 §5.6.7; -1: it is none. */
time_t http_date(const char *text);

/* Seconds of Retry-After (RFC 9110 §10.2.3), capped; -1 if none is readable. */
int64_t http_retry_after(const struct secbuf *headers, time_t now);

/*
 * May somebody add this header line, "Name: value", to a request with a token?
 * Not what frames a message, belongs to a hop, or is the token's own place; and
 * the name must be one (RFC 9110 §5.1), the line without control characters.
 */
bool http_header_ok(const char *line);

/* "host:port" or "host" of a URL, printable, without user information. */
const char *http_where(const char *url, char to[HTTP_WHERE_MAX]);

/* The same with its scheme, "https://host", for who asks what kind of URL. */
const char *http_site(const char *url, char to[HTTP_SITE_MAX]);

/*
 * The names of a certificate's "DNS:a, IP Address:1.2.3.4", whoever made it:
 * those of plain characters, as many as there is room for; "" if there is none.
 */
const char *http_names(char to[HTTP_WHERE_MAX], const char *from);

/* Is it an https URL with a host, without user information or fragment? */
bool http_url_ok(const char *url);

/*
 * What any service's 3xx, 429 and 503 mean.  `rq` is the request, whose secrets
 * are not shown whatever the answer says.  Fills `o` and `err` and returns the
 * code, or 0 if the status is none of these.
 */
int http_common_refusal(const struct http_response *r, const char *url,
    const struct lines *rq, struct outcome *o, struct err *err);

#endif
