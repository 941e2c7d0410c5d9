/* SPDX-License-Identifier: MIT */
/* Descriptors: limits, deadlines, interruptions, and files of every kind. */
#include "io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"

#define FAR 60000 /* ms: a deadline that nothing here comes near */
#define BIG 300000

static char top[256];
static int dir = -1, open_before;
static int empty_reads, tell_fd = -1;

/* Ours, so that a reader that spins on an empty descriptor is seen. */
ssize_t
read(int fd, void *to, size_t len)
{
	ssize_t n = syscall(SYS_read, fd, to, len);
	int e = errno;

	if (n < 0 && e == EAGAIN) {
		empty_reads++;
		if (tell_fd >= 0)
			(void)!write(tell_fd, "x", 1);
	}
	errno = e;
	return n;
}

static int
count_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static int
setup(void **data)
{

	(void)data;
	if (!scratch_make(top, sizeof(top)))
		return -1;
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	open_before = count_open();
	return dir < 0;
}

/* Whatever was tried: no descriptor and no temporary file is left. */
static int
teardown(void **data)
{
	struct dirent *e;
	DIR *d = opendir(top);
	int left = 0, leaked = count_open() - 1 - open_before;

	(void)data;
	while ((e = readdir(d)) != NULL)
		left += strstr(e->d_name, ".new") != NULL;
	(void)closedir(d);
	(void)close(dir);
	(void)scratch_remove(top);
	return left != 0 || leaked != 0 ? -1 : 0;
}

static void
make_file(const char *name, const char *text, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(close(fd), 0);
}

static void
deadlines_become_timeouts(void **data)
{
	int64_t now = io_now_ms();

	(void)data;
	assert_true(now > 0);
	assert_true(io_now_ms() >= now);
	assert_int_equal(io_poll_ms(IO_FOREVER), -1);
	assert_int_equal(io_poll_ms(now - 1), 0);
	assert_int_equal(io_poll_ms(now), 0);
	assert_int_equal(io_poll_ms(0), 0);
	assert_int_equal(io_poll_ms(INT64_MIN / 2), 0);
	assert_int_equal(io_poll_ms(IO_FOREVER - 1), INT_MAX);
	assert_true(io_poll_ms(now + FAR) <= FAR);
	assert_true(io_poll_ms(now + FAR) > 0);
}

static void
reads_to_the_end_and_no_further(void **data)
{
	static const size_t limits[] = {1, 10, 4095, 4096, 4097, 8192, 20000};
	char bytes[20001];
	struct err err = ERR_INIT;
	size_t i, extra;
	int p[2], r;

	(void)data;
	memset(bytes, '\0', sizeof(bytes));
	bytes[0] = 'a';
	for (i = 0; i < 2 * sizeof(limits) / sizeof(limits[0]); i++) {
		SECBUF b = SECBUF_INIT(limits[i / 2] + 3);

		extra = i % 2;
		assert_int_equal(secbuf_addstr(&b, "abc"), 0);
		assert_int_equal(pipe(p), 0);
		assert_int_equal(write(p[1], bytes, limits[i / 2] + extra),
		    limits[i / 2] + extra);
		(void)close(p[1]);
		r = io_read_end(
		    p[0], &b, i % 3 ? io_now_ms() + FAR : IO_FOREVER, &err);
		(void)close(p[0]);
		assert_int_equal(r, extra ? ERR_PROTOCOL : 0);
		if (r == 0) {
			assert_int_equal(b.len, limits[i / 2] + 3);
			assert_memory_equal(b.ptr, "abca", 4);
		} else {
			assert_int_equal(err.code, ERR_PROTOCOL);
		}
	}
}

static void
silence_ends_at_the_deadline(void **data)
{
	SECBUF b = SECBUF_INIT(100);
	struct err err = ERR_INIT;
	int p[2];

	(void)data;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(
	    io_read_end(p[0], &b, io_now_ms() + 50, &err), ERR_UNAVAIL);
	assert_string_equal(err.msg, "no answer in time");
	/* Something, and then nothing: not an end. */
	assert_int_equal(write(p[1], "half", 4), 4);
	assert_int_equal(
	    io_read_end(p[0], &b, io_now_ms() + 50, &err), ERR_UNAVAIL);
	/* What is whole already is taken even after the deadline. */
	secbuf_reset(&b);
	assert_int_equal(write(p[1], "late", 4), 4);
	(void)close(p[1]);
	assert_int_equal(io_read_end(p[0], &b, io_now_ms() - 1, &err), 0);
	assert_string_equal(b.ptr, "late");
	(void)close(p[0]);
}

static void
bad_descriptors_are_internal(void **data)
{
	SECBUF b = SECBUF_INIT(100);
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(io_read_end(-1, &b, IO_FOREVER, &err), ERR_INTERNAL);
	assert_int_equal(io_read_end(dir, &b, IO_FOREVER, &err), ERR_INTERNAL);
	assert_int_equal(io_write(-1, "x", 1, &err), ERR_INTERNAL);
	assert_int_equal(io_write(-1, "", 0, &err), 0);
	assert_int_equal(io_write(dir, "x", 1, &err), ERR_INTERNAL);
}

/* A reader of a descriptor that somebody made non-blocking waits all the same,
   and does not burn the processor meanwhile. */
static void
nonblocking_input_is_waited_for(void **data)
{
	SECBUF b = SECBUF_INIT(100);
	struct err err = ERR_INIT;
	int p[2], cue[2], status;
	char c;
	pid_t pid;

	(void)data;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(pipe(cue), 0);
	assert_int_equal(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(cue[1], F_SETFL, O_NONBLOCK), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(p[0]);
		(void)close(cue[1]);
		/* Once it has met emptiness, or has seen it coming. */
		(void)!syscall(SYS_read, cue[0], &c, 1);
		_exit(write(p[1], "whole", 5) == 5 ? 0 : 1);
	}
	(void)close(p[1]);
	empty_reads = 0;
	tell_fd = cue[1];
	(void)!write(cue[1], "x", 1);
	assert_int_equal(io_read_end(p[0], &b, IO_FOREVER, &err), 0);
	tell_fd = -1;
	assert_string_equal(b.ptr, "whole");
	assert_in_range(empty_reads, 0, 3);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)close(p[0]);
	(void)close(cue[0]);
	(void)close(cue[1]);
}

static volatile sig_atomic_t ticks, ticking;

/* One after the other, so that there is progress however slow we are. */
static void
on_alarm(int sig)
{
	struct itimerval t = {{0, 0}, {0, 300}};

	(void)sig;
	ticks++;
	if (ticking)
		(void)setitimer(ITIMER_REAL, &t, NULL);
}

static void
start_ticks(bool on)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	struct itimerval none = {{0, 0}, {0, 0}};

	ticking = on;
	assert_int_equal(sigaction(SIGALRM, &sa, NULL), 0);
	if (on)
		assert_int_equal(raise(SIGALRM), 0);
	else
		assert_int_equal(setitimer(ITIMER_REAL, &none, NULL), 0);
}

/* The other end of a conversation: copies until its input ends, slowly. */
static pid_t
start_copier(int in, int out, int not_its)
{
	char c[512];
	pid_t pid = fork();
	ssize_t n;

	if (pid != 0)
		return pid;
	(void)close(not_its);
	while ((n = syscall(SYS_read, in, c, sizeof(c))) > 0)
		if (write(out, c, (size_t)n) != n)
			_exit(1);
	_exit(0);
}

static void
interruptions_are_unseen(void **data)
{
	SECBUF b = SECBUF_INIT(BIG);
	struct err err = ERR_INIT;
	static char bytes[BIG];
	int in[2], file, status;
	pid_t pid;

	(void)data;
	memset(bytes, 'i', sizeof(bytes));
	assert_int_equal(pipe(in), 0);
	file = openat(dir, "copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0);
	pid = start_copier(in[0], file, in[1]);
	assert_true(pid > 0);
	(void)close(in[0]);
	start_ticks(true);
	assert_int_equal(io_write(in[1], bytes, sizeof(bytes), &err), 0);
	start_ticks(false);
	(void)close(in[1]);
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_int_equal(status, 0);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(io_read_end(file, &b, IO_FOREVER, &err), 0);
	assert_int_equal(b.len, BIG);
	assert_memory_equal(b.ptr, bytes, BIG);
	(void)close(file);
}

static void
interrupted_waits_go_on(void **data)
{
	SECBUF b = SECBUF_INIT(100);
	struct err err = ERR_INIT;
	int p[2];

	(void)data;
	assert_int_equal(pipe(p), 0);
	ticks = 0;
	start_ticks(true);
	assert_int_equal(
	    io_read_end(p[0], &b, io_now_ms() + 100, &err), ERR_UNAVAIL);
	start_ticks(false);
	assert_true(ticks > 0);
	(void)close(p[0]);
	(void)close(p[1]);
}

static void
nobody_listens(void **data)
{
	struct err err = ERR_INIT;
	int p[2], full;

	(void)data;
	/* On a socket SIGPIPE must not come: its disposition is the default. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	(void)close(p[0]);
	assert_int_equal(io_write(p[1], "x", 1, &err), ERR_UNAVAIL);
	assert_int_equal(err.code, ERR_UNAVAIL);
	(void)close(p[1]);
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(p), 0);
	(void)close(p[0]);
	assert_int_equal(io_write(p[1], "x", 1, &err), ERR_UNAVAIL);
	(void)close(p[1]);
	(void)signal(SIGPIPE, SIG_DFL);
	full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(full >= 0);
	assert_int_equal(io_write(full, "x", 1, &err), ERR_INTERNAL);
	(void)close(full);
}

static void
make_kinds(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	char text[65];
	int s;

	memset(text, 't', sizeof(text));
	make_file("at-limit", text, 64);
	make_file("beyond", text, 65);
	make_file("empty", "", 0);
	make_file("bytes", "a\0b", 3);
	make_file("secret", "x", 1);
	assert_int_equal(fchmodat(dir, "secret", 0, 0), 0);
	assert_int_equal(mkdirat(dir, "sub", 0700), 0);
	make_file("sub/file", "inner", 5);
	assert_int_equal(mkfifoat(dir, "fifo", 0600), 0);
	assert_int_equal(symlinkat("bytes", dir, "link"), 0);
	assert_int_equal(symlinkat("nowhere", dir, "dangling"), 0);
	assert_int_equal(symlinkat("loop", dir, "loop"), 0);
	assert_int_equal(symlinkat("sub", dir, "sublink"), 0);
	assert_int_equal(symlinkat("fifo", dir, "fifolink"), 0);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(
	    a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/socket", dir);
	assert_int_equal(bind(s, (struct sockaddr *)&a, sizeof(a)), 0);
	(void)close(s);
}

/* clang-format off */
static const struct {
	const char *name;
	int file, named; /* what io_read_file and io_read_named say */
	size_t len;
} kinds[] = {
	{"at-limit", 0, 0, 64},
	{"beyond", ERR_CONFIG, ERR_CONFIG, 0},
	{"empty", 0, 0, 0},
	{"bytes", 0, 0, 3},
	{"missing", ERR_NOTFOUND, ERR_CONFIG, 0},
	{"missing/file", ERR_NOTFOUND, ERR_CONFIG, 0},
	{"bytes/file", ERR_NOTFOUND, ERR_CONFIG, 0},
	{"sub", ERR_CONFIG, ERR_CONFIG, 0},
	{"sub/file", 0, 0, 5},
	{"sublink/file", 0, 0, 5}, /* only the last component counts */
	{"sublink", ERR_CONFIG, ERR_CONFIG, 0},
	{"link", ERR_CONFIG, 0, 3},
	{"dangling", ERR_CONFIG, ERR_CONFIG, 0},
	{"loop", ERR_CONFIG, ERR_CONFIG, 0},
	{"fifo", ERR_CONFIG, ERR_CONFIG, 0},
	{"fifolink", ERR_CONFIG, ERR_CONFIG, 0},
	{"socket", ERR_CONFIG, ERR_CONFIG, 0},
	{"/dev/null", ERR_CONFIG, ERR_CONFIG, 0},
	{"", ERR_NOTFOUND, ERR_CONFIG, 0},
};
/* clang-format on */

static void
files_of_every_kind(void **data)
{
	char path[512];
	size_t i;
	int r;

	(void)data;
	make_kinds();
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		SECBUF b = SECBUF_INIT(64);
		struct err err = ERR_INIT;

		r = io_read_file(dir, kinds[i].name, &b, &err);
		if (r != kinds[i].file)
			fail_msg("file '%s': %d", kinds[i].name, r);
		assert_int_equal(err.code, r);
		if (r == 0)
			assert_int_equal(b.len, kinds[i].len);
		secbuf_reset(&b);
		err.code = 0;
		(void)snprintf(path, sizeof(path), "%s%s%s",
		    kinds[i].name[0] == '/' || kinds[i].name[0] == '\0' ? ""
									: top,
		    kinds[i].name[0] == '/' ? "" : "/", kinds[i].name);
		r = io_read_named(
		    kinds[i].name[0] != '\0' ? path : "", &b, &err);
		if (r != kinds[i].named)
			fail_msg("named '%s': %d", kinds[i].name, r);
		assert_int_equal(err.code, r);
	}
}

static void
unreadable_file(void **data)
{
	SECBUF b = SECBUF_INIT(64);
	struct err err = ERR_INIT;
	char path[512];

	(void)data;
	if (geteuid() == 0)
		skip(); /* root reads everything */
	assert_int_equal(io_read_file(dir, "secret", &b, &err), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "secret"));
	(void)snprintf(path, sizeof(path), "%s/secret", top);
	assert_int_equal(io_read_named(path, &b, &err), ERR_CONFIG);
}

static void
link_is_named_as_such(void **data)
{
	SECBUF b = SECBUF_INIT(64);
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(io_read_file(dir, "link", &b, &err), ERR_CONFIG);
	assert_string_equal(
	    err.msg, "cannot open 'link': it is a symbolic link");
	assert_int_equal(b.len, 0);
}

static void
expect_file(const char *name, const char *text, size_t len)
{
	SECBUF b = SECBUF_INIT(BIG);
	struct err err = ERR_INIT;
	struct stat st;

	assert_int_equal(io_read_file(dir, name, &b, &err), 0);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.ptr, text, len);
	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
replaces_whole_files(void **data)
{
	struct err err = ERR_INIT;
	char name[NAME_MAX + 2];
	mode_t before;

	(void)data;
	before = umask(0);
	assert_int_equal(io_replace_file(dir, "new", "a\0b", 3, &err), 0);
	(void)umask(before);
	expect_file("new", "a\0b", 3);
	assert_int_equal(io_replace_file(dir, "new", "", 0, &err), 0);
	expect_file("new", "", 0);
	assert_int_equal(fchmodat(dir, "new", 0666, 0), 0);
	assert_int_equal(io_replace_file(dir, "new", "mine", 4, &err), 0);
	expect_file("new", "mine", 4);
	/* A link is replaced, what it points to is not touched. */
	make_file("target", "theirs", 6);
	assert_int_equal(symlinkat("target", dir, "trap"), 0);
	assert_int_equal(io_replace_file(dir, "trap", "ours", 4, &err), 0);
	expect_file("trap", "ours", 4);
	expect_file("target", "theirs", 6);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(
	    io_replace_file(dir, name, "x", 1, &err), ERR_INTERNAL);
	assert_int_equal(io_replace_file(-1, "x", "x", 1, &err), ERR_INTERNAL);
}

/* What cannot be replaced: told as that, whatever `err` held before. */
static void
failed_replacement_leaves_nothing(void **data)
{
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(mkdirat(dir, "is-dir", 0700), 0);
	assert_int_equal(
	    io_replace_file(dir, "is-dir", "x", 1, &err), ERR_INTERNAL);
	assert_non_null(strstr(err.msg, "cannot write 'is-dir'"));
	(void)err_set(&err, ERR_NOTFOUND, "an older story");
	assert_int_equal(
	    io_replace_file(dir, "is-dir", "x", 1, &err), ERR_INTERNAL);
	assert_int_equal(err.code, ERR_INTERNAL);
	assert_non_null(strstr(err.msg, "cannot write 'is-dir'"));
}

static void
full_disk_keeps_the_old(void **data)
{
	struct rlimit before, small;
	struct err err = ERR_INIT;
	static char bytes[BIG];
	int r;

	(void)data;
	assert_int_equal(io_replace_file(dir, "kept", "old", 3, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1000;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	r = io_replace_file(dir, "kept", bytes, sizeof(bytes), &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(r, ERR_INTERNAL);
	expect_file("kept", "old", 3);
}

/* A reader beside a writer sees one of the two texts, whole, always. */
static void
readers_see_whole_files(void **data)
{
	static char one[BIG], two[20];
	struct err err = ERR_INIT;
	int i, status;
	pid_t pid;

	(void)data;
	memset(one, '1', sizeof(one));
	memset(two, '2', sizeof(two));
	assert_int_equal(
	    io_replace_file(dir, "live", two, sizeof(two), &err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (i = 0; i < 100; i++)
			if (io_replace_file(
				dir, "live", one, sizeof(one), &err) < 0 ||
			    io_replace_file(
				dir, "live", two, sizeof(two), &err) < 0)
				_exit(1);
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		SECBUF b = SECBUF_INIT(BIG);

		assert_int_equal(io_read_file(dir, "live", &b, &err), 0);
		assert_true(b.len == sizeof(one) || b.len == sizeof(two));
		assert_int_equal(b.ptr[0], b.ptr[b.len - 1]);
	}
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(deadlines_become_timeouts),
	    cmocka_unit_test(reads_to_the_end_and_no_further),
	    cmocka_unit_test(silence_ends_at_the_deadline),
	    cmocka_unit_test(bad_descriptors_are_internal),
	    cmocka_unit_test(nonblocking_input_is_waited_for),
	    cmocka_unit_test(interruptions_are_unseen),
	    cmocka_unit_test(interrupted_waits_go_on),
	    cmocka_unit_test(nobody_listens),
	    cmocka_unit_test(files_of_every_kind),
	    cmocka_unit_test(unreadable_file),
	    cmocka_unit_test(link_is_named_as_such),
	    cmocka_unit_test(replaces_whole_files),
	    cmocka_unit_test(failed_replacement_leaves_nothing),
	    cmocka_unit_test(full_disk_keeps_the_old),
	    cmocka_unit_test(readers_see_whole_files),
	};

	return cmocka_run_group_tests_name("io", tests, setup, teardown);
}
