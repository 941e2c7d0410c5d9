/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Shared with forked children, whose calls count and fail like ours. */
static struct shared {
	int countdown;
	bool hit;
} * shared;

__attribute__((__constructor__)) static void
share(void)
{
	void *p = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	shared = p;
}

void
faults_arm(int nth)
{
	shared->countdown = nth;
	if (nth > 0)
		shared->hit = false;
}

int
faults_pause(void)
{
	int left = shared->countdown;

	shared->countdown = 0;
	return left;
}

void
faults_resume(int left)
{
	shared->countdown = left;
}

bool
faults_hit(void)
{
	return shared->hit;
}

static bool
now(int e)
{
	if (shared == NULL || shared->countdown == 0 || --shared->countdown > 0)
		return false;
	shared->hit = true;
	errno = e;
	return true;
}

/* A sanitizer has its own allocator, which may not be replaced. */
#if !defined(__SANITIZE_ADDRESS__)
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

void *
malloc(size_t n)
{
	return now(ENOMEM) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return now(ENOMEM) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return now(ENOMEM) ? NULL : __libc_realloc(p, n);
}
#endif

int
socketpair(int domain, int type, int protocol, int fd[2])
{
	return now(EMFILE)
		   ? -1
		   : (int)syscall(SYS_socketpair, domain, type, protocol, fd);
}

int
pipe2(int fd[2], int flags)
{
	return now(EMFILE) ? -1 : (int)syscall(SYS_pipe2, fd, flags);
}

ssize_t
getrandom(void *to, size_t n, unsigned flags)
{
	return now(ENOSYS) ? -1 : syscall(SYS_getrandom, to, n, flags);
}

static void
limit(int resource, rlim_t soft)
{
	struct rlimit r;

	(void)getrlimit(resource, &r);
	r.rlim_cur = soft;
	(void)setrlimit(resource, &r);
}

/* Holds the allocator's lock as often as one thread can. */
static void *
allocate(void *arg)
{
	for (;;)
		free(malloc(70000));
	return arg;
}

bool
faults_hostile(const char *what)
{
	sigset_t set;
	pthread_t thread;

	if (strcmp(what, "chld-ignored") == 0)
		(void)signal(SIGCHLD, SIG_IGN);
	else if (strcmp(what, "chld-blocked") == 0) {
		(void)sigemptyset(&set);
		(void)sigaddset(&set, SIGCHLD);
		(void)sigprocmask(SIG_BLOCK, &set, NULL);
	} else if (strcmp(what, "fsize") == 0)
		limit(RLIMIT_FSIZE, 0);
	else if (strcmp(what, "nofile") == 0)
		limit(RLIMIT_NOFILE, 5);
	else if (strcmp(what, "nproc") == 0)
		limit(RLIMIT_NPROC, 0);
	else if (strcmp(what, "threads") == 0)
		return pthread_create(&thread, NULL, allocate, NULL) == 0;
	else
		return false;
	return true;
}

static const struct kernel_call {
	const char *name;
	long number, operation; /* of SYS_keyctl, else -1 */
} kernel_calls[] = {
    {"add_key", SYS_add_key, -1},
    {"link", SYS_keyctl, KEYCTL_LINK},
    {"set_timeout", SYS_keyctl, KEYCTL_SET_TIMEOUT},
    {"setperm", SYS_keyctl, KEYCTL_SETPERM},
    {"clone", SYS_clone, -1},
    {"setgroups", SYS_setgroups, -1},
    {"setresgid", SYS_setresgid, -1},
    {"setresuid", SYS_setresuid, -1},
};

static const struct kernel_call *failing[8];
static bool lies[8];
static size_t n_failing;

bool
faults_kernel(const char *name, bool lie)
{
	size_t i;

	for (i = 0; i < sizeof(kernel_calls) / sizeof(kernel_calls[0]); i++)
		if (strcmp(kernel_calls[i].name, name) == 0 && n_failing < 8) {
			lies[n_failing] = lie;
			failing[n_failing++] = &kernel_calls[i];
			return true;
		}
	return false;
}

long
syscall(long number, ...)
{
	static long (*real)(long, ...);
	long arg[6];
	va_list ap;
	size_t i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	for (i = 0; i < n_failing; i++)
		if (failing[i]->number == number &&
		    (failing[i]->operation < 0 ||
			failing[i]->operation == arg[0])) {
			errno = EDQUOT;
			return lies[i] ? 0 : -1;
		}
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
