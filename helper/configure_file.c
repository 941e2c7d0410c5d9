/* SPDX-License-Identifier: MIT */
#include "configure_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

int
configure_file_read(
    const char *path, struct secbuf *ret, struct stat *st, struct err *err)
{
	CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOTFOUND, "there is no '%s'", path);
	if (fd < 0 || fstat(fd, st) < 0)
		return err_set(
		    err, ERR_CONFIG, "'%s': %s", path, strerror(errno));
	if (!S_ISREG(st->st_mode) || st->st_uid != geteuid())
		return err_set(err, ERR_CONFIG,
		    "'%s' is not a regular file of yours", path);
	if (io_read_end(fd, ret, IO_FOREVER, err) < 0)
		return err_wrap(err, "'%s'", path);
	if (strlen(ret->ptr) != ret->len)
		return err_set(err, ERR_CONFIG, "'%s' has a NUL in it", path);
	return 0;
}

static bool
is_same(const char *path, const struct stat *was)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_dev == was->st_dev &&
	       now.st_ino == was->st_ino && now.st_size == was->st_size &&
	       now.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

static int
write_new(
    const char *path, const struct secbuf *text, mode_t mode, struct err *err)
{
	CLEANUP_FD int fd =
	    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(
		    err, ERR_CONFIG, "'%s': %s", path, strerror(errno));
	if (io_write(fd, text->ptr, text->len, err) < 0)
		return err_wrap(err, "'%s'", path);
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return err_set(
		    err, ERR_CONFIG, "'%s': %s", path, strerror(errno));
	return 0;
}

/* Every directory above the file, as far as they are missing. */
static void
make_directories(char *path)
{
	char *slash = path;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		(void)mkdir(path, 0700);
		*slash = '/';
	}
}

int
configure_file_replace(const char *path, const struct secbuf *text,
    const struct stat *was, struct err *err)
{
	char real[PATH_MAX], beside[PATH_MAX + 32];
	int r;

	if (snprintf(real, sizeof(real), "%s", path) >= (int)sizeof(real))
		return err_set(err, ERR_CONFIG, "the file's name is too long");
	if (was == NULL)
		make_directories(real);
	else if (realpath(path, real) == NULL)
		return err_set(
		    err, ERR_CONFIG, "'%s': %s", path, strerror(errno));
	(void)snprintf(
	    beside, sizeof(beside), "%s.tokenring-%ld", real, (long)getpid());
	(void)unlink(beside);
	r = write_new(
	    beside, text, was != NULL ? was->st_mode & 0777 : 0600, err);
	if (r == 0 && was != NULL && !is_same(real, was))
		r = err_set(err, ERR_UNAVAIL,
		    "'%s' was changed by somebody else just now; try again",
		    path);
	/* A link does not replace what has come into being meanwhile. */
	if (r == 0 &&
	    (was != NULL ? rename(beside, real) : link(beside, real)) < 0)
		r = err_set(err, ERR_CONFIG, "'%s': %s", path, strerror(errno));
	(void)unlink(beside);
	return r;
}
