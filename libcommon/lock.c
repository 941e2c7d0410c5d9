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
#include "io.h"
#include "log.h"

#define PAUSE_FIRST_MS 5 /* between the tries, doubling */
#define PAUSE_LAST_MS  50

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

/* One of the files; takes over `dir`. */
static int
lock_in(int dir_fd, const char *fp, struct err *err)
{
	CLEANUP_FD int dir = dir_fd;
	CLEANUP_FD int fd = -1;
	char name[FINGERPRINT_LEN + 8], text[24];
	int n;

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

int
lock_try(struct lock *ret, const char *fp, struct err *err)
{
	struct err ignored = ERR_INIT;
	LOCK l = LOCK_INIT;
	int dir;

	dir = dirs_state(err);
	if (dir < 0)
		return err->code;
	l.fd[0] = lock_in(dir, fp, err);
	if (l.fd[0] < 0)
		return err->code;
	/* A machine without a tmpfs has the first one only. */
	dir = dirs_runtime(&ignored);
	if (dir >= 0) {
		l.fd[1] = lock_in(dir, fp, err);
		if (l.fd[1] == ERR_UNAVAIL)
			return err->code;
	}
	*ret = l;
	l = (struct lock)LOCK_INIT;
	return 0;
}

int
lock_wait(struct lock *ret, const char *fp, int ms, struct err *err)
{
	int64_t deadline = io_now_ms() + ms;
	int r, pause;

	for (pause = PAUSE_FIRST_MS;; pause *= 2) {
		struct err held = ERR_INIT;

		r = lock_try(ret, fp, &held);
		if (r == 0)
			return 0;
		if (r != ERR_UNAVAIL || io_now_ms() >= deadline)
			return err_set(err, (enum err_code)r, "%s", held.msg);
		if (pause == PAUSE_FIRST_MS)
			log_debug("lock: waiting: %s", held.msg);
		if (pause > PAUSE_LAST_MS)
			pause = PAUSE_LAST_MS;
		lock_pause(pause);
	}
}

void
lock_release(struct lock *l)
{
	int i;

	for (i = 0; i < LOCK_FILES; i++)
		if (l->fd[i] >= 0)
			(void)close(TAKE_FD(l->fd[i]));
}

void
lock_pause(int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}
