/* SPDX-License-Identifier: MIT */
#include "ini.h"

#include <stdbool.h>
#include <string.h>

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *
skip_blanks(char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

static void
cut_blanks(char *start, char *end)
{
	while (end > start && is_blank(end[-1]))
		end--;
	*end = '\0';
}

static const char *
key_fault(const char *key)
{
	const char *p;

	if (*key == '\0')
		return "nothing stands before the '='";
	for (p = key; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || *p == '_'))
			return "a key has lower-case letters and '_' only";
	return NULL;
}

static const char *
value_fault(const char *value)
{
	const char *p;

	for (p = value; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return "the value holds a control character";
		if ((p == value || p[-1] == ' ') && (*p == '#' || *p == ';'))
			return "a comment cannot stand behind a value; give it "
			       "a line of its own";
	}
	if (*value == '"' || *value == '\'')
		return "values are not quoted; write it without quotation "
		       "marks";
	return NULL;
}

static void
parse_section(char *p, int line, const struct ini_handler *h, void *ctx)
{
	char *end = strchr(p, ']'), *name;

	if (end == NULL || *skip_blanks(end + 1) != '\0') {
		h->fault(ctx, line, NULL, "not of the form '[profile NAME]'");
		return;
	}
	*end = '\0';
	p = skip_blanks(p + 1);
	cut_blanks(p, end);
	name = strpbrk(p, " \t");
	if (name != NULL) {
		*name = '\0';
		name = skip_blanks(name + 1);
	}
	h->section(ctx, line, p, name);
}

static void
parse_pair(char *p, int line, const struct ini_handler *h, void *ctx)
{
	char *eq = strchr(p, '='), *value;
	const char *fault;

	if (eq == NULL) {
		h->fault(ctx, line, NULL,
		    "not 'key = value', a section or a comment");
		return;
	}
	value = skip_blanks(eq + 1);
	cut_blanks(value, value + strlen(value));
	cut_blanks(p, eq);
	fault = key_fault(p);
	if (fault != NULL) {
		h->fault(ctx, line, NULL, fault);
		return;
	}
	fault = value_fault(value);
	if (fault != NULL)
		h->fault(ctx, line, p, fault);
	else
		h->pair(ctx, line, p, value);
}

static void
parse_line(
    char *p, size_t len, int line, const struct ini_handler *h, void *ctx)
{
	if (len > INI_LINE_MAX) {
		h->fault(ctx, line, NULL, "the line is longer than 4096 bytes");
		return;
	}
	if (memchr(p, '\0', len) != NULL) {
		h->fault(ctx, line, NULL, "the line holds a NUL character");
		return;
	}
	if (line == 1 && strncmp(p, "\xef\xbb\xbf", 3) == 0) {
		h->fault(ctx, line, NULL,
		    "the file begins with a byte order "
		    "mark; save it as plain UTF-8");
		return;
	}
	if (len > 0 && p[len - 1] == '\r') {
		h->fault(ctx, line, NULL,
		    "the line ends with a carriage "
		    "return (a file from Windows?)");
		return;
	}
	p = skip_blanks(p);
	if (*p == '\0' || *p == '#' || *p == ';')
		return;
	if (*p == '[')
		parse_section(p, line, h, ctx);
	else
		parse_pair(p, line, h, ctx);
}

void
ini_parse(char *text, size_t len, const struct ini_handler *h, void *ctx)
{
	char *p = text, *stop = text + len, *lf;
	int line = 0;

	while (p < stop) {
		lf = memchr(p, '\n', (size_t)(stop - p));
		if (lf == NULL)
			lf = stop;
		*lf = '\0';
		parse_line(p, (size_t)(lf - p), ++line, h, ctx);
		p = lf + 1;
	}
}
