/* SPDX-License-Identifier: MIT */
/* Dates as the two services write them: ISO 8601 with a zone. */
#ifndef API_DATE_H
#define API_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_DATE_TEXT 24 /* bytes of "2025-07-06 11:01:21 UTC", terminated */

/*
 * YYYY-MM-DDTHH:MM:SS, a fraction or none, and the zone: Z, +hhmm or +hh:mm
 * (ITCare documents 2016-06-01T12:27:19.000+0200 and shows
 * 2025-07-06T11:01:21.263Z; SAINet shows 2018-05-23T07:00:00+0100).
 * Milliseconds since the epoch into `*ret`; returns how many bytes were read,
 * 0 if no such date begins there.
 */
size_t api_date(const char *text, int64_t *ret);

/* The second of it, for people. */
const char *api_date_text(int64_t ms, char to[API_DATE_TEXT]);

#endif
