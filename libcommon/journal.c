/* SPDX-License-Identifier: MIT */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cleanup.h"
#include "dirs.h"
#include "fingerprint.h"
#include "io.h"

static void
file_name(char *to, size_t size, const char *fp)
{
	(void)snprintf(to, size, "%s.journal", fp);
}

/* fallocate(2) does not ask RLIMIT_FSIZE where the size stays. */
static int
set_room_aside(int fd)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_FSIZE, &l) == 0 && l.rlim_cur < JOURNAL_ROOM) {
		errno = EFBIG;
		return -1;
	}
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, JOURNAL_ROOM) < 0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return -1;
	return 0;
}

int
journal_begin(const char *fp, struct err *err)
{
	CLEANUP_FD int dir = -1;
	char name[FINGERPRINT_LEN + 16];
	int fd;

	dir = dirs_runtime(err);
	if (dir < 0)
		return err->code;
	file_name(name, sizeof(name), fp);
	(void)unlinkat(dir, name, 0);
	fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || set_room_aside(fd) < 0) {
		(void)err_set(err, ERR_NOTFOUND,
		    "cannot create the journal: %s", strerror(errno));
		if (fd >= 0) {
			(void)close(fd);
			(void)unlinkat(dir, name, 0);
		}
		return err->code;
	}
	return fd;
}

static enum journal_state
read_journal(int dir, const char *name, struct lines *ret)
{
	struct err err = ERR_INIT;

	secbuf_reset(&ret->text);
	if (io_read_file(dir, name, &ret->text, &err) < 0)
		return err.code == ERR_NOTFOUND ? JOURNAL_NONE
						: JOURNAL_UNKNOWN;
	return lines_parse(ret, LINES_MESSAGE, &err) == 0 ? JOURNAL_ANSWER
							  : JOURNAL_UNKNOWN;
}

enum journal_state
journal_left(const char *fp, struct lines *ret)
{
	enum journal_state state = JOURNAL_NONE;
	char name[FINGERPRINT_LEN + 16];
	int place = 0;

	file_name(name, sizeof(name), fp);
	while (state == JOURNAL_NONE) {
		CLEANUP_FD int dir = dirs_runtime_next(&place);

		if (dir < 0)
			break;
		state = read_journal(dir, name, ret);
	}
	return state;
}

void
journal_end(const char *fp)
{
	char name[FINGERPRINT_LEN + 16];
	int place = 0, dir;

	file_name(name, sizeof(name), fp);
	while ((dir = dirs_runtime_next(&place)) >= 0) {
		(void)unlinkat(dir, name, 0);
		(void)close(dir);
	}
}
