/* SPDX-License-Identifier: MIT */
/*
 * What the worker's verdicts and our own failures mean to PAM.  Success is not
 * in here: it takes more than a word (authenticate.c).
 */
#ifndef CODES_H
#define CODES_H

#include <stdint.h>

struct code {
	const char *result; /* the worker's word; NULL in the last row */
	int64_t http;       /* 0: any */
	int pam;
	int level;       /* of the line in the log */
	const char *why; /* for the administrator, never at the prompt */
};

/* The row for a result and an HTTP status; the last for anything strange. */
const struct code *codes_result(const char *result, int64_t http);

/* The code for a failure of our own (enum err_code). */
int codes_failure(int code);

/* What PAM is told at the end: a set-uid program hears of no outage. */
int codes_final(int pam);

#endif
