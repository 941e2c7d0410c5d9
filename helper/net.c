/* SPDX-License-Identifier: MIT */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "io.h"
#include "log.h"

#define WORKER      LIBEXECDIR "/tokenring-net"
#define CA_FILE_MAX 524288 /* bytes of the file that ca_file names */

/* The worker may not be allowed to read it: its lines go along. */
static int
add_ca(struct secbuf *to, const struct profile *p, struct err *err)
{
	SECBUF text = SECBUF_INIT(CA_FILE_MAX);
	const char *path = profile_get(p, CONF_CA_FILE);
	char *line, *rest;
	int r = 0;

	if (path == NULL)
		return 0;
	if (io_read_named(path, &text, err) < 0)
		return err_wrap(err, "profile '%s': ca_file", p->name);
	if (strstr(text.ptr, "-----BEGIN") == NULL)
		return err_set(err, ERR_CONFIG,
		    "profile '%s': ca_file: '%s' holds no PEM certificate",
		    p->name, path);
	for (rest = text.ptr; r == 0 && (line = strsep(&rest, "\r\n")) != NULL;)
		if (strspn(line, " \t") != strlen(line) &&
		    strchr(line, '\t') == NULL)
			r = lines_add(to, "ca[]", line, err);
	return r < 0 ? err_wrap(err, "profile '%s': ca_file", p->name) : 0;
}

static int
add_environment(struct secbuf *to, struct err *err)
{
	static const char *const names[][2] = {{"https_proxy", "https_proxy"},
	    {"https_proxy", "HTTPS_PROXY"}, {"no_proxy", "no_proxy"},
	    {"no_proxy", "NO_PROXY"}, {"ssl_cert_file", "SSL_CERT_FILE"},
	    {"ssl_cert_dir", "SSL_CERT_DIR"}};
	const char *v, *last = "";
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		v = secure_getenv(names[i][1]);
		if (v == NULL || *v == '\0' || strcmp(last, names[i][0]) == 0)
			continue;
		last = names[i][0];
		if (lines_add(to, names[i][0], v, err) < 0)
			return err->code;
	}
	return 0;
}

static int
add_profile(struct secbuf *to, const struct net_request *q, struct err *err)
{
	const char *v;
	int k, r;

	for (k = 0; k < CONF_KEYS; k++) {
		v = profile_get(q->profile, (enum conf_key)k);
		if (k == CONF_CONNECT_TIMEOUT && q->connect_ms > 0)
			continue;
		if (k == CONF_ACCOUNT || k == CONF_CA_FILE || v == NULL)
			continue;
		if (lines_add(to, conf_keys[k].name, v, err) < 0)
			return err->code;
	}
	if (q->connect_ms > 0) {
		char text[32];

		(void)snprintf(
		    text, sizeof(text), "%lldms", (long long)q->connect_ms);
		if (lines_add(to, "connect_timeout", text, err) < 0)
			return err->code;
	}
	r = lines_add_some(to, "account", q->account, err);
	if (r == 0)
		r = add_ca(to, q->profile, err);
	return r == 0 ? add_environment(to, err) : r;
}

static int
compose(struct secbuf *to, const struct net_request *q, int64_t timeout_ms,
    struct err *err)
{
	int r;

	r = lines_begin(to, err);
	if (r == 0)
		r = lines_add(to, "op", q->op, err);
	if (r == 0)
		r = lines_add(to, "profile", q->profile->name, err);
	if (r == 0)
		r = lines_add_number(to, "timeout_ms", timeout_ms, err);
	if (r == 0 && q->journal_fd >= 0)
		r = lines_add_number(to, "journal", 3, err);
	if (r == 0)
		r = add_profile(to, q, err);
	if (r == 0 && secbuf_add(to, q->more.ptr, q->more.len) < 0)
		r = err_set(err, ERR_NOMEM, "request too long");
	if (r == 0)
		r = lines_end(to, err);
	return r;
}

static int
judge(const struct lines *answer, struct err *err)
{
	static const struct {
		const char *result;
		enum err_code code;
	} map[] = {{"denied", ERR_DENIED}, {"canceled", ERR_CANCELED},
	    {"unavailable", ERR_UNAVAIL}, {"later", ERR_UNAVAIL},
	    {"config", ERR_CONFIG}, {"protocol", ERR_PROTOCOL}};
	const char *result = lines_get(answer, "result");
	const char *message = lines_get(answer, "message");
	size_t i;

	if (result == NULL)
		return err_set(
		    err, ERR_INTERNAL, "tokenring-net gave no result");
	if (strcmp(result, "ok") == 0)
		return 0;
	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (strcmp(result, map[i].result) == 0)
			return err_set(err, map[i].code, "%s",
			    message != NULL ? message : result);
	return err_set(
	    err, ERR_INTERNAL, "tokenring-net gave an unknown result");
}

int
net_ask(const struct net_request *q, struct lines *answer, struct err *err)
{
	static char trace[] = "TOKENRING_TRACE=1";
	char *env[] = {trace, NULL};
	SECBUF request = SECBUF_INIT(LINES_MESSAGE_MAX);
	int64_t timeout_ms = q->timeout_ms > 0
				 ? q->timeout_ms
				 : profile_ms(q->profile, CONF_TIMEOUT);
	int keep[1 + LOCK_FILES] = {q->journal_fd, -1, -1};
	struct child worker = CHILD_INIT;
	int r;

	if (q->lock != NULL)
		memcpy(keep + 1, q->lock->fd, sizeof(q->lock->fd));
	worker.path = WORKER;
	worker.keep = keep;
	worker.n_keep = 1 + LOCK_FILES;
	worker.outlive = true;
	if (q->stream != NULL) {
		worker.keep = q->stream->fd;
		worker.n_keep = NET_STREAM_FDS;
		worker.outlive = false;
		worker.talk = q->stream->talk;
		worker.ctx = q->stream->ctx;
		timeout_ms = NET_STREAM_MAX_MS;
	}
	/* The worker's own limit meets a silent server; ours, only a worker
	   that is broken. */
	worker.deadline = io_now_ms() + timeout_ms + 1000;
	if (log_enabled()) {
		worker.envp = env;
		worker.err_fd = 2;
	}
	secbuf_reset(&answer->text);
	answer->n = 0;
	r = child_trusted(WORKER, err);
	if (r == 0)
		r = compose(&request, q, timeout_ms, err);
	if (r == 0)
		r = child_run(&worker, &request, &answer->text, err);
	if (r == 0)
		r = lines_parse(answer, LINES_MESSAGE, err);
	if (r < 0)
		return r;
	r = judge(answer, err);
	log_debug("net: %s for profile '%s' -> %s", q->op, q->profile->name,
	    err_name(r));
	return r;
}

void
net_request_release(struct net_request *q)
{
	secbuf_release(&q->more);
}
