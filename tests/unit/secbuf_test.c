/* SPDX-License-Identifier: MIT */
/*
 * Secret bytes: limits, and that no stale copy stays behind.  Every wipe goes
 * through this program's own explicit_bzero, which keeps a record.
 */
#include "secbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SECRET "correct horse battery staple"

static struct {
	const void *at;
	size_t len;
} wiped[64];
static size_t n_wiped;

/* These take the place of the C library's for everything in this program; the
   second is the name that _FORTIFY_SOURCE gives to the first. */
void __explicit_bzero_chk(void *at, size_t len, size_t room);

void
__explicit_bzero_chk(void *at, size_t len, size_t room)
{
	volatile char *p = at;
	size_t i;

	(void)room;
	for (i = 0; i < len; i++)
		p[i] = 0;
	if (n_wiped < sizeof(wiped) / sizeof(wiped[0])) {
		wiped[n_wiped].at = at;
		wiped[n_wiped++].len = len;
	}
}

void
explicit_bzero(void *at, size_t len)
{
	__explicit_bzero_chk(at, len, SIZE_MAX);
}

/* A failed allocation shall be NULL under the sanitizer, too. */
const char *__asan_default_options(void)
    __attribute__((__visibility__("default")));

const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static bool
was_wiped(const void *at, size_t len)
{
	size_t i;

	for (i = 0; i < n_wiped; i++)
		if (wiped[i].at == at && wiped[i].len >= len)
			return true;
	return false;
}

static int
setup(void **data)
{
	(void)data;
	n_wiped = 0;
	return 0;
}

static void
rests_usable(void **data)
{
	SECBUF b = SECBUF_INIT(16);
	int i;

	(void)data;
	for (i = 0; i < 3; i++) {
		assert_non_null(b.ptr);
		assert_string_equal(b.ptr, "");
		assert_int_equal(b.len, 0);
		secbuf_reset(&b);
		secbuf_cut(&b, 0);
		secbuf_release(&b);
		secbuf_release(&b);
	}
	assert_int_equal(secbuf_add(&b, NULL, 0), 0);
	assert_int_equal(secbuf_addstr(&b, ""), 0);
	assert_int_equal(secbuf_set(&b, ""), 0);
	assert_string_equal(b.ptr, "");
	assert_int_equal(secbuf_empty[0], 0);
}

static void
holds_any_bytes(void **data)
{
	SECBUF b = SECBUF_INIT(1000);
	char all[256];
	int i;

	(void)data;
	for (i = 0; i < 256; i++)
		all[i] = (char)i;
	for (i = 0; i < 3; i++)
		assert_int_equal(secbuf_add(&b, all, sizeof(all)), 0);
	assert_int_equal(b.len, 768);
	for (i = 0; i < 768; i++)
		assert_int_equal(b.ptr[i], all[i % 256]);
	assert_int_equal(b.ptr[768], 0);
}

static void
limit_is_hard(void **data)
{
	static const size_t limits[] = {0, 1, 2, 63, 64, 65, 127, 128, 4096};
	char bytes[4097];
	size_t i, max;

	(void)data;
	memset(bytes, 'x', sizeof(bytes));
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		SECBUF b = SECBUF_INIT(limits[i]);

		max = limits[i];
		assert_int_equal(secbuf_add(&b, bytes, max + 1), -1);
		assert_int_equal(b.len, 0);
		assert_int_equal(secbuf_add(&b, bytes, max), 0);
		assert_int_equal(b.len, max);
		assert_int_equal(strlen(b.ptr), max);
		assert_int_equal(secbuf_add(&b, bytes, 1), -1);
		assert_int_equal(secbuf_add(&b, bytes, SIZE_MAX), -1);
		assert_null(secbuf_space(&b, 1));
		assert_null(secbuf_space(&b, SIZE_MAX));
		assert_int_equal(secbuf_add(&b, bytes, 0), 0);
		assert_int_equal(b.len, max);
		assert_int_equal(strlen(b.ptr), max);
	}
}

static void
byte_by_byte(void **data)
{
	SECBUF b = SECBUF_INIT(300);
	size_t i;

	(void)data;
	for (i = 0; i < 300; i++) {
		assert_int_equal(secbuf_add(&b, "y", 1), 0);
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.ptr[i + 1], 0);
	}
	assert_int_equal(secbuf_add(&b, "y", 1), -1);
}

static void
no_memory_changes_nothing(void **data)
{
	SECBUF b = SECBUF_INIT(SIZE_MAX);

	(void)data;
	assert_int_equal(secbuf_addstr(&b, SECRET), 0);
	assert_null(secbuf_space(&b, (size_t)PTRDIFF_MAX / 2 - 64));
	assert_null(secbuf_space(&b, SIZE_MAX));
	assert_null(secbuf_space(&b, SIZE_MAX - b.len));
	assert_string_equal(b.ptr, SECRET);
	assert_int_equal(secbuf_addstr(&b, SECRET), 0);
	assert_string_equal(b.ptr, SECRET SECRET);
}

static void
growth_wipes_the_old_block(void **data)
{
	SECBUF b = SECBUF_INIT(4096);
	uintptr_t old;
	size_t cap;

	(void)data;
	assert_int_equal(secbuf_addstr(&b, SECRET), 0);
	while (b.len < 4000) {
		old = (uintptr_t)b.ptr;
		cap = b.cap;
		n_wiped = 0;
		assert_int_equal(secbuf_addstr(&b, SECRET), 0);
		if (b.cap != cap)
			assert_true(was_wiped((void *)old, cap));
		else
			assert_int_equal(n_wiped, 0);
	}
}

static void
reset_cut_and_release_wipe(void **data)
{
	SECBUF b = SECBUF_INIT(4096);
	uintptr_t old;
	size_t cap, i;
	char *p;

	(void)data;
	assert_int_equal(secbuf_addstr(&b, SECRET), 0);
	secbuf_cut(&b, b.len + 1);
	secbuf_cut(&b, b.len);
	assert_string_equal(b.ptr, SECRET);
	secbuf_cut(&b, 7);
	assert_string_equal(b.ptr, "correct");
	assert_int_equal(b.len, 7);
	for (i = 7; i < strlen(SECRET); i++)
		assert_int_equal(b.ptr[i], 0);

	/* Also what was lent and written, but never counted. */
	p = secbuf_space(&b, 40);
	assert_non_null(p);
	memset(p, 'z', 40);
	secbuf_reset(&b);
	assert_int_equal(b.len, 0);
	for (i = 0; i < b.cap; i++)
		assert_int_equal(b.ptr[i], 0);

	assert_int_equal(secbuf_addstr(&b, SECRET), 0);
	old = (uintptr_t)b.ptr;
	cap = b.cap;
	n_wiped = 0;
	secbuf_release(&b);
	assert_true(was_wiped((void *)old, cap));
	assert_ptr_equal(b.ptr, secbuf_empty);
}

static void
scope_wipes(void **data)
{
	uintptr_t old;
	size_t cap;

	(void)data;
	{
		SECBUF b = SECBUF_INIT(100);

		assert_int_equal(secbuf_addstr(&b, SECRET), 0);
		old = (uintptr_t)b.ptr;
		cap = b.cap;
		n_wiped = 0;
	}
	assert_true(was_wiped((void *)old, cap));
}

static void
set_replaces(void **data)
{
	SECBUF b = SECBUF_INIT(10);

	(void)data;
	assert_int_equal(secbuf_set(&b, "0123456789"), 0);
	assert_int_equal(secbuf_set(&b, "abc"), 0);
	assert_string_equal(b.ptr, "abc");
	assert_int_equal(b.ptr[4], 0);
	/* What fails leaves it empty, not with what was there. */
	assert_int_equal(secbuf_set(&b, "0123456789X"), -1);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.ptr, "");
	assert_int_equal(secbuf_set(&b, "0123456789"), 0);
}

static void
space_is_lent(void **data)
{
	SECBUF b = SECBUF_INIT(100);
	char *p;

	(void)data;
	assert_int_equal(secbuf_addstr(&b, "ab"), 0);
	p = secbuf_space(&b, 98);
	assert_non_null(p);
	assert_ptr_equal(p, b.ptr + 2);
	memset(p, 'c', 98);
	secbuf_grown(&b, 98);
	assert_int_equal(b.len, 100);
	assert_int_equal(strlen(b.ptr), 100);
	secbuf_reset(&b);
	p = secbuf_space(&b, 50);
	memcpy(p, "xyz", 3);
	secbuf_grown(&b, 2);
	assert_string_equal(b.ptr, "xy");
	secbuf_grown(&b, 0);
	assert_string_equal(b.ptr, "xy");
}

static void
equal_compares_bytes(void **data)
{
	/* clang-format off */
	static const struct {
		const char *a;
		size_t a_len;
		const char *b;
		size_t b_len;
		bool equal;
	} row[] = {
		{"", 0, "", 0, true},
		{"a", 1, "", 0, false},
		{"abc", 3, "abc", 3, true},
		{"abc", 3, "abd", 3, false},
		{"xbc", 3, "abc", 3, false},
		{"abc", 3, "abcd", 4, false},
		{"a\0c", 3, "a\0c", 3, true},
		{"a\0c", 3, "a\0d", 3, false},
		{"a\0", 2, "a", 1, false},
		{"\x80", 1, "\0", 1, false},
	};
	/* clang-format on */
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		SECBUF a = SECBUF_INIT(8);
		SECBUF b = SECBUF_INIT(16);

		assert_int_equal(secbuf_add(&a, row[i].a, row[i].a_len), 0);
		assert_int_equal(secbuf_add(&b, row[i].b, row[i].b_len), 0);
		assert_int_equal(secbuf_equal(&a, &b), row[i].equal);
		assert_int_equal(secbuf_equal(&b, &a), row[i].equal);
	}
}

static void
move_leaves_nothing(void **data)
{
	SECBUF from = SECBUF_INIT(100);
	SECBUF to = SECBUF_INIT(50);
	uintptr_t old;
	size_t cap;

	(void)data;
	assert_int_equal(secbuf_addstr(&to, "what was there"), 0);
	assert_int_equal(secbuf_addstr(&from, SECRET), 0);
	old = (uintptr_t)to.ptr;
	cap = to.cap;
	n_wiped = 0;
	secbuf_move(&to, &from);
	assert_true(was_wiped((void *)old, cap));
	assert_string_equal(to.ptr, SECRET);
	assert_int_equal(to.len, strlen(SECRET));
	assert_ptr_equal(from.ptr, secbuf_empty);
	assert_int_equal(from.len, 0);
	/* Each keeps its own limit. */
	assert_int_equal(to.max, 50);
	assert_int_equal(secbuf_addstr(&to, SECRET), -1);
	assert_int_equal(secbuf_addstr(&from, "reused"), 0);
	secbuf_reset(&from);
	secbuf_move(&to, &from);
	assert_string_equal(to.ptr, "");
	assert_int_equal(secbuf_addstr(&to, "again"), 0);
}

static void
splice_wipes_the_old(void **data)
{
	SECBUF b = SECBUF_INIT(8);
	const char *old;

	(void)data;
	assert_int_equal(secbuf_splice(&b, 0, 0, "abcd"), 0);
	old = b.ptr;
	assert_int_equal(secbuf_splice(&b, 1, 3, "XYZ"), 0);
	assert_string_equal(b.ptr, "aXYZd");
	assert_true(was_wiped(old, 4));
	assert_int_equal(secbuf_splice(&b, 0, 0, "<"), 0);
	assert_int_equal(secbuf_splice(&b, 6, 6, ">"), 0);
	assert_string_equal(b.ptr, "<aXYZd>");
	/* Beyond the limit nothing changes; up to it all does. */
	assert_int_equal(secbuf_splice(&b, 1, 1, "--"), -1);
	assert_string_equal(b.ptr, "<aXYZd>");
	assert_int_equal(secbuf_splice(&b, 1, 2, "--"), 0);
	assert_string_equal(b.ptr, "<--XYZd>");
	assert_int_equal(secbuf_splice(&b, 0, 8, ""), 0);
	assert_string_equal(b.ptr, "");
	assert_int_equal(b.max, 8);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(rests_usable, setup),
	    cmocka_unit_test_setup(holds_any_bytes, setup),
	    cmocka_unit_test_setup(limit_is_hard, setup),
	    cmocka_unit_test_setup(byte_by_byte, setup),
	    cmocka_unit_test_setup(no_memory_changes_nothing, setup),
	    cmocka_unit_test_setup(growth_wipes_the_old_block, setup),
	    cmocka_unit_test_setup(reset_cut_and_release_wipe, setup),
	    cmocka_unit_test_setup(scope_wipes, setup),
	    cmocka_unit_test_setup(set_replaces, setup),
	    cmocka_unit_test_setup(space_is_lent, setup),
	    cmocka_unit_test_setup(equal_compares_bytes, setup),
	    cmocka_unit_test_setup(move_leaves_nothing, setup),
	    cmocka_unit_test_setup(splice_wipes_the_old, setup),
	};

	return cmocka_run_group_tests_name("secbuf", tests, NULL, NULL);
}
