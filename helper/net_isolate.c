/* SPDX-License-Identifier: MIT */
#include "net_worker.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

/* While we may: what no program of ours can have again either. */
static void
drop_bounding(void)
{
	unsigned long cap;

	for (cap = 0; cap < 64; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* Whatever our ids are: capabilities may have come with the start (a caller's
   ambient ones, a securebit, a kernel that leaves them to a program of a set-uid
   caller).  Raw, for libcap is no library that this needs. */
static int
drop_capabilities(struct err *err)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct cap[_LINUX_CAPABILITY_U32S_3];
	size_t i;

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	memset(cap, 0, sizeof(cap));
	if (syscall(SYS_capset, &head, cap) < 0 ||
	    syscall(SYS_capget, &head, cap) < 0)
		return err_set(err, ERR_CONFIG,
		    "tokenring-net cannot give up capabilities: %s",
		    strerror(errno));
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if ((cap[i].effective | cap[i].permitted |
			cap[i].inheritable) != 0)
			return err_set(err, ERR_CONFIG,
			    "tokenring-net keeps some capabilities");
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
	drop_bounding();
	if (uid == 0) {
		(void)setsid();
		reset_limits();
		find_nobody(&uid, &gid);
		if (become(uid, gid, err) < 0)
			return err->code;
	} else if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return err_set(
		    err, ERR_INTERNAL, "setresuid: %s", strerror(errno));
	if (drop_capabilities(err) < 0)
		return err->code;
	/* A change of identity sets it again. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	return 0;
}
