/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <string.h>

#include "child.h"
#include "io.h"
#include "state.h"

static const char path[] = LIBEXECDIR "/tokenring-net";

static int
compose(struct secbuf *to, const struct question *q, struct err *err)
{
	int r;

	r = lines_begin(to, err);
	if (r == 0)
		r = lines_add(to, "op", "login", err);
	if (r == 0)
		r = lines_add(to, "id", q->id, err);
	if (r == 0)
		r = lines_add_some(to, "profile", q->o->profile, err);
	if (r == 0)
		r = lines_add(to, "config", q->o->config, err);
	if (r == 0)
		r = lines_add(to, "user", q->user, err);
	if (r == 0)
		r = lines_add(to, "password", q->password->ptr, err);
	if (r == 0)
		r = lines_add_number(
		    to, "timeout_ms", q->budget_ms - WORKER_HEADROOM_MS, err);
	if (r == 0)
		r = lines_end(to, err);
	return r;
}

int
worker_ask(const struct question *q, struct lines *answer, struct err *err)
{
	SECBUF request = SECBUF_INIT(LINES_MESSAGE_MAX);
	struct child c = CHILD_INIT;
	int r;

	c.path = path;
	c.deadline = io_now_ms() + q->budget_ms;
	r = child_trusted(path, err);
	if (r == 0)
		r = compose(&request, q, err);
	if (r == 0)
		r = child_run(&c, &request, &answer->text, err);
	if (r == 0) {
		r = lines_parse(answer, LINES_MESSAGE, err);
		if (r != 0)
			(void)err_wrap(err, "the worker's answer");
	}
	return r;
}

static bool
token_ok(const char *s)
{
	size_t n =
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		      "0123456789._~+/=-");

	return n > 0 && n <= WORKER_TOKEN_MAX && s[n] == '\0';
}

/* lines_parse has refused a repeated key: what is found is the only one. */
bool
worker_grants(const struct lines *answer, struct err *err)
{
	const char *result = lines_get(answer, "result");
	const char *fp = lines_get(answer, "fingerprint");
	const char *given = lines_get(answer, "access_token");

	if (result == NULL || strcmp(result, "ok") != 0)
		return false;
	if (lines_number(answer, "http", 0) != 200)
		(void)err_set(err, ERR_INTERNAL,
		    "the worker says ok without a status of 200");
	else if (fp == NULL || !state_hex(fp, STATE_FINGERPRINT_LEN))
		(void)err_set(err, ERR_INTERNAL,
		    "the worker says ok without a fingerprint");
	else if (given == NULL || !token_ok(given))
		(void)err_set(err, ERR_PROTOCOL,
		    "the answer has no token that can be used");
	else
		return true;
	return false;
}
