/* SPDX-License-Identifier: MIT */
#include "fakes.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"

#define FAKES_MAX 16

static struct {
	struct {
		char name[64];
		uid_t uid;
		gid_t gid;
		char groups[128];
	} user[FAKES_MAX];
	struct {
		char name[64];
		gid_t gid;
	} group[FAKES_MAX];
	int users, groups, error, warnings;
	bool ids, quiet, secure, no_groups;
	uid_t real, effective;
	long clock;
	char answer[64]; /* the name in every entry; "": that asked for */
} fakes;

static void
add_user(const char *name, const char *ids, const char *groups)
{
	int i;

	for (i = 0; i < fakes.users; i++)
		if (strcmp(fakes.user[i].name, name) == 0)
			break;
	if (i >= FAKES_MAX)
		abort();
	if (i == fakes.users)
		fakes.users++;
	(void)snprintf(fakes.user[i].name, 64, "%s", name);
	(void)sscanf(ids, "%u:%u", &fakes.user[i].uid, &fakes.user[i].gid);
	(void)snprintf(
	    fakes.user[i].groups, 128, "%s", groups != NULL ? groups : "");
}

bool
fakes_command(const char *verb, char *a, char *b, char *c)
{
	if (strcmp(verb, "nss-user") == 0 && b != NULL)
		add_user(a, b, c);
	else if (strcmp(verb, "nss-group") == 0 && fakes.groups < FAKES_MAX) {
		(void)snprintf(fakes.group[fakes.groups].name, 64, "%s", a);
		fakes.group[fakes.groups++].gid = (gid_t)atoi(b);
	} else if (strcmp(verb, "nss-error") == 0)
		fakes.error = atoi(a);
	else if (strcmp(verb, "nss-answers") == 0)
		(void)snprintf(fakes.answer, sizeof(fakes.answer), "%s", a);
	else if (strcmp(verb, "ids") == 0) {
		fakes.ids = true;
		(void)sscanf(a, "%u:%u", &fakes.real, &fakes.effective);
	} else if (strcmp(verb, "setenv") == 0)
		(void)setenv(a, b != NULL ? b : "", 1);
	else if (strcmp(verb, "nss-no-groups") == 0)
		fakes.no_groups = true;
	else if (strcmp(verb, "set-uid") == 0)
		fakes.secure = true;
	else if (strcmp(verb, "clock") == 0)
		fakes.clock = atol(a);
	else
		return false;
	return true;
}

static void
log_line(int priority, const char *format, va_list ap)
{
	static const char *const level[] = {"EMERG", "ALERT", "CRIT", "ERR",
	    "WARNING", "NOTICE", "INFO", "DEBUG"};
	char text[4096];

	if ((priority & LOG_PRIMASK) <= LOG_WARNING)
		fakes.warnings++;
	if (fakes.quiet)
		return;
	(void)vsnprintf(text, sizeof(text), format, ap);
	(void)printf("log %s %s%s\n", level[priority & 7],
	    (priority & LOG_FACMASK) == LOG_AUTHPRIV ? "" : "(facility) ",
	    text);
}

void
syslog(int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_line(priority, format, ap);
	va_end(ap);
}

void __syslog_chk(int priority, int flag, const char *format, ...);
void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, format);
	log_line(priority, format, ap);
	va_end(ap);
}

int
getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t size,
    struct passwd **ret)
{
	int i;

	*ret = NULL;
	if (FAULT("getpwnam_r", EIO))
		return EIO;
	if (fakes.error != 0)
		return fakes.error;
	for (i = 0; i < fakes.users; i++)
		if (strcmp(fakes.user[i].name, name) == 0) {
			/* As large as a real entry with many members. */
			if (size < 5000) /* libpam looks at errno */
				return errno = ERANGE;
			(void)snprintf(buf, size, "%s",
			    fakes.answer[0] != '\0' ? fakes.answer : name);
			memset(pw, 0, sizeof(*pw));
			pw->pw_name = buf;
			pw->pw_uid = fakes.user[i].uid;
			pw->pw_gid = fakes.user[i].gid;
			*ret = pw;
			return 0;
		}
	return 0;
}

static gid_t
gid_of(const char *name)
{
	int i;

	for (i = 0; i < fakes.groups; i++)
		if (strcmp(fakes.group[i].name, name) == 0)
			return fakes.group[i].gid;
	return (gid_t)-1;
}

int
getgrnam_r(const char *name, struct group *gr, char *buf, size_t size,
    struct group **ret)
{
	gid_t gid = gid_of(name);

	*ret = NULL;
	if (FAULT("getgrnam_r", EIO))
		return EIO;
	if (gid == (gid_t)-1)
		return 0;
	(void)snprintf(buf, size, "%s", name);
	memset(gr, 0, sizeof(*gr));
	gr->gr_name = buf;
	gr->gr_gid = gid;
	*ret = gr;
	return 0;
}

int
getgrouplist(const char *user, gid_t primary, gid_t *groups, int *n)
{
	char list[128], *p = list, *name;
	int room = *n, total = 0, i;

	list[0] = '\0';
	if (fakes.no_groups || FAULT("getgrouplist", ENOMEM))
		return -1; /* as without memory: `n` is as it was */
	for (i = 0; i < fakes.users; i++)
		if (strcmp(fakes.user[i].name, user) == 0)
			(void)snprintf(
			    list, sizeof(list), "%s", fakes.user[i].groups);
	if (total++ < room)
		groups[0] = primary;
	while ((name = strsep(&p, ",")) != NULL)
		if (gid_of(name) != (gid_t)-1 && total++ < room)
			groups[total - 1] = gid_of(name);
	*n = total;
	return total <= room ? total : -1;
}

uid_t
getuid(void)
{
	return fakes.ids ? fakes.real : (uid_t)syscall(SYS_getuid);
}

uid_t
geteuid(void)
{
	return fakes.ids ? fakes.effective : (uid_t)syscall(SYS_geteuid);
}

unsigned long __getauxval(unsigned long type);
unsigned long
getauxval(unsigned long type)
{
	return fakes.secure && type == AT_SECURE ? 1 : __getauxval(type);
}

/* What is ours is his whom we play. */
static int
as_played(struct stat *st)
{
	if (fakes.ids && st->st_uid == (uid_t)syscall(SYS_geteuid))
		st->st_uid = fakes.effective;
	return 0;
}

int
fstat(int fd, struct stat *st)
{
	if (FAULT("fstat", EIO))
		return -1;
	return fstatat(fd, "", st, AT_EMPTY_PATH) == 0 ? as_played(st) : -1;
}

int
lstat(const char *path, struct stat *st)
{
	if (FAULT("lstat", EIO))
		return -1;
	return fstatat(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW) == 0
		   ? as_played(st)
		   : -1;
}

time_t
time(time_t *to)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += fakes.clock;
	if (to != NULL)
		*to = t.tv_sec;
	return t.tv_sec;
}

void
fakes_quiet(bool quiet)
{
	fakes.quiet = quiet;
}

bool
fakes_quiet_now(void)
{
	return fakes.quiet;
}

int
fakes_warnings(void)
{
	int n = fakes.warnings;

	fakes.warnings = 0;
	return n;
}
