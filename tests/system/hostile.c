/* SPDX-License-Identifier: MIT */
/*
 * A set-uid program that calls PAM, and does before it all that such a program
 * and its caller can do to a module:
 *
 *   hostile SERVICE USER [WORD]...
 *
 * The password is read from descriptor 7, the report goes to 8: 0 to 2 may be
 * closed.  Words take effect in their order, after pam_start:
 *
 *   cold            no look-up of the user beforehand
 *   setenv NAME=VALUE
 *   close012        descriptors
 *   umask, nodir    umask 0777; a working directory that is gone
 *   chld-ignore chld-handle chld-nowait block pipe alarm ignore   signals
 *   limit RESOURCE AMOUNT   soft and hard
 *   threads N       that many others, busy
 *   parallel N      that many handles at once; odd ones with a wrong password
 *   session         pam_setcred, pam_open_session, too
 *   lower           the effective user is the caller meanwhile
 *   suicide         _exit in the conversation
 *
 * The report: "auth CODE" for each handle, "setcred" and "open CODE", "changed"
 * whatever differs from before, "chld N" (calls of SIGCHLD's handler), "done".
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <locale.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#define HANDLES_MAX 64
#define FD_MAX      256

static char password[600], wrong[600];
static volatile sig_atomic_t chld;
static bool suicide;

static void
report(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)!write(8, line, (size_t)n);
}

static void
on_chld(int number)
{
	(void)number;
	chld++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		chld += 1000; /* it was not ours to reap */
}

static void
on_alarm(int number)
{
	(void)number; /* it interrupts */
}

static int
converse(int n, const struct pam_message **msg, struct pam_response **ret,
    void *data)
{
	struct pam_response *r = calloc((size_t)n, sizeof(*r));
	int i;

	if (suicide)
		_exit(42);
	if (r == NULL)
		return PAM_BUF_ERR;
	for (i = 0; i < n; i++)
		if (msg[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			r[i].resp = strdup(data);
	*ret = r;
	return PAM_SUCCESS;
}

/* --- what must be as before ---------------------------------------------- */

struct state {
	struct sigaction sa[65];
	sigset_t mask;
	mode_t umask;
	ino_t cwd;
	char fd[FD_MAX][64];
	int fd_flags[FD_MAX];
	uid_t uid[3];
	gid_t gid[3];
	gid_t groups[64];
	int n_groups;
	struct rlimit limit[RLIM_NLIMITS];
	struct itimerval timer;
	pid_t session, group;
	int dumpable, pdeathsig, no_new_privs, threads;
	char environ[16384], locale[256];
};

static int
count_threads(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 ? (int)st.st_nlink : -1;
}

static void
look(struct state *s)
{
	extern char **environ;
	struct stat st;
	size_t at = 0;
	char path[32];
	int i;

	memset(s, 0, sizeof(*s));
	for (i = 1; i < 65; i++)
		(void)sigaction(i, NULL, &s->sa[i]);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
	s->umask = umask(0);
	(void)umask(s->umask);
	(void)stat(".", &st);
	s->cwd = st.st_ino;
	for (i = 0; i < FD_MAX; i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", i);
		if (readlink(path, s->fd[i], sizeof(s->fd[i]) - 1) > 0)
			s->fd_flags[i] = fcntl(i, F_GETFD) << 16 |
					 (fcntl(i, F_GETFL) & 0xffff);
	}
	(void)getresuid(&s->uid[0], &s->uid[1], &s->uid[2]);
	(void)getresgid(&s->gid[0], &s->gid[1], &s->gid[2]);
	s->n_groups = getgroups(64, s->groups);
	for (i = 0; i < RLIM_NLIMITS; i++)
		(void)getrlimit(i, &s->limit[i]);
	(void)getitimer(ITIMER_REAL, &s->timer);
	s->timer.it_value.tv_sec = s->timer.it_value.tv_usec = 0;
	s->session = getsid(0);
	s->group = getpgrp();
	s->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_GET_PDEATHSIG, &s->pdeathsig);
	s->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	for (i = 0; environ[i] != NULL && at < sizeof(s->environ); i++)
		at += (size_t)snprintf(s->environ + at, sizeof(s->environ) - at,
		    "%p %s\n", (void *)environ[i], environ[i]);
	(void)snprintf(
	    s->locale, sizeof(s->locale), "%s", setlocale(LC_ALL, NULL));
}

#define SAME(member)                                                           \
	if (memcmp(&a->member, &b->member, sizeof(a->member)) != 0)            \
	report("changed %s\n", #member)

static void
compare(const struct state *a, const struct state *b)
{
	int i;

	for (i = 1; i < 65; i++)
		/* The kernel fills 64 bits of the mask. */
		if (a->sa[i].sa_handler != b->sa[i].sa_handler ||
		    a->sa[i].sa_flags != b->sa[i].sa_flags ||
		    memcmp(&a->sa[i].sa_mask, &b->sa[i].sa_mask, 8) != 0)
			report("changed signal %d\n", i);
	for (i = 0; i < FD_MAX; i++)
		if (strcmp(a->fd[i], b->fd[i]) != 0 ||
		    a->fd_flags[i] != b->fd_flags[i])
			report("changed descriptor %d: '%s' %x, now '%s' %x\n",
			    i, a->fd[i], (unsigned)a->fd_flags[i], b->fd[i],
			    (unsigned)b->fd_flags[i]);
	SAME(mask);
	SAME(umask);
	SAME(cwd);
	SAME(uid);
	SAME(gid);
	SAME(groups);
	SAME(limit);
	SAME(timer);
	SAME(session);
	SAME(group);
	SAME(dumpable);
	SAME(pdeathsig);
	SAME(no_new_privs);
	SAME(threads);
	SAME(environ);
	SAME(locale);
	/* A child that is left behind, of whatever kind. */
	if (waitpid(-1, NULL, WNOHANG | __WALL) >= 0 || errno != ECHILD)
		report("changed children\n");
}

/* --- what a caller does --------------------------------------------------- */

static void
handle(int number, void (*handler)(int), int flags)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};

	(void)sigaction(number, &sa, NULL);
}

static void
set_limit(const char *name, const char *amount)
{
	static const struct {
		const char *name;
		int resource;
	} table[] = {{"NOFILE", RLIMIT_NOFILE}, {"NPROC", RLIMIT_NPROC},
	    {"FSIZE", RLIMIT_FSIZE}, {"CPU", RLIMIT_CPU}, {"AS", RLIMIT_AS},
	    {"STACK", RLIMIT_STACK}, {"DATA", RLIMIT_DATA},
	    {"MEMLOCK", RLIMIT_MEMLOCK}, {"CORE", RLIMIT_CORE},
	    {"SIGPENDING", RLIMIT_SIGPENDING}};
	struct rlimit r;
	unsigned long pages = 0;
	size_t i;
	FILE *f;

	r.rlim_cur = strtoul(amount, NULL, 10);
	if (strcmp(name, "AS") == 0) { /* beyond what is in use */
		f = fopen("/proc/self/statm", "re");
		if (f == NULL || fscanf(f, "%lu", &pages) != 1)
			_exit(3);
		(void)fclose(f);
		r.rlim_cur += pages * (rlim_t)sysconf(_SC_PAGESIZE);
	}
	r.rlim_max = r.rlim_cur;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0 &&
		    setrlimit(table[i].resource, &r) == 0)
			return;
	_exit(3);
}

static void *
be_busy(void *arg)
{
	for (;; (void)usleep(500)) /* and opens nothing: see look */
		free(malloc(1000));
	return arg;
}

struct attempt {
	pam_handle_t *pamh;
	pthread_t thread;
	int result;
};

static void *
attempt(void *a)
{
	((struct attempt *)a)->result =
	    pam_authenticate(((struct attempt *)a)->pamh, 0);
	return NULL;
}

static void
apply(char **word, int *n_parallel, bool *session)
{
	static sigset_t all;
	static const struct itimerval often = {{0, 3000}, {0, 3000}};
	char dir[] = "/tmp/hostile.XXXXXX";
	pthread_t t;
	int i;

	(void)sigfillset(&all);
	for (; *word != NULL; word++) {
		if (strcmp(*word, "setenv") == 0)
			(void)putenv(*++word);
		else if (strcmp(*word, "close012") == 0)
			for (i = 0; i < 3; i++)
				(void)close(i);
		else if (strcmp(*word, "umask") == 0)
			(void)umask(0777);
		else if (strcmp(*word, "nodir") == 0) {
			if (mkdtemp(dir) == NULL || chdir(dir) < 0 ||
			    rmdir(dir) < 0)
				_exit(3);
		} else if (strcmp(*word, "chld-ignore") == 0)
			handle(SIGCHLD, SIG_IGN, 0);
		else if (strcmp(*word, "chld-handle") == 0)
			handle(SIGCHLD, on_chld, 0);
		else if (strcmp(*word, "chld-nowait") == 0)
			handle(SIGCHLD, on_chld, SA_NOCLDWAIT);
		else if (strcmp(*word, "block") == 0)
			(void)pthread_sigmask(SIG_SETMASK, &all, NULL);
		else if (strcmp(*word, "pipe") == 0)
			handle(SIGPIPE, SIG_DFL, 0);
		else if (strcmp(*word, "alarm") == 0) {
			handle(SIGALRM, on_alarm, 0);
			(void)setitimer(ITIMER_REAL, &often, NULL);
		} else if (strcmp(*word, "ignore") == 0)
			for (i = 1; i < 32; i++)
				handle(i, SIG_IGN, 0);
		else if (strcmp(*word, "limit") == 0) {
			set_limit(word[1], word[2]);
			word += 2;
		} else if (strcmp(*word, "threads") == 0)
			for (i = atoi(*++word); i > 0; i--)
				(void)pthread_create(&t, NULL, be_busy, NULL);
		else if (strcmp(*word, "parallel") == 0)
			*n_parallel = atoi(*++word);
		else if (strcmp(*word, "session") == 0)
			*session = true;
		else if (strcmp(*word, "suicide") == 0)
			suicide = true;
		else if (strcmp(*word, "lower") == 0) {
			if (seteuid(getuid()) < 0)
				_exit(3);
		} else if (strcmp(*word, "cold") != 0)
			_exit(2);
	}
}

/* What the C library keeps open or in memory once it was used. */
static void
warm_up(const char *user, bool cold)
{
	int n = 64;
	gid_t gid[64];

	openlog("hostile", LOG_NDELAY, LOG_AUTHPRIV);
	syslog(LOG_DEBUG, "begins");
	if (cold || getpwnam(user) == NULL)
		return;
	(void)getgrouplist(user, 1, gid, &n);
	(void)getlogin();
}

int
main(int argc, char **argv)
{
	static struct state before, after;
	static struct attempt a[HANDLES_MAX];
	struct pam_conv right = {converse, password}, bad = {converse, wrong};
	bool session = false, cold = false;
	int i, n = 1, parallel = 0;
	ssize_t got;

	if (argc < 3)
		return 2;
	got = read(7, password, sizeof(password) - 1);
	if (got <= 0)
		return 2;
	(void)close(7);
	(void)snprintf(wrong, sizeof(wrong), "%.500s-not", password);
	for (i = 3; i < argc; i++) {
		cold |= strcmp(argv[i], "cold") == 0;
		if (strcmp(argv[i], "parallel") == 0)
			n = atoi(argv[i + 1]);
	}
	warm_up(argv[2], cold);
	for (i = 0; i < n; i++)
		if (pam_start(argv[1], argv[2], i % 2 ? &bad : &right,
			&a[i].pamh) != PAM_SUCCESS)
			return 4;
	apply(argv + 3, &parallel, &session);
	look(&before);
	before.threads = parallel > 0 ? 0 : count_threads();
	for (i = 0; i < parallel; i++)
		if (pthread_create(&a[i].thread, NULL, attempt, &a[i]) != 0)
			return 4;
	if (parallel == 0)
		(void)attempt(&a[0]);
	for (i = 0; i < n; i++) {
		if (parallel > 0)
			(void)pthread_join(a[i].thread, NULL);
		report("auth %d\n", a[i].result);
	}
	if (session) {
		report(
		    "setcred %d\n", pam_setcred(a[0].pamh, PAM_ESTABLISH_CRED));
		report("open %d\n", pam_open_session(a[0].pamh, 0));
	}
	look(&after);
	after.threads = parallel > 0 ? 0 : count_threads();
	compare(&before, &after);
	report("chld %d\n", (int)chld);
	for (i = 0; i < n; i++)
		(void)pam_end(a[i].pamh, a[i].result);
	report("done\n");
	_exit(0);
}
