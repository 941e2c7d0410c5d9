/* SPDX-License-Identifier: MIT */
#include "child_talk.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "io.h"

int
child_talk(int fd, int64_t deadline, const struct secbuf *in,
    struct secbuf *out, struct err *err)
{
	struct pollfd p = {.fd = fd};
	size_t sent = 0, room;
	char *to, probe[1];
	ssize_t n;

	if (in->len == 0)
		(void)shutdown(fd, SHUT_WR);
	for (;;) {
		p.events = POLLIN | (sent < in->len ? POLLOUT : 0);
		if (poll(&p, 1, io_poll_ms(deadline)) == 0)
			return err_set(err, ERR_UNAVAIL, "no answer in time");
		if (p.revents & POLLOUT && sent < in->len) {
			n = send(fd, in->ptr + sent, in->len - sent,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
			if (n > 0)
				sent += (size_t)n;
			else if (errno != EINTR && errno != EAGAIN)
				sent = in->len; /* it hung up: read why */
			if (sent == in->len)
				(void)shutdown(fd, SHUT_WR);
		}
		if ((p.revents & (POLLIN | POLLHUP | POLLERR)) == 0)
			continue;
		room = out->max - out->len;
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
		else if (n == 0 || (errno != EINTR && errno != EAGAIN))
			return 0;
	}
}
