/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Shared with forked children, whose calls count and fail like ours. */
static struct shared {
	int countdown; /* 0: nothing fails */
	char name[24]; /* of the function that does */
	bool hit, module_only;
	pid_t caller; /* the last who made a pair of sockets */
	int dumpable; /* who added a key, plus 1; 0: nobody did */
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
faults_arm(const char *name, int nth, bool module_only)
{
	(void)snprintf(shared->name, sizeof(shared->name), "%s", name);
	shared->countdown = nth;
	shared->module_only = module_only;
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

int
faults_dumpable(void)
{
	int seen = shared->dumpable;

	shared->dumpable = 0;
	return seen - 1;
}

static bool
module_called(const void *from)
{
	Dl_info info;

	return dladdr(from, &info) != 0 && info.dli_fname != NULL &&
	       strstr(info.dli_fname, "/pam_sainet.so") != NULL;
}

/* Also asked by what a sanitizer calls before its memory is there. */
__attribute__((__no_sanitize__("address"))) bool
faults_now(const char *name, int e, const void *from)
{
	if (shared == NULL || shared->countdown == 0 ||
	    strcmp(shared->name, name) != 0 ||
	    (shared->module_only && !module_called(from)) ||
	    __atomic_fetch_sub(&shared->countdown, 1, __ATOMIC_SEQ_CST) != 1)
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
	return FAULT("memory", ENOMEM) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return FAULT("memory", ENOMEM) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return FAULT("memory", ENOMEM) ? NULL : __libc_realloc(p, n);
}
#endif

/* What faults_hostile has switched on, of those that are calls. */
static struct {
	bool no_parent, orphan, held_exec, held_exit, held_key, undumped;
	bool stopped_exec, no_random, no_ticket, no_poll;
	pid_t drive;
} hostile;

int
socketpair(int domain, int type, int protocol, int fd[2])
{
	shared->caller = getpid();
	return FAULT("socketpair", EMFILE)
		   ? -1
		   : (int)syscall(SYS_socketpair, domain, type, protocol, fd);
}

int
pipe2(int fd[2], int flags)
{
	return FAULT("pipe2", EMFILE) ? -1 : (int)syscall(SYS_pipe2, fd, flags);
}

/* As with a limit on descriptors that was lowered on the way. */
int
poll(struct pollfd *p, nfds_t n, int ms)
{
	if (hostile.no_poll) {
		errno = EINVAL;
		return -1;
	}
	return FAULT("poll", ENOMEM) ? -1 : (int)syscall(SYS_poll, p, n, ms);
}

ssize_t
getrandom(void *to, size_t n, unsigned flags)
{
	if (FAULT("getrandom", ENOSYS))
		return -1;
	/* Less than was asked for, as a signal may leave it. */
	if (hostile.no_random || (hostile.no_ticket && n == 16))
		n = 1;
	return syscall(SYS_getrandom, to, n, flags);
}

/* For longer than anything here waits, and not for ever: a guard that is
   missing leaves nobody behind either. */
static void __attribute__((__noreturn__)) stay(void)
{
	const struct timespec step = {20, 0};

	(void)nanosleep(&step, NULL);
	(void)syscall(SYS_exit_group, 99);
	abort();
}

pid_t
getppid(void)
{
	if (hostile.no_parent && getpid() != hostile.drive)
		return 0;
	return (pid_t)syscall(SYS_getppid);
}

/* The caller dies before its child has asked to be told of that. */
pid_t
setsid(void)
{
	if (hostile.orphan) {
		(void)kill(shared->caller, SIGKILL);
		while (syscall(SYS_getppid) == shared->caller)
			(void)sched_yield();
	}
	return FAULT("setsid", EPERM) ? -1 : (pid_t)syscall(SYS_setsid);
}

/* The caller dies while its worker is held up on its way. */
int
execve(const char *path, char *const argv[], char *const envp[])
{
	if (hostile.held_exec)
		(void)kill(shared->caller, SIGKILL);
	if (hostile.held_exec || hostile.stopped_exec)
		stay();
	return FAULT("execve", ENOMEM)
		   ? -1
		   : (int)syscall(SYS_execve, path, argv, envp);
}

void
_exit(int status)
{
	if (hostile.held_exit && getpid() != hostile.drive)
		stay();
	(void)syscall(SYS_exit_group, status);
	abort();
}

/* Who waits for a file system of its user's is not even killed. */
int
kill(pid_t pid, int number)
{
	return FAULT("kill", EPERM) ? -1
	       : hostile.held_key   ? 0
				    : (int)syscall(SYS_kill, pid, number);
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

	hostile.drive = getpid();
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
	else if (strcmp(what, "no-parent") == 0)
		hostile.no_parent = true;
	else if (strcmp(what, "orphan") == 0)
		hostile.orphan = true;
	else if (strcmp(what, "no-random") == 0)
		hostile.no_random = true;
	else if (strcmp(what, "no-ticket") == 0)
		hostile.no_ticket = true;
	else if (strcmp(what, "held-exec") == 0)
		hostile.held_exec = true;
	else if (strcmp(what, "no-poll") == 0)
		hostile.no_poll = true;
	else if (strcmp(what, "stopped-exec") == 0)
		hostile.stopped_exec = true;
	else if (strcmp(what, "held-exit") == 0)
		hostile.held_exit = true;
	else if (strcmp(what, "held-key") == 0)
		hostile.held_key = true;
	else if (strcmp(what, "undumped") == 0)
		hostile.undumped = true;
	else if (strcmp(what, "real-user") == 0)
		return syscall(SYS_setresuid, 1005, 0, 0) == 0;
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

/* What a kernel does with suid_dumpable=1, and what then can be seen. */
static void
around(long number)
{
	if (number == SYS_add_key && hostile.held_key)
		stay();
	if (number == SYS_add_key && hostile.undumped)
		shared->dumpable = 1 + prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	if (number == SYS_setresuid && hostile.undumped)
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* It reads six arguments, also where fewer were given. */
__attribute__((__no_sanitize__("address"))) long
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
	for (i = 0; i < sizeof(kernel_calls) / sizeof(kernel_calls[0]); i++)
		if (kernel_calls[i].number == number &&
		    (kernel_calls[i].operation < 0 ||
			kernel_calls[i].operation == arg[0]) &&
		    FAULT(kernel_calls[i].name, EDQUOT))
			return -1;
	for (i = 0; i < n_failing; i++)
		if (failing[i]->number == number &&
		    (failing[i]->operation < 0 ||
			failing[i]->operation == arg[0])) {
			errno = EDQUOT;
			return lies[i] ? 0 : -1;
		}
	around(number);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	return real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
