/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "io.h"

#define NAME_MAX_BYTES 256 /* of a field's key, brackets included */

/* One field, taken apart; a value that was read from a file is in `text`. */
struct field {
	char name[NAME_MAX_BYTES + 1];
	const char *value;
	struct secbuf text;
	bool typed; /* -F, and not from a file */
};

static int
read_value(struct field *f, const char *path, struct err *err)
{
	int r = strcmp(path, "-") == 0
		    ? io_read_end(STDIN_FILENO, &f->text, IO_FOREVER, err)
		    : io_read_named(path, &f->text, err);

	if (r < 0)
		return err_wrap(err, "field '%s'", f->name);
	if (strlen(f->text.ptr) != f->text.len)
		return err_set(err, ERR_CONFIG,
		    "field '%s': the file holds a NUL character", f->name);
	f->value = f->text.ptr;
	f->typed = false;
	return 0;
}

static int
take(struct field *f, const struct option_item *item, struct err *err)
{
	const char *eq = strchr(item->text, '=');
	char shown[NAME_MAX_BYTES];
	size_t n;

	if (eq == NULL || eq == item->text)
		return err_set(err, ERR_CONFIG, "-%c wants KEY=VALUE, not '%s'",
		    item->letter,
		    err_printable(shown, sizeof(shown), item->text));
	n = (size_t)(eq - item->text);
	if (n > NAME_MAX_BYTES)
		return err_set(
		    err, ERR_CONFIG, "the key of a field is too long");
	memcpy(f->name, item->text, n);
	f->name[n] = '\0';
	f->value = eq + 1;
	f->typed = item->letter == 'F';
	secbuf_reset(&f->text);
	return f->typed && eq[1] == '@' ? read_value(f, eq + 2, err) : 0;
}

bool
api_fields_any(const struct options *o)
{
	size_t i;

	for (i = 0; i < o->items; i++)
		if (o->item[i].letter != 'H')
			return true;
	return false;
}

int
api_fields_query(const struct options *o, struct secbuf *url, struct err *err)
{
	SECBUF text = SECBUF_INIT(API_INPUT_MAX);
	struct field f = {.text = text};
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < o->items; i++) {
		if (o->item[i].letter == 'H')
			continue;
		r = take(&f, &o->item[i], err);
		if (r == 0)
			r = api_url_add(url, f.name, f.value, err);
	}
	secbuf_release(&f.text);
	return r;
}

/* --- JSON ------------------------------------------------------------------ */

static void
put_json(json_object **o)
{
	(void)json_object_put(*o);
}

/* A whole number as JSON writes it: 0 is one, 007 is a text. */
static bool
is_whole(const char *s)
{
	s += *s == '-';
	return *s != '\0' && strspn(s, "0123456789") == strlen(s) &&
	       (*s != '0' || s[1] == '\0');
}

static json_object *
make(const struct field *f)
{
	int64_t number;

	if (f->typed && strcmp(f->value, "true") == 0)
		return json_object_new_boolean(1);
	if (f->typed && strcmp(f->value, "false") == 0)
		return json_object_new_boolean(0);
	if (f->typed && is_whole(f->value)) {
		errno = 0;
		number = strtoimax(f->value, NULL, 10);
		/* What fits nowhere keeps its digits. */
		return errno == 0 ? json_object_new_int64(number)
				  : json_object_new_double_s(0, f->value);
	}
	return json_object_new_string(f->value);
}

static int
bad_name(const char *name, const char *why, struct err *err)
{
	char shown[NAME_MAX_BYTES + 1];

	return err_set(err, ERR_CONFIG, "field '%s': %s",
	    err_printable(shown, sizeof(shown), name), why);
}

/* The next part of "a[b][]" at *p into `part`; an element's is "". */
static bool
next_part(const char **p, char *part)
{
	bool inner = **p == '[';
	size_t n = strcspn(*p + inner, inner ? "]" : "[");

	memcpy(part, *p + inner, n);
	part[n] = '\0';
	*p += inner + n;
	if (inner && **p == ']')
		(*p)++;
	else if (inner)
		return false;
	return (**p == '\0' || **p == '[') &&
	       strpbrk(part, inner ? "[" : "]") == NULL;
}

/* Put `value` (ours from now on) at `part` of `o`. */
static int
put_at(json_object *o, const char *part, json_object *value)
{
	return *part == '\0' ? json_object_array_add(o, value)
			     : json_object_object_add(o, part, value);
}

/* What is at `part` of `o`, made if it is not there. */
static json_object *
descend(json_object *o, const char *part, json_type type)
{
	json_object *found = NULL;

	if (*part != '\0' && json_object_object_get_ex(o, part, &found))
		return json_object_get_type(found) == type ? found : NULL;
	found = type == json_type_array ? json_object_new_array()
					: json_object_new_object();
	if (found == NULL || put_at(o, part, found) < 0)
		return NULL;
	return found;
}

static int
place(json_object *root, const struct field *f, struct err *err)
{
	char part[NAME_MAX_BYTES + 1], next[NAME_MAX_BYTES + 1];
	const char *p = f->name;
	json_object *o = root, *value;

	if (*p == '[' || !next_part(&p, part) || *part == '\0')
		return bad_name(f->name, "not KEY, KEY[KEY] or KEY[]", err);
	while (*p != '\0') {
		if (!next_part(&p, next))
			return bad_name(
			    f->name, "not KEY, KEY[KEY] or KEY[]", err);
		o = descend(o, part,
		    *next == '\0' ? json_type_array : json_type_object);
		if (o == NULL)
			return bad_name(
			    f->name, "it is two different things", err);
		memcpy(part, next, sizeof(part));
	}
	if (*part != '\0' && json_object_object_get_ex(o, part, NULL))
		return bad_name(f->name, "it was given twice", err);
	value = f->typed && strcmp(f->value, "null") == 0 ? NULL : make(f);
	if (put_at(o, part, value) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

int
api_fields_json(const struct options *o, struct secbuf *ret, struct err *err)
{
	SECBUF text = SECBUF_INIT(API_INPUT_MAX);
	CLEANUP(put_json) json_object *root = json_object_new_object();
	struct field f = {.text = text};
	const char *json;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < o->items; i++) {
		if (o->item[i].letter == 'H')
			continue;
		r = take(&f, &o->item[i], err);
		if (r == 0)
			r = place(root, &f, err);
	}
	secbuf_release(&f.text);
	json = json_object_to_json_string_ext(
	    root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (r == 0 && (json == NULL || secbuf_addstr(ret, json) < 0))
		r = err_set(err, ERR_CONFIG, "the fields are too long");
	return r;
}
