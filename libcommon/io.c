/* SPDX-License-Identifier: MIT */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 4096

int64_t
io_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int
io_poll_ms(int64_t deadline)
{
	int64_t left;

	if (deadline == IO_FOREVER)
		return -1;
	left = deadline - io_now_ms();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static int
wait_readable(int fd, int64_t deadline, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, io_poll_ms(deadline));
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_set(err, ERR_INTERNAL, "poll: %s", strerror(errno));
	if (r == 0)
		return err_set(err, ERR_UNAVAIL, "no answer in time");
	return 0;
}

int
io_read_more(int fd, struct secbuf *b, int64_t deadline, struct err *err)
{
	bool wait = deadline != IO_FOREVER;
	size_t room = b->max - b->len;
	char probe[1], *to;
	ssize_t n;

	if (room > CHUNK)
		room = CHUNK;
	to = room > 0 ? secbuf_space(b, room) : probe;
	if (to == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	for (;;) {
		if (wait && wait_readable(fd, deadline, err) < 0)
			return err->code;
		n = read(fd, to, room > 0 ? room : 1);
		if (n == 0)
			return 0;
		if (n > 0)
			break;
		/* Whoever lent the descriptor may have made it non-blocking. */
		wait = wait || errno == EAGAIN;
		if (errno != EINTR && errno != EAGAIN)
			return err_set(
			    err, ERR_INTERNAL, "read: %s", strerror(errno));
	}
	if (room == 0)
		return err_set(err, ERR_PROTOCOL,
		    "input is longer than %zu bytes", b->max);
	secbuf_grown(b, (size_t)n);
	return 1;
}

int
io_read_end(int fd, struct secbuf *b, int64_t deadline, struct err *err)
{
	int r;

	do
		r = io_read_more(fd, b, deadline, err);
	while (r > 0);
	return r;
}

int
io_write(int fd, const void *data, size_t len, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	const char *from = data;
	ssize_t n;

	while (len > 0) {
		n = send(fd, from, len, MSG_NOSIGNAL);
		if (n < 0 && errno == ENOTSOCK)
			n = write(fd, from, len);
		if (n < 0 && errno == EINTR)
			continue;
		/* Whoever lent the descriptor may have made it non-blocking. */
		if (n < 0 && errno == EAGAIN) {
			(void)poll(&p, 1, -1);
			continue;
		}
		if (n < 0)
			return err_set(err,
			    errno == EPIPE ? ERR_UNAVAIL : ERR_INTERNAL,
			    "write: %s", strerror(errno));
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
read_regular(int fd, const char *path, struct secbuf *b, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_INTERNAL, "cannot examine '%s': %s",
		    path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(
		    err, ERR_CONFIG, "'%s' is not a regular file", path);
	if (io_read_end(fd, b, IO_FOREVER, err) < 0) {
		if (err->code == ERR_PROTOCOL)
			err->code = ERR_CONFIG;
		return err_wrap(err, "cannot read '%s'", path);
	}
	return 0;
}

int
io_read_file(int dir, const char *path, struct secbuf *b, struct err *err)
{
	CLEANUP_FD int fd = -1;

	fd = openat(dir, path,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_set(err,
		    errno == ENOENT || errno == ENOTDIR ? ERR_NOTFOUND
							: ERR_CONFIG,
		    "cannot open '%s': %s", path,
		    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	return read_regular(fd, path, b, err);
}

int
io_read_named(const char *path, struct secbuf *b, struct err *err)
{
	CLEANUP_FD int fd = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return err_set(err, ERR_CONFIG, "cannot open '%s': %s", path,
		    strerror(errno));
	return read_regular(fd, path, b, err);
}

int
io_replace_file(
    int dir, const char *name, const void *data, size_t len, struct err *err)
{
	CLEANUP_FD int fd = -1;
	char tmp[NAME_MAX + 1];
	int r;

	if (snprintf(tmp, sizeof(tmp), "%s" IO_NEW_SUFFIX, name) >=
	    (int)sizeof(tmp))
		return err_set(err, ERR_INTERNAL, "file name too long");
	(void)unlinkat(dir, tmp, 0);
	fd = openat(dir, tmp,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, ERR_INTERNAL, "cannot create '%s': %s", tmp,
		    strerror(errno));
	r = io_write(fd, data, len, err);
	/* EINVAL: the file system syncs no directories. */
	if (r == 0 && (fsync(fd) < 0 || renameat(dir, tmp, dir, name) < 0 ||
			  (fsync(dir) < 0 && errno != EINVAL)))
		r = err_set(err, ERR_INTERNAL, "cannot write '%s': %s", name,
		    strerror(errno));
	if (r < 0)
		(void)unlinkat(dir, tmp, 0);
	return r;
}
