/* SPDX-License-Identifier: MIT */
/*
 * What an authorization server says: to a token request, a device
 * authorization, a revocation, a discovery.  First line: the operation; then an
 * answer as in fake_http.c.
 */
#include "conf.h"
#include "fake_http.h"
#include "fuzz.h"
#include "lines.h"
#include "oauth2.h"

#define SECRET "correct-horse-battery"

static const char request[] = "version=1\n"
			      "client_secret=" SECRET "\n"
			      "refresh_token=" SECRET "\n"
			      "device_code=" SECRET "\n"
			      "code=" SECRET "\n"
			      "code_verifier=" SECRET "\n"
			      "redirect_uri=http://127.0.0.1:1/callback\n"
			      "token=" SECRET "\n";

static struct conf *
make_profile(bool discover)
{
	const char *pairs[][2] = {{"provider", "oauth2"}, {"client_id", "c"},
	    {"issuer", "https://localhost/realm"},
	    {discover ? NULL : "token_url", "https://localhost/t"},
	    {"device_authorization_url", "https://localhost/d"},
	    {"revocation_url", "https://localhost/r"}, {NULL, NULL}};
	struct conf *c = NULL;
	struct err err = ERR_INIT;

	HOLDS(conf_new(&c, &err) == 0);
	HOLDS(conf_preset(c, "p", "fuzz", pairs, &err) == 0);
	conf_finish(c);
	HOLDS(conf_check(c, &err) == 0);
	return c;
}

/* A token that can be used can be written into a message, whole. */
static void
check_token(const struct token *t)
{
	SECBUF text = SECBUF_INIT(LINES_MESSAGE_MAX);
	struct err err = ERR_INIT;

	HOLDS(t->access_token.len > 0);
	HOLDS(strlen(t->access_token.ptr) == t->access_token.len);
	HOLDS(token_write(t, &text, &err) == 0);
	HOLDS(t->expires_at == 0 || t->expires_at >= t->obtained_at);
}

static void
run(struct oauth2 *c, const char *op, struct err *err)
{
	SECBUF more = SECBUF_INIT(LINES_MESSAGE_MAX);
	TOKEN t = TOKEN_INIT;
	int r;

	if (strcmp(op, "discover") == 0) {
		r = oauth2_discover(c, &more, err);
	} else if (strcmp(op, "device") == 0) {
		r = oauth2_device(c, &more, err);
	} else if (strcmp(op, "revoke") == 0) {
		r = oauth2_revoke(c, err);
	} else {
		r = oauth2_tokens(c, &t, err);
		if (r == 0)
			check_token(&t);
	}
	if (r == 0)
		return;
	fuzz_message(err);
	HOLDS(strstr(err->msg, SECRET) == NULL);
	HOLDS(strstr(c->outcome->oauth_error, SECRET) == NULL);
}

FUZZ(oauth2)
{
	char *op = fuzz_line(&data, &size);
	struct conf *conf = make_profile(*op == '!');
	LINES rq = LINES_INIT;
	struct outcome out = OUTCOME_INIT;
	struct oauth2 c = {NULL, conf_at(conf, 0), &rq, &out};
	struct err err = ERR_INIT;

	if (secbuf_addstr(&rq.text, request) == 0 &&
	    lines_add(&rq.text, "op", op + (*op == '!'), &err) == 0 &&
	    lines_end(&rq.text, &err) == 0 &&
	    lines_parse(&rq, LINES_MESSAGE, &err) == 0) {
		fake_http_answer(data, size);
		run(&c, op + (*op == '!'), &err);
	}
	secbuf_release(&out.notes);
	conf_free(conf);
	free(op);
}
