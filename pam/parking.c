/* SPDX-License-Identifier: MIT */
#include "parking.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "lines.h"

static void
cleanup_dir(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

/*
 * Open, and make if it is missing, a directory of root's that nobody else can
 * write to; one that we made, and every `private` one, nobody else can enter.
 */
static int
open_root(int parent, const char *path, bool private, struct err *err)
{
	CLEANUP_FD int fd = -1;
	mode_t unwanted = private ? 0077 : S_IWGRP | S_IWOTH;
	bool made = mkdirat(parent, path, 0700) == 0;
	struct stat st;

	if (!made && errno != EEXIST)
		return err_set(err, ERR_INTERNAL, "cannot create '%s': %s",
		    path, strerror(errno));
	fd = openat(
	    parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* The caller's umask may have taken rights even from the owner. */
	if (fd < 0 || (made && fchmod(fd, 0700) < 0) || fstat(fd, &st) < 0)
		return err_set(err, ERR_INTERNAL, "cannot use '%s': %s", path,
		    strerror(errno));
	if (st.st_uid != 0 || (st.st_mode & unwanted) != 0)
		return err_set(err, ERR_INTERNAL,
		    "'%s' is not root's alone: owner %lu, mode %04o", path,
		    (unsigned long)st.st_uid, (unsigned)(st.st_mode & 07777));
	return TAKE_FD(fd);
}

static int
open_parking(struct err *err)
{
	CLEANUP_FD int top = -1;

	top = open_root(AT_FDCWD, RUNDIR "/tokenring", false, err);
	return top < 0 ? -1 : open_root(top, "parked", true, err);
}

/* A file's time and time(3) may be read from clocks of different grain: what
   seems to come from the next second need not be from the future. */
static bool
too_old(int64_t then, int64_t now)
{
	return then > now + PARKING_GRAIN || now - then > PARKING_SECONDS;
}

/* Throw away what nobody came for. */
static void
sweep(int dir)
{
	CLEANUP(cleanup_dir) DIR *d = NULL;
	int64_t now = (int64_t)time(NULL);
	CLEANUP_FD int copy = -1;
	struct dirent *e;
	struct stat st;
	int i;

	copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0 || (d = fdopendir(copy)) == NULL)
		return;
	(void)TAKE_FD(copy);
	for (i = 0; i < PARKING_SWEEP_MAX && (e = readdir(d)) != NULL; i++)
		if (e->d_name[0] != '.' &&
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    too_old((int64_t)st.st_mtime, now))
			(void)unlinkat(dir, e->d_name, 0);
}

static int
compose(struct secbuf *to, const struct state *st, struct err *err)
{
	int r;

	r = lines_begin(to, err);
	if (r == 0)
		r = lines_add(to, "user", st->user, err);
	if (r == 0)
		r = lines_add_number(to, "uid", (int64_t)st->uid, err);
	if (r == 0)
		r = lines_add(to, "service", st->service, err);
	if (r == 0)
		r = lines_add_some(to, "id", st->id, err);
	if (r == 0)
		r = lines_add_number(to, "parked_at", (int64_t)time(NULL), err);
	if (r == 0)
		r = lines_add(to, "fingerprint", st->fingerprint, err);
	if (r == 0)
		r = token_write(&st->token, to, err);
	if (r == 0)
		r = lines_end(to, err);
	return r;
}

int
parking_put(
    const struct state *st, char ticket[STATE_TICKET_LEN + 1], struct err *err)
{
	unsigned char random[STATE_TICKET_LEN / 2];
	SECBUF text = SECBUF_INIT(PARKING_MAX);
	char name[STATE_TICKET_LEN + 1];
	CLEANUP_FD int dir = -1;
	CLEANUP_FD int fd = -1;
	size_t i;
	int r;

	r = compose(&text, st, err);
	if (r < 0)
		return r;
	dir = open_parking(err);
	if (dir < 0)
		return err->code;
	sweep(dir);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_set(err, ERR_INTERNAL, "no random numbers");
	for (i = 0; i < sizeof(random); i++)
		(void)snprintf(name + 2 * i, 3, "%02x", random[i]);
	fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(err, ERR_INTERNAL,
		    "cannot create a file in '%s': %s", PARKING_DIR,
		    strerror(errno));
	r = io_write(fd, text.ptr, text.len, err);
	if (r < 0) {
		(void)unlinkat(dir, name, 0);
		return r;
	}
	memcpy(ticket, name, sizeof(name));
	return 0;
}

/* Open it and remove its name: whatever comes of it, it serves once. */
static int
consume(const char *ticket, struct secbuf *text, struct err *err)
{
	CLEANUP_FD int dir = -1;
	CLEANUP_FD int fd = -1;
	struct stat st;

	dir = open_parking(err);
	if (dir < 0)
		return err->code;
	sweep(dir);
	fd = openat(dir, ticket,
	    O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_set(
		    err, ERR_NOTFOUND, "there is none: %s", strerror(errno));
	if (unlinkat(dir, ticket, 0) < 0)
		return err_set(
		    err, ERR_INTERNAL, "cannot remove it: %s", strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & 0077) != 0)
		return err_set(err, ERR_INTERNAL, "it is not root's own file");
	return io_read_end(fd, text, IO_FOREVER, err);
}

static int
copy(char *to, size_t size, const struct lines *l, const char *key,
    struct err *err)
{
	const char *v = lines_get(l, key);

	if (v == NULL || *v == '\0' || snprintf(to, size, "%s", v) >= (int)size)
		return err_set(err, ERR_PROTOCOL, "%s is not in it", key);
	return 0;
}

int
parking_take(const char *ticket, struct state *ret, struct err *err)
{
	LINES l = LINES_INIT;
	int64_t uid;
	int r;

	if (!state_hex(ticket, STATE_TICKET_LEN))
		return err_set(err, ERR_PROTOCOL, "not a ticket");
	l.text.max = PARKING_MAX;
	r = consume(ticket, &l.text, err);
	if (r == 0)
		r = lines_parse(&l, LINES_MESSAGE, err);
	if (r == 0)
		r = copy(ret->user, sizeof(ret->user), &l, "user", err);
	if (r == 0)
		r = copy(
		    ret->service, sizeof(ret->service), &l, "service", err);
	if (r == 0)
		r = copy(ret->fingerprint, sizeof(ret->fingerprint), &l,
		    "fingerprint", err);
	if (r < 0)
		return r;
	/* An older module does not tell. */
	if (lines_get(&l, "id") != NULL &&
	    state_hex(lines_get(&l, "id"), STATE_ID_LEN))
		(void)snprintf(
		    ret->id, sizeof(ret->id), "%s", lines_get(&l, "id"));
	uid = lines_number(&l, "uid", -1);
	if (uid <= 0 || uid >= UINT32_MAX)
		return err_set(err, ERR_PROTOCOL, "uid is not in it");
	ret->uid = (uid_t)uid;
	if (too_old(lines_number(&l, "parked_at", -1), (int64_t)time(NULL)))
		return err_set(err, ERR_NOTFOUND, "it is too old");
	return token_read(&ret->token, &l, err);
}

void
parking_drop(const char *ticket)
{
	struct err err = ERR_INIT;
	CLEANUP_FD int dir = -1;

	if (!state_hex(ticket, STATE_TICKET_LEN))
		return;
	dir = open_parking(&err);
	if (dir >= 0)
		(void)unlinkat(dir, ticket, 0);
}
