/* SPDX-License-Identifier: MIT */
/* Calls of the C library and of libpam that fail when it is their turn. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"

/* clang-format off */
#define CALL(type, name, parameters, arguments, e, failed)                     \
	type name parameters                                                   \
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
