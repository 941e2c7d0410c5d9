/* SPDX-License-Identifier: MIT */
/*
 * One renewal at a time, whoever dies meanwhile.  This program is also the
 * worker that inherits a lock: "lock_test worker".
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"
#include "dirs.h"
#include "io.h"
#include "scratch.h"

#define FAR 60000 /* ms: a deadline that nothing here comes near */

static char top[256], self[512];
static char fp[33], other_fp[33], lock_file[40], other_file[40];

static int
setup(void **data)
{
	unsigned char bytes[16];
	size_t i;

	(void)data;
	/* The runtime directory is everybody's of this user. */
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -1;
	for (i = 0; i < sizeof(bytes); i++) {
		(void)snprintf(fp + 2 * i, 3, "%02x", bytes[i]);
		(void)snprintf(
		    other_fp + 2 * i, 3, "%02x", (unsigned char)~bytes[i]);
	}
	(void)snprintf(lock_file, sizeof(lock_file), "%s.lock", fp);
	(void)snprintf(other_file, sizeof(other_file), "%s.lock", other_fp);
	if (!scratch_make(top, sizeof(top)))
		return -1;
	/* Orphans of ours come to us, to be waited for. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return setenv("XDG_STATE_HOME", top, 1);
}

static int
teardown(void **data)
{
	struct err err = ERR_INIT;
	int dir = dirs_runtime(&err);

	(void)data;
	if (dir >= 0) {
		(void)unlinkat(dir, lock_file, 0);
		(void)unlinkat(dir, other_file, 0);
		(void)close(dir);
	}
	return scratch_remove(top);
}

static const char *
file(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/tokenring/%s", top, name);
	return path;
}

/* The state directory's descriptor stands for the lock, the other one goes with
   it: what holds the first only must keep everybody out all the same. */
#define FDS_MAX 64
static int second[FDS_MAX];

static int
hold(const char *name, struct err *err)
{
	struct lock l = LOCK_INIT;
	int r = lock_try(&l, name, err);

	if (r < 0)
		return r;
	assert_in_range(l.fd[0], 0, FDS_MAX - 1);
	second[l.fd[0]] = l.fd[1];
	return l.fd[0];
}

static void
drop(int fd)
{
	struct lock l = {{fd, second[fd]}};

	lock_release(&l);
}

static int
expect_free(const char *name)
{
	struct err err = ERR_INIT;
	int fd = hold(name, &err);

	if (fd < 0)
		fail_msg("%s", err.msg);
	return fd;
}

static void
expect_held(const char *name, long by)
{
	struct err err = ERR_INIT;
	char want[128];

	assert_int_equal(hold(name, &err), ERR_UNAVAIL);
	assert_int_equal(err.code, ERR_UNAVAIL);
	(void)snprintf(
	    want, sizeof(want), "process %ld is renewing this token", by);
	assert_string_equal(
	    err.msg, by > 0 ? want : "another process is renewing this token");
}

static void
one_at_a_time(void **data)
{
	int fd, other;
	struct stat st;

	(void)data;
	fd = expect_free(fp);
	expect_held(fp, getpid());
	expect_held(fp, getpid());
	other = expect_free(other_fp);
	drop(other);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	drop(fd);
	drop(expect_free(fp));
	/* The file stays: if it went, two could hold "the" lock. */
	assert_int_equal(access(file(lock_file), F_OK), 0);
}

/* The same user with another environment: cron, su, a service. */
static void
another_state_directory(void **data)
{
	struct lock l = LOCK_INIT;
	struct err err = ERR_INIT;
	char elsewhere[512];
	int r, runtime;

	(void)data;
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", top);
	assert_int_equal(lock_try(&l, fp, &err), 0);
	runtime = l.fd[1];
	assert_int_equal(setenv("XDG_STATE_HOME", elsewhere, 1), 0);
	r = hold(fp, &err);
	assert_int_equal(setenv("XDG_STATE_HOME", top, 1), 0);
	lock_release(&l);
	lock_release(&l);
	if (runtime < 0)
		skip(); /* no tmpfs: the state directory's is the only one */
	assert_int_equal(r, ERR_UNAVAIL);
	/* What was taken on the way to a refusal is free again. */
	assert_int_equal(setenv("XDG_STATE_HOME", elsewhere, 1), 0);
	drop(expect_free(fp));
	assert_int_equal(setenv("XDG_STATE_HOME", top, 1), 0);
	drop(expect_free(fp));
}

static void
all_copies_must_go(void **data)
{
	int fd, copy;

	(void)data;
	fd = expect_free(fp);
	copy = dup(fd);
	drop(fd);
	expect_held(fp, getpid());
	(void)close(copy);
	drop(expect_free(fp));
}

/* A process that takes the lock, forks an heir, and is killed. */
static void
heir_holds_on(void **data)
{
	struct err err = ERR_INIT;
	int said[2], stay[2];
	pid_t holder, heir;
	char c;

	(void)data;
	assert_int_equal(pipe(said), 0);
	assert_int_equal(pipe(stay), 0);
	holder = fork();
	assert_true(holder >= 0);
	if (holder == 0) {
		(void)close(stay[1]);
		if (hold(fp, &err) < 0)
			_exit(1);
		heir = fork();
		if (heir == 0) {
			(void)!read(stay[0], &c, 1);
			_exit(0);
		}
		(void)!write(said[1], &heir, sizeof(heir));
		for (;;)
			(void)pause();
	}
	(void)close(stay[0]);
	assert_int_equal(read(said[0], &heir, sizeof(heir)), sizeof(heir));
	expect_held(fp, holder);
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	expect_held(fp, holder);
	(void)close(stay[1]);
	assert_int_equal(waitpid(heir, NULL, 0), heir);
	drop(expect_free(fp));
	(void)close(said[0]);
	(void)close(said[1]);
}

/*
 * The same through child_run: the front is killed in the middle of a refresh,
 * and the worker, which lives on, still has the lock.
 */
static void
worker_outlives_the_front(void **data)
{
	struct child w = CHILD_INIT;
	struct err err = ERR_INIT;
	char word[] = "worker", *argv[] = {self, word, NULL}, c;
	int said[2], stay[2], keep[3];
	int64_t limit = io_now_ms() + FAR;
	pid_t front;
	int fd;

	(void)data;
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	assert_int_equal(pipe2(stay, O_CLOEXEC), 0);
	front = fork();
	assert_true(front >= 0);
	if (front == 0) {
		SECBUF in = SECBUF_INIT(10);
		SECBUF out = SECBUF_INIT(10);

		keep[0] = hold(fp, &err);
		keep[1] = said[1];
		keep[2] = stay[0];
		(void)close(stay[1]);
		w.path = self;
		w.argv = argv;
		w.keep = keep;
		w.n_keep = 3;
		w.outlive = true;
		w.deadline = limit;
		_exit(keep[0] < 0 || child_run(&w, &in, &out, &err) < 0);
	}
	(void)close(said[1]);
	(void)close(stay[0]);
	assert_int_equal(read(said[0], &c, 1), 1);
	expect_held(fp, front);
	assert_int_equal(kill(front, SIGKILL), 0);
	assert_int_equal(waitpid(front, NULL, 0), front);
	expect_held(fp, front);
	(void)close(stay[1]);
	while ((fd = hold(fp, &err)) == ERR_UNAVAIL && io_now_ms() < limit)
		lock_pause(5);
	assert_true(fd >= 0);
	drop(fd);
	(void)close(said[0]);
	/* The process in the middle is ours now. */
	while (waitpid(-1, NULL, __WALL) > 0)
		;
}

static int
worker(void)
{
	char c;

	if (write(4, "x", 1) != 1)
		return 1;
	(void)!read(5, &c, 1);
	return 0;
}

static void
text_is_for_the_message_only(void **data)
{
	static const struct {
		const char *text;
		long by;
	} row[] = {{"", 0}, {"garbage", 0}, {"-5\n", 0}, {"0\n", 0},
	    {"123\n", 123}, {"99999999999999999999999999999999", 0}};
	size_t i;
	int fd;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		fd = expect_free(fp);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(
		    pwrite(fd, row[i].text, strlen(row[i].text), 0),
		    strlen(row[i].text));
		if (row[i].text[0] == '9') {
			struct err err = ERR_INIT;

			assert_int_equal(hold(fp, &err), ERR_UNAVAIL);
		} else {
			expect_held(fp, row[i].by);
		}
		drop(fd);
	}
	/* What an earlier one left behind does not keep anybody out. */
	fd = expect_free(fp);
	expect_held(fp, getpid());
	drop(fd);
}

static void
what_lies_in_the_way(void **data)
{
	struct err err = ERR_INIT;

	(void)data;
	drop(expect_free(other_fp));
	assert_int_equal(unlink(file(other_file)), 0);
	assert_int_equal(symlink("../target", file(other_file)), 0);
	assert_int_equal(hold(other_fp, &err), ERR_INTERNAL);
	assert_int_equal(access(file("../target"), F_OK), -1);
	assert_int_equal(unlink(file(other_file)), 0);
	assert_int_equal(mkdir(file(other_file), 0700), 0);
	assert_int_equal(hold(other_fp, &err), ERR_INTERNAL);
	assert_int_equal(rmdir(file(other_file)), 0);
	assert_int_equal(chmod(file("."), 0755), 0);
	assert_int_equal(hold(other_fp, &err), ERR_INTERNAL);
	assert_int_equal(chmod(file("."), 0700), 0);
	drop(expect_free(other_fp));
}

static void
read_only_state(void **data)
{
	struct err err = ERR_INIT;

	(void)data;
	if (geteuid() == 0)
		skip(); /* root writes everywhere */
	drop(expect_free(fp));
	assert_int_equal(unlink(file(lock_file)), 0);
	assert_int_equal(chmod(file("."), 0500), 0);
	assert_int_equal(hold(fp, &err), ERR_INTERNAL);
	assert_int_equal(chmod(file("."), 0700), 0);
}

static void
failures_cost_no_descriptor(void **data)
{
	struct err err = ERR_INIT;
	int fd = expect_free(fp), first = dup(0), i;

	(void)data;
	(void)close(first);
	for (i = 0; i < 20; i++)
		assert_int_equal(hold(fp, &err), ERR_UNAVAIL);
	i = dup(0);
	assert_int_equal(i, first);
	(void)close(i);
	drop(fd);
}

/* Twenty processes, each many times: never two inside. */
static void
crowd(void **data)
{
	struct err err = ERR_INIT;
	int i, k, fd, inside, status;
	char path[600];

	(void)data;
	(void)snprintf(path, sizeof(path), "%s/inside", top);
	for (i = 0; i < 20; i++) {
		if (fork() != 0)
			continue;
		for (k = 0; k < 20; k++) {
			while ((fd = hold(fp, &err)) == ERR_UNAVAIL)
				lock_pause(1);
			inside = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
			if (fd < 0 || inside < 0)
				_exit(1);
			(void)close(inside);
			(void)unlink(path);
			drop(fd);
		}
		_exit(0);
	}
	for (i = 0; i < 20; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_at_a_time),
	    cmocka_unit_test(another_state_directory),
	    cmocka_unit_test(all_copies_must_go),
	    cmocka_unit_test(heir_holds_on),
	    cmocka_unit_test(worker_outlives_the_front),
	    cmocka_unit_test(text_is_for_the_message_only),
	    cmocka_unit_test(what_lies_in_the_way),
	    cmocka_unit_test(read_only_state),
	    cmocka_unit_test(failures_cost_no_descriptor),
	    cmocka_unit_test(crowd),
	};

	if (argc > 1 && strcmp(argv[1], "worker") == 0)
		_exit(worker());
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	return cmocka_run_group_tests_name("lock", tests, setup, teardown);
}
