/* SPDX-License-Identifier: MIT */
/* One member of somebody else's JSON: set, and taken out again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json_edit.h"

#define LIMIT 4096

static const struct {
	const char *was, *outer, *will_be;
} cases[] = {
    {"{}", NULL, "{\n\t\"k\": 1\n}"},
    {"{}\n", NULL, "{\n\t\"k\": 1\n}\n"},
    {"{\"a\":0}", NULL, "{\"a\":0,\"k\": 1}"},
    {"{ \"a\" : 0 }", NULL, "{ \"a\" : 0, \"k\": 1 }"},
    {"{\r\n  \"a\": 1e400\r\n}\r\n", NULL,
	"{\r\n  \"a\": 1e400,\r\n  \"k\": 1\r\n}\r\n"},
    {"{\"a\":\"}\\\"{\",\"b\":[{\"k\":2}]}", NULL,
	"{\"a\":\"}\\\"{\",\"b\":[{\"k\":2}],\"k\": 1}"},
    {"{\"o\":{},\"p\":2}", "o", "{\"o\":{\"k\": 1},\"p\":2}"},
    {"{\n  \"o\": {}\n}\n", "o", "{\n  \"o\": {\n    \"k\": 1\n  }\n}\n"},
    {"{\"o\":{\"a\":{}},\"k\":2}", "o", "{\"o\":{\"a\":{},\"k\": 1},\"k\":2}"},
    {"{\"\\u006f\":{\"a\":0}}", "o", "{\"\\u006f\":{\"a\":0,\"k\": 1}}"},
    {"{\"k\\u0000\":2}", NULL, "{\"k\\u0000\":2,\"k\": 1}"},
};

static void
set_and_out_again(void **data)
{
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SECBUF text = SECBUF_INIT(LIMIT);

		assert_int_equal(secbuf_set(&text, cases[i].was), 0);
		assert_int_equal(
		    json_edit_remove(&text, cases[i].outer, "k", &err), 0);
		assert_string_equal(text.ptr, cases[i].was);
		assert_int_equal(
		    json_edit_set(&text, cases[i].outer, "k", "1", &err), 0);
		assert_string_equal(text.ptr, cases[i].will_be);
		assert_int_equal(
		    json_edit_remove(&text, cases[i].outer, "k", &err), 0);
		assert_string_equal(text.ptr, cases[i].was);
	}
}

/* What is there gives way, wherever it is; the rest stays. */
static void
in_its_place(void **data)
{
	static const struct {
		const char *was, *set, *without;
	} t[] = {
	    {"{\"k\":[1, 2],\"a\":0}", "{\"k\":{},\"a\":0}", "{\"a\":0}"},
	    {"{ \"a\":0 , \"k\" : null , \"b\":1}",
		"{ \"a\":0 , \"k\" : {} , \"b\":1}", "{ \"a\":0 , \"b\":1}"},
	    {"{\"a\":0,\n \"k\":\"\\\"\"\n}", "{\"a\":0,\n \"k\":{}\n}",
		"{\"a\":0\n}"},
	    {"{\"k\":1,\"k\":2}", "{\"k\":1,\"k\":{}}", "{}"},
	    {"{\"k\":1,\"a\":0,\"k\":2}", "{\"k\":1,\"a\":0,\"k\":{}}",
		"{\"a\":0}"},
	};
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		SECBUF text = SECBUF_INIT(LIMIT);

		assert_int_equal(secbuf_set(&text, t[i].was), 0);
		assert_int_equal(
		    json_edit_set(&text, NULL, "k", "{}", &err), 0);
		assert_string_equal(text.ptr, t[i].set);
		assert_int_equal(json_edit_remove(&text, NULL, "k", &err), 0);
		assert_string_equal(text.ptr, t[i].without);
	}
}

/* Nothing is changed where it cannot be. */
static void
what_is_none(void **data)
{
	static const char *const bad[] = {"", "[]", "{", "{\"a\"}", "{\"a\":}",
	    "{\"a\":1", "{\"a\":1,", "{1:2}", "{\"o\":[]}", "{\"o\":{}",
	    "{\"o\":{\"a\":}}", "{\"a\":1}"};
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		SECBUF text = SECBUF_INIT(LIMIT);

		assert_int_equal(secbuf_set(&text, bad[i]), 0);
		assert_int_equal(
		    json_edit_set(&text, "o", "k", "1", &err), ERR_PROTOCOL);
		assert_int_equal(
		    json_edit_remove(&text, "o", "k", &err), ERR_PROTOCOL);
		assert_string_equal(text.ptr, bad[i]);
	}
}

static void
no_room(void **data)
{
	SECBUF text = SECBUF_INIT(16);
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(secbuf_set(&text, "{\"a\":\"123456\"}"), 0);
	assert_int_equal(json_edit_set(&text, NULL, "k", "1", &err), ERR_NOMEM);
	assert_string_equal(text.ptr, "{\"a\":\"123456\"}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(set_and_out_again),
	    cmocka_unit_test(in_its_place),
	    cmocka_unit_test(what_is_none),
	    cmocka_unit_test(no_room),
	};

	return cmocka_run_group_tests_name("json_edit", tests, NULL, NULL);
}
