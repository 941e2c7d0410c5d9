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

#include "dirs.h"
#include "io.h"
#include "lines.h"

/* Possessor all; user view, read and search: readable also from a session
   whose keyring does not link to the user keyring. */
#define KEY_MASK 0x3f0b0000

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

static int
put_key(const char *name, const struct secbuf *data, int64_t seconds)
{
	char description[CACHE_NAME_MAX + 16];
	unsigned timeout;
	key_serial_t key;

	describe(description, sizeof(description), name);
	timeout = seconds > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)seconds;
	possess();
	key = add_key(
	    "user", description, data->ptr, data->len, KEY_SPEC_USER_KEYRING);
	if (key < 0)
		return -1;
	/* An update clears the timeout: it is set each time. */
	if (keyctl_set_timeout(key, timeout) == 0 &&
	    keyctl_setperm(key, KEY_MASK) == 0)
		return 0;
	(void)keyctl_unlink(key, KEY_SPEC_USER_KEYRING);
	return -1;
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
	   readable by whoever has its serial number. */
	(void)keyctl_invalidate(key);
	(void)keyctl_unlink(key, KEY_SPEC_USER_KEYRING);
}

/* A substitute file is "until UNIX-TIME\n" and the bytes. */
static int
get_file(const char *name, struct secbuf *ret)
{
	SECBUF all = SECBUF_INIT(CACHE_ENTRY_MAX);
	CLEANUP_FD int dir = -1;
	struct err err = ERR_INIT;
	long long until;
	char *lf;

	dir = dirs_runtime(&err);
	if (dir < 0 || io_read_file(dir, name, &all, &err) < 0)
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
put_file(const char *name, const struct secbuf *data, int64_t seconds)
{
	SECBUF all = SECBUF_INIT(CACHE_ENTRY_MAX + 64);
	CLEANUP_FD int dir = -1;
	struct err err = ERR_INIT;
	char head[40];

	dir = dirs_runtime(&err);
	if (dir < 0)
		return -1;
	(void)snprintf(head, sizeof(head), "until %lld\n",
	    (long long)time(NULL) + (long long)seconds);
	if (secbuf_addstr(&all, head) < 0 ||
	    secbuf_add(&all, data->ptr, data->len) < 0)
		return -1;
	return io_replace_file(dir, name, all.ptr, all.len, &err);
}

static void
drop_file(const char *name)
{
	CLEANUP_FD int dir = -1;
	struct err err = ERR_INIT;

	dir = dirs_runtime(&err);
	if (dir >= 0)
		(void)unlinkat(dir, name, 0);
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
	if (seconds < 1)
		seconds = 1;
	if (put_key(name, data, seconds) == 0) {
		drop_file(name);
		return 0;
	}
	drop_key(name);
	if (put_file(name, data, seconds) == 0)
		return 0;
	drop_file(name);
	return err_set(err, ERR_UNAVAIL,
	    "neither the kernel keyring nor a tmpfs keeps tokens here");
}

void
cache_drop(const char *name)
{
	drop_key(name);
	drop_file(name);
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
	SECBUF text = SECBUF_INIT(CACHE_ENTRY_MAX);
	int r;

	r = lines_begin(&text, err);
	if (r == 0)
		r = token_write(t, &text, err);
	if (r == 0)
		r = lines_end(&text, err);
	if (r == 0)
		r = cache_put(fp, &text, t->expires_at - now, err);
	return r;
}
