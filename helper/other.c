/* SPDX-License-Identifier: MIT */
#include "other.h"

#include <ctype.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "io.h"
#include "lock.h"
#include "store_worker.h"

#define SALT_LIFE_S 3600 /* in the cache: it saves a search a request */
#define SALT_LEN    64
#define ANSWER_MS   1000 /* left for the service, however long we waited */
#define ANSWERED_MS 1000 /* how long an answer to another tells something */
#define NAME_LEN    32

static const char *const tools[] = {
    [OTHER_GIT] = "git",
    [OTHER_DOCKER] = "docker",
};

static bool
is_name(const char *s, const char *unwanted)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || *s == 0x7f ||
		    strchr(unwanted, *s) != NULL)
			return false;
	return true;
}

/* "name:443" and "name:" are "name", for https. */
static size_t
without_port(const char *protocol, const char *host)
{
	bool http = strcmp(protocol, "http") == 0;
	bool https = strcmp(protocol, "https") == 0;
	const char *colon = strrchr(host, ':');

	if ((http || https) && colon != NULL && strchr(colon, ']') == NULL &&
	    (colon[1] == '\0' || strcmp(colon + 1, http ? "80" : "443") == 0))
		return (size_t)(colon - host);
	return strlen(host);
}

int
other_host(struct credential *c, const char *protocol, const char *host,
    struct err *err)
{
	SECBUF name = SECBUF_INIT(OTHER_HOST_MAX);
	char scheme[OTHER_PROTOCOL_MAX + 1];
	size_t i, n = strlen(protocol);

	if (n == 0 || n >= sizeof(scheme) || !is_name(protocol, ":/?#@\\%"))
		return err_set(err, ERR_PROTOCOL, "not a protocol");
	for (i = 0; i <= n; i++)
		scheme[i] = (char)tolower((unsigned char)protocol[i]);
	if (!is_name(host, "/?#@\\%"))
		return err_set(err, ERR_PROTOCOL, "not a host name");
	n = without_port(scheme, host);
	if (secbuf_add(&name, host, n) < 0)
		return err_set(err, ERR_PROTOCOL, "the host name is too long");
	for (i = 0; i < n; i++)
		name.ptr[i] = (char)tolower((unsigned char)name.ptr[i]);
	if (n == 0 && strncmp(scheme, "http", 4) == 0)
		return err_set(err, ERR_PROTOCOL, "the host has no name");
	if (credential_set(c, CREDENTIAL_PROTOCOL, scheme, err) < 0)
		return err->code;
	return credential_set(c, CREDENTIAL_HOST, name.ptr, err);
}

/* What is kept for this session's keyring is kept under its bus's address. */
static int
keyring_name(char ret[NAME_LEN + 1], struct err *err)
{
	char bus[STORE_BUS_MAX + 32];
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;
	int i;

	if (store_worker_bus(bus, STORE_BUS_MAX, err) < 0)
		return err_hint(err, "'tokenring doctor' says more");
	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)"tokenring salt", 14);
	SHA256Update(&sha, (const uint8_t *)bus, strlen(bus));
	SHA256Final(digest, &sha);
	for (i = 0; i < NAME_LEN / 2; i++)
		(void)snprintf(ret + 2 * (ptrdiff_t)i, 3, "%02x", digest[i]);
	return 0;
}

static void
add_salt(const char *entry, struct secbuf *request)
{
	SECBUF salt = SECBUF_INIT(SALT_LEN);
	struct err ignored = ERR_INIT;

	if (cache_get(entry, &salt, &ignored) == 0 && salt.len == SALT_LEN &&
	    strspn(salt.ptr, "0123456789abcdef") == SALT_LEN)
		(void)lines_add(request, "salt", salt.ptr, &ignored);
}

/* Whoever writes looks for all salts: there are several if he tells none. */
static void
keep_salt(const char *entry, bool writes, const struct lines *answer)
{
	SECBUF salt = SECBUF_INIT(SALT_LEN);
	const char *s = lines_get(answer, "salt");
	struct err ignored = ERR_INIT;

	if (s != NULL && secbuf_set(&salt, s) == 0)
		(void)cache_put(entry, &salt, SALT_LIFE_S, &ignored);
	else if (writes)
		cache_drop(entry);
}

/*
 * One writes at a time: what the Secret Service is told to delete it deletes,
 * even if another has put something new there since we looked.  Nobody stands
 * in the way for long, and where nothing can be locked it goes without.
 * Returns until when the service may take: where it answers others, and many
 * are in the queue, what was waited is not its time.
 */
static int64_t
wait_for_turn(
    const char *name, const char *answered, int64_t deadline, struct lock *ret)
{
	int64_t ms = deadline - ANSWER_MS - io_now_ms();
	struct err ignored = ERR_INIT;

	if (lock_try(ret, name, &ignored) != ERR_UNAVAIL)
		return deadline;
	(void)lock_wait(ret, name, ms > 0 ? (int)ms : 0, &ignored);
	return cache_marked(answered, ANSWERED_MS)
		   ? io_now_ms() + STORE_TIMEOUT_MS
		   : deadline;
}

/* The service has begun to answer by the deadline, unless a person is asked. */
static int
ask_by(const struct other *o, const char *op, const struct credential *c,
    int64_t deadline, struct lines *answer, struct err *err)
{
	bool writes = strcmp(op, "credential-store") == 0 ||
		      strcmp(op, "credential-erase") == 0 ||
		      strcmp(op, "credential-sweep") == 0;
	struct store s = {
	    .backend = STORE_SECRET_SERVICE, .may_prompt = o->may_prompt};
	SECBUF q = SECBUF_INIT(LINES_MESSAGE_MAX);
	char name[NAME_LEN + 1], entry[CACHE_NAME_MAX],
	    answered[CACHE_NAME_MAX];
	LOCK lock = LOCK_INIT;
	int r;

	if (keyring_name(name, err) < 0)
		return err->code;
	(void)snprintf(entry, sizeof(entry), "%s.salt", name);
	(void)snprintf(answered, sizeof(answered), "%s.answered", name);
	/* Not while a person thinks. */
	if (writes && !o->may_prompt) {
		deadline = wait_for_turn(name, answered, deadline, &lock);
		s.lock = &lock;
	}
	s.timeout_ms = (int)(deadline - io_now_ms());
	if (s.timeout_ms < 1)
		s.timeout_ms = 1;
	if (store_worker_begin(&s, op, &q, err) < 0 ||
	    lines_add(&q, "tool[]", tools[o->tool], err) < 0 ||
	    (o->authtype && lines_add(&q, "authtype", "1", err) < 0) ||
	    (o->prefer && lines_add(&q, "prefer", "1", err) < 0) ||
	    (c != NULL && credential_write(c, CREDENTIAL_PROTOCOL,
			      CREDENTIAL_FORGET_AT, &q, err) < 0))
		return err->code;
	add_salt(entry, &q);
	r = store_worker_run(&s, &q, writes, answer, err);
	if (r == 0 || r == ERR_NOTFOUND) {
		keep_salt(entry, writes, answer);
		if (writes)
			cache_mark(answered); /* for those who wait */
	}
	return r;
}

static int
ask(const struct other *o, const char *op, const struct credential *c,
    struct lines *answer, struct err *err)
{
	return ask_by(o, op, c, io_now_ms() + STORE_TIMEOUT_MS, answer, err);
}

/* Have what is over deleted, if it still is so when it is our turn. */
static void
sweep(const struct other *o, const struct credential *pattern, int64_t deadline)
{
	const struct other nobody = {.tool = o->tool};
	LINES a = LINES_INIT;
	struct err ignored = ERR_INIT;

	(void)ask_by(
	    &nobody, "credential-sweep", pattern, deadline, &a, &ignored);
}

int
other_get(const struct other *o, const struct credential *pattern,
    struct credential *ret, struct err *err)
{
	LINES a = LINES_INIT;
	int64_t deadline = io_now_ms() + STORE_TIMEOUT_MS;
	size_t pos = 0;
	int r;

	r = ask_by(o, "credential-get", pattern, deadline, &a, err);
	if ((r == 0 || r == ERR_NOTFOUND) && lines_get(&a, "over") != NULL &&
	    deadline - io_now_ms() > ANSWER_MS)
		sweep(o, pattern, deadline);
	if (r < 0)
		return r;
	while (pos < a.n && strcmp(a.field[pos].key, "item[]") != 0)
		pos++;
	if (pos == a.n)
		return err_set(
		    err, ERR_INTERNAL, "tokenring-secret gave no credential");
	pos++;
	return credential_read(ret, &a, &pos, err);
}

int
other_store(const struct other *o, const struct credential *c, struct err *err)
{
	LINES a = LINES_INIT;

	return ask(o, "credential-store", c, &a, err);
}

int
other_erase(
    const struct other *o, const struct credential *pattern, struct err *err)
{
	LINES a = LINES_INIT;

	return ask(o, "credential-erase", pattern, &a, err);
}

int
other_list(
    const struct other *o, other_visit *visit, void *arg, struct err *err)
{
	LINES a = LINES_INIT;
	CREDENTIAL c = CREDENTIAL_INIT;
	size_t pos = 0;

	if (ask(o, "credential-list", NULL, &a, err) < 0)
		return err->code;
	while (pos < a.n && strcmp(a.field[pos].key, "item[]") != 0)
		pos++;
	while (pos < a.n) {
		pos++;
		if (credential_read(&c, &a, &pos, err) < 0)
			return err->code;
		visit(&c, arg);
	}
	return 0;
}
