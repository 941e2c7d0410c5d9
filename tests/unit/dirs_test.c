/* SPDX-License-Identifier: MIT */
/*
 * Directories: ours with mode 0700 and no link, or none at all.  What concerns
 * the real /dev/shm and /run/user is tried in a mount namespace of our own,
 * where nobody else's directory is in the way and none of ours stays.
 */
#include "dirs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "isolate.h"
#include "scratch.h"

static char top[256];

static int
setup(void **data)
{

	(void)data;
	if (!scratch_make(top, sizeof(top)))
		return -1;
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)unsetenv("XDG_STATE_HOME");
	return setenv("HOME", top, 1);
}

static int
teardown(void **data)
{
	(void)data;
	return scratch_remove(top);
}

/* "TOP/rest"; lives until the fourth next call. */
static const char *
below(const char *rest)
{
	static char path[4][PATH_MAX];
	static int n;

	n = (n + 1) % 4;
	(void)snprintf(path[n], sizeof(path[n]), "%s/%s", top, rest);
	return path[n];
}

static const char *
path_of(int fd)
{
	static char path[PATH_MAX];
	char link[64];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	return path;
}

static bool
is_private(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) &&
	       (st.st_mode & 07777) == 0700 && st.st_uid == geteuid() &&
	       (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

static void
expect_state(const char *path)
{
	struct err err = ERR_INIT;
	int fd = dirs_state(&err);

	if (fd < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(path_of(fd), path);
	assert_true(is_private(fd));
	(void)close(fd);
}

static void
expect_no_state(const char *why)
{
	struct err err = ERR_INIT;
	int fd = dirs_state(&err);

	assert_int_equal(fd, ERR_INTERNAL);
	assert_int_equal(err.code, ERR_INTERNAL);
	if (strstr(err.msg, why) == NULL)
		fail_msg("'%s' instead of '%s'", err.msg, why);
}

static void
state_where_xdg_says(void **data)
{
	struct stat st;
	mode_t before;

	(void)data;
	assert_int_equal(setenv("XDG_STATE_HOME", below("xdg/deep"), 1), 0);
	before = umask(0);
	expect_state(below("xdg/deep/tokenring"));
	(void)umask(before);
	/* What had to be made above it is nobody else's either. */
	assert_int_equal(stat(below("xdg"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	expect_state(below("xdg/deep/tokenring"));
	/* The part above may be shared, and reached by links. */
	assert_int_equal(chmod(below("xdg/deep"), 0755), 0);
	expect_state(below("xdg/deep/tokenring"));
	assert_int_equal(symlink("xdg", below("via")), 0);
	assert_int_equal(setenv("XDG_STATE_HOME", below("via/deep"), 1), 0);
	expect_state(below("xdg/deep/tokenring"));
}

static void
state_below_home(void **data)
{
	(void)data;
	assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
	expect_state(below(".local/state/tokenring"));
	/* Relative paths are not for us (XDG Base Directory Specification). */
	assert_int_equal(setenv("XDG_STATE_HOME", "xdg/deep", 1), 0);
	expect_state(below(".local/state/tokenring"));
	assert_int_equal(setenv("XDG_STATE_HOME", "", 1), 0);
	expect_state(below(".local/state/tokenring"));
}

static void
state_that_is_not_ours(void **data)
{
	static const mode_t open_modes[] = {
	    0755, 0750, 0770, 0701, 0702, 0704, 0710, 0720, 0740, 01777, 07777};
	struct err err = ERR_INIT;
	size_t i;
	int fd;

	(void)data;
	assert_int_equal(mkdir(below("bad"), 0700), 0);
	assert_int_equal(setenv("XDG_STATE_HOME", below("bad"), 1), 0);
	/* A link, also to what would be good. */
	assert_int_equal(mkdir(below("elsewhere"), 0700), 0);
	assert_int_equal(symlink("../elsewhere", below("bad/tokenring")), 0);
	expect_no_state("cannot open the directory");
	assert_int_equal(unlink(below("bad/tokenring")), 0);
	assert_int_equal(symlink("nowhere", below("bad/tokenring")), 0);
	expect_no_state("cannot open the directory");
	assert_int_equal(access(below("bad/nowhere"), F_OK), -1);
	assert_int_equal(unlink(below("bad/tokenring")), 0);
	/* No directory. */
	fd = open(below("bad/tokenring"), O_WRONLY | O_CREAT, 0700);
	assert_true(fd >= 0);
	(void)close(fd);
	expect_no_state("cannot open the directory");
	assert_int_equal(unlink(below("bad/tokenring")), 0);
	/* Open to others, or otherwise strange. */
	expect_state(below("bad/tokenring"));
	for (i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		assert_int_equal(
		    chmod(below("bad/tokenring"), open_modes[i]), 0);
		if (dirs_state(&err) != ERR_INTERNAL)
			fail_msg("mode %o", open_modes[i]);
	}
	assert_int_equal(chmod(below("bad/tokenring"), 0755), 0);
	expect_no_state("is open to others: chmod 700 it");
	/* A directory above hands down its group. */
	assert_int_equal(chmod(below("bad/tokenring"), 02700), 0);
	fd = dirs_state(&err);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(chmod(below("bad/tokenring"), 0700), 0);
	expect_state(below("bad/tokenring"));
}

static void
state_of_another(void **data)
{
	(void)data;
	if (geteuid() != 0)
		skip(); /* only root can give a directory away */
	assert_int_equal(chown(below("bad/tokenring"), 1, 1), 0);
	expect_no_state("belongs to another user");
	assert_int_equal(chown(below("bad/tokenring"), 0, 0), 0);
}

static void
state_that_cannot_be_made(void **data)
{
	char deep[PATH_MAX + 64];

	(void)data;
	assert_int_equal(setenv("XDG_STATE_HOME", "/dev/null/x", 1), 0);
	expect_no_state("cannot use the state directory");
	memset(deep, 'd', sizeof(deep) - 1);
	deep[0] = '/';
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(setenv("XDG_STATE_HOME", deep, 1), 0);
	expect_no_state("no home directory");
	if (geteuid() == 0)
		return; /* root makes it everywhere */
	assert_int_equal(mkdir(below("closed"), 0500), 0);
	assert_int_equal(setenv("XDG_STATE_HOME", below("closed"), 1), 0);
	expect_no_state("cannot create the directory");
	assert_int_equal(setenv("XDG_STATE_HOME", below("closed/x"), 1), 0);
	expect_no_state("cannot use the state directory");
}

static void
no_descriptor_is_lost(void **data)
{
	struct err err = ERR_INIT;
	int first = dup(0), i, fd;

	(void)data;
	assert_true(first >= 0);
	(void)close(first);
	assert_int_equal(setenv("XDG_STATE_HOME", below("bad"), 1), 0);
	for (i = 0; i < 10; i++) {
		assert_int_equal(chmod(below("bad/tokenring"), 0755), 0);
		(void)dirs_state(&err);
		assert_int_equal(chmod(below("bad/tokenring"), 0700), 0);
		(void)close(dirs_state(&err));
	}
	fd = dup(0);
	assert_int_equal(fd, first);
	(void)close(fd);
}

static void
configuration_of_the_user(void **data)
{
	struct err err = ERR_INIT;
	char path[PATH_MAX], exact[PATH_MAX];

	(void)data;
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
	assert_int_equal(dirs_user_config(path, sizeof(path), &err), 0);
	assert_string_equal(path, below(".config/tokenring/tokenring.conf"));
	assert_int_equal(setenv("XDG_CONFIG_HOME", "rel", 1), 0);
	assert_int_equal(dirs_user_config(path, sizeof(path), &err), 0);
	assert_string_equal(path, below(".config/tokenring/tokenring.conf"));
	assert_int_equal(setenv("XDG_CONFIG_HOME", "/x", 1), 0);
	assert_int_equal(dirs_user_config(path, sizeof(path), &err), 0);
	assert_string_equal(path, "/x/tokenring/tokenring.conf");
	assert_int_equal(dirs_user_config(exact, strlen(path) + 1, &err), 0);
	assert_int_equal(
	    dirs_user_config(exact, strlen(path), &err), ERR_NOTFOUND);
	/* It names a file; nothing is made for that. */
	assert_int_equal(access(below(".config"), F_OK), -1);
}

/* HOME counts only if it is ours: under sudo it is often somebody else's. */
static void
home_of_another(void **data)
{
	const char *bad[] = {"", "relative", "/nonexistent/home",
	    geteuid() == 0 ? below("foreign") : "/"};
	const struct passwd *pw = getpwuid(geteuid());
	char path[PATH_MAX], want[PATH_MAX] = "";
	struct err err = ERR_INIT;
	size_t i;
	int r;

	(void)data;
	if (pw != NULL && pw->pw_dir[0] == '/')
		(void)snprintf(want, sizeof(want),
		    "%s/.config/tokenring/tokenring.conf", pw->pw_dir);
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
	assert_int_equal(mkdir(below("foreign"), 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(below("foreign"), 1, 1), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(setenv("HOME", bad[i], 1), 0);
		r = dirs_user_config(path, sizeof(path), &err);
		assert_int_equal(r, want[0] != '\0' ? 0 : ERR_NOTFOUND);
		if (r == 0)
			assert_string_equal(path, want);
	}
	assert_int_equal(setenv("HOME", top, 1), 0);
}

/* --- the runtime directory --- */

#define NOT_POSSIBLE 77

/* Run `body` in a process of its own, isolated; it says 0, or a line. */
static void
apart(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(isolate() ? body() : NOT_POSSIBLE);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_POSSIBLE)
		skip(); /* no user namespaces here */
	if (WEXITSTATUS(status) != 0)
		fail_msg("failed at step %d", WEXITSTATUS(status));
}

/* Is the runtime directory this one, private? */
static bool
runtime_is(const char *path)
{
	struct err err = ERR_INIT;
	int fd = dirs_runtime(&err);
	bool ok;

	if (path == NULL)
		return fd == ERR_NOTFOUND && err.code == ERR_NOTFOUND;
	ok = fd >= 0 && is_private(fd) && strcmp(path_of(fd), path) == 0;
	(void)close(fd);
	return ok;
}

static void
names(char *shm, char *user, char *ring)
{
	(void)sprintf(shm, "/dev/shm/tokenring-%ld", (long)geteuid());
	(void)sprintf(user, "/run/user/%ld", (long)geteuid());
	(void)sprintf(ring, "/run/user/%ld/tokenring", (long)geteuid());
}

static int
places(void)
{
	char shm[64], user[64], ring[64];
	int place = 0;

	names(shm, user, ring);
	if (dirs_runtime_next(&place) != -1)
		return 1; /* none exists yet, and none is made by looking */
	(void)umask(0);
	if (!runtime_is(shm))
		return 2;
	if (mkdir("/run/user", 0755) != 0 || !runtime_is(shm))
		return 3;
	if (mkdir(user, 0755) != 0 || !runtime_is(shm))
		return 4; /* not the system's: open to others */
	if (chmod(user, 0700) != 0 || !runtime_is(ring))
		return 5;
	if (chmod(ring, 0755) != 0 || !runtime_is(shm))
		return 6;
	if (rmdir(ring) != 0 || symlink("/tmp", ring) != 0 || !runtime_is(shm))
		return 7;
	if (unlink(ring) != 0 || !runtime_is(ring))
		return 8;
	if (rename(user, "/run/other") != 0 ||
	    symlink("/run/other", user) != 0 || !runtime_is(shm))
		return 9;
	return 0;
}

static int
both_places(void)
{
	char shm[64], user[64], ring[64];
	int place = 0, fd;

	names(shm, user, ring);
	if (!runtime_is(shm) || mkdir("/run/user", 0755) != 0 ||
	    mkdir(user, 0700) != 0 || !runtime_is(ring))
		return 1;
	fd = dirs_runtime_next(&place);
	if (fd < 0 || !is_private(fd) || strcmp(path_of(fd), ring) != 0)
		return 2;
	(void)close(fd);
	fd = dirs_runtime_next(&place);
	if (fd < 0 || !is_private(fd) || strcmp(path_of(fd), shm) != 0)
		return 3;
	(void)close(fd);
	if (dirs_runtime_next(&place) != -1 || dirs_runtime_next(&place) != -1)
		return 4;
	/* One that is not ours is passed over. */
	place = 0;
	if (chmod(ring, 0755) != 0)
		return 5;
	fd = dirs_runtime_next(&place);
	if (fd < 0 || strcmp(path_of(fd), shm) != 0)
		return 6;
	(void)close(fd);
	return dirs_runtime_next(&place) == -1 ? 0 : 7;
}

static int
hostile_places(void)
{
	static const mode_t modes[] = {0755, 0770, 0701, 0777, 01777};
	char shm[64], user[64], ring[64];
	size_t i;

	names(shm, user, ring);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if ((mkdir(shm, 0700) != 0 && errno != EEXIST) ||
		    chmod(shm, modes[i]) != 0 || !runtime_is(NULL))
			return 1 + (int)i;
	if (rmdir(shm) != 0 || symlink("/tmp", shm) != 0 || !runtime_is(NULL))
		return 11;
	if (unlink(shm) != 0 || mkfifo(shm, 0700) != 0 || !runtime_is(NULL))
		return 12;
	return unlink(shm) == 0 && runtime_is(shm) ? 0 : 13;
}

/* A /dev/shm that is a directory on disk, as in some containers. */
static int
no_tmpfs(void)
{
	/* proc is no tmpfs anywhere, and can be mounted over it. */
	if (mount("/proc", "/dev/shm", "none", MS_BIND | MS_REC, NULL) != 0)
		return NOT_POSSIBLE;
	return runtime_is(NULL) ? 0 : 1;
}

static void
runtime_places(void **data)
{
	(void)data;
	apart(places);
}

static void
runtime_in_both_places(void **data)
{
	(void)data;
	apart(both_places);
}

static void
runtime_that_is_not_ours(void **data)
{
	(void)data;
	apart(hostile_places);
}

static void
runtime_never_on_disk(void **data)
{
	(void)data;
	apart(no_tmpfs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(state_where_xdg_says),
	    cmocka_unit_test(state_below_home),
	    cmocka_unit_test(state_that_is_not_ours),
	    cmocka_unit_test(state_of_another),
	    cmocka_unit_test(state_that_cannot_be_made),
	    cmocka_unit_test(no_descriptor_is_lost),
	    cmocka_unit_test(configuration_of_the_user),
	    cmocka_unit_test(home_of_another),
	    cmocka_unit_test(runtime_places),
	    cmocka_unit_test(runtime_in_both_places),
	    cmocka_unit_test(runtime_that_is_not_ours),
	    cmocka_unit_test(runtime_never_on_disk),
	};

	return cmocka_run_group_tests_name("dirs", tests, setup, teardown);
}
