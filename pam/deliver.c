/* SPDX-License-Identifier: MIT */
#include "deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache_place.h"
#include "io.h"
#include "lines.h"
#include "rawcall.h"

#ifndef REAP_MS
#define REAP_MS 200 /* for a child that was killed */
#endif
#define STEP_MS       5 /* at most; the first is much shorter */
#define STEP_FIRST_US 50

enum verdict { /* the child's one byte */
	DELIVERED = 1,
	NOT_THE_USER,
	NO_PLACE,
};

static bool
is_user(const struct subject *s)
{
	uid_t ru, eu, su;
	gid_t rg, eg, sg;

	return getresuid(&ru, &eu, &su) == 0 && ru == s->uid && eu == s->uid &&
	       su == s->uid && getresgid(&rg, &eg, &sg) == 0 && rg == s->gid &&
	       eg == s->gid && sg == s->gid;
}

/* Straight to the kernel (rawcall.h). */
static bool
become(const struct subject *s)
{
	if (geteuid() != 0)
		return getuid() == s->uid && geteuid() == s->uid;
	if (syscall(SET_GROUPS, (long)s->n_groups, s->groups) != 0 ||
	    syscall(SET_GID, s->gid, s->gid, s->gid) != 0 ||
	    syscall(SET_UID, s->uid, s->uid, s->uid) != 0)
		return false;
	/* And no way back. */
	return is_user(s) && syscall(SET_UID, -1, 0, -1) != 0;
}

/* In the child: system calls only, and never returns.  Nothing that the caller
   has open may stay so if the user holds the child up. */
static void
run(const struct subject *s, const struct cache_place *p, pid_t caller, int fd)
{
	char verdict = NOT_THE_USER;

	if (dup2(fd, 0) != 0)
		_exit(1);
	raw_close_from(1);
	(void)umask(077);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (become(s)) {
		/* A change of identity undoes the one and clears the other:
		   so only now. */
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		verdict = NO_PLACE;
		if (raw_child_of(caller) &&
		    cache_place_run(p) != CACHE_PLACED_NOWHERE)
			verdict = DELIVERED;
	}
	(void)!write(0, &verdict, 1);
	_exit(0);
}

/* As child.c does it: no handler of the caller's runs in the copy, and exit
   signal 0 keeps the child out of the caller's sight. */
static pid_t
start(const struct subject *s, const struct cache_place *p, int fd)
{
	sigset_t all, before;
	pid_t caller = getpid(), pid;
	int e;

	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return -1;
	pid = raw_fork(0);
	if (pid == 0)
		run(s, p, caller, fd);
	e = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = e;
	return pid;
}

/*
 * The user may hold the child up in the kernel, in a file system of his own
 * where his runtime directory should be, and not even SIGKILL ends that: so it
 * is waited for a while, and then left to whoever reaps the caller's children.
 */
static void
reap(pid_t pid)
{
	struct timespec step = {0, STEP_FIRST_US * 1000L};
	int64_t deadline = io_now_ms() + REAP_MS;

	(void)kill(pid, SIGKILL);
	/* It is at its end already, and takes another moment to be gone. */
	while (waitpid(pid, NULL, WNOHANG | __WALL) == 0 &&
	       io_now_ms() < deadline) {
		(void)nanosleep(&step, NULL);
		if (step.tv_nsec < STEP_MS * 1000000L / 2)
			step.tv_nsec *= 2;
	}
}

/* The child's verdict or its end is seen on the pipe; then it is reaped. */
static int
finish(pid_t pid, int fd, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t deadline = io_now_ms() + DELIVER_MS;
	char verdict = 0;
	int r;

	do
		r = poll(&p, 1, io_poll_ms(deadline));
	while (r < 0 && errno == EINTR);
	if (r > 0)
		(void)!read(fd, &verdict, 1);
	reap(pid);
	if (r <= 0)
		return err_set(err, ERR_INTERNAL, "it took too long");
	if (verdict == NOT_THE_USER)
		return err_set(
		    err, ERR_INTERNAL, "the process cannot become the user");
	if (verdict == NO_PLACE)
		return err_set(err, ERR_UNAVAIL,
		    "neither the kernel keyring nor a tmpfs takes it");
	return verdict == DELIVERED
		   ? 0
		   : err_set(err, ERR_INTERNAL, "the process died");
}

static int
prepare(struct cache_place *p, const struct subject *s, const char *fingerprint,
    const struct token *t, struct err *err)
{
	SECBUF text = SECBUF_INIT(CACHE_ENTRY_MAX);
	int64_t left = t->expires_at - (int64_t)time(NULL);
	int r;

	if (left <= 0)
		return err_set(err, ERR_UNAVAIL, "it has expired");
	r = token_message(t, &text, err);
	if (r == 0)
		r = cache_place_prepare(
		    p, fingerprint, s->uid, &text, left, err);
	return r;
}

int
deliver(const struct subject *s, const char *fingerprint, const struct token *t,
    struct err *err)
{
	CACHE_PLACE p = CACHE_PLACE_INIT;
	CLEANUP_FD int ours = -1;
	CLEANUP_FD int theirs = -1;
	int fd[2], r;
	pid_t pid;

	/* The user's directories are his: not entered unless they have to be. */
	p.leave_file = true;
	r = prepare(&p, s, fingerprint, t, err);
	if (r < 0)
		return r;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_set(err, ERR_INTERNAL, "pipe: %s", strerror(errno));
	ours = fd[0];
	theirs = fd[1];
	pid = start(s, &p, theirs);
	if (pid < 0)
		return err_set(err, ERR_INTERNAL, "cannot start a process: %s",
		    strerror(errno));
	(void)close(TAKE_FD(theirs));
	return finish(pid, ours, err);
}
