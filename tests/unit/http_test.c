/* SPDX-License-Identifier: MIT */
/* The texts of HTTP: what goes out encoded, what comes back examined. */
#include "http_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1700000000 /* Tue, 14 Nov 2023 22:13:20 GMT */

static const char unreserved[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

/* Every byte but NUL, each alone, against RFC 3986 §2.1 and §2.3. */
static void
percent_each_byte(void **data)
{
	char text[2] = {0, 0}, want[8];
	int c;

	(void)data;
	for (c = 1; c < 256; c++) {
		SECBUF b = SECBUF_INIT(16);

		text[0] = (char)c;
		if (strchr(unreserved, c) != NULL)
			(void)snprintf(want, sizeof(want), "%c", c);
		else
			(void)snprintf(want, sizeof(want), "%%%02X", c);
		assert_int_equal(http_percent(&b, text), 0);
		assert_string_equal(b.ptr, want);
	}
}

/* The same against RFC 6749 appendix B. */
static void
form_each_byte(void **data)
{
	char text[2] = {0, 0}, want[8];
	int c;

	(void)data;
	for (c = 1; c < 256; c++) {
		SECBUF b = SECBUF_INIT(16);

		text[0] = (char)c;
		if (c == ' ')
			(void)snprintf(want, sizeof(want), "+");
		else if ((strchr(unreserved, c) != NULL && c != '~') ||
			 c == '*')
			(void)snprintf(want, sizeof(want), "%c", c);
		else
			(void)snprintf(want, sizeof(want), "%%%02X", c);
		assert_int_equal(http_form_encode(&b, text), 0);
		assert_string_equal(b.ptr, want);
	}
}

static void
form_of_pairs(void **data)
{
	SECBUF b = SECBUF_INIT(64);

	(void)data;
	assert_int_equal(http_form_add(&b, "a", "1 2&=é"), 0);
	assert_int_equal(http_form_add(&b, "empty", ""), 0);
	assert_int_equal(http_form_add(&b, "null", NULL), 0);
	assert_int_equal(http_form_add(&b, "c", "+"), 0);
	assert_string_equal(b.ptr, "a=1+2%26%3D%C3%A9&c=%2B");
	assert_int_equal(http_form_add(&b, "d",
			     "01234567890123456789012345678901234567890123456"),
	    -1);
}

static void
encoding_stops_at_the_limit(void **data)
{
	SECBUF b = SECBUF_INIT(4);

	(void)data;
	assert_int_equal(http_percent(&b, "ab/"), -1);
	assert_int_equal(http_percent(&b, ""), 0);
}

struct block {
	const char *headers;
	size_t found;
	const char *value;
};

#define OK "HTTP/1.1 200 OK\r\n"
static const struct block blocks[] = {
    {OK "X: abc\r\n\r\n", 1, "abc"},
    {OK "x:abc\r\n\r\n", 1, "abc"},
    {OK "X:  \t abc \t \r\n\r\n", 1, "abc"},
    {OK "X: abc\n\n", 1, "abc"},
    {OK "X: a b\r\n", 1, "a b"},
    {OK "X: abc", 1, "abc"},
    {OK "X:\r\n\r\n", 1, ""},
    {OK "X: \r\n\r\n", 1, ""},
    {OK "X: a\rb\r\n\r\n", 1, "a\rb"},
    {OK "X: abc\r\r\n\r\n", 1, "abc\r"},
    {OK "X: a\r\nY: b\r\nx: c\r\n\r\n", 2, "a"},
    {OK "X: a\r\nX: a\r\nX: a\r\n\r\n", 3, "a"},
    /* What a lenient reader would take for one field is never exactly one. */
    {OK "X : a\r\n\r\n", 2, "a"},
    {OK "X: a\r\n b\r\n\r\n", 2, "a"},
    {OK "X: a\r\n\tb\r\n\r\n", 2, "a"},
    {OK "X:\r\n a\r\n\r\n", 2, ""},
    /* No field of that name. */
    {OK "XY: a\r\n\r\n", 0, NULL},
    {OK "YX: a\r\n\r\n", 0, NULL},
    {OK " X: a\r\n\r\n", 0, NULL},
    {OK "Y: X: a\r\n\r\n", 0, NULL},
    {OK "X\r\n\r\n", 0, NULL},
    {"X", 0, NULL},
    {"", 0, NULL},
};

static void
header_fields(void **data)
{
	size_t i, len;
	const char *v;

	(void)data;
	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		SECBUF b = SECBUF_INIT(HTTP_HEADERS_MAX);

		v = NULL;
		len = 0;
		assert_int_equal(secbuf_addstr(&b, blocks[i].headers), 0);
		assert_int_equal(
		    http_header(&b, "X", &v, &len), blocks[i].found);
		if (blocks[i].found == 0)
			continue;
		assert_int_equal(len, strlen(blocks[i].value));
		assert_memory_equal(v, blocks[i].value, len);
	}
}

static void
header_with_nul(void **data)
{
	static const char text[] = OK "X: a\0b\r\n\r\n";
	SECBUF b = SECBUF_INIT(HTTP_HEADERS_MAX);
	const char *v;
	size_t len;

	(void)data;
	assert_int_equal(secbuf_add(&b, text, sizeof(text) - 1), 0);
	assert_int_equal(http_header(&b, "X", &v, &len), 1);
	assert_int_equal(len, 3);
}

static void
retry_after(void **data)
{
	static const struct {
		const char *value;
		int64_t seconds;
	} rows[] = {
	    {"0", 0},
	    {"1", 1},
	    {"120", 120},
	    {"3600", 3600},
	    {"3601", 3600},
	    {"99999999999999999999", 3600},
	    {"Tue, 14 Nov 2023 22:13:50 GMT", 30},
	    {"Tuesday, 14-Nov-23 22:13:50 GMT", 30},
	    {"Tue Nov 14 22:13:50 2023", 30},
	    {"Tue, 14 Nov 2023 22:13:10 GMT", 0},
	    {"Tue, 14 Nov 2033 22:13:10 GMT", 3600},
	    {"", -1},
	    {"-1", -1},
	    {"+1", -1},
	    {"1.5", -1},
	    {"1 2", -1},
	    {"soon", -1},
	    {"Tue, 14 Nov 2023 22:13:50 GMT and more", -1},
	    {"Tue, 99 Nov 2023 22:13:50 GMT", -1},
	};
	char text[256];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		SECBUF b = SECBUF_INIT(HTTP_HEADERS_MAX);

		(void)snprintf(text, sizeof(text),
		    "HTTP/1.1 503 No\r\nRetry-After: %s\r\n\r\n",
		    rows[i].value);
		assert_int_equal(secbuf_addstr(&b, text), 0);
		assert_int_equal(http_retry_after(&b, NOW), rows[i].seconds);
	}
}

static void
retry_after_twice_is_none(void **data)
{
	SECBUF b = SECBUF_INIT(HTTP_HEADERS_MAX);

	(void)data;
	assert_int_equal(http_retry_after(&b, NOW), -1);
	assert_int_equal(
	    secbuf_addstr(&b, OK "Retry-After: 1\r\nRetry-After: 2\r\n\r\n"),
	    0);
	assert_int_equal(http_retry_after(&b, NOW), -1);
}

static void
where(void **data)
{
	static const char *const rows[][3] = {
	    {"https://h.example/a?b=s3cr3t", "h.example", "https://h.example"},
	    {"https://h.example:8443?x", "h.example:8443",
		"https://h.example:8443"},
	    {"https://user:pw@h.example/", "h.example", "https://h.example"},
	    {"https://[::1]:1/", "[::1]:1", "https://[::1]:1"},
	    {"https://h\x1b[31m/", "h?[31m", "https://h?[31m"},
	    {"https://h#f", "h", "https://h"},
	    {"file:///etc/passwd", "", "file://"},
	    {"user:pw@h.example/", "h.example", "h.example"},
	    {"user:pw@h://g.example", "g.example", "g.example"},
	    {"a-scheme-longer-than-any-that-there-is://h", "h", "h"},
	    {"://h", "h", "h"},
	    {"", "", ""},
	};
	char to[HTTP_WHERE_MAX], site[HTTP_SITE_MAX], longest[600];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(http_where(rows[i][0], to), rows[i][1]);
		assert_string_equal(http_site(rows[i][0], site), rows[i][2]);
	}
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_true(strlen(http_where(longest, to)) < HTTP_WHERE_MAX);
	memcpy(longest, "https://", 8);
	assert_true(strlen(http_site(longest, site)) < HTTP_SITE_MAX);
}

static void
url_ok(void **data)
{
	static const char *const good[] = {"https://h", "https://h/",
	    "HTTPS://h:1/a%20b?c=d", "https://[::1]:8443/x"};
	static const char *const bad[] = {"", "http://h/", "https://",
	    "https:///x", "https://:1/", "https://u@h/", "https://u:p@h/x",
	    "https://h/a b", "https://h/\x01", "https://h/\xc3\xa9",
	    "https://h/#f", "https://h\\@x/", "ftp://h", "//h/x",
	    "javascript:https://h"};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(http_url_ok(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(http_url_ok(bad[i]));
}

static void
common_refusals(void **data)
{
	static const struct {
		int status;
		const char *headers;
		int code;
		bool later;
		int64_t retry_after;
		const char *text;
	} rows[] = {
	    {200, "", 0, false, -1, NULL},
	    {401, "", 0, false, -1, NULL},
	    {500, "", 0, false, -1, NULL},
	    {302, "Location: https://u:p@evil.example/x?y\r\n", ERR_PROTOCOL,
		false, -1, "to evil.example;"},
	    {302, "Location: https://S3CR3T.example/\r\n", ERR_PROTOCOL, false,
		-1, "to a place whose name repeats a secret;"},
	    {301, "Location: /elsewhere\r\n", ERR_PROTOCOL, false, -1,
		"another place of its own"},
	    {304, "", ERR_PROTOCOL, false, -1, "status 304"},
	    {429, "Retry-After: 7\r\n", ERR_UNAVAIL, true, 7, "fewer"},
	    {503, "", ERR_UNAVAIL, true, -1, "out of service"},
	};
	LINES rq = LINES_INIT;
	struct err e = ERR_INIT;
	size_t i;

	(void)data;
	assert_int_equal(lines_begin(&rq.text, &e), 0);
	assert_int_equal(lines_add(&rq.text, "password", "s3cr3t", &e), 0);
	assert_int_equal(lines_end(&rq.text, &e), 0);
	assert_int_equal(lines_parse(&rq, LINES_MESSAGE, &e), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
		struct outcome o = OUTCOME_INIT;
		struct err err = ERR_INIT;

		r.status = rows[i].status;
		assert_int_equal(secbuf_addstr(&r.headers, rows[i].headers), 0);
		assert_int_equal(http_common_refusal(
				     &r, "https://h/?q=s3cr3t", &rq, &o, &err),
		    rows[i].code);
		assert_int_equal(o.later, rows[i].later);
		assert_int_equal(o.retry_after, rows[i].retry_after);
		if (rows[i].text == NULL)
			continue;
		assert_non_null(strstr(err.msg, rows[i].text));
		assert_null(strstr(err.msg, "s3cr3t"));
	}
}

static void
names(void **data)
{
	static const char *const rows[][2] = {
	    {"DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
		"localhost, 127.0.0.1, 0:0:0:0:0:0:0:1"},
	    {"DNS:*.a-b.example", "*.a-b.example"},
	    {"DNS:a b, DNS:c", "c"},
	    {"DNS:a, DNS:run 'rm', DNS:x;y, DNS:\x1b[1m, DNS:(b)", "a"},
	    {"DNS:\xc3\xa9, DNS:e", "e"},
	    {"DNS:a\nDNS:b", ""},
	    {"email:root@example, URI:https://x, DirName:/O=x", ""},
	    {"DNS:, IP Address:, DNS:a,DNS:b,", "a, b"},
	    {"", ""},
	};
	char to[HTTP_WHERE_MAX], longest[2000];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(http_names(to, rows[i][0]), rows[i][1]);
	for (i = 0; i + 8 < sizeof(longest); i += 7)
		memcpy(longest + i, "DNS:ab,", 8);
	assert_true(strlen(http_names(to, longest)) < HTTP_WHERE_MAX);
	assert_true(strlen(to) > HTTP_WHERE_MAX - 8);
	assert_string_equal(to + strlen(to) - 4, ", ab");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(percent_each_byte),
	    cmocka_unit_test(form_each_byte),
	    cmocka_unit_test(form_of_pairs),
	    cmocka_unit_test(encoding_stops_at_the_limit),
	    cmocka_unit_test(header_fields),
	    cmocka_unit_test(header_with_nul),
	    cmocka_unit_test(retry_after),
	    cmocka_unit_test(retry_after_twice_is_none),
	    cmocka_unit_test(where),
	    cmocka_unit_test(url_ok),
	    cmocka_unit_test(common_refusals),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
