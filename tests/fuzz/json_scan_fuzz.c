/* SPDX-License-Identifier: MIT */
/*
 * JSON looked at in place against json-c, which builds a tree: what we take, it
 * takes too and sees the same in it; what it takes strictly and we do not is
 * one of its own liberties.
 */
#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>

#include "fuzz.h"
#include "json_scan.h"

/* One level more than ours, whose count begins elsewhere. */
static json_object *
parse(const char *data, size_t size)
{
	struct json_tokener *t = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	json_object *o;

	if (t == NULL)
		abort();
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	o = json_tokener_parse_ex(t, data, (int)size);
	/* A number may go on at the end: say that it does not. */
	if (o == NULL && json_tokener_get_error(t) == json_tokener_continue)
		o = json_tokener_parse_ex(t, "", -1);
	json_tokener_free(t);
	return o;
}

static bool
has(const char *data, size_t size, const char *what)
{
	return memmem(data, size, what, strlen(what)) != NULL;
}

/* How often `"key"` stands in the text, in a place of any kind. */
static size_t
times(const char *data, size_t size, const char *key)
{
	const char *p = data, *stop = data + size;
	char *quoted;
	size_t n = 0;

	if (asprintf(&quoted, "\"%s\"", key) < 0)
		abort();
	while ((p = memmem(p, (size_t)(stop - p), quoted, strlen(quoted))) !=
	       NULL) {
		n++;
		p++;
	}
	free(quoted);
	return n;
}

static void
same_value(struct json_span s, json_object *o)
{
	int64_t number;
	char *text;

	switch (json_object_get_type(o)) {
	case json_type_null:
		HOLDS(*s.at == 'n');
		break;
	case json_type_boolean:
		HOLDS(*s.at == (json_object_get_boolean(o) ? 't' : 'f'));
		break;
	case json_type_int:
		/* json-c keeps what fits nowhere at the limit. */
		if (json_number(s, &number))
			HOLDS(number == json_object_get_int64(o));
		break;
	case json_type_double:
		HOLDS(!json_number(s, &number));
		break;
	case json_type_array:
		HOLDS(*s.at == '[');
		break;
	case json_type_object:
		HOLDS(*s.at == '{');
		break;
	case json_type_string:
		HOLDS(*s.at == '"' && !json_number(s, &number));
		text = malloc(s.len);
		if (text == NULL)
			abort();
		HOLDS(json_text(s, text, s.len));
		if (!has(s.at, s.len, "\\u"))
			HOLDS(strcmp(text, json_object_get_string(o)) == 0);
		free(text);
		break;
	}
}

static void
same_members(struct json_span s, json_object *o)
{
	struct json_span one;

	json_object_object_foreach(o, key, value)
	{
		bool found = json_member(s, key, &one);

		/* A name that is written with escapes is another one to us. */
		HOLDS(found || has(s.at, s.len, "\\"));
		if (found && times(s.at, s.len, key) == 1 &&
		    !has(s.at, s.len, "\\"))
			same_value(one, value);
	}
}

static void
same_elements(struct json_span s, json_object *o)
{
	struct json_span one, again;
	size_t pos = 0, n;

	for (n = 0; json_next(s, &pos, &one); n++) {
		HOLDS(n < json_object_array_length(o));
		HOLDS(json_scan(one.at, one.len, &again));
		HOLDS(again.at == one.at && again.len == one.len);
		same_value(one, json_object_array_get_idx(o, n));
	}
	HOLDS(n == json_object_array_length(o));
}

/* Where json-c is more liberal than RFC 8259, even when it is strict. */
static bool
is_liberty(const char *data, size_t size)
{
	/* Numbers of other forms, words in any case, comments. */
	static const char odd[] = "0-+.eENI/";
	size_t i;

	for (i = 0; i < size; i++)
		if ((unsigned char)data[i] < 0x20 ||
		    strchr(odd, data[i]) != NULL)
			return true;
	return false;
}

FUZZ(json_scan)
{
	char *copy = malloc(size > 0 ? size : 1); /* its end is an end */
	struct json_span s, ignored;
	json_object *o;
	bool ours;

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	ours = json_scan(copy, size, &s);
	o = parse(copy, size);
	if (ours) {
		HOLDS(s.at >= copy && s.at + s.len <= copy + size);
		/* NULL is also how json-c says null. */
		HOLDS(o != NULL || *s.at == 'n');
		same_value(s, o);
		if (json_object_is_type(o, json_type_object))
			same_members(s, o);
		else
			HOLDS(!json_member(s, "a", &ignored));
		if (json_object_is_type(o, json_type_array))
			same_elements(s, o);
	} else if (o != NULL) {
		HOLDS(is_liberty(copy, size));
	}
	json_object_put(o);
	free(copy);
}
