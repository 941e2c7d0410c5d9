/* SPDX-License-Identifier: MIT */
/* The system calls that are taken away from tokenring-net, and those left. */
#include "../../helper/net_seccomp.c" /* no part of the front's */

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef HAVE_SECCOMP

/* In a child: the number of the line that did not hold. */
#define STEP(condition)                                                        \
	do {                                                                   \
		if (!(condition))                                              \
			return __LINE__;                                       \
	} while (0)
#define REFUSED(call)                                                          \
	do {                                                                   \
		errno = 0;                                                     \
		STEP((call) == -1 && errno == EPERM);                          \
	} while (0)

static const char kept[] = "kept"; /* in the working directory */
static pid_t other;

static bool
filtered(void)
{
	struct err err = ERR_INIT;

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       net_seccomp(&err) == 0;
}

static long
open_at(const char *path, int flags)
{
	return syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

static int
no_writing(void)
{
	struct stat st;

	STEP(filtered());
	REFUSED(open_at(kept, O_WRONLY));
	REFUSED(open_at(kept, O_RDWR));
	REFUSED(open_at(kept, O_RDONLY | O_TRUNC));
	REFUSED(open_at("new", O_RDONLY | O_CREAT));
	REFUSED(open_at(".", O_RDWR | O_TMPFILE));
#ifdef SYS_open
	REFUSED(syscall(SYS_open, kept, O_WRONLY));
	REFUSED(syscall(SYS_open, kept, O_RDWR));
	REFUSED(syscall(SYS_open, kept, O_RDONLY | O_TRUNC));
	REFUSED(syscall(SYS_open, "new", O_RDONLY | O_CREAT, 0600));
#endif
	REFUSED(syscall(SYS_unlinkat, AT_FDCWD, kept, 0));
	REFUSED(syscall(SYS_utimensat, AT_FDCWD, kept, NULL, 0));
	REFUSED(syscall(SYS_lsetxattr, kept, "user.a", "b", 1, 0));
	STEP(open_at(kept, O_RDONLY) >= 0);
	STEP(stat(kept, &st) == 0 && st.st_size == 4);
	return 0;
}

static int
no_others(void)
{
	struct rlimit few = {100, 100}, now;
	siginfo_t info = {.si_code = SI_QUEUE};

	STEP(filtered());
	REFUSED(syscall(SYS_kill, other, SIGTERM));
	REFUSED(syscall(SYS_tgkill, other, other, SIGTERM));
#if __SIZEOF_LONG__ > 4
	/* The kernel takes 32 bits, the filter sees 64. */
	REFUSED(syscall(SYS_tgkill, (long)getpid() | 1L << 32, other, SIGTERM));
#endif
	REFUSED(syscall(SYS_rt_sigqueueinfo, other, SIGTERM, &info));
	REFUSED(syscall(SYS_rt_tgsigqueueinfo, other, other, SIGTERM, &info));
	REFUSED(syscall(SYS_prlimit64, other, RLIMIT_NOFILE, &few, NULL));
	REFUSED(syscall(SYS_sched_setaffinity, other, sizeof(few), &few));
	REFUSED(syscall(SYS_ptrace, 16, other, NULL, NULL));
	REFUSED(syscall(SYS_clone, (long)SIGCHLD, NULL, NULL, NULL, 0L));
	STEP(syscall(SYS_tgkill, getpid(), getpid(), 0) == 0);
	STEP(getrlimit(RLIMIT_NOFILE, &now) == 0);
	STEP(setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) == 0);
	return 0;
}

static void *
work(void *arg)
{
	*(int *)arg = 1;
	return NULL;
}

static int
threads(void)
{
	pthread_t t;
	int done = 0;

	STEP(filtered());
	STEP(pthread_create(&t, NULL, work, &done) == 0);
	STEP(pthread_join(t, NULL) == 0 && done == 1);
	return 0;
}

static int
abortion(void)
{
	STEP(filtered());
	abort();
}

static int
ends(int (*child)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
set_up_files(void)
{
	FILE *f = fopen(kept, "w");

	assert_non_null(f);
	assert_true(fputs("kept", f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
files_stay_as_they_are(void **data)
{
	(void)data;
	set_up_files();
	assert_int_equal(ends(no_writing), 0);
	assert_int_equal(unlink(kept), 0);
	assert_int_equal(access("new", F_OK), -1);
}

static void
others_are_left_alone(void **data)
{
	int status;

	(void)data;
	other = fork();
	if (other == 0)
		_exit(pause());
	status = ends(no_others);
	assert_int_equal(waitpid(other, NULL, WNOHANG), 0);
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, NULL, 0), other);
	assert_int_equal(status, 0);
}

static void
threads_may_be_started(void **data)
{
	(void)data;
	assert_int_equal(ends(threads), 0);
}

/* A sandbox around us, or a kernel that has no room for filters. */
static bool
lose_filters(unsigned error)
{
	struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static unsigned outer_error;

static int
no_filters(void)
{
	struct err err = ERR_INIT;

	STEP(lose_filters(outer_error));
	STEP(net_seccomp(&err) == 0);
	return 0;
}

static int
a_bad_filter(void)
{
	struct err err = ERR_INIT;

	STEP(lose_filters(EFAULT));
	STEP(net_seccomp(&err) == ERR_INTERNAL);
	return 0;
}

static void
where_there_are_no_filters_it_goes_on(void **data)
{
	static const unsigned errors[] = {EINVAL, ENOSYS, EACCES, EPERM, 524};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		outer_error = errors[i];
		assert_int_equal(ends(no_filters), 0);
	}
	assert_int_equal(ends(a_bad_filter), 0);
}

static void
it_can_end_itself(void **data)
{
	int status = ends(abortion);

	(void)data;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_stay_as_they_are),
	    cmocka_unit_test(others_are_left_alone),
	    cmocka_unit_test(threads_may_be_started),
	    cmocka_unit_test(it_can_end_itself),
	    cmocka_unit_test(where_there_are_no_filters_it_goes_on),
	};

	/* valgrind would make its own calls under the filter. */
	if (getenv("VALGRIND") != NULL)
		return puts("[  PASSED  ] nothing: under valgrind") < 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int
main(void)
{
	return puts("[  PASSED  ] nothing: built without libseccomp") < 0;
}

#endif
