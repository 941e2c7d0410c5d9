/* SPDX-License-Identifier: MIT */
/* The kernel's user keyring, where access tokens are cached. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "doctor.h"
#include "io.h"

#define USERS_FILE "/proc/key-users"
#define USERS_MAX  262144 /* bytes of it */
#define TOKEN_KEYS 4      /* keys that should still find room */
#define TOKEN_ROOM 8192   /* and bytes */

bool
doctor_quota_read(const char *text, uid_t uid, struct doctor_quota *ret)
{
	const char *line;
	long id;

	for (line = text; line != NULL && *line != '\0';
	     line = strchr(line, '\n'), line += line != NULL)
		/* "uid: usage keys/instantiated keys/max bytes/max",
		   keyrings(7) */
		if (sscanf(line, " %ld: %*d %*d/%*d %ld/%ld %ld/%ld", &id,
			&ret->keys, &ret->keys_max, &ret->bytes,
			&ret->bytes_max) == 5 &&
		    id == (long)uid)
			return true;
	return false;
}

void
doctor_keys(struct doctor *d)
{
	SECBUF text = SECBUF_INIT(USERS_MAX);
	struct err ignored = ERR_INIT;
	struct doctor_quota q;

	if (!cache_in_kernel()) {
		doctor_find(d, DOCTOR_NOTE, "no-kernel-keyring",
		    "the kernel keyring is not available (a container?): "
		    "tokens are cached in files on tmpfs");
		return;
	}
	if (io_read_file(AT_FDCWD, USERS_FILE, &text, &ignored) < 0 ||
	    !doctor_quota_read(text.ptr, geteuid(), &q)) {
		doctor_find(
		    d, DOCTOR_OK, "kernel-keyring", "the kernel keyring works");
		return;
	}
	if (q.keys_max - q.keys >= TOKEN_KEYS &&
	    q.bytes_max - q.bytes >= TOKEN_ROOM) {
		doctor_find(d, DOCTOR_OK, "kernel-keyring",
		    "the kernel keyring works: %ld of %ld keys, %ld of %ld "
		    "bytes are used",
		    q.keys, q.keys_max, q.bytes, q.bytes_max);
		return;
	}
	doctor_find(d, DOCTOR_NOTE, "quota",
	    "your quota of the kernel keyring is nearly used up (%ld of %ld "
	    "keys, %ld of %ld bytes): tokens are cached in files on tmpfs "
	    "instead",
	    q.keys, q.keys_max, q.bytes, q.bytes_max);
	doctor_do(d, "see what fills it: keyctl show @u; containers that run "
		     "as you count too, and so do four bytes for each key that "
		     "has ever expired, until the machine is restarted");
}
