/* SPDX-License-Identifier: MIT */
#include "git_ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ask.h"
#include "child.h"
#include "io.h"
#include "tool.h"

#define GIT_MS     2000 /* for git to read its configuration */
#define ANSWER_MAX 256

static bool
is_one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(s, *words) == 0)
			return true;
	return false;
}

static bool
is_yes(const char *s)
{
	return is_one_of(s, (const char *const[]){"1", "true", "yes", "on",
				"auto", "always", NULL});
}

/* credential.interactive, as the git that runs us sees it (with its -c). */
static bool
git_allows(void)
{
	SECBUF none = SECBUF_INIT(1);
	SECBUF answer = SECBUF_INIT(ANSWER_MAX);
	char path[4096], here[4096];
	const char *argv[] = {"git", "-C", here, "config", "--default", "true",
	    "--get", "credential.interactive", NULL};
	struct child c = CHILD_INIT;
	struct err err = ERR_INIT;

	if (!tool_find("git", path, sizeof(path)) ||
	    getcwd(here, sizeof(here)) == NULL)
		return false;
	c.path = path; /* the git that runs us put its own directory first */
	c.argv = (char *const *)argv;
	c.envp = environ;
	c.deadline = io_now_ms() + GIT_MS;
	if (child_run(&c, &none, &answer, &err) < 0)
		return false;
	answer.ptr[strcspn(answer.ptr, "\n")] = '\0';
	return is_yes(answer.ptr);
}

static bool
is_set(const char *name)
{
	const char *v = getenv(name);

	return v != NULL && *v != '\0';
}

bool
git_may_ask(const struct front *f)
{
	const char *terminal = getenv("GIT_TERMINAL_PROMPT");

	if (f->opt.no_input || (terminal != NULL && !is_yes(terminal)) ||
	    !(is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")))
		return false;
	return ask_possible() && git_allows();
}
