/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "api_date.h"

/* clang-format off */
static const struct {
	const char *text;
	size_t read;
	int64_t ms;
} rows[] = {
	/* `date -u -d TEXT +%s` says the same */
	{"2016-06-01T12:27:19.000+0200", 28, 1464776839000},
	{"2025-07-06T11:01:21.263Z", 24, 1751799681263},
	{"2018-05-23T07:00:00+0100", 24, 1527055200000},
	{"2018-05-23T07:00:00+01:00", 25, 1527055200000},
	{"1969-12-31T23:59:59Z", 20, -1000},
	{"2024-02-29T00:00:00-0030", 24, 1709166600000},
	{"2024-12-31T23:59:59.9-1200", 26, 1735732799900},
	{"2025-07-06T11:01:21.123456789Zrest", 30, 1751799681123},
	{"2025-07-06T11:01:21Z&x=1", 20, 1751799681000},
	{"2023-02-29T00:00:00Z", 0, 0}, {"2025-13-01T00:00:00Z", 0, 0},
	{"2025-00-01T00:00:00Z", 0, 0}, {"2025-01-32T00:00:00Z", 0, 0},
	{"2025-01-01T24:00:00Z", 0, 0}, {"2025-01-01T00:60:00Z", 0, 0},
	{"2025-01-01T00:00:00", 0, 0}, {"2025-01-01T00:00:00.", 0, 0},
	{"2025-01-01T00:00:00.Z", 0, 0}, {"2025-01-01 00:00:00Z", 0, 0},
	{"2025-01-01T00:00:00+2400", 0, 0}, {"2025-01-01T00:00:00+0160", 0, 0},
	{"2025-01-01T00:00:00+01", 0, 0}, {"2025-01-01T00:00:00+01:", 0, 0},
	{"2025-01-01T00:00:00z", 0, 0}, {"2025-01-01", 0, 0}, {"", 0, 0},
	{"+025-01-01T00:00:00Z", 0, 0}, {"2025-1-01T00:00:00Z", 0, 0},
};
/* clang-format on */

static void
dates(void **data)
{
	int64_t ms;
	size_t i, n;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ms = 0;
		n = api_date(rows[i].text, &ms);
		if (n != rows[i].read || (n > 0 && ms != rows[i].ms))
			fail_msg("'%s': %zu bytes, %lld", rows[i].text, n,
			    (long long)ms);
	}
}

static void
for_people(void **data)
{
	char text[API_DATE_TEXT];

	(void)data;
	assert_string_equal(
	    api_date_text(1751799681263, text), "2025-07-06 11:01:21 UTC");
	assert_string_equal(api_date_text(INT64_MAX, text), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dates), cmocka_unit_test(for_people)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
