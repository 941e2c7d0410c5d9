/* SPDX-License-Identifier: MIT */
#include "child_talk.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "io.h"

static int
send_some(int fd, const struct secbuf *in, size_t *sent, struct err *err)
{
	ssize_t n = send(
	    fd, in->ptr + *sent, in->len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0)
		*sent += (size_t)n;
	else if (errno == EPIPE || errno == ECONNRESET)
		*sent = in->len; /* it hung up: read why */
	else if (errno != EINTR && errno != EAGAIN)
		return err_set(err, ERR_INTERNAL, "send: %s", strerror(errno));
	/* Without it the worker would wait for more until the deadline. */
	if (*sent == in->len && shutdown(fd, SHUT_WR) < 0 && errno != ENOTCONN)
		return err_set(
		    err, ERR_INTERNAL, "shutdown: %s", strerror(errno));
	return 0;
}

static int
receive_some(int fd, struct secbuf *out, struct err *err)
{
	size_t room = out->max - out->len;
	char *to, probe[1];
	ssize_t n;

	if (room > 4096)
		room = 4096;
	to = room > 0 ? secbuf_space(out, room) : probe;
	if (to == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	n = recv(fd, to, room > 0 ? room : 1, MSG_DONTWAIT);
	if (n > 0 && room == 0)
		return err_set(err, ERR_PROTOCOL, "answer too long");
	if (n > 0)
		secbuf_grown(out, (size_t)n);
	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return 1;
	/* It may have left before it had read all that we sent. */
	if (n < 0 && errno != ECONNRESET)
		return err_set(err, ERR_INTERNAL, "recv: %s", strerror(errno));
	return 0;
}

void
child_talk_begin(struct pollfd *p, int fd, const struct secbuf *in)
{
	p->fd = fd;
	p->events = POLLIN | (in->len > 0 ? POLLOUT : 0);
	p->revents = 0;
	if (in->len == 0)
		(void)shutdown(fd, SHUT_WR);
}

int
child_talk_step(struct pollfd *p, const struct secbuf *in, size_t *sent,
    struct secbuf *out, struct err *err)
{
	if (p->revents & POLLOUT && *sent < in->len &&
	    send_some(p->fd, in, sent, err) < 0)
		return err->code;
	p->events = POLLIN | (*sent < in->len ? POLLOUT : 0);
	if ((p->revents & (POLLIN | POLLHUP | POLLERR)) == 0)
		return 1;
	return receive_some(p->fd, out, err);
}

int
child_talk(int fd, int64_t deadline, const struct secbuf *in,
    struct secbuf *out, struct err *err)
{
	struct pollfd p;
	size_t sent = 0;
	int r;

	child_talk_begin(&p, fd, in);
	for (;;) {
		p.revents = 0;
		r = poll(&p, 1, io_poll_ms(deadline));
		if (r == 0)
			return err_set(err, ERR_UNAVAIL, "no answer in time");
		if (r < 0 && errno != EINTR)
			return err_set(
			    err, ERR_INTERNAL, "poll: %s", strerror(errno));
		r = child_talk_step(&p, in, &sent, out, err);
		if (r <= 0)
			return r;
	}
}
