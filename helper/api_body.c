/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "io.h"

/* Bytes in memory that a worker can read. */
static int
in_memory(const char *data, size_t len, int *ret, struct err *err)
{
	CLEANUP_FD int fd = memfd_create("body", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(
		    err, ERR_INTERNAL, "memfd_create: %s", strerror(errno));
	if (io_write(fd, data, len, err) < 0)
		return err->code;
	*ret = TAKE_FD(fd);
	return 0;
}

int
api_body_text(struct api_body *b, const struct secbuf *text, struct err *err)
{
	b->present = true;
	b->len = (int64_t)text->len;
	return in_memory(text->ptr, text->len, &b->first, err);
}

/* The beginning of a pipe, and whether that was all. */
static int
read_ahead(int fd, struct secbuf *to, bool *all, struct err *err)
{
	char *room;
	ssize_t n;

	*all = false;
	while (!*all && to->len < API_INPUT_MAX) {
		room = secbuf_space(to, API_INPUT_MAX - to->len);
		if (room == NULL)
			return err_set(err, ERR_NOMEM, "out of memory");
		n = read(fd, room, API_INPUT_MAX - to->len);
		if (n < 0 && errno != EINTR)
			return err_set(
			    err, ERR_CONFIG, "--input: %s", strerror(errno));
		if (n > 0)
			secbuf_grown(to, (size_t)n);
		*all = n == 0;
	}
	return 0;
}

/* A small body from a pipe is kept, so that it can be sent again. */
static int
from_pipe(struct api_body *b, int fd, struct err *err)
{
	SECBUF text = SECBUF_INIT(API_INPUT_MAX);
	bool all;

	if (read_ahead(fd, &text, &all, err) < 0 ||
	    in_memory(text.ptr, text.len, &b->first, err) < 0) {
		(void)close(fd);
		return err->code;
	}
	b->len = all ? (int64_t)text.len : -1;
	b->rest = all ? -1 : fd;
	if (all)
		(void)close(fd);
	return 0;
}

int
api_body_input(struct api_body *b, const char *path, struct err *err)
{
	char shown[128];
	struct stat st;
	int fd;

	b->present = true;
	err_printable(shown, sizeof(shown), path);
	fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				    : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_set(err, ERR_CONFIG, "--input '%s': %s", shown,
		    strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return err->code;
	}
	if (S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return err_set(
		    err, ERR_CONFIG, "--input '%s': it is a directory", shown);
	}
	/* A file from its beginning on; "-" too, as `<file` means it.  Those of
	   the kernel's file systems have no length, and yet contents. */
	if (!S_ISREG(st.st_mode) || st.st_size == 0 ||
	    lseek(fd, 0, SEEK_CUR) != 0)
		return from_pipe(b, fd, err);
	b->first = fd;
	b->len = st.st_size;
	return 0;
}

int
api_body_rewind(struct api_body *b, struct err *err)
{
	if (b->spent)
		return err_set(err, ERR_DENIED,
		    "the body came from a pipe and is used up: run the command "
		    "again");
	if (b->first >= 0 && lseek(b->first, 0, SEEK_SET) < 0)
		return err_set(err, ERR_CONFIG, "--input: %s", strerror(errno));
	b->spent = b->rest >= 0;
	return 0;
}

void
api_body_release(struct api_body *b)
{
	cleanup_close(&b->first);
	cleanup_close(&b->rest);
	b->first = b->rest = -1;
}
