/* SPDX-License-Identifier: MIT */
/*
 * tokenring api: the services' conventions, a concern a file.
 *
 * cmd_api.c reads the command line; api_url.c says where a path leads;
 * api_fields.c and api_body.c make what is sent; api_send.c sends it with a
 * token, renews that, repeats what may be repeated; api_status.c says what an
 * answer means; api_page.c and api_wait.c follow lists and actions.
 */
#ifndef API_H
#define API_H

#include <stdbool.h>
#include <stdint.h>

#include "broker.h"
#include "exchange.h"
#include "front.h"
#include "json_scan.h"

#define API_URL_MAX 8192 /* bytes, the query included */
#define API_INPUT_MAX                                                          \
	1048576               /* bytes of the fields' values together, and of
				  a body from a pipe that can be sent twice */
#define API_HEADERS    100    /* -H options */
#define API_REPEATS    2      /* of a GET, HEAD or OPTIONS that failed */
#define API_SHOWN_MAX  128    /* bytes of a path in a message */
#define API_KEPT_MS    600000 /* for an answer that is not printed as it comes */
#define API_NOTICE_MAX 256    /* bytes of what is told of a server's words */

/* A request's body: some bytes in memory, then a descriptor. */
struct api_body {
	bool present;
	int first;   /* memory, or a file; -1: none */
	int rest;    /* what a pipe had beyond the limit; -1: none */
	int64_t len; /* -1: unknown */
	bool spent;  /* the rest was read from: it cannot be sent again */
};
#define API_BODY_INIT                                                          \
	{                                                                      \
		.first = -1, .rest = -1                                        \
	}

struct api {
	struct front *front;
	const struct profile *profile;
	struct grant grant;
	const char *method;
	const char *path;          /* as given */
	char shown[API_SHOWN_MAX]; /* of it, for messages: without a query */
	struct secbuf url;         /* where it goes */
	struct api_body body;
	const char *header[API_HEADERS + 4]; /* NULL-terminated */
	size_t headers;
	bool include; /* print the answer's headers */
	bool dry_run;
	bool fetched; /* something of an answer was printed */
	/* What a call's answer is for; NULL: it is printed. */
	enum exchange_sink (*choose)(struct api *a, const struct exchange *x);
	void *choose_ctx;
	/* of the call under way */
	struct token token; /* what it goes with */
	bool renewed;
	int repeats;
	int64_t begun;
	int64_t deadline; /* as in io.h, of each request; 0: none */
	bool drawn;       /* a progress line stands on the terminal */
};

/* --- api_url.c */

/*
 * Where `path` leads under the profile's api_url: a path below it; one from the
 * host's root that has api_url's own path in front; or a whole URL.  A query
 * may follow; blanks and other characters that no URL has are encoded there,
 * and the plus sign of a date's zone.  ERR_CONFIG if it leads elsewhere, or to
 * where the profile's `match` does not send its token.
 */
int api_url(const struct profile *p, const char *path, struct secbuf *ret,
    struct err *err);

/* Is it a whole URL, of any scheme? */
bool api_is_url(const char *path);

/* Append "name=value" to the URL's query, both encoded. */
int api_url_add(
    struct secbuf *url, const char *name, const char *value, struct err *err);

/* --- api_fields.c */

/*
 * The fields among the options: into the URL's query, or into a JSON object.
 * -f is text; -F is true, false, null or a whole number where it reads so, and
 * @FILE (- for standard input) stands for the file's text.  In JSON "a[b]=v" is
 * a member of a member, and "a[]=v" an element.
 */
int api_fields_query(
    const struct options *o, struct secbuf *url, struct err *err);
int api_fields_json(
    const struct options *o, struct secbuf *ret, struct err *err);
bool api_fields_any(const struct options *o);

/* --- api_body.c */

int api_body_text(
    struct api_body *b, const struct secbuf *text, struct err *err);
int api_body_input(struct api_body *b, const char *path, struct err *err);

/* Back to its beginning, before each sending. */
int api_body_rewind(struct api_body *b, struct err *err);
void api_body_release(struct api_body *b);

/* --- api_send.c */

/*
 * One call: a token, the request, and what follows from the answer for the
 * token.  A 401 renews the token, once, and sends the request again with the
 * new one: it was refused before anything was done.  Else only GET, HEAD and
 * OPTIONS are repeated, API_REPEATS times, when the server was busy or broke
 * off.  0: a whole answer is there, whatever its status.
 */
int api_call(struct api *a, const char *method, const char *url,
    struct api_body *body, struct exchange *x, struct err *err);

/* Is it a method that changes nothing (RFC 9110 §9.2.1)? */
bool api_is_safe(const char *method);

/* Print what -i prints. */
void api_print_head(struct api *a, const struct exchange *x);

/* A pause of about `ms`; ERR_CANCELED if interrupted. */
int api_pause(int64_t ms, struct err *err);

/* A path or an address for a message: printable, without its query, its
   fragment and what would be user information. */
void api_show(const char *path, char ret[API_SHOWN_MAX]);

/* --- api_status.c */

/* 0 for success, else the code and the sentence for this answer. */
int api_judge(struct api *a, const char *method, const struct exchange *x,
    struct err *err);

/* Does a server's word repeat the token that it was asked with? */
bool api_repeats_token(const struct api *a, const char *text);

/* Was the dry run acknowledged?  ERR_UNCONFIRMED if not; `lost` is why there is
   no answer, or NULL. */
int api_judge_dry(
    struct api *a, const struct exchange *x, int lost, struct err *err);

/* --- api_page.c, api_wait.c: the whole command */

int api_paginate(struct api *a, struct err *err);
int api_wait(struct api *a, int64_t wait_ms, struct err *err);

/* --- api_progress.c: one line on a terminal, none elsewhere */

void api_draw(struct api *a, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));
void api_draw_transfer(struct api *a, const struct exchange *x);
void api_undraw(struct api *a);

#endif
