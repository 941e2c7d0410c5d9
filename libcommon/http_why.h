/* SPDX-License-Identifier: MIT */
/* http.c's other half: why a request has failed, and whose fault it is. */
#ifndef HTTP_WHY_H
#define HTTP_WHY_H

#include <curl/curl.h>
#include <stdbool.h>

#include "err.h"
#include "http.h"
#include "http_call.h"

struct http {
	struct http_options o;
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	bool tried; /* a first request was begun */
	/* of the request under way */
	struct http_response *response;
	size_t body_max;
	bool in_body, headers_done, too_long;
	bool refused_certificate;
	int local; /* errno of a socket that this machine could not give */
	/* of a call: http_call.c */
	const struct http_call *call; /* NULL: none */
	struct curl_slist *headers;
	bool begun, silent, body_failed, reader_left, tls_ended;
	int source;    /* which of the body's descriptors is read */
	int64_t taken; /* bytes of the body that libcurl has */
	int64_t moved, moved_at;
};

/* The first option that libcurl refuses ends it: each is there for a reason. */
#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = curl_easy_setopt(h->curl, option, value);         \
	} while (0)

/* The parts of http_send() that a call needs. */
CURLcode http_call_set(struct http *h);
size_t http_call_body(struct http *h, const char *data, size_t n);
int http_call_end(struct http *h);

/* Did the answer end where anybody could have cut it off? */
bool http_call_cut(struct http *h);
int http_call_why(const struct http *h, const char *where, struct err *err);

/* Is it an errno of a machine that has run out of something? */
bool http_why_local(int e);

/* Fill `err` for a request that ended with `rc`; returns the code. */
int http_why(struct http *h, CURLcode rc, const char *where, struct err *err);

#endif
