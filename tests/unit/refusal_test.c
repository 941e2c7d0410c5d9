/* SPDX-License-Identifier: MIT */
/*
 * The memory of refusals: whom it stops, for how long, and whom it does not.
 * Where user namespaces are allowed this program has a user keyring of its own.
 */
#include "refusal.h"

#include <keyutils.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "cache.h"
#include "fingerprint.h"
#include "isolate.h"
#include "lines.h"

#define SECRET "hunter2"
#define SLACK  25 /* seconds that this program may be late */

static char fp[FINGERPRINT_LEN + 1], other_fp[FINGERPRINT_LEN + 1];
static bool isolated;
static int
group_setup(void **data)
{
	long before = keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 1);
	unsigned char bytes[FINGERPRINT_LEN / 2];
	size_t i;

	(void)data;
	isolated = isolate() && before >= 0 &&
		   keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 1) != before;
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -1;
	for (i = 0; i < sizeof(bytes); i++) {
		(void)snprintf(fp + 2 * i, 3, "%02x", bytes[i]);
		(void)snprintf(
		    other_fp + 2 * i, 3, "%02x", (unsigned char)~bytes[i]);
	}
	return 0;
}

static int
clear(void **data)
{
	(void)data;
	refusal_clear(fp);
	refusal_clear(other_fp);
	return 0;
}

static void
set(struct secbuf *b, const char *bytes, size_t len)
{
	secbuf_reset(b);
	if (secbuf_add(b, bytes, len) < 0)
		abort();
}

/* Is anything remembered against this credential? */
static int
check(const char *of, const char *bytes, size_t len)
{
	SECBUF b = SECBUF_INIT(4096);
	struct err err = ERR_INIT;
	int r;

	set(&b, bytes, len);
	r = refusal_check(of, &b, &err);
	assert_int_equal(err.code, r);
	return r;
}

static int
check_secret(void)
{
	return check(fp, SECRET, strlen(SECRET));
}

static void
remember(enum err_code code, const char *why, int64_t retry_after)
{
	SECBUF b = SECBUF_INIT(4096);
	struct err err = ERR_INIT;

	(void)err_set(&err, code, "%s", why);
	set(&b, SECRET, strlen(SECRET));
	refusal_remember(fp, &b, &err, retry_after);
	/* What it was told is the caller's still. */
	assert_int_equal(err.code, code);
}

static void
expect_left(int64_t seconds)
{
	char reason[ERR_TEXT_MAX];
	int64_t left = refusal_left(fp, reason, sizeof(reason));

	if (left > seconds || left < seconds - SLACK)
		fail_msg("%lld s left instead of %lld", (long long)left,
		    (long long)seconds);
}

/* The entry as it rests, and in its place with `from` replaced by `to`. */
static void
entry_name(char to[64])
{
	(void)snprintf(to, 64, "%s.refused", fp);
}

static void
read_entry(struct secbuf *to)
{
	struct err err = ERR_INIT;
	char name[64];

	entry_name(name);
	secbuf_reset(to);
	assert_int_equal(cache_get(name, to, &err), 0);
}

/* Give `key` in the entry another value; NULL: take the line away. */
static void
forge(const char *key, const char *value)
{
	SECBUF old = SECBUF_INIT(CACHE_ENTRY_MAX);
	SECBUF new = SECBUF_INIT(CACHE_ENTRY_MAX);
	struct err err = ERR_INIT;
	char name[64], start[32];
	char *rest, *line;

	read_entry(&old);
	(void)snprintf(start, sizeof(start), "%s=", key);
	rest = old.ptr;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		if (strncmp(line, start, strlen(start)) != 0) {
			assert_int_equal(secbuf_addstr(&new, line), 0);
		} else if (value != NULL) {
			assert_int_equal(secbuf_addstr(&new, start), 0);
			assert_int_equal(secbuf_addstr(&new, value), 0);
		} else {
			continue;
		}
		assert_int_equal(secbuf_addstr(&new, "\n"), 0);
	}
	entry_name(name);
	assert_int_equal(cache_put(name, &new, 60, &err), 0);
}

static void
stops_the_same_credential(void **data)
{
	SECBUF b = SECBUF_INIT(100);
	struct err err = ERR_INIT;
	char reason[ERR_TEXT_MAX];
	int h, m, s, n = 0;

	(void)data;
	assert_int_equal(check_secret(), 0);
	assert_int_equal(refusal_left(fp, reason, sizeof(reason)), 0);
	remember(ERR_DENIED, "invalid_client", 0);
	set(&b, SECRET, strlen(SECRET));
	assert_int_equal(refusal_check(fp, &b, &err), ERR_DENIED);
	/* It repeats the reason and says until when. */
	assert_int_equal(
	    sscanf(err.msg,
		"invalid_client; not asked again until %2d:%2d:%2d%n", &h, &m,
		&s, &n),
	    3);
	assert_int_equal(err.msg[n], '\0');
	expect_left(REFUSAL_FIRST_S);
	(void)refusal_left(fp, reason, sizeof(reason));
	assert_string_equal(reason, "invalid_client");
	(void)refusal_left(fp, reason, 8);
	assert_string_equal(reason, "invalid");
}

static void
stops_nobody_else(void **data)
{
	(void)data;
	remember(ERR_DENIED, "no", 0);
	assert_int_equal(check_secret(), ERR_DENIED);
	assert_int_equal(check(fp, "hunter3", 7), 0);
	assert_int_equal(check(fp, "hunter", 6), 0);
	assert_int_equal(check(fp, "hunter22", 8), 0);
	assert_int_equal(check(fp, "hunter2\0", 8), 0);
	assert_int_equal(check(fp, "Hunter2", 7), 0);
	assert_int_equal(check(fp, "", 0), 0);
	assert_int_equal(check(other_fp, SECRET, strlen(SECRET)), 0);
	assert_int_equal(check_secret(), ERR_DENIED);
}

static void
any_credential(void **data)
{
	static const struct {
		const char *bytes;
		size_t len;
	} row[] = {{"", 0}, {"\0", 1}, {"a\0b", 3}, {"a\0c", 3}, {"\xff", 1}};
	SECBUF b = SECBUF_INIT(4096);
	struct err why = ERR_INIT;
	char *p;
	size_t i, k;

	(void)data;
	(void)err_set(&why, ERR_DENIED, "no");
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		set(&b, row[i].bytes, row[i].len);
		refusal_remember(fp, &b, &why, 0);
		for (k = 0; k < sizeof(row) / sizeof(row[0]); k++)
			assert_int_equal(check(fp, row[k].bytes, row[k].len),
			    k == i ? ERR_DENIED : 0);
	}
	secbuf_reset(&b);
	p = secbuf_space(&b, 4096);
	memset(p, 'p', 4096);
	secbuf_grown(&b, 4096);
	refusal_remember(fp, &b, &why, 0);
	assert_int_equal(check(fp, b.ptr, b.len), ERR_DENIED);
	assert_int_equal(check(fp, b.ptr, b.len - 1), 0);
}

static void
doubles_up_to_ten_minutes(void **data)
{
	static const int64_t delays[] = {30, 60, 120, 240, 480, 600, 600};
	size_t i;

	(void)data;
	assert_int_equal(REFUSAL_FIRST_S, 30);
	assert_int_equal(REFUSAL_LAST_S, 600);
	for (i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		remember(ERR_DENIED, "no", 0);
		expect_left(delays[i]);
	}
	/* Another credential begins at the beginning. */
	SECBUF b = SECBUF_INIT(100);
	struct err why = ERR_INIT;

	(void)err_set(&why, ERR_DENIED, "no");
	set(&b, "another", 7);
	refusal_remember(fp, &b, &why, 0);
	expect_left(REFUSAL_FIRST_S);
	assert_int_equal(check_secret(), 0);
	/* So does one that was let in meanwhile. */
	refusal_clear(fp);
	remember(ERR_DENIED, "no", 0);
	expect_left(REFUSAL_FIRST_S);
}

/* It doubles also when the time was over before the next attempt. */
static void
doubles_after_its_time(void **data)
{
	char reason[8], ago[24];
	struct timespec now;

	(void)data;
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
	remember(ERR_DENIED, "no", 0);
	(void)snprintf(
	    ago, sizeof(ago), "%ld", (long)now.tv_sec - REFUSAL_LAST_S + 60);
	forge("until", ago);
	assert_int_equal(check_secret(), 0);
	assert_int_equal(refusal_left(fp, reason, sizeof(reason)), 0);
	remember(ERR_DENIED, "no", 0);
	expect_left(2 * REFUSAL_FIRST_S);
	/* One of long ago counts no more. */
	(void)snprintf(
	    ago, sizeof(ago), "%ld", (long)now.tv_sec - REFUSAL_LAST_S - 60);
	forge("until", ago);
	remember(ERR_DENIED, "no", 0);
	expect_left(REFUSAL_FIRST_S);
}

static void
later_is_as_long_as_was_said(void **data)
{
	/* clang-format off */
	static const struct {
		int64_t retry_after, left; /* 0: nothing remembered */
	} row[] = {
		{0, 0}, {-1, 0}, {INT64_MIN, 0}, {30, 30}, {3599, 3599},
		{REFUSAL_LATER_MAX_S, REFUSAL_LATER_MAX_S},
		{REFUSAL_LATER_MAX_S + 1, REFUSAL_LATER_MAX_S},
		{INT64_MAX, REFUSAL_LATER_MAX_S},
	};
	/* clang-format on */
	char reason[8];
	size_t i;

	(void)data;
	assert_int_equal(REFUSAL_LATER_MAX_S, 3600);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		refusal_clear(fp);
		remember(ERR_UNAVAIL, "try later", row[i].retry_after);
		assert_int_equal(
		    check_secret(), row[i].left > 0 ? ERR_UNAVAIL : 0);
		if (row[i].left > 0)
			expect_left(row[i].left);
		else
			assert_int_equal(
			    refusal_left(fp, reason, sizeof(reason)), 0);
	}
	/* It does not double, and a refusal after it begins anew. */
	refusal_clear(fp);
	remember(ERR_UNAVAIL, "try later", 100);
	remember(ERR_UNAVAIL, "try later", 100);
	expect_left(100);
	remember(ERR_DENIED, "no", 0);
	expect_left(REFUSAL_FIRST_S);
	assert_int_equal(check_secret(), ERR_DENIED);
	/* Retry-After is for servers that say "later". */
	refusal_clear(fp);
	remember(ERR_DENIED, "no", 3000);
	expect_left(REFUSAL_FIRST_S);
}

static void
clearing(void **data)
{
	char name[64];
	SECBUF b = SECBUF_INIT(CACHE_ENTRY_MAX);
	struct err err = ERR_INIT;

	(void)data;
	remember(ERR_DENIED, "no", 0);
	refusal_clear(other_fp);
	assert_int_equal(check_secret(), ERR_DENIED);
	refusal_clear(fp);
	assert_int_equal(check_secret(), 0);
	entry_name(name);
	assert_int_equal(cache_get(name, &b, &err), ERR_NOTFOUND);
	refusal_clear(fp);
}

static void
of_this_boot_only(void **data)
{
	char reason[8];

	(void)data;
	remember(ERR_DENIED, "no", 0);
	forge("boot", "00000000-0000-0000-0000-000000000000");
	assert_int_equal(check_secret(), 0);
	assert_int_equal(refusal_left(fp, reason, sizeof(reason)), 0);
	/* Nor does it make the next one longer. */
	remember(ERR_DENIED, "no", 0);
	expect_left(REFUSAL_FIRST_S);
	forge("boot", "");
	assert_int_equal(check_secret(), 0);
}

/* What no refusal of ours can hold blocks nobody, least of all for ever. */
static void
damaged_entries_block_nobody(void **data)
{
	static const char *const damage[][2] = {{"until", NULL},
	    {"until", "soon"}, {"until", "-9223372036854775808"},
	    {"until", "9223372036854775807"}, {"hmac", NULL}, {"hmac", ""},
	    {"boot", NULL}, {"reason", NULL}, {"end", NULL}, {"version", "2"}};
	char reason[8];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		remember(ERR_DENIED, "no", 0);
		forge(damage[i][0], damage[i][1]);
		if (check_secret() != 0)
			fail_msg("row %zu", i);
		if (strcmp(damage[i][0], "hmac") != 0)
			assert_int_equal(
			    refusal_left(fp, reason, sizeof(reason)), 0);
		/* It is replaced by a good one. */
		remember(ERR_DENIED, "no", 0);
		assert_int_equal(check_secret(), ERR_DENIED);
		refusal_clear(fp);
	}
}

static void
damaged_delays(void **data)
{
	static const char *const delays[] = {"-30", "9223372036854775807",
	    "-9223372036854775808", "4611686018427387904", "x", ""};
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
		char reason[8];
		int64_t left;

		remember(ERR_DENIED, "no", 0);
		forge("delay", delays[i]);
		remember(ERR_DENIED, "no", 0);
		left = refusal_left(fp, reason, sizeof(reason));
		assert_true(left > 0 && left <= REFUSAL_LAST_S);
		refusal_clear(fp);
	}
}

static void
reasons_are_made_harmless(void **data)
{
	SECBUF b = SECBUF_INIT(100);
	struct err err = ERR_INIT;
	char longest[ERR_TEXT_MAX];

	(void)data;
	remember(ERR_DENIED, "two\nlines\r\x1b[31m\xff=end=ok\n", 0);
	set(&b, SECRET, strlen(SECRET));
	assert_int_equal(refusal_check(fp, &b, &err), ERR_DENIED);
	assert_int_equal(
	    strncmp(err.msg, "two?lines??[31m?=end=ok?; not ", 30), 0);
	memset(longest, 'r', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	refusal_clear(fp);
	remember(ERR_DENIED, longest, 0);
	assert_int_equal(refusal_check(fp, &b, &err), ERR_DENIED);
	remember(ERR_DENIED, "", 0);
	assert_int_equal(refusal_check(fp, &b, &err), ERR_DENIED);
}

static void
the_credential_is_not_in_it(void **data)
{
	SECBUF entry = SECBUF_INIT(CACHE_ENTRY_MAX);

	(void)data;
	remember(ERR_DENIED, "no", 0);
	read_entry(&entry);
	assert_null(strstr(entry.ptr, SECRET));
	/* Nor its plain SHA-256, which could be guessed at. */
	assert_null(strstr(entry.ptr, "f52fbd32b2b3b86ff88ef6c490628285f482af15"
				      "ddcb29541f94bcf526a3f6c7"));
}

/* RFC 2104 with SHA-256, as everybody else computes it. */
static void
known_hmac(void **data)
{
	SECBUF key = SECBUF_INIT(32);
	SECBUF b = SECBUF_INIT(100);
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;
	int i;

	(void)data;
	if (!isolated)
		skip(); /* the key is everybody's of this user */
	for (i = 1; i <= 32; i++)
		assert_int_equal(secbuf_add(&key, &(char){(char)i}, 1), 0);
	assert_int_equal(cache_put("hmac-key", &key, 60, &err), 0);
	(void)err_set(&err, ERR_DENIED, "no");
	set(&b, "hunter2\0x", 9);
	refusal_remember(fp, &b, &err, 0);
	read_entry(&l.text);
	assert_int_equal(lines_parse(&l, LINES_MESSAGE, &err), 0);
	assert_string_equal(lines_get(&l, "hmac"),
	    "1bdbe90e39f47ecbc962deda5e83d3b7f2075550c335f27c2cbb21d57f38544b");
	/* With another key it is another credential. */
	cache_drop("hmac-key");
	assert_int_equal(check(fp, "hunter2\0x", 9), 0);
	cache_drop("hmac-key");
}

/* A key that is none is replaced, not used. */
static void
damaged_hmac_key(void **data)
{
	static const size_t lengths[] = {1, 31, 33, 64, 200};
	SECBUF b = SECBUF_INIT(CACHE_ENTRY_MAX);
	struct err err = ERR_INIT;
	char bytes[200] = "";
	size_t i;

	(void)data;
	if (!isolated)
		skip(); /* the key is everybody's of this user */
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		set(&b, bytes, lengths[i]);
		assert_int_equal(cache_put("hmac-key", &b, 60, &err), 0);
		remember(ERR_DENIED, "no", 0);
		assert_int_equal(check_secret(), ERR_DENIED);
		secbuf_reset(&b);
		assert_int_equal(cache_get("hmac-key", &b, &err), 0);
		assert_int_equal(b.len, 32);
		cache_drop("hmac-key");
		refusal_clear(fp);
	}
}

/* Another process of the same user, started later, is stopped as well. */
static void
known_to_other_processes(void **data)
{
	int status;
	pid_t pid = fork();

	(void)data;
	assert_true(pid >= 0);
	if (pid == 0) {
		remember(ERR_DENIED, "no", 0);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(check_secret(), ERR_DENIED);
	expect_left(REFUSAL_FIRST_S);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(stops_the_same_credential, clear),
	    cmocka_unit_test_teardown(stops_nobody_else, clear),
	    cmocka_unit_test_teardown(any_credential, clear),
	    cmocka_unit_test_teardown(doubles_up_to_ten_minutes, clear),
	    cmocka_unit_test_teardown(doubles_after_its_time, clear),
	    cmocka_unit_test_teardown(later_is_as_long_as_was_said, clear),
	    cmocka_unit_test_teardown(clearing, clear),
	    cmocka_unit_test_teardown(of_this_boot_only, clear),
	    cmocka_unit_test_teardown(damaged_entries_block_nobody, clear),
	    cmocka_unit_test_teardown(damaged_delays, clear),
	    cmocka_unit_test_teardown(reasons_are_made_harmless, clear),
	    cmocka_unit_test_teardown(the_credential_is_not_in_it, clear),
	    cmocka_unit_test_teardown(known_hmac, clear),
	    cmocka_unit_test_teardown(damaged_hmac_key, clear),
	    cmocka_unit_test_teardown(known_to_other_processes, clear),
	};

	return cmocka_run_group_tests_name(
	    "refusal", tests, group_setup, clear);
}
