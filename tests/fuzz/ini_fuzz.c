/* SPDX-License-Identifier: MIT */
/* The grammar of the configuration. */
#include "fuzz.h"
#include "ini.h"

struct seen {
	int line;
};

static void
in_order(struct seen *s, int line)
{
	HOLDS(line > s->line);
	s->line = line;
}

static void
on_section(void *ctx, int line, const char *type, const char *name)
{
	in_order(ctx, line);
	HOLDS(strpbrk(type, " \t\n") == NULL);
	HOLDS(name == NULL || (*name != ' ' && *name != '\t'));
}

static void
on_pair(void *ctx, int line, const char *key, const char *value)
{
	size_t n;

	in_order(ctx, line);
	HOLDS(*key != '\0' &&
	      strspn(key, "abcdefghijklmnopqrstuvwxyz_") == strlen(key));
	n = strlen(value);
	HOLDS(n == 0 || (value[0] != ' ' && value[n - 1] != ' '));
	for (; *value != '\0'; value++)
		HOLDS((unsigned char)*value >= 0x20 && *value != 0x7f);
}

static void
on_fault(void *ctx, int line, const char *key, const char *text)
{
	in_order(ctx, line);
	if (key != NULL)
		fuzz_printable(key);
	fuzz_printable(text);
}

FUZZ(ini)
{
	static const struct ini_handler handler = {
	    on_section, on_pair, on_fault};
	char *text = fuzz_text(data, size);
	struct seen s = {0};

	ini_parse(text, size, &handler, &s);
	free(text);
}
