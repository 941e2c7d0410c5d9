/* SPDX-License-Identifier: MIT */
/*
 * Where access tokens rest: the kernel's user keyring, or a file on tmpfs where
 * the kernel refuses.  Where user namespaces are allowed this program has a
 * user keyring, a /dev/shm and a /run of its own.
 */
#include "cache.h"

#include <errno.h>
#include <fcntl.h>
#include <keyutils.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "dirs.h"
#include "io.h"
#include "isolate.h"

#define FAR      60000 /* ms: a deadline that nothing here comes near */
#define KEY_DATA 32767 /* bytes that a `user` key takes */
#define STEP(c)                                                                \
	do {                                                                   \
		if (!(c))                                                      \
			return __LINE__ % 250 + 1;                             \
	} while (0)

static char name[33];
static bool isolated;

static int
setup(void **data)
{
	unsigned char bytes[16];
	size_t i;

	(void)data;
	isolated = isolate();
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -1;
	for (i = 0; i < sizeof(bytes); i++)
		(void)snprintf(name + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

static int
teardown(void **data)
{
	(void)data;
	cache_drop(name);
	return 0;
}

static void
set(struct secbuf *b, const char *bytes, size_t len)
{
	secbuf_reset(b);
	if (secbuf_add(b, bytes, len) < 0)
		abort();
}

static int
put(const char *text, int64_t seconds)
{
	SECBUF b = SECBUF_INIT(CACHE_ENTRY_MAX);
	struct err err = ERR_INIT;

	set(&b, text, strlen(text));
	return cache_put(name, &b, seconds, &err);
}

/* Is this what the cache has?  NULL: nothing. */
static bool
holds(const char *text)
{
	SECBUF b = SECBUF_INIT(CACHE_ENTRY_MAX);
	struct err err = ERR_INIT;
	int r = cache_get(name, &b, &err);

	if (text == NULL)
		return r == ERR_NOTFOUND && err.code == r && b.len == 0;
	return r == 0 && strcmp(b.ptr, text) == 0;
}

/* The key of our entry, or -1. */
static key_serial_t
find(void)
{
	char description[128];

	(void)snprintf(description, sizeof(description), "tokenring:%s", name);
	return (key_serial_t)keyctl_search(
	    KEY_SPEC_USER_KEYRING, "user", description, 0);
}

/* Skip where the kernel keeps nothing for us, or others use up the quota. */
static void
need_kernel(void)
{
	if (!cache_in_kernel() || put("probe", 60) != 0 || find() < 0) {
		cache_drop(name);
		skip();
	}
}

/* The fields of the key in /proc/keys: "TIMEOUT PERM". */
static bool
proc_key(key_serial_t key, char *timeout, char *perm)
{
	char line[512], id[16];
	bool found = false;
	FILE *f = fopen("/proc/keys", "re");

	(void)snprintf(id, sizeof(id), "%08x ", (unsigned)key);
	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found =
		    strncmp(line, id, strlen(id)) == 0 &&
		    sscanf(line, "%*s %*s %*s %15s %15s", timeout, perm) == 2;
	if (f != NULL)
		(void)fclose(f);
	return found;
}

static void
comes_back_as_it_was(void **data)
{
	SECBUF in = SECBUF_INIT(1000);
	SECBUF out = SECBUF_INIT(CACHE_ENTRY_MAX);
	struct err err = ERR_INIT;
	char all[256];
	int i;

	(void)data;
	for (i = 0; i < 256; i++)
		all[i] = (char)(255 - i);
	assert_true(holds(NULL));
	set(&in, all, sizeof(all));
	assert_int_equal(cache_put(name, &in, 60, &err), 0);
	assert_int_equal(secbuf_addstr(&out, "before"), 0);
	assert_int_equal(cache_get(name, &out, &err), 0);
	assert_int_equal(out.len, 6 + sizeof(all));
	assert_memory_equal(out.ptr, "before", 6);
	assert_memory_equal(out.ptr + 6, all, sizeof(all));
	assert_int_equal(put("second", 60), 0);
	assert_true(holds("second"));
	cache_drop(name);
	assert_true(holds(NULL));
	cache_drop(name);
	assert_true(holds(NULL));
}

static void
small_buffers(void **data)
{
	SECBUF exact = SECBUF_INIT(5);
	SECBUF small = SECBUF_INIT(4);
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(put("12345", 60), 0);
	assert_int_equal(cache_get(name, &exact, &err), 0);
	assert_string_equal(exact.ptr, "12345");
	assert_int_equal(cache_get(name, &small, &err), ERR_NOTFOUND);
	assert_int_equal(small.len, 0);
	cache_drop(name);
}

static void
key_has_mask_and_timeout(void **data)
{
	char timeout[16], perm[16], *text = NULL, want[128];
	key_serial_t key;

	(void)data;
	need_kernel();
	assert_int_equal(put("one", 7200), 0);
	key = find();
	assert_true(key > 0);
	assert_true(keyctl_describe_alloc(key, &text) > 0);
	(void)snprintf(want, sizeof(want), "user;%ld;%ld;3f0b0000;tokenring:%s",
	    (long)geteuid(), (long)getegid(), name);
	assert_string_equal(text, want);
	free(text);
	assert_true(proc_key(key, timeout, perm));
	assert_string_equal(perm, "3f0b0000");
	assert_int_equal(timeout[strlen(timeout) - 1], 'h');
	/* An update clears the timeout: it must have been set again. */
	assert_int_equal(put("two", 1200), 0);
	assert_int_equal(find(), key);
	assert_true(proc_key(key, timeout, perm));
	assert_string_equal(perm, "3f0b0000");
	assert_int_equal(timeout[strlen(timeout) - 1], 'm');
	assert_int_equal(put("three", INT64_MAX), 0);
	assert_true(proc_key(key, timeout, perm));
	assert_string_not_equal(timeout, "perm");
	cache_drop(name);
}

/* Dropped is gone for whoever knows the number, too. */
static void
dropped_key_is_gone(void **data)
{
	char bytes[16];
	key_serial_t key;

	(void)data;
	need_kernel();
	assert_int_equal(put("secret", 7200), 0);
	key = find();
	assert_true(keyctl_read(key, bytes, sizeof(bytes)) == 6);
	cache_drop(name);
	assert_int_equal(keyctl_read(key, bytes, sizeof(bytes)), -1);
	assert_int_equal(find(), -1);
}

static int
until_gone(void)
{
	int64_t limit = io_now_ms() + FAR;

	while (!holds(NULL) && io_now_ms() < limit)
		(void)usleep(20000);
	return holds(NULL) ? 0 : 1;
}

static void
goes_by_its_own_timeout(void **data)
{
	(void)data;
	assert_int_equal(put("short", 1), 0);
	assert_int_equal(until_gone(), 0);
	/* What asked for no time at all has a second. */
	assert_int_equal(put("none", 0), 0);
	assert_int_equal(until_gone(), 0);
	assert_int_equal(put("past", INT64_MIN), 0);
	assert_int_equal(until_gone(), 0);
	/* The name is free again. */
	assert_int_equal(put("again", 60), 0);
	assert_true(holds("again"));
	cache_drop(name);
}

static void
names_of_entries(void **data)
{
	char long_name[CACHE_NAME_MAX + 2];
	SECBUF b = SECBUF_INIT(100);
	struct err err = ERR_INIT;

	(void)data;
	set(&b, "x", 1);
	memset(long_name, 'n', sizeof(long_name));
	memcpy(long_name, name, 32);
	long_name[CACHE_NAME_MAX] = '\0';
	assert_int_equal(cache_put(long_name, &b, 60, &err), 0);
	assert_int_equal(cache_get(long_name, &b, &err), 0);
	assert_string_equal(b.ptr, "xx");
	cache_drop(long_name);
	assert_int_equal(cache_get(long_name, &b, &err), ERR_NOTFOUND);
	long_name[CACHE_NAME_MAX] = 'n';
	long_name[CACHE_NAME_MAX + 1] = '\0';
	assert_int_equal(cache_put(long_name, &b, 60, &err), ERR_INTERNAL);
	assert_int_equal(cache_put("../x", &b, 60, &err), ERR_INTERNAL);
}

/* Run `body` in a process of its own: 0, or the step that failed. */
static void
apart(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		fail_msg("failed at step %d", WEXITSTATUS(status));
}

/* In another session's keyring, which does not link to the user's: a su, a
   sudo, an sshd that was started by hand. */
static int
foreign_session(void)
{
	char session[64];

	(void)snprintf(session, sizeof(session), "test-%s", name);
	STEP(keyctl_join_session_keyring(session) > 0);
	STEP(holds("from outside"));
	STEP(put("from inside", 7200) == 0);
	STEP(find() > 0);
	STEP(holds("from inside"));
	STEP(keyctl_join_session_keyring(NULL) > 0);
	STEP(holds("from inside"));
	return 0;
}

static void
read_from_every_session(void **data)
{
	char timeout[16], perm[16];

	(void)data;
	need_kernel();
	assert_int_equal(put("from outside", 60), 0);
	apart(foreign_session);
	assert_true(holds("from inside"));
	assert_true(proc_key(find(), timeout, perm));
	assert_string_equal(perm, "3f0b0000");
	assert_int_equal(timeout[strlen(timeout) - 1], 'h');
	cache_drop(name);
}

/* --- where the kernel refuses --- */

/* From here on these calls of the kernel keyring fail. */
static bool
refuse(unsigned error, bool add_alone)
{
	unsigned request = add_alone ? SYS_add_key : SYS_request_key;
	unsigned others = add_alone ? SYS_add_key : SYS_keyctl;
	struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_add_key, 2, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, request, 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, others, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* All of them, as in a container. */
static bool
lose_kernel(unsigned error)
{
	return refuse(error, false);
}

static int
runtime(void)
{
	struct err err = ERR_INIT;

	return dirs_runtime(&err);
}

static bool
file_exists(void)
{
	struct stat st;
	int dir = runtime();
	bool found = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;

	(void)close(dir);
	return found;
}

static bool
file_is(const char *text)
{
	SECBUF b = SECBUF_INIT(CACHE_ENTRY_MAX + 64);
	struct err err = ERR_INIT;
	struct stat st;
	int dir = runtime();
	long long until = 0;
	bool ok;

	ok = io_read_file(dir, name, &b, &err) == 0 &&
	     fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	     (st.st_mode & 07777) == 0600 &&
	     sscanf(b.ptr, "until %lld\n", &until) == 1 &&
	     until > (long long)time(NULL) && strchr(b.ptr, '\n') != NULL &&
	     strcmp(strchr(b.ptr, '\n') + 1, text) == 0;
	(void)close(dir);
	return ok;
}

static int
substitute(void)
{
	STEP(lose_kernel(ENOSYS));
	STEP(!cache_in_kernel());
	STEP(holds(NULL));
	(void)umask(0);
	STEP(put("one", 60) == 0);
	STEP(file_is("one") && holds("one"));
	STEP(put("two", 60) == 0);
	STEP(file_is("two") && holds("two"));
	STEP(put("long", INT64_MAX) == 0);
	STEP(file_is("long") && holds("long"));
	STEP(put("short", 1) == 0);
	STEP(until_gone() == 0);
	/* Nobody has to sweep up what was looked at. */
	STEP(!file_exists());
	STEP(put("three", 60) == 0);
	cache_drop(name);
	STEP(!file_exists() && holds(NULL));
	return 0;
}

static void
put_raw(const char *text)
{
	int dir = runtime();
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	(void)!write(fd, text, strlen(text));
	(void)close(fd);
	(void)close(dir);
}

static int
strange_files(void)
{
	static const char *const bad[] = {"", "\n", "until \n", "until x\nmine",
	    "until 5\nold", "until -5\nold", "until 0\n", "99999999999\nmine",
	    "until 99999999999"};
	char target[64];
	size_t i;
	int dir = runtime();

	STEP(lose_kernel(EPERM));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_raw(bad[i]);
		STEP(holds(NULL));
	}
	put_raw("until 99999999999\nmine");
	STEP(holds("mine"));
	/* A link is not followed, neither by reading nor by writing. */
	(void)snprintf(target, sizeof(target), "%s.target", name);
	STEP(renameat(dir, name, dir, target) == 0);
	STEP(symlinkat(target, dir, name) == 0);
	STEP(holds(NULL));
	STEP(put("new", 60) == 0);
	STEP(file_is("new"));
	STEP(unlinkat(dir, name, 0) == 0);
	STEP(renameat(dir, target, dir, name) == 0);
	STEP(holds("mine"));
	STEP(unlinkat(dir, name, 0) == 0);
	STEP(mkdirat(dir, name, 0700) == 0);
	STEP(holds(NULL));
	STEP(put("x", 60) == ERR_UNAVAIL);
	STEP(unlinkat(dir, name, AT_REMOVEDIR) == 0);
	return 0;
}

/* The kernel is back, or gone: what is older goes from the other place. */
static int
kernel_wins_again(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(lose_kernel(EPERM) && put("file", 60) == 0 ? 0 : 1);
	STEP(waitpid(pid, &status, 0) == pid && status == 0);
	STEP(file_is("file") && holds("file"));
	STEP(put("key", 60) == 0);
	STEP(find() > 0 && holds("key"));
	STEP(!file_exists());
	return 0;
}

/* Neither place takes it: nothing older may be found afterwards. */
static int
neither_place(void)
{
	struct rlimit none = {0, RLIM_INFINITY};

	STEP(lose_kernel(EPERM));
	STEP(put("older", 60) == 0);
	STEP(getrlimit(RLIMIT_FSIZE, &none) == 0);
	none.rlim_cur = 0;
	(void)signal(SIGXFSZ, SIG_IGN);
	STEP(setrlimit(RLIMIT_FSIZE, &none) == 0);
	STEP(put("newer", 60) == ERR_UNAVAIL);
	STEP(holds(NULL));
	STEP(!file_exists());
	return 0;
}

/* What may be in the directory's place, where everybody can put something. */
static int
strange_directories(void)
{
	static const mode_t wrong[] = {0755, 0710, 0701, 0777};
	static const mode_t right[] = {0700, 01700, 02700};
	char path[64];
	size_t i;

	STEP(lose_kernel(EPERM));
	(void)snprintf(
	    path, sizeof(path), "/dev/shm/tokenring-%ld", (long)geteuid());
	STEP(rmdir(path) == 0);
	STEP(mkdir("/dev/shm/elsewhere", 0700) == 0);
	STEP(symlink("elsewhere", path) == 0);
	STEP(put("astray", 60) == ERR_UNAVAIL);
	STEP(unlink(path) == 0 && rmdir("/dev/shm/elsewhere") == 0);
	STEP(symlink("nowhere", path) == 0);
	STEP(put("astray", 60) == ERR_UNAVAIL);
	STEP(unlink(path) == 0 && rmdir("/dev/shm/nowhere") < 0);
	STEP(mknod(path, S_IFREG | 0600, 0) == 0);
	STEP(put("astray", 60) == ERR_UNAVAIL);
	STEP(unlink(path) == 0 && mkdir(path, 0700) == 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		STEP(chmod(path, wrong[i]) == 0);
		STEP(put("seen", 60) == ERR_UNAVAIL && holds(NULL));
	}
	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		STEP(chmod(path, right[i]) == 0);
		STEP(put("kept", 60) == 0 && holds("kept"));
		cache_drop(name);
	}
	STEP(chmod(path, 0700) == 0);
	return 0;
}

static void
need_runtime(void)
{
	int dir = runtime();

	if (dir < 0)
		skip(); /* neither /run/user/UID nor a tmpfs on /dev/shm */
	(void)close(dir);
	cache_drop(name);
}

static void
substitute_on_tmpfs(void **data)
{
	(void)data;
	need_runtime();
	apart(substitute);
}

static void
substitutes_of_every_kind(void **data)
{
	(void)data;
	need_runtime();
	apart(strange_files);
}

static void
directories_of_every_kind(void **data)
{
	(void)data;
	need_runtime();
	if (!isolated)
		skip(); /* the machine's own /dev/shm is left alone */
	apart(strange_directories);
}

static void
kernel_replaces_the_substitute(void **data)
{
	(void)data;
	need_runtime();
	need_kernel();
	cache_drop(name);
	apart(kernel_wins_again);
	cache_drop(name);
}

static void
nothing_older_is_left(void **data)
{
	(void)data;
	need_runtime();
	apart(neither_place);
}

/* --- limits --- */

static bool
round_trip(size_t len)
{
	SECBUF in = SECBUF_INIT(2 * CACHE_ENTRY_MAX);
	SECBUF out = SECBUF_INIT(2 * CACHE_ENTRY_MAX);
	struct err err = ERR_INIT;
	char *p = secbuf_space(&in, len);

	if (p == NULL)
		return false;
	memset(p, 'e', len);
	secbuf_grown(&in, len);
	return cache_put(name, &in, 60, &err) == 0 &&
	       cache_get(name, &out, &err) == 0 && secbuf_equal(&in, &out);
}

static int
largest_file(void)
{
	STEP(lose_kernel(EPERM));
	STEP(round_trip(KEY_DATA));
	STEP(round_trip(CACHE_ENTRY_MAX));
	STEP(!round_trip(CACHE_ENTRY_MAX + 1));
	STEP(holds(NULL));
	STEP(!file_exists());
	return 0;
}

static void
largest_entries(void **data)
{
	(void)data;
	need_runtime();
	apart(largest_file);
	/* Whatever the quota is: in one place or the other. */
	assert_true(round_trip(KEY_DATA));
	assert_true(round_trip(KEY_DATA + 1));
	assert_true(find() < 0);
	assert_true(round_trip(CACHE_ENTRY_MAX));
	assert_true(put("old", 60) == 0);
	assert_false(round_trip(CACHE_ENTRY_MAX + 1));
	assert_true(holds(NULL));
}

/* "old" is in the kernel, its quota is used up: "new" must be in the file and
   nothing else left.  The real quota is every process's of this user. */
static int
no_quota(void)
{
	STEP(refuse(EDQUOT, true));
	STEP(find() > 0 && holds("old"));
	STEP(put("new", 60) == 0);
	STEP(find() < 0);
	STEP(file_is("new"));
	STEP(holds("new"));
	return 0;
}

static void
quota_is_used_up(void **data)
{
	(void)data;
	need_runtime();
	need_kernel();
	assert_int_equal(put("old", 60), 0);
	apart(no_quota);
	cache_drop(name);
}

/* --- marks --- */

static void
marks_tell_what_was_lately(void **data)
{
	static const char *const strange[] = {
	    "", "soon", "-5", "9223372036854775807", "99999999999999999999999"};
	size_t i;

	(void)data;
	assert_false(cache_marked(name, FAR));
	for (i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
		assert_int_equal(put(strange[i], 60), 0);
		assert_false(cache_marked(name, INT64_MAX));
	}
	cache_mark(name);
	assert_true(cache_marked(name, FAR));
	assert_false(cache_marked(name, 0));
	cache_drop(name);
	assert_false(cache_marked(name, FAR));
}

/* A key that ends costs the user's quota, so a mark does not end at once. */
static void
marks_stay_in_the_kernel(void **data)
{
	char timeout[16], perm[16];

	(void)data;
	need_kernel();
	cache_mark(name);
	assert_true(proc_key(find(), timeout, perm));
	assert_non_null(strchr("mh", timeout[strlen(timeout) - 1]));
	cache_drop(name);
}

/* --- tokens --- */

static void
tokens_rest_here(void **data)
{
	TOKEN t = TOKEN_INIT;
	TOKEN u = TOKEN_INIT;
	SECBUF raw = SECBUF_INIT(CACHE_ENTRY_MAX);
	struct err err = ERR_INIT;
	int64_t now = time(NULL);

	(void)data;
	assert_int_equal(cache_get_token(name, &u, &err), ERR_NOTFOUND);
	assert_int_equal(secbuf_set(&t.access_token, "tok"), 0);
	assert_int_equal(secbuf_set(&t.refresh_token, "never here"), 0);
	(void)snprintf(t.type, sizeof(t.type), "Bearer");
	(void)snprintf(t.account, sizeof(t.account), "alice");
	t.obtained_at = now;
	t.expires_at = now + 300;
	assert_int_equal(cache_put_token(name, &t, now, &err), 0);
	assert_int_equal(cache_get_token(name, &u, &err), 0);
	assert_string_equal(u.access_token.ptr, "tok");
	assert_string_equal(u.account, "alice");
	assert_int_equal(u.expires_at, now + 300);
	assert_int_equal(u.refresh_token.len, 0);
	assert_int_equal(cache_get(name, &raw, &err), 0);
	assert_null(strstr(raw.ptr, "never here"));
	/* What is no token is none. */
	assert_int_equal(put("garbage", 60), 0);
	assert_true(cache_get_token(name, &u, &err) < 0);
	assert_int_equal(put("version=1\naccess_token=cut", 60), 0);
	assert_true(cache_get_token(name, &u, &err) < 0);
	cache_drop(name);
}

static void
tokens_go_in_time(void **data)
{
	TOKEN t = TOKEN_INIT;
	TOKEN u = TOKEN_INIT;
	struct err err = ERR_INIT;
	static const int64_t past[] = {0, -5, INT64_MIN};
	size_t i;

	(void)data;
	assert_int_equal(secbuf_set(&t.access_token, "tok"), 0);
	for (i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
		t.expires_at = past[i];
		assert_int_equal(
		    cache_put_token(name, &t, time(NULL), &err), 0);
		if (cache_get_token(name, &u, &err) == 0)
			assert_false(token_fresh(&u, time(NULL), 0));
		assert_int_equal(until_gone(), 0);
	}
}

/* Everything as long as token.h allows: kept, or refused with nothing older
   left behind that would be taken for it. */
static void
largest_token(void **data)
{
	TOKEN t = TOKEN_INIT;
	TOKEN u = TOKEN_INIT;
	struct err err = ERR_INIT;
	int64_t now = time(NULL);
	char *p = secbuf_space(&t.access_token, TOKEN_MAX);
	int r;

	(void)data;
	memset(p, 't', TOKEN_MAX);
	secbuf_grown(&t.access_token, TOKEN_MAX);
	t.obtained_at = now;
	t.expires_at = now + 300;
	assert_int_equal(put("older", 60), 0);
	assert_int_equal(cache_put_token(name, &t, now, &err), 0);
	assert_int_equal(cache_get_token(name, &u, &err), 0);
	assert_true(secbuf_equal(&t.access_token, &u.access_token));
	memset(t.type, 'y', sizeof(t.type) - 1);
	memset(t.instance, 'i', sizeof(t.instance) - 1);
	memset(t.account, 'a', sizeof(t.account) - 1);
	memset(t.scope, 's', sizeof(t.scope) - 1);
	r = cache_put_token(name, &t, now, &err);
	if (r == 0)
		assert_int_equal(cache_get_token(name, &u, &err), 0);
	else
		assert_true(holds(NULL));
	cache_drop(name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_back_as_it_was),
	    cmocka_unit_test(small_buffers),
	    cmocka_unit_test(key_has_mask_and_timeout),
	    cmocka_unit_test(dropped_key_is_gone),
	    cmocka_unit_test(goes_by_its_own_timeout),
	    cmocka_unit_test(names_of_entries),
	    cmocka_unit_test(read_from_every_session),
	    cmocka_unit_test(substitute_on_tmpfs),
	    cmocka_unit_test(substitutes_of_every_kind),
	    cmocka_unit_test(directories_of_every_kind),
	    cmocka_unit_test(kernel_replaces_the_substitute),
	    cmocka_unit_test(nothing_older_is_left),
	    cmocka_unit_test(largest_entries),
	    cmocka_unit_test(quota_is_used_up),
	    cmocka_unit_test(marks_tell_what_was_lately),
	    cmocka_unit_test(marks_stay_in_the_kernel),
	    cmocka_unit_test(tokens_rest_here),
	    cmocka_unit_test(tokens_go_in_time),
	    cmocka_unit_test(largest_token),
	};

	return cmocka_run_group_tests_name("cache", tests, setup, teardown);
}
