/* SPDX-License-Identifier: MIT */
/* How long a token counts, and that it rests as it came. */
#include "token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW INT64_C(1700000000)

/* clang-format off */
static const struct {
	const char *what;
	int64_t obtained, expires, now, min_valid;
	bool fresh;
} rows[] = {
	{"just obtained", NOW, NOW + 3600, NOW, 60, true},
	{"exactly enough left", NOW, NOW + 3600, NOW + 3540, 60, true},
	{"a second too late", NOW, NOW + 3600, NOW + 3541, 60, false},
	{"nothing asked, a second left", NOW, NOW + 3600, NOW + 3599, 0, true},
	{"nothing asked, nothing left", NOW, NOW + 3600, NOW + 3600, 0, false},
	{"less than nothing asked", NOW, NOW + 3600, NOW + 3600, -60, false},
	{"less than nothing asked, valid", NOW, NOW + 3600, NOW + 3599, -60, true},
	{"long gone", NOW, NOW + 3600, NOW + 7200, 60, false},

	/* never more than half of a life */
	{"half at most, there", NOW, NOW + 100, NOW + 50, 60, true},
	{"half at most, gone", NOW, NOW + 100, NOW + 51, 60, false},
	{"more than a life asked, fresh", NOW, NOW + 100, NOW, 86400, true},
	{"for ever asked", NOW, NOW + 100, NOW + 50, INT64_MAX, true},
	{"for ever asked, over half", NOW, NOW + 100, NOW + 51, INT64_MAX, false},
	{"exactly half asked", NOW, NOW + 120, NOW + 60, 60, true},
	{"odd life", NOW, NOW + 101, NOW + 51, 60, true},
	{"odd life, over", NOW, NOW + 101, NOW + 52, 60, false},
	{"a second's life", NOW, NOW + 1, NOW, 60, true},
	{"a second's life, over", NOW, NOW + 1, NOW + 1, 60, false},

	/* clocks that jumped */
	{"obtained in the future", NOW + 1, NOW + 3600, NOW, 60, false},
	{"clock set back a year", NOW, NOW + 3600, NOW - 31536000, 60, false},
	{"clock set back to 1970", NOW, NOW + 3600, 0, 60, false},
	{"clock before 1970", NOW, NOW + 3600, -1, 60, false},
	{"clock ahead a year", NOW, NOW + 3600, NOW + 31536000, 60, false},
	{"clock at the end of time", NOW, NOW + 3600, INT64_MAX, 60, false},

	/* nonsense */
	{"no expiry", NOW, 0, NOW, 0, false},
	{"expired before it was obtained", NOW, NOW - 10, NOW, 0, false},
	{"expired when it was obtained", NOW, NOW, NOW, 0, false},
	{"expired before 1970", NOW, -5, NOW, 0, false},
	{"expired at the beginning of time", NOW, INT64_MIN, NOW, 60, false},
	{"life beyond all numbers", INT64_MIN, INT64_MAX, NOW, 60, false},
	{"a life of one second too many", -1, INT64_MAX, NOW, 60, false},
};
/* clang-format on */

static void
freshness(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TOKEN t = TOKEN_INIT;

		t.obtained_at = rows[i].obtained;
		t.expires_at = rows[i].expires;
		/* Without a token nothing is fresh. */
		assert_false(token_fresh(&t, rows[i].now, rows[i].min_valid));
		assert_int_equal(secbuf_set(&t.access_token, "t"), 0);
		if (token_fresh(&t, rows[i].now, rows[i].min_valid) !=
		    rows[i].fresh)
			fail_msg("%s", rows[i].what);
		/* Whatever the times are, asking is harmless. */
		(void)token_aging(&t, rows[i].now);
	}
}

static void
last_fifth(void **data)
{
	/* clang-format off */
	static const struct {
		int64_t life, age;
		bool aging;
	} row[] = {
		{3600, 0, false}, {3600, 2879, false}, {3600, 2880, false},
		{3600, 2881, true}, {3600, 3599, true}, {3600, 3600, true},
		{3600, 4000, true}, {100, 80, false}, {100, 81, true},
		{5, 4, false}, {5, 5, true}, {4, 3, false}, {1, 0, false},
		{8 * 3600, 23040, false}, {8 * 3600, 23041, true},
	};
	/* clang-format on */
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		TOKEN t = TOKEN_INIT;

		t.obtained_at = NOW;
		t.expires_at = NOW + row[i].life;
		if (token_aging(&t, NOW + row[i].age) != row[i].aging)
			fail_msg("row %zu", i);
	}
}

static void
fill(struct token *t)
{
	assert_int_equal(secbuf_set(&t->access_token, "abc=def"), 0);
	assert_int_equal(secbuf_set(&t->refresh_token, "refresh"), 0);
	t->obtained_at = NOW;
	t->expires_at = NOW + 300;
	t->refresh_expires_at = NOW + 1800;
	(void)snprintf(t->type, sizeof(t->type), "Bearer");
	(void)snprintf(t->instance, sizeof(t->instance), "node1");
	(void)snprintf(t->account, sizeof(t->account), "alice");
	(void)snprintf(t->scope, sizeof(t->scope), "a b");
}

static void
written_without_the_refresh_token(void **data)
{
	TOKEN t = TOKEN_INIT;
	SECBUF b = SECBUF_INIT(1000);
	struct err err = ERR_INIT;

	(void)data;
	fill(&t);
	assert_int_equal(token_write(&t, &b, &err), 0);
	assert_string_equal(b.ptr,
	    "access_token=abc=def\ntoken_type=Bearer\nexpires_at=1700000300\n"
	    "obtained_at=1700000000\ninstance=node1\naccount=alice\n"
	    "scope=a b\n");
	secbuf_reset(&b);
	t.expires_at = 0;
	t.instance[0] = t.account[0] = t.scope[0] = '\0';
	assert_int_equal(token_write(&t, &b, &err), 0);
	assert_string_equal(b.ptr, "access_token=abc=def\ntoken_type=Bearer\n"
				   "obtained_at=1700000000\n");
}

static int
read_text(struct token *t, const char *text, struct err *err)
{
	LINES l = LINES_INIT;

	err->code = 0;
	assert_int_equal(secbuf_addstr(&l.text, text), 0);
	assert_int_equal(lines_parse(&l, LINES_GIT, err), 0);
	return token_read(t, &l, err);
}

static void
what_is_written_is_read(void **data)
{
	TOKEN t = TOKEN_INIT;
	TOKEN u = TOKEN_INIT;
	SECBUF b = SECBUF_INIT(1000);
	struct err err = ERR_INIT;

	(void)data;
	fill(&t);
	fill(&u);
	assert_int_equal(token_write(&t, &b, &err), 0);
	assert_int_equal(read_text(&u, b.ptr, &err), 0);
	assert_string_equal(u.access_token.ptr, "abc=def");
	assert_int_equal(u.refresh_token.len, 0);
	assert_int_equal(u.obtained_at, NOW);
	assert_int_equal(u.expires_at, NOW + 300);
	assert_int_equal(u.refresh_expires_at, 0);
	assert_string_equal(u.type, "Bearer");
	assert_string_equal(u.instance, "node1");
	assert_string_equal(u.account, "alice");
	assert_string_equal(u.scope, "a b");
	/* An answer of the network's worker has the other two as well. */
	assert_int_equal(read_text(&u,
			     "access_token=x\nrefresh_token=y\n"
			     "refresh_expires_at=1700001800\n",
			     &err),
	    0);
	assert_string_equal(u.access_token.ptr, "x");
	assert_string_equal(u.refresh_token.ptr, "y");
	assert_int_equal(u.refresh_expires_at, NOW + 1800);
	/* Nothing stays of what was there. */
	assert_string_equal(u.type, "");
	assert_string_equal(u.account, "");
	assert_int_equal(u.expires_at, 0);
	assert_false(token_fresh(&u, NOW, 0));
	assert_int_equal(read_text(&u, "", &err), 0);
	assert_int_equal(u.access_token.len, 0);
	assert_int_equal(u.refresh_token.len, 0);
}

/* "KEY=xxx..." with a value of `len` bytes is read, or is too long. */
static void
try_length(const char *key, size_t len, int result)
{
	static char text[TOKEN_MAX + 64];
	TOKEN t = TOKEN_INIT;
	struct err err = ERR_INIT;
	size_t n = (size_t)snprintf(text, sizeof(text), "%s=", key);
	int r;

	memset(text + n, 'x', len);
	(void)strcpy(text + n + len, "\n");
	r = read_text(&t, text, &err);
	if (r != result)
		fail_msg("%s of %zu bytes: %d", key, len, r);
	assert_int_equal(err.code, r);
	if (r != 0)
		assert_null(strstr(err.msg, "xxx"));
}

static void
longest_fields(void **data)
{
	/* clang-format off */
	static const struct {
		const char *key;
		size_t max;
	} row[] = {
		{"access_token", TOKEN_MAX}, {"refresh_token", TOKEN_MAX},
		{"token_type", TOKEN_NAME_MAX - 1},
		{"instance", TOKEN_NAME_MAX - 1},
		{"account", TOKEN_NAME_MAX - 1},
		{"scope", TOKEN_SCOPE_MAX - 1},
	};
	/* clang-format on */
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		try_length(row[i].key, row[i].max, 0);
		try_length(row[i].key, row[i].max + 1, ERR_PROTOCOL);
	}
}

/* Times that are no numbers make a token that is not fresh, not a failure. */
static void
times_that_are_none(void **data)
{
	static const char *const bad[] = {"", "soon", "1e9", "-", "0x7fffffff",
	    "99999999999999999999", "1700000300 ", "-1",
	    "-9223372036854775808"};
	TOKEN t = TOKEN_INIT;
	struct err err = ERR_INIT;
	char text[256];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "access_token=t\nobtained_at=1700000000\nexpires_at=%s\n",
		    bad[i]);
		assert_int_equal(read_text(&t, text, &err), 0);
		assert_false(token_fresh(&t, NOW, 0));
		(void)token_aging(&t, NOW);
	}
}

/* What the line format cannot carry is refused, never cut. */
static void
unwritable_tokens(void **data)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {{"a\nb", 3}, {"a\rb", 3}, {"a\tb", 3}, {"\x7f", 1},
	    {"a\0b", 3}, {"\0", 1}};
	SECBUF b = SECBUF_INIT(1000);
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		TOKEN t = TOKEN_INIT;

		fill(&t);
		secbuf_reset(&t.access_token);
		assert_int_equal(
		    secbuf_add(&t.access_token, bad[i].bytes, bad[i].len), 0);
		secbuf_reset(&b);
		if (token_write(&t, &b, &err) != ERR_PROTOCOL)
			fail_msg("row %zu", i);
	}
	{
		TOKEN t = TOKEN_INIT;

		fill(&t);
		(void)strcpy(t.account, "a\nb");
		assert_int_equal(token_write(&t, &b, &err), ERR_PROTOCOL);
	}
}

static void
moving(void **data)
{
	TOKEN from = TOKEN_INIT;
	TOKEN to = TOKEN_INIT;

	(void)data;
	fill(&from);
	fill(&to);
	assert_int_equal(secbuf_set(&to.access_token, "older"), 0);
	(void)strcpy(to.account, "bob");
	token_move(&to, &from);
	assert_string_equal(to.access_token.ptr, "abc=def");
	assert_string_equal(to.refresh_token.ptr, "refresh");
	assert_string_equal(to.account, "alice");
	assert_int_equal(to.expires_at, NOW + 300);
	assert_int_equal(from.access_token.len, 0);
	assert_int_equal(from.refresh_token.len, 0);
	token_release(&to);
	token_release(&to);
	assert_int_equal(to.access_token.len, 0);
	/* What was released takes another. */
	fill(&to);
	assert_true(token_fresh(&to, NOW, 60));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(freshness),
	    cmocka_unit_test(last_fifth),
	    cmocka_unit_test(written_without_the_refresh_token),
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(longest_fields),
	    cmocka_unit_test(times_that_are_none),
	    cmocka_unit_test(unwritable_tokens),
	    cmocka_unit_test(moving),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
