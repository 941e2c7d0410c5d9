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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cache_place.h"
#include "io.h"
#include "lines.h"

/* The 32-bit calls of old cut ids down to 16 bits. */
#ifdef SYS_setresuid32
#define SET_GROUPS SYS_setgroups32
#define SET_GID    SYS_setresgid32
#define SET_UID    SYS_setresuid32
#else
#define SET_GROUPS SYS_setgroups
#define SET_GID    SYS_setresgid
#define SET_UID    SYS_setresuid
#endif

enum outcome { /* the child's exit status */
	DELIVERED = 0,
	NOT_THE_USER = 20,
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

/*
 * Straight to the kernel: the C library's setresuid wants the same of all
 * threads, and waits for those that the caller has and this child has not.
 */
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

/* In the child: system calls only, and never returns. */
static void
run(const struct subject *s, const struct cache_place *p, pid_t caller, int fd)
{
	int status = NOT_THE_USER;

	(void)umask(077);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (become(s)) {
		/* A change of identity clears this: so only now. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (getppid() != caller)
			_exit(NO_PLACE);
		status = cache_place_run(p) == CACHE_PLACED_NOWHERE ? NO_PLACE
								    : DELIVERED;
	}
	(void)!write(fd, "", 1);
	_exit(status);
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
	pid = (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
	if (pid == 0)
		run(s, p, caller, fd);
	e = errno;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = e;
	return pid;
}

/* The child's last word or its end is seen on the pipe; then it is reaped. */
static int
finish(pid_t pid, int fd, struct err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t deadline = io_now_ms() + DELIVER_MS;
	int r, status = 0;

	do
		r = poll(&p, 1, io_poll_ms(deadline));
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return err_set(
			    err, ERR_INTERNAL, "waitpid: %s", strerror(errno));
	if (r <= 0)
		return err_set(err, ERR_INTERNAL, "it took too long");
	if (WIFSIGNALED(status))
		return err_set(err, ERR_INTERNAL,
		    "the process was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == NOT_THE_USER)
		return err_set(
		    err, ERR_INTERNAL, "the process cannot become the user");
	if (WEXITSTATUS(status) != DELIVERED)
		return err_set(err, ERR_UNAVAIL,
		    "neither the kernel keyring nor a tmpfs takes it");
	return 0;
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
	r = lines_begin(&text, err);
	if (r == 0)
		r = token_write(t, &text, err);
	if (r == 0)
		r = lines_end(&text, err);
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
