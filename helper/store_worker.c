/* SPDX-License-Identifier: MIT */
#include "store_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "io.h"

#define WORKER         LIBEXECDIR "/tokenring-secret"
#define WORKER_LATE_MS 100 /* the worker's own timer answers before ours */

/* The worker's environment: each owned, NULL at the end. */
struct env {
	char *var[5];
};

static void
env_release(struct env *e)
{
	size_t i;

	for (i = 0; e->var[i] != NULL; i++)
		free(e->var[i]);
}

static int
add_env(struct env *e, const char *name, const char *value, struct err *err)
{
	size_t i = 0;

	while (e->var[i] != NULL)
		i++;
	if (asprintf(&e->var[i], "%s=%s", name, value) < 0) {
		e->var[i] = NULL;
		return err_set(err, ERR_NOMEM, "out of memory");
	}
	return 0;
}

int
store_worker_bus(char *to, size_t size, struct err *err)
{
	const char *bus = secure_getenv("DBUS_SESSION_BUS_ADDRESS");
	char path[64];
	struct stat st;

	if (bus != NULL && *bus != '\0') {
		if (snprintf(to, size, "%s", bus) < (int)size)
			return 0;
		return err_set(err, ERR_UNAVAIL,
		    "no D-Bus session bus: the address is too long");
	}
	(void)snprintf(
	    path, sizeof(path), "/run/user/%ld/bus", (long)geteuid());
	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode) ||
	    st.st_uid != geteuid())
		return err_set(err, ERR_UNAVAIL, "no D-Bus session bus");
	(void)snprintf(to, size, "unix:path=%s", path);
	return 0;
}

static int
make_env(const struct store *s, struct env *e, struct err *err)
{
	static const char *const shown[] = {
	    "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"};
	char bus[STORE_BUS_MAX];
	const char *v;
	size_t i;

	if (store_worker_bus(bus, sizeof(bus), err) < 0 ||
	    add_env(e, "DBUS_SESSION_BUS_ADDRESS", bus, err) < 0)
		return err->code;
	for (i = 0; s->may_prompt && i < 3; i++) {
		v = secure_getenv(shown[i]);
		if (v != NULL && add_env(e, shown[i], v, err) < 0)
			return err->code;
	}
	return 0;
}

int
store_worker_begin(
    const struct store *s, const char *op, struct secbuf *q, struct err *err)
{
	int ms = s->may_prompt       ? STORE_PROMPT_TIMEOUT_MS
		 : s->timeout_ms > 0 ? s->timeout_ms
				     : STORE_TIMEOUT_MS;

	if (lines_begin(q, err) < 0 || lines_add(q, "op", op, err) < 0 ||
	    lines_add_number(q, "timeout_ms", ms, err) < 0 ||
	    (s->may_prompt && lines_add(q, "prompt", "1", err) < 0))
		return err->code;
	return 0;
}

/* The worker's verdict as an error code; its sentence is passed on. */
static int
judge(const struct store *s, const struct lines *a, struct err *err)
{
	static const struct {
		const char *result;
		enum err_code code;
	} codes[] = {{"notfound", ERR_NOTFOUND}, {"unreachable", ERR_UNAVAIL},
	    {"denied", ERR_DENIED}, {"canceled", ERR_CANCELED}};
	const char *result = lines_get(a, "result");
	const char *message = lines_get(a, "message");
	char text[ERR_TEXT_MAX];
	enum err_code code = ERR_INTERNAL;
	size_t i;

	if (result == NULL)
		return err_set(
		    err, ERR_INTERNAL, "tokenring-secret gave no result");
	if (strcmp(result, "ok") == 0)
		return 0;
	if (strcmp(result, "locked") == 0) {
		err_set(err, ERR_LOCKED, "the keyring is locked");
		return s->profile == NULL
			   ? err->code
			   : err_hint(err,
				 "to unlock it log in to the desktop, or run "
				 "'tokenring login %s' at a terminal",
				 s->profile);
	}
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(result, codes[i].result) == 0)
			code = codes[i].code;
	return err_set(err, code, "%s",
	    err_printable(
		text, sizeof(text), message != NULL ? message : result));
}

/* Complete the request, run the worker, take its answer apart. */
int
store_worker_ask(const struct store *s, struct secbuf *request, bool writes,
    struct lines *answer, struct err *err)
{
	int ms = s->may_prompt ? STORE_PROMPT_TIMEOUT_MS
		 : writes      ? STORE_WRITE_TIMEOUT_MS
			       : STORE_TIMEOUT_MS;
	CLEANUP(env_release) struct env env = {{NULL}};
	struct child c = CHILD_INIT;
	int r;

	if (lines_end(request, err) < 0 || make_env(s, &env, err) < 0 ||
	    child_trusted(WORKER, err) < 0)
		return err->code;
	c.path = WORKER;
	c.envp = env.var;
	if (s->lock != NULL) {
		c.keep = s->lock->fd;
		c.n_keep = LOCK_FILES;
	}
	c.deadline = io_now_ms() + ms + WORKER_LATE_MS;
	c.outlive = writes;
	r = child_run(&c, request, &answer->text, err);
	if (r == ERR_UNAVAIL)
		return err_set(err, ERR_UNAVAIL,
		    "the keyring service did not answer within %d s",
		    ms / 1000);
	if (r == 0)
		r = lines_parse(answer, LINES_MESSAGE, err);
	if (r < 0) {
		err->code = ERR_INTERNAL;
		return err_wrap(err, "tokenring-secret");
	}
	return judge(s, answer, err);
}

int
store_worker_run(const struct store *s, struct secbuf *request, bool writes,
    struct lines *answer, struct err *err)
{
	int r = store_worker_ask(s, request, writes, answer, err);

	return r == ERR_UNAVAIL ? err_hint(err, "'tokenring doctor' says more")
				: r;
}
