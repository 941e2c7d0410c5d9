/* SPDX-License-Identifier: MIT */
/*
 * Who is signing in: a name that the system knows, and whether the options make
 * him ours.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <sys/types.h>

#include "cleanup.h"
#include "options.h"

#define SUBJECT_NAME_MAX   33      /* bytes of a login name */
#define SUBJECT_GROUPS_MAX 65536   /* the kernel's own limit */
#define SUBJECT_ENTRY_MAX  1048576 /* bytes of a passwd or group entry */

struct subject {
	char name[SUBJECT_NAME_MAX + 1]; /* "": not a name of ours to repeat */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* subject_groups: all, the primary one included */
	int n_groups;
	bool ours;       /* known, and within the options' limits */
	const char *why; /* not ours: the reason */
};
#define SUBJECT_INIT                                                           \
	{                                                                      \
		.groups = NULL                                                 \
	}
#define SUBJECT CLEANUP(subject_release) struct subject

/*
 * Look PAM_USER up.  Returns 0 with `ours` decided, or the PAM code for a
 * look-up that failed, which says nothing about the user.
 */
int subject_find(
    struct subject *s, pam_handle_t *pamh, const struct options *o);

/*
 * Look up which groups he is in, if that is not known yet: it may ask a
 * directory, and so is left out where nobody needs it.  0 or a PAM code.
 */
int subject_groups(struct subject *s);

void subject_release(struct subject *s);

#endif
