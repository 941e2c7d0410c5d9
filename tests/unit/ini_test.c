/* SPDX-License-Identifier: MIT */
/* The grammar of tokenring.conf: every line as it is understood, or refused. */
#include "ini.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARK "hunter2" /* stands in every line that is refused */

#define NOT_PAIR "not 'key = value', a section or a comment"
#define NOT_SECT "not of the form '[profile NAME]'"
#define KEY_BAD  "a key has lower-case letters and '_' only"
#define COMMENT                                                                \
	"a comment cannot stand behind a value; give it a line of its own"
#define CONTROL "the value holds a control character"
#define QUOTES  "values are not quoted; write it without quotation marks"
#define CR_END  "the line ends with a carriage return (a file from Windows?)"
#define NUL_IN  "the line holds a NUL character"
#define LONG    "the line is longer than 4096 bytes"
#define BOM     "the file begins with a byte order mark; save it as plain UTF-8"

struct log {
	char text[1024];
	size_t used;
};

static void say(struct log *log, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));

static void
say(struct log *log, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log->used += (size_t)vsnprintf(
	    log->text + log->used, sizeof(log->text) - log->used, fmt, ap);
	va_end(ap);
	assert_true(log->used < sizeof(log->text));
}

static void
on_section(void *ctx, int line, const char *type, const char *name)
{
	say(ctx, "S%d %s|%s;", line, type, name != NULL ? name : "(null)");
}

static void
on_pair(void *ctx, int line, const char *key, const char *value)
{
	say(ctx, "P%d %s|%.40s;", line, key, value);
}

static void
on_fault(void *ctx, int line, const char *key, const char *text)
{
	assert_null(strstr(text, MARK));
	if (key != NULL)
		assert_null(strstr(key, MARK));
	say(ctx, "F%d %s|%s;", line, key != NULL ? key : "(null)", text);
}

static const struct ini_handler handler = {on_section, on_pair, on_fault};

struct row {
	const char *text;
	size_t len; /* 0: strlen(text) */
	const char *log;
};

/* clang-format off */
static const struct row rows[] = {
	/* nothing */
	{"", 0, ""},
	{"\n", 0, ""},
	{"\n \n\t\n \t \n", 0, ""},
	{"# a\n; b\n  # [c]\n\t; d = e\n#\n;", 0, ""},
	{"#\xc3\xa9 \1\x7f", 0, ""},

	/* sections */
	{"[profile a]", 0, "S1 profile|a;"},
	{"[profile a]\n", 0, "S1 profile|a;"},
	{"  [ \tprofile \t a \t]\t \n", 0, "S1 profile|a;"},
	{"[profile]\n", 0, "S1 profile|(null);"},
	{"[profile ]\n", 0, "S1 profile|(null);"},
	{"[]\n", 0, "S1 |(null);"},
	{"[ ]\n", 0, "S1 |(null);"},
	{"[profile a b]\n", 0, "S1 profile|a b;"},
	{"[profile \"a\"]\n", 0, "S1 profile|\"a\";"},
	{"[a=b]\n", 0, "S1 a=b|(null);"},
	{"[profile a\n", 0, "F1 (null)|" NOT_SECT ";"},
	{"[profile " MARK "] x\n", 0, "F1 (null)|" NOT_SECT ";"},
	{"[profile " MARK "]]\n", 0, "F1 (null)|" NOT_SECT ";"},
	{"[profile " MARK "] # c\n", 0, "F1 (null)|" NOT_SECT ";"},
	{"[profile " MARK "] ; c\n", 0, "F1 (null)|" NOT_SECT ";"},
	{"[" MARK "\n", 0, "F1 (null)|" NOT_SECT ";"},
	{"[\n", 0, "F1 (null)|" NOT_SECT ";"},
	{"]\n", 0, "F1 (null)|" NOT_PAIR ";"},

	/* pairs */
	{"k=v", 0, "P1 k|v;"},
	{"k = v\n", 0, "P1 k|v;"},
	{" \tk \t=\t v \t\n", 0, "P1 k|v;"},
	{"k_k = a b  c\n", 0, "P1 k_k|a b  c;"},
	{"k = a=b = c\n", 0, "P1 k|a=b = c;"},
	{"k =\n", 0, "P1 k|;"},
	{"k =  \t \n", 0, "P1 k|;"},
	{"k = [v]\n", 0, "P1 k|[v];"},
	{"k = \xc3\xa9\xe2\x82\xac\n", 0, "P1 k|\xc3\xa9\xe2\x82\xac;"},
	{"k = v\\\n", 0, "P1 k|v\\;"},
	{"a = 1\n\n#\nb = 2\n", 0, "P1 a|1;P4 b|2;"},
	{"a = 1\na = 2\n", 0, "P1 a|1;P2 a|2;"},
	{MARK "\n", 0, "F1 (null)|" NOT_PAIR ";"},
	{"k " MARK "\n", 0, "F1 (null)|" NOT_PAIR ";"},
	{"= " MARK "\n", 0, "F1 (null)|nothing stands before the '=';"},
	{"=\n", 0, "F1 (null)|nothing stands before the '=';"},
	{"K = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"k-k = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"k1 = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"k k = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"k: " MARK "=\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"k\t\tk = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"\xc3\xa9 = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"k\1 = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"export k = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},
	{"\"k\" = " MARK "\n", 0, "F1 (null)|" KEY_BAD ";"},

	/* comments behind values: other readers would cut there */
	{"k = v#c;d\n", 0, "P1 k|v#c;d;"},
	{"k = a# b; c\n", 0, "P1 k|a# b; c;"},
	{"k = " MARK " # c\n", 0, "F1 k|" COMMENT ";"},
	{"k = " MARK " ; c\n", 0, "F1 k|" COMMENT ";"},
	{"k = " MARK " #c\n", 0, "F1 k|" COMMENT ";"},
	{"k = " MARK " ;\n", 0, "F1 k|" COMMENT ";"},
	{"k = # " MARK "\n", 0, "F1 k|" COMMENT ";"},
	{"k = ;" MARK "\n", 0, "F1 k|" COMMENT ";"},
	{"k =\t#" MARK "\n", 0, "F1 k|" COMMENT ";"},
	{"k =#" MARK "\n", 0, "F1 k|" COMMENT ";"},

	/* quotation marks */
	{"k = \"" MARK "\"\n", 0, "F1 k|" QUOTES ";"},
	{"k = '" MARK "'\n", 0, "F1 k|" QUOTES ";"},
	{"k = \"\n", 0, "F1 k|" QUOTES ";"},
	{"k = a\"b'c\"\n", 0, "P1 k|a\"b'c\";"},

	/* control characters and line ends */
	{"k = " MARK "\tb\n", 0, "F1 k|" CONTROL ";"},
	{"k = " MARK "\t# c\n", 0, "F1 k|" CONTROL ";"},
	{"k = \1" MARK "\n", 0, "F1 k|" CONTROL ";"},
	{"k = " MARK "\x1f\n", 0, "F1 k|" CONTROL ";"},
	{"k = " MARK "\x7f\n", 0, "F1 k|" CONTROL ";"},
	{"k = " MARK "\x1b[31m\n", 0, "F1 k|" CONTROL ";"},
	{"k = " MARK "\rb\n", 0, "F1 k|" CONTROL ";"},
	{"k = v\v\n", 0, "F1 k|" CONTROL ";"},
	{"k = " MARK "\r\n", 0, "F1 (null)|" CR_END ";"},
	{"k = " MARK "\r", 0, "F1 (null)|" CR_END ";"},
	{"\r\n", 0, "F1 (null)|" CR_END ";"},
	{"# c\r\n", 0, "F1 (null)|" CR_END ";"},
	{"[profile a]\r\nk = v\n", 0, "F1 (null)|" CR_END ";P2 k|v;"},
	{"a = " MARK "\rb = c\r", 0, "F1 (null)|" CR_END ";"},
	{"k = v\0" MARK "\n", 14, "F1 (null)|" NUL_IN ";"},
	{"k = v\0\n", 7, "F1 (null)|" NUL_IN ";"},
	{"k = v\n\0", 7, "P1 k|v;F2 (null)|" NUL_IN ";"},
	{"\0k = v\n", 7, "F1 (null)|" NUL_IN ";"},
	{"# a\0b\nk = v\n", 12, "F1 (null)|" NUL_IN ";P2 k|v;"},
	{"\xef\xbb\xbf[profile a]\n", 0, "F1 (null)|" BOM ";"},
	{"\xef\xbb\xbf", 0, "F1 (null)|" BOM ";"},
	{"\n\xef\xbb\xbfk = v\n", 0, "F2 (null)|" KEY_BAD ";"},

	/* no continuation: an indented line stands for itself */
	{"k = a\n  " MARK "\n", 0, "P1 k|a;F2 (null)|" NOT_PAIR ";"},
	{"k = a\n  b = c\n", 0, "P1 k|a;P2 b|c;"},
	{"k = a \\\n" MARK "\n", 0, "P1 k|a \\;F2 (null)|" NOT_PAIR ";"},

	/* a fault does not end the reading */
	{"x\ny\nk = v\n", 0, "F1 (null)|" NOT_PAIR ";F2 (null)|" NOT_PAIR ";P3 k|v;"},
};
/* clang-format on */

static void
parse(const char *text, size_t len, struct log *log)
{
	/* A block of its own: a step beyond its end is seen. */
	char *copy = malloc(len + 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	log->used = 0;
	log->text[0] = '\0';
	ini_parse(copy, len, &handler, log);
	free(copy);
}

static void
lines_of_every_kind(void **data)
{
	struct log log;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		parse(rows[i].text,
		    rows[i].len > 0 ? rows[i].len : strlen(rows[i].text), &log);
		if (strcmp(log.text, rows[i].log) != 0)
			fail_msg("row %zu: '%s' instead of '%s'", i, log.text,
			    rows[i].log);
	}
}

/* `len` bytes of a line that begins with `start`, then "k = v". */
static void
parse_long(const char *start, size_t len, const char *end, struct log *log)
{
	char text[INI_LINE_MAX + 64];

	memset(text, 'x', len);
	memcpy(text, start, strlen(start));
	memcpy(text + len - strlen(end), end, strlen(end));
	memcpy(text + len, "\nk = v\n", 8);
	parse(text, strlen(text), log);
}

static void
longest_line(void **data)
{
	struct log log;

	(void)data;
	assert_int_equal(INI_LINE_MAX, 4096);
	parse_long("k = ", INI_LINE_MAX, "", &log);
	assert_string_equal(
	    log.text, "P1 k|xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;P2 k|v;");
	parse_long("k = ", INI_LINE_MAX + 1, "", &log);
	assert_string_equal(log.text, "F1 (null)|" LONG ";P2 k|v;");
	parse_long("# ", INI_LINE_MAX, "", &log);
	assert_string_equal(log.text, "P2 k|v;");
	parse_long("# ", INI_LINE_MAX + 1, "", &log);
	assert_string_equal(log.text, "F1 (null)|" LONG ";P2 k|v;");
	parse_long("[profile ", INI_LINE_MAX + 1, "]", &log);
	assert_string_equal(log.text, "F1 (null)|" LONG ";P2 k|v;");
	/* The carriage return of a file from Windows counts. */
	parse_long("k = ", INI_LINE_MAX + 1, "\r", &log);
	assert_string_equal(log.text, "F1 (null)|" LONG ";P2 k|v;");
}

static void
every_byte_alone(void **data)
{
	struct log log;
	char c;
	int i;

	(void)data;
	for (i = 0; i < 256; i++) {
		c = (char)i;
		parse(&c, 1, &log);
		if (strchr(" \t\n#;", i) != NULL && i != 0)
			assert_string_equal(log.text, "");
		else
			assert_int_equal(log.text[0], 'F');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_of_every_kind),
	    cmocka_unit_test(longest_line),
	    cmocka_unit_test(every_byte_alone),
	};

	return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
