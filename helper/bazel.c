/* SPDX-License-Identifier: MIT */
/*
 * tokenring bazel: the credential helper protocol of EngFlow and Bazel ("get",
 * a URI in, headers out).
 *
 * Bazel kills a helper after 10 s and fails the build; whatever happens, an
 * answer comes before that.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "commands.h"
#include "dialect.h"
#include "http_text.h"
#include "io.h"
#include "json_out.h"
#include "match.h"

#define LIMIT_S 8 /* for all of it */

static void
give_up(int sig)
{
	static const char text[] =
	    "tokenring: no answer within 8 s; the server, the keyring, or "
	    "another process that renews the token is slow: try again\n";

	(void)sig;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(front_exit(ERR_UNAVAIL));
}

/*
 * A renewal that was sent goes on without us, and its journal keeps what it
 * brings: to end in the middle of one loses nothing.
 */
static void
limit_time(void)
{
	struct sigaction sa = {.sa_handler = give_up};
	sigset_t set;

	(void)sigaction(SIGALRM, &sa, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)alarm(LIMIT_S);
}

static int
read_uri(char *uri, size_t size, struct err *err)
{
	SECBUF text = SECBUF_INIT(DIALECT_REQUEST_MAX);
	struct json_object *o;
	const char *v;
	int r = 0;

	if (io_read_end(STDIN_FILENO, &text, IO_FOREVER, err) < 0)
		return err_wrap(err, "Bazel's request");
	if (dialect_parse(&text, "Bazel's request", &o, err) < 0)
		return err->code;
	v = dialect_text(o, "uri");
	if (v == NULL || snprintf(uri, size, "%s", v) >= (int)size)
		r = err_set(
		    err, ERR_PROTOCOL, "Bazel's request has no usable \"uri\"");
	json_object_put(o);
	return r;
}

/* ERR_NOTFOUND: nothing of ours belongs there. */
static int
find_profile(struct front *f, const char *uri, const struct profile **ret,
    struct err *err)
{
	struct match_target target;
	char shown[HTTP_SITE_MAX];

	if (strncasecmp(uri, "http://", 7) == 0)
		return err_set(err, ERR_NOTFOUND, "not https");
	if (match_url(uri, &target, err) < 0)
		return err_wrap(err, "'%s'", http_site(uri, shown));
	return dialect_profile(f, &target, ret, err);
}

/* Every value is an array of strings, whatever their number. */
static int
add_header(struct secbuf *to, const char *name, const char *value)
{
	return json_out_string(to, name) < 0 || secbuf_addstr(to, ":[") < 0 ||
		       json_out_string(to, value) < 0 ||
		       secbuf_addstr(to, "]") < 0
		   ? -1
		   : 0;
}

static int
write_answer(
    const struct token *t, int64_t expiry, struct secbuf *to, struct err *err)
{
	SECBUF value = SECBUF_INIT(LINES_LINE_MAX);

	if (secbuf_addstr(&value, t->type) < 0 ||
	    secbuf_addstr(&value, " ") < 0 ||
	    secbuf_addstr(&value, t->access_token.ptr) < 0 ||
	    secbuf_addstr(to, "{\"headers\":{") < 0 ||
	    add_header(to, "Authorization", value.ptr) < 0 ||
	    (t->instance[0] != '\0' &&
		(secbuf_addstr(to, ",") < 0 ||
		    add_header(to, "Sai-Server-Instance", t->instance) < 0)) ||
	    secbuf_addstr(to, "},\"expires\":") < 0 ||
	    json_out_time(to, expiry) < 0 || secbuf_addstr(to, "}\n") < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

static int
bazel_get(struct front *f, struct secbuf *answer, struct err *err)
{
	char uri[MATCH_URL_MAX];
	const struct profile *p;
	TOKEN t = TOKEN_INIT;
	struct grant g;
	int r;

	if (read_uri(uri, sizeof(uri), err) < 0 || front_load(f, err) < 0)
		return err->code;
	r = find_profile(f, uri, &p, err);
	if (r == ERR_NOTFOUND)
		return secbuf_set(answer, "{}\n");
	if (r < 0 || dialect_token(f, p, &g, &t, err) < 0)
		return err->code;
	return write_answer(&t, dialect_expiry(f, p, &t), answer, err);
}

int
cmd_bazel(struct front *f, struct err *err)
{
	SECBUF answer = SECBUF_INIT(LINES_LINE_MAX);

	if (f->opt.operands != 1 || strcmp(f->opt.operand[0], "get") != 0)
		return err_set(
		    err, ERR_CONFIG, "Bazel calls this with one word: get");
	limit_time();
	f->opt.no_input = true;
	if (bazel_get(f, &answer, err) < 0)
		return err->code;
	(void)fwrite(answer.ptr, 1, answer.len, stdout);
	return 0;
}
