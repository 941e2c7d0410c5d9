/* SPDX-License-Identifier: MIT */
/*
 * op=request: one request of `tokenring api`.  The answer to the front begins
 * with what is known when the headers are there (status, header[]) and the line
 * body=follows; then the body goes to a descriptor of its own, and at its end
 * comes the rest of the answer.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http_call.h"
#include "http_text.h"
#include "io.h"
#include "net_worker.h"

#define BODY_FD   3 /* and 4: the rest of the body */
#define ANSWER_FD 5

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/*
 * One line of the raw block, without its end.  A folded line (obsolete since
 * RFC 7230) and one with control characters but tabs is nothing to hand on.
 */
static int
add_header(struct secbuf *to, const char *line, size_t len, struct err *err)
{
	SECBUF text = SECBUF_INIT(HTTP_HEADERS_MAX);
	size_t i;

	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (len == 0 || *line == ' ' || *line == '\t')
		return 0;
	if (secbuf_add(&text, line, len) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	for (i = 0; i < len; i++) {
		if (text.ptr[i] == '\t')
			text.ptr[i] = ' ';
		if (is_control(text.ptr[i]))
			return 0;
	}
	return lines_add(to, "header[]", text.ptr, err);
}

/* The first part of the answer. */
static int
on_begin(void *ctx, const struct http_response *r)
{
	SECBUF text = SECBUF_INIT(LINES_MESSAGE_MAX);
	struct net_job *job = ctx;
	struct err err = ERR_INIT;
	const char *p = r->headers.ptr, *stop = p + r->headers.len, *end;

	job->begun_answer = true;
	if (lines_begin(&text, &err) < 0 ||
	    lines_add_number(&text, "status", r->status, &err) < 0)
		return err.code;
	for (; p < stop; p = end + 1) {
		end = memchr(p, '\n', (size_t)(stop - p));
		if (end == NULL)
			end = stop;
		if (add_header(&text, p, (size_t)(end - p), &err) < 0)
			return err.code;
	}
	if (lines_add(&text, "body", "follows", &err) < 0)
		return err.code;
	return io_write(STDOUT_FILENO, text.ptr, text.len, &err);
}

/* The caller's own, and SAINet's (NULL: none). */
static int
take_headers(const struct net_job *job, const char *instance,
    const char **header, struct err *err)
{
	size_t i, n = 0;

	for (i = 0; i < job->rq->n; i++) {
		if (strcmp(job->rq->field[i].key, "header[]") != 0)
			continue;
		if (n == HTTP_CALL_HEADERS_MAX)
			return err_set(
			    err, ERR_CONFIG, "too many header lines");
		if (!http_header_ok(job->rq->field[i].value))
			return err_set(err, ERR_CONFIG,
			    "a header line that may not be set");
		header[n++] = job->rq->field[i].value;
	}
	header[n++] = instance;
	header[instance != NULL ? n : n - 1] = NULL;
	return 0;
}

static bool
known_method(const char *method)
{
	const char *list = HTTP_CALL_METHODS, *word;
	size_t pos = 0, n;

	while (method != NULL && (n = conf_next_word(list, &pos, &word)) > 0)
		if (strlen(method) == n && strncmp(word, method, n) == 0)
			return true;
	return false;
}

/* A method that is about a body says so even when it has none (RFC 9110 §8.6). */
static bool
wants_body(const char *method)
{
	return method[0] == 'P'; /* POST, PUT, PATCH */
}

static int
instance_line(const struct net_job *job, struct secbuf *to, struct err *err)
{
	const char *instance = lines_get(job->rq, "instance");

	if (instance == NULL || *instance == '\0')
		return 0;
	if (secbuf_addstr(to, "Sai-Server-Instance: ") < 0 ||
	    secbuf_addstr(to, instance) < 0)
		return err_set(err, ERR_CONFIG, "the instance is too long");
	return 0;
}

static int
bearer_line(const struct net_job *job, struct secbuf *to, struct err *err)
{
	const char *type = lines_get(job->rq, "token_type");
	const char *access = lines_get(job->rq, "access_token");

	if (type == NULL || access == NULL || strpbrk(access, " \t") != NULL)
		return err_set(err, ERR_CONFIG, "the request has no token");
	if (secbuf_addstr(to, "Authorization: ") < 0 ||
	    secbuf_addstr(to, type) < 0 || secbuf_addstr(to, " ") < 0 ||
	    secbuf_addstr(to, access) < 0)
		return err_set(err, ERR_CONFIG, "the token is too long");
	return 0;
}

int
net_call(struct net_job *job, struct http *http, struct err *err)
{
	const char *header[HTTP_CALL_HEADERS_MAX + 2];
	SECBUF bearer = SECBUF_INIT(LINES_LINE_MAX);
	SECBUF instance = SECBUF_INIT(TOKEN_NAME_MAX + 32);
	HTTP_RESPONSE response = HTTP_RESPONSE_INIT;
	struct http_call call = {.bearer = &bearer,
	    .header = header,
	    .body = {BODY_FD, BODY_FD + 1},
	    .answer = ANSWER_FD,
	    .begin = on_begin,
	    .ctx = job};
	struct http_request rq = {.call = &call};
	const char *base = profile_get(job->profile, CONF_API_URL);
	int r;

	rq.url = lines_get(job->rq, "target");
	rq.connect_ms = profile_ms(job->profile, CONF_CONNECT_TIMEOUT);
	call.method = lines_get(job->rq, "method");
	call.silence_ms = profile_ms(job->profile, CONF_TIMEOUT);
	if (!known_method(call.method))
		return err_set(err, ERR_CONFIG, "an unknown method");
	if (base == NULL || rq.url == NULL || !http_under(rq.url, base))
		return err_set(err, ERR_CONFIG,
		    "profile '%s': the address does not lie under api_url: it "
		    "gets no token",
		    job->profile->name);
	if (bearer_line(job, &bearer, err) < 0 ||
	    instance_line(job, &instance, err) < 0 ||
	    take_headers(
		job, instance.len > 0 ? instance.ptr : NULL, header, err) < 0)
		return err->code;
	call.has_body = lines_get(job->rq, "body_len") != NULL;
	call.body_len = lines_number(job->rq, "body_len", -1);
	if (!call.has_body && wants_body(call.method)) {
		call.has_body = true;
		call.body_len = 0;
	}
	r = http_send(http, &rq, &response, err);
	job->outcome.http = response.status;
	job->outcome.sent = response.sent;
	return r;
}
