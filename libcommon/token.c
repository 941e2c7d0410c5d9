/* SPDX-License-Identifier: MIT */
#include "token.h"

#include <stdio.h>
#include <string.h>

/* 0 for times that make no sense together. */
static int64_t
life(const struct token *t)
{
	int64_t seconds;

	if (__builtin_sub_overflow(t->expires_at, t->obtained_at, &seconds) ||
	    seconds < 0)
		return 0;
	return seconds;
}

bool
token_fresh(const struct token *t, int64_t now, int64_t min_valid)
{
	if (t->access_token.len == 0 || t->expires_at == 0 ||
	    t->obtained_at > now || life(t) == 0)
		return false;
	if (min_valid > life(t) / 2)
		min_valid = life(t) / 2;
	return t->expires_at > now && t->expires_at - now >= min_valid;
}

bool
token_aging(const struct token *t, int64_t now)
{
	return t->expires_at <= now || t->expires_at - now < life(t) / 5;
}

int
token_write(const struct token *t, struct secbuf *to, struct err *err)
{
	int r;

	if (strlen(t->access_token.ptr) != t->access_token.len)
		return err_set(err, ERR_PROTOCOL,
		    "access_token holds a control character");
	r = lines_add(to, "access_token", t->access_token.ptr, err);
	if (r == 0)
		r = lines_add(to, "token_type", t->type, err);
	if (r == 0 && t->expires_at != 0)
		r = lines_add_number(to, "expires_at", t->expires_at, err);
	if (r == 0)
		r = lines_add_number(to, "obtained_at", t->obtained_at, err);
	if (r == 0)
		r = lines_add_some(to, "instance", t->instance, err);
	if (r == 0)
		r = lines_add_some(to, "account", t->account, err);
	if (r == 0)
		r = lines_add_some(to, "scope", t->scope, err);
	return r;
}

int
token_message(const struct token *t, struct secbuf *to, struct err *err)
{
	int r = lines_begin(to, err);

	if (r == 0)
		r = token_write(t, to, err);
	return r == 0 ? lines_end(to, err) : r;
}

int
token_payload(const struct token *t, struct secbuf *to, struct err *err)
{
	int r = token_message(t, to, err);

	if (r == 0)
		secbuf_cut(to, to->len - 1);
	return r;
}

static int
copy(char *to, size_t size, const struct lines *from, const char *key,
    struct err *err)
{
	const char *v = lines_get(from, key);

	to[0] = '\0';
	if (v != NULL && snprintf(to, size, "%s", v) >= (int)size)
		return err_set(err, ERR_PROTOCOL, "%s is too long", key);
	return 0;
}

static int
copy_secret(struct secbuf *to, const struct lines *from, const char *key,
    struct err *err)
{
	const char *v = lines_get(from, key);

	secbuf_reset(to);
	if (v == NULL)
		return 0;
	if (strlen(v) > to->max)
		return err_set(err, ERR_PROTOCOL, "%s is longer than %zu bytes",
		    key, to->max);
	if (secbuf_addstr(to, v) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

int
token_read(struct token *t, const struct lines *from, struct err *err)
{
	int r;

	r = copy_secret(&t->access_token, from, "access_token", err);
	if (r == 0)
		r = copy_secret(&t->refresh_token, from, "refresh_token", err);
	if (r == 0)
		r = copy(t->type, sizeof(t->type), from, "token_type", err);
	if (r == 0)
		r = copy(
		    t->instance, sizeof(t->instance), from, "instance", err);
	if (r == 0)
		r = copy(t->account, sizeof(t->account), from, "account", err);
	if (r == 0)
		r = copy(t->scope, sizeof(t->scope), from, "scope", err);
	t->obtained_at = lines_number(from, "obtained_at", 0);
	t->expires_at = lines_number(from, "expires_at", 0);
	t->refresh_expires_at = lines_number(from, "refresh_expires_at", 0);
	return r;
}

void
token_move(struct token *to, struct token *from)
{
	struct secbuf access = to->access_token, refresh = to->refresh_token;

	secbuf_move(&access, &from->access_token);
	secbuf_move(&refresh, &from->refresh_token);
	*to = *from;
	to->access_token = access;
	to->refresh_token = refresh;
}

void
token_release(struct token *t)
{
	secbuf_release(&t->access_token);
	secbuf_release(&t->refresh_token);
}
