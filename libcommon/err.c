/* SPDX-License-Identifier: MIT */
#include "err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return code;
}

int
err_wrap(struct err *err, const char *fmt, ...)
{
	char inner[ERR_TEXT_MAX];
	va_list ap;
	int n;

	memcpy(inner, err->msg, sizeof(inner));
	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->msg))
		(void)snprintf(
		    err->msg + n, sizeof(err->msg) - (size_t)n, ": %s", inner);
	return err->code;
}

int
err_hint(struct err *err, const char *fmt, ...)
{
	size_t used = strnlen(err->msg, sizeof(err->msg) - 1);
	va_list ap;

	if (used + 2 >= sizeof(err->msg))
		return err->code;
	memcpy(err->msg + used, "; ", 3);
	va_start(ap, fmt);
	(void)vsnprintf(
	    err->msg + used + 2, sizeof(err->msg) - used - 2, fmt, ap);
	va_end(ap);
	return err->code;
}

const char *
err_name(int code)
{
	switch (code) {
	case 0:
		return "ok";
	case ERR_INTERNAL:
		return "internal";
	case ERR_NOMEM:
		return "memory";
	case ERR_CONFIG:
		return "config";
	case ERR_NOTFOUND:
		return "not-found";
	case ERR_DENIED:
		return "denied";
	case ERR_UNAVAIL:
		return "unavailable";
	case ERR_PROTOCOL:
		return "protocol";
	case ERR_INTERACT:
		return "interaction";
	case ERR_CANCELED:
		return "canceled";
	case ERR_LOCKED:
		return "locked";
	case ERR_UNCONFIRMED:
		return "unconfirmed";
	default:
		return "unknown";
	}
}

/*
 * Marks that change the direction of a text (Unicode's Bidi_Control) show a
 * reader other words than are there: U+061C, U+200E, U+200F, U+202A to U+202E,
 * U+2066 to U+2069.
 */
static bool
turns_around(const unsigned char *s)
{
	return (s[0] == 0xd8 && s[1] == 0x9c) ||
	       (s[0] == 0xe2 && s[1] == 0x80 &&
		   (s[2] == 0x8e || s[2] == 0x8f ||
		       (s[2] >= 0xaa && s[2] <= 0xae))) ||
	       (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
}

/* Length of the UTF-8 sequence at s (1-4), or 0 if there is no valid one. */
static size_t
utf8_length(const unsigned char *s)
{
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	/* C1 controls are as dangerous on a terminal as the C0 ones. */
	if ((s[0] == 0xc2 && s[1] < 0xa0) || turns_around(s))
		return 0;
	return n;
}

const char *
err_printable(char *to, size_t size, const char *from)
{
	const unsigned char *s = (const unsigned char *)from;
	size_t used = 0, n;

	while (*s != '\0') {
		n = utf8_length(s);
		if (used + (n > 0 ? n : 1) >= size)
			break;
		if (n == 0 || *s < 0x20 || *s == 0x7f) {
			to[used++] = '?';
			s++;
			continue;
		}
		memcpy(to + used, s, n);
		used += n;
		s += n;
	}
	to[used] = '\0';
	return to;
}
