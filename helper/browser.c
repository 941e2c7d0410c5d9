/* SPDX-License-Identifier: MIT */
#include "browser.h"

#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "ask.h"
#include "base64url.h"
#include "browser_open.h"
#include "http_text.h"
#include "io.h"
#include "log.h"
#include "loopback.h"
#include "net.h"

#define RANDOM_BYTES 32  /* 43 characters each (RFC 7636 §4.1) */
#define TELL_MAX     900 /* bytes that ask_tell takes at once */

static int
draw(struct secbuf *to, struct err *err)
{
	uint8_t bytes[RANDOM_BYTES];
	int r;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_set(
		    err, ERR_INTERNAL, "getrandom: %s", strerror(errno));
	secbuf_reset(to);
	r = base64url_add(to, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return r < 0 ? err_set(err, ERR_NOMEM, "out of memory") : 0;
}

int
browser_attempt_begin(struct browser_attempt *a, struct err *err)
{
	if (draw(&a->state, err) < 0)
		return err->code;
	return draw(&a->verifier, err);
}

void
browser_attempt_release(struct browser_attempt *a)
{
	secbuf_release(&a->state);
	secbuf_release(&a->verifier);
	secbuf_release(&a->code);
}

/* BASE64URL(SHA256(verifier)), RFC 7636 §4.2. */
static int
challenge(const struct secbuf *verifier, struct secbuf *to)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)verifier->ptr, verifier->len);
	SHA256Final(digest, &sha);
	return base64url_add(to, digest, sizeof(digest));
}

static int
add(struct secbuf *url, const char *name, const char *value)
{
	char last = url->len > 0 ? url->ptr[url->len - 1] : '\0';

	if (value == NULL || *value == '\0')
		return 0;
	if (last != '?' && last != '&' && secbuf_add(url, "&", 1) < 0)
		return -1;
	if (secbuf_addstr(url, name) < 0 || secbuf_add(url, "=", 1) < 0)
		return -1;
	return http_percent(url, value);
}

int
browser_url(const struct browser_attempt *a, const struct profile *p,
    const char *redirect_uri, struct secbuf *url, struct err *err)
{
	SECBUF hashed = SECBUF_INIT(64);
	const char *base = a->server->authorization_url;
	bool query = strchr(base, '?') != NULL;

	secbuf_reset(url);
	/* A query that the endpoint has is kept (RFC 6749 §3.1). */
	if (challenge(&a->verifier, &hashed) < 0 ||
	    secbuf_addstr(url, base) < 0 ||
	    (!query && secbuf_add(url, "?", 1) < 0) ||
	    add(url, "response_type", "code") < 0 ||
	    add(url, "client_id", profile_get(p, CONF_CLIENT_ID)) < 0 ||
	    add(url, "redirect_uri", redirect_uri) < 0 ||
	    add(url, "scope", profile_get(p, CONF_SCOPE)) < 0 ||
	    add(url, "audience", profile_get(p, CONF_AUDIENCE)) < 0 ||
	    add(url, "state", a->state.ptr) < 0 ||
	    add(url, "code_challenge", hashed.ptr) < 0 ||
	    add(url, "code_challenge_method", "S256") < 0)
		return err_set(err, ERR_CONFIG,
		    "the address to sign in at is longer than %d bytes",
		    BROWSER_URL_MAX);
	return 0;
}

/* Compared in constant time: whoever asks may ask often. */
static bool
is_our_state(const struct secbuf *state, const char *theirs)
{
	SECBUF s = SECBUF_INIT(LOOPBACK_HEAD_MAX);

	return theirs != NULL && secbuf_set(&s, theirs) == 0 &&
	       secbuf_equal(state, &s);
}

/* RFC 9207 §2.4, for errors too. */
static int
check_issuer(
    const struct browser_server *s, const char *theirs, struct err *err)
{
	char shown[256];

	if (theirs == NULL)
		return s->iss_promised
			   ? err_set(err, ERR_PROTOCOL,
				 "the answer does not say which issuer it is "
				 "from, though this one's always do")
			   : 0;
	if (s->issuer == NULL || strcmp(theirs, s->issuer) == 0)
		return 0;
	return err_set(err, ERR_PROTOCOL,
	    "the answer is another issuer's: '%s'; nothing was sent to it",
	    err_printable(shown, sizeof(shown), theirs));
}

/* An error answer (RFC 6749 §4.1.2.1). */
static int
refused(const struct loopback_query *q, const char *error, struct err *err)
{
	static const struct {
		const char *error;
		enum err_code code;
		const char *text;
	} known[] = {
	    {"access_denied", ERR_DENIED,
		"the sign-in was declined in the browser"},
	    {"unauthorized_client", ERR_DENIED,
		"the server does not let this client sign people in with a "
		"browser"},
	    {"invalid_request", ERR_CONFIG,
		"the server does not understand the request"},
	    {"unsupported_response_type", ERR_CONFIG,
		"the server does not hand out authorization codes"},
	    {"invalid_scope", ERR_CONFIG, "the server refuses the scope"},
	    {"server_error", ERR_UNAVAIL, "the server failed"},
	    {"temporarily_unavailable", ERR_UNAVAIL,
		"the server is out of service for now"},
	};
	const char *more = loopback_param(q, "error_description");
	char name[64], shown[256];
	size_t i;

	err_set(err, ERR_DENIED, "the server refused the sign-in: %s",
	    err_printable(name, sizeof(name), error));
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].error, error) == 0)
			err_set(err, known[i].code, "%s", known[i].text);
	if (more == NULL || *more == '\0')
		return err->code;
	return err_hint(
	    err, "it says: %s", err_printable(shown, sizeof(shown), more));
}

/* What an answer with our state says; it is the only one that counts. */
static int
take(struct browser_attempt *a, const struct loopback_query *q)
{
	const char *code = loopback_param(q, "code");
	const char *error = loopback_param(q, "error");
	const char *p;

	if (check_issuer(a->server, loopback_param(q, "iss"), &a->why) < 0)
		return a->why.code;
	if (error != NULL)
		return refused(q, error, &a->why);
	if (code == NULL || *code == '\0')
		return err_set(&a->why, ERR_PROTOCOL,
		    "the answer has neither a code nor an error");
	for (p = code; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			return err_set(&a->why, ERR_PROTOCOL,
			    "the answer's code holds a character that no code "
			    "has");
	if (secbuf_set(&a->code, code) < 0)
		return err_set(&a->why, ERR_PROTOCOL,
		    "the answer's code is longer than %d bytes",
		    BROWSER_CODE_MAX);
	return 0;
}

bool
browser_judge(void *attempt, const struct loopback_query *query)
{
	struct browser_attempt *a = attempt;

	if (!is_our_state(&a->state, loopback_param(query, "state")))
		return false;
	(void)take(a, query);
	return true;
}

static void
show(const struct secbuf *url, bool opened)
{
	size_t i;

	if (opened)
		ask_tell("A browser opens to sign in.  If it does not, open "
			 "this address in one on this machine:\n");
	else
		ask_tell("To sign in, open this address in a browser on this "
			 "machine:\n");
	for (i = 0; i < url->len; i += TELL_MAX)
		ask_tell("%.*s", TELL_MAX, url->ptr + i);
	ask_tell("\n");
}

/* The code is worth nothing without the verifier (RFC 7636 §4.5). */
static int
exchange(struct grant *g, const struct browser_attempt *a,
    const char *redirect_uri, const struct secbuf *client_secret,
    struct lines *answer, struct err *err)
{
	NET_REQUEST q = NET_REQUEST_INIT;

	q.profile = g->profile;
	q.account = g->account;
	q.op = "code";
	if (lines_add_some(&q.more, "client_secret", client_secret->ptr, err) <
		0 ||
	    lines_add(&q.more, "code", a->code.ptr, err) < 0 ||
	    lines_add(&q.more, "code_verifier", a->verifier.ptr, err) < 0 ||
	    lines_add(&q.more, "redirect_uri", redirect_uri, err) < 0)
		return err->code;
	return net_ask(&q, answer, err);
}

/* Show, open, wait; the port is open no longer than that. */
static int
wait_for_answer(struct browser_attempt *a, const struct secbuf *url, bool open,
    struct loopback *l, struct err *err)
{
	int r;

	show(url, open && browser_open(url->ptr));
	r = loopback_wait(
	    l, io_now_ms() + BROWSER_WAIT_MS, browser_judge, a, err);
	loopback_close(l);
	if (r == ERR_CANCELED)
		return err_set(err, ERR_CANCELED,
		    "nobody signed in within %d minutes; run the command "
		    "again",
		    BROWSER_WAIT_MS / 60000);
	if (r == 0 && a->why.code != 0)
		*err = a->why;
	return r == 0 ? a->why.code : r;
}

int
browser_login(struct grant *g, const struct browser_server *server, bool open,
    const struct secbuf *client_secret, struct lines *answer, struct err *err)
{
	BROWSER_ATTEMPT a = BROWSER_ATTEMPT_INIT;
	LOOPBACK l = LOOPBACK_INIT;
	SECBUF url = SECBUF_INIT(BROWSER_URL_MAX);
	char redirect_uri[64];

	a.server = server;
	if (browser_attempt_begin(&a, err) < 0 || loopback_open(&l, err) < 0)
		return err->code;
	(void)snprintf(redirect_uri, sizeof(redirect_uri),
	    "http://127.0.0.1:%d" LOOPBACK_PATH, l.port);
	if (browser_url(&a, g->profile, redirect_uri, &url, err) < 0 ||
	    wait_for_answer(&a, &url, open, &l, err) < 0)
		return err->code;
	log_debug("browser: an answer came; exchanging its code");
	return exchange(g, &a, redirect_uri, client_secret, answer, err);
}
