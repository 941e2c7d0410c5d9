/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool
is_list(const char *key)
{
	size_t n = strlen(key);

	return n > 2 && strcmp(key + n - 2, "[]") == 0;
}

static int
add_field(struct lines *l, const char *key, const char *value, struct err *err)
{
	struct lines_field *f = l->field;

	if (l->n >= LINES_FIELDS_MAX)
		return err_set(err, ERR_PROTOCOL, "too many lines");
	if (l->n % 32 == 0) {
		f = reallocarray(l->field, l->n + 32, sizeof(*f));
		if (f == NULL)
			return err_set(err, ERR_NOMEM, "out of memory");
		l->field = f;
	}
	f[l->n].key = key;
	f[l->n++].value = value;
	return 0;
}

/* The limit keeps the search for a repetition short. */
static int
check_key(
    const struct lines *l, const char *key, size_t number, struct err *err)
{
	size_t i, keys = 0;

	if (is_list(key))
		return 0;
	for (i = 0; i < l->n; i++) {
		if (strcmp(l->field[i].key, key) == 0)
			return err_set(err, ERR_PROTOCOL,
			    "line %zu: a repeated key", number);
		keys += !is_list(l->field[i].key);
	}
	if (keys >= LINES_KEYS_MAX)
		return err_set(
		    err, ERR_PROTOCOL, "line %zu: too many keys", number);
	return 0;
}

/* One line without its line feed; `len` may cover NULs that must be refused. */
static int
parse_line(struct lines *l, char *line, size_t len, enum lines_kind kind,
    size_t number, struct err *err)
{
	char *eq;
	size_t i;

	if (memchr(line, '\0', len) != NULL)
		return err_set(
		    err, ERR_PROTOCOL, "line %zu: a NUL character", number);
	eq = strchr(line, '=');
	if (eq == NULL || eq == line)
		return err_set(
		    err, ERR_PROTOCOL, "line %zu: not 'key=value'", number);
	*eq = '\0';
	for (i = 0; i < len; i++)
		if ((kind == LINES_MESSAGE || line + i < eq)
			? line + i != eq && is_control(line[i])
			: line[i] == '\r')
			return err_set(err, ERR_PROTOCOL,
			    "line %zu: a control character", number);
	if (kind == LINES_MESSAGE && check_key(l, line, number, err) < 0)
		return err->code;
	return add_field(l, line, eq + 1, err);
}

static int
check_frame(struct lines *l, struct err *err)
{
	if (l->n < 2 || strcmp(l->field[0].key, "version") != 0 ||
	    strcmp(l->field[l->n - 1].key, "end") != 0 ||
	    strcmp(l->field[l->n - 1].value, "ok") != 0)
		return err_set(err, ERR_PROTOCOL, "not a whole message");
	if (strcmp(l->field[0].value, "1") != 0)
		return err_set(
		    err, ERR_PROTOCOL, "a message of an unknown version");
	return 0;
}

int
lines_parse(struct lines *l, enum lines_kind kind, struct err *err)
{
	char *p = l->text.ptr, *stop = p + l->text.len, *lf;
	size_t number = 0, len;
	int r;

	l->n = 0;
	while (p < stop) {
		number++;
		lf = memchr(p, '\n', (size_t)(stop - p));
		len = (size_t)((lf != NULL ? lf : stop) - p);
		if (len + 1 > LINES_LINE_MAX)
			return err_set(err, ERR_PROTOCOL,
			    "line %zu: longer than %d bytes", number,
			    LINES_LINE_MAX);
		if (lf == NULL && kind == LINES_MESSAGE)
			return err_set(
			    err, ERR_PROTOCOL, "not a whole message");
		if (kind == LINES_GIT && lf != NULL && len > 0 &&
		    p[len - 1] == '\r')
			len--;
		if (kind == LINES_GIT && len == 0)
			return 0;
		p[len] = '\0';
		r = parse_line(l, p, len, kind, number, err);
		if (r < 0)
			return r;
		p = lf != NULL ? lf + 1 : stop;
	}
	return kind == LINES_MESSAGE ? check_frame(l, err) : 0;
}

/* Is there a blank line, that begins at *from or behind it? */
static bool
has_blank_line(const struct secbuf *text, size_t *from)
{
	const char *p = text->ptr + *from, *stop = text->ptr + text->len, *lf;

	for (; (lf = memchr(p, '\n', (size_t)(stop - p))) != NULL; p = lf + 1)
		if (lf == p || (lf == p + 1 && *p == '\r'))
			return true;
	*from = (size_t)(p - text->ptr);
	return false;
}

int
lines_read(struct lines *l, int fd, enum lines_kind kind, int64_t deadline,
    struct err *err)
{
	size_t line = 0;
	int r;

	secbuf_reset(&l->text);
	l->n = 0;
	do
		r = io_read_more(fd, &l->text, deadline, err);
	while (
	    r > 0 && (kind != LINES_GIT || !has_blank_line(&l->text, &line)));
	return r < 0 ? r : lines_parse(l, kind, err);
}

const char *
lines_get(const struct lines *l, const char *key)
{
	size_t i;

	for (i = l->n; i > 0; i--)
		if (strcmp(l->field[i - 1].key, key) == 0)
			return l->field[i - 1].value;
	return NULL;
}

int64_t
lines_number(const struct lines *l, const char *key, int64_t missing)
{
	const char *s = lines_get(l, key);
	char *end;
	int64_t v;

	if (s == NULL || (*s != '-' && (*s < '0' || *s > '9')))
		return missing;
	errno = 0;
	v = strtoimax(s, &end, 10);
	return errno != 0 || *end != '\0' ? missing : v;
}

void
lines_release(struct lines *l)
{
	secbuf_release(&l->text);
	free(l->field);
	l->field = NULL;
	l->n = 0;
}

int
lines_add(
    struct secbuf *to, const char *key, const char *value, struct err *err)
{
	size_t before = to->len, i;

	for (i = 0; value[i] != '\0'; i++)
		if (is_control(value[i]))
			return err_set(err, ERR_PROTOCOL,
			    "%s holds a control character", key);
	if (strlen(key) + i + 2 > LINES_LINE_MAX)
		return err_set(err, ERR_PROTOCOL, "%s is too long", key);
	if (secbuf_addstr(to, key) < 0 || secbuf_addstr(to, "=") < 0 ||
	    secbuf_addstr(to, value) < 0 || secbuf_addstr(to, "\n") < 0) {
		secbuf_cut(to, before);
		return err_set(err, ERR_NOMEM, "message too long");
	}
	return 0;
}

int
lines_add_number(
    struct secbuf *to, const char *key, int64_t value, struct err *err)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	return lines_add(to, key, text, err);
}

int
lines_add_some(
    struct secbuf *to, const char *key, const char *value, struct err *err)
{
	return value == NULL || *value == '\0' ? 0
					       : lines_add(to, key, value, err);
}

int
lines_begin(struct secbuf *to, struct err *err)
{
	return lines_add(to, "version", "1", err);
}

int
lines_end(struct secbuf *to, struct err *err)
{
	return lines_add(to, "end", "ok", err);
}
