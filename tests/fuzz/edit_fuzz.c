/* SPDX-License-Identifier: MIT */
/* Files of others, changed in one place and changed back. */
#include "dialect.h"
#include "fuzz.h"
#include "json_edit.h"
#include "yaml_edit.h"

#define LIMIT 1048576
#define NAME  "tokenring-of-the-fuzzer"

static struct json_object *
parse(const struct secbuf *text)
{
	struct json_object *o = NULL;
	struct err ignored = ERR_INIT;

	return dialect_parse(text, "it", &o, &ignored) == 0 ? o : NULL;
}

/* The object that the members are in. */
static struct json_object *
inner(struct json_object *o, const char *outer)
{
	struct json_object *v = o;

	if (outer != NULL && !json_object_object_get_ex(o, outer, &v))
		return NULL;
	return json_object_is_type(v, json_type_object) ? v : NULL;
}

/* Do both mean the same without the member?  Both are spent. */
static bool
same_but(struct json_object *a, struct json_object *b, const char *outer,
    const char *key)
{
	bool same;

	json_object_object_del(inner(a, outer), key);
	json_object_object_del(inner(b, outer), key);
	same = json_object_equal(a, b);
	json_object_put(a);
	json_object_put(b);
	return same;
}

static void
set_and_remove(const struct secbuf *was, const char *outer, const char *key)
{
	SECBUF text = SECBUF_INIT(LIMIT);
	struct err err = ERR_INIT;
	struct json_object *o, *v;
	bool empty, there;

	o = parse(was);
	HOLDS(secbuf_set(&text, was->ptr) == 0);
	if (o == NULL || inner(o, outer) == NULL) {
		(void)json_edit_set(&text, outer, key, "[1]", &err);
		json_object_put(o);
		return;
	}
	empty = json_object_object_length(inner(o, outer)) == 0;
	there = json_object_object_get_ex(inner(o, outer), key, &v);
	HOLDS(json_edit_set(&text, outer, key, "[1]", &err) == 0);
	o = (json_object_put(o), parse(&text));
	HOLDS(o != NULL && inner(o, outer) != NULL);
	HOLDS(json_object_object_get_ex(inner(o, outer), key, &v));
	HOLDS(strcmp(json_object_to_json_string_ext(v, 0), "[1]") == 0);
	HOLDS(same_but(o, parse(was), outer, key));
	HOLDS(json_edit_remove(&text, outer, key, &err) == 0);
	o = parse(&text);
	HOLDS(o != NULL && inner(o, outer) != NULL);
	HOLDS(!json_object_object_get_ex(inner(o, outer), key, &v));
	HOLDS(same_but(o, parse(was), outer, key));
	HOLDS(there || empty || secbuf_equal(&text, was));
}

/* An object with a name, the name of a member, and a file. */
FUZZ(json_edit)
{
	SECBUF was = SECBUF_INIT(LIMIT);
	char *outer = fuzz_line(&data, &size), *key = fuzz_line(&data, &size);
	char *text = fuzz_text(data, size);

	/* json-c takes a name's part before a NUL for all of it. */
	HOLDS(secbuf_set(&was, text) == 0);
	if (strstr(text, "\\u0000") == NULL &&
	    strspn(key, "abcdefghijklmnopqrstuvwxyz.:0123456789") ==
		strlen(key))
		set_and_remove(&was, *outer != '\0' ? outer : NULL, key);
	free(outer);
	free(key);
	free(text);
}

/* What is not in both, between what they begin and end with, of `a`. */
static const char *
difference(const struct secbuf *a, const struct secbuf *b, size_t *len)
{
	size_t min = a->len < b->len ? a->len : b->len, from = 0, end = 0;

	while (from < min && a->ptr[from] == b->ptr[from])
		from++;
	while (end < min - from &&
	       a->ptr[a->len - 1 - end] == b->ptr[b->len - 1 - end])
		end++;
	*len = a->len - from - end;
	return a->ptr + from;
}

/* Nothing but a part of one line has gone. */
static void
hold_the_rest(const struct secbuf *was, const struct secbuf *text)
{
	const char *gone;
	size_t n;

	gone = difference(was, text, &n);
	HOLDS(memchr(gone, '\n', n) == NULL);
}

static void
add_and_remove(const struct secbuf *was, const char *key)
{
	SECBUF text = SECBUF_INIT(LIMIT);
	SECBUF once = SECBUF_INIT(LIMIT);
	struct err err = ERR_INIT;
	int i;

	HOLDS(secbuf_set(&text, was->ptr) == 0);
	for (i = 0; i < 2; i++) {
		if (yaml_edit_add(&text, key,
			"name: \"" NAME "\"\n  user: {\"a\": 1}", &err) < 0)
			return;
		hold_the_rest(i == 0 ? was : &once, &text);
		HOLDS(strstr(text.ptr, NAME) != NULL);
		HOLDS(yaml_edit_remove(&text, key, NAME, &err) == 0);
		HOLDS(strstr(text.ptr, NAME) == NULL);
		hold_the_rest(was, &text);
		/* A list that was not there is there now, and that is all. */
		HOLDS(i == 0 || secbuf_equal(&text, &once));
		HOLDS(secbuf_set(&once, text.ptr) == 0);
	}
}

/* The name of a key, and a file. */
FUZZ(yaml_edit)
{
	SECBUF was = SECBUF_INIT(LIMIT);
	SECBUF text = SECBUF_INIT(LIMIT);
	char *key = fuzz_line(&data, &size), *all = fuzz_text(data, size);
	struct err err = ERR_INIT;

	HOLDS(secbuf_set(&was, all) == 0 && secbuf_set(&text, all) == 0);
	if (*key != '\0' && strpbrk(key, "\r: #-") == NULL &&
	    strstr(all, NAME) == NULL) {
		add_and_remove(&was, key);
		HOLDS(yaml_edit_set(&text, key, NAME, &err) == 0);
		hold_the_rest(&was, &text);
		HOLDS(strstr(text.ptr, ": " NAME) != NULL);
	}
	free(key);
	free(all);
}
