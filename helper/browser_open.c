/* SPDX-License-Identifier: MIT */
#include "browser_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "log.h"

#define STATUS_FD 3

static bool
is_set(const char *v)
{
	return v != NULL && *v != '\0';
}

bool
browser_likely(void)
{
	return is_set(getenv("DISPLAY")) || is_set(getenv("WAYLAND_DISPLAY")) ||
	       is_set(getenv("BROWSER"));
}

/* The first of a list separated by colons, as everybody reads $BROWSER. */
static const char *
choose(char name[PATH_MAX])
{
	const char *list = secure_getenv("BROWSER");
	size_t n;

	if (list != NULL)
		list += strspn(list, ":");
	n = list != NULL ? strcspn(list, ":") : 0;
	if (n == 0 || n >= PATH_MAX)
		return "xdg-open";
	memcpy(name, list, n);
	name[n] = '\0';
	return name;
}

/* In the browser's process: never returns. */
static void
become_browser(const char *program, const char *url, int status)
{
	char *argv[] = {(char *)program, (char *)url, NULL};
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t empty;
	int i, e, null;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	status = fcntl(status, F_DUPFD_CLOEXEC, STATUS_FD + 1);
	if (null < 0 || status < 0)
		_exit(126);
	for (i = 0; i < STATUS_FD; i++)
		if (dup2(null, i) < 0)
			_exit(126);
	if (dup3(status, STATUS_FD, O_CLOEXEC) < 0)
		_exit(126);
	closefrom(STATUS_FD + 1);
	for (i = 1; i < _NSIG; i++)
		(void)sigaction(i, &sa, NULL);
	(void)sigemptyset(&empty);
	(void)sigprocmask(SIG_SETMASK, &empty, NULL);
	(void)execvp(program, argv);
	e = errno;
	(void)!write(STATUS_FD, &e, sizeof(e));
	_exit(127);
}

/* A session of its own, and a parent that is gone: nobody's child to wait for. */
static void
become_middle(const char *program, const char *url, int status)
{
	int e;

	(void)setsid();
	switch (fork()) {
	case 0:
		become_browser(program, url, status);
		break;
	case -1:
		e = errno;
		(void)!write(status, &e, sizeof(e));
		break;
	default:
		break;
	}
	_exit(0);
}

bool
browser_open(const char *url)
{
	CLEANUP_FD int report = -1;
	CLEANUP_FD int status = -1;
	char name[PATH_MAX];
	const char *program = choose(name);
	int pair[2], e = 0;
	ssize_t n;
	pid_t pid;

	if (geteuid() == 0 || pipe2(pair, O_CLOEXEC) < 0)
		return false;
	report = pair[0];
	status = pair[1];
	pid = fork();
	if (pid == 0)
		become_middle(program, url, status);
	(void)close(TAKE_FD(status));
	if (pid < 0)
		return false;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	/* It ends without a word when the program has taken over. */
	do
		n = read(report, &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	if (n != 0)
		log_debug("browser: '%s' cannot be started: %s", program,
		    strerror(e));
	return n == 0;
}
