/* SPDX-License-Identifier: MIT */
/* An item in a list of somebody else's YAML, and a key's string. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "yaml_edit.h"

#define LIMIT 4096
#define ITEM  "name: \"n x\"\n  user: {}"

static void
added_and_out_again(void **data)
{
	static const struct {
		const char *was, *with, *without;
	} t[] = {
	    {"users:\n- name: a\n  user: {}\nb: c # d\n",
		"users:\n- name: a\n  user: {}\n- name: \"n x\"\n  user: {}\n"
		"b: c # d\n",
		NULL},
	    {"users: # all\n\n  # one\n  - user: {}\n    name: a\n\n# end\nb: "
	     "c",
		"users: # all\n\n  # one\n  - user: {}\n    name: a\n"
		"  - name: \"n x\"\n    user: {}\n\n# end\nb: c",
		NULL},
	    {"users:\n- name: a",
		"users:\n- name: a\n- name: \"n x\"\n  user: "
		"{}",
		NULL},
	    {"usersX:\n- name: a\nusers:\n-\n  name: a\n  name: n x y\n",
		"usersX:\n- name: a\nusers:\n-\n  name: a\n  name: n x y\n"
		"- name: \"n x\"\n  user: {}\n",
		NULL},
	    {"users: []\nb: c\n", "users:\n- name: \"n x\"\n  user: {}\nb: c\n",
		"users:\nb: c\n"},
	    {"users: null # x\n", "users: # x\n- name: \"n x\"\n  user: {}\n",
		"users: # x\n"},
	    {"b: c", "b: c\nusers:\n- name: \"n x\"\n  user: {}\n",
		"b: c\nusers:\n"},
	};
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		SECBUF text = SECBUF_INIT(LIMIT);

		assert_int_equal(secbuf_set(&text, t[i].was), 0);
		assert_int_equal(yaml_edit_add(&text, "users", ITEM, &err), 0);
		assert_string_equal(text.ptr, t[i].with);
		assert_int_equal(
		    yaml_edit_remove(&text, "users", "n x", &err), 0);
		assert_string_equal(
		    text.ptr, t[i].without != NULL ? t[i].without : t[i].was);
	}
}

/* Only the name of the item itself counts, however it is written. */
static void
the_one_that_is_meant(void **data)
{
	static const char *const names[] = {
	    "n x", "'n x'", "\"n x\"", "\"n\\u0020x\"  "};
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		SECBUF text = SECBUF_INIT(LIMIT);

		assert_int_equal(
		    secbuf_set(&text,
			"other:\n- name: n x\nusers:\n- name: n xy\n  user:\n"
			"    name: n x\n- user: {}\n  name: "),
		    0);
		assert_int_equal(secbuf_addstr(&text, names[i]), 0);
		assert_int_equal(secbuf_addstr(&text, "\n- name: z\n"), 0);
		assert_int_equal(
		    yaml_edit_remove(&text, "users", "n x", &err), 0);
		assert_string_equal(text.ptr,
		    "other:\n- name: n x\nusers:\n- name: n xy\n  user:\n"
		    "    name: n x\n- name: z\n");
		assert_int_equal(yaml_edit_remove(&text, "users", "n x", &err),
		    ERR_PROTOCOL);
	}
}

static void
another_form(void **data)
{
	static const char *const bad[] = {"users: [{name: a}]\n", "users: &x\n",
	    "users: {}\n", "users:\n  a\n", "users:\r\n\r\n # x\n\ta\r\n",
	    "users:\n  name: a\n", "users:\n  - name: a\n - name: b\n",
	    "users:\n-x\n"};
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		SECBUF text = SECBUF_INIT(LIMIT);

		assert_int_equal(secbuf_set(&text, bad[i]), 0);
		assert_int_equal(
		    yaml_edit_add(&text, "users", ITEM, &err), ERR_PROTOCOL);
		assert_string_equal(text.ptr, bad[i]);
	}
}

/* A string that stands there as one, whatever YAML takes its words for. */
static void
strings(void **data)
{
	static const struct {
		const char *was, *value, *will_be;
	} t[] = {
	    {"k: a # b\nc: d\n", "x-1.y", "k: x-1.y # b\nc: d\n"},
	    {"c: d\r\nk: \"a#b\"\r\n", "z", "c: d\r\nk: z\r\n"},
	    {"kk: a\n", "b", "kk: a\nk: b\n"},
	    {"k:a: b\n", "c", "k:a: b\nk: c\n"},
	    {"kk: a", "b", "kk: a\nk: b\n"},
	    {"k:", "", "k: \"\""},
	    {"k: a\n", "yes", "k: \"yes\"\n"},
	    {"k: a\n", "Null", "k: \"Null\"\n"},
	    {"k: a\n", "1e5", "k: \"1e5\"\n"},
	    {"k: a\n", "a: b #c\n", "k: \"a: b #c\\u000a\"\n"},
	    {"k: a\n", "*a", "k: \"*a\"\n"},
	};
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		SECBUF text = SECBUF_INIT(LIMIT);

		assert_int_equal(secbuf_set(&text, t[i].was), 0);
		assert_int_equal(
		    yaml_edit_set(&text, "k", t[i].value, &err), 0);
		assert_string_equal(text.ptr, t[i].will_be);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(added_and_out_again),
	    cmocka_unit_test(the_one_that_is_meant),
	    cmocka_unit_test(another_form),
	    cmocka_unit_test(strings),
	};

	return cmocka_run_group_tests_name("yaml_edit", tests, NULL, NULL);
}
