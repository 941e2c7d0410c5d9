/* SPDX-License-Identifier: MIT */
#include "json_out.h"

#include <stdio.h>
#include <time.h>

static int
add_char(struct secbuf *to, unsigned char c)
{
	char text[8];

	if (c == '"' || c == '\\')
		(void)snprintf(text, sizeof(text), "\\%c", c);
	else if (c < 0x20 || c == 0x7f)
		(void)snprintf(text, sizeof(text), "\\u%04x", c);
	else
		(void)snprintf(text, sizeof(text), "%c", c);
	return secbuf_addstr(to, text);
}

int
json_out_string(struct secbuf *to, const char *s)
{
	if (secbuf_addstr(to, "\"") < 0)
		return -1;
	for (; *s != '\0'; s++)
		if (add_char(to, (unsigned char)*s) < 0)
			return -1;
	return secbuf_addstr(to, "\"");
}

int
json_out_time(struct secbuf *to, int64_t at)
{
	char text[64];
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%SZ\"", &tm) == 0)
		return -1;
	return secbuf_addstr(to, text);
}
