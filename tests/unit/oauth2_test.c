/* SPDX-License-Identifier: MIT */
/* What is asked of an authorization server, and what its answers mean. */
#include "oauth2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "oauth2_answer.h"

#define NOW 1700000000
#define URL "https://idp.example/token"

struct answer {
	int status;
	const char *body;
	int code; /* 0: a token */
	const char *oauth_error;
	bool later;
	int64_t life, refresh_life; /* of a token; 0: no refresh_expires_at */
	const char *refresh;
};

#define TOKEN_OK "\"access_token\":\"at\",\"token_type\":\"bearer\""
/* clang-format off */
static const struct answer answers[] = {
	/* the documented sample */
	{200, "{\n \"access_token\":\"at\",\n \"expires_in\":1200,\n"
	    " \"refresh_expires_in\":7200,\n \"refresh_token\":\"rt\",\n"
	    " \"token_type\":\"bearer\",\"scope\":\"a b\"\n}\n", 0, "", false, 1200, 7200, "rt"},
	/* what RFC 6749 §5.1 requires and no more */
	{200, "{" TOKEN_OK "}", 0, "", false, 120, 0, ""},
	{200, "{\"access_token\":\"at\",\"token_type\":\"BEARER\"}", 0, "", false, 120, 0, ""},
	{200, "  {" TOKEN_OK ",\"expires_in\":\"60\"}  \r\n", 0, "", false, 60, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":60.9}", 0, "", false, 60, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":0}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":-5}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":null}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":\"\"}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":\"1 h\"}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":\"-5\"}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":\"nan\"}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":[60]}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":99999999999999999999999}", 0, "", false, OAUTH2_LIFE_MAX, 0, ""},
	{200, "{" TOKEN_OK ",\"expires_in\":1e300}", 0, "", false, OAUTH2_LIFE_MAX, 0, ""},
	/* no refresh token, in all the ways that servers say so */
	{200, "{" TOKEN_OK ",\"refresh_token\":null,\"refresh_expires_in\":0}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"refresh_token\":\"\"}", 0, "", false, 120, 0, ""},
	{200, "{" TOKEN_OK ",\"refresh_expires_in\":7200}", 0, "", false, 120, 0, ""},
	/* one without a known end */
	{200, "{" TOKEN_OK ",\"refresh_token\":\"rt\",\"refresh_expires_in\":0}", 0, "", false, 120, 0, "rt"},
	/* unknown members of every kind */
	{200, "{\"not-before-policy\":0,\"id_token\":\"x\",\"a\":{\"b\":[1,null,true]}," TOKEN_OK "}", 0, "", false, 120, 0, ""},
	/* error members beside a token are nobody's business */
	{200, "{\"error\":\"\"," TOKEN_OK "}", 0, "", false, 120, 0, ""},

	/* no token */
	{200, "", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "[]", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "null", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "\"at\"", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "<html>Welcome</html>", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "access_token=at&token_type=bearer", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{" TOKEN_OK, ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{" TOKEN_OK "} x", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{" TOKEN_OK "}{}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{" TOKEN_OK ",}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{'access_token':'at','token_type':'bearer'}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"at\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"\",\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":null,\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":7,\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":[\"at\"],\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"a\\nb\",\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"a\\u0000b\",\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"a\\u007f\",\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"\xc3\xa9\",\"token_type\":\"bearer\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{" TOKEN_OK ",\"refresh_token\":\"a\\nb\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{" TOKEN_OK ",\"refresh_token\":{}}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"at\",\"token_type\":\"mac\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"at\",\"token_type\":\"DPoP\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{200, "{\"access_token\":\"at\",\"token_type\":\"bearer \"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{204, "", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{302, "{" TOKEN_OK "}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{201, "{" TOKEN_OK "}", ERR_PROTOCOL, "", false, 0, 0, NULL},

	/* errors, by their word, whatever the status */
	{401, "{\"error\":\"invalid_client\"}", ERR_DENIED, "invalid_client", false, 0, 0, NULL},
	{400, "{\"error\":\"invalid_client\"}", ERR_DENIED, "invalid_client", false, 0, 0, NULL},
	{401, "{\"error\":\"unauthorized_client\",\"error_description\":\"Invalid client\"}", ERR_DENIED, "unauthorized_client", false, 0, 0, NULL},
	{400, "{\"error\":\"invalid_grant\"}", ERR_DENIED, "invalid_grant", false, 0, 0, NULL},
	{200, "{\"error\":\"invalid_grant\"}", ERR_DENIED, "invalid_grant", false, 0, 0, NULL},
	{400, "{\"error\":\"invalid_request\"}", ERR_CONFIG, "invalid_request", false, 0, 0, NULL},
	{401, "{\"error\":\"invalid_request\"}", ERR_CONFIG, "invalid_request", false, 0, 0, NULL},
	{400, "{\"error\":\"unsupported_grant_type\"}", ERR_CONFIG, "unsupported_grant_type", false, 0, 0, NULL},
	{400, "{\"error\":\"invalid_scope\"}", ERR_CONFIG, "invalid_scope", false, 0, 0, NULL},
	{400, "{\"error\":\"authorization_pending\"}", ERR_UNAVAIL, "authorization_pending", true, 0, 0, NULL},
	{400, "{\"error\":\"slow_down\"}", ERR_UNAVAIL, "slow_down", true, 0, 0, NULL},
	{429, "{\"error\":\"slow_down\"}", ERR_UNAVAIL, "slow_down", true, 0, 0, NULL},
	{400, "{\"error\":\"expired_token\"}", ERR_DENIED, "expired_token", false, 0, 0, NULL},
	{403, "{\"error\":\"access_denied\"}", ERR_DENIED, "access_denied", false, 0, 0, NULL},
	{400, "{\"error\":\"something_new\"}", ERR_DENIED, "something_new", false, 0, 0, NULL},
	{400, "{\"error\":\"\xff\xfe\"}", ERR_DENIED, "??", false, 0, 0, NULL},
	/* an outage says nothing about a grant */
	{500, "{\"error\":\"invalid_grant\"}", ERR_UNAVAIL, "", false, 0, 0, NULL},
	{502, "<html>", ERR_UNAVAIL, "", false, 0, 0, NULL},
	{503, "{\"error\":\"invalid_grant\"}", ERR_UNAVAIL, "", true, 0, 0, NULL},
	{429, "", ERR_UNAVAIL, "", true, 0, 0, NULL},
	{400, "{\"error\":\"temporarily_unavailable\"}", ERR_UNAVAIL, "temporarily_unavailable", true, 0, 0, NULL},
	/* a proxy's page, or the wrong URL */
	{401, "", ERR_DENIED, "invalid_client", false, 0, 0, NULL},
	{401, "<html>", ERR_DENIED, "invalid_client", false, 0, 0, NULL},
	{400, "<html>", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{403, "", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{404, "{\"error\":7}", ERR_PROTOCOL, "", false, 0, 0, NULL},
	{400, "{\"error\":\"a\\nb\"}", ERR_PROTOCOL, "", false, 0, 0, NULL},
};
/* clang-format on */

static int
judge(int status, const char *body, const struct lines *rq, struct token *t,
    struct outcome *o, struct err *err)
{
	HTTP_RESPONSE r = HTTP_RESPONSE_INIT;

	r.status = status;
	assert_int_equal(secbuf_addstr(&r.body, body), 0);
	t->obtained_at = NOW;
	return oauth2_answer(&r, URL, rq, t, o, err);
}

static void
check_token(const struct answer *a, const struct token *t)
{
	assert_string_equal(t->access_token.ptr, "at");
	assert_string_equal(t->type, "Bearer");
	assert_int_equal(t->expires_at, NOW + a->life);
	assert_string_equal(t->refresh_token.ptr, a->refresh);
	assert_string_equal(t->scope, a == answers ? "a b" : "");
	assert_int_equal(t->refresh_expires_at,
	    a->refresh_life > 0 ? NOW + a->refresh_life : 0);
}

static void
table_of_answers(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *a = &answers[i];
		TOKEN t = TOKEN_INIT;
		LINES rq = LINES_INIT;
		struct outcome o = OUTCOME_INIT;
		struct err err = ERR_INIT;
		int code = judge(a->status, a->body, &rq, &t, &o, &err);

		if (code != a->code ||
		    strcmp(o.oauth_error, a->oauth_error) != 0 ||
		    o.later != a->later)
			fail_msg("%d %s: %d '%s' %d", a->status, a->body, code,
			    o.oauth_error, o.later);
		if (code == 0)
			check_token(a, &t);
		else
			assert_non_null(strstr(err.msg, "idp.example"));
	}
}

static void
long_tokens(void **data)
{
	static char body[2 * TOKEN_MAX];
	size_t n;
	int used;

	(void)data;
	for (n = TOKEN_MAX - 1; n <= TOKEN_MAX + 1; n++) {
		TOKEN t = TOKEN_INIT;
		LINES rq = LINES_INIT;
		struct outcome o = OUTCOME_INIT;
		struct err err = ERR_INIT;

		used = sprintf(
		    body, "{\"token_type\":\"bearer\",\"access_token\":\"");
		memset(body + used, 'a', n);
		memcpy(body + used + n, "\"}", 3);
		assert_int_equal(judge(200, body, &rq, &t, &o, &err),
		    n <= TOKEN_MAX ? 0 : ERR_PROTOCOL);
	}
}

static void
deep_json(void **data)
{
	static char body[4096];
	size_t depth;

	(void)data;
	for (depth = 8; depth <= 1024; depth *= 128) {
		TOKEN t = TOKEN_INIT;
		LINES rq = LINES_INIT;
		struct outcome o = OUTCOME_INIT;
		struct err err = ERR_INIT;
		int used = sprintf(body, "{" TOKEN_OK ",\"a\":");

		memset(body + used, '[', depth);
		memset(body + used + depth, ']', depth);
		memcpy(body + used + 2 * depth, "}", 2);
		assert_int_equal(judge(200, body, &rq, &t, &o, &err),
		    depth < OAUTH2_DEPTH_MAX ? 0 : ERR_PROTOCOL);
	}
}

static void
request(struct lines *rq, const char *fields)
{
	struct err err = ERR_INIT;

	assert_int_equal(secbuf_addstr(&rq->text, "version=1\n"), 0);
	assert_int_equal(secbuf_addstr(&rq->text, fields), 0);
	assert_int_equal(secbuf_addstr(&rq->text, "end=ok\n"), 0);
	assert_int_equal(lines_parse(rq, LINES_MESSAGE, &err), 0);
}

/* A server that repeats what it was sent must not make us tell it. */
static void
descriptions(void **data)
{
	static const struct {
		const char *description, *shown;
	} rows[] = {
	    {"Token is not active", "Token is not active"},
	    {"line\\nfeed \\u001b[31m", "line?feed ?[31m"},
	    {"bad secret p+\xc3\xa4", NULL},
	    {"bad refresh-1234", NULL},
	    {"form client_secret=p%2B%C3%A4", NULL},
	};
	char body[512];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOKEN t = TOKEN_INIT;
		LINES rq = LINES_INIT;
		struct outcome o = OUTCOME_INIT;
		struct err err = ERR_INIT;

		request(&rq,
		    "client_secret=p+\xc3\xa4\nrefresh_token=refresh-1234\n");
		(void)snprintf(body, sizeof(body),
		    "{\"error\":\"invalid_grant\",\"error_description\":\"%"
		    "s\"}",
		    rows[i].description);
		assert_int_equal(
		    judge(400, body, &rq, &t, &o, &err), ERR_DENIED);
		if (rows[i].shown != NULL)
			assert_non_null(strstr(err.msg, rows[i].shown));
		else
			assert_string_equal(
			    err.msg, "idp.example answered invalid_grant");
	}
}

static void
long_description_is_cut(void **data)
{
	char body[1024], filler[601];
	TOKEN t = TOKEN_INIT;
	LINES rq = LINES_INIT;
	struct outcome o = OUTCOME_INIT;
	struct err err = ERR_INIT;

	(void)data;
	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	(void)snprintf(body, sizeof(body),
	    "{\"error\":\"invalid_scope\",\"error_description\":\"%s\"}",
	    filler);
	assert_int_equal(judge(400, body, &rq, &t, &o, &err), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "says: x"));
	assert_int_equal(
	    strspn(strstr(err.msg, "says: ") + 6, "x"), OAUTH2_DESCRIPTION_MAX);
}

/* What a server may say of an error, and what of it is told. */
struct told {
	const char *error; /* of the answer */
	const char *description;
	const char *oauth_error;
	bool shown; /* the description */
};

#define KEY    "Zk3vQ9x1Lw7Tn5Rb2Yc8Hd4Jm6Pf0SgaUe1Xo9Ci3Nt5Bk7Vz2Wq4Dr6Lh8Mj0"
#define ENOUGH "Zk3vQ9x1"
#define FILLER "a_word_that_takes_all_but_the_last_bytes_of_what_is_shown_"
/* clang-format off */
static const struct told told[] = {
	{"invalid_grant", "Token is not active", "invalid_grant", true},
	{"something_new", "Zk3vQ9x and no more", "something_new", true},
	{"invalid_grant", "your secret " KEY " is wrong", "invalid_grant", false},
	{KEY, "fine", "unknown_error", true},
	/* where the cut would hide that it is one */
	{FILLER KEY, "fine", "unknown_error", true},
	{"x" KEY, "fine", "unknown_error", true},
	/* its beginning alone */
	{ENOUGH, "fine", "unknown_error", true},
	{"bad_" ENOUGH "...", "starts with " ENOUGH, "unknown_error", false},
	/* the other secrets, as they are and encoded */
	{"refresh/+1234", "refresh%2F%2B1234", "unknown_error", false},
	{"device code+1", "device+code%2b1", "unknown_error", false},
	{"code:abcdefgh", "device%20code%2B1", "unknown_error", false},
	{"verifier~abcdef", "code%3Aabcdefgh", "unknown_error", false},
	{"pass", "w\xc3\xb6rd-of-a-person", "pass", false},
	{"fine", "w%C3%B6rd-of-a-person", "fine", false},
	{"token-to-revoke", "TOKEN-TO-REVOKE", "unknown_error", false},
	/* base64 of "c:d:" KEY, and of both parts encoded */
	{"YzpkOlprM3ZROXgx", "Basic YzpkOlprM3ZROXgx", "unknown_error", false},
	{"YyUzQWQ6WmszdlE5eDE", "Basic YyUzQWQ6WmszdlE5eDE=", "unknown_error", false},
	/* a word of the standard tells nothing */
	{"expired_token", "fine", "expired_token", true},
};
/* clang-format on */

static void
secrets_are_not_told(void **data)
{
	char body[512];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		const struct told *w = &told[i];
		TOKEN t = TOKEN_INIT;
		LINES rq = LINES_INIT;
		struct outcome o = OUTCOME_INIT;
		struct err err = ERR_INIT;

		request(&rq, "client_id=c:d\nclient_secret=" KEY
			     "\nrefresh_token=refresh/+1234\n"
			     "device_code=device code+1\ncode=code:abcdefgh\n"
			     "code_verifier=verifier~abcdef\n"
			     "password=w\xc3\xb6rd-of-a-person\n"
			     "token=token-to-revoke\n");
		(void)snprintf(body, sizeof(body),
		    "{\"error\":\"%s\",\"error_description\":\"%s\"}", w->error,
		    w->description);
		assert_int_equal(
		    judge(400, body, &rq, &t, &o, &err), ERR_DENIED);
		if (strcmp(o.oauth_error, w->oauth_error) != 0 ||
		    (strstr(err.msg, "it says") != NULL) != w->shown)
			fail_msg("%s: '%s' %s", body, o.oauth_error, err.msg);
	}
}

/* A short secret must not change what an error means. */
static void
standard_words_stay(void **data)
{
	TOKEN t = TOKEN_INIT;
	LINES rq = LINES_INIT;
	struct outcome o = OUTCOME_INIT;
	struct err err = ERR_INIT;

	(void)data;
	request(&rq, "client_secret=a\n");
	assert_int_equal(
	    judge(400, "{\"error\":\"invalid_grant\"}", &rq, &t, &o, &err),
	    ERR_DENIED);
	assert_string_equal(o.oauth_error, "invalid_grant");
}

#define NEW_REFRESH                                                            \
	"\"refresh_token\":\"new\",\"refresh_expires_in\":60,\"scope\":\"s\""

/* The old one is spent by then. */
static void
refresh_token_outlives_a_bad_access_token(void **data)
{
	static const char *const rest[] = {"", ",\"access_token\":\"at\"",
	    ",\"token_type\":\"bearer\"",
	    ",\"access_token\":\"at\",\"token_type\":\"mac\"",
	    ",\"access_token\":\"a\\nt\",\"token_type\":\"bearer\"",
	    ",\"access_token\":7,\"token_type\":\"bearer\""};
	static char body[2 * TOKEN_MAX];
	size_t i, n = sizeof(rest) / sizeof(rest[0]);
	int used;

	(void)data;
	for (i = 0; i <= n; i++) {
		TOKEN t = TOKEN_INIT;
		LINES rq = LINES_INIT;
		struct outcome o = OUTCOME_INIT;
		struct err err = ERR_INIT;

		used =
		    sprintf(body, "{" NEW_REFRESH "%s", i < n ? rest[i] : "");
		if (i == n) {
			used += sprintf(body + used, "," TOKEN_OK);
			used -= (int)strlen("at\",\"token_type\":\"bearer\"");
			memset(body + used, 'a', TOKEN_MAX + 1);
			used += TOKEN_MAX + 1;
			used += sprintf(
			    body + used, "\",\"token_type\":\"bearer\"");
		}
		memcpy(body + used, "}", 2);
		assert_int_equal(
		    judge(200, body, &rq, &t, &o, &err), ERR_PROTOCOL);
		assert_string_equal(t.refresh_token.ptr, "new");
		assert_int_equal(t.refresh_expires_at, NOW + 60);
		assert_string_equal(t.scope, "s");
		assert_int_equal(t.access_token.len, 0);
	}
}

static void
unusable_refresh_tokens(void **data)
{
	static char body[2 * TOKEN_MAX];
	size_t n;
	int used;

	(void)data;
	for (n = TOKEN_MAX; n <= TOKEN_MAX + 1; n++) {
		TOKEN t = TOKEN_INIT;
		LINES rq = LINES_INIT;
		struct outcome o = OUTCOME_INIT;
		struct err err = ERR_INIT;

		used = sprintf(body, "{\"refresh_token\":\"");
		memset(body + used, 'r', n);
		memcpy(body + used + n, "\"}", 3);
		assert_int_equal(
		    judge(200, body, &rq, &t, &o, &err), ERR_PROTOCOL);
		assert_int_equal(t.refresh_token.len, n <= TOKEN_MAX ? n : 0);
	}
}

/* A refusal is one whatever comes with it; nor is a type shown that is one. */
static void
what_else_a_server_may_send(void **data)
{
	TOKEN t = TOKEN_INIT;
	LINES rq = LINES_INIT;
	struct outcome o = OUTCOME_INIT;
	struct err err = ERR_INIT;

	(void)data;
	request(&rq, "client_secret=" KEY "\n");
	assert_int_equal(
	    judge(200, "{\"error\":\"invalid_grant\"," NEW_REFRESH "}", &rq, &t,
		&o, &err),
	    ERR_DENIED);
	assert_int_equal(t.refresh_token.len, 0);
	assert_int_equal(
	    judge(200,
		"{\"access_token\":\"at-of-length\",\"token_type\":\"" KEY
		"\"}",
		&rq, &t, &o, &err),
	    ERR_PROTOCOL);
	assert_null(strstr(err.msg, ENOUGH));
	assert_int_equal(judge(200,
			     "{\"access_token\":\"at-of-length\","
			     "\"token_type\":\"x-at-of-length\"}",
			     &rq, &t, &o, &err),
	    ERR_PROTOCOL);
	assert_null(strstr(err.msg, "at-of-le"));
}

struct asked {
	const char *fields; /* of the request */
	const char *pairs[5][2];
	int code;
	const char *form, *user, *key;
};

#define SECRET "client_secret=p+\xc3\xa4 :~\n"
/* clang-format off */
static const struct asked asked[] = {
	{"op=token\n" SECRET, {{"scope", "a b"}, {"audience", "x&y"}}, 0,
	    "grant_type=client_credentials&scope=a+b&audience=x%26y", "c%3Ad", "p%2B%C3%A4+%3A%7E"},
	{"op=token\n" SECRET, {{"client_auth", "post"}}, 0,
	    "grant_type=client_credentials&client_id=c%3Ad&client_secret=p%2B%C3%A4+%3A%7E", "", ""},
	{"op=token\n" SECRET, {{"client_auth", "basic-raw"}, {"client_id", "cd"}}, 0,
	    "grant_type=client_credentials", "cd", "p+\xc3\xa4 :~"},
	{"op=token\n" SECRET, {{"client_auth", "basic-raw"}}, ERR_CONFIG, NULL, NULL, NULL},
	{"op=token\n", {{"client_auth", "post"}}, ERR_CONFIG, NULL, NULL, NULL},
	{"op=token\nclient_secret=\n", {{NULL, NULL}}, ERR_CONFIG, NULL, NULL, NULL},
	{"op=refresh\nrefresh_token=r/t+\n", {{"client_auth", "none"}, {"scope", "s"}}, 0,
	    "grant_type=refresh_token&refresh_token=r%2Ft%2B&client_id=c%3Ad", "", ""},
	{"op=refresh\n" SECRET, {{NULL, NULL}}, ERR_CONFIG, NULL, NULL, NULL},
	{"op=device\n", {{"client_auth", "none"}, {"scope", "s"}}, 0, "scope=s&client_id=c%3Ad", "", ""},
	{"op=device_token\ndevice_code=dc\n", {{"client_auth", "none"}}, 0,
	    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=dc&client_id=c%3Ad", "", ""},
	{"op=code\ncode=co\ncode_verifier=cv\nredirect_uri=http://127.0.0.1:1/\n", {{"client_auth", "none"}}, 0,
	    "grant_type=authorization_code&code=co&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2F&code_verifier=cv&client_id=c%3Ad", "", ""},
	{"op=revoke\ntoken=t\ntoken_type_hint=refresh_token\n", {{"client_auth", "none"}}, 0,
	    "token=t&token_type_hint=refresh_token&client_id=c%3Ad", "", ""},
	{"op=revoke\ntoken=t\n", {{"client_auth", "none"}}, 0, "token=t&client_id=c%3Ad", "", ""},
	{"op=nothing\n" SECRET, {{NULL, NULL}}, ERR_CONFIG, NULL, NULL, NULL},
};
/* clang-format on */

static void
check_asked(const struct asked *a, const struct profile *p)
{
	LINES rq = LINES_INIT;
	SECBUF form = SECBUF_INIT(HTTP_FORM_MAX);
	SECBUF user = SECBUF_INIT(HTTP_FORM_MAX);
	SECBUF key = SECBUF_INIT(HTTP_FORM_MAX);
	struct outcome o = OUTCOME_INIT;
	struct oauth2 c = {NULL, p, &rq, &o};
	struct err err = ERR_INIT;
	int code;

	request(&rq, a->fields);
	code = oauth2_form(&c, &form, &err);
	if (code == 0)
		code = oauth2_authenticate(&c, &form, &user, &key, &err);
	assert_int_equal(code, a->code);
	if (code < 0)
		return;
	assert_string_equal(form.ptr, a->form);
	assert_string_equal(user.ptr, a->user);
	assert_string_equal(key.ptr, a->key);
}

static void
table_of_requests(void **data)
{
	const char *pairs[9][2];
	struct err err = ERR_INIT;
	size_t i, k, n;

	(void)data;
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		CLEANUP(conf_freep) struct conf *conf = NULL;
		const char *id = "c:d";

		n = 0;
		for (k = 0; asked[i].pairs[k][0] != NULL; k++)
			if (strcmp(asked[i].pairs[k][0], "client_id") == 0)
				id = asked[i].pairs[k][1];
			else
				memcpy(pairs[n++], asked[i].pairs[k],
				    sizeof(pairs[0]));
		pairs[n][0] = "provider", pairs[n++][1] = "oauth2";
		pairs[n][0] = "token_url", pairs[n++][1] = URL;
		pairs[n][0] = "client_id", pairs[n++][1] = id;
		pairs[n][0] = NULL;
		assert_int_equal(conf_new(&conf, &err), 0);
		assert_int_equal(
		    conf_preset(conf, "p", "test", pairs, &err), 0);
		conf_finish(conf);
		assert_int_equal(conf_check(conf, &err), 0);
		check_asked(&asked[i], conf_at(conf, 0));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_of_answers),
	    cmocka_unit_test(long_tokens),
	    cmocka_unit_test(deep_json),
	    cmocka_unit_test(descriptions),
	    cmocka_unit_test(long_description_is_cut),
	    cmocka_unit_test(secrets_are_not_told),
	    cmocka_unit_test(standard_words_stay),
	    cmocka_unit_test(refresh_token_outlives_a_bad_access_token),
	    cmocka_unit_test(unusable_refresh_tokens),
	    cmocka_unit_test(what_else_a_server_may_send),
	    cmocka_unit_test(table_of_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
