/* SPDX-License-Identifier: MIT */
/* The line format: what is taken, what is refused, and where it ends. */
#include "lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "io.h"

#define MARK "hunter2" /* stands in every text that is refused */

struct row {
	const char *text;
	size_t len;        /* 0: strlen(text) */
	const char *fault; /* NULL: taken */
	const char *flat;  /* the fields, as "key=value|" */
};

/* clang-format off */
static const struct row messages[] = {
	{"version=1\nend=ok\n", 0, NULL, "version=1|end=ok|"},
	{"version=1\na=b\nend=ok\n", 0, NULL, "version=1|a=b|end=ok|"},
	{"version=1\na=\nend=ok\n", 0, NULL, "version=1|a=|end=ok|"},
	{"version=1\na==b=\nend=ok\n", 0, NULL, "version=1|a==b=|end=ok|"},
	{"version=1\n a b = c \nend=ok\n", 0, NULL, "version=1| a b = c |end=ok|"},
	{"version=1\nk=\xc3\xa9\xff\x80\nend=ok\n", 0, NULL, "version=1|k=\xc3\xa9\xff\x80|end=ok|"},
	{"version=1\nca[]=1\nca[]=1\nend=ok\n", 0, NULL, "version=1|ca[]=1|ca[]=1|end=ok|"},
	{"version=1\na=x\na[]=y\nend=ok\n", 0, NULL, "version=1|a=x|a[]=y|end=ok|"},

	/* cut off, framed wrongly, or followed by something */
	{"", 0, "not a whole message", NULL},
	{"\n", 0, "line 1: not 'key=value'", NULL},
	{"version=1\n", 0, "not a whole message", NULL},
	{"end=ok\n", 0, "not a whole message", NULL},
	{"version=1\nend=ok", 0, "not a whole message", NULL},
	{"version=1\na=" MARK, 0, "not a whole message", NULL},
	{"version=1\na=" MARK "\n", 0, "not a whole message", NULL},
	{"a=" MARK "\nversion=1\nend=ok\n", 0, "not a whole message", NULL},
	{"version=1\nend=ok\na=" MARK "\n", 0, "not a whole message", NULL},
	{"version=1\nend=" MARK "\n", 0, "not a whole message", NULL},
	{"version=1\nend=\n", 0, "not a whole message", NULL},
	{"version=1\nend=okay\n", 0, "not a whole message", NULL},
	{"version=1\nEND=ok\n", 0, "not a whole message", NULL},
	{"version=2\nend=ok\n", 0, "a message of an unknown version", NULL},
	{"version=\nend=ok\n", 0, "a message of an unknown version", NULL},
	{"version=10\nend=ok\n", 0, "a message of an unknown version", NULL},
	{"version=1\nend=ok\n\n", 0, "line 3: not 'key=value'", NULL},
	{"version=1\n\nend=ok\n", 0, "line 2: not 'key=value'", NULL},

	/* repeated, where only lists may repeat */
	{"version=1\na=1\na=" MARK "\nend=ok\n", 0, "line 3: a repeated key", NULL},
	{"version=1\na=1\nb=2\na=1\nend=ok\n", 0, "line 4: a repeated key", NULL},
	{"version=1\nversion=1\nend=ok\n", 0, "line 2: a repeated key", NULL},
	{"version=1\nend=ok\nend=ok\n", 0, "line 3: a repeated key", NULL},
	{"version=1\n[]=1\n[]=2\nend=ok\n", 0, "line 3: a repeated key", NULL},
	{"version=1\na[=1\na[=2\nend=ok\n", 0, "line 3: a repeated key", NULL},

	/* no key=value */
	{"version=1\n" MARK "\nend=ok\n", 0, "line 2: not 'key=value'", NULL},
	{"version=1\n=" MARK "\nend=ok\n", 0, "line 2: not 'key=value'", NULL},
	{"version=1\n=\nend=ok\n", 0, "line 2: not 'key=value'", NULL},

	/* control characters, anywhere */
	{"version=1\r\nend=ok\r\n", 0, "line 1: a control character", NULL},
	{"version=1\na=" MARK "\r\nend=ok\n", 0, "line 2: a control character", NULL},
	{"version=1\na=" MARK "\tx\nend=ok\n", 0, "line 2: a control character", NULL},
	{"version=1\na=\x01" MARK "\nend=ok\n", 0, "line 2: a control character", NULL},
	{"version=1\na=\x1f" MARK "\nend=ok\n", 0, "line 2: a control character", NULL},
	{"version=1\na=\x7f" MARK "\nend=ok\n", 0, "line 2: a control character", NULL},
	{"version=1\n\x1b" "a=" MARK "\nend=ok\n", 0, "line 2: a control character", NULL},
	{"version=1\na=\0" MARK "\nend=ok\n", 27, "line 2: a NUL character", NULL},
	{"version=1\n\0" "a=" MARK "\nend=ok\n", 27, "line 2: a NUL character", NULL},
	{"version=1\na" MARK "\0\nend=ok\n", 26, "line 2: a NUL character", NULL},
	{"version=1\nend=ok\n\0", 18, "not a whole message", NULL},
	{"version=1\nend=ok\0\n", 18, "line 2: a NUL character", NULL},
};

static const struct row git[] = {
	{"", 0, NULL, ""},
	{"\n", 0, NULL, ""},
	{"\r\n", 0, NULL, ""},
	{"protocol=https\nhost=h\n\n", 0, NULL, "protocol=https|host=h|"},
	{"protocol=https\nhost=h\n", 0, NULL, "protocol=https|host=h|"},
	{"protocol=https\nhost=h", 0, NULL, "protocol=https|host=h|"},
	{"a=b\r\nc=d\r\n\r\n", 0, NULL, "a=b|c=d|"},
	{"a=b\r\nc=d\n\n", 0, NULL, "a=b|c=d|"},
	{"a=b\n\nnot=read\n" MARK "\n\1\n", 0, NULL, "a=b|"},
	{"a=b\r\n\r\n" MARK "\n", 0, NULL, "a=b|"},
	{"a=1\na=2\n", 0, NULL, "a=1|a=2|"},
	{"a=\n", 0, NULL, "a=|"},
	{"a=b=c\n", 0, NULL, "a=b=c|"},
	{"version=2\nend=no\n", 0, NULL, "version=2|end=no|"},
	{"path=a\tb\x1b\x7f\xc3\xa9\n", 0, NULL, "path=a\tb\x1b\x7f\xc3\xa9|"},
	{"capability[]=authtype\ncapability[]=state\n", 0, NULL, "capability[]=authtype|capability[]=state|"},

	{MARK "\n", 0, "line 1: not 'key=value'", NULL},
	{"a=b\n" MARK, 0, "line 2: not 'key=value'", NULL},
	{"=" MARK "\n", 0, "line 1: not 'key=value'", NULL},
	{" \n", 0, "line 1: not 'key=value'", NULL},
	/* of carriage returns, one before the line feed */
	{"a=" MARK "\rb=c\n", 0, "line 1: a control character", NULL},
	{"a=" MARK "\r\r\n", 0, "line 1: a control character", NULL},
	{"\ra=" MARK "\n", 0, "line 1: a control character", NULL},
	{"a\r=" MARK "\n", 0, "line 1: a control character", NULL},
	{"a=b\n\r\r\n", 0, "line 2: not 'key=value'", NULL},
	{"a=" MARK "\r", 0, "line 1: a control character", NULL},
	{"a=b\n\r", 0, "line 2: not 'key=value'", NULL},
	{"a\x01=" MARK "\n", 0, "line 1: a control character", NULL},
	{"a\x7f=" MARK "\n", 0, "line 1: a control character", NULL},
	{"a=" MARK "\0\n", 11, "line 1: a NUL character", NULL},
	{"\0\n", 2, "line 1: a NUL character", NULL},
	{"a=b\n\0a=" MARK "\n\n", 16, "line 2: a NUL character", NULL},
};
/* clang-format on */

static void
flatten(const struct lines *l, char *to, size_t size)
{
	size_t used = 0, i;

	to[0] = '\0';
	for (i = 0; i < l->n; i++)
		used += (size_t)snprintf(to + used, size - used, "%s=%s|",
		    l->field[i].key, l->field[i].value);
}

static void
check(const struct row *row, size_t n, enum lines_kind kind)
{
	char flat[512];
	size_t i, len;
	int r;

	for (i = 0; i < n; i++) {
		LINES l = LINES_INIT;
		struct err err = ERR_INIT;

		len = row[i].len > 0 ? row[i].len : strlen(row[i].text);
		assert_int_equal(secbuf_add(&l.text, row[i].text, len), 0);
		r = lines_parse(&l, kind, &err);
		if (r != (row[i].fault != NULL ? ERR_PROTOCOL : 0))
			fail_msg("row %zu: %d, '%s'", i, r, err.msg);
		assert_int_equal(err.code, r);
		assert_null(strstr(err.msg, MARK));
		if (row[i].fault == NULL) {
			flatten(&l, flat, sizeof(flat));
			assert_string_equal(flat, row[i].flat);
		} else {
			assert_string_equal(err.msg, row[i].fault);
		}
	}
}

static void
our_messages(void **data)
{
	(void)data;
	check(messages, sizeof(messages) / sizeof(messages[0]), LINES_MESSAGE);
}

static void
gits_messages(void **data)
{
	(void)data;
	check(git, sizeof(git) / sizeof(git[0]), LINES_GIT);
}

/* "PREFIX" "a=xxx..." of `len` bytes with what ends the line, "SUFFIX". */
static int
parse_long(const char *prefix, size_t len, const char *ending,
    const char *suffix, enum lines_kind kind, struct err *err)
{
	LINES l = LINES_INIT;
	size_t fill = len - strlen(ending) - 2;
	char *p;
	int r;

	assert_int_equal(secbuf_addstr(&l.text, prefix), 0);
	assert_int_equal(secbuf_addstr(&l.text, "a="), 0);
	p = secbuf_space(&l.text, fill);
	assert_non_null(p);
	memset(p, 'x', fill);
	secbuf_grown(&l.text, fill);
	assert_int_equal(secbuf_addstr(&l.text, ending), 0);
	assert_int_equal(secbuf_addstr(&l.text, suffix), 0);
	r = lines_parse(&l, kind, err);
	if (r == 0)
		assert_int_equal(strlen(lines_get(&l, "a")), fill);
	return r;
}

static void
longest_line(void **data)
{
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	assert_int_equal(LINES_LINE_MAX, 65535);
	for (i = 0; i < 2; i++) {
		size_t len = LINES_LINE_MAX + i;
		int want = i == 0 ? 0 : ERR_PROTOCOL;

		assert_int_equal(parse_long("version=1\n", len, "\n",
				     "end=ok\n", LINES_MESSAGE, &err),
		    want);
		assert_int_equal(
		    parse_long("", len, "\n", "", LINES_GIT, &err), want);
		assert_int_equal(
		    parse_long("b=c\n", len, "\r\n", "\n", LINES_GIT, &err),
		    want);
	}
	assert_string_equal(err.msg, "line 2: longer than 65535 bytes");
	assert_int_equal(
	    parse_long("", 100000, "", "", LINES_GIT, &err), ERR_PROTOCOL);
	assert_string_equal(err.msg, "line 1: longer than 65535 bytes");
}

static void
most_fields(void **data)
{
	struct err err = ERR_INIT;
	size_t n, i;

	(void)data;
	for (n = LINES_FIELDS_MAX; n <= LINES_FIELDS_MAX + 1; n++) {
		LINES l = LINES_INIT;

		assert_int_equal(lines_begin(&l.text, &err), 0);
		for (i = 0; i < n - 2; i++)
			assert_int_equal(
			    lines_add(&l.text, "a[]", "v", &err), 0);
		assert_int_equal(lines_end(&l.text, &err), 0);
		if (n == LINES_FIELDS_MAX) {
			assert_int_equal(
			    lines_parse(&l, LINES_MESSAGE, &err), 0);
			assert_int_equal(l.n, n);
		} else {
			assert_int_equal(
			    lines_parse(&l, LINES_MESSAGE, &err), ERR_PROTOCOL);
			assert_string_equal(err.msg, "too many lines");
		}
	}
}

static void
most_keys(void **data)
{
	struct err err = ERR_INIT;
	char key[16];
	size_t n, i;

	(void)data;
	for (n = LINES_KEYS_MAX; n <= LINES_KEYS_MAX + 1; n++) {
		LINES l = LINES_INIT;
		SECBUF git_text = SECBUF_INIT(LINES_MESSAGE_MAX);

		assert_int_equal(lines_begin(&l.text, &err), 0);
		for (i = 0; i < n - 2; i++) {
			/* Lists do not count. */
			assert_int_equal(
			    lines_add(&l.text, "a[]", "v", &err), 0);
			(void)snprintf(key, sizeof(key), "k%zu", i);
			assert_int_equal(lines_add(&l.text, key, "v", &err), 0);
		}
		assert_int_equal(lines_end(&l.text, &err), 0);
		assert_int_equal(
		    secbuf_add(&git_text, l.text.ptr, l.text.len), 0);
		assert_int_equal(lines_parse(&l, LINES_MESSAGE, &err),
		    n == LINES_KEYS_MAX ? 0 : ERR_PROTOCOL);
		secbuf_move(&l.text, &git_text);
		assert_int_equal(lines_parse(&l, LINES_GIT, &err), 0);
	}
	assert_string_equal(err.msg, "line 512: too many keys");
}

/* A message of exactly `len` bytes. */
static void
fill_message(struct secbuf *b, size_t len)
{
	struct err err = ERR_INIT;
	static char value[60001];
	size_t left;

	memset(value, 'v', sizeof(value) - 1);
	assert_int_equal(secbuf_addstr(b, "version=1\n"), 0);
	while ((left = len - b->len - strlen("end=ok\n")) > 0) {
		size_t n = left < 60000 ? left : 60000;

		if (left - n > 0 && left - n < 10)
			n -= 10;
		value[n - strlen("a[]=\n")] = '\0';
		assert_int_equal(lines_add(b, "a[]", value, &err), 0);
		value[n - strlen("a[]=\n")] = 'v';
	}
	assert_int_equal(lines_end(b, &err), 0);
	assert_int_equal(b->len, len);
}

static int
read_from_child(const struct secbuf *b, struct lines *l, struct err *err)
{
	int p[2], r;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err ignored = ERR_INIT;

		(void)close(p[0]);
		(void)io_write(p[1], b->ptr, b->len, &ignored);
		_exit(0);
	}
	(void)close(p[1]);
	r = lines_read(l, p[0], LINES_MESSAGE, io_now_ms() + 60000, err);
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return r;
}

static void
longest_message(void **data)
{
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;
	size_t extra;

	(void)data;
	assert_int_equal(LINES_MESSAGE_MAX, 1 << 20);
	for (extra = 0; extra < 2; extra++) {
		SECBUF b = SECBUF_INIT(2 * LINES_MESSAGE_MAX);

		fill_message(&b, LINES_MESSAGE_MAX + extra);
		assert_int_equal(
		    read_from_child(&b, &l, &err), extra ? ERR_PROTOCOL : 0);
	}
	/* The same struct takes another message. */
	SECBUF small = SECBUF_INIT(100);
	fill_message(&small, 40);
	assert_int_equal(read_from_child(&small, &l, &err), 0);
	assert_int_equal(l.n, 3);
}

/* What was read before is gone when the next reading fails. */
static void
failed_reading_leaves_no_fields(void **data)
{
	LINES l = LINES_INIT;
	SECBUF b = SECBUF_INIT(100);
	struct err err = ERR_INIT;
	int p[2];

	(void)data;
	assert_int_equal(
	    secbuf_addstr(&b, "version=1\na=" MARK "\nend=ok\n"), 0);
	assert_int_equal(read_from_child(&b, &l, &err), 0);
	assert_string_equal(lines_get(&l, "a"), MARK);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(
	    lines_read(&l, p[0], LINES_MESSAGE, io_now_ms() + 20, &err),
	    ERR_UNAVAIL);
	assert_null(lines_get(&l, "a"));
	assert_int_equal(l.n, 0);
	(void)close(p[0]);
	(void)close(p[1]);
}

/* Whoever wrote the request may hold his pipe open; `before` bytes are there. */
static void
check_blank_line(size_t before, const char *end)
{
	LINES l = LINES_INIT;
	SECBUF b = SECBUF_INIT(8192);
	struct err err = ERR_INIT;
	int p[2];

	assert_int_equal(secbuf_addstr(&b, "a="), 0);
	while (b.len < before)
		assert_int_equal(secbuf_addstr(&b, "x"), 0);
	assert_int_equal(secbuf_addstr(&b, end), 0);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], b.ptr, b.len), b.len);
	assert_int_equal(
	    lines_read(&l, p[0], LINES_GIT, io_now_ms() + 60000, &err), 0);
	assert_int_equal(strlen(lines_get(&l, "a")), before - 2);
	(void)close(p[0]);
	(void)close(p[1]);
}

static void
a_blank_line_ends_gits(void **data)
{
	size_t n;

	(void)data;
	/* However the reads cut it. */
	for (n = 4090; n < 4100; n++) {
		check_blank_line(n, "\n\n");
		check_blank_line(n, "\r\n\r\n");
		check_blank_line(n, "\n\nb=1\n");
	}
}

static void
get_takes_the_last(void **data)
{
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;

	(void)data;
	assert_null(lines_get(&l, "a"));
	assert_int_equal(
	    secbuf_addstr(&l.text, "a=1\nab=2\na=3\ne=\na[]=4\na[]=5\n"), 0);
	assert_int_equal(lines_parse(&l, LINES_GIT, &err), 0);
	assert_string_equal(lines_get(&l, "a"), "3");
	assert_string_equal(lines_get(&l, "ab"), "2");
	assert_string_equal(lines_get(&l, "e"), "");
	assert_string_equal(lines_get(&l, "a[]"), "5");
	assert_null(lines_get(&l, "b"));
	assert_null(lines_get(&l, ""));
	assert_null(lines_get(&l, "A"));
	lines_release(&l);
	assert_null(lines_get(&l, "a"));
	lines_release(&l);
}

static void
numbers(void **data)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int64_t value;
	} row[] = {
		{"0", 0}, {"7", 7}, {"-7", -7}, {"007", 7},
		{"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
		{"9223372036854775808", -99}, {"-9223372036854775809", -99},
		{"99999999999999999999999", -99},
		{"", -99}, {"-", -99}, {"+1", -99}, {" 1", -99}, {"1 ", -99},
		{"0x10", -99}, {"1e3", -99}, {"1.0", -99}, {"--1", -99},
		{"- 1", -99}, {"one", -99}, {"1,000", -99},
	};
	/* clang-format on */
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		LINES l = LINES_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(lines_add(&l.text, "n", row[i].text, &err), 0);
		assert_int_equal(lines_parse(&l, LINES_GIT, &err), 0);
		assert_int_equal(lines_number(&l, "n", -99), row[i].value);
		assert_int_equal(lines_number(&l, "m", -98), -98);
	}
}

static void
adding_refuses_what_cannot_be_carried(void **data)
{
	static const char *const bad[] = {MARK "\n", "\n", "a\rb", "\t", "\x01",
	    "a\x1f", "\x7f" MARK, "x\ny=" MARK};
	SECBUF b = SECBUF_INIT(1000);
	size_t i;

	(void)data;
	assert_int_equal(secbuf_addstr(&b, "before\n"), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		assert_int_equal(
		    lines_add(&b, "key", bad[i], &err), ERR_PROTOCOL);
		assert_int_equal(err.code, ERR_PROTOCOL);
		assert_string_equal(err.msg, "key holds a control character");
		assert_int_equal(
		    lines_add_some(&b, "key", bad[i], &err), ERR_PROTOCOL);
		assert_string_equal(b.ptr, "before\n");
	}
}

static void
adding_keeps_to_the_limits(void **data)
{
	static char value[LINES_LINE_MAX];
	SECBUF b = SECBUF_INIT(LINES_MESSAGE_MAX);
	SECBUF small = SECBUF_INIT(12);
	struct err err = ERR_INIT;

	(void)data;
	memset(value, 'v', LINES_LINE_MAX - strlen("key=\n"));
	assert_int_equal(lines_add(&b, "key", value, &err), 0);
	assert_int_equal(b.len, LINES_LINE_MAX);
	value[strlen(value)] = 'v';
	assert_int_equal(lines_add(&b, "key", value, &err), ERR_PROTOCOL);
	assert_string_equal(err.msg, "key is too long");
	assert_int_equal(b.len, LINES_LINE_MAX);

	assert_int_equal(lines_add(&small, "a", "123456789", &err), 0);
	secbuf_reset(&small);
	assert_int_equal(lines_add(&small, "b", "1", &err), 0);
	assert_int_equal(lines_add(&small, "a", "123456789", &err), ERR_NOMEM);
	assert_string_equal(small.ptr, "b=1\n");
}

static void
what_is_written_is_read(void **data)
{
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;
	char flat[256];

	(void)data;
	assert_int_equal(lines_begin(&l.text, &err), 0);
	assert_int_equal(lines_add(&l.text, "a", "", &err), 0);
	assert_int_equal(lines_add(&l.text, "b", " = \xc3\xa9 ", &err), 0);
	assert_int_equal(lines_add_some(&l.text, "none", NULL, &err), 0);
	assert_int_equal(lines_add_some(&l.text, "none", "", &err), 0);
	assert_int_equal(lines_add_some(&l.text, "some", "x", &err), 0);
	assert_int_equal(lines_add_number(&l.text, "lo", INT64_MIN, &err), 0);
	assert_int_equal(lines_add_number(&l.text, "hi", INT64_MAX, &err), 0);
	assert_int_equal(lines_end(&l.text, &err), 0);
	assert_int_equal(lines_parse(&l, LINES_MESSAGE, &err), 0);
	flatten(&l, flat, sizeof(flat));
	assert_string_equal(flat,
	    "version=1|a=|b= = \xc3\xa9 |some=x|lo=-9223372036854775808|"
	    "hi=9223372036854775807|end=ok|");
	assert_int_equal(lines_number(&l, "lo", 0), INT64_MIN);
	assert_int_equal(lines_number(&l, "hi", 0), INT64_MAX);
}

/* A byte gone anywhere makes a message that is not taken for a whole one. */
static void
every_cut_is_noticed(void **data)
{
	static const char whole[] =
	    "version=1\nresult=ok\naccess_token=" MARK "\nend=ok\n";
	size_t len;

	(void)data;
	for (len = 0; len < sizeof(whole) - 1; len++) {
		LINES l = LINES_INIT;
		struct err err = ERR_INIT;

		assert_int_equal(secbuf_add(&l.text, whole, len), 0);
		assert_int_equal(
		    lines_parse(&l, LINES_MESSAGE, &err), ERR_PROTOCOL);
		assert_null(strstr(err.msg, MARK));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(our_messages),
	    cmocka_unit_test(gits_messages),
	    cmocka_unit_test(longest_line),
	    cmocka_unit_test(most_fields),
	    cmocka_unit_test(most_keys),
	    cmocka_unit_test(longest_message),
	    cmocka_unit_test(failed_reading_leaves_no_fields),
	    cmocka_unit_test(a_blank_line_ends_gits),
	    cmocka_unit_test(get_takes_the_last),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(adding_refuses_what_cannot_be_carried),
	    cmocka_unit_test(adding_keeps_to_the_limits),
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(every_cut_is_noticed),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
