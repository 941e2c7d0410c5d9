/* SPDX-License-Identifier: MIT */
#include "cache_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* Possessor all; user view, read and search: readable also from a session
   whose keyring does not link to the user keyring. */
#define KEY_MASK 0x3f0b0000UL

static long
kernel(int operation, long a, long b)
{
	return syscall(SYS_keyctl, (long)operation, a, b, 0L, 0L);
}

/*
 * Without the link, a key that we add is not possessed when our session keyring
 * is a stranger's (su, sudo, sshd), and its timeout and mask cannot be set.
 */
static bool
possess(void)
{
	return kernel(KEYCTL_LINK, KEY_SPEC_USER_KEYRING,
		   KEY_SPEC_PROCESS_KEYRING) == 0;
}

static void
forget_key(long key)
{
	/* As in cache.c: the link first. */
	(void)kernel(KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
	(void)kernel(KEYCTL_INVALIDATE, key, 0);
}

static int
place_key(const struct cache_place *p)
{
	long key;

	if (!possess())
		return -1;
	key =
	    syscall(SYS_add_key, "user", p->description, p->file.ptr + p->head,
		p->file.len - p->head, (long)KEY_SPEC_USER_KEYRING);
	if (key < 0)
		return -1;
	/* An update clears the timeout: it is set each time. */
	if (kernel(KEYCTL_SET_TIMEOUT, key, (long)p->seconds) == 0 &&
	    kernel(KEYCTL_SETPERM, key, (long)KEY_MASK) == 0)
		return 0;
	forget_key(key);
	return -1;
}

static void
drop_key(const struct cache_place *p)
{
	long key = syscall(SYS_keyctl, (long)KEYCTL_SEARCH,
	    (long)KEY_SPEC_USER_KEYRING, "user", p->description, 0L);

	if (key >= 0)
		forget_key(key);
}

/* As in dirs.c: only ours, closed to others, no link. */
static int
open_ours(int parent, const char *name, bool make)
{
	CLEANUP_FD int fd = -1;
	struct stat st;

	if (make && mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
		return -1;
	fd = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
	    (st.st_mode & 0077) != 0)
		return -1;
	return TAKE_FD(fd);
}

static int
open_tmpfs(const char *path, const char *name, bool make)
{
	CLEANUP_FD int parent = -1;
	struct statfs fs;

	parent = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (parent < 0 || fstatfs(parent, &fs) < 0 ||
	    (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC))
		return -1;
	return open_ours(parent, name, make);
}

/* The directory that dirs_runtime would choose. */
static int
open_runtime(const struct cache_place *p, bool make)
{
	struct stat st;
	int fd;

	if (lstat(p->run_user, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 0077) == 0) {
		fd = open_tmpfs(p->run_user, "tokenring", make);
		if (fd >= 0)
			return fd;
	}
	return open_tmpfs("/dev/shm", p->shm_name, make);
}

static int
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
place_file(const struct cache_place *p)
{
	CLEANUP_FD int dir = open_runtime(p, true);
	CLEANUP_FD int fd = -1;

	if (dir < 0)
		return -1;
	(void)unlinkat(dir, p->tmp, 0);
	fd = openat(dir, p->tmp,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	if (write_all(fd, p->file.ptr, p->file.len) == 0 &&
	    renameat(dir, p->tmp, dir, p->name) == 0)
		return 0;
	(void)unlinkat(dir, p->tmp, 0);
	return -1;
}

static void
drop_file(const struct cache_place *p)
{
	CLEANUP_FD int dir = open_runtime(p, false);

	if (dir >= 0)
		(void)unlinkat(dir, p->name, 0);
}

int
cache_place_prepare(struct cache_place *p, const char *name, uid_t uid,
    const struct secbuf *data, int64_t seconds, struct err *err)
{
	char head[40];

	if (strlen(name) > CACHE_NAME_MAX || strchr(name, '/') != NULL)
		return err_set(err, ERR_INTERNAL, "bad name of a cache entry");
	if (seconds < 1)
		seconds = 1;
	if (seconds > UINT32_MAX / 2)
		seconds = UINT32_MAX / 2;
	p->seconds = (unsigned)seconds;
	(void)snprintf(
	    p->description, sizeof(p->description), "tokenring:%s", name);
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	/* The thread's number: whoever runs this stays until it is done. */
	(void)snprintf(p->tmp, sizeof(p->tmp), "%s.%ld.new", name,
	    (long)syscall(SYS_gettid));
	(void)snprintf(p->run_user, sizeof(p->run_user), "/run/user/%lu",
	    (unsigned long)uid);
	(void)snprintf(p->shm_name, sizeof(p->shm_name), "tokenring-%lu",
	    (unsigned long)uid);
	(void)snprintf(head, sizeof(head), "until %lld\n",
	    (long long)time(NULL) + (long long)seconds);
	p->head = strlen(head);
	if (secbuf_set(&p->file, head) < 0 ||
	    secbuf_add(&p->file, data->ptr, data->len) < 0)
		return err_set(err, ERR_NOMEM, "cache entry too long");
	return 0;
}

enum cache_placed
cache_place_run(const struct cache_place *p)
{
	if (place_key(p) == 0) {
		if (!p->leave_file)
			drop_file(p);
		return CACHE_PLACED_KERNEL;
	}
	drop_key(p);
	if (place_file(p) == 0)
		return CACHE_PLACED_FILE;
	drop_file(p);
	return CACHE_PLACED_NOWHERE;
}

void
cache_place_release(struct cache_place *p)
{
	secbuf_release(&p->file);
}
