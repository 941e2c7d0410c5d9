/* SPDX-License-Identifier: MIT */
#include "jwt.h"

#include <json-c/json.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 16

static void
put_json(json_object **o)
{
	(void)json_object_put(*o);
}

static void
free_tokener(json_tokener **t)
{
	json_tokener_free(*t);
}

/* Append what base64 or base64url, padded or not, stands for. */
static int
decode(struct secbuf *to, const char *from, size_t len)
{
	SECBUF text = SECBUF_INIT(JWT_MAX + 4);
	size_t i, pad;
	char *out;
	int n;

	while (len > 0 && from[len - 1] == '=')
		len--;
	if (len == 0 || len > JWT_MAX || len % 4 == 1 ||
	    secbuf_add(&text, from, len) < 0)
		return -1;
	for (i = 0; i < len; i++)
		if (text.ptr[i] == '-')
			text.ptr[i] = '+';
		else if (text.ptr[i] == '_')
			text.ptr[i] = '/';
	pad = (4 - len % 4) % 4;
	if (secbuf_add(&text, "===", pad) < 0)
		return -1;
	out = secbuf_space(to, text.len / 4 * 3);
	if (out == NULL)
		return -1;
	n = EVP_DecodeBlock((unsigned char *)out,
	    (const unsigned char *)text.ptr, (int)text.len);
	if (n < (int)pad)
		return -1;
	secbuf_grown(to, (size_t)n - pad);
	return 0;
}

/* The second of exactly three parts. */
static bool
find_claims(const char *s, size_t len, const char **part, size_t *part_len)
{
	const char *dot = memchr(s, '.', len), *end;
	size_t left;

	if (dot == NULL)
		return false;
	left = len - (size_t)(dot + 1 - s);
	end = memchr(dot + 1, '.', left);
	if (end == NULL ||
	    memchr(end + 1, '.', left - (size_t)(end - dot)) != NULL)
		return false;
	*part = dot + 1;
	*part_len = (size_t)(end - dot) - 1;
	return true;
}

static int64_t
read_exp(const struct secbuf *claims)
{
	CLEANUP(free_tokener) json_tokener *t = json_tokener_new_ex(DEPTH_MAX);
	CLEANUP(put_json) json_object *o = NULL;
	json_object *exp;
	double v;

	if (t == NULL)
		return 0;
	o = json_tokener_parse_ex(t, claims->ptr, (int)claims->len + 1);
	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, "exp", &exp) ||
	    (!json_object_is_type(exp, json_type_int) &&
		!json_object_is_type(exp, json_type_double)))
		return 0;
	v = json_object_get_double(exp);
	return v > 0 && v < 1e11 ? (int64_t)v : 0;
}

int64_t
jwt_exp(const struct secbuf *bearer)
{
	SECBUF inner = SECBUF_INIT(JWT_MAX);
	SECBUF claims = SECBUF_INIT(JWT_MAX);
	const char *part;
	size_t len;

	if (bearer->len > JWT_MAX)
		return 0;
	if (!find_claims(bearer->ptr, bearer->len, &part, &len) &&
	    (decode(&inner, bearer->ptr, bearer->len) < 0 ||
		!find_claims(inner.ptr, inner.len, &part, &len)))
		return 0;
	return decode(&claims, part, len) < 0 ? 0 : read_exp(&claims);
}
