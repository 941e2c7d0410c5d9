/* SPDX-License-Identifier: MIT */
#include "credential.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_MAX 16384 /* bytes of a value in a line, three for each at most */

static const char *const keys[CREDENTIAL_FIELDS] = {
    [CREDENTIAL_TOOL] = "tool[]",
    [CREDENTIAL_PROTOCOL] = "protocol[]",
    [CREDENTIAL_HOST] = "host[]",
    [CREDENTIAL_PATH] = "path[]",
    [CREDENTIAL_USERNAME] = "username[]",
    [CREDENTIAL_URL] = "url[]",
    [CREDENTIAL_PASSWORD] = "password[]",
    [CREDENTIAL_AUTHTYPE] = "authtype[]",
    [CREDENTIAL_CREDENTIAL] = "credential[]",
    [CREDENTIAL_REFRESH_TOKEN] = "oauth_refresh_token[]",
    [CREDENTIAL_EXPIRES_AT] = "password_expiry_utc[]",
    [CREDENTIAL_FORGET_AT] = "forget_at[]",
    [CREDENTIAL_STORED_AT] = "stored_at[]",
};

void
credential_release(struct credential *c)
{
	int i;

	for (i = 0; i < CREDENTIAL_FIELDS; i++) {
		secbuf_release(&c->value[i]);
		c->has[i] = false;
	}
}

const char *
credential_get(const struct credential *c, enum credential_field field)
{
	return c->has[field] ? c->value[field].ptr : NULL;
}

int64_t
credential_number(
    const struct credential *c, enum credential_field field, int64_t missing)
{
	const char *s = credential_get(c, field);
	size_t n = s != NULL ? strlen(s) : 0;

	if (n == 0 || n > 18 || strspn(s, "0123456789") != n)
		return missing;
	return strtoll(s, NULL, 10);
}

int
credential_set(struct credential *c, enum credential_field field,
    const char *value, struct err *err)
{
	c->has[field] = value != NULL;
	secbuf_reset(&c->value[field]);
	if (value == NULL || secbuf_set(&c->value[field], value) == 0)
		return 0;
	c->has[field] = false;
	return err_set(err, ERR_PROTOCOL, "%.*s is longer than %d bytes",
	    (int)strlen(keys[field]) - 2, keys[field], CREDENTIAL_VALUE_MAX);
}

int
credential_set_number(struct credential *c, enum credential_field field,
    int64_t value, struct err *err)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	return credential_set(c, field, text, err);
}

bool
credential_same(const struct credential *a, const struct credential *b,
    enum credential_field field)
{
	return a->has[field] == b->has[field] &&
	       secbuf_equal(&a->value[field], &b->value[field]);
}

/* One line of at most CHUNK_MAX bytes of the value. */
static int
write_chunk(const char *key, const char *s, size_t len, struct secbuf *to,
    struct err *err)
{
	SECBUF line = SECBUF_INIT(3 * CHUNK_MAX + 1);
	char escape[4];
	size_t i;
	int r = 0;

	for (i = 0; i < len; i++) {
		unsigned char b = (unsigned char)s[i];

		if (b >= 0x20 && b != 0x7f && b != '%') {
			r |= secbuf_add(&line, &s[i], 1);
			continue;
		}
		(void)snprintf(escape, sizeof(escape), "%%%02X", b);
		r |= secbuf_add(&line, escape, 3);
	}
	if (r < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return lines_add(to, key, line.ptr, err);
}

int
credential_write(const struct credential *c, enum credential_field first,
    enum credential_field last, struct secbuf *to, struct err *err)
{
	size_t at, n, len;
	int i;

	for (i = (int)first; i <= (int)last; i++) {
		if (!c->has[i])
			continue;
		len = c->value[i].len;
		at = 0;
		do {
			n = len - at < CHUNK_MAX ? len - at : CHUNK_MAX;
			if (write_chunk(
				keys[i], c->value[i].ptr + at, n, to, err) < 0)
				return err->code;
			at += n;
		} while (at < len);
	}
	return 0;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Append what the line says; the only NUL is one that was written %00. */
static int
read_chunk(struct secbuf *to, const char *s)
{
	size_t n;
	char c;

	for (; *s != '\0'; s += n) {
		n = strcspn(s, "%");
		if (n > 0 && secbuf_add(to, s, n) < 0)
			return -1;
		if (s[n] == '\0')
			return 0;
		if (hex(s[n + 1]) < 0 || hex(s[n + 2]) < 0)
			return -1;
		c = (char)(hex(s[n + 1]) * 16 + hex(s[n + 2]));
		if (c == '\0' || secbuf_add(to, &c, 1) < 0)
			return -1;
		n += 3;
	}
	return 0;
}

int
credential_read(
    struct credential *ret, const struct lines *l, size_t *pos, struct err *err)
{
	const struct lines_field *f;
	int i;

	credential_release(ret);
	for (; *pos < l->n; (*pos)++) {
		f = &l->field[*pos];
		if (strcmp(f->key, "item[]") == 0)
			return 0;
		for (i = 0; i < CREDENTIAL_FIELDS; i++)
			if (strcmp(f->key, keys[i]) == 0)
				break;
		if (i == CREDENTIAL_FIELDS)
			continue;
		ret->has[i] = true;
		if (read_chunk(&ret->value[i], f->value) < 0)
			return err_set(err, ERR_PROTOCOL,
			    "%s: a value that is not of its form", f->key);
	}
	return 0;
}
