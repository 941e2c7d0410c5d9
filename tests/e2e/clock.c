/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded: a wall clock that is wrong by WRONG_BY seconds, and a machine
 * that has been up for UP_MORE seconds more than it has.  Read at the start, for our programs clear their environment before they look at a clock;
 * that is why Debian's libfaketime does not do.
 *
 * With SKIP_WAITS a poll of more than a minute in which nothing comes is over
 * after a second, and the clocks that nobody sets say that its time has passed.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define LONG_MS  60000
#define SHORT_MS 1000

static time_t wrong_by, up_more, skipped;

__attribute__((constructor)) static void
begin(void)
{
	const char *wrong = getenv("WRONG_BY"), *up = getenv("UP_MORE");

	wrong_by = wrong != NULL ? atol(wrong) : 0;
	up_more = up != NULL ? atol(up) : 0;
}

int
clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ret->tv_sec += wrong_by;
	if (r == 0 && (id == CLOCK_BOOTTIME || id == CLOCK_MONOTONIC))
		ret->tv_sec += up_more + skipped;
	return r;
}

time_t
time(time_t *ret)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}

int
poll(struct pollfd *fds, nfds_t n, int ms)
{
	bool skip = getenv("SKIP_WAITS") != NULL && ms > LONG_MS;
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
	int r;

	if (skip)
		t = (struct timespec){SHORT_MS / 1000, 0};
	r = ppoll(fds, n, ms < 0 ? NULL : &t, NULL);
	if (r == 0 && skip)
		skipped += ms / 1000;
	return r;
}
