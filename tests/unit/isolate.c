/* SPDX-License-Identifier: MIT */
#include "isolate.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static bool
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok =
	    fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	(void)close(fd);
	return ok;
}

bool
isolate(void)
{
	char uids[64], gids[64];

	(void)snprintf(
	    uids, sizeof(uids), "%ld %ld 1", (long)geteuid(), (long)geteuid());
	(void)snprintf(
	    gids, sizeof(gids), "%ld %ld 1", (long)getegid(), (long)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
	       write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/uid_map", uids) &&
	       write_text("/proc/self/gid_map", gids) &&
	       mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777") == 0 &&
	       mount("tmpfs", "/run", "tmpfs", 0, "mode=755") == 0;
}
