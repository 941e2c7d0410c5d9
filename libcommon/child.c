/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child_talk.h"
#include "child_worker.h"
#include "io.h"
#include "rawcall.h"

#define STACK 65536 /* bytes, for what is done before execve */

/* What the process in the middle reports of the worker. */
struct report {
	int exec_errno; /* 0: the worker was started */
	int status;     /* as from waitpid(2); "killed" while it is unknown */
	int timed_out;
};

/* Raw: the C library keeps 32 and 33 from sigaction(2), and a caller may have
   them ignored.  All zeros are SIG_DFL, no flags, an empty mask. */
static void
reset_signals(void)
{
	static const char standard[128];
	int i;

	for (i = 1; i < _NSIG; i++)
		(void)syscall(SYS_rt_sigaction, i, standard, NULL,
		    (size_t)(_NSIG - 1) / 8);
}

/*
 * As vfork(2) does it: the worker's process has our memory until it executes
 * the worker, and a stack of its own in it, so that a caller's memory is copied
 * once and not twice.  Until then we stand still, and can only be killed.
 */
static pid_t
start_worker(const struct child *c, int conversation, int exec_pipe)
{
	struct child_worker w = {c, conversation, exec_pipe, getpid()};
	char *stack = mmap(NULL, 2 * STACK, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	/* From its middle there is room whichever way a stack grows. */
	return stack == MAP_FAILED ? -1
				   : clone(child_worker_main, stack + STACK,
					 CLONE_VM | CLONE_VFORK | SIGCHLD, &w);
}

/*
 * Wait for the worker's end; SIGTERM (from the caller, or from the kernel when
 * the caller died) and the deadline end it early.  All signals are blocked
 * here, so sigtimedwait sees each.
 */
static void
watch_worker(const struct child *c, pid_t worker, struct report *report)
{
	struct timespec step;
	sigset_t both;
	int64_t left;
	pid_t got;

	(void)sigemptyset(&both);
	(void)sigaddset(&both, SIGCHLD);
	(void)sigaddset(&both, SIGTERM);
	for (;;) {
		got = waitpid(worker, &report->status, WNOHANG);
		if (got == worker || (got < 0 && errno != EINTR))
			return;
		left = 3600 * 1000;
		if (c->deadline != IO_FOREVER)
			left = c->deadline + CHILD_GRACE_MS - io_now_ms();
		if (left > 0) {
			step.tv_sec = left / 1000;
			step.tv_nsec = left % 1000 * 1000000;
			if (sigtimedwait(&both, NULL, &step) != SIGTERM)
				continue;
		} else
			report->timed_out = 1;
		(void)kill(worker, SIGKILL);
		while (waitpid(worker, &report->status, 0) < 0)
			if (errno != EINTR)
				break;
		return;
	}
}

/*
 * Was this program given more than its user has, or lowered itself for a while?
 * Then it may be root here, though its ids are his.
 */
static bool
may_be_root(uid_t real, uid_t saved)
{
	return (real == 0 || saved == 0 || getauxval(AT_SECURE) != 0) &&
	       syscall(SET_UID, 0, 0, 0) == 0;
}

/*
 * In a set-uid program the real user is whoever has started it, in one with
 * capabilities (capabilities(7)) the effective one too.  He must not be able to
 * signal or stop the worker, or to look into it; and Linux before 6.16 makes its
 * real user of a program that runs with no_new_privs and an effective user of 0,
 * but leaves it all capabilities.
 */
static bool
be_effective(void)
{
	uid_t ru, eu, su;
	gid_t rg, eg, sg;

	if (getresuid(&ru, &eu, &su) != 0 || getresgid(&rg, &eg, &sg) != 0)
		return false;
	if (eu != 0)
		return may_be_root(ru, su) || (ru == eu && su == eu) ||
		       syscall(SET_UID, eu, eu, eu) == 0;
	return syscall(SET_GID, eg, eg, eg) == 0 &&
	       syscall(SET_UID, 0, 0, 0) == 0;
}

/* In the process in the middle: never returns. */
static void
become_middle(
    const struct child *c, int conversation, int control, pid_t caller)
{
	struct report report = {0, SIGKILL, 0};
	int pipe_fd[2], e = 0;
	ssize_t n;
	pid_t worker;

	(void)setsid();
	reset_signals();
	if (!be_effective())
		_exit(1);
	/* A change of identity clears this: so only now.  While the worker is
	   on its way nothing less is heard. */
	if (!c->outlive)
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!raw_child_of(caller))
		_exit(1);
	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0) {
		report.exec_errno = errno;
	} else if ((worker = start_worker(c, conversation, pipe_fd[1])) < 0) {
		report.exec_errno = errno;
	} else {
		if (!c->outlive)
			(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
		if (!c->outlive && !raw_child_of(caller))
			(void)kill(getpid(), SIGTERM);
		/* Only the control channel: neither the caller's files nor an
		   end of the conversation may live on here. */
		(void)dup2(control, 0);
		(void)dup2(pipe_fd[0], 1);
		control = 0;
		raw_close_from(2);
		watch_worker(c, worker, &report);
		n = read(1, &e, sizeof(e));
		if (n != 0)
			report.exec_errno = n == sizeof(e) ? e : EIO;
	}
	(void)!write(control, &report, sizeof(report));
	_exit(0);
}

/* Read the middle's report; the worker may still be exiting, so wait. */
static int
read_report(int control, const struct child *c, struct report *report)
{
	struct pollfd p = {.fd = control, .events = POLLIN};
	int64_t limit = c->deadline;
	int r;

	if (limit != IO_FOREVER)
		limit += 2 * CHILD_GRACE_MS;
	do
		r = poll(&p, 1, io_poll_ms(limit));
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return -1;
	return recv(control, report, sizeof(*report), 0) == sizeof(*report)
		   ? 0
		   : -1;
}

static int
judge(const struct child *c, const struct report *r, struct err *err)
{
	const char *name = strrchr(c->path, '/') + 1;

	if (r->exec_errno != 0)
		return err_set(err, ERR_INTERNAL, "cannot start '%s': %s",
		    c->path, strerror(r->exec_errno));
	if (r->timed_out)
		return err_set(err, ERR_UNAVAIL, "%s: no answer in time", name);
	if (WIFSIGNALED(r->status))
		return err_set(err, ERR_INTERNAL, "%s was killed by signal %d",
		    name, WTERMSIG(r->status));
	if (!WIFEXITED(r->status) || WEXITSTATUS(r->status) != 0)
		return err_set(err, ERR_INTERNAL, "%s failed with status %d",
		    name, WEXITSTATUS(r->status));
	return 0;
}

static pid_t
start_middle(const struct child *c, int conversation[2], int control[2])
{
	sigset_t all, before;
	pid_t caller = getpid(), pid;
	int e;

	/* No handler of the caller's may run in the copy. */
	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return -1;
	pid = raw_fork(0);
	if (pid == 0)
		become_middle(c, conversation[1], control[1], caller);
	e = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = e;
	return pid;
}

int
child_run(const struct child *c, const struct secbuf *in, struct secbuf *out,
    struct err *err)
{
	struct report report = {0, SIGKILL, 0};
	CLEANUP_FD int ours = -1;
	CLEANUP_FD int theirs = -1;
	CLEANUP_FD int control = -1;
	CLEANUP_FD int middle_control = -1;
	int pair[2], control_pair[2], r;
	pid_t middle;

	if (c->path[0] != '/' || c->n_keep > CHILD_KEEP_MAX)
		return err_set(err, ERR_INTERNAL, "bad worker path");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(
		    err, ERR_INTERNAL, "socketpair: %s", strerror(errno));
	ours = pair[0];
	theirs = pair[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control_pair) <
	    0)
		return err_set(
		    err, ERR_INTERNAL, "socketpair: %s", strerror(errno));
	control = control_pair[0];
	middle_control = control_pair[1];
	middle = start_middle(c, pair, control_pair);
	if (middle < 0)
		return err_set(err, ERR_INTERNAL, "cannot start a process: %s",
		    strerror(errno));
	(void)close(TAKE_FD(theirs));
	(void)close(TAKE_FD(middle_control));
	r = c->talk != NULL ? c->talk(c->ctx, ours, c->deadline, in, out, err)
			    : child_talk(ours, c->deadline, in, out, err);
	if (r < 0)
		(void)kill(middle, SIGTERM);
	if (read_report(control, c, &report) < 0 && r == 0)
		r = err_set(
		    err, ERR_INTERNAL, "the process beside '%s' died", c->path);
	/* It has nothing to do any more; if it was stopped, it goes now. */
	(void)kill(middle, SIGKILL);
	while (waitpid(middle, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (r == 0 || report.exec_errno != 0)
		r = judge(c, &report, err);
	if (r < 0)
		secbuf_reset(out);
	return r;
}

int
child_trusted(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return err_set(err, ERR_CONFIG, "cannot use '%s': %s", path,
		    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG,
		    "cannot use '%s': it is not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(err, ERR_CONFIG,
		    "cannot use '%s': it belongs to uid %ld", path,
		    (long)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_CONFIG,
		    "cannot use '%s': others may write to it", path);
	return 0;
}
