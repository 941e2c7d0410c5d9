/* SPDX-License-Identifier: MIT */
/* What several checks need: programs of the user's, modes of files. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "dirs.h"
#include "doctor.h"
#include "io.h"

#define KEPT_MAX 16 /* variables of a program's environment */

int64_t
doctor_deadline(const struct doctor *d, int ms)
{
	int64_t own = io_now_ms() + ms;

	return own < d->deadline ? own : d->deadline;
}

static void
free_all(char **env)
{
	size_t i;

	for (i = 0; env[i] != NULL; i++)
		free(env[i]);
}

int
doctor_run(const struct doctor *d, char *const *argv, const char *const *keep,
    int ms, struct secbuf *out, struct err *err)
{
	char *env[KEPT_MAX + 1] = {NULL};
	struct child c = CHILD_INIT;
	SECBUF nothing = SECBUF_INIT(1);
	const char *v;
	size_t n = 0;
	int r = 0;

	for (; keep != NULL && *keep != NULL && n < KEPT_MAX && r == 0;
	     keep++) {
		v = secure_getenv(*keep);
		if (v != NULL && asprintf(&env[n++], "%s=%s", *keep, v) < 0) {
			env[--n] = NULL;
			r = err_set(err, ERR_NOMEM, "out of memory");
		}
	}
	c.path = argv[0];
	c.argv = argv;
	c.envp = env;
	c.deadline = doctor_deadline(d, ms);
	if (r == 0)
		r = child_run(&c, &nothing, out, err);
	free_all(env);
	return r;
}

bool
doctor_home(const char *rest, char *to, size_t size)
{
	char home[PATH_MAX];

	*to = '\0';
	return dirs_home(home, sizeof(home)) == 0 &&
	       snprintf(to, size, "%s/%s", home, rest) < (int)size;
}

bool
doctor_judge_mode(struct doctor *d, const char *path, const char *what,
    const struct stat *st, bool closed)
{
	char quoted[DOCTOR_QUOTED_MAX];
	bool dir = S_ISDIR(st->st_mode), good = true;

	doctor_quote(quoted, path);
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		doctor_find(d, DOCTOR_ERROR, "owner",
		    "%s '%s' belongs to uid %ld, neither to you nor to root",
		    what, path, (long)st->st_uid);
		doctor_do(d, "see how it came there; as root: chown %ld %s",
		    (long)geteuid(), quoted);
		good = false;
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
	    (!dir || (st->st_mode & S_ISVTX) == 0)) {
		doctor_find(d, DOCTOR_ERROR, "writable",
		    "others may write to %s '%s' (mode %03o)", what, path,
		    (unsigned)st->st_mode & 07777);
		doctor_do(d, "chmod go-w %s", quoted);
		good = false;
	} else if (closed && (st->st_mode & 0077) != 0) {
		doctor_find(d, DOCTOR_ERROR, "readable",
		    "%s '%s' is open to others (mode %03o)", what, path,
		    (unsigned)st->st_mode & 07777);
		doctor_do(d, "chmod %s %s", dir ? "700" : "600", quoted);
		good = false;
	}
	return good;
}
