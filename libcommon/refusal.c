/* SPDX-License-Identifier: MIT */
#include "refusal.h"

#include <fcntl.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "cache.h"
#include "fingerprint.h"
#include "io.h"
#include "lines.h"

#define HMAC_KEY_LEN 32
#define HMAC_HEX     (2 * SHA256_DIGEST_LENGTH + 1)
#define KEPT_S       (30 * 86400) /* at most; the wall clock may jump */
#define BLOCK        64           /* SHA-256's, for RFC 2104 */

struct memory {
	char hmac[HMAC_HEX], boot[64], reason[ERR_TEXT_MAX];
	int64_t until, delay;
	int code;
};

static int64_t
boot_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec;
}

static void
boot_id(char *to, size_t size)
{
	SECBUF id = SECBUF_INIT(63);
	struct err err = ERR_INIT;

	if (io_read_file(
		AT_FDCWD, "/proc/sys/kernel/random/boot_id", &id, &err) < 0)
		secbuf_reset(&id);
	(void)snprintf(to, size, "%.*s", (int)strcspn(id.ptr, "\n"), id.ptr);
}

/* The key is random, of this boot and user, and in memory only. */
static int
hmac_key(struct secbuf *key)
{
	struct err err = ERR_INIT;
	char *to;

	if (cache_get("hmac-key", key, &err) == 0 && key->len == HMAC_KEY_LEN)
		return 0;
	secbuf_reset(key);
	to = secbuf_space(key, HMAC_KEY_LEN);
	if (to == NULL || getrandom(to, HMAC_KEY_LEN, 0) != HMAC_KEY_LEN)
		return -1;
	secbuf_grown(key, HMAC_KEY_LEN);
	return cache_put("hmac-key", key, KEPT_S, &err);
}

/* RFC 2104 with SHA-256, the key shorter than a block. */
static int
hmac(const struct secbuf *data, char ret[HMAC_HEX])
{
	SECBUF key = SECBUF_INIT(CACHE_ENTRY_MAX);
	uint8_t pad[BLOCK], digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;
	size_t i, outer;

	if (hmac_key(&key) < 0)
		return -1;
	for (outer = 0; outer < 2; outer++) {
		for (i = 0; i < BLOCK; i++)
			pad[i] = (uint8_t)((i < key.len ? key.ptr[i] : 0) ^
					   (outer ? 0x5c : 0x36));
		SHA256Init(&sha);
		SHA256Update(&sha, pad, sizeof(pad));
		if (outer)
			SHA256Update(&sha, digest, sizeof(digest));
		else
			SHA256Update(
			    &sha, (const uint8_t *)data->ptr, data->len);
		SHA256Final(digest, &sha);
	}
	explicit_bzero(pad, sizeof(pad));
	explicit_bzero(&sha, sizeof(sha));
	for (i = 0; i < sizeof(digest); i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	return 0;
}

static void
entry_name(char *to, size_t size, const char *fp)
{
	(void)snprintf(to, size, "%.*s.refused", FINGERPRINT_LEN, fp);
}

static int
recall(const char *fp, struct memory *m)
{
	char name[CACHE_NAME_MAX], boot[64];
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;
	const char *h, *b, *t;

	entry_name(name, sizeof(name), fp);
	if (cache_get(name, &l.text, &err) < 0 ||
	    lines_parse(&l, LINES_MESSAGE, &err) < 0)
		return -1;
	h = lines_get(&l, "hmac");
	b = lines_get(&l, "boot");
	t = lines_get(&l, "reason");
	boot_id(boot, sizeof(boot));
	if (h == NULL || b == NULL || t == NULL || strcmp(b, boot) != 0)
		return -1;
	(void)snprintf(m->hmac, sizeof(m->hmac), "%s", h);
	(void)snprintf(m->boot, sizeof(m->boot), "%s", b);
	(void)snprintf(m->reason, sizeof(m->reason), "%s", t);
	m->until = lines_number(&l, "until", 0);
	m->delay = lines_number(&l, "delay", 0);
	m->code = (int)lines_number(&l, "code", ERR_DENIED);
	/* Kept beyond its end, so that the next refusal knows to double. */
	return m->until < boot_seconds() - REFUSAL_LAST_S ? -1 : 0;
}

/* 0 also for a time that no refusal of ours can have. */
static int64_t
seconds_left(const struct memory *m)
{
	int64_t now = boot_seconds();

	if (m->until <= now || m->until - now > REFUSAL_LATER_MAX_S)
		return 0;
	return m->until - now;
}

static void
clock_text(int64_t seconds_ahead, char *to, size_t size)
{
	time_t when = time(NULL) + (time_t)seconds_ahead;
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL ||
	    strftime(to, size, "%H:%M:%S", &tm) == 0)
		(void)snprintf(to, size, "later");
}

int
refusal_check(const char *fp, const struct secbuf *credential, struct err *err)
{
	struct memory m;
	char own[HMAC_HEX], until[32];
	int64_t left;

	if (recall(fp, &m) < 0 || hmac(credential, own) < 0 ||
	    strcmp(own, m.hmac) != 0)
		return 0;
	left = seconds_left(&m);
	if (left == 0)
		return 0;
	clock_text(left, until, sizeof(until));
	return err_set(err, m.code == ERR_UNAVAIL ? ERR_UNAVAIL : ERR_DENIED,
	    "%s; not asked again until %s", m.reason, until);
}

void
refusal_remember(const char *fp, const struct secbuf *credential,
    const struct err *why, int64_t retry_after)
{
	SECBUF text = SECBUF_INIT(LINES_LINE_MAX);
	char name[CACHE_NAME_MAX], own[HMAC_HEX], boot[64],
	    reason[ERR_TEXT_MAX];
	struct memory before;
	struct err err = ERR_INIT;
	int64_t delay = REFUSAL_FIRST_S;

	if (hmac(credential, own) < 0)
		return;
	if (why->code == ERR_UNAVAIL) {
		if (retry_after <= 0)
			return;
		delay = retry_after > REFUSAL_LATER_MAX_S ? REFUSAL_LATER_MAX_S
							  : retry_after;
	} else if (recall(fp, &before) == 0 && before.delay > 0 &&
		   strcmp(before.hmac, own) == 0 && before.code == why->code) {
		delay = before.delay < REFUSAL_LAST_S / 2 ? before.delay * 2
							  : REFUSAL_LAST_S;
	}
	boot_id(boot, sizeof(boot));
	err_printable(reason, sizeof(reason), why->msg);
	entry_name(name, sizeof(name), fp);
	if (lines_begin(&text, &err) < 0 ||
	    lines_add(&text, "hmac", own, &err) < 0 ||
	    lines_add(&text, "boot", boot, &err) < 0 ||
	    lines_add(&text, "reason", reason, &err) < 0 ||
	    lines_add_number(&text, "until", boot_seconds() + delay, &err) <
		0 ||
	    lines_add_number(&text, "delay", delay, &err) < 0 ||
	    lines_add_number(&text, "code", why->code, &err) < 0 ||
	    lines_end(&text, &err) < 0)
		return;
	/* A cache entry's own end is on the wall clock, which may be put forward
	   by a day; recall() tells when it is of no use any more. */
	(void)cache_put(name, &text, KEPT_S, &err);
}

void
refusal_clear(const char *fp)
{
	char name[CACHE_NAME_MAX];

	entry_name(name, sizeof(name), fp);
	cache_drop(name);
}

int64_t
refusal_left(const char *fp, char *reason, size_t size)
{
	struct memory m;
	int64_t left;

	if (recall(fp, &m) < 0)
		return 0;
	left = seconds_left(&m);
	if (left == 0)
		return 0;
	(void)snprintf(reason, size, "%s", m.reason);
	return left;
}
