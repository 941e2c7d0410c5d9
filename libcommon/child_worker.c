/* SPDX-License-Identifier: MIT */
#include "child_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rawcall.h"

#define FD_FIRST_FREE (3 + CHILD_KEEP_MAX)

static void
widen(int resource)
{
	struct rlimit r;

	if (geteuid() == 0) {
		r.rlim_cur = r.rlim_max = RLIM_INFINITY;
		if (setrlimit(resource, &r) == 0)
			return;
	}
	if (getrlimit(resource, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		(void)setrlimit(resource, &r);
	}
}

static void
reset_limits(void)
{
	static const int wide[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE,
	    RLIMIT_CPU, RLIMIT_NPROC, RLIMIT_STACK};
	struct rlimit none = {0, 0};
	size_t i;

	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		widen(wide[i]);
	(void)setrlimit(RLIMIT_CORE, &none);
}

/* First room beside whatever the caller has open, then what is usual. */
static void
limit_files(bool usual)
{
	struct rlimit files = {1024, 4096}, now;

	if (!usual && getrlimit(RLIMIT_NOFILE, &now) == 0 &&
	    now.rlim_max >= files.rlim_max)
		files.rlim_cur = files.rlim_max = now.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		widen(RLIMIT_NOFILE);
}

/*
 * Lay the descriptors out as 0, 1, 2, 3...: first all high, where no target can
 * be hit, then down to their places.  A gap gets /dev/null, so that what the
 * worker opens later cannot take a place that means something.
 */
static int
lay_descriptors(const struct child *c, int conversation)
{
	int high[FD_FIRST_FREE], null, from, i;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -1;
	for (i = 0; i < FD_FIRST_FREE; i++) {
		from = null;
		if (i < 2)
			from = conversation;
		else if (i == 2 && c->err_fd >= 0)
			from = c->err_fd;
		else if (i > 2 && (size_t)(i - 3) < c->n_keep &&
			 c->keep[i - 3] >= 0)
			from = c->keep[i - 3];
		high[i] = fcntl(from, F_DUPFD_CLOEXEC, 2 * FD_FIRST_FREE);
		if (high[i] < 0)
			return -1;
	}
	for (i = 0; i < 3 + (int)c->n_keep; i++)
		if (dup2(high[i], i) < 0)
			return -1;
	return 0;
}

/* On a stack that no sanitizer knows. */
__attribute__((__no_sanitize_address__)) int
child_worker_main(void *arg)
{
	static char *none[] = {NULL};
	const struct child_worker *w = arg;
	const struct child *c = w->c;
	char *self[] = {(char *)c->path, NULL};
	sigset_t empty;
	int e, status;

	/* Without the process in the middle nobody keeps the deadline. */
	if (!c->outlive)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!raw_child_of(w->middle))
		_exit(126);
	reset_limits();
	limit_files(false);
	status = fcntl(w->exec_pipe, F_DUPFD_CLOEXEC, 4 * FD_FIRST_FREE);
	if (status < 0)
		_exit(126);
	if (lay_descriptors(c, w->conversation) == 0 &&
	    dup2(status, 3 + (int)c->n_keep) >= 0 &&
	    fcntl(3 + (int)c->n_keep, F_SETFD, FD_CLOEXEC) == 0) {
		status = 3 + (int)c->n_keep;
		raw_close_from(status + 1);
		limit_files(true);
		(void)umask(077);
		(void)sigemptyset(&empty);
		(void)sigprocmask(SIG_SETMASK, &empty, NULL);
		if (chdir("/") == 0 &&
		    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
			(void)execve(c->path, c->argv != NULL ? c->argv : self,
			    c->envp != NULL ? c->envp : none);
	}
	e = errno;
	(void)!write(status, &e, sizeof(e));
	_exit(127);
}
