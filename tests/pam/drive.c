/* SPDX-License-Identifier: MIT */
/*
 * Drives the real libpam through pam_start_confdir, as commands on standard
 * input say, and writes what happens to standard output: prompts, lines for the
 * log, return codes, and anything of the process that a call has changed.
 * `run` beside this file writes the one and judges the other.
 *
 * The names that this program defines come before the C library's for the
 * module too: the log, the user database, the ids and the clock are the test's.
 */
#include <dirent.h>
#include <errno.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drive.h"
#include "fakes.h"
#include "faults.h"
#include "memory.h"

#define REPLIES_MAX 16

static struct {
	pam_handle_t *h;
	char *reply[REPLIES_MAX];
	int replies, taken;
	int delay; /* microseconds asked for after the last failure */
	volatile sig_atomic_t chld;
} drive;

static const struct {
	const char *name;
	int flag;
} flags[] = {
    {"SILENT", PAM_SILENT},
    {"ESTABLISH", PAM_ESTABLISH_CRED},
    {"REINITIALIZE", PAM_REINITIALIZE_CRED},
    {"REFRESH", PAM_REFRESH_CRED},
    {"DELETE", PAM_DELETE_CRED},
    {"DISALLOW_NULL", PAM_DISALLOW_NULL_AUTHTOK},
};

static const char *const codes[] = {"SUCCESS", "OPEN_ERR", "SYMBOL_ERR",
    "SERVICE_ERR", "SYSTEM_ERR", "BUF_ERR", "PERM_DENIED", "AUTH_ERR",
    "CRED_INSUFFICIENT", "AUTHINFO_UNAVAIL", "USER_UNKNOWN", "MAXTRIES",
    "NEW_AUTHTOK_REQD", "ACCT_EXPIRED", "SESSION_ERR", "CRED_UNAVAIL",
    "CRED_EXPIRED", "CRED_ERR", "NO_MODULE_DATA", "CONV_ERR", "AUTHTOK_ERR",
    "AUTHTOK_RECOVERY_ERR", "AUTHTOK_LOCK_BUSY", "AUTHTOK_DISABLE_AGING",
    "TRY_AGAIN", "IGNORE", "ABORT", "AUTHTOK_EXPIRED", "MODULE_UNKNOWN",
    "BAD_ITEM", "CONV_AGAIN", "INCOMPLETE"};

/* A reply "!" is a failed conversation, "~" an answer without a text, "@NAME
   TEXT" one of an application that goes over to another user. */
static int
answer_one(const struct pam_message *m, struct pam_response *r)
{
	static const char *const style[] = {
	    "?", "echo_off", "echo_on", "error", "info"};
	char *reply;

	if (!fakes_quiet_now())
		(void)printf("%s %s\n",
		    m->msg_style >= 1 && m->msg_style <= 4 ? style[m->msg_style]
							   : "?",
		    m->msg);
	if (m->msg_style != PAM_PROMPT_ECHO_OFF &&
	    m->msg_style != PAM_PROMPT_ECHO_ON)
		return PAM_SUCCESS;
	if (drive.taken >= drive.replies) {
		(void)printf("no reply is left\n");
		return PAM_CONV_ERR;
	}
	reply = drive.reply[drive.taken++];
	if (strcmp(reply, "!") == 0)
		return PAM_CONV_ERR;
	if (*reply == '@') {
		(void)pam_set_item(drive.h, PAM_USER, strsep(&reply, " ") + 1);
		r->resp = strdup(reply != NULL ? reply : "");
	} else if (strcmp(reply, "~") != 0)
		r->resp = strdup(reply);
	return PAM_SUCCESS;
}

static int
answer_all(int n, const struct pam_message **m, struct pam_response **ret)
{
	struct pam_response *r = calloc((size_t)n, sizeof(*r));
	int i, e;

	if (r == NULL)
		return PAM_BUF_ERR;
	for (i = 0; i < n; i++) {
		e = answer_one(m[i], &r[i]);
		if (e != PAM_SUCCESS) {
			free(r);
			return e;
		}
	}
	*ret = r;
	return PAM_SUCCESS;
}

static int
converse(
    int n, const struct pam_message **m, struct pam_response **ret, void *data)
{
	int left = faults_pause(), r;

	(void)data;
	r = answer_all(n, m, ret);
	faults_resume(left);
	return r;
}

static void
delayed(int code, unsigned usec, void *data)
{
	(void)data;
	/* After a success libpam would not wait. */
	drive.delay = code != PAM_SUCCESS ? (int)usec : 0;
}

static void
on_chld(int signal)
{
	(void)signal;
	drive.chld = 1;
}

/* What a call must leave alone, as one text. */
static void
snapshot(char *to, size_t size)
{
	char cwd[512] = "";
	struct sigaction sa;
	struct dirent *e;
	unsigned long fds = 0;
	unsigned mask = 0;
	sigset_t set;
	mode_t m = umask(0);
	size_t n;
	DIR *d = opendir("/proc/self/fd");
	int i, threads = 0;

	(void)umask(m);
	while (d != NULL && (e = readdir(d)) != NULL)
		if (atoi(e->d_name) != dirfd(d))
			fds = fds * 31 + (unsigned long)atoi(e->d_name) + 1;
	if (d != NULL)
		(void)closedir(d);
	for (d = opendir("/proc/self/task"); d != NULL && readdir(d) != NULL;)
		threads++;
	if (d != NULL)
		(void)closedir(d);
	(void)sigprocmask(SIG_BLOCK, NULL, &set);
	for (i = 1; i < 32; i++)
		mask |= (unsigned)sigismember(&set, i) << i;
	n = (size_t)snprintf(to, size,
	    "umask=%04o fds=%lx threads=%d mask=%x cwd=%s ids=%ld/%ld core=%d",
	    (unsigned)m, fds, threads, mask, getcwd(cwd, sizeof(cwd)),
	    syscall(SYS_getuid), syscall(SYS_geteuid),
	    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	for (i = 1; i < 32 && n < size; i++)
		if (sigaction(i, NULL, &sa) == 0)
			n += (size_t)snprintf(to + n, size - n, " %p",
			    (void *)(size_t)sa.sa_handler);
}

static int
parse_flags(const char *s)
{
	int f = 0;
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (s != NULL && strstr(s, flags[i].name) != NULL)
			f |= flags[i].flag;
	return f;
}

static int
call(const char *what, int f)
{
	if (strcmp(what, "authenticate") == 0)
		return pam_authenticate(drive.h, f);
	if (strcmp(what, "setcred") == 0)
		return pam_setcred(drive.h, f);
	if (strcmp(what, "acct_mgmt") == 0)
		return pam_acct_mgmt(drive.h, f);
	if (strcmp(what, "open_session") == 0)
		return pam_open_session(drive.h, f);
	if (strcmp(what, "close_session") == 0)
		return pam_close_session(drive.h, f);
	if (strcmp(what, "chauthtok") == 0)
		return pam_chauthtok(drive.h, f);
	return -1;
}

static void
drop_replies(void)
{
	while (drive.replies > 0) {
		drive.replies--;
		explicit_bzero(drive.reply[drive.replies],
		    strlen(drive.reply[drive.replies]));
		free(drive.reply[drive.replies]);
	}
	drive.taken = 0;
}

static bool
judge_call(const char *what, const char *arg)
{
	char before[2048], after[2048];
	int r, dumpable, f = parse_flags(arg);

	drive.delay = 0;
	drive.chld = 0;
	snapshot(before, sizeof(before));
	r = call(what, f);
	if (r < 0)
		return false;
	snapshot(after, sizeof(after));
	if (strcmp(before, after) != 0)
		(void)printf("changed: %s -> %s\n", before, after);
	if (drive.chld != 0)
		(void)printf("changed: a SIGCHLD came\n");
	if (waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD)
		(void)printf("changed: a child is left\n");
	if ((dumpable = faults_dumpable()) >= 0)
		(void)printf("dumpable=%d\n", dumpable);
	if (drive.taken < drive.replies)
		(void)printf(
		    "%d replies are left\n", drive.replies - drive.taken);
	drop_replies();
	(void)printf("= %s%s\n", drive_code(r),
	    drive.delay >= 1000000 && drive.delay <= 3000000 ? " delay" : "");
	return true;
}

static void
set_item(const char *name, const char *value)
{
	int which = strcmp(name, "tty") == 0       ? PAM_TTY
		    : strcmp(name, "rhost") == 0   ? PAM_RHOST
		    : strcmp(name, "ruser") == 0   ? PAM_RUSER
		    : strcmp(name, "user") == 0    ? PAM_USER
		    : strcmp(name, "service") == 0 ? PAM_SERVICE
						   : 0;

	if (pam_set_item(drive.h, which, value) != PAM_SUCCESS)
		(void)printf("cannot set %s\n", name);
}

static pam_handle_t *
start(const char *service, const char *user, const char *dir)
{
	struct pam_conv conv = {converse, NULL};
	union {
		void (*function)(int, unsigned, void *);
		const void *item;
	} u = {.function = delayed};

	if (pam_start_confdir(service, strcmp(user, "-") == 0 ? NULL : user,
		&conv, dir, &drive.h) != PAM_SUCCESS) {
		(void)printf("pam_start failed\n");
		exit(1);
	}
	(void)pam_set_item(drive.h, PAM_FAIL_DELAY, u.item);
	return drive.h;
}

pam_handle_t *
drive_start(const char *service, const char *user, const char *dir)
{
	drive.taken = 0;
	return start(service, user, dir);
}

const char *
drive_code(int code)
{
	return code >= 0 && (size_t)code < sizeof(codes) / sizeof(codes[0])
		   ? codes[code]
		   : "?";
}

/*
 * What sshd's keyboard-interactive does: the call runs in a child that ends
 * without pam_end, and only the PAM environment comes back.
 */
static bool
call_in_child(const char *what)
{
	char line[512];
	char **e;
	int pipe_fd[2];
	FILE *f;
	pid_t pid;

	(void)fflush(stdout);
	if (pipe(pipe_fd) < 0 || (pid = fork()) < 0)
		return false;
	if (pid == 0) {
		(void)judge_call(what, NULL);
		for (e = pam_getenvlist(drive.h); e != NULL && *e != NULL; e++)
			(void)dprintf(pipe_fd[1], "%s\n", *e);
		(void)fflush(stdout);
		_exit(0);
	}
	(void)close(pipe_fd[1]);
	f = fdopen(pipe_fd[0], "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		(void)pam_putenv(drive.h, line);
	}
	if (f != NULL)
		(void)fclose(f);
	(void)waitpid(pid, NULL, 0);
	drop_replies();
	return true;
}

static bool
command(char *verb, char *a, char *b, char *c)
{
	const char *v;

	if (strcmp(verb, "start") == 0 && c != NULL)
		(void)start(a, b, c);
	else if (strcmp(verb, "item") == 0 && b != NULL)
		set_item(a, b);
	else if (strcmp(verb, "reply") == 0 && drive.replies < REPLIES_MAX)
		drive.reply[drive.replies++] = strdup(a != NULL ? a : "");
	else if (strcmp(verb, "putenv") == 0 && a != NULL)
		(void)pam_putenv(drive.h, a);
	else if (strcmp(verb, "getenv") == 0 && a != NULL) {
		v = pam_getenv(drive.h, a);
		(void)printf("env %s\n", v != NULL ? v : "none");
	} else if (strcmp(verb, "end") == 0)
		(void)pam_end(drive.h,
		    a != NULL ? PAM_SUCCESS | PAM_DATA_SILENT : PAM_SUCCESS);
	else if (strcmp(verb, "memory") == 0 && a != NULL)
		(void)printf("memory %d\n", memory_count(a));
	else if (strcmp(verb, "hostile") == 0 && a != NULL)
		return faults_hostile(a);
	else if (strcmp(verb, "kernel") == 0 && b != NULL)
		return faults_kernel(a, strcmp(b, "lies") == 0);
	else if (strncmp(verb, "faults", 6) == 0 && c != NULL) {
		sweep(a, b, c,
		    strcmp(verb, "faults-module") == 0    ? SWEEP_MODULE
		    : strcmp(verb, "faults-after") == 0   ? SWEEP_AFTER
		    : strcmp(verb, "faults-session") == 0 ? SWEEP_SESSION
							  : SWEEP_ALL);
		drop_replies();
	} else if (strcmp(verb, "in_child") == 0 && a != NULL)
		return call_in_child(a);
	else if (!fakes_command(verb, a, b, c))
		return judge_call(verb, a);
	return true;
}

/* The last of up to three arguments may hold blanks. */
int
main(void)
{
	struct sigaction sa = {.sa_handler = on_chld};
	static char input[70000];
	char line[70000], *p, *verb, *arg[3];
	int i;

	(void)setvbuf(stdin, input, _IOFBF, sizeof(input));
	(void)sigaction(SIGCHLD, &sa, NULL);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		p = line;
		verb = strsep(&p, " ");
		for (i = 0; i < 3; i++) {
			bool whole = strcmp(verb, "reply") == 0 ||
				     (strcmp(verb, "item") == 0 && i == 1) ||
				     i == 2;

			arg[i] = p;
			if (whole)
				p = NULL;
			else
				(void)strsep(&p, " ");
		}
		/* What follows comes when this is done: all is read. */
		if (strcmp(verb, "memory") == 0)
			explicit_bzero(input, sizeof(input));
		if (!command(verb, arg[0], arg[1], arg[2]))
			(void)printf("unknown command %s\n", verb);
		explicit_bzero(line, sizeof(line));
		(void)printf(".\n"); /* done: the next one, please */
		(void)fflush(stdout);
	}
	return 0;
}
