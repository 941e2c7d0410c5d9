/* SPDX-License-Identifier: MIT */
/* The clock: certificates and tokens are judged by it. */
#include <sys/stat.h>
#include <time.h>

#include "doctor.h"

#define EARLIEST 1735689600LL /* 2025-01-01: nothing here is older */
#define SLACK_S  86400

/* Before this program was installed it cannot be. */
void
doctor_clock(struct doctor *d)
{
	int64_t now = time(NULL), least = EARLIEST;
	char text[64], installed[64];
	struct stat st;
	struct tm tm;
	time_t t;

	if (stat("/proc/self/exe", &st) == 0 && st.st_mtime > least)
		least = st.st_mtime;
	t = (time_t)now;
	(void)strftime(
	    text, sizeof(text), "%Y-%m-%d %H:%M UTC", gmtime_r(&t, &tm));
	if (now >= least - SLACK_S) {
		doctor_find(d, DOCTOR_OK, "clock", "it is %s", text);
		return;
	}
	t = (time_t)least;
	(void)strftime(
	    installed, sizeof(installed), "%Y-%m-%d", gmtime_r(&t, &tm));
	doctor_find(d, DOCTOR_ERROR, "clock-behind",
	    "the clock says %s, which is before this program was made (%s): "
	    "good certificates look as if they were not valid yet",
	    text, installed);
	doctor_do(d, "set the clock: timedatectl set-ntp true, as root");
}
