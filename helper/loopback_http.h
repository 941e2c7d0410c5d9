/* SPDX-License-Identifier: MIT */
/*
 * The one request that the loopback listener takes: GET /callback?..., sent to
 * 127.0.0.1 or [::1] by name (any other Host is a page that had its name
 * pointed at us).
 */
#ifndef LOOPBACK_HTTP_H
#define LOOPBACK_HTTP_H

#include "secbuf.h"

#define LOOPBACK_PATH       "/callback"
#define LOOPBACK_HEAD_MAX   8192 /* bytes of a request, its body aside */
#define LOOPBACK_PARAMS_MAX 32   /* parameters of its query */

/* A query's parameters, decoded; lent from the request's head. */
struct loopback_query {
	struct {
		const char *name, *value;
	} param[LOOPBACK_PARAMS_MAX];
	size_t n;
};

/* The value of `name`, or NULL; "" is a value. */
const char *loopback_param(const struct loopback_query *q, const char *name);

/* How many bytes the head has with its blank line; 0: it is not all there. */
size_t loopback_head_len(const struct secbuf *request);

/*
 * Take a whole head apart, in place.  200: `ret` has the query; else the status
 * to refuse the request with (400 or 404).
 */
int loopback_request(struct secbuf *head, int port, struct loopback_query *ret);

/* Write the page for a status; `to` is emptied first. */
int loopback_page(int status, struct secbuf *to)
    __attribute__((__warn_unused_result__));

#endif
