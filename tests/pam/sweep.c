/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "drive.h"
#include "fakes.h"
#include "faults.h"

#define TURNS_MAX 1000 /* of one function */

/* All that FAULT is used with. */
static const char *const calls[] = {"add_key", "chdir", "clone", "close",
    "closedir", "dup2", "execve", "fchmod", "fcntl", "fdopendir", "fstat",
    "fstatat", "fstatfs", "fsync", "getgrnam_r", "getgrouplist", "getpwnam_r",
    "getrandom", "kill", "link", "lstat", "memory", "mkdirat", "mmap",
    "nanosleep", "open", "openat", "pam_fail_delay", "pam_get_authtok",
    "pam_get_data", "pam_get_item", "pam_get_user", "pam_putenv",
    "pam_set_data", "pam_set_item", "pipe2", "poll", "prctl", "pthread_sigmask",
    "read", "readdir", "recv", "renameat", "send", "set_timeout", "setgroups",
    "setperm", "setresgid", "setresuid", "setrlimit", "setsid", "shutdown",
    "sigprocmask", "sigtimedwait", "socketpair", "unlinkat", "vfork", "wait",
    "waitpid", "write"};

#define N_CALLS (sizeof(calls) / sizeof(calls[0]))

struct names {
	const char *name[N_CALLS];
	size_t n;
};

/* They come in order: a name is there already, or is the last. */
static void
add(struct names *to, const char *name)
{
	if (to->n == 0 || strcmp(to->name[to->n - 1], name) != 0)
		to->name[to->n++] = name;
}

static void
tell(const char *what, const struct names *of)
{
	size_t i;

	(void)printf("%s:", what);
	for (i = 0; i < of->n; i++)
		(void)printf(" %s", of->name[i]);
	(void)printf("\n");
}

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* As to sshd's own process: only the PAM environment crosses. */
static pam_handle_t *
cross(pam_handle_t *h, const char *user, const char *dir)
{
	char **e = pam_getenvlist(h), **next;

	(void)pam_end(h, PAM_SUCCESS | PAM_DATA_SILENT);
	h = drive_start("sshd", user, dir);
	(void)pam_set_item(h, PAM_TTY, "ssh");
	for (next = e; next != NULL && *next != NULL; next++) {
		(void)pam_putenv(h, *next);
		free(*next);
	}
	free(e);
	return h;
}

/* One turn; the code that came. */
static int
turn(const char *service, const char *user, const char *dir, enum sweep what,
    const char *name, int nth)
{
	bool sshd = strcmp(service, "sshd") == 0;
	pam_handle_t *h = drive_start(service, user, dir);
	bool after = what == SWEEP_AFTER || what == SWEEP_SESSION;
	int r;

	if (sshd)
		(void)pam_set_item(h, PAM_TTY, "ssh");
	if (after && pam_authenticate(h, 0) != PAM_SUCCESS)
		abort();
	if (after && sshd)
		h = cross(h, user, dir);
	(void)fakes_warnings();
	faults_arm(name, nth, what != SWEEP_ALL);
	r = what == SWEEP_SESSION ? pam_open_session(h, 0)
	    : after               ? pam_setcred(h, PAM_ESTABLISH_CRED)
				  : pam_authenticate(h, 0);
	faults_arm("", 0, false);
	(void)pam_end(h, r);
	return r;
}

void
sweep(const char *service, const char *user, const char *dir, enum sweep what)
{
	struct names denied = {.n = 0}, told = {.n = 0}, silent = {.n = 0};
	bool seen[DRIVE_CODES] = {false}, many = false;
	int nth, r, warnings, hits = 0, clean = -1, before = descriptors();
	size_t i;

	fakes_quiet(true);
	for (i = 0; i < N_CALLS; i++) {
		for (nth = 1; nth < TURNS_MAX; nth++) {
			r = turn(service, user, dir, what, calls[i], nth);
			warnings = fakes_warnings();
			if (!faults_hit())
				break;
			hits++;
			seen[r] = true;
			many = many || (r == PAM_SUCCESS && warnings > 1);
			add(r != PAM_SUCCESS ? &denied
			    : warnings > 0   ? &told
					     : &silent,
			    calls[i]);
		}
		clean = nth == TURNS_MAX || (i > 0 && clean != r) ? -1 : r;
	}
	fakes_quiet(false);
	(void)printf("with %s faults:", hits > 20 ? "many" : "few");
	for (i = 0; i < DRIVE_CODES; i++)
		if (seen[i])
			(void)printf(" %s", drive_code((int)i));
	(void)printf("\nlet in by a fault: %s\nwithout: %s\n",
	    seen[PAM_IGNORE] || (seen[PAM_SUCCESS] && clean != PAM_SUCCESS)
		? "yes"
		: "never",
	    clean >= 0 ? drive_code(clean) : "never");
	if (what != SWEEP_ALL) {
		tell("denied", &denied);
		tell("stands, and the log says why", &told);
		tell("stands", &silent);
	}
	if (many && what != SWEEP_ALL)
		(void)printf("more than one line for a fault\n");
	if (descriptors() != before)
		(void)printf("descriptors are left open\n");
	if (waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD)
		(void)printf("a child is left\n");
}
