/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_scan.h"

/* A copy without a terminator: reading beyond it is an error of the checkers. */
static bool
scan(const char *text, size_t len, struct json_span *ret, char **copy)
{
	*copy = malloc(len > 0 ? len : 1);
	assert_non_null(*copy);
	memcpy(*copy, text, len);
	return json_scan(*copy, len, ret);
}

static void
what_is_json(void **data)
{
	static const char *const good[] = {"0", "-0", "10", "1.5", "-1e5",
	    "1E+5", "1.0e-10", "true", " null ", "\"\"",
	    "\"\\u00e9\\n\\\"\\/\"", "[]", "{}", "[ ]", "{ }", "[1,2 , 3]",
	    "{\"a\":[{}]}", "\t\r\n{\"a\" : 1 , \"a\" : 2}\n", "\"\xff\"",
	    "[[[]]]"};
	static const char *const bad[] = {"", " ", "01", "-", "+1", "1.", ".5",
	    "1e", "1e+", "tru", "True", "nul", "\"", "\"\\", "\"\\x\"",
	    "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\t\"", "[", "]", "[1",
	    "[1,", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"",
	    "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
	    "{\"a\" 1}", "{1:1}", "{]", "[}", "1 1", "[] []", "[]x", "//",
	    "[1]\x01"};
	struct json_span s;
	char *copy;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!scan(good[i], strlen(good[i]), &s, &copy))
			fail_msg("refused: %s", good[i]);
		free(copy);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (scan(bad[i], strlen(bad[i]), &s, &copy))
			fail_msg("taken: %s", bad[i]);
		free(copy);
	}
	assert_false(scan("\"a\0b\"", 5, &s, &copy));
	free(copy);
	assert_false(scan("\"\\u\0aaa\"", 8, &s, &copy));
	free(copy);
}

/* Every cut and every changed byte: never more is taken than json-c takes. */
static void
compared_with_another_parser(void **data)
{
	static const char text[] =
	    "{\"content\":[{\"id\":1,\"n\":-1.5e3,\"s\":\"\\u0041\\\"\"},null,"
	    "true],\"last\":false,\"totalPages\":12}";
	static const char bytes[] = "{}[]\",:\\0-1.eutf \n\x01";
	char changed[sizeof(text)];
	struct json_span s;
	struct json_object *o;
	char *copy;
	size_t i, j, len;

	(void)data;
	for (i = 0; i < sizeof(text) - 1; i++) {
		assert_false(scan(text, i, &s, &copy));
		free(copy);
		for (j = 0; j < sizeof(bytes) - 1; j++) {
			struct json_tokener *t = json_tokener_new();

			memcpy(changed, text, sizeof(text));
			changed[i] = bytes[j];
			len = strlen(changed);
			json_tokener_set_flags(t, JSON_TOKENER_STRICT);
			o = json_tokener_parse_ex(t, changed, (int)len);
			if (scan(changed, len, &s, &copy) && o == NULL)
				fail_msg("taken: %s", changed);
			free(copy);
			(void)json_object_put(o);
			json_tokener_free(t);
		}
	}
}

static void
nesting(void **data)
{
	char text[2 * JSON_DEPTH_MAX + 4];
	struct json_span s;
	int depth;

	(void)data;
	for (depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		assert_int_equal(json_scan(text, 2 * (size_t)depth, &s),
		    depth <= JSON_DEPTH_MAX);
	}
}

static void
members_and_elements(void **data)
{
	static const char text[] =
	    " {\"ab\":1,\"a\":\"x\\u0041\\u00e9\\ny\",\"list\":[ 1.10 , "
	    "{\"a\": [] },"
	    "\"]\"],\"big\":123456789012345678901,\"neg\":-7,\"e\":[]} ";
	static const char *const elements[] = {"1.10", "{\"a\": [] }", "\"]\""};
	struct json_span all, one, list;
	char word[16];
	int64_t n;
	size_t pos = 0, i;

	(void)data;
	assert_true(json_scan(text, strlen(text), &all));
	assert_true(json_member(all, "a", &one));
	assert_true(json_text(one, word, sizeof(word)));
	assert_string_equal(word, "xA?\ny");
	assert_false(json_text(one, word, 5));
	assert_string_equal(word, "");
	assert_true(json_member(all, "list", &list));
	for (i = 0; i < 3; i++) {
		assert_true(json_next(list, &pos, &one));
		assert_int_equal(one.len, strlen(elements[i]));
		assert_memory_equal(one.at, elements[i], one.len);
	}
	assert_false(json_next(list, &pos, &one));
	pos = 0;
	assert_true(json_member(all, "e", &list));
	assert_false(json_next(list, &pos, &one));
	assert_true(json_member(all, "big", &one));
	assert_false(json_number(one, &n));
	assert_false(json_text(one, word, sizeof(word)));
	assert_true(json_member(all, "neg", &one) && json_number(one, &n));
	assert_int_equal(n, -7);
	assert_false(json_text(one, word, sizeof(word)));
	assert_true(json_member(all, "ab", &one));
	assert_true(json_text(one, word, 2));
	assert_string_equal(word, "1");
	assert_false(json_member(all, "", &one));
	assert_false(json_member(all, "lis", &one));
	assert_false(json_member(list, "a", &one));
	pos = 0;
	assert_false(json_next(all, &pos, &one));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_json),
	    cmocka_unit_test(compared_with_another_parser),
	    cmocka_unit_test(nesting), cmocka_unit_test(members_and_elements)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
