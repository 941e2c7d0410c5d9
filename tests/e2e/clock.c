/* SPDX-License-Identifier: MIT */
/*
 * To be preloaded: a wall clock that is wrong by WRONG_BY seconds, and a machine
 * that has been up for UP_MORE seconds more than it has.  Read at the start, for our programs clear their environment before they look at a clock;
 * that is why Debian's libfaketime does not do.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t wrong_by, up_more;

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
	if (r == 0 && id == CLOCK_BOOTTIME)
		ret->tv_sec += up_more;
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
