/* SPDX-License-Identifier: MIT */
/*
 * The only program that speaks with the Secret Service, so that nothing else
 * loads libsecret and GLib.  One request on descriptor 0, one answer on 1, both
 * in the format of lines.h, then exit: 0 if an answer was written.
 *
 * Request: op=put|get|erase|list|probe|describe, timeout_ms, prompt=1 (a person is
 * there), fp, kind, label, payload[] (put: the secret's lines).
 * Answer: result=ok|notfound|locked|unreachable|denied|canceled|failed, message
 * (if not ok), payload[] (get), item[] (list: "open|locked FP KIND LABEL"; FP
 * is "-" if a locked keyring does not tell it and none of the request's fp[] is
 * it; a locked item may have no label).
 *
 * For other hosts (other.h): op=credential-get|credential-store|
 * credential-erase|credential-sweep (erase what is over)|credential-list, salt,
 * authtype=1 (get: the tool can use it), prefer=1 (store), and the credential or
 * pattern (credential.h).  Answer, to a miss too: salt (to be sent with the next
 * request), over=1 (get: there is something to sweep); item[] and behind it a
 * credential.
 *
 * Nobody is asked anything without prompt=1, and a service that does not answer
 * cannot hold this program: a timer answers for it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cleanup.h"
#include "io.h"
#include "secret_describe.h"
#include "secret_items.h"
#include "secret_other.h"
#include "secret_watchdog.h"

#define TIMEOUT_MS        3000
#define PROMPT_TIMEOUT_MS 120000
#define TIMEOUT_MAX_MS    600000

static const struct op {
	const char *name;
	int (*run)(struct keyring *k, struct err *err);
	bool needs_fp, needs_kind, needs_label;
} ops[] = {
    /* clang-format off */
	{"get",   op_get,   true,  true,  false},
	{"put",   op_put,   true,  true,  true},
	{"erase", op_erase, true,  false, false},
	{"list",  op_list,  false, false, false},
	{"probe", op_probe, false, false, false},
	{"credential-get",   op_credential_get,   false, false, false},
	{"credential-store", op_credential_store, false, false, false},
	{"credential-erase", op_credential_erase, false, false, false},
	{"credential-sweep", op_credential_sweep, false, false, false},
	{"credential-list",  op_credential_list,  false, false, false},
	{"describe", op_describe, false, false, false},
    /* clang-format on */
};

/* The operation if the request is whole and sound, else NULL. */
static const struct op *
check(const struct lines *q, struct err *err)
{
	const char *name = lines_get(q, "op"), *fp = lines_get(q, "fp");
	const char *kind = lines_get(q, "kind"), *label = lines_get(q, "label");
	const struct op *op = NULL;
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(ops); i++)
		if (name != NULL && strcmp(name, ops[i].name) == 0)
			op = &ops[i];
	if (op == NULL)
		err_set(err, ERR_PROTOCOL, "unknown operation");
	else if (fp != NULL ? !item_is_fp(fp) : op->needs_fp)
		err_set(err, ERR_PROTOCOL, "fp is not a fingerprint");
	else if (kind != NULL ? !g_strv_contains(item_kinds, kind)
			      : op->needs_kind)
		err_set(err, ERR_PROTOCOL, "unknown kind");
	else if (label != NULL ? !g_utf8_validate(label, -1, NULL)
			       : op->needs_label)
		err_set(err, ERR_PROTOCOL, "label is missing or not UTF-8");
	else
		return op;
	return NULL;
}

static int
serve(struct secbuf *answer, struct err *err)
{
	LINES request = LINES_INIT;
	/* Never closed: the exit that follows does it, after the answer. */
	static struct keyring k;
	const struct op *op;
	const char *prompt;
	int64_t ms;

	if (lines_read(&request, 0, LINES_MESSAGE, IO_FOREVER, err) < 0)
		return err->code;
	op = check(&request, err);
	if (op == NULL)
		return err->code;
	prompt = lines_get(&request, "prompt");
	k.answer = answer;
	k.request = &request;
	k.prompt = prompt != NULL && strcmp(prompt, "1") == 0;
	ms = lines_number(
	    &request, "timeout_ms", k.prompt ? PROMPT_TIMEOUT_MS : TIMEOUT_MS);
	watchdog_set(ms < 1 ? 1 : ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : ms);
	if (keyring_open_bus(&k, err) < 0)
		return err->code;
	return op->run(&k, err);
}

static const char *
result(int code)
{
	switch (code) {
	case 0:
		return "ok";
	case ERR_NOTFOUND:
		return "notfound";
	case ERR_LOCKED:
		return "locked";
	case ERR_UNAVAIL:
		return "unreachable";
	case ERR_DENIED:
		return "denied";
	case ERR_CANCELED:
		return "canceled";
	default:
		return "failed";
	}
}

static void
drop_log(const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer data)
{
	(void)domain, (void)level, (void)message, (void)data;
}

static GLogWriterOutput
drop_message(
    GLogLevelFlags level, const GLogField *field, gsize n, gpointer data)
{
	(void)level, (void)field, (void)n, (void)data;
	return G_LOG_WRITER_HANDLED;
}

/* No core, no tracer, nothing on standard error, no test hooks of libsecret. */
static void
settle(void)
{
	static const char *const hooks[] = {"SECRET_BACKEND",
	    "SECRET_SERVICE_BUS_NAME", "G_MESSAGES_DEBUG", "G_DEBUG",
	    "G_DBUS_DEBUG"};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct rlimit none = {0, 0};
	size_t i;
	int fd;

	/* A socket in the place of a closed 0, 1 or 2 would be spoken to. */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd < 3);
	if (fd >= 0)
		(void)close(fd);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	for (i = 0; i < G_N_ELEMENTS(hooks); i++)
		(void)unsetenv(hooks[i]);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
	(void)g_log_set_default_handler(drop_log, NULL);
	g_log_set_writer_func(drop_message, NULL, NULL);
	(void)secret_error_get_quark(); /* gives D-Bus errors their codes */
}

int
main(int argc, char **argv)
{
	SECBUF payload = SECBUF_INIT(LINES_MESSAGE_MAX);
	SECBUF answer = SECBUF_INIT(LINES_MESSAGE_MAX);
	struct err err = ERR_INIT, e = ERR_INIT;
	int r;

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("tokenring-secret " VERSION) < 0 ? 1 : 0;
	settle();
	watchdog_set(TIMEOUT_MS);
	r = serve(&payload, &err);
	if (lines_begin(&answer, &e) < 0 ||
	    lines_add(&answer, "result", result(r), &e) < 0 ||
	    (r < 0 && lines_add(&answer, "message", err.msg, &e) < 0) ||
	    ((r == 0 || r == ERR_NOTFOUND) &&
		secbuf_add(&answer, payload.ptr, payload.len) < 0) ||
	    lines_end(&answer, &e) < 0)
		return 1;
	if (!watchdog_claim())
		return 1;
	return io_write(1, answer.ptr, answer.len, &e) < 0 ? 1 : 0;
}
