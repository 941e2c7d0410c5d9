/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <security/pam_ext.h>
#include <security/pam_modutil.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "codes.h"

/* Fields are told apart by blanks: none may come from outside. */
static const char *
field(char *to, size_t size, const char *from)
{
	char *p;

	(void)err_printable(to, size, from != NULL ? from : "");
	for (p = to; *p != '\0'; p++)
		if (*p == ' ')
			*p = '?';
	return to;
}

static const char *
item(char *to, size_t size, const struct attempt *a, int which)
{
	const void *v = NULL;

	if (pam_get_item(a->pamh, which, &v) != PAM_SUCCESS)
		v = NULL;
	return field(to, size, v);
}

/* "outcome; logname= uid= euid= tty= ruser= rhost= user=", as pam_unix does. */
static void
line(const struct attempt *a, const char *outcome, const char *rest)
{
	char logname[REPORT_ITEM_MAX], tty[REPORT_ITEM_MAX];
	char ruser[REPORT_ITEM_MAX], rhost[REPORT_ITEM_MAX];

	pam_syslog(a->pamh, LOG_NOTICE,
	    "%s; logname=%s uid=%lu euid=%lu tty=%s ruser=%s rhost=%s %s%s%s",
	    outcome,
	    field(logname, sizeof(logname), pam_modutil_getlogin(a->pamh)),
	    (unsigned long)getuid(), (unsigned long)geteuid(),
	    item(tty, sizeof(tty), a, PAM_TTY),
	    item(ruser, sizeof(ruser), a, PAM_RUSER),
	    item(rhost, sizeof(rhost), a, PAM_RHOST),
	    a->user != NULL ? " user=" : "", a->user != NULL ? a->user : "",
	    rest);
}

/* "service=sshd result=denied http=401 ms=82 id=..." */
static void
details(char *to, size_t size, const struct attempt *a)
{
	char service[REPORT_ITEM_MAX], http[32] = "", ms[32] = "";

	if (a->http != 0)
		(void)snprintf(
		    http, sizeof(http), " http=%lld", (long long)a->http);
	if (a->ms >= 0)
		(void)snprintf(ms, sizeof(ms), " ms=%lld", (long long)a->ms);
	(void)snprintf(to, size, "service=%s result=%s%s%s id=%s",
	    item(service, sizeof(service), a, PAM_SERVICE), a->result, http, ms,
	    a->id);
}

bool
report_no(struct attempt *a, int code, int level, const char *result,
    const char *fmt, ...)
{
	va_list ap;

	a->code = code;
	a->level = level;
	(void)snprintf(a->result, sizeof(a->result), "%s", result);
	va_start(ap, fmt);
	(void)vsnprintf(a->why, sizeof(a->why), fmt, ap);
	va_end(ap);
	return false;
}

void
report_reason(const struct attempt *a)
{
	char more[2 * REPORT_ITEM_MAX];

	details(more, sizeof(more), a);
	if (a->user != NULL)
		pam_syslog(a->pamh, a->level, "(user '%s') %s: %s", a->user,
		    more, a->why);
	else
		pam_syslog(a->pamh, a->level, "%s: %s", more, a->why);
}

void
report_failure(const struct attempt *a)
{
	bool judged = a->code == PAM_AUTH_ERR || a->code == PAM_USER_UNKNOWN;

	line(a, judged ? "authentication failure" : "authentication error", "");
	report_reason(a);
}

void
report_success(const struct attempt *a)
{
	char more[2 * REPORT_ITEM_MAX + 1] = " ";

	if (a->o->quiet)
		return;
	details(more + 1, sizeof(more) - 1, a);
	line(a, "authentication success", more);
}

void
report_warnings(const struct attempt *a, const struct lines *answer)
{
	char shown[ERR_TEXT_MAX];
	size_t i, n = 0;

	for (i = 0; i < answer->n && n < REPORT_WARNINGS_MAX; i++) {
		if (strcmp(answer->field[i].key, "warning[]") != 0)
			continue;
		n++;
		pam_syslog(a->pamh, LOG_WARNING, "%s",
		    err_printable(
			shown, sizeof(shown), answer->field[i].value));
	}
}

void
report_debug(pam_handle_t *pamh, const struct options *o, const char *fmt, ...)
{
	va_list ap;

	if (!o->debug)
		return;
	va_start(ap, fmt);
	pam_vsyslog(pamh, LOG_DEBUG, fmt, ap);
	va_end(ap);
}
