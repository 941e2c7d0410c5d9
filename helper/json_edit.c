/* SPDX-License-Identifier: MIT */
#include "json_edit.h"

#include <stdio.h>
#include <string.h>

#include "dialect.h"
#include "json_out.h"
#include "text_edit.h"

/* Where things are in the text of one object; offsets of its bytes. */
struct object {
	size_t open, close; /* of its braces */
	size_t members;
	size_t first;    /* the first member's start */
	size_t last_end; /* behind the last member's value */
	bool found;
	size_t key, value, end; /* the member that was looked for */
	size_t before;          /* behind the member before it; else open + 1 */
	size_t next;            /* the start of the one after it; 0: none */
};

static size_t
skip_blanks(const struct secbuf *text, size_t at)
{
	return at + strspn(text->ptr + at, " \t\r\n");
}

/* Behind the JSON value that begins here; *ret is for json_object_put. */
static int
skip_value(const struct secbuf *text, size_t *at, struct json_object **ret,
    struct err *err)
{
	struct json_tokener *parser = json_tokener_new_ex(DIALECT_DEPTH_MAX);
	enum json_tokener_error e;

	if (parser == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	json_tokener_set_flags(
	    parser, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	*ret = json_tokener_parse_ex(
	    parser, text->ptr + *at, (int)(text->len - *at));
	e = json_tokener_get_error(parser);
	*at += json_tokener_get_parse_end(parser);
	/* It may have taken the blanks behind a value too. */
	while (strchr(" \t\r\n", text->ptr[*at - 1]) != NULL)
		(*at)--;
	if (parser->pb != NULL)
		explicit_bzero(parser->pb->buf, (size_t)parser->pb->size);
	json_tokener_free(parser);
	return e == json_tokener_success
		   ? 0
		   : err_set(err, ERR_PROTOCOL, "not JSON at byte %zu", *at);
}

static int
expect(const struct secbuf *text, size_t *at, char c, struct err *err)
{
	*at = skip_blanks(text, *at);
	if (text->ptr[*at] != c)
		return err_set(
		    err, ERR_PROTOCOL, "no '%c' at byte %zu", c, *at);
	(*at)++;
	return 0;
}

/* One member; where it is goes into `o`. */
static int
walk_member(const struct secbuf *text, size_t *at, const char *key,
    struct object *o, struct err *err)
{
	struct json_object *name = NULL, *value = NULL;
	size_t start = *at, begin;
	bool same;
	int r;

	r = skip_value(text, at, &name, err);
	same = r == 0 && json_object_is_type(name, json_type_string) &&
	       (size_t)json_object_get_string_len(name) == strlen(key) &&
	       strcmp(json_object_get_string(name), key) == 0;
	if (r == 0 && !json_object_is_type(name, json_type_string))
		r = err_set(err, ERR_PROTOCOL, "no key at byte %zu", start);
	json_object_put(name);
	if (r < 0 || expect(text, at, ':', err) < 0)
		return err->code;
	begin = *at = skip_blanks(text, *at);
	if (skip_value(text, at, &value, err) < 0)
		return err->code;
	json_object_put(value);
	if (o->found && o->next == 0)
		o->next = start;
	if (same) {
		o->found = true;
		o->key = start;
		o->value = begin;
		o->end = *at;
		o->before = o->members > 0 ? o->last_end : o->open + 1;
		o->next = 0;
	}
	if (o->members++ == 0)
		o->first = start;
	o->last_end = *at;
	return 0;
}

static int
walk(const struct secbuf *text, size_t at, const char *key, struct object *o,
    struct err *err)
{
	memset(o, 0, sizeof(*o));
	if (expect(text, &at, '{', err) < 0)
		return err->code;
	o->open = at - 1;
	at = skip_blanks(text, at);
	while (text->ptr[at] != '}') {
		if (o->members > 0 && expect(text, &at, ',', err) < 0)
			return err->code;
		at = skip_blanks(text, at);
		if (walk_member(text, &at, key, o, err) < 0)
			return err->code;
		at = skip_blanks(text, at);
	}
	o->close = at;
	return 0;
}

static int
find(const struct secbuf *text, const char *outer, const char *key,
    struct object *o, struct err *err)
{
	size_t at = 0;

	if (outer != NULL) {
		if (walk(text, 0, outer, o, err) < 0)
			return err->code;
		if (!o->found)
			return err_set(
			    err, ERR_PROTOCOL, "there is no \"%s\"", outer);
		at = o->value;
	}
	if (walk(text, at, key, o, err) < 0)
		return outer != NULL ? err_wrap(err, "\"%s\"", outer)
				     : err->code;
	return 0;
}

/* The blanks at the start of the line that the byte is in. */
static size_t
indent_of(const struct secbuf *text, size_t at, const char **ret)
{
	while (at > 0 && text->ptr[at - 1] != '\n')
		at--;
	*ret = text->ptr + at;
	return strspn(*ret, " \t");
}

/* The first member of an empty object: on a line of its own, unless the file
   has just one line with something in it. */
static int
fill(struct secbuf *text, const struct object *o, const char *member,
    struct err *err)
{
	SECBUF with = SECBUF_INIT(text->max);
	const char *indent;
	size_t n = indent_of(text, o->open, &indent);
	bool lines = strchr(text->ptr, '\n') != NULL ||
		     (o->open == 0 && o->close + 1 == text->len);

	if (!lines)
		return text_splice(text, o->open + 1, o->close, member, err);
	if (secbuf_addstr(&with, "\n") < 0 ||
	    secbuf_add(&with, indent, n) < 0 ||
	    (n > 0 && indent[0] == ' ' ? secbuf_add(&with, indent, n)
				       : secbuf_addstr(&with, "\t")) < 0 ||
	    secbuf_addstr(&with, member) < 0 ||
	    secbuf_addstr(&with, "\n") < 0 || secbuf_add(&with, indent, n) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return text_splice(text, o->open + 1, o->close, with.ptr, err);
}

int
json_edit_set(struct secbuf *text, const char *outer, const char *key,
    const char *value, struct err *err)
{
	SECBUF member = SECBUF_INIT(text->max);
	SECBUF with = SECBUF_INIT(text->max);
	struct object o;

	if (find(text, outer, key, &o, err) < 0)
		return err->code;
	if (o.found)
		return text_splice(text, o.value, o.end, value, err);
	if (json_out_string(&member, key) < 0 ||
	    secbuf_addstr(&member, ": ") < 0 ||
	    secbuf_addstr(&member, value) < 0 ||
	    secbuf_addstr(&with, ",") < 0 ||
	    secbuf_add(&with, text->ptr + o.open + 1,
		o.first > 0 ? o.first - o.open - 1 : 0) < 0 ||
	    secbuf_addstr(&with, member.ptr) < 0)
		return err_set(err, ERR_NOMEM, "the file would be too large");
	return o.members == 0
		   ? fill(text, &o, member.ptr, err)
		   : text_splice(text, o.last_end, o.last_end, with.ptr, err);
}

static int
remove_one(struct secbuf *text, const struct object *o, struct err *err)
{
	if (o->next != 0)
		return text_splice(text, o->key, o->next, "", err);
	return o->members > 1
		   ? text_splice(text, o->before, o->end, "", err)
		   : text_splice(text, o->open + 1, o->close, "", err);
}

int
json_edit_remove(
    struct secbuf *text, const char *outer, const char *key, struct err *err)
{
	struct object o;

	/* A key may be there more than once (RFC 8259, 4). */
	do {
		if (find(text, outer, key, &o, err) < 0 ||
		    (o.found && remove_one(text, &o, err) < 0))
			return err->code;
	} while (o.found);
	return 0;
}
