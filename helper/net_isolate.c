/* SPDX-License-Identifier: MIT */
#include "net_worker.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cleanup.h"

#define NOBODY 65534 /* where /etc/passwd does not know it */

static void
close_file(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

/* Whom to become.  The file is read directly: no name service's module may run
   with root's rights here. */
static void
find_nobody(uid_t *uid, gid_t *gid)
{
	CLEANUP(close_file) FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw;

	*uid = NOBODY;
	*gid = NOBODY;
	while (f != NULL && (pw = fgetpwent(f)) != NULL) {
		if (pw->pw_uid == 0 || pw->pw_gid == 0 ||
		    (strcmp(pw->pw_name, "nobody") != 0 &&
			strcmp(pw->pw_name, "_tokenring") != 0))
			continue;
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
		if (pw->pw_name[0] == '_')
			return;
	}
}

static int
become(uid_t uid, gid_t gid, struct err *err)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return err_set(err, ERR_CONFIG,
		    "tokenring-net cannot give up root's rights: %s",
		    strerror(errno));
	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0 ||
	    r != uid || e != uid || s != uid || rg != gid || eg != gid ||
	    sg != gid || setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0)
		return err_set(err, ERR_CONFIG,
		    "tokenring-net keeps some of root's rights");
	return 0;
}

static void
limit(int resource, rlim_t value)
{
	struct rlimit r = {value, value};

	(void)setrlimit(resource, &r);
}

/* Whoever calls a setuid program chooses its limits; these are ours. */
static void
reset_limits(void)
{
	static const int wide[] = {RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA,
	    RLIMIT_FSIZE, RLIMIT_NPROC, RLIMIT_RTTIME};
	size_t i;

	for (i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		limit(wide[i], RLIM_INFINITY);
	limit(RLIMIT_NOFILE, 256);
	limit(RLIMIT_STACK, 8 << 20);
}

int
net_isolate(struct err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();

	limit(RLIMIT_CORE, 0);
	(void)clearenv();
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(err, ERR_INTERNAL, "prctl: %s", strerror(errno));
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (uid == 0) {
		(void)setsid();
		reset_limits();
		find_nobody(&uid, &gid);
		if (become(uid, gid, err) < 0)
			return err->code;
		/* A change of identity sets it again. */
		(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	} else if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_set(
		    err, ERR_INTERNAL, "setresuid: %s", strerror(errno));
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	return 0;
}
