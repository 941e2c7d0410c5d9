/* SPDX-License-Identifier: MIT */
/* What counts as a SAINet token, and how long it says it lives. */
#include "sainet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "jwt.h"

#define NOW  1700000000
#define LIFE 28800
#define OK   "HTTP/1.1 200 OK\r\n"
#define T    OK "Sai-Bearer-Token: "

static int
read_text(const char *text, size_t len, struct token *t, struct err *err)
{
	SECBUF b = SECBUF_INIT(HTTP_HEADERS_MAX);

	assert_int_equal(secbuf_add(&b, text, len), 0);
	return sainet_token(&b, NOW, LIFE, t, err);
}

static void
good_tokens(void **data)
{
	static const char *const rows[][3] = {
	    {T "abc\r\n\r\n", "abc", ""},
	    {OK "sai-bearer-token:abc==\r\n\r\n", "abc==", ""},
	    {T " aZ09._~+/=- \r\nSai-Server-Instance: NA\r\n\r\n",
		"aZ09._~+/=-", "NA"},
	    {T "a\r\nSai-Server-Instance: a b\r\n\r\n", "a", "a b"},
	    /* An instance that cannot be used does not spoil a sign-in. */
	    {T "a\r\nSai-Server-Instance: x\r\nSai-Server-Instance: y\r\n\r\n",
		"a", ""},
	    {T "a\r\nSai-Server-Instance: x\x01\r\n\r\n", "a", ""},
	    {T "a\r\nSai-Server-Instance: \xc3\xa9\r\n\r\n", "a", ""},
	    {T "a\r\nSai-Server-Instance:\r\n\r\n", "a", ""},
	};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOKEN t = TOKEN_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(
		    read_text(rows[i][0], strlen(rows[i][0]), &t, &err), 0);
		assert_string_equal(t.access_token.ptr, rows[i][1]);
		assert_string_equal(t.instance, rows[i][2]);
		assert_string_equal(t.type, "Bearer");
		assert_int_equal(t.obtained_at, NOW);
		assert_int_equal(t.expires_at, NOW + LIFE);
	}
}

#define ROW(text)                                                              \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static void
bad_tokens(void **data)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
	    ROW(""),
	    ROW(OK "\r\n"),
	    ROW(OK "X-Sai-Bearer-Token: a\r\n\r\n"),
	    ROW(T "\r\n\r\n"),
	    ROW(T " \r\n\r\n"),
	    ROW(T "a\r\nSai-Bearer-Token: b\r\n\r\n"),
	    ROW(T "a\r\nSai-Bearer-Token: a\r\n\r\n"),
	    ROW(T "a\r\nSAI-BEARER-TOKEN:\r\n\r\n"),
	    ROW(T "a\r\n b\r\n\r\n"),
	    ROW(OK "Sai-Bearer-Token : a\r\n\r\n"),
	    ROW(T "a b\r\n\r\n"),
	    ROW(T "a,b\r\n\r\n"),
	    ROW(T "a\x01\r\n\r\n"),
	    ROW(T "a\0b\r\n\r\n"),
	    ROW(T "\0\r\n\r\n"),
	    ROW(T "a\rb\r\n\r\n"),
	    ROW(T "a\r\r\n\r\n"),
	    ROW(T "a\x7f\r\n\r\n"),
	    ROW(T "\xc3\xa9\r\n\r\n"),
	    ROW(T "\"a\"\r\n\r\n"),
	};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOKEN t = TOKEN_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(read_text(rows[i].text, rows[i].len, &t, &err),
		    ERR_PROTOCOL);
		assert_int_equal(t.access_token.len, 0);
	}
}

/* Every byte as a token of its own. */
static void
each_byte(void **data)
{
	char text[64];
	bool good;
	int c;

	(void)data;
	for (c = 0; c < 256; c++) {
		TOKEN t = TOKEN_INIT;
		struct err err = ERR_INIT;
		int n = snprintf(text, sizeof(text), T "a%cb\r\n\r\n", c);

		/* A line feed ends the field: "a" is what is left. */
		good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		       (c >= '0' && c <= '9') ||
		       (c != 0 && strchr("._~+/=-\n", c) != NULL);
		assert_int_equal(
		    read_text(text, (size_t)n, &t, &err) == 0, good);
	}
}

static void
lengths(void **data)
{
	static char text[HTTP_HEADERS_MAX];
	size_t n;

	(void)data;
	for (n = SAINET_TOKEN_MAX - 1; n <= SAINET_TOKEN_MAX + 1; n++) {
		TOKEN t = TOKEN_INIT;
		struct err err = ERR_INIT;

		memcpy(text, T, sizeof(T));
		memset(text + sizeof(T) - 1, 'a', n);
		memcpy(text + sizeof(T) - 1 + n, "\r\n\r\n", 4);
		assert_int_equal(
		    read_text(text, sizeof(T) - 1 + n + 4, &t, &err),
		    n <= SAINET_TOKEN_MAX ? 0 : ERR_PROTOCOL);
	}
}

/* base64url of {"alg":"none"}, a dot; then claims; then a signature. */
#define HEAD "eyJhbGciOiJub25lIn0."

static int64_t
exp_of(const char *text)
{
	SECBUF b = SECBUF_INIT(65536);

	assert_int_equal(secbuf_addstr(&b, text), 0);
	return jwt_exp(&b);
}

static void
exp_hint(void **data)
{
	static const struct {
		const char *text;
		int64_t exp;
	} rows[] = {
	    /* {"exp":1700003600} */
	    {HEAD "eyJleHAiOjE3MDAwMDM2MDB9.c2ln", 1700003600},
	    {HEAD "eyJleHAiOjE3MDAwMDM2MDB9.", 1700003600},
	    /* the same in base64, padded and not */
	    {"ZXlKaGJHY2lPaUp1YjI1bEluMC5leUpsZUhBaU9qRTNNREF3TURNMk1EQjkuYzJs"
	     "bg==",
		1700003600},
	    {"ZXlKaGJHY2lPaUp1YjI1bEluMC5leUpsZUhBaU9qRTNNREF3TURNMk1EQjkuYzJs"
	     "bg",
		1700003600},
	    /* {"exp":1700003600.9}, {"exp":"1700003600"}, {"exp":-1} */
	    {HEAD "eyJleHAiOjE3MDAwMDM2MDAuOX0.c2ln", 1700003600},
	    {HEAD "eyJleHAiOiIxNzAwMDAzNjAwIn0.c2ln", 0},
	    {HEAD "eyJleHAiOi0xfQ.c2ln", 0},
	    /* {"exp":1e300}, {}, [], not JSON, not base64 */
	    {HEAD "eyJleHAiOjFlMzAwfQ.c2ln", 0},
	    {HEAD "e30.c2ln", 0},
	    {HEAD "W10.c2ln", 0},
	    {HEAD "YWJj.c2ln", 0},
	    {HEAD "!!!!.c2ln", 0},
	    {HEAD ".c2ln", 0},
	    {HEAD "a.c2ln", 0},
	    /* two parts, four, five (a JWE) */
	    {HEAD "eyJleHAiOjE3MDAwMDM2MDB9", 0},
	    {HEAD "eyJleHAiOjE3MDAwMDM2MDB9.a.b", 0},
	    {HEAD "eyJleHAiOjE3MDAwMDM2MDB9.a.b.c", 0},
	    /* the manual's abridged sample */
	    {"ZXlKMGVYQWlPaUpLVjFRaUxDSmxZDVySV9Fa3pmMA==", 0},
	    {"", 0},
	    {"====", 0},
	    {"abc", 0},
	};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(exp_of(rows[i].text), rows[i].exp);
}

static void
exp_of_over_long(void **data)
{
	static char text[JWT_MAX + 64];

	(void)data;
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, HEAD, sizeof(HEAD) - 1);
	assert_int_equal(exp_of(text), 0);
	text[JWT_MAX] = '\0';
	assert_int_equal(exp_of(text), 0);
}

static void
expiry(void **data)
{
	static const struct {
		const char *text;
		int64_t expires_at;
	} rows[] = {
	    {T HEAD "eyJleHAiOjE3MDAwMDM2MDB9.c2ln\r\n\r\n", NOW + 3600},
	    /* {"exp":1700000000}: not in the future, so nothing is known */
	    {T HEAD "eyJleHAiOjE3MDAwMDAwMDB9.c2ln\r\n\r\n", NOW + LIFE},
	    /* {"exp":9999999999}: more than anyone promises */
	    {T HEAD "eyJleHAiOjk5OTk5OTk5OTl9.c2ln\r\n\r\n",
		NOW + SAINET_LIFE_MAX},
	};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOKEN t = TOKEN_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(
		    read_text(rows[i].text, strlen(rows[i].text), &t, &err), 0);
		assert_int_equal(t.expires_at, rows[i].expires_at);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_tokens),
	    cmocka_unit_test(bad_tokens),
	    cmocka_unit_test(each_byte),
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(exp_hint),
	    cmocka_unit_test(exp_of_over_long),
	    cmocka_unit_test(expiry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
