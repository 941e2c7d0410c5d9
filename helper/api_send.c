/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "io.h"
#include "log.h"

#define PAUSE_FIRST_MS 300 /* before a repetition, doubling */
#define PAUSE_MOST_S   5   /* of a Retry-After that is waited for */

bool
api_is_safe(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
	       strcmp(method, "OPTIONS") == 0;
}

/* The server, or a proxy before it, says that it did nothing just now. */
static bool
is_busy(int status)
{
	return status == 429 || status == 502 || status == 503 || status == 504;
}

static bool
may_repeat(const struct api *a, const struct exchange *x)
{
	return api_is_safe(x->method) && a->repeats < API_REPEATS &&
	       !a->fetched && x->retry_after <= PAUSE_MOST_S;
}

/* Is this answer one that nobody gets to see, since another follows? */
static bool
is_passing(const struct api *a, const struct exchange *x)
{
	return (x->status == 401 && !a->renewed) ||
	       (is_busy(x->status) && may_repeat(a, x));
}

void
api_print_head(struct api *a, const struct exchange *x)
{
	size_t i;

	for (i = 0; a->include && i < x->head.n; i++)
		if (strcmp(x->head.field[i].key, "header[]") == 0)
			printf("%s\n", x->head.field[i].value);
	if (a->include)
		printf("\n");
}

void
api_show(const char *path, char ret[API_SHOWN_MAX])
{
	char text[API_SHOWN_MAX];
	const char *host = api_is_url(path) ? strstr(path, "://") + 3 : path;
	size_t scheme = (size_t)(host - path);
	const char *at =
	    scheme > 0 ? memrchr(host, '@', strcspn(host, "/?#")) : NULL;

	host = at != NULL ? at + 1 : host;
	(void)snprintf(text, sizeof(text), "%.*s%.*s", (int)scheme, path,
	    (int)strcspn(host, "?#"), host);
	err_printable(ret, API_SHOWN_MAX, text);
}

static int
decide(void *ctx, struct exchange *x, struct err *err)
{
	struct api *a = ctx;

	x->sink = SINK_SAMPLE;
	if (is_passing(a, x))
		return 0;
	x->sink = a->choose != NULL ? a->choose(a, x) : SINK_PRINT;
	if (x->sink != SINK_PRINT)
		return 0;
	api_undraw(a);
	a->fetched = true;
	api_print_head(a, x);
	return fflush(stdout) == 0 ? 0
				   : err_set(err, ERR_INTERNAL,
					 "cannot write to standard output");
}

static void
tick(void *ctx, const struct exchange *x)
{
	api_draw_transfer(ctx, x);
}

/*
 * SAINet's load balancer leads to the instance that the request names, if it
 * is there; each answer tells which one it was.
 */
static void
follow_instance(struct api *a, struct token *t, const struct exchange *x)
{
	const char *now = exchange_header(x, "Sai-Server-Instance", NULL);

	if (a->profile->provider != PROVIDER_SAINET || x->status == 401 ||
	    now == NULL || *now == '\0' || strlen(now) >= TOKEN_NAME_MAX ||
	    strcmp(now, t->instance) == 0)
		return;
	log_debug("api: the answer came from another instance");
	(void)snprintf(t->instance, sizeof(t->instance), "%s", now);
	broker_instance(&a->grant, t);
}

static int
send_once(struct api *a, const char *method, const char *url,
    struct api_body *body, struct token *token, struct exchange *x,
    struct err *err)
{
	int r;

	r = broker_get(
	    &a->grant, front_min_valid(a->front, a->profile), token, err);
	if (r == 0 && body != NULL)
		r = api_body_rewind(body, err);
	if (r < 0)
		return r;
	x->profile = a->profile;
	x->account = a->grant.account;
	x->method = method;
	x->url = url;
	x->token = token;
	x->header = a->header;
	x->has_body = body != NULL && body->present;
	x->body_len = body != NULL ? body->len : 0;
	x->body[0] = body != NULL ? body->first : -1;
	x->body[1] = body != NULL ? body->rest : -1;
	x->decide = decide;
	x->tick = isatty(STDERR_FILENO) ? tick : NULL;
	x->ctx = a;
	x->deadline = a->deadline;
	a->begun = io_now_ms();
	r = exchange_run(x, err);
	follow_instance(a, token, x);
	return r;
}

int
api_pause(int64_t ms, struct err *err)
{
	int64_t until;
	unsigned char dice = 128;

	/* A fifth more or less: many that began together do not stay so. */
	(void)!getrandom(&dice, 1, GRND_NONBLOCK);
	ms += ms * (dice - 128) / 640;
	for (until = io_now_ms() + ms; io_now_ms() < until;) {
		if (exchange_interrupted)
			return err_set(err, ERR_CANCELED, "interrupted");
		(void)poll(NULL, 0, io_poll_ms(until));
	}
	return exchange_interrupted ? err_set(err, ERR_CANCELED, "interrupted")
				    : 0;
}

static int
pause_for(const struct api *a, const struct exchange *x, struct err *err)
{
	return api_pause(x->retry_after > 0 ? x->retry_after * 1000
					    : PAUSE_FIRST_MS << a->repeats,
	    err);
}

int
api_call(struct api *a, const char *method, const char *url,
    struct api_body *body, struct exchange *x, struct err *err)
{
	int r;

	a->renewed = false;
	a->repeats = 0;
	for (;;) {
		token_release(&a->token);
		a->token = (struct token)TOKEN_INIT;
		r = send_once(a, method, url, body, &a->token, x, err);
		if (r < 0 && a->token.access_token.len == 0)
			return r;
		if (x->status == 401 && !a->renewed) {
			a->renewed = true;
			(void)broker_reject(
			    &a->grant, a->token.access_token.ptr);
			if (body != NULL && body->spent)
				return api_body_rewind(body, err);
			continue;
		}
		if (!(r == 0 && is_busy(x->status)) &&
		    !(r == ERR_UNAVAIL && x->sent))
			return r;
		if (!may_repeat(a, x) || pause_for(a, x, err) < 0)
			return exchange_interrupted ? err->code : r;
		a->repeats++;
	}
}
