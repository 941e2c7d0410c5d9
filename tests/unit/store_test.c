/* SPDX-License-Identifier: MIT */
/* The store without D-Bus: files, none, and what is refused before a start. */
#include "store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io.h"
#include "scratch.h"

#define FP    "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"

static const struct store files = {.backend = STORE_FILE};
static const struct store none = {.backend = STORE_NONE};
static const struct store service = {.backend = STORE_SECRET_SERVICE};
static char state[128];

static int
setup(void **data)
{
	(void)data;
	if (!scratch_make(state, sizeof(state)))
		return -1;
	return setenv("XDG_STATE_HOME", state, 1);
}

static int
teardown(void **data)
{
	(void)data;
	return scratch_remove(state);
}

static void
put(const char *fp, enum store_kind kind, const char *text)
{
	SECBUF b = SECBUF_INIT(4096);
	struct err err = ERR_INIT;

	assert_int_equal(secbuf_set(&b, text), 0);
	assert_int_equal(store_put(&files, fp, kind, "work", &b, &err), 0);
}

static void
expect(const char *fp, enum store_kind kind, const char *text)
{
	SECBUF b = SECBUF_INIT(4096);
	struct err err = ERR_INIT;
	int r = store_get(&files, fp, kind, &b, &err);

	if (text == NULL) {
		assert_int_equal(r, ERR_NOTFOUND);
		assert_int_equal(err.code, ERR_NOTFOUND);
		assert_int_equal(b.len, 0);
		return;
	}
	assert_int_equal(r, 0);
	assert_string_equal(b.ptr, text);
}

static void
test_round_trip(void **data)
{
	(void)data;
	expect(FP, STORE_REFRESH, NULL);
	put(FP, STORE_REFRESH, "a=1\nb=\xc3\xa9\n");
	put(FP, STORE_ACCESS, "");
	put(OTHER, STORE_REFRESH, "other");
	expect(FP, STORE_REFRESH, "a=1\nb=\xc3\xa9\n");
	expect(FP, STORE_ACCESS, "");
	expect(OTHER, STORE_REFRESH, "other");
	put(FP, STORE_REFRESH, "new");
	expect(FP, STORE_REFRESH, "new");
	expect(FP, STORE_PASSWORD, NULL);
}

static void
test_private(void **data)
{
	char path[256];
	struct stat st;

	(void)data;
	put(FP, STORE_CLIENT_SECRET, "x");
	(void)snprintf(path, sizeof(path), "%s/tokenring/store", state);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	(void)snprintf(path, sizeof(path),
	    "%s/tokenring/store/" FP ".client-secret", state);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
test_open_directory_refused(void **data)
{
	SECBUF b = SECBUF_INIT(64);
	struct err err = ERR_INIT;
	char path[256];

	(void)data;
	put(FP, STORE_REFRESH, "x");
	(void)snprintf(path, sizeof(path), "%s/tokenring/store", state);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(
	    store_get(&files, FP, STORE_REFRESH, &b, &err), ERR_INTERNAL);
	assert_int_equal(store_probe(&files, &err), ERR_INTERNAL);
}

static void
test_directory_link_refused(void **data)
{
	struct err err = ERR_INIT;
	char path[256], moved[256];

	(void)data;
	put(FP, STORE_REFRESH, "x");
	(void)snprintf(path, sizeof(path), "%s/tokenring/store", state);
	(void)snprintf(moved, sizeof(moved), "%s/moved", state);
	assert_int_equal(rename(path, moved), 0);
	assert_int_equal(symlink(moved, path), 0);
	assert_int_equal(
	    store_erase(&files, FP, STORE_REFRESH, &err), ERR_INTERNAL);
	assert_non_null(strstr(err.msg, "store = file: "));
	assert_non_null(strstr(err.msg, "'tokenring/store'"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rename(moved, path), 0);
	expect(FP, STORE_REFRESH, "x");
}

static void
test_link_refused(void **data)
{
	SECBUF b = SECBUF_INIT(64);
	struct err err = ERR_INIT;
	char path[256];

	(void)data;
	put(FP, STORE_REFRESH, "x");
	(void)snprintf(
	    path, sizeof(path), "%s/tokenring/store/" FP ".access", state);
	assert_int_equal(symlink(FP ".refresh", path), 0);
	assert_int_equal(
	    store_get(&files, FP, STORE_ACCESS, &b, &err), ERR_CONFIG);
	assert_int_equal(b.len, 0);
}

static void
test_erase(void **data)
{
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(
	    store_erase(&files, FP, STORE_REFRESH, &err), ERR_NOTFOUND);
	assert_int_equal(store_erase_all(&files, FP, &err), ERR_NOTFOUND);
	put(FP, STORE_REFRESH, "1");
	put(FP, STORE_ACCESS, "2");
	put(FP, STORE_PASSWORD, "3");
	put(OTHER, STORE_ACCESS, "4");
	assert_int_equal(store_erase(&files, FP, STORE_ACCESS, &err), 0);
	expect(FP, STORE_ACCESS, NULL);
	expect(FP, STORE_REFRESH, "1");
	assert_int_equal(store_erase_all(&files, FP, &err), 0);
	expect(FP, STORE_REFRESH, NULL);
	expect(FP, STORE_PASSWORD, NULL);
	expect(OTHER, STORE_ACCESS, "4");
}

static void
note(const struct store_item *item, void *arg)
{
	char *seen = arg;

	assert_false(item->locked);
	assert_string_equal(item->label, "");
	assert_string_equal(item->fp, FP);
	(void)strcat(seen, store_kind_name(item->kind));
	(void)strcat(seen, " ");
}

static void
test_list(void **data)
{
	struct err err = ERR_INIT;
	char seen[128] = "", path[256];
	int fd;

	(void)data;
	assert_int_equal(store_list(&files, NULL, note, seen, &err), 0);
	assert_string_equal(seen, "");
	put(FP, STORE_REFRESH, "1");
	put(FP, STORE_CLIENT_SECRET, "2");
	/* What is left of an interrupted replacement is no item. */
	(void)snprintf(path, sizeof(path),
	    "%s/tokenring/store/" FP ".refresh.99.new", state);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(store_list(&files, NULL, note, seen, &err), 0);
	assert_non_null(strstr(seen, "refresh "));
	assert_non_null(strstr(seen, "client-secret "));
	assert_int_equal(strlen(seen), strlen("refresh client-secret "));
}

static void
test_hostile_fingerprint(void **data)
{
	static const char *const bad[] = {"", "../../etc/passwd", FP "0",
	    "0123456789ABCDEF0123456789ABCDEF",
	    "../3456789abcdef0123456789abcdef"};
	SECBUF b = SECBUF_INIT(64);
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(
		    store_get(&files, bad[i], STORE_ACCESS, &b, &err),
		    ERR_INTERNAL);
		assert_int_equal(
		    store_get(&service, bad[i], STORE_ACCESS, &b, &err),
		    ERR_INTERNAL);
	}
}

static void
test_none(void **data)
{
	SECBUF b = SECBUF_INIT(64);
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(
	    store_get(&none, FP, STORE_REFRESH, &b, &err), ERR_NOTFOUND);
	assert_int_equal(
	    store_erase(&none, FP, STORE_REFRESH, &err), ERR_NOTFOUND);
	assert_int_equal(store_erase_all(&none, FP, &err), ERR_NOTFOUND);
	assert_int_equal(
	    store_put(&none, FP, STORE_REFRESH, "work", &b, &err), ERR_CONFIG);
	assert_string_equal(err.msg, "store = none keeps nothing");
	assert_int_equal(store_list(&none, NULL, note, NULL, &err), 0);
}

static void
test_no_bus(void **data)
{
	SECBUF b = SECBUF_INIT(64);
	struct err err = ERR_INIT;
	char path[64];
	struct stat st;
	int64_t before = io_now_ms();

	(void)data;
	(void)snprintf(
	    path, sizeof(path), "/run/user/%ld/bus", (long)geteuid());
	if (stat(path, &st) == 0)
		skip(); /* this user has a session bus */
	(void)unsetenv("DBUS_SESSION_BUS_ADDRESS");
	(void)setenv("DISPLAY", ":99", 1);
	assert_int_equal(
	    store_get(&service, FP, STORE_REFRESH, &b, &err), ERR_UNAVAIL);
	assert_string_equal(
	    err.msg, "no D-Bus session bus; 'tokenring doctor' says more");
	assert_int_equal(store_probe(&service, &err), ERR_UNAVAIL);
	assert_true(io_now_ms() - before < 500);
}

static void
test_put_refuses(void **data)
{
	SECBUF b = SECBUF_INIT(64);
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(secbuf_add(&b, "a\0b", 3), 0);
	assert_int_equal(store_put(&files, FP, STORE_ACCESS, "work", &b, &err),
	    ERR_INTERNAL);
	assert_int_equal(secbuf_set(&b, "a\rb"), 0);
	assert_true(
	    store_put(&service, FP, STORE_ACCESS, "work", &b, &err) < 0);
	assert_null(strstr(err.msg, "a\rb"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_round_trip),
	    TEST(test_private),
	    TEST(test_open_directory_refused),
	    TEST(test_directory_link_refused),
	    TEST(test_link_refused),
	    TEST(test_erase),
	    TEST(test_list),
	    TEST(test_hostile_fingerprint),
	    TEST(test_none),
	    TEST(test_no_bus),
	    TEST(test_put_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
