/* SPDX-License-Identifier: MIT */
/* What doctor's checks read, where it cannot be planted. */
#include "doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* keyrings(7): "uid: usage nkeys/nikeys qnkeys/maxkeys qnbytes/maxbytes". */
static void
quota(void **data)
{
	static const char text[] =
	    "    0:   123 122/122 58/1000000 1133/25000000\n"
	    " 1000:     9 9/9 198/200 19871/20000\n"
	    " 1001:     9 9/9 9/200\n";
	struct doctor_quota q;

	(void)data;
	assert_true(doctor_quota_read(text, 1000, &q));
	assert_int_equal(q.keys, 198);
	assert_int_equal(q.keys_max, 200);
	assert_int_equal(q.bytes, 19871);
	assert_int_equal(q.bytes_max, 20000);
	assert_true(doctor_quota_read(text, 0, &q));
	assert_int_equal(q.keys, 58);
	assert_false(doctor_quota_read(text, 1001, &q));
	assert_false(doctor_quota_read(text, 100, &q));
	assert_false(doctor_quota_read("", 0, &q));
}

/* A path becomes one word of a shell, whatever is in it. */
static void
quoting(void **data)
{
	static const char *const rows[][2] = {
	    {"/home/a/x.pem", "/home/a/x.pem"},
	    {"/home/a b", "'/home/a b'"},
	    {"it's", "'it'\\''s'"},
	    {"$(rm -rf /);`x`", "'$(rm -rf /);`x`'"},
	    {"", "''"},
	    {"~", "'~'"},
	};
	char to[DOCTOR_QUOTED_MAX], text[2 * DOCTOR_QUOTED_MAX];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(doctor_quote(to, rows[i][0]), rows[i][1]);
	/* Too long: cut, and still closed. */
	memset(text, '\'', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	doctor_quote(to, text);
	assert_true(strlen(to) < sizeof(to));
	assert_int_equal(to[strlen(to) - 1], '\'');
	assert_int_equal((strlen(to) - 2) % 4, 0);
}

/* Whatever a finding quotes is fit for a terminal, and more than fit is cut. */
static void
findings(void **data)
{
	static struct doctor_finding list[DOCTOR_FINDINGS_MAX];
	struct doctor d = {.finding = list, .check = "c"};
	size_t i;

	(void)data;
	doctor_find(&d, DOCTOR_ERROR, "x", "%s", "a\033[1m\x9b\nb");
	doctor_do(&d, "%s", "c\rd");
	assert_string_equal(list[0].what, "a?[1m??b");
	assert_string_equal(list[0].todo, "c?d");
	for (i = 0; i < DOCTOR_FINDINGS_MAX + 5; i++) {
		doctor_find(&d, DOCTOR_WARNING, "y", "%zu", i);
		doctor_do(&d, "%zu", i);
	}
	assert_int_equal(d.n, DOCTOR_FINDINGS_MAX);
	assert_int_equal(d.lost, 6);
	assert_int_equal(doctor_count(&d, DOCTOR_ERROR), 1);
	/* The advice on one that is lost is not given for the last. */
	assert_string_equal(list[DOCTOR_FINDINGS_MAX - 1].todo, "198");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quota),
	    cmocka_unit_test(quoting),
	    cmocka_unit_test(findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
