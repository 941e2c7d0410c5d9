/* SPDX-License-Identifier: MIT */
#include "yaml_edit.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json_out.h"
#include "text_edit.h"

#define LINE_MAX_TEXT 1024
#define PLAIN                                                                  \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@/-"

/* Behind the line that begins at `at`. */
static size_t
next_line(const struct secbuf *text, size_t at)
{
	at += strcspn(text->ptr + at, "\n");
	return at + (text->ptr[at] == '\n');
}

/* Nothing but blanks and a comment up to the line's end? */
static bool
is_bare(const char *s)
{
	s += strspn(s, " \t\r");
	return *s == '\0' || *s == '\n' || *s == '#';
}

/* The line of a top-level key: where it begins, and where its value does. */
static bool
find_key(
    const struct secbuf *text, const char *key, size_t *start, size_t *value)
{
	size_t at, n = strlen(key);

	for (at = 0; at < text->len; at = next_line(text, at)) {
		if (strncmp(text->ptr + at, key, n) != 0 ||
		    text->ptr[at + n] != ':' ||
		    strchr(" \t\r\n", text->ptr[at + n + 1]) == NULL)
			continue;
		*start = at;
		*value = at + n + 1;
		return true;
	}
	return false;
}

/* The blanks before an item's dash, if the line is an item's first. */
static bool
is_item(const struct secbuf *text, size_t at, size_t *indent)
{
	*indent = strspn(text->ptr + at, " ");
	return text->ptr[at + *indent] == '-' &&
	       strchr(" \n\r", text->ptr[at + *indent + 1]) != NULL;
}

static int
end_line(struct secbuf *text, struct err *err)
{
	return text->len > 0 && text->ptr[text->len - 1] != '\n' &&
		       secbuf_addstr(text, "\n") < 0
		   ? err_set(err, ERR_NOMEM, "the file would be too large")
		   : 0;
}

/* The end of the item, or of the list: what is further in belongs to it. */
static size_t
item_end(const struct secbuf *text, size_t at, size_t indent)
{
	size_t end = next_line(text, at), next;

	for (next = end; next < text->len; next = next_line(text, next)) {
		if (is_bare(text->ptr + next))
			continue;
		if (strspn(text->ptr + next, " ") <= indent)
			break;
		end = next_line(text, next);
	}
	return end;
}

/* The first item's place and its blanks; `at` is behind the key's line. */
static size_t
first_item(const struct secbuf *text, size_t at, size_t *indent)
{
	while (at < text->len && is_bare(text->ptr + at))
		at = next_line(text, at);
	return at < text->len && is_item(text, at, indent) ? at : 0;
}

/* Does nothing but another top-level key come behind the list? */
static bool
is_end(const struct secbuf *text, size_t at)
{
	while (at < text->len && is_bare(text->ptr + at))
		at = next_line(text, at);
	return at >= text->len || strchr(" \t-", text->ptr[at]) == NULL;
}

static int
no_list(const char *key, struct err *err)
{
	return err_set(err, ERR_PROTOCOL,
	    "'%s' is not written as a list with a line an item", key);
}

static int
indented(const char *item, size_t indent, struct secbuf *to, struct err *err)
{
	char blanks[32];
	const char *p = item;
	size_t n;

	(void)snprintf(blanks, sizeof(blanks), "%*s",
	    (int)(indent < 16 ? indent : 16), "");
	for (; *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (secbuf_addstr(to, blanks) < 0 ||
		    secbuf_addstr(to, p == item ? "- " : "") < 0 ||
		    secbuf_add(to, p, n) < 0 || secbuf_addstr(to, "\n") < 0)
			return err_set(err, ERR_NOMEM, "out of memory");
	}
	return 0;
}

/* A list without items, in words, becomes one that can have them. */
static int
open_list(struct secbuf *text, const char *key, size_t *at, struct err *err)
{
	static const char *const empty[] = {"null", "[]", "~"};
	size_t start, value, i, n;
	const char *v;

	if (!find_key(text, key, &start, &value)) {
		if (end_line(text, err) < 0)
			return err->code;
		if (secbuf_addstr(text, key) < 0 ||
		    secbuf_addstr(text, ":\n") < 0)
			return err_set(err, ERR_NOMEM, "out of memory");
		*at = text->len;
		return 0;
	}
	v = text->ptr + value + strspn(text->ptr + value, " ");
	for (i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		n = strlen(empty[i]);
		if (strncmp(v, empty[i], n) != 0 || !is_bare(v + n))
			continue;
		if (text_splice(
			text, value, (size_t)(v - text->ptr) + n, "", err) < 0)
			return err->code;
		break; /* `v` is gone */
	}
	if (!is_bare(text->ptr + value))
		return no_list(key, err);
	*at = next_line(text, start);
	return 0;
}

int
yaml_edit_add(
    struct secbuf *text, const char *key, const char *item, struct err *err)
{
	SECBUF lines = SECBUF_INIT(text->max);
	size_t at = 0, first, indent = 0, other;

	if (open_list(text, key, &at, err) < 0)
		return err->code;
	first = first_item(text, at, &indent);
	if (first == 0)
		indent = 0;
	else
		for (at = first; at < text->len && is_item(text, at, &other) &&
				 other == indent;)
			at = item_end(text, at, indent);
	if (!is_end(text, at))
		return no_list(key, err);
	if (indented(item, indent, &lines, err) < 0)
		return err->code;
	/* A file without a line's end at its end stays one. */
	if (at == text->len && at > 0 && text->ptr[at - 1] != '\n') {
		secbuf_cut(&lines, lines.len - 1);
		if (secbuf_splice(&lines, 0, 0, "\n") < 0)
			return err_set(err, ERR_NOMEM, "out of memory");
	}
	return text_splice(text, at, at, lines.ptr, err);
}

/* A scalar as YAML has it, compared: plain, or in quotes. */
static bool
is_scalar(const char *s, const char *name)
{
	char line[LINE_MAX_TEXT];
	struct json_object *o;
	bool same;
	size_t n;

	s += strspn(s, " ");
	n = strcspn(s, "\r\n");
	while (n > 0 && s[n - 1] == ' ')
		n--;
	if (n >= sizeof(line))
		return false;
	(void)snprintf(line, sizeof(line), "%.*s", (int)n, s);
	if (*line == '\'' && n >= 2 && line[n - 1] == '\'') {
		line[n - 1] = '\0';
		return strcmp(line + 1, name) == 0;
	}
	if (*line != '"')
		return strcmp(line, name) == 0;
	o = json_tokener_parse(line);
	same = json_object_is_type(o, json_type_string) &&
	       strcmp(json_object_get_string(o), name) == 0;
	json_object_put(o);
	return same;
}

static bool
has_name(const struct secbuf *text, size_t at, size_t end, size_t indent,
    const char *name)
{
	const char *p;

	for (; at < end; at = next_line(text, at)) {
		p = text->ptr + at;
		if (strlen(p) > indent + 2 &&
		    strncmp(p + indent + 2, "name:", 5) == 0 &&
		    strspn(p, " -") == indent + 2 &&
		    is_scalar(p + indent + 7, name))
			return true;
	}
	return false;
}

int
yaml_edit_remove(
    struct secbuf *text, const char *key, const char *name, struct err *err)
{
	size_t at, start, value, end, indent = 0, other;

	if (!find_key(text, key, &start, &value))
		return err_set(err, ERR_PROTOCOL, "there is no '%s'", key);
	at = first_item(text, next_line(text, start), &indent);
	while (at != 0 && at < text->len && is_item(text, at, &other) &&
	       other == indent) {
		end = item_end(text, at, indent);
		if (has_name(text, at, end, indent, name))
			return text_splice(text,
			    at - (text->ptr[end - 1] != '\n'), end, "", err);
		at = end;
	}
	return err_set(
	    err, ERR_PROTOCOL, "'%s' has no item '%s' in lines", key, name);
}

/* Can it stand there without quotes, and be a string? */
static bool
is_plain(const char *s)
{
	static const char *const words[] = {
	    "null", "true", "false", "yes", "no", "on", "off", "y", "n"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(s, words[i]) == 0)
			return false;
	return (*s | 0x20) >= 'a' && (*s | 0x20) <= 'z' &&
	       strspn(s, PLAIN) == strlen(s);
}

/* Where a scalar on this line ends, before blanks and a comment. */
static size_t
scalar_end(const struct secbuf *text, size_t at)
{
	const char *s = text->ptr + at;
	size_t n = strcspn(s, "\r\n"), i;

	for (i = 0; i + 1 < n; i++)
		if (s[i] == ' ' && s[i + 1] == '#')
			n = i;
	while (n > 0 && s[n - 1] == ' ')
		n--;
	return at + n;
}

int
yaml_edit_set(
    struct secbuf *text, const char *key, const char *value, struct err *err)
{
	SECBUF line = SECBUF_INIT(text->max);
	size_t start, at;

	if (secbuf_addstr(&line, " ") < 0 ||
	    (is_plain(value) ? secbuf_addstr(&line, value)
			     : json_out_string(&line, value)) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (find_key(text, key, &start, &at))
		return text_splice(
		    text, at, scalar_end(text, at), line.ptr, err);
	if (end_line(text, err) < 0)
		return err->code;
	if (secbuf_addstr(text, key) < 0 || secbuf_addstr(text, ":") < 0 ||
	    secbuf_addstr(text, line.ptr) < 0 || secbuf_addstr(text, "\n") < 0)
		return err_set(err, ERR_NOMEM, "the file would be too large");
	return 0;
}
