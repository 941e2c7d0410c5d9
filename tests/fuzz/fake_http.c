/* SPDX-License-Identifier: MIT */
/*
 * http.h without a network: the answer is what fake_http_answer() was given, a
 * line "STATUS", the header lines, a blank line, the body.
 */
#include "fake_http.h"

#include "fuzz.h"
#include "io.h"

static const char *answer;
static size_t answer_len;

void
fake_http_answer(const char *data, size_t size)
{
	answer = data;
	answer_len = size;
}

int
http_open(
    struct http **ret, const struct http_options *options, struct err *err)
{
	(void)options, (void)err;
	*ret = NULL;
	return 0;
}

void
http_closep(struct http **h)
{
	*h = NULL;
}

int64_t
http_left(const struct http *h)
{
	(void)h;
	return 1000;
}

void
http_response_release(struct http_response *r)
{
	secbuf_release(&r->headers);
	secbuf_release(&r->body);
}

int
http_send(struct http *h, const struct http_request *rq,
    struct http_response *ret, struct err *err)
{
	const char *body, *data = answer;
	size_t size = answer_len, n;
	char *status = fuzz_line(&data, &size);

	(void)h;
	/* Everything that is sent goes to where it should. */
	HOLDS(strncmp(rq->url, "https://", 8) == 0);
	ret->status = (int)(strtoul(status, NULL, 10) % 1000);
	free(status);
	ret->sent = true;
	secbuf_reset(&ret->headers);
	secbuf_reset(&ret->body);
	if (ret->status < 200)
		return err_set(err, ERR_UNAVAIL, "no answer");
	body = size > 0 ? memmem(data, size, "\n\n", 2) : NULL;
	n = body != NULL ? (size_t)(body - data) + 1 : size;
	if (secbuf_add(&ret->headers, data, n) < 0)
		return err_set(err, ERR_PROTOCOL, "answer too long");
	if (body != NULL && (size - n - 1 > rq->body_max ||
				secbuf_add(&ret->body, body + 2, size - n - 1)))
		return err_set(err, ERR_PROTOCOL, "answer too long");
	return 0;
}
