/* SPDX-License-Identifier: MIT */
/* git's requests and our own messages. */
#include "fuzz.h"
#include "lines.h"

/* What was parsed can be written, and parses to the same. */
static void
check_round_trip(const struct lines *l)
{
	SECBUF text = SECBUF_INIT(2 * LINES_MESSAGE_MAX);
	LINES again = LINES_INIT;
	struct err err = ERR_INIT;
	size_t i;

	HOLDS(lines_begin(&text, &err) == 0);
	for (i = 0; i < l->n; i++) {
		if (strcmp(l->field[i].key, "version") != 0 &&
		    strcmp(l->field[i].key, "end") != 0)
			HOLDS(lines_add(&text, l->field[i].key,
				  l->field[i].value, &err) == 0);
	}
	HOLDS(lines_end(&text, &err) == 0);
	if (text.len > LINES_MESSAGE_MAX)
		return;
	HOLDS(secbuf_add(&again.text, text.ptr, text.len) == 0);
	HOLDS(lines_parse(&again, LINES_MESSAGE, &err) == 0);
	for (i = 0; i < l->n; i++)
		HOLDS(strcmp(lines_get(&again, l->field[i].key),
			  lines_get(l, l->field[i].key)) == 0 ||
		      strcmp(l->field[i].key, "version") == 0);
}

static void
parse(const char *data, size_t size, enum lines_kind kind)
{
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;
	size_t i;

	if (secbuf_add(&l.text, data, size) < 0)
		return;
	if (lines_parse(&l, kind, &err) < 0) {
		fuzz_message(&err);
		return;
	}
	HOLDS(l.n <= LINES_FIELDS_MAX);
	for (i = 0; i < l.n; i++) {
		HOLDS(strpbrk(l.field[i].key, "=\n") == NULL);
		HOLDS(strpbrk(l.field[i].value, "\n\r") == NULL);
		(void)lines_number(&l, l.field[i].key, -1);
	}
	if (kind == LINES_MESSAGE)
		check_round_trip(&l);
}

FUZZ(lines)
{
	parse(data, size, LINES_MESSAGE);
	parse(data, size, LINES_GIT);
}
