/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io.h"

#define LINE_MAX_BYTES 79
#define LONG_MS        1500 /* what is over by then needs no line */

void
api_draw(struct api *a, const char *fmt, ...)
{
	char text[4 * LINE_MAX_BYTES], shown[LINE_MAX_BYTES];
	va_list ap;

	if (!isatty(STDERR_FILENO))
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)fprintf(
	    stderr, "\r%s\033[K", err_printable(shown, sizeof(shown), text));
	(void)fflush(stderr);
	a->drawn = true;
}

void
api_undraw(struct api *a)
{
	if (a->drawn)
		(void)fprintf(stderr, "\r\033[K");
	a->drawn = false;
}

static double
mib(int64_t bytes)
{
	return (double)bytes / 1048576;
}

/* How much is there, of how much. */
static void
draw_amount(struct api *a, const char *verb, int64_t now, int64_t all)
{
	if (all > 0)
		api_draw(a, "tokenring: %s %.1f of %.1f MiB", verb, mib(now),
		    mib(all));
	else
		api_draw(a, "tokenring: %s %.1f MiB", verb, mib(now));
}

void
api_draw_transfer(struct api *a, const struct exchange *x)
{
	const char *length = exchange_header(x, "Content-Length", NULL);
	off_t at = -1;

	if (io_now_ms() - a->begun < LONG_MS ||
	    (x->sink == SINK_PRINT && x->status != 0 && isatty(STDOUT_FILENO)))
		return;
	/* The worker reads the very same open file. */
	if (x->status == 0 && x->body[0] >= 0 && x->body[1] < 0)
		at = lseek(x->body[0], 0, SEEK_CUR);
	if (x->status != 0 && x->sink == SINK_PRINT)
		draw_amount(a, "received", x->received,
		    length != NULL ? strtoll(length, NULL, 10) : 0);
	else if (at > 0 && at < x->body_len)
		draw_amount(a, "sent", at, x->body_len);
}
