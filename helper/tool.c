/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io.h"
#include "log.h"

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

bool
tool_find(const char *name, char *to, size_t size)
{
	const char *p = getenv("PATH");
	size_t n;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ':')) {
		n = strcspn(p, ":");
		if (*p == '/' &&
		    snprintf(to, size, "%.*s/%s", (int)n, p, name) <
			(int)size &&
		    is_program(to))
			return true;
	}
	*to = '\0';
	return false;
}

bool
tool_exists(const char *name)
{
	char path[PATH_MAX];

	return tool_find(name, path, sizeof(path));
}

static int
start(const char *const argv[], int out, pid_t *ret, struct err *err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int e;

	/* It hears what we may not want to just now. */
	(void)sigemptyset(&none);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawn_file_actions_init(&files);
	e = posix_spawn_file_actions_addopen(
	    &files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(
		    &files, out, STDOUT_FILENO);
	if (e == 0)
		e = posix_spawnp(ret, argv[0], &files, &attributes,
		    (char *const *)argv, environ);
	(void)posix_spawn_file_actions_destroy(&files);
	(void)posix_spawnattr_destroy(&attributes);
	return e == 0 ? 0
		      : err_set(err, ERR_CONFIG, "cannot run %s: %s", argv[0],
			    strerror(e));
}

static int
finish(pid_t pid, const char *name, struct err *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(
			    err, ERR_INTERNAL, "waitpid: %s", strerror(errno));
	if (!WIFEXITED(status))
		return err_set(err, ERR_INTERNAL, "%s was killed", name);
	return WEXITSTATUS(status);
}

int
tool_run(const char *const argv[], struct secbuf *out, struct err *err)
{
	CLEANUP_FD int ours = -1;
	CLEANUP_FD int theirs = -1;
	struct err ignored = ERR_INIT;
	int r, pair[2];
	pid_t pid;

	log_debug("tool: %s %s", argv[0], argv[1] != NULL ? argv[1] : "");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_set(err, ERR_INTERNAL, "pipe: %s", strerror(errno));
	ours = pair[0];
	theirs = pair[1];
	if (start(argv, theirs, &pid, err) < 0)
		return err->code;
	(void)close(TAKE_FD(theirs));
	r = io_read_end(ours, out, io_now_ms() + TOOL_LIMIT_MS, err);
	if (r < 0) {
		(void)kill(pid, SIGKILL);
		(void)finish(pid, argv[0], &ignored);
		return err_wrap(err, "%s", argv[0]);
	}
	return finish(pid, argv[0], err);
}

int
tool_do(const char *const argv[], struct err *err)
{
	SECBUF out = SECBUF_INIT(TOOL_OUTPUT_MAX);
	int r = tool_run(argv, &out, err);

	if (r > 0)
		return err_set(err, ERR_INTERNAL, "%s %s ended with status %d",
		    argv[0], argv[1] != NULL ? argv[1] : "", r);
	return r;
}
