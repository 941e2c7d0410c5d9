/* SPDX-License-Identifier: MIT */
/* http.c's other half: why a request has failed, and whose fault it is. */
#ifndef HTTP_WHY_H
#define HTTP_WHY_H

#include <curl/curl.h>
#include <stdbool.h>

#include "err.h"
#include "http.h"

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
};

/* The first option that libcurl refuses ends it: each is there for a reason. */
#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = curl_easy_setopt(h->curl, option, value);         \
	} while (0)

/* Is it an errno of a machine that has run out of something? */
bool http_why_local(int e);

/* Fill `err` for a request that ended with `rc`; returns the code. */
int http_why(struct http *h, CURLcode rc, const char *where, struct err *err);

#endif
