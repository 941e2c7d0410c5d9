/* SPDX-License-Identifier: MIT */
#include "secbuf.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

char secbuf_empty[1];

char *
secbuf_space(struct secbuf *b, size_t len)
{
	size_t need, cap;
	char *p;

	if (len > b->max || b->len > b->max - len || len >= SIZE_MAX - b->len)
		return NULL;
	need = b->len + len + 1;
	if (need <= b->cap)
		return b->ptr + b->len;
	cap = b->cap == 0 ? 64 : b->cap;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap - 1 > b->max)
		cap = b->max + 1;
	p = malloc(cap);
	if (p == NULL)
		return NULL;
	memcpy(p, b->ptr, b->len + 1);
	if (b->cap > 0) {
		explicit_bzero(b->ptr, b->cap);
		free(b->ptr);
	}
	b->ptr = p;
	b->cap = cap;
	return p + b->len;
}

void
secbuf_grown(struct secbuf *b, size_t len)
{
	assert(len < b->cap - b->len);
	b->len += len;
	b->ptr[b->len] = '\0';
}

int
secbuf_add(struct secbuf *b, const void *data, size_t len)
{
	char *to;

	if (len == 0)
		return 0;
	to = secbuf_space(b, len);
	if (to == NULL)
		return -1;
	memcpy(to, data, len);
	secbuf_grown(b, len);
	return 0;
}

int
secbuf_addstr(struct secbuf *b, const char *s)
{
	return secbuf_add(b, s, strlen(s));
}

int
secbuf_set(struct secbuf *b, const char *s)
{
	secbuf_reset(b);
	return secbuf_addstr(b, s);
}

void
secbuf_cut(struct secbuf *b, size_t len)
{
	if (len >= b->len)
		return;
	explicit_bzero(b->ptr + len, b->len - len);
	b->len = len;
}

int
secbuf_splice(struct secbuf *b, size_t from, size_t to, const char *with)
{
	SECBUF all = SECBUF_INIT(b->max);

	if (secbuf_add(&all, b->ptr, from) < 0 ||
	    secbuf_addstr(&all, with) < 0 ||
	    secbuf_add(&all, b->ptr + to, b->len - to) < 0)
		return -1;
	secbuf_move(b, &all);
	return 0;
}

bool
secbuf_equal(const struct secbuf *a, const struct secbuf *b)
{
	volatile unsigned char diff = 0;
	size_t i;

	if (a->len != b->len)
		return false;
	for (i = 0; i < a->len; i++)
		diff |= (unsigned char)(a->ptr[i] ^ b->ptr[i]);
	return diff == 0;
}

void
secbuf_reset(struct secbuf *b)
{
	if (b->cap > 0)
		explicit_bzero(b->ptr, b->cap);
	b->len = 0;
}

void
secbuf_move(struct secbuf *to, struct secbuf *from)
{
	assert(from->len <= to->max);
	secbuf_release(to);
	to->ptr = from->ptr;
	to->len = from->len;
	to->cap = from->cap;
	from->ptr = secbuf_empty;
	from->len = 0;
	from->cap = 0;
}

void
secbuf_release(struct secbuf *b)
{
	secbuf_reset(b);
	if (b->cap > 0)
		free(b->ptr);
	b->ptr = secbuf_empty;
	b->cap = 0;
}
