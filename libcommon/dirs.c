/* SPDX-License-Identifier: MIT */
#include "dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"

int
dirs_ours(int parent, const char *name, const char *shown, struct err *err)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return err_set(err, ERR_INTERNAL,
		    "cannot create the directory '%s': %s", shown,
		    strerror(errno));
	fd = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(err, ERR_INTERNAL,
		    "cannot open the directory '%s': %s", shown,
		    strerror(errno));
	if (st.st_uid != geteuid())
		return err_set(err, ERR_INTERNAL,
		    "the directory '%s' belongs to another user", shown);
	if ((st.st_mode & 0077) != 0)
		return err_set(err, ERR_INTERNAL,
		    "the directory '%s' is open to others: chmod 700 it",
		    shown);
	return TAKE_FD(fd);
}

int
dirs_home(char *to, size_t size)
{
	const char *h = secure_getenv("HOME");
	struct passwd *pw;
	struct stat st;

	if (h == NULL || h[0] != '/' || stat(h, &st) < 0 ||
	    st.st_uid != geteuid()) {
		pw = getpwuid(geteuid());
		h = pw != NULL ? pw->pw_dir : NULL;
	}
	if (h == NULL || h[0] != '/')
		return -1;
	return snprintf(to, size, "%s", h) < (int)size ? 0 : -1;
}

/* $NAME if it is an absolute path, else HOME/rest. */
static int
base(const char *variable, const char *rest, char *to, size_t size)
{
	const char *v = secure_getenv(variable);
	char h[PATH_MAX];

	if (v != NULL && v[0] == '/')
		return snprintf(to, size, "%s", v) < (int)size ? 0 : -1;
	if (dirs_home(h, sizeof(h)) < 0)
		return -1;
	return snprintf(to, size, "%s/%s", h, rest) < (int)size ? 0 : -1;
}

/* mkdir -p for the part above ours, which others may own and share. */
static void
make_parents(char *path)
{
	char *p;

	for (p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(path, 0700);
		*p = '/';
	}
	(void)mkdir(path, 0700);
}

int
dirs_state_path(char *to, size_t size, struct err *err)
{
	char path[PATH_MAX];

	if (base("XDG_STATE_HOME", ".local/state", path, sizeof(path)) < 0 ||
	    snprintf(to, size, "%s/tokenring", path) >= (int)size)
		return err_set(err, ERR_NOTFOUND, "no home directory");
	return 0;
}

int
dirs_state(struct err *err)
{
	char path[PATH_MAX], shown[PATH_MAX + 16];
	CLEANUP_FD int parent = -1;

	if (base("XDG_STATE_HOME", ".local/state", path, sizeof(path)) < 0)
		return err_set(err, ERR_INTERNAL,
		    "no home directory to keep state in; set XDG_STATE_HOME");
	(void)snprintf(shown, sizeof(shown), "%s/tokenring", path);
	parent = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0) {
		make_parents(path);
		parent = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (parent < 0)
		return err_set(err, ERR_INTERNAL,
		    "cannot use the state directory '%s': %s", shown,
		    strerror(errno));
	return dirs_ours(parent, "tokenring", shown, err);
}

/* A place for the runtime directory: a parent on tmpfs, a name in it. */
static int
open_tmpfs(
    const char *parent_path, const char *name, bool make, struct err *err)
{
	CLEANUP_FD int parent = -1;
	char shown[PATH_MAX];
	struct statfs fs;
	struct stat st;

	(void)snprintf(shown, sizeof(shown), "%s/%s", parent_path, name);
	parent =
	    open(parent_path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent < 0 || fstatfs(parent, &fs) < 0)
		return err_set(err, ERR_NOTFOUND, "no '%s'", parent_path);
	if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
		return err_set(
		    err, ERR_NOTFOUND, "'%s' is not on tmpfs", parent_path);
	if (!make && fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(err, ERR_NOTFOUND, "no '%s'", shown);
	return dirs_ours(parent, name, shown, err);
}

static int
open_place(int place, bool make, struct err *err)
{
	char path[64], name[64];
	struct stat st;

	if (place == 0) {
		(void)snprintf(
		    path, sizeof(path), "/run/user/%ld", (long)geteuid());
		if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
		    st.st_uid != geteuid() || (st.st_mode & 0077) != 0)
			return err_set(err, ERR_NOTFOUND, "no '%s'", path);
		return open_tmpfs(path, "tokenring", make, err);
	}
	(void)snprintf(name, sizeof(name), "tokenring-%ld", (long)geteuid());
	return open_tmpfs("/dev/shm", name, make, err);
}

int
dirs_runtime(struct err *err)
{
	int fd = open_place(0, true, err);

	if (fd < 0)
		fd = open_place(1, true, err);
	if (fd < 0)
		err->code = fd = ERR_NOTFOUND;
	return fd;
}

int
dirs_runtime_next(int *place)
{
	struct err ignored = ERR_INIT;
	int fd = -1;

	while (fd < 0 && *place < DIRS_RUNTIME_PLACES)
		fd = open_place((*place)++, false, &ignored);
	return fd < 0 ? -1 : fd;
}

int
dirs_user_config(char *to, size_t size, struct err *err)
{
	char path[PATH_MAX];

	if (base("XDG_CONFIG_HOME", ".config", path, sizeof(path)) < 0 ||
	    snprintf(to, size, "%s/tokenring/tokenring.conf", path) >=
		(int)size)
		return err_set(err, ERR_NOTFOUND, "no home directory");
	return 0;
}
