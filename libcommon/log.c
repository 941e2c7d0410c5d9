/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static log_sink *current;

void
log_to(log_sink *sink)
{
	current = sink;
}

bool
log_enabled(void)
{
	return current != NULL;
}

void
log_debug(const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	va_list ap;

	if (current == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	current(line);
}

void
log_stderr(const char *line)
{
	(void)fprintf(stderr, "tokenring: %s\n", line);
}
