/* SPDX-License-Identifier: MIT */
/* Sentences about failures: order, limits, and text from strangers. */
#include "err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LAST (ERR_TEXT_MAX - 1) /* bytes of the longest message */

static char long_text[2 * ERR_TEXT_MAX];

static int
setup(void **data)
{
	(void)data;
	memset(long_text, 'x', sizeof(long_text) - 1);
	return 0;
}

static void
set_returns_its_code(void **data)
{
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(err.code, 0);
	assert_string_equal(err.msg, "");
	assert_int_equal(
	    err_set(&err, ERR_DENIED, "%s %d", "no", 7), ERR_DENIED);
	assert_int_equal(err.code, ERR_DENIED);
	assert_string_equal(err.msg, "no 7");
	assert_int_equal(err_set(&err, ERR_LOCKED, "later"), ERR_LOCKED);
	assert_string_equal(err.msg, "later");
}

static void
context_comes_first(void **data)
{
	struct err err = ERR_INIT;

	(void)data;
	(void)err_set(&err, ERR_UNAVAIL, "refused, 100%% sure: %%s %%n");
	assert_int_equal(err_wrap(&err, "server '%s'", "a"), ERR_UNAVAIL);
	assert_int_equal(err_wrap(&err, "profile 'work'"), ERR_UNAVAIL);
	assert_int_equal(err_hint(&err, "try %d", 5), ERR_UNAVAIL);
	assert_int_equal(err.code, ERR_UNAVAIL);
	assert_string_equal(err.msg,
	    "profile 'work': server 'a': refused, 100% sure: %s %n; try 5");
}

static void
long_messages_are_cut(void **data)
{
	struct err err = ERR_INIT;

	(void)data;
	(void)err_set(&err, ERR_CONFIG, "%.*s", LAST, long_text);
	assert_int_equal(strlen(err.msg), LAST);
	(void)err_set(&err, ERR_CONFIG, "%s", long_text);
	assert_int_equal(strlen(err.msg), LAST);
	/* The context stays, what it is about is cut. */
	assert_int_equal(err_wrap(&err, "context"), ERR_CONFIG);
	assert_int_equal(strlen(err.msg), LAST);
	assert_int_equal(strncmp(err.msg, "context: xxx", 12), 0);
	assert_int_equal(err_wrap(&err, "%s", long_text), ERR_CONFIG);
	assert_int_equal(strlen(err.msg), LAST);
	assert_int_equal(err_hint(&err, "no room"), ERR_CONFIG);
	assert_int_equal(strlen(err.msg), LAST);
	assert_null(strchr(err.msg, ';'));
}

static void
wrap_at_every_length(void **data)
{
	struct err err = ERR_INIT;
	int n;

	(void)data;
	for (n = LAST - 6; n <= LAST + 2; n++) {
		(void)err_set(&err, ERR_CONFIG, "y");
		(void)err_wrap(&err, "%.*s", n, long_text);
		assert_int_equal(strlen(err.msg), n + 3 < LAST ? n + 3 : LAST);
		(void)err_set(&err, ERR_CONFIG, "%.*s", n, long_text);
		(void)err_hint(&err, "y");
		assert_true(strlen(err.msg) <= LAST);
		assert_true(strlen(err.msg) >= (size_t)(n < LAST ? n : LAST));
	}
}

static void
every_code_has_a_name(void **data)
{
	int a, b;

	(void)data;
	assert_string_equal(err_name(0), "ok");
	for (a = ERR_UNCONFIRMED; a <= 0; a++) {
		assert_string_not_equal(err_name(a), "unknown");
		for (b = ERR_UNCONFIRMED; b < a; b++)
			assert_string_not_equal(err_name(a), err_name(b));
	}
	assert_string_equal(err_name(ERR_UNCONFIRMED - 1), "unknown");
	assert_string_equal(err_name(1), "unknown");
}

static void
strangers_text_is_made_harmless(void **data)
{
	/* clang-format off */
	static const struct {
		const char *from, *to;
	} row[] = {
		{"", ""},
		{"plain text, ~", "plain text, ~"},
		{"a\nb\rc\td\033[31me\177f\001", "a?b?c?d?[31me?f?"},
		{"\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91", "\xc3\xa9t\xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91"},
		{"\xc2\x9b""31m", "??31m"},                 /* C1: CSI */
		{"\xe2\x80\xae" "a", "???a"},               /* U+202E */
		{"\xe2\x81\xa6\xe2\x81\xa9", "??????"},     /* U+2066, U+2069 */
		{"\xe2\x80\x8f\xd8\x9c", "?????"},          /* U+200F, U+061C */
		{"\xe2\x80\xa6\xe2\x80\xaf\xe2\x81\xaa", "\xe2\x80\xa6\xe2\x80\xaf\xe2\x81\xaa"}, /* beside them */
		{"\xc2\x80\xc2\x9f\xc2\xa0", "????\xc2\xa0"},
		{"\x80\xbf\xff\xfe", "????"},               /* not UTF-8 */
		{"\xc0\xaf\xc1\x81", "????"},               /* overlong */
		{"\xe0\x9f\xbf\xf0\x8f\xbf\xbf", "???????"},
		{"\xed\xa0\x80", "???"},                    /* a surrogate */
		{"\xf4\x90\x80\x80\xf5\x80\x80\x80", "????????"},
		{"\xed\x9f\xbf\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xf4\x8f\xbf\xbf"},
		{"\xc3", "?"},                              /* cut short */
		{"\xe2\x82", "??"},
		{"\xf0\x9f\x94", "???"},
		{"\xc3(", "?("},
	};
	/* clang-format on */
	char to[64];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_ptr_equal(
		    err_printable(to, sizeof(to), row[i].from), to);
		assert_string_equal(to, row[i].to);
	}
}

static void
printable_keeps_to_its_size(void **data)
{
	char to[16];
	size_t size;

	(void)data;
	/* A character that does not fit is left out as a whole. */
	for (size = 1; size <= 12; size++) {
		memset(to, '#', sizeof(to));
		(void)err_printable(to, size, "a\xe2\x82\xac\xf0\x9f\x94\x91z");
		assert_int_equal(strlen(to), size <= 1   ? 0
					     : size <= 4 ? 1
					     : size <= 8 ? 4
					     : size <= 9 ? 8
							 : 9);
		assert_int_equal(to[size], '#');
	}
	(void)err_printable(to, 4, "\xff\xff\xff\xff\xff");
	assert_string_equal(to, "???");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(set_returns_its_code),
	    cmocka_unit_test(context_comes_first),
	    cmocka_unit_test(long_messages_are_cut),
	    cmocka_unit_test(wrap_at_every_length),
	    cmocka_unit_test(every_code_has_a_name),
	    cmocka_unit_test(strangers_text_is_made_harmless),
	    cmocka_unit_test(printable_keeps_to_its_size),
	};

	return cmocka_run_group_tests_name("err", tests, setup, NULL);
}
