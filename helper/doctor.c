/* SPDX-License-Identifier: MIT */
/* Findings: taking them down and showing them. */
#include "doctor.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const severities[] = {
    [DOCTOR_OK] = "ok",
    [DOCTOR_NOTE] = "note",
    [DOCTOR_WARNING] = "warning",
    [DOCTOR_ERROR] = "error",
};

static void
write_text(char to[DOCTOR_WHAT_MAX], const char *fmt, va_list ap)
{
	char text[DOCTOR_WHAT_MAX];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	err_printable(to, DOCTOR_WHAT_MAX, text);
}

void
doctor_find(struct doctor *d, enum doctor_severity severity, const char *id,
    const char *fmt, ...)
{
	struct doctor_finding *f;
	va_list ap;

	if (d->n == DOCTOR_FINDINGS_MAX) {
		d->lost++;
		return;
	}
	f = &d->finding[d->n++];
	f->check = d->check;
	f->id = id;
	f->severity = severity;
	f->todo[0] = '\0';
	va_start(ap, fmt);
	write_text(f->what, fmt, ap);
	va_end(ap);
}

void
doctor_do(struct doctor *d, const char *fmt, ...)
{
	va_list ap;

	if (d->lost > 0)
		return;
	va_start(ap, fmt);
	write_text(d->finding[d->n - 1].todo, fmt, ap);
	va_end(ap);
}

size_t
doctor_count(const struct doctor *d, enum doctor_severity severity)
{
	size_t i, n = 0;

	for (i = 0; i < d->n; i++)
		n += d->finding[i].severity == severity;
	return n;
}

const char *
doctor_quote(char to[DOCTOR_QUOTED_MAX], const char *word)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "/._-+:@%,=";
	size_t used = 0;

	if (*word != '\0' && strspn(word, plain) == strlen(word)) {
		(void)snprintf(to, DOCTOR_QUOTED_MAX, "%s", word);
		return to;
	}
	to[used++] = '\'';
	for (; *word != '\0' && used < DOCTOR_QUOTED_MAX - 6; word++) {
		if (*word == '\'') {
			memcpy(to + used, "'\\''", 4);
			used += 4;
		} else {
			to[used++] = *word;
		}
	}
	to[used++] = '\'';
	to[used] = '\0';
	return to;
}

static void
print_indented(const char *mark, const char *text)
{
	/* Lines of our own making: the texts have no line feed in them. */
	printf("%9s%s%s\n", "", mark, text);
}

void
doctor_print(const struct doctor *d)
{
	const char *last = "";
	size_t i;

	for (i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->finding[i];

		if (strcmp(f->check, last) != 0)
			printf("%s%s\n", i > 0 ? "\n" : "", f->check);
		last = f->check;
		printf("%-9s%s\n", severities[f->severity], f->what);
		if (f->todo[0] != '\0')
			print_indented("-> ", f->todo);
	}
	if (d->lost > 0)
		printf("and %zu findings more\n", d->lost);
}

void
doctor_print_json(const struct doctor *d)
{
	json_object *o = json_object_new_object();
	json_object *list = json_object_new_array(), *one;
	enum doctor_severity worst = DOCTOR_OK;
	size_t i;

	for (i = 0; i < d->n; i++) {
		const struct doctor_finding *f = &d->finding[i];

		if (f->severity > worst)
			worst = f->severity;
		one = json_object_new_object();
		json_object_object_add(
		    one, "check", json_object_new_string(f->check));
		json_object_object_add(
		    one, "id", json_object_new_string(f->id));
		json_object_object_add(one, "severity",
		    json_object_new_string(severities[f->severity]));
		json_object_object_add(
		    one, "what", json_object_new_string(f->what));
		json_object_object_add(one, "todo",
		    f->todo[0] != '\0' ? json_object_new_string(f->todo)
				       : NULL);
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "version", json_object_new_string(VERSION));
	json_object_object_add(o, "online", json_object_new_boolean(d->online));
	json_object_object_add(
	    o, "worst", json_object_new_string(severities[worst]));
	json_object_object_add(
	    o, "lost", json_object_new_int64((int64_t)d->lost));
	json_object_object_add(o, "findings", list);
	printf("%s\n",
	    json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}
