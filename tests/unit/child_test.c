/* SPDX-License-Identifier: MIT */
/*
 * Workers, and callers of every kind around them.  This program is its own
 * worker: "child_test worker MODE".  What disturbs a whole process (limits,
 * closed descriptors, threads) is done in a forked copy of this one.
 */
#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "io.h"
#include "scratch.h"

#define SPIN_MS 60000
#define FAR     60000 /* ms: a deadline that nothing here comes near */
#define MIB     (1 << 20)
#define STEP(c)                                                                \
	do {                                                                   \
		if (!(c))                                                      \
			return __LINE__;                                       \
	} while (0)

static char self[512], top[256];

/* The sanitizer's handlers would be taken for the caller's. */
const char *__asan_default_options(void)
    __attribute__((__visibility__("default")));

const char *
__asan_default_options(void)
{
	return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:"
	       "handle_sigill=0";
}

/* --- the worker ----------------------------------------------------------- */

static bool
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n)
		if ((n = write(fd, p, len)) <= 0)
			return false;
	return true;
}

/* Copy what comes: both directions at once if it is much. */
static int
echo(void)
{
	char c[10000];
	ssize_t n;

	while ((n = read(0, c, sizeof(c))) > 0)
		if (!write_all(1, c, (size_t)n))
			return 1;
	return n < 0;
}

/* Say much before listening. */
static int
talk_first(void)
{
	char *c = malloc(MIB);
	size_t got = 0;
	ssize_t n;

	memset(c, 't', MIB);
	if (!write_all(1, c, MIB))
		return 1;
	while ((n = read(0, c, MIB)) > 0)
		got += (size_t)n;
	free(c);
	return got == MIB ? 0 : 2;
}

/* Say `len` bytes and go, without listening; 0: for ever. */
static int
talk(size_t len)
{
	char c[1000];

	memset(c, 'x', sizeof(c));
	while (len >= sizeof(c) || len == 0) {
		if (!write_all(1, c, sizeof(c)))
			return 1;
		if (len > 0 && (len -= sizeof(c)) == 0)
			return 0;
	}
	return write_all(1, c, len) ? 0 : 1;
}

static void tell(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

static void
tell(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)write_all(1, line, (size_t)n);
}

static void
tell_limit(const char *name, int which)
{
	struct rlimit r;

	(void)getrlimit(which, &r);
	tell("%s=%lld/%lld\n", name, (long long)r.rlim_cur,
	    (long long)r.rlim_max);
}

/* Everything about this process that a caller could have left to it. */
static int
report(int argc, char **argv, char **envp)
{
	char line[256], cwd[256];
	struct sigaction sa;
	struct stat st;
	FILE *f;
	int i;

	tell("args=");
	for (i = 0; i < argc; i++)
		tell("%s;", argv[i]);
	tell("\nenv=");
	for (i = 0; envp[i] != NULL; i++)
		tell("%s;", envp[i]);
	tell("\nfds=");
	for (i = 0; i < 70000; i++)
		if (fcntl(i, F_GETFD) >= 0)
			tell("%d ", i);
	tell("\npid=%d\nppid=%d\npgid=%d\nsid=%d\n", getpid(), getppid(),
	    getpgid(0), getsid(0));
	tell("cwd=%s\n", getcwd(cwd, sizeof(cwd)) != NULL ? cwd : "?");
	tell("handlers=");
	for (i = 1; i < NSIG; i++)
		if (sigaction(i, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL)
			tell("%d ", i);
	tell("\n");
	for (i = 0; i < 3; i++)
		if (fstat(i, &st) == 0)
			tell("fd%d=%o %u:%u\n", i, st.st_mode & S_IFMT,
			    major(st.st_rdev), minor(st.st_rdev));
	f = fopen("/proc/self/status", "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "SigBlk", 6) == 0 ||
		    strncmp(line, "NoNewPrivs", 10) == 0 ||
		    strncmp(line, "Umask", 5) == 0)
			tell("%s", line);
	tell_limit("core", RLIMIT_CORE);
	tell_limit("nofile", RLIMIT_NOFILE);
	tell_limit("fsize", RLIMIT_FSIZE);
	tell_limit("cpu", RLIMIT_CPU);
	tell("tty=%d\n", open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0);
	return 0;
}

/* The descriptors that were handed over, 3 and on, say who they are. */
static int
name_kept(int n)
{
	char c[8];
	ssize_t len;
	int i;

	for (i = 3; i < 3 + n; i++) {
		len = read(i, c, sizeof(c));
		tell("%.*s;", len > 0 ? (int)len : 1, len > 0 ? c : "-");
	}
	return 0;
}

/* Deaf and busy, but not for ever: nobody may be left to end it. */
static int
spin(void)
{
	int64_t end = io_now_ms() + SPIN_MS;
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	while (io_now_ms() < end)
		;
	return 0;
}

static int
worker(int argc, char **argv, char **envp)
{
	const char *mode = argv[2];
	pid_t pid = getpid();
	char c;

	/* Whoever wants to know who we are has handed 3 over for that. */
	if (argc > 3 && strcmp(argv[3], "pid") == 0)
		(void)!write(3, &pid, sizeof(pid));
	if (strcmp(mode, "echo") == 0)
		return echo();
	if (strcmp(mode, "talk-first") == 0)
		return talk_first();
	if (strcmp(mode, "talk") == 0)
		return talk(strtoul(argv[3], NULL, 10));
	if (strcmp(mode, "report") == 0)
		return report(argc, argv, envp);
	if (strcmp(mode, "kept") == 0)
		return name_kept(atoi(argv[3]));
	if (strcmp(mode, "status") == 0)
		return write_all(1, "partial", 7) ? atoi(argv[3]) : 0;
	if (strcmp(mode, "signal") == 0)
		return write_all(1, "partial", 7) ? raise(atoi(argv[3])) : 0;
	if (strcmp(mode, "complain") == 0)
		return write_all(2, "complaint", 9) ? 0 : 1;
	if (strcmp(mode, "spin") == 0)
		return spin();
	if (strcmp(mode, "stop") == 0)
		return raise(SIGSTOP) + 1;
	if (strcmp(mode, "mute") == 0 && close(0) == 0 && close(1) == 0)
		return spin();
	if (strcmp(mode, "kill-parent") == 0)
		return kill(getppid(), SIGKILL) + echo();
	if (strcmp(mode, "stop-parent") == 0)
		return kill(getppid(), SIGSTOP) + spin();
	if (strcmp(mode, "wait") == 0) /* for the end of 4, then say so on 5 */
		return read(4, &c, 1) == 0 && write(5, "x", 1) == 1 ? 0 : 1;
	return 99;
}

/* --- calling it ----------------------------------------------------------- */

struct call {
	struct child c;
	char mode[32], arg[32], word[8];
	char *argv[5];
	struct secbuf in, out;
	struct err err;
};

static void
call_init(struct call *k, const char *mode, const char *arg)
{
	memset(k, 0, sizeof(*k));
	(void)snprintf(k->mode, sizeof(k->mode), "%s", mode);
	(void)snprintf(k->arg, sizeof(k->arg), "%s", arg != NULL ? arg : "");
	(void)snprintf(k->word, sizeof(k->word), "worker");
	k->argv[0] = self;
	k->argv[1] = k->word;
	k->argv[2] = k->mode;
	k->argv[3] = arg != NULL ? k->arg : NULL;
	k->c = (struct child)CHILD_INIT;
	k->c.path = self;
	k->c.argv = k->argv;
	k->c.deadline = io_now_ms() + FAR;
	k->in = (struct secbuf)SECBUF_INIT(MIB);
	k->out = (struct secbuf)SECBUF_INIT(MIB);
}

static int
run(struct call *k)
{
	return child_run(&k->c, &k->in, &k->out, &k->err);
}

static void
call_release(struct call *k)
{
	secbuf_release(&k->in);
	secbuf_release(&k->out);
}

#define CALL(name)                                                             \
	__attribute__((__cleanup__(call_release))) struct call name = {        \
	    .in = {.ptr = secbuf_empty}, .out = {.ptr = secbuf_empty}}

static void
fill(struct secbuf *b, size_t len)
{
	char *p = secbuf_space(b, len);
	size_t i;

	if (p == NULL)
		abort();
	for (i = 0; i < len; i++)
		p[i] = (char)(i * 31 + i / 251);
	secbuf_grown(b, len);
}

/* One conversation of `len` bytes there and back: 0, or a line. */
static int
converse(size_t len)
{
	CALL(k);

	call_init(&k, "echo", NULL);
	if (len > 0)
		fill(&k.in, len);
	STEP(run(&k) == 0);
	STEP(k.err.code == 0);
	STEP(secbuf_equal(&k.in, &k.out));
	return 0;
}

/* Run `body` in a copy of this process: 0, or the line that failed. */
static void
apart(int (*body)(void))
{
	int status, p[2], line = 0;
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* cmocka's handlers would go on with the tests here. */
		(void)signal(SIGSEGV, SIG_DFL);
		(void)signal(SIGBUS, SIG_DFL);
		(void)signal(SIGFPE, SIG_DFL);
		(void)signal(SIGILL, SIG_DFL);
		(void)signal(SIGSYS, SIG_DFL);
		/* Out of the way of whoever closes the low ones. */
		int high = fcntl(p[1], F_DUPFD_CLOEXEC, 50);

		(void)close(p[0]);
		(void)close(p[1]);
		line = body();
		_exit(write(high, &line, sizeof(line)) != sizeof(line));
	}
	(void)close(p[1]);
	(void)!read(p[0], &line, sizeof(line));
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0 || line != 0)
		fail_msg("status %x, failed at line %d", status, line);
}

/* It has its own idea of limits, system calls and threads. */
static void
not_under_valgrind(void)
{
	if (getenv("VALGRIND") != NULL)
		skip();
}

/* Is the process gone?  It may still be on its way out. */
static bool
ends(pid_t pid)
{
	int64_t limit = io_now_ms() + FAR;

	while (kill(pid, 0) == 0 && io_now_ms() < limit) {
		/* If it has come to us, it wants to be waited for. */
		(void)waitpid(pid, NULL, WNOHANG | __WALL);
		(void)usleep(1000);
	}
	return kill(pid, 0) < 0;
}

/* Has everybody else let go of the pipe that `fd` reads? */
static bool
is_closed(int fd)
{
	struct err err = ERR_INIT;
	SECBUF rest = SECBUF_INIT(100);

	return io_read_end(fd, &rest, io_now_ms() + FAR, &err) == 0;
}

/* --- conversations -------------------------------------------------------- */

static void
conversations_of_every_length(void **data)
{
	static const size_t lengths[] = {
	    0, 1, 2, 4095, 4096, 4097, 65535, 65536, 300000, MIB};
	size_t i;
	int line;

	(void)data;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		if ((line = converse(lengths[i])) != 0)
			fail_msg("%zu bytes: line %d", lengths[i], line);
}

static void
much_in_both_directions(void **data)
{
	CALL(k);

	(void)data;
	call_init(&k, "talk-first", NULL);
	fill(&k.in, MIB);
	assert_int_equal(run(&k), 0);
	assert_int_equal(k.out.len, MIB);
}

static void
answers_without_listening(void **data)
{
	CALL(k);

	(void)data;
	/* No SIGPIPE comes to the caller, whose disposition is the default. */
	call_init(&k, "talk", "1500");
	fill(&k.in, MIB);
	assert_int_equal(run(&k), 0);
	assert_int_equal(k.out.len, 1500);
}

static void
answers_at_the_limit(void **data)
{
	static const size_t limits[] = {0, 1, 999, 4096, 100000};
	char len[32];
	size_t i, extra;

	(void)data;
	for (i = 0; i < 2 * sizeof(limits) / sizeof(limits[0]); i++) {
		CALL(k);

		extra = i % 2;
		(void)snprintf(len, sizeof(len), "%zu", limits[i / 2] + extra);
		/* "0" talks for ever. */
		call_init(&k, extra || limits[i / 2] ? "talk" : "echo", len);
		k.out.max = limits[i / 2];
		assert_int_equal(run(&k), extra ? ERR_PROTOCOL : 0);
		assert_int_equal(k.err.code, extra ? ERR_PROTOCOL : 0);
		assert_int_equal(k.out.len, extra ? 0 : limits[i / 2]);
	}
}

static void
answers_without_end(void **data)
{
	CALL(k);
	int p[2];
	pid_t pid;

	(void)data;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	call_init(&k, "talk", "0");
	k.out.max = 100000;
	k.c.keep = &p[1];
	k.c.n_keep = 1;
	assert_int_equal(run(&k), ERR_PROTOCOL);
	assert_int_equal(k.out.len, 0);
	/* It does not go on somewhere. */
	(void)close(p[1]);
	assert_true(is_closed(p[0]));
	(void)close(p[0]);

	/* Appended: what is there counts towards the limit. */
	CALL(a);
	call_init(&a, "talk", "5");
	a.out.max = 10;
	assert_int_equal(secbuf_addstr(&a.out, "01234"), 0);
	pid = run(&a);
	assert_int_equal(pid, 0);
	assert_string_equal(a.out.ptr, "01234xxxxx");
}

/* --- ends of every kind --------------------------------------------------- */

static void
exit_statuses(void **data)
{
	static const int statuses[] = {0, 1, 2, 77, 126, 127, 128, 255};
	char number[16], want[128];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		CALL(k);
		int want_code = statuses[i] == 0 ? 0 : ERR_INTERNAL;

		(void)snprintf(number, sizeof(number), "%d", statuses[i]);
		call_init(&k, "status", number);
		assert_int_equal(run(&k), want_code);
		assert_int_equal(k.err.code, want_code);
		assert_string_equal(k.out.ptr, want_code ? "" : "partial");
		(void)snprintf(want, sizeof(want),
		    "child_test failed with status %d", statuses[i]);
		if (want_code)
			assert_string_equal(k.err.msg, want);
	}
}

static void
killed_workers(void **data)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGABRT, SIGPIPE};
	char number[16], want[128];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		CALL(k);

		(void)snprintf(number, sizeof(number), "%d", signals[i]);
		call_init(&k, "signal", number);
		assert_int_equal(run(&k), ERR_INTERNAL);
		assert_int_equal(k.out.len, 0);
		(void)snprintf(want, sizeof(want),
		    "child_test was killed by signal %d", signals[i]);
		assert_string_equal(k.err.msg, want);
	}
}

static void
what_cannot_be_started(void **data)
{
	/* clang-format off */
	static const struct {
		const char *path;
		int error;
	} row[] = {
		{"missing", ENOENT}, {"text", ENOEXEC}, {"plain", EACCES},
		{"dir", EACCES}, {"plain/x", ENOTDIR}, {"", EACCES},
		{"loop", ELOOP},
	};
	/* clang-format on */
	char path[512], want[700];
	size_t i;
	int fd;

	(void)data;
	(void)snprintf(path, sizeof(path), "%s/text", top);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_true(write_all(fd, "no program\n", 11));
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "%s/plain", top);
	(void)close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	(void)snprintf(path, sizeof(path), "%s/dir", top);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/loop", top);
	assert_int_equal(symlink("loop", path), 0);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		CALL(k);

		(void)snprintf(path, sizeof(path), "%s/%s", top, row[i].path);
		call_init(&k, "echo", NULL);
		fill(&k.in, MIB);
		k.c.path = path;
		assert_int_equal(run(&k), ERR_INTERNAL);
		(void)snprintf(want, sizeof(want), "cannot start '%s': %s",
		    path, strerror(row[i].error));
		assert_string_equal(k.err.msg, want);
		assert_int_equal(k.out.len, 0);
	}
}

static void
what_must_not_be_asked(void **data)
{
	int keep[CHILD_KEEP_MAX + 1] = {-1, -1, -1, -1, -1};
	CALL(k);
	CALL(m);

	(void)data;
	/* Never searched for: not here, and not in PATH. */
	call_init(&k, "echo", NULL);
	k.c.path = "child_test";
	assert_int_equal(run(&k), ERR_INTERNAL);
	k.c.path = "";
	assert_int_equal(run(&k), ERR_INTERNAL);
	k.c.path = "true";
	assert_int_equal(run(&k), ERR_INTERNAL);
	call_init(&m, "echo", NULL);
	m.c.keep = keep;
	m.c.n_keep = CHILD_KEEP_MAX + 1;
	assert_int_equal(run(&m), ERR_INTERNAL);
}

/* Whatever it does, it is dead when the deadline has been told. */
static void
deadlines(void **data)
{
	static const char *const modes[] = {
	    "spin", "stop", "mute", "stop-parent"};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		CALL(k);
		int64_t start = io_now_ms();
		int p[2];
		pid_t pid = 0;

		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		call_init(&k, modes[i], "pid");
		fill(&k.in, MIB);
		k.c.keep = &p[1];
		k.c.n_keep = 1;
		k.c.deadline = start + 400;
		if (run(&k) != ERR_UNAVAIL)
			fail_msg("'%s': '%s'", modes[i], k.err.msg);
		assert_true(io_now_ms() - start >= 400);
		assert_true(io_now_ms() - start < FAR / 4);
		assert_int_equal(k.err.code, ERR_UNAVAIL);
		assert_int_equal(k.out.len, 0);
		(void)close(p[1]);
		(void)!read(p[0], &pid, sizeof(pid));
		if (pid != 0)
			assert_true(ends(pid));
		assert_true(is_closed(p[0]));
		(void)close(p[0]);
	}
}

static void
deadline_that_is_over(void **data)
{
	static const int64_t before[] = {1, 1000000000};
	size_t i;

	(void)data;
	for (i = 0; i < 2; i++) {
		CALL(k);

		call_init(&k, "spin", NULL);
		k.c.deadline = io_now_ms() - before[i];
		assert_int_equal(run(&k), ERR_UNAVAIL);
	}
}

/* The process in the middle dies: that is a failure, not an answer. */
static void
killed_middle(void **data)
{
	CALL(k);

	(void)data;
	call_init(&k, "kill-parent", NULL);
	fill(&k.in, 1000);
	assert_int_equal(run(&k), ERR_INTERNAL);
	assert_int_equal(k.out.len, 0);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* --- what the worker has -------------------------------------------------- */

static const char *
field(const struct call *k, const char *name, char *to, size_t size)
{
	const char *p = strstr(k->out.ptr, name);

	to[0] = '\0';
	if (p != NULL)
		(void)snprintf(to, size, "%.*s", (int)strcspn(p, "\n"), p);
	return to;
}

static int
number(const struct call *k, const char *name)
{
	char text[256];

	return atoi(field(k, name, text, sizeof(text)) + strlen(name));
}

static void
on_signal(int sig)
{
	(void)sig;
}

/* A caller that is set up as badly as it can be. */
static int
strange_caller(void)
{
	struct sigaction handler = {.sa_handler = on_signal};
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t all;
	char text[512], want[256];
	CALL(k);
	int i;

	(void)setsid();
	for (i = 1; i < NSIG; i++)
		(void)sigaction(i, i % 2 ? &handler : &ignore, NULL);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)umask(0);
	STEP(chdir(top) == 0);
	STEP(setenv("LD_PRELOAD", "/nonexistent.so", 1) == 0);
	for (i = 0; i < 40; i++)
		STEP(dup(0) >= 0 && open("/dev/null", O_RDONLY) >= 0);
	call_init(&k, "report", NULL);
	STEP(run(&k) == 0);
	(void)snprintf(want, sizeof(want), "args=%s;worker;report;", self);
	STEP(strcmp(field(&k, "args=", text, sizeof(text)), want) == 0);
	STEP(strcmp(field(&k, "env=", text, sizeof(text)), "env=") == 0);
	STEP(strcmp(field(&k, "fds=", text, sizeof(text)), "fds=0 1 2 ") == 0);
	STEP(strcmp(field(&k, "cwd=", text, sizeof(text)), "cwd=/") == 0);
	STEP(strcmp(field(&k, "handlers=", text, sizeof(text)), "handlers=") ==
	     0);
	STEP(strcmp(field(&k, "SigBlk", text, sizeof(text)),
		 "SigBlk:\t0000000000000000") == 0);
	STEP(strcmp(field(&k, "Umask", text, sizeof(text)), "Umask:\t0077") ==
	     0);
	STEP(strcmp(field(&k, "NoNewPrivs", text, sizeof(text)),
		 "NoNewPrivs:\t1") == 0);
	STEP(strcmp(field(&k, "tty=", text, sizeof(text)), "tty=0") == 0);
	STEP(strcmp(field(&k, "core=", text, sizeof(text)), "core=0/0") == 0);
	(void)snprintf(want, sizeof(want), "fd0=%o 0:0", S_IFSOCK);
	STEP(strcmp(field(&k, "fd0=", text, sizeof(text)), want) == 0);
	(void)snprintf(want, sizeof(want), "fd1=%o 0:0", S_IFSOCK);
	STEP(strcmp(field(&k, "fd1=", text, sizeof(text)), want) == 0);
	(void)snprintf(want, sizeof(want), "fd2=%o 1:3", S_IFCHR);
	STEP(strcmp(field(&k, "fd2=", text, sizeof(text)), want) == 0);
	/* A session of its own, of which we see nothing. */
	STEP(number(&k, "sid=") != getsid(0));
	STEP(number(&k, "pgid=") != getpgid(0));
	STEP(number(&k, "ppid=") != getpid());
	return 0;
}

static void
worker_of_a_strange_caller(void **data)
{
	(void)data;
	apart(strange_caller);
}

static void
its_arguments_and_environment(void **data)
{
	char a[] = "A=1", b[] = "B=two words", *env[] = {a, b, NULL};
	char text[512], want[600];
	CALL(k);
	CALL(n);

	(void)data;
	call_init(&k, "report", "x y");
	k.c.envp = env;
	assert_int_equal(run(&k), 0);
	(void)snprintf(want, sizeof(want), "args=%s;worker;report;x y;", self);
	assert_string_equal(field(&k, "args=", text, sizeof(text)), want);
	assert_string_equal(
	    field(&k, "env=", text, sizeof(text)), "env=A=1;B=two words;");
	/* Without any, it is called by its path alone: no worker of ours. */
	call_init(&n, "report", NULL);
	n.c.argv = NULL;
	n.c.path = "/bin/cat";
	fill(&n.in, 5000);
	assert_int_equal(run(&n), 0);
	assert_true(secbuf_equal(&n.in, &n.out));
}

static int
empty_environment(void)
{
	extern char **environ;
	static char *none[] = {NULL};

	(void)clearenv();
	STEP(converse(1000) == 0);
	environ = none;
	STEP(converse(1000) == 0);
	environ = NULL;
	STEP(converse(1000) == 0);
	return 0;
}

static void
caller_without_environment(void **data)
{
	(void)data;
	apart(empty_environment);
}

/* A pipe's end from which `name` can be read, at `at` or above. */
static int
named(const char *name, int at)
{
	int p[2], fd;

	if (pipe(p) < 0 || write(p[1], name, strlen(name)) < 0)
		abort();
	(void)close(p[1]);
	fd = fcntl(p[0], F_DUPFD, at);
	(void)close(p[0]);
	return fd;
}

static int
handed_over(void)
{
	int keep[CHILD_KEEP_MAX];
	CALL(k);
	CALL(r);
	char text[512];

	/* Places that lie in each other's way, and one that is far. */
	keep[0] = named("a", 4);
	keep[1] = named("b", 3);
	keep[2] = -1;
	keep[3] = named("d", 900);
	call_init(&k, "kept", "4");
	k.c.keep = keep;
	k.c.n_keep = 4;
	STEP(run(&k) == 0);
	STEP(strcmp(k.out.ptr, "a;b;-;d;") == 0);
	call_init(&r, "report", NULL);
	r.c.keep = keep;
	r.c.n_keep = 4;
	STEP(run(&r) == 0);
	STEP(strcmp(field(&r, "fds=", text, sizeof(text)),
		 "fds=0 1 2 3 4 5 6 ") == 0);
	r.c.n_keep = 1;
	secbuf_reset(&r.out);
	STEP(run(&r) == 0);
	STEP(
	    strcmp(field(&r, "fds=", text, sizeof(text)), "fds=0 1 2 3 ") == 0);
	/* The caller's are as they were. */
	STEP(fcntl(keep[0], F_GETFD) == 0 && fcntl(keep[3], F_GETFD) == 0);
	return 0;
}

static void
descriptors_handed_over(void **data)
{
	(void)data;
	apart(handed_over);
}

static void
close_on_exec_is_handed_over(void **data)
{
	int keep[2];
	CALL(k);

	(void)data;
	keep[0] = named("x", 10);
	keep[1] = keep[0];
	assert_int_equal(fcntl(keep[0], F_SETFD, FD_CLOEXEC), 0);
	call_init(&k, "kept", "2");
	k.c.keep = keep;
	k.c.n_keep = 2;
	assert_int_equal(run(&k), 0);
	assert_string_equal(k.out.ptr, "x;-;"); /* one pipe, twice */
	assert_int_equal(fcntl(keep[0], F_GETFD), FD_CLOEXEC);
	(void)close(keep[0]);
	/* What is no descriptor is told as such. */
	call_release(&k);
	call_init(&k, "kept", "1");
	k.c.keep = keep;
	k.c.n_keep = 1;
	assert_int_equal(run(&k), ERR_INTERNAL);
}

static void
standard_error(void **data)
{
	char c[16] = "";
	int p[2];
	CALL(k);
	CALL(n);

	(void)data;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	call_init(&k, "complain", NULL);
	k.c.err_fd = p[1];
	assert_int_equal(run(&k), 0);
	assert_int_equal(k.out.len, 0);
	assert_int_equal(read(p[0], c, sizeof(c)), 9);
	assert_string_equal(c, "complaint");
	/* Without one there is still something to write to. */
	call_init(&n, "complain", NULL);
	assert_int_equal(run(&n), 0);
	(void)close(p[0]);
	(void)close(p[1]);
}

/* --- what the caller keeps ------------------------------------------------ */

struct snapshot {
	char fds[4096], cwd[256], limits[256];
	void (*handler[NSIG])(int);
	int flags[NSIG];
	sigset_t mask, pending;
	mode_t umask;
	pid_t sid, pgid;
};

static void
take_snapshot(struct snapshot *s)
{
	struct sigaction sa;
	struct rlimit r;
	size_t used = 0;
	int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < 1200; i++)
		if (fcntl(i, F_GETFD) >= 0)
			used += (size_t)snprintf(s->fds + used,
			    sizeof(s->fds) - used, "%d:%d ", i,
			    fcntl(i, F_GETFD));
	(void)!getcwd(s->cwd, sizeof(s->cwd));
	for (i = 0, used = 0; i < RLIM_NLIMITS; i++)
		if (getrlimit((__rlimit_resource_t)i, &r) == 0)
			used += (size_t)snprintf(s->limits + used,
			    sizeof(s->limits) - used, "%llx/%llx ",
			    (unsigned long long)r.rlim_cur,
			    (unsigned long long)r.rlim_max);
	for (i = 1; i < NSIG; i++) {
		if (sigaction(i, NULL, &sa) < 0)
			continue;
		s->handler[i] = sa.sa_handler;
		s->flags[i] = sa.sa_flags;
	}
	(void)sigprocmask(SIG_SETMASK, NULL, &s->mask);
	(void)sigpending(&s->pending);
	s->umask = umask(0);
	(void)umask(s->umask);
	s->sid = getsid(0);
	s->pgid = getpgid(0);
}

static int
undisturbed(void)
{
	static const char *const modes[][2] = {{"echo", NULL}, {"status", "3"},
	    {"signal", "9"}, {"talk", "2000"}, {"none", NULL}, {"spin", NULL},
	    {"kill-parent", NULL}};
	static struct snapshot before, after;
	sigset_t some;
	size_t i;

	(void)umask(031);
	STEP(chdir(top) == 0);
	(void)sigemptyset(&some);
	(void)sigaddset(&some, SIGUSR1);
	(void)sigaddset(&some, SIGCHLD);
	(void)sigprocmask(SIG_SETMASK, &some, NULL);
	(void)signal(SIGUSR2, on_signal);
	(void)signal(SIGPIPE, SIG_IGN);
	take_snapshot(&before);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		CALL(k);

		call_init(&k, modes[i][0], modes[i][1]);
		if (strcmp(modes[i][0], "none") == 0)
			k.c.path = "/nonexistent";
		if (strcmp(modes[i][0], "spin") == 0)
			k.c.deadline = io_now_ms() + 50;
		k.out.max = strcmp(modes[i][0], "talk") == 0 ? 10 : MIB;
		fill(&k.in, 1000);
		(void)run(&k);
		take_snapshot(&after);
		if (memcmp(&before, &after, sizeof(before)) != 0)
			return 10000 + (int)i;
	}
	return 0;
}

static void
caller_is_left_as_it_was(void **data)
{
	(void)data;
	apart(undisturbed);
}

static volatile sig_atomic_t chld_seen, wrong_process;
static pid_t caller_pid;

static void
on_chld(int sig)
{
	(void)sig;
	chld_seen++;
}

/* Neither SIGCHLD nor waitpid(-1) tells of our processes. */
static int
with_sigchld(int how)
{
	struct sigaction sa = {.sa_handler = on_chld};
	sigset_t blocked;
	pid_t own;
	int status;

	if (how == 1)
		sa.sa_handler = SIG_IGN;
	if (how == 2)
		sa.sa_flags = SA_NOCLDWAIT;
	if (how == 3)
		sa.sa_handler = SIG_DFL;
	STEP(sigaction(SIGCHLD, &sa, NULL) == 0);
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGCHLD);
	if (how == 4)
		STEP(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
	chld_seen = 0;
	STEP(converse(MIB) == 0);
	STEP(chld_seen == 0);
	(void)sigpending(&blocked);
	STEP(!sigismember(&blocked, SIGCHLD));
	STEP(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD);

	/* A child of the caller's own stays his. */
	own = fork();
	if (own == 0)
		for (;;)
			(void)pause();
	STEP(own > 0);
	STEP(converse(1000) == 0);
	STEP(waitpid(-1, &status, WNOHANG) == 0);
	STEP(chld_seen == 0);
	STEP(kill(own, SIGKILL) == 0);
	if (how == 1 || how == 2)
		return waitpid(own, &status, 0) < 0 ? 0 : __LINE__;
	STEP(waitpid(-1, &status, 0) == own);
	return 0;
}

static int
sigchld_caught(void)
{
	return with_sigchld(0);
}

static int
sigchld_ignored(void)
{
	return with_sigchld(1);
}

static int
sigchld_no_wait(void)
{
	return with_sigchld(2);
}

static int
sigchld_default(void)
{
	return with_sigchld(3);
}

static int
sigchld_blocked(void)
{
	return with_sigchld(4);
}

static void
caller_with_sigchld_caught(void **data)
{
	(void)data;
	apart(sigchld_caught);
}

static void
caller_with_sigchld_ignored(void **data)
{
	(void)data;
	apart(sigchld_ignored);
	apart(sigchld_no_wait);
}

static void
caller_with_sigchld_default(void **data)
{
	(void)data;
	apart(sigchld_default);
}

static void
caller_with_sigchld_blocked(void **data)
{
	(void)data;
	apart(sigchld_blocked);
}

/* One after the other, so that there is progress however slow we are. */
static void
on_tick(int sig)
{
	struct itimerval t = {{0, 0}, {0, 300}};

	(void)sig;
	chld_seen++;
	if (getpid() != caller_pid)
		wrong_process = 1;
	else
		(void)setitimer(ITIMER_REAL, &t, NULL);
}

/* Handlers run in the caller, often, and never in a copy of it. */
static int
under_fire(void)
{
	struct sigaction sa = {.sa_handler = on_tick};
	int i;

	caller_pid = getpid();
	chld_seen = 0;
	STEP(sigaction(SIGALRM, &sa, NULL) == 0);
	STEP(raise(SIGALRM) == 0);
	for (i = 0; i < 5; i++)
		STEP(converse(MIB) == 0);
	STEP(chld_seen > 0);
	STEP(!wrong_process);
	return 0;
}

static void
caller_under_fire(void **data)
{
	(void)data;
	not_under_valgrind();
	apart(under_fire);
}

/* --- callers in narrow places --------------------------------------------- */

static int
low_closed(void)
{
	int keep, which;
	CALL(k);

	for (which = 7; which > 0; which--) {
		(void)dup2(60, 0);
		(void)dup2(60, 1);
		(void)dup2(60, 2);
		for (int fd = 0; fd < 3; fd++)
			if (which & 1 << fd)
				(void)close(fd);
		STEP(converse(100000) == 0);
		/* One of those that are handed over has a low number, too. */
		keep = named("low", 0);
		call_init(&k, "kept", "1");
		k.c.keep = &keep;
		k.c.n_keep = 1;
		STEP(run(&k) == 0);
		STEP(strcmp(k.out.ptr, "low;") == 0);
		call_release(&k);
		call_init(&k, "complain", NULL);
		k.c.err_fd = keep;
		STEP(run(&k) == ERR_INTERNAL); /* it is there, for reading */
		call_release(&k);
		(void)close(keep);
		for (int fd = 0; fd < 3; fd++)
			if (which & 1 << fd)
				STEP(fcntl(fd, F_GETFD) < 0);
	}
	return 0;
}

static int
low_closed_apart(void)
{
	STEP(dup2(0, 60) == 60);
	return low_closed();
}

static void
caller_with_low_ones_closed(void **data)
{
	(void)data;
	apart(low_closed_apart);
}

static int
set_nofile(rlim_t soft, rlim_t hard)
{
	struct rlimit r = {soft, hard};

	return setrlimit(RLIMIT_NOFILE, &r);
}

/* Open descriptors up to `n`, close-on-exec or not. */
static void
open_many(int n)
{
	int fd;

	do
		fd = open("/dev/null", fcntl(0, F_GETFD) == 0 && rand() % 2
					   ? O_RDONLY
					   : O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd < n);
}

static int
many_open(void)
{
	char text[512];
	CALL(k);

	if (set_nofile(3000, 3000) < 0)
		return 0; /* the machine does not allow so many */
	open_many(2500);
	STEP(converse(MIB) == 0);
	call_init(&k, "report", NULL);
	STEP(run(&k) == 0);
	STEP(strcmp(field(&k, "fds=", text, sizeof(text)), "fds=0 1 2 ") == 0);
	return 0;
}

static void
caller_with_many_open(void **data)
{
	(void)data;
	not_under_valgrind();
	apart(many_open);
}

static int
few_allowed(void)
{
	/* Soft: the worker widens it.  Hard: it must do. */
	STEP(set_nofile(70, 512) == 0);
	STEP(converse(MIB) == 0);
	STEP(set_nofile(70, 70) == 0);
	STEP(converse(MIB) == 0);
	return 0;
}

/* None is free, then one more each time, until it works. */
static int
none_free(void)
{
	int fd, failures = 0, last = -1;
	CALL(k);

	STEP(set_nofile(256, 256) == 0);
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	for (;;) {
		call_init(&k, "echo", NULL);
		fill(&k.in, 1000);
		fd = run(&k);
		if (fd == 0)
			break;
		STEP(fd == ERR_INTERNAL && k.err.code == fd);
		STEP(k.out.len == 0);
		call_release(&k);
		STEP(++failures < 30);
		(void)close(last--);
	}
	STEP(secbuf_equal(&k.in, &k.out));
	STEP(failures >= 4); /* two socket pairs, at least */
	call_release(&k);
	/* Nothing was lost on the way. */
	for (fd = 0; dup(0) >= 0; fd++)
		;
	return fd == failures ? 0 : __LINE__;
}

static void
caller_with_few_allowed(void **data)
{
	(void)data;
	not_under_valgrind();
	apart(few_allowed);
}

static void
caller_with_none_free(void **data)
{
	(void)data;
	not_under_valgrind();
	apart(none_free);
}

static int
no_processes(void)
{
	struct rlimit none = {0, 0};
	CALL(k);

	STEP(setrlimit(RLIMIT_NPROC, &none) == 0);
	call_init(&k, "echo", NULL);
	fill(&k.in, MIB);
	STEP(run(&k) == ERR_INTERNAL);
	STEP(strncmp(k.err.msg, "cannot start", 12) == 0);
	return 0;
}

static void
caller_that_may_not_fork(void **data)
{
	(void)data;
	if (geteuid() == 0)
		skip(); /* root may always fork */
	not_under_valgrind();
	apart(no_processes);
}

/* An older kernel: close_range(2) is not there. */
static int
old_kernel(void)
{
	struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
	bool many = set_nofile(3000, 6000) == 0;
	char text[512];
	CALL(k);

	STEP(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	STEP(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
	if (many)
		STEP(dup2(0, 2900) == 2900);
	STEP(dup(0) >= 0 && dup(0) >= 0);
	call_init(&k, "report", NULL);
	STEP(run(&k) == 0);
	STEP(strcmp(field(&k, "fds=", text, sizeof(text)), "fds=0 1 2 ") == 0);
	/* A limit that was lowered since: the descriptor is open still. */
	if (many) {
		STEP(set_nofile(100, 200) == 0);
		secbuf_reset(&k.out);
		STEP(run(&k) == 0);
		STEP(strcmp(field(&k, "fds=", text, sizeof(text)),
			 "fds=0 1 2 ") == 0);
	}
	return 0;
}

static void
caller_on_an_old_kernel(void **data)
{
	(void)data;
	not_under_valgrind();
	apart(old_kernel);
}

static int
worker_limits(void)
{
	struct rlimit small = {4096, RLIM_INFINITY}, cpu = {3600, 7200};
	struct rlimit wide = {RLIM_INFINITY, RLIM_INFINITY};
	bool may;
	char text[256];
	CALL(k);

	STEP(setrlimit(RLIMIT_FSIZE, &small) == 0);
	STEP(setrlimit(RLIMIT_CPU, &cpu) == 0);
	call_init(&k, "report", NULL);
	STEP(run(&k) == 0);
	/* Root, unless that was taken from it. */
	may = geteuid() == 0 && setrlimit(RLIMIT_CPU, &wide) == 0;
	STEP(strcmp(field(&k, "fsize=", text, sizeof(text)), "fsize=-1/-1") ==
	     0);
	STEP(strcmp(field(&k, "cpu=", text, sizeof(text)),
		 may ? "cpu=-1/-1" : "cpu=7200/7200") == 0);
	STEP(strncmp(field(&k, "nofile=", text, sizeof(text)), "nofile=1024/",
		 12) == 0);
	return 0;
}

static void
limits_are_widened(void **data)
{
	(void)data;
	not_under_valgrind();
	apart(worker_limits);
}

/* --- threads -------------------------------------------------------------- */

static atomic_bool over;
static atomic_int trouble;

static void *
busy(void *arg)
{
	int i = (int)(intptr_t)arg, status;
	char *p;

	while (!atomic_load(&over)) {
		/* The allocator's and stdio's locks are held most of the time:
		   a copy of this process must not want them. */
		p = malloc((size_t)(rand() % 5000 + 1));
		(void)snprintf(p, 1, "%d", i);
		free(p);
		if (i == 0 && waitpid(-1, &status, WNOHANG) > 0)
			atomic_fetch_add(&trouble, 1);
		if (i == 1)
			(void)setenv("X", "y", 1);
		if (i == 2)
			(void)fflush(NULL);
	}
	return NULL;
}

static void *
caller(void *arg)
{
	int i;

	for (i = 0; i < 5; i++)
		if (converse((size_t)(intptr_t)arg) != 0)
			atomic_fetch_add(&trouble, 1);
	return NULL;
}

static int
threads(void)
{
	pthread_t t[14];
	int i;

	for (i = 0; i < 10; i++)
		STEP(pthread_create(&t[i], NULL, busy, (void *)(intptr_t)i) ==
		     0);
	for (; i < 14; i++)
		STEP(pthread_create(&t[i], NULL, caller,
			 (void *)(intptr_t)(i * 20000)) == 0);
	for (i = 10; i < 14; i++)
		STEP(pthread_join(t[i], NULL) == 0);
	STEP(converse(MIB) == 0);
	atomic_store(&over, true);
	for (i = 0; i < 10; i++)
		STEP(pthread_join(t[i], NULL) == 0);
	STEP(atomic_load(&trouble) == 0);
	return 0;
}

static void
caller_with_threads(void **data)
{
	(void)data;
	not_under_valgrind();
	apart(threads);
}

/* --- the caller dies ------------------------------------------------------ */

/* A process that calls a worker of this mode; 3: its pid, 4 and 5 as it is. */
static pid_t
start_caller(const char *mode, bool outlive, int64_t deadline, int said,
    const int *more, int own_end)
{
	int keep[3] = {
	    said, more != NULL ? more[0] : -1, more != NULL ? more[1] : -1};
	pid_t pid = fork();
	CALL(k);

	call_init(&k, mode, "pid");
	if (pid != 0)
		return pid;
	(void)close(own_end);
	k.c.keep = keep;
	k.c.n_keep = 3;
	k.c.outlive = outlive;
	k.c.deadline = deadline;
	_exit(run(&k) < 0);
}

static void
killed_caller_takes_the_worker_along(void **data)
{
	static const char *const modes[] = {"spin", "stop", "mute"};
	int said[2];
	pid_t front, pid;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(pipe2(said, O_CLOEXEC), 0);
		front = start_caller(
		    modes[i], false, io_now_ms() + FAR, said[1], NULL, -1);
		assert_true(front > 0);
		(void)close(said[1]);
		assert_int_equal(read(said[0], &pid, sizeof(pid)), sizeof(pid));
		assert_int_equal(kill(front, SIGKILL), 0);
		assert_int_equal(waitpid(front, NULL, 0), front);
		assert_true(is_closed(said[0]));
		assert_true(ends(pid));
		(void)close(said[0]);
		while (waitpid(-1, NULL, __WALL) > 0)
			;
	}
}

static void
worker_may_outlive_its_caller(void **data)
{
	int said[2], go[2], done[2], more[2];
	pid_t front, pid;
	char c;

	(void)data;
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(done, O_CLOEXEC), 0);
	more[0] = go[0];
	more[1] = done[1];
	front =
	    start_caller("wait", true, io_now_ms() + FAR, said[1], more, go[1]);
	assert_true(front > 0);
	(void)close(said[1]);
	(void)close(go[0]);
	(void)close(done[1]);
	assert_int_equal(read(said[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(kill(front, SIGKILL), 0);
	assert_int_equal(waitpid(front, NULL, 0), front);
	/* What it was about it finishes. */
	(void)close(go[1]);
	assert_int_equal(read(done[0], &c, 1), 1);
	assert_true(is_closed(said[0]));
	(void)close(said[0]);
	(void)close(done[0]);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* But not for ever: the deadline counts also when nobody is left to keep it. */
static void
deadline_of_an_orphan(void **data)
{
	int said[2];
	pid_t front, pid;

	(void)data;
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	front =
	    start_caller("spin", true, io_now_ms() + 700, said[1], NULL, -1);
	assert_true(front > 0);
	(void)close(said[1]);
	assert_int_equal(read(said[0], &pid, sizeof(pid)), sizeof(pid));
	(void)kill(front, SIGKILL);
	assert_int_equal(waitpid(front, NULL, 0), front);
	assert_true(is_closed(said[0]));
	assert_true(ends(pid));
	(void)close(said[0]);
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

/* --- whom to trust -------------------------------------------------------- */

static void
trusted_files(void **data)
{
	static const struct {
		mode_t mode;
		bool good;
	} row[] = {{0755, true}, {0700, true}, {0500, true}, {0644, true},
	    {0775, false}, {0757, false}, {0777, false}, {0720, false},
	    {0702, false}};
	struct err err = ERR_INIT;
	char path[512], link[512];
	size_t i;

	(void)data;
	(void)snprintf(path, sizeof(path), "%s/program", top);
	(void)close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700));
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		err.code = 0;
		assert_int_equal(chmod(path, row[i].mode), 0);
		if (child_trusted(path, &err) != (row[i].good ? 0 : ERR_CONFIG))
			fail_msg("mode %o", row[i].mode);
		assert_int_equal(err.code, row[i].good ? 0 : ERR_CONFIG);
	}
	assert_int_equal(chmod(path, 0755), 0);
	(void)snprintf(link, sizeof(link), "%s/program-link", top);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(child_trusted(link, &err), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "not a regular file"));
	assert_int_equal(child_trusted(top, &err), ERR_CONFIG);
	assert_int_equal(child_trusted("/dev/null", &err), ERR_CONFIG);
	assert_int_equal(child_trusted("/nonexistent", &err), ERR_CONFIG);
	/* Root's is everybody's. */
	assert_int_equal(child_trusted("/etc/passwd", &err), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 1, 0), 0);
		assert_int_equal(child_trusted(path, &err), ERR_CONFIG);
		assert_non_null(strstr(err.msg, "belongs to uid 1"));
	}
}

static int
setup(void **data)
{

	(void)data;
	if (!scratch_make(top, sizeof(top)))
		return -1;
	/* Orphans of ours come to us, to be waited for. */
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static int
teardown(void **data)
{
	(void)data;
	/* No process is left: neither a child nor an orphan. */
	if (waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD)
		return -1;
	return scratch_remove(top);
}

int
main(int argc, char **argv, char **envp)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(conversations_of_every_length),
	    cmocka_unit_test(much_in_both_directions),
	    cmocka_unit_test(answers_without_listening),
	    cmocka_unit_test(answers_at_the_limit),
	    cmocka_unit_test(answers_without_end),
	    cmocka_unit_test(exit_statuses),
	    cmocka_unit_test(killed_workers),
	    cmocka_unit_test(what_cannot_be_started),
	    cmocka_unit_test(what_must_not_be_asked),
	    cmocka_unit_test(deadlines),
	    cmocka_unit_test(deadline_that_is_over),
	    cmocka_unit_test(killed_middle),
	    cmocka_unit_test(worker_of_a_strange_caller),
	    cmocka_unit_test(its_arguments_and_environment),
	    cmocka_unit_test(caller_without_environment),
	    cmocka_unit_test(descriptors_handed_over),
	    cmocka_unit_test(close_on_exec_is_handed_over),
	    cmocka_unit_test(standard_error),
	    cmocka_unit_test(caller_is_left_as_it_was),
	    cmocka_unit_test(caller_with_sigchld_caught),
	    cmocka_unit_test(caller_with_sigchld_ignored),
	    cmocka_unit_test(caller_with_sigchld_default),
	    cmocka_unit_test(caller_with_sigchld_blocked),
	    cmocka_unit_test(caller_under_fire),
	    cmocka_unit_test(caller_with_low_ones_closed),
	    cmocka_unit_test(caller_with_many_open),
	    cmocka_unit_test(caller_with_few_allowed),
	    cmocka_unit_test(caller_with_none_free),
	    cmocka_unit_test(caller_that_may_not_fork),
	    cmocka_unit_test(caller_on_an_old_kernel),
	    cmocka_unit_test(limits_are_widened),
	    cmocka_unit_test(caller_with_threads),
	    cmocka_unit_test(killed_caller_takes_the_worker_along),
	    cmocka_unit_test(worker_may_outlive_its_caller),
	    cmocka_unit_test(deadline_of_an_orphan),
	    cmocka_unit_test(trusted_files),
	};

	if (argc > 2 && strcmp(argv[1], "worker") == 0)
		_exit(worker(argc, argv, envp));
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	return cmocka_run_group_tests_name("child", tests, setup, teardown);
}
