/* SPDX-License-Identifier: MIT */
#include "api_date.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* `n` digits into *ret. */
static bool
digits(const char *p, int n, int *ret)
{
	*ret = 0;
	for (; n > 0; n--, p++) {
		if (!digit(*p))
			return false;
		*ret = *ret * 10 + (*p - '0');
	}
	return true;
}

/* Bytes of the zone, its minutes east of UTC. */
static size_t
zone(const char *p, int *minutes)
{
	int h, m, sign = *p == '-' ? -1 : 1;
	size_t colon;

	*minutes = 0;
	if (*p == 'Z')
		return 1;
	if ((*p != '+' && *p != '-') || !digits(p + 1, 2, &h))
		return 0;
	colon = p[3] == ':';
	if (!digits(p + 3 + colon, 2, &m) || h > 23 || m > 59)
		return 0;
	*minutes = sign * (h * 60 + m);
	return 5 + colon;
}

static bool
take_second(const char *text, struct tm *tm)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	struct tm given;
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? !digit(text[i]) : text[i] != form[i])
			return false;
	memset(tm, 0, sizeof(*tm));
	(void)digits(text, 4, &tm->tm_year);
	(void)digits(text + 5, 2, &tm->tm_mon);
	(void)digits(text + 8, 2, &tm->tm_mday);
	(void)digits(text + 11, 2, &tm->tm_hour);
	(void)digits(text + 14, 2, &tm->tm_min);
	(void)digits(text + 17, 2, &tm->tm_sec);
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	/* timegm() takes the 31st of February for the 3rd of March. */
	given = *tm;
	(void)timegm(&given);
	return given.tm_mday == tm->tm_mday && given.tm_mon == tm->tm_mon &&
	       given.tm_hour == tm->tm_hour && given.tm_min == tm->tm_min &&
	       given.tm_sec == tm->tm_sec;
}

size_t
api_date(const char *text, int64_t *ret)
{
	struct tm tm;
	const char *p = text;
	int east, unit = 100, ms = 0;
	size_t n;

	if (!take_second(text, &tm))
		return 0;
	p += 19;
	if (*p == '.' && digit(p[1]))
		for (p++; digit(*p); p++, unit /= 10)
			ms += (*p - '0') * unit;
	n = zone(p, &east);
	if (n == 0)
		return 0;
	*ret = ((int64_t)timegm(&tm) - (int64_t)east * 60) * 1000 + ms;
	return (size_t)(p - text) + n;
}

const char *
api_date_text(int64_t ms, char to[API_DATE_TEXT])
{
	time_t at = (time_t)(ms / 1000);
	struct tm tm;

	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(to, API_DATE_TEXT, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		to[0] = '\0';
	return to;
}
