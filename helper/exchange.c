/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "child_talk.h"
#include "io.h"
#include "net.h"

#define TICK_MS 500
#define CHUNK   65536

volatile sig_atomic_t exchange_interrupted;

/* What one conversation needs beside the exchange. */
struct talk {
	struct exchange *x;
	int from;  /* the answer's body; -1: at its end */
	int other; /* the worker's end of it */
	bool head; /* the headers are there */
};

static void
close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(TAKE_FD(*fd));
}

/*
 * Is the first part of the answer there?  No value holds a line feed, so the
 * line cannot be anything that the server said.
 */
static int
take_head(struct talk *t, const struct secbuf *out, struct err *err)
{
	static const char mark[] = "\nbody=follows\n", end[] = "end=ok\n";
	struct exchange *x = t->x;
	const char *after,
	    *at = memmem(out->ptr, out->len, mark, sizeof(mark) - 1);

	if (at == NULL)
		return 0;
	t->head = true;
	secbuf_reset(&x->head.text);
	if (secbuf_add(&x->head.text, out->ptr,
		(size_t)(at - out->ptr) + sizeof(mark) - 1) < 0 ||
	    secbuf_add(&x->head.text, end, sizeof(end) - 1) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (lines_parse(&x->head, LINES_MESSAGE, err) < 0)
		return err->code;
	x->status = (int)lines_number(&x->head, "status", 0);
	x->sink = SINK_SAMPLE;
	after = exchange_header(x, "Retry-After", NULL);
	if (after != NULL && *after != '\0' && strlen(after) < 10 &&
	    strspn(after, "0123456789") == strlen(after))
		x->retry_after = strtol(after, NULL, 10);
	return x->decide(x->ctx, x, err);
}

static int
keep(struct exchange *x, const char *data, size_t n, struct err *err)
{
	size_t most =
	    x->sink == SINK_KEEP ? EXCHANGE_KEEP_MAX : EXCHANGE_SAMPLE_MAX;

	if (n > most - x->kept.len) {
		if (x->sink == SINK_KEEP)
			return err_set(err, ERR_PROTOCOL,
			    "the answer is longer than %d MiB",
			    EXCHANGE_KEEP_MAX >> 20);
		n = most - x->kept.len;
	}
	return secbuf_add(&x->kept, data, n) == 0
		   ? 0
		   : err_set(err, ERR_NOMEM, "out of memory");
}

int
exchange_print(const char *data, size_t n, struct err *err)
{
	struct err why = ERR_INIT;

	/* Not the server's fault, whatever it is. */
	return io_write(STDOUT_FILENO, data, n, &why) == 0
		   ? 0
		   : err_set(err, ERR_INTERNAL, "standard output: %s", why.msg);
}

static int
take_body(struct talk *t, struct err *err)
{
	static char data[CHUNK];
	struct exchange *x = t->x;
	ssize_t n = read(t->from, data, sizeof(data));
	int r;

	if (n <= 0) {
		if (n == 0 || errno != EINTR)
			close_end(&t->from);
		return 0;
	}
	x->received += n;
	r = keep(x, data, (size_t)n, err);
	if (r == 0 && x->sink == SINK_PRINT)
		r = exchange_print(data, (size_t)n, err);
	if (x->sink == SINK_SAMPLE && x->kept.len == EXCHANGE_SAMPLE_MAX)
		close_end(&t->from);
	return r;
}

static int
wait_ms(const struct exchange *x, int64_t deadline)
{
	int ms = io_poll_ms(deadline);

	return x->tick != NULL && (ms < 0 || ms > TICK_MS) ? TICK_MS : ms;
}

/* The child's conversation: its answer, and the body beside it. */
static int
talk(void *ctx, int fd, int64_t deadline, const struct secbuf *in,
    struct secbuf *out, struct err *err)
{
	struct talk *t = ctx;
	struct pollfd p[2];
	size_t sent = 0;
	int r = 1;

	if (t->x->deadline > 0 && t->x->deadline < deadline)
		deadline = t->x->deadline;
	close_end(&t->other);
	child_talk_begin(&p[0], fd, in);
	t->x->sent = true; /* unless the worker says otherwise */
	while (r > 0 || (t->head && t->from >= 0)) {
		p[0].fd = r > 0 ? fd : -1;
		p[1] = (struct pollfd){
		    .fd = t->head ? t->from : -1, .events = POLLIN};
		p[0].revents = 0;
		if (poll(p, 2, wait_ms(t->x, deadline)) < 0 && errno != EINTR)
			return err_set(
			    err, ERR_INTERNAL, "poll: %s", strerror(errno));
		if (io_now_ms() >= deadline)
			return err_set(err, ERR_UNAVAIL, "no answer in time");
		if (exchange_interrupted)
			return err_set(err, ERR_CANCELED, "interrupted");
		if (t->x->tick != NULL)
			t->x->tick(t->x->ctx, t->x);
		if (p[0].revents != 0)
			r = child_talk_step(&p[0], in, &sent, out, err);
		if (r < 0 || (!t->head && take_head(t, out, err) < 0) ||
		    (p[1].revents != 0 && take_body(t, err) < 0))
			return err->code;
	}
	return 0;
}

static int
compose(struct net_request *q, const struct exchange *x, struct err *err)
{
	const struct token *t = x->token;
	const char *const *h;
	int r;

	r = lines_add(&q->more, "method", x->method, err);
	if (r == 0)
		r = lines_add(&q->more, "target", x->url, err);
	if (r == 0)
		r = lines_add(&q->more, "token_type", t->type, err);
	if (r == 0)
		r = lines_add(
		    &q->more, "access_token", t->access_token.ptr, err);
	if (r == 0)
		r = lines_add_some(&q->more, "instance", t->instance, err);
	if (r == 0 && x->has_body)
		r = lines_add_number(&q->more, "body_len", x->body_len, err);
	for (h = x->header; r == 0 && *h != NULL; h++)
		r = lines_add(&q->more, "header[]", *h, err);
	return r;
}

static void
forget_answer(struct exchange *x)
{
	x->sink = SINK_SAMPLE;
	x->status = 0;
	x->head.n = 0;
	x->received = 0;
	x->retry_after = -1;
	x->sent = false;
	secbuf_reset(&x->head.text);
	secbuf_reset(&x->kept);
}

int
exchange_run(struct exchange *x, struct err *err)
{
	struct talk t = {.x = x};
	struct net_stream stream = {
	    .fd = {x->body[0], x->body[1]}, .talk = talk, .ctx = &t};
	NET_REQUEST q = NET_REQUEST_INIT;
	LINES answer = LINES_INIT;
	int pair[2], r;

	forget_answer(x);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_set(err, ERR_INTERNAL, "pipe: %s", strerror(errno));
	t.from = pair[0];
	t.other = stream.fd[2] = pair[1];
	q.profile = x->profile;
	q.account = x->account;
	q.op = "request";
	q.stream = &stream;
	(void)fflush(stdout);
	r = compose(&q, x, err);
	if (r == 0)
		r = net_ask(&q, &answer, err);
	close_end(&t.from);
	close_end(&t.other);
	if (answer.n > 0)
		x->sent = lines_number(&answer, "sent", 0) == 1;
	/* We did not want to hear more. */
	if (r == ERR_CANCELED && x->status != 0 && x->sink == SINK_SAMPLE &&
	    !exchange_interrupted)
		r = 0;
	return r;
}

const char *
exchange_header(const struct exchange *x, const char *name, bool *repeated)
{
	const char *found = NULL, *v;
	size_t n = strlen(name), i, times = 0;

	for (i = 0; i < x->head.n; i++) {
		v = x->head.field[i].value;
		if (strcmp(x->head.field[i].key, "header[]") != 0 ||
		    strncasecmp(v, name, n) != 0 || v[n] != ':')
			continue;
		found = v + n + 1 + strspn(v + n + 1, " ");
		times++;
	}
	if (repeated != NULL)
		*repeated = times > 1;
	return times == 1 ? found : NULL;
}

void
exchange_release(struct exchange *x)
{
	lines_release(&x->head);
	secbuf_release(&x->kept);
}
