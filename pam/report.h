/* SPDX-License-Identifier: MIT */
/*
 * What happened, for the system's log.
 *
 * A refusal is a line exactly in pam_unix's form, which existing rules of
 * fail2ban and the like know, and a second one with the reason.  An attempt
 * that ended without anybody's judgement (server or machine at fault) begins
 * "authentication error", so that an outage bans nobody.
 */
#ifndef REPORT_H
#define REPORT_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "lines.h"
#include "options.h"

#define REPORT_ID_LEN       16  /* hexadecimal digits */
#define REPORT_ITEM_MAX     256 /* bytes of tty, rhost and the like */
#define REPORT_WARNINGS_MAX 16

/* One call of pam_authenticate. */
struct attempt {
	pam_handle_t *pamh;
	const struct options *o;
	const char *user; /* NULL: a name that is not to be logged */
	char id[REPORT_ID_LEN + 1];
	int code;        /* what PAM is told if it stays a refusal */
	int level;       /* of the reason's line */
	char result[16]; /* the worker's word, or ours */
	int64_t http;    /* 0: none */
	int64_t ms;      /* spent on the worker, -1: it was not asked */
	char why[ERR_TEXT_MAX];
};
#define ATTEMPT_INIT(handle, opts)                                             \
	{                                                                      \
		.pamh = (handle), .o = (opts), .code = PAM_SYSTEM_ERR,         \
		.ms = -1                                                       \
	}

/* Record why not; returns false, so that `return report_no(...)` reads well. */
bool report_no(struct attempt *a, int code, int level, const char *result,
    const char *fmt, ...) __attribute__((__format__(__printf__, 5, 6)));

/* The lines for a refusal, the one for success, the reason of a first try. */
void report_failure(const struct attempt *a);
void report_success(const struct attempt *a);
void report_reason(const struct attempt *a);

/* The warnings in the worker's answer. */
void report_warnings(const struct attempt *a, const struct lines *answer);

/* A step, if the option debug is set; never a secret. */
void report_debug(pam_handle_t *pamh, const struct options *o, const char *fmt,
    ...) __attribute__((__format__(__printf__, 3, 4)));

#endif
