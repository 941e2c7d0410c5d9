/* SPDX-License-Identifier: MIT */
/*
 * Where our files lie.  Directories follow the uid, not the environment of
 * whoever called us: the same for ssh, cron and su.
 *
 * Each is opened without following links and counts only if it is ours and
 * closed to all others; it is made, with mode 0700, if it is missing.
 */
#ifndef DIRS_H
#define DIRS_H

#include <sys/types.h>

#include "err.h"

/*
 * The state directory: $XDG_STATE_HOME/tokenring, by default
 * ~/.local/state/tokenring (XDG Base Directory Specification).  HOME counts
 * only if it is ours, else the password file's is used.  Returns a descriptor
 * for the caller to close.  ERR_INTERNAL with the reason if it cannot be used.
 */
int dirs_state(struct err *err);

/*
 * The runtime directory, on tmpfs: /run/user/UID/tokenring where the system
 * has made /run/user/UID, else /dev/shm/tokenring-UID.  Never on disk:
 * ERR_NOTFOUND if neither is a tmpfs of ours.
 */
int dirs_runtime(struct err *err);

/*
 * The places of the runtime directory that exist, one after the other: what was
 * put into the second (by a login, before the system made /run/user/UID) must
 * be found when the first is there too.  Start with *place 0; returns a
 * descriptor to close, or -1 after the last.
 */
#define DIRS_RUNTIME_PLACES 2
int dirs_runtime_next(int *place);

/*
 * The directory `name` in the open directory `parent`, as above; `shown` is
 * what a message calls it.  Returns a descriptor for the caller to close.
 * ERR_INTERNAL with the reason if it cannot be used.
 */
int dirs_ours(int parent, const char *name, const char *shown, struct err *err);

/* The state directory's path, there or not; ERR_NOTFOUND: no home. */
int dirs_state_path(char *to, size_t size, struct err *err);

/* HOME if it is ours, else the password file's; -1 if there is none. */
int dirs_home(char *to, size_t size);

/* The user's configuration file's path into `to`; ERR_NOTFOUND: no home. */
int dirs_user_config(char *to, size_t size, struct err *err);

#endif
