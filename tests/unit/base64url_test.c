/* SPDX-License-Identifier: MIT */
/* Base64url: RFC 4648's own examples, every length, the limit. */
#include "base64url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct {
	const char *plain, *text;
} known[] = { /* RFC 4648 §10, without the padding; and both signs of its own */
	{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy"}, {"\xff\xef\xbe\xff", "_---_w"}, {"\xfb\xf0", "-_A"},
};
/* clang-format on */

static void
known_texts(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		SECBUF b = SECBUF_INIT(64);

		assert_int_equal(
		    base64url_add(&b, known[i].plain, strlen(known[i].plain)),
		    0);
		assert_string_equal(b.ptr, known[i].text);
		assert_int_equal(b.len, strlen(known[i].text));
	}
}

static void
appends_up_to_the_limit_and_no_further(void **data)
{
	static const uint8_t zeros[48];
	size_t n;

	(void)data;
	for (n = 1; n < sizeof(zeros); n++) {
		size_t len = (n * 4 + 2) / 3;
		SECBUF exact = SECBUF_INIT(len + 2);
		SECBUF small = SECBUF_INIT(len + 1);

		assert_int_equal(secbuf_addstr(&exact, "a="), 0);
		assert_int_equal(base64url_add(&exact, zeros, n), 0);
		assert_int_equal(exact.len, len + 2);
		assert_int_equal(strspn(exact.ptr + 2, "A"), len);
		assert_int_equal(secbuf_addstr(&small, "a="), 0);
		assert_int_equal(base64url_add(&small, zeros, n), -1);
		assert_string_equal(small.ptr, "a=");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_texts),
	    cmocka_unit_test(appends_up_to_the_limit_and_no_further),
	};

	return cmocka_run_group_tests_name("base64url", tests, NULL, NULL);
}
