/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <keyutils.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cache_place.h"
#include "dirs.h"
#include "io.h"
#include "lines.h"

#define MARK_LIFE_S 3600 /* a key that ends costs quota: seldom, then */
#define MARK_MAX    24

static void
describe(char *to, size_t size, const char *name)
{
	int n = snprintf(to, size, "tokenring:%s", name);

	assert(n > 0 && (size_t)n < size);
	(void)n;
}

/*
 * Without the link, a key that we add is not possessed when our session keyring
 * is a stranger's (su, sudo, sshd), and its timeout and mask cannot be set.
 */
static void
possess(void)
{
	(void)keyctl_link(KEY_SPEC_USER_KEYRING, KEY_SPEC_PROCESS_KEYRING);
}

static key_serial_t
find_key(const char *name)
{
	char description[CACHE_NAME_MAX + 16];

	describe(description, sizeof(description), name);
	return (key_serial_t)keyctl_search(
	    KEY_SPEC_USER_KEYRING, "user", description, 0);
}

static int
read_key(key_serial_t key, struct secbuf *ret)
{
	size_t max = ret->max < CACHE_ENTRY_MAX ? ret->max : CACHE_ENTRY_MAX;
	size_t room = max > ret->len ? max - ret->len : 0;
	char *to = secbuf_space(ret, room);
	long n;

	if (to == NULL)
		return -1;
	/* The length is told whole, also of what did not fit. */
	n = keyctl_read(key, to, room);
	if (n < 0 || (size_t)n > room)
		return -1;
	secbuf_grown(ret, (size_t)n);
	return 0;
}

static int
get_key(const char *name, struct secbuf *ret)
{
	key_serial_t key = find_key(name);

	if (key < 0)
		return -1;
	if (read_key(key, ret) == 0)
		return 0;
	if (errno != EACCES)
		return -1;
	possess();
	return read_key(key, ret);
}

static void
drop_key(const char *name)
{
	key_serial_t key;

	possess();
	key = find_key(name);
	if (key < 0)
		return;
	/* Unlinked alone, it would go on counting against the quota and be
	   readable by whoever has its serial number.  Invalidated first, the
	   kernel may collect it and the link before we give that back. */
	(void)keyctl_unlink(key, KEY_SPEC_USER_KEYRING);
	(void)keyctl_invalidate(key);
}

/* A substitute file is "until UNIX-TIME\n" and the bytes. */
static int
read_substitute(int dir, const char *name, struct secbuf *ret)
{
	SECBUF all = SECBUF_INIT(CACHE_ENTRY_MAX + 64);
	struct err err = ERR_INIT;
	long long until;
	char *lf;

	if (io_read_file(dir, name, &all, &err) < 0)
		return -1;
	lf = memchr(all.ptr, '\n', all.len);
	if (lf == NULL || sscanf(all.ptr, "until %lld", &until) != 1)
		return -1;
	if (until <= (long long)time(NULL)) {
		(void)unlinkat(dir, name, 0);
		return -1;
	}
	lf++;
	return secbuf_add(ret, lf, all.len - (size_t)(lf - all.ptr));
}

static int
get_file(const char *name, struct secbuf *ret)
{
	int place = 0, r = -1;

	while (r < 0) {
		CLEANUP_FD int dir = dirs_runtime_next(&place);

		if (dir < 0)
			return -1;
		r = read_substitute(dir, name, ret);
	}
	return 0;
}

static void
drop_file(const char *name)
{
	int place = 0, dir;

	while ((dir = dirs_runtime_next(&place)) >= 0) {
		(void)unlinkat(dir, name, 0);
		(void)close(dir);
	}
}

int
cache_get(const char *name, struct secbuf *ret, struct err *err)
{
	if (get_key(name, ret) == 0 || get_file(name, ret) == 0)
		return 0;
	return err_set(err, ERR_NOTFOUND, "nothing cached");
}

int
cache_put(const char *name, const struct secbuf *data, int64_t seconds,
    struct err *err)
{
	CACHE_PLACE p = CACHE_PLACE_INIT;

	if (data->len > CACHE_ENTRY_MAX) {
		cache_drop(name);
		return err_set(err, ERR_UNAVAIL,
		    "too long for the cache: %zu bytes", data->len);
	}
	if (cache_place_prepare(&p, name, geteuid(), data, seconds, err) < 0)
		return err->code;
	if (cache_place_run(&p) != CACHE_PLACED_NOWHERE)
		return 0;
	return err_set(err, ERR_UNAVAIL,
	    "neither the kernel keyring nor a tmpfs keeps tokens here");
}

void
cache_drop(const char *name)
{
	drop_key(name);
	drop_file(name);
}

void
cache_mark(const char *name)
{
	SECBUF at = SECBUF_INIT(MARK_MAX);
	struct err ignored = ERR_INIT;
	char text[MARK_MAX];

	(void)snprintf(text, sizeof(text), "%lld", (long long)io_now_ms());
	if (secbuf_set(&at, text) == 0)
		(void)cache_put(name, &at, MARK_LIFE_S, &ignored);
}

bool
cache_marked(const char *name, int64_t ms)
{
	SECBUF at = SECBUF_INIT(MARK_MAX);
	struct err ignored = ERR_INIT;
	int64_t now = io_now_ms();
	long long since;

	if (cache_get(name, &at, &ignored) < 0 ||
	    sscanf(at.ptr, "%lld", &since) != 1)
		return false;
	return since >= 0 && since <= now && now - since < ms;
}

bool
cache_in_kernel(void)
{
	return keyctl_get_keyring_ID(KEY_SPEC_USER_KEYRING, 1) >= 0;
}

int
cache_get_token(const char *fp, struct token *ret, struct err *err)
{
	LINES l = LINES_INIT;
	int r;

	r = cache_get(fp, &l.text, err);
	if (r == 0)
		r = lines_parse(&l, LINES_MESSAGE, err);
	if (r == 0)
		r = token_read(ret, &l, err);
	return r;
}

int
cache_put_token(
    const char *fp, const struct token *t, int64_t now, struct err *err)
{
	SECBUF text = SECBUF_INIT(LINES_MESSAGE_MAX);
	int64_t seconds = t->expires_at > now ? t->expires_at - now : 1;
	int r = token_message(t, &text, err);

	if (r == 0)
		r = cache_put(fp, &text, seconds, err);
	return r;
}
