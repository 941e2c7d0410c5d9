/* SPDX-License-Identifier: MIT */
/* What lies in the journal, in every state that a killed process can leave. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "dirs.h"
#include "fingerprint.h"
#include "io.h"
#include "isolate.h"

#define ANSWER "version=1\nresult=ok\naccess_token=a\nrefresh_token=r\nend=ok\n"

static char fp[FINGERPRINT_LEN + 1], name[64];
static bool isolated;

static int
setup(void **data)
{
	unsigned char bytes[FINGERPRINT_LEN / 2];
	size_t i;

	(void)data;
	isolated = isolate();
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -1;
	for (i = 0; i < sizeof(bytes); i++)
		(void)snprintf(fp + 2 * i, 3, "%02x", bytes[i]);
	(void)snprintf(name, sizeof(name), "%s.journal", fp);
	return 0;
}

static int
teardown(void **data)
{
	(void)data;
	journal_end(fp);
	return 0;
}

static int
runtime(void)
{
	struct err err = ERR_INIT;
	int fd = dirs_runtime(&err);

	if (fd < 0)
		skip(); /* neither /run/user/UID nor a tmpfs on /dev/shm */
	return fd;
}

static enum journal_state
left(void)
{
	LINES l = LINES_INIT;

	return journal_left(fp, &l);
}

static void
begin_with(const char *text, size_t len)
{
	struct err err = ERR_INIT;
	int fd = journal_begin(fp, &err);

	assert_true(fd >= 0);
	assert_int_equal(io_write(fd, text, len, &err), 0);
	(void)close(fd);
}

static void
from_nothing_to_nothing(void **data)
{
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;
	struct stat st;
	int dir = runtime(), fd;

	(void)data;
	assert_int_equal(left(), JOURNAL_NONE);
	journal_end(fp);
	assert_int_equal(left(), JOURNAL_NONE);

	fd = journal_begin(fp, &err);
	assert_true(fd >= 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 0);
	/* Killed before the answer came. */
	assert_int_equal(left(), JOURNAL_UNKNOWN);
	assert_int_equal(io_write(fd, ANSWER, strlen(ANSWER), &err), 0);
	(void)close(fd);
	assert_int_equal(journal_left(fp, &l), JOURNAL_ANSWER);
	assert_string_equal(lines_get(&l, "refresh_token"), "r");
	/* Looking takes nothing away. */
	assert_int_equal(left(), JOURNAL_ANSWER);
	journal_end(fp);
	assert_int_equal(left(), JOURNAL_NONE);
	assert_int_equal(fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), -1);
	(void)close(dir);
}

/* Killed while it was written: every length but the whole is no answer. */
static void
every_cut(void **data)
{
	size_t len;

	(void)data;
	(void)close(runtime());
	for (len = 0; len < strlen(ANSWER); len++) {
		begin_with(ANSWER, len);
		assert_int_equal(left(), JOURNAL_UNKNOWN);
	}
	begin_with(ANSWER, len);
	assert_int_equal(left(), JOURNAL_ANSWER);
	journal_end(fp);
}

static void
what_is_no_answer(void **data)
{
	static const struct {
		const char *text;
		size_t len;
	} row[] = {
	    {"\0\0\0\0", 4},
	    {"garbage\n", 8},
	    {ANSWER "x", sizeof(ANSWER)},
	    {ANSWER ANSWER, 2 * (sizeof(ANSWER) - 1)},
	    {"version=1\nrefresh_token=a\0b\nend=ok\n", 35},
	    {"version=9\nrefresh_token=r\nend=ok\n", 33},
	};
	char *big = malloc(LINES_MESSAGE_MAX + 1);
	size_t i;

	(void)data;
	(void)close(runtime());
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		begin_with(row[i].text, row[i].len);
		if (left() != JOURNAL_UNKNOWN)
			fail_msg("row %zu", i);
	}
	memset(big, 'x', LINES_MESSAGE_MAX + 1);
	begin_with(big, LINES_MESSAGE_MAX + 1);
	assert_int_equal(left(), JOURNAL_UNKNOWN);
	free(big);
	journal_end(fp);
}

/* A new one begins empty, whatever is there, and follows no link. */
static void
begin_replaces(void **data)
{
	struct err err = ERR_INIT;
	int dir = runtime(), fd;

	(void)data;
	begin_with(ANSWER, strlen(ANSWER));
	begin_with("", 0);
	assert_int_equal(left(), JOURNAL_UNKNOWN);
	journal_end(fp);

	char target[64];
	(void)snprintf(target, sizeof(target), "%s.target", fp);
	fd = openat(dir, target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(io_write(fd, ANSWER, strlen(ANSWER), &err), 0);
	(void)close(fd);
	assert_int_equal(symlinkat(target, dir, name), 0);
	assert_int_equal(left(), JOURNAL_UNKNOWN);
	begin_with("", 0);
	assert_int_equal(left(), JOURNAL_UNKNOWN);
	fd = openat(dir, target, O_RDONLY | O_CLOEXEC);
	assert_int_equal(lseek(fd, 0, SEEK_END), strlen(ANSWER));
	(void)close(fd);
	journal_end(fp);
	assert_int_equal(unlinkat(dir, target, 0), 0);
	(void)close(dir);
}

static void
of_one_fingerprint_only(void **data)
{
	char other[FINGERPRINT_LEN + 1];
	LINES l = LINES_INIT;

	(void)data;
	(void)close(runtime());
	(void)snprintf(other, sizeof(other), "%s", fp);
	other[0] = other[0] == '0' ? '1' : '0';
	begin_with(ANSWER, strlen(ANSWER));
	assert_int_equal(journal_left(other, &l), JOURNAL_NONE);
	journal_end(other);
	assert_int_equal(left(), JOURNAL_ANSWER);
	journal_end(fp);
}

/* An earlier message in the struct is no answer of today. */
static void
struct_may_be_used_again(void **data)
{
	LINES l = LINES_INIT;

	(void)data;
	(void)close(runtime());
	begin_with(ANSWER, strlen(ANSWER));
	assert_int_equal(journal_left(fp, &l), JOURNAL_ANSWER);
	begin_with("", 0);
	assert_int_equal(journal_left(fp, &l), JOURNAL_UNKNOWN);
	assert_null(lines_get(&l, "refresh_token"));
	journal_end(fp);
}

/* Begun before the system had made /run/user/UID, found when it is there. */
static void
either_place(void **data)
{
	char user[64];

	(void)data;
	if (!isolated)
		skip(); /* no user namespaces here */
	(void)snprintf(user, sizeof(user), "/run/user/%ld", (long)geteuid());
	begin_with(ANSWER, strlen(ANSWER));
	assert_int_equal(mkdir("/run/user", 0755), 0);
	assert_int_equal(mkdir(user, 0700), 0);
	assert_int_equal(left(), JOURNAL_ANSWER);
	/* The new one is in the first place, and it is the one that counts. */
	begin_with("", 0);
	assert_int_equal(left(), JOURNAL_UNKNOWN);
	journal_end(fp);
	assert_int_equal(left(), JOURNAL_NONE);
}

static void
no_tmpfs(void **data)
{
	struct err err = ERR_INIT;
	int status;
	pid_t pid;

	(void)data;
	if (!isolated)
		skip(); /* no user namespaces here */
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (umount("/run") != 0 || mount("/proc", "/dev/shm", "none",
					       MS_BIND | MS_REC, NULL) != 0)
			_exit(77);
		_exit(journal_begin(fp, &err) != ERR_NOTFOUND ||
		      err.code != ERR_NOTFOUND || left() != JOURNAL_NONE);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip(); /* this /proc cannot be bound */
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(from_nothing_to_nothing),
	    cmocka_unit_test(every_cut),
	    cmocka_unit_test(what_is_no_answer),
	    cmocka_unit_test(begin_replaces),
	    cmocka_unit_test(of_one_fingerprint_only),
	    cmocka_unit_test(struct_may_be_used_again),
	    cmocka_unit_test(either_place),
	    cmocka_unit_test(no_tmpfs),
	};

	return cmocka_run_group_tests_name("journal", tests, setup, teardown);
}
