/* SPDX-License-Identifier: MIT */
/* Calls of the C library and of libpam that fail when it is their turn. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"

/* clang-format off */
#define CALL(type, name, parameters, arguments, e, failed)                     \
	__attribute__((__no_sanitize__("address"))) type name parameters       \
	{                                                                      \
		static type (*real) parameters;                                \
                                                                               \
		if (real == NULL)                                              \
			*(void **)&real = dlsym(RTLD_NEXT, #name);             \
		return FAULT(#name, e) ? (failed) : real arguments;       \
	}
/* clang-format on */

CALL(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), EIO, -1)
CALL(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), ENOSPC, -1)
CALL(
    ssize_t, recv, (int fd, void *to, size_t n, int f), (fd, to, n, f), EIO, -1)
CALL(ssize_t, send, (int fd, const void *p, size_t n, int f), (fd, p, n, f),
    ENOBUFS, -1)
CALL(int, dup2, (int fd, int to), (fd, to), EBADF, -1)
CALL(int, mkdirat, (int d, const char *p, mode_t m), (d, p, m), ENOSPC, -1)
CALL(int, fchmod, (int fd, mode_t m), (fd, m), EIO, -1)
CALL(int, unlinkat, (int d, const char *p, int f), (d, p, f), EIO, -1)
CALL(int, chdir, (const char *p), (p), EIO, -1)
CALL(void *, mmap, (void *p, size_t n, int pr, int f, int fd, off_t at),
    (p, n, pr, f, fd, at), ENOMEM, MAP_FAILED)
CALL(int, pam_get_user, (pam_handle_t * h, const char **u, const char *p),
    (h, u, p), ENOMEM, PAM_BUF_ERR)
CALL(int, pam_get_authtok,
    (pam_handle_t * h, int item, const char **t, const char *p),
    (h, item, t, p), ENOMEM, PAM_BUF_ERR)
CALL(int, pam_set_data,
    (pam_handle_t * h, const char *n, void *d,
	void (*end)(pam_handle_t *, void *, int)),
    (h, n, d, end), ENOMEM, PAM_BUF_ERR)
CALL(int, pam_putenv, (pam_handle_t * h, const char *nv), (h, nv), ENOMEM,
    PAM_BUF_ERR)

CALL(int, pam_set_item, (pam_handle_t * h, int item, const void *v),
    (h, item, v), ENOMEM, PAM_BUF_ERR)
CALL(int, pam_get_item, (const pam_handle_t *h, int item, const void **v),
    (h, item, v), ENOMEM, PAM_BUF_ERR)
CALL(int, pam_get_data,
    (const pam_handle_t *h, const char *name, const void **data),
    (h, name, data), ENOENT, PAM_NO_MODULE_DATA)
CALL(int, pam_fail_delay, (pam_handle_t * h, unsigned us), (h, us), EIO,
    PAM_SYSTEM_ERR)
CALL(int, fstatat, (int d, const char *p, struct stat *st, int f),
    (d, p, st, f), EIO, -1)
CALL(int, fstatfs, (int fd, struct statfs *fs), (fd, fs), EIO, -1)
CALL(int, fsync, (int fd), (fd), EIO, -1)
CALL(DIR *, fdopendir, (int fd), (fd), ENOMEM, NULL)
CALL(struct dirent *, readdir, (DIR * d), (d), EIO, NULL)
CALL(int, renameat, (int d, const char *p, int e, const char *q), (d, p, e, q),
    EIO, -1)
CALL(int, shutdown, (int fd, int how), (fd, how), EIO, -1)
CALL(int, nanosleep, (const struct timespec *t, struct timespec *rest),
    (t, rest), EINTR, -1)
CALL(int, sigprocmask, (int how, const sigset_t *to, sigset_t *was),
    (how, to, was), EINVAL, -1)
CALL(int, pthread_sigmask, (int how, const sigset_t *to, sigset_t *was),
    (how, to, was), EINVAL, EINVAL)
CALL(int, sigtimedwait,
    (const sigset_t *of, siginfo_t *got, const struct timespec *t),
    (of, got, t), EAGAIN, -1)
CALL(int, setrlimit, (__rlimit_resource_t r, const struct rlimit *to), (r, to),
    EPERM, -1)

/* The descriptor is gone all the same: close(2). */
int
close(int fd)
{
	int r = (int)syscall(SYS_close, fd);

	return FAULT("close", EIO) ? -1 : r;
}

int
closedir(DIR *d)
{
	static int (*real)(DIR *);
	int r;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "closedir");
	r = real(d);
	return FAULT("closedir", EIO) ? -1 : r;
}

/* Somebody else in the process has had it.  How often one looks without waiting
   differs from run to run, so the call that waits has a name of its own. */
pid_t
waitpid(pid_t pid, int *status, int options)
{
	static pid_t (*real)(pid_t, int *, int);
	bool lost =
	    FAULT((options & WNOHANG) != 0 ? "waitpid" : "wait", ECHILD);
	pid_t got;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "waitpid");
	got = real(
	    pid, lost ? NULL : status, lost ? options & ~WNOHANG : options);
	if (lost)
		errno = ECHILD;
	return lost ? -1 : got;
}

int
prctl(int option, ...)
{
	unsigned long arg[4];
	va_list ap;
	size_t i;

	va_start(ap, option);
	for (i = 0; i < 4; i++)
		arg[i] = va_arg(ap, unsigned long);
	va_end(ap);
	return FAULT("prctl", EINVAL) ? -1
				      : (int)syscall(SYS_prctl, option, arg[0],
					    arg[1], arg[2], arg[3]);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	return FAULT("memory", ENOMEM) ? NULL : realloc(p, n * size);
}

static mode_t
mode_of(int flags, va_list ap)
{
	return (flags & O_CREAT) != 0 ? (mode_t)va_arg(ap, int) : 0;
}

int
open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return FAULT("open", EMFILE)
		   ? -1
		   : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return FAULT("openat", EMFILE)
		   ? -1
		   : (int)syscall(SYS_openat, dir, path, flags, mode);
}

/* Of these only numbers and nothing are ever an argument. */
int
fcntl(int fd, int command, ...)
{
	va_list ap;
	long arg;

	va_start(ap, command);
	arg = va_arg(ap, long);
	va_end(ap);
	return FAULT("fcntl", EMFILE)
		   ? -1
		   : (int)syscall(SYS_fcntl, fd, command, arg);
}

/* The worker's; that in the middle is made by syscall(). */
int
clone(int (*function)(void *), void *stack, int flags, void *arg, ...)
{
	static int (*real)(int (*)(void *), void *, int, void *, ...);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clone");
	return FAULT("vfork", EAGAIN) ? -1 : real(function, stack, flags, arg);
}
