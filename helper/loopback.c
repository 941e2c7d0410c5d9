/* SPDX-License-Identifier: MIT */
#include "loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "io.h"
#include "log.h"
#include "loopback_peer.h"

#define PAGE_MAX  2048
#define DRAIN_MAX 65536 /* bytes of a refused request that are thrown away */

static int
listen_at(const struct sockaddr *a, socklen_t len)
{
	CLEANUP_FD int fd = -1;
	const int on = 1;

	fd =
	    socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (a->sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -1;
	if (bind(fd, a, len) < 0 || listen(fd, LOOPBACK_BACKLOG) < 0)
		return -1;
	return TAKE_FD(fd);
}

int
loopback_open(struct loopback *l, struct err *err)
{
	struct sockaddr_in v4 = {
	    .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct sockaddr_in6 v6 = {
	    .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t n = sizeof(v4);

	if (loopback_peer_possible(err) < 0)
		return err->code;
	l->fd[0] = listen_at((const struct sockaddr *)&v4, sizeof(v4));
	if (l->fd[0] < 0 ||
	    getsockname(l->fd[0], (struct sockaddr *)&v4, &n) < 0)
		return err_set(err, ERR_UNAVAIL,
		    "cannot listen at 127.0.0.1: %s", strerror(errno));
	l->port = ntohs(v4.sin_port);
	v6.sin6_port = v4.sin_port;
	l->fd[1] = listen_at((const struct sockaddr *)&v6, sizeof(v6));
	log_debug("loopback: listening at port %d%s", l->port,
	    l->fd[1] < 0 ? ", IPv4 only" : "");
	return 0;
}

void
loopback_close(struct loopback *l)
{
	size_t i;

	for (i = 0; i < 2; i++)
		cleanup_close(&l->fd[i]);
	l->fd[0] = l->fd[1] = -1;
}

/* The next connection, or an error; -1 in `ret`: it is gone already. */
static int
next(const struct loopback *l, int64_t deadline, int *ret, struct err *err)
{
	struct pollfd p[2] = {{.fd = l->fd[0], .events = POLLIN},
	    {.fd = l->fd[1], .events = POLLIN}};
	int r;

	*ret = -1;
	r = poll(p, 2, io_poll_ms(deadline));
	if (r < 0 && errno != EINTR)
		return err_set(err, ERR_INTERNAL, "poll: %s", strerror(errno));
	if (io_now_ms() >= deadline)
		return err_set(err, ERR_CANCELED, "no answer came in time");
	if (r <= 0)
		return 0;
	*ret = accept4(
	    p[p[0].revents == 0].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (*ret < 0 && (errno == EMFILE || errno == ENFILE || errno == EBADF ||
			    errno == EINVAL))
		return err_set(
		    err, ERR_INTERNAL, "accept: %s", strerror(errno));
	return 0;
}

/* Read until the head is there.  The status to refuse it with, or 200. */
static int
receive(int fd, struct secbuf *head, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t room, len;
	ssize_t n;
	char *to;

	for (;;) {
		if (poll(&p, 1, io_poll_ms(deadline)) == 0)
			return 408;
		room = head->max - head->len;
		to = room > 0 ? secbuf_space(head, room) : NULL;
		if (to == NULL)
			return 431;
		n = recv(fd, to, room, 0);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return 400;
		secbuf_grown(head, (size_t)n);
		len = loopback_head_len(head);
		if (len > 0) {
			secbuf_cut(head, len);
			return 200;
		}
	}
}

/*
 * Throw away what is still coming until `deadline`: to close with bytes unread
 * would take the page away from under the browser.
 */
static void
drain(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t total = 0;
	char waste[4096];
	ssize_t n;

	while (total < DRAIN_MAX && poll(&p, 1, io_poll_ms(deadline)) > 0) {
		n = recv(fd, waste, sizeof(waste), 0);
		if (n <= 0)
			break;
		total += (size_t)n;
	}
	explicit_bzero(waste, sizeof(waste));
}

static void
respond(int fd, int status, int64_t linger_ms)
{
	SECBUF page = SECBUF_INIT(PAGE_MAX);
	struct err ignored = ERR_INIT;

	if (linger_ms == 0)
		drain(fd, 0);
	if (loopback_page(status, &page) < 0 ||
	    io_write(fd, page.ptr, page.len, &ignored) < 0 ||
	    shutdown(fd, SHUT_WR) < 0 || linger_ms == 0)
		return;
	drain(fd, io_now_ms() + linger_ms);
}

/* One connection; whether it brought the answer. */
static bool
serve(const struct loopback *l, int fd, int64_t deadline, loopback_judge *judge,
    void *context)
{
	SECBUF head = SECBUF_INIT(LOOPBACK_HEAD_MAX);
	int64_t limit = io_now_ms() + LOOPBACK_CONNECTION_MS;
	struct loopback_query query;
	int status;

	/* A stranger costs us no time. */
	if (!loopback_peer_is_us(fd)) {
		respond(fd, 403, 0);
		return false;
	}
	status = receive(fd, &head, limit < deadline ? limit : deadline);
	if (status == 200)
		status = loopback_request(&head, l->port, &query);
	if (status == 200 && !judge(context, &query))
		status = 400;
	log_debug("loopback: a request is answered with %d", status);
	respond(fd, status, LOOPBACK_LINGER_MS);
	return status == 200;
}

int
loopback_wait(const struct loopback *l, int64_t deadline, loopback_judge *judge,
    void *context, struct err *err)
{
	for (;;) {
		CLEANUP_FD int fd = -1;

		if (next(l, deadline, &fd, err) < 0)
			return err->code;
		if (fd >= 0 && serve(l, fd, deadline, judge, context))
			return 0;
	}
}
