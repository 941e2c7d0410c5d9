/* SPDX-License-Identifier: MIT */
#include "json_scan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char *skip_value(const char *p, const char *stop, int depth);

static const char *
skip_blanks(const char *p, const char *stop)
{
	while (
	    p < stop && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

/* Each of these returns what is behind the thing at `p`, or NULL. */

static const char *
skip_escape(const char *p, const char *stop)
{
	int i;

	if (p == stop)
		return NULL;
	if (*p != 'u')
		return strchr("\"\\/bfnrt", *p) != NULL && *p != '\0' ? p + 1
								      : NULL;
	for (i = 1; i <= 4; i++)
		if (stop - p <= i || p[i] == '\0' ||
		    strchr("0123456789abcdefABCDEF", p[i]) == NULL)
			return NULL;
	return p + 5;
}

static const char *
skip_string(const char *p, const char *stop)
{
	if (p == stop || *p++ != '"')
		return NULL;
	while (p != NULL && p < stop) {
		if (*p == '"')
			return p + 1;
		if ((unsigned char)*p < 0x20)
			return NULL;
		p = *p == '\\' ? skip_escape(p + 1, stop) : p + 1;
	}
	return NULL;
}

static const char *
skip_digits(const char *p, const char *stop)
{
	const char *begin = p;

	while (p < stop && *p >= '0' && *p <= '9')
		p++;
	return p > begin ? p : NULL;
}

static const char *
skip_number(const char *p, const char *stop)
{
	const char *digits;

	if (p < stop && *p == '-')
		p++;
	digits = p;
	p = skip_digits(p, stop);
	if (p == NULL || (*digits == '0' && p > digits + 1))
		return NULL;
	if (p < stop && *p == '.')
		p = skip_digits(p + 1, stop);
	if (p != NULL && p < stop && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < stop && (*p == '+' || *p == '-'))
			p++;
		p = skip_digits(p, stop);
	}
	return p;
}

static const char *
skip_word(const char *p, const char *stop)
{
	static const char *const words[] = {"true", "false", "null"};
	size_t i, n;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		n = strlen(words[i]);
		if ((size_t)(stop - p) >= n && memcmp(p, words[i], n) == 0)
			return p + n;
	}
	return NULL;
}

/* `"name" :`, up to the value. */
static const char *
skip_name(const char *p, const char *stop)
{
	p = skip_string(p, stop);
	if (p == NULL)
		return NULL;
	p = skip_blanks(p, stop);
	return p < stop && *p == ':' ? skip_blanks(p + 1, stop) : NULL;
}

static const char *
skip_group(const char *p, const char *stop, int depth)
{
	char close = *p == '{' ? '}' : ']';

	p = skip_blanks(p + 1, stop);
	if (p < stop && *p == close)
		return p + 1;
	while (p < stop) {
		if (close == '}')
			p = skip_name(p, stop);
		if (p != NULL)
			p = skip_value(p, stop, depth);
		if (p == NULL)
			return NULL;
		p = skip_blanks(p, stop);
		if (p < stop && *p == close)
			return p + 1;
		if (p == stop || *p != ',')
			return NULL;
		p = skip_blanks(p + 1, stop);
	}
	return NULL;
}

static const char *
skip_value(const char *p, const char *stop, int depth)
{
	if (p == stop || depth == JSON_DEPTH_MAX)
		return NULL;
	if (*p == '{' || *p == '[')
		return skip_group(p, stop, depth + 1);
	if (*p == '"')
		return skip_string(p, stop);
	if (*p == '-' || (*p >= '0' && *p <= '9'))
		return skip_number(p, stop);
	return skip_word(p, stop);
}

bool
json_scan(const char *text, size_t len, struct json_span *ret)
{
	const char *stop = text + len, *end;

	ret->at = skip_blanks(text, stop);
	end = skip_value(ret->at, stop, 0);
	if (end == NULL || skip_blanks(end, stop) != stop)
		return false;
	ret->len = (size_t)(end - ret->at);
	return true;
}

/* From one entry of a group to the next; `p` is behind a value. */
static const char *
skip_comma(const char *p, const char *stop)
{
	p = skip_blanks(p, stop);
	return p < stop && *p == ',' ? skip_blanks(p + 1, stop) : p;
}

bool
json_member(struct json_span object, const char *name, struct json_span *ret)
{
	const char *stop = object.at + object.len, *p, *value;
	size_t n = strlen(name);

	if (*object.at != '{')
		return false;
	for (p = skip_blanks(object.at + 1, stop); p < stop && *p == '"';) {
		value = skip_name(p, stop);
		ret->at = value;
		if (value == NULL ||
		    (value = skip_value(value, stop, 0)) == NULL)
			return false;
		ret->len = (size_t)(value - ret->at);
		if (strncmp(p + 1, name, n) == 0 && p[n + 1] == '"')
			return true;
		p = skip_comma(value, stop);
	}
	return false;
}

bool
json_next(struct json_span array, size_t *pos, struct json_span *ret)
{
	const char *stop = array.at + array.len, *p = array.at + *pos;

	if (*array.at != '[')
		return false;
	p = skip_blanks(*pos == 0 ? p + 1 : p, stop);
	ret->at = p;
	if (p == stop || *p == ']' || (p = skip_value(p, stop, 0)) == NULL)
		return false;
	ret->len = (size_t)(p - ret->at);
	*pos = (size_t)(skip_comma(p, stop) - array.at);
	return true;
}

/* What stands behind a backslash. */
static char
escaped(const char **p)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *at;
	unsigned c;

	if (**p == 'u') {
		c = (unsigned)strtoumax(
		    (char[]){(*p)[1], (*p)[2], (*p)[3], (*p)[4], '\0'}, NULL,
		    16);
		*p += 4;
		return c > 0 && c < 0x80 ? (char)c : '?';
	}
	at = strchr(from, **p);
	return at != NULL ? to[at - from] : **p;
}

bool
json_text(struct json_span value, char *ret, size_t size)
{
	const char *p = value.at, *stop = p + value.len;
	size_t n = 0;

	ret[0] = '\0';
	if (*p != '"') {
		if (skip_digits(p, stop) != stop || value.len >= size)
			return false;
		memcpy(ret, p, value.len);
		ret[value.len] = '\0';
		return true;
	}
	for (p++; p < stop - 1; p++) {
		if (n + 1 >= size) {
			ret[0] = '\0';
			return false;
		}
		if (*p == '\\') {
			p++;
			ret[n++] = escaped(&p);
		} else {
			ret[n++] = *p;
		}
	}
	ret[n] = '\0';
	return true;
}

bool
json_number(struct json_span value, int64_t *ret)
{
	char text[24], *end;

	if (value.len >= sizeof(text) ||
	    (*value.at != '-' && (*value.at < '0' || *value.at > '9')))
		return false;
	memcpy(text, value.at, value.len);
	text[value.len] = '\0';
	errno = 0;
	*ret = strtoimax(text, &end, 10);
	return errno == 0 && *end == '\0';
}
