/* SPDX-License-Identifier: MIT */
/*
 * Stands in for tokenring-net in the PAM tests: writes what it was asked to the
 * file "request" beside it and how it was started to "seen", then does what the
 * file "behaviour" says.  A line there is written to the answer, except
 *   !sleep MS   !exit STATUS   !kill   !part TEXT (without a line feed)
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void
save_request(void)
{
	FILE *f = fopen("request", "w");
	char buf[4096];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0)
		if (f != NULL)
			(void)fwrite(buf, 1, n, f);
	if (f != NULL)
		(void)fclose(f);
}

static void
save_seen(int argc)
{
	FILE *f = fopen("seen", "w");
	int fds = 0, variables = 0, i;
	struct rlimit core;
	sigset_t mask;
	mode_t m = umask(0);

	if (f == NULL)
		return;
	(void)umask(m);
	for (i = 0; i < 1024; i++)
		if (i != fileno(f) && fcntl(i, F_GETFD) >= 0)
			fds++;
	while (environ[variables] != NULL)
		variables++;
	(void)getrlimit(RLIMIT_CORE, &core);
	(void)sigprocmask(SIG_BLOCK, NULL, &mask);
	(void)fprintf(f,
	    "arguments=%d variables=%d descriptors=%d umask=%04o core=%lu "
	    "no_new_privs=%d blocked_chld=%d session=%d ids=%ld/%ld\n",
	    argc, variables, fds, (unsigned)m, (unsigned long)core.rlim_cur,
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), sigismember(&mask, SIGCHLD),
	    getsid(0) == getppid(), (long)getuid(), (long)geteuid());
	(void)fclose(f);
}

static void
obey(const char *line)
{
	struct timespec t;
	long ms;

	if (strncmp(line, "!sleep ", 7) == 0) {
		ms = atol(line + 7);
		t.tv_sec = ms / 1000;
		t.tv_nsec = ms % 1000 * 1000000;
		(void)fflush(stdout);
		(void)nanosleep(&t, NULL);
	} else if (strncmp(line, "!exit ", 6) == 0) {
		(void)fflush(stdout);
		_exit(atoi(line + 6));
	} else if (strcmp(line, "!kill") == 0) {
		(void)fflush(stdout);
		(void)raise(SIGKILL);
	} else if (strncmp(line, "!part ", 6) == 0)
		(void)fputs(line + 6, stdout);
	else
		(void)puts(line);
}

int
main(int argc, char **argv)
{
	char self[4096], *slash, line[70000];
	FILE *f;

	(void)snprintf(self, sizeof(self), "%s", argv[0]);
	slash = strrchr(self, '/');
	if (slash == NULL)
		return 2;
	*slash = '\0';
	if (chdir(self) < 0)
		return 2;
	save_request();
	save_seen(argc);
	f = fopen("behaviour", "r");
	if (f == NULL)
		return 3;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		obey(line);
	}
	return fflush(stdout) == 0 ? 0 : 1;
}
