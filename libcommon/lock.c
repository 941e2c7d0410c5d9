/* SPDX-License-Identifier: MIT */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "dirs.h"
#include "fingerprint.h"

/* The file's text is the holder's process id, for the waiters' message only. */
static int
held(int fd, struct err *err)
{
	char text[24];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = 0;

	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%ld", &pid) != 1 || pid <= 0)
		return err_set(
		    err, ERR_UNAVAIL, "another process is renewing this token");
	return err_set(
	    err, ERR_UNAVAIL, "process %ld is renewing this token", pid);
}

int
lock_try(const char *fp, struct err *err)
{
	CLEANUP_FD int dir = -1;
	CLEANUP_FD int fd = -1;
	char name[FINGERPRINT_LEN + 8], text[24];
	int n;

	dir = dirs_state(err);
	if (dir < 0)
		return err->code;
	(void)snprintf(name, sizeof(name), "%s.lock", fp);
	fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_set(err, ERR_INTERNAL,
		    "cannot write to the state directory: %s", strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return held(fd, err);
		return err_set(
		    err, ERR_INTERNAL, "cannot lock: %s", strerror(errno));
	}
	n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
	return TAKE_FD(fd);
}

void
lock_pause(int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}
