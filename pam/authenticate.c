/* SPDX-License-Identifier: MIT */
#include "authenticate.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <syslog.h>

#include "codes.h"
#include "handover.h"
#include "io.h"
#include "messages.h"
#include "options.h"
#include "report.h"
#include "state.h"
#include "subject.h"
#include "worker.h"

static bool
local_failure(struct attempt *a, const struct err *err)
{
	return report_no(
	    a, codes_failure(err->code), LOG_ERR, "error", "%s", err->msg);
}

static bool
begin(struct attempt *a)
{
	unsigned char random[REPORT_ID_LEN / 2];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return report_no(a, PAM_SYSTEM_ERR, LOG_ERR, "error",
		    "no random numbers: %s", strerror(errno));
	for (i = 0; i < sizeof(random); i++)
		(void)snprintf(a->id + 2 * i, 3, "%02x", random[i]);
	return true;
}

static bool
password_ok(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return i > 0 && i <= AUTHENTICATE_PASSWORD_MAX;
}

/* libpam prompts if no module before us has, and keeps it for those after. */
static bool
get_password(struct attempt *a, struct secbuf *password)
{
	const char *lent = NULL;
	int r;

	r = pam_get_authtok(a->pamh, PAM_AUTHTOK, &lent, NULL);
	if (r == PAM_CONV_AGAIN)
		return report_no(a, PAM_INCOMPLETE, LOG_DEBUG, "incomplete",
		    "the application will ask again");
	if (r != PAM_SUCCESS)
		return report_no(a, r == PAM_CONV_ERR ? r : PAM_AUTH_ERR,
		    LOG_NOTICE, "no-password", "no password: %s",
		    pam_strerror(a->pamh, r));
	if (lent == NULL || !password_ok(lent))
		return report_no(a, PAM_AUTH_ERR, LOG_NOTICE, "no-password",
		    "an empty, overlong or unprintable password is not sent");
	if (secbuf_set(password, lent) < 0)
		return report_no(
		    a, PAM_BUF_ERR, LOG_ERR, "error", "out of memory");
	return true;
}

/* What the server said, when it was not yes. */
static bool
refused(struct attempt *a, const struct lines *answer, const struct err *err)
{
	const char *result = lines_get(answer, "result");
	const char *message = lines_get(answer, "message");
	const struct code *c = codes_result(result, a->http);
	char shown[ERR_TEXT_MAX];

	if (err->code == ERR_PROTOCOL)
		c = codes_result("protocol", 0);
	if (err->code != 0)
		message = err->msg;
	/* Where we know the causes, the worker has nothing to add. */
	if (message == NULL || *message == '\0' || c->http != 0)
		return report_no(a, c->pam, c->level,
		    c->result != NULL ? c->result : "error", "%s", c->why);
	return report_no(a, c->pam, c->level,
	    c->result != NULL ? c->result : "error", "%s (%s)", c->why,
	    err_printable(shown, sizeof(shown), message));
}

/* One question to the worker; on true the user is let in. */
static bool
ask(struct attempt *a, const struct subject *s, const struct secbuf *password,
    int64_t budget_ms)
{
	LINES answer = LINES_INIT;
	struct question q = {a->o, a->id, s->name, password, budget_ms};
	struct err err = ERR_INIT;
	int64_t began = io_now_ms();
	int r;

	report_debug(a->pamh, a->o, "(user '%s') asking the worker, id=%s",
	    s->name, a->id);
	a->http = 0;
	r = worker_ask(&q, &answer, &err);
	a->ms = io_now_ms() - began;
	if (r < 0)
		return local_failure(a, &err);
	report_warnings(a, &answer);
	a->http = lines_number(&answer, "http", 0);
	if (!worker_grants(&answer, &err))
		return refused(a, &answer, &err);
	if (handover_keep(a, s, &answer, &err) < 0)
		return local_failure(a, &err);
	(void)snprintf(a->result, sizeof(a->result), "ok");
	return true;
}

/* The password that a module before us asked for; empty if there is none. */
static int
get_stacked(pam_handle_t *pamh, struct secbuf *stacked)
{
	const void *lent = NULL;

	if (pam_get_item(pamh, PAM_AUTHTOK, &lent) != PAM_SUCCESS ||
	    lent == NULL)
		return 0;
	return secbuf_set(stacked, lent);
}

/*
 * The password of a module before us was not the right one here: ask for ours,
 * once, with what is left of the time.  The same one is not sent twice.
 */
static bool
ask_again(struct attempt *a, const struct subject *s,
    const struct secbuf *stacked, int64_t budget_ms)
{
	SECBUF password = SECBUF_INIT(AUTHENTICATE_PASSWORD_MAX);
	struct attempt first = *a;

	(void)pam_set_item(a->pamh, PAM_AUTHTOK, NULL);
	if (!get_password(a, &password) || secbuf_equal(&password, stacked)) {
		(void)pam_set_item(a->pamh, PAM_AUTHTOK, stacked->ptr);
		*a = first;
		return false;
	}
	report_reason(&first);
	return ask(a, s, &password, budget_ms);
}

static bool
sign_in(struct attempt *a, const struct subject *s)
{
	SECBUF stacked = SECBUF_INIT(AUTHENTICATE_STACKED_MAX);
	SECBUF password = SECBUF_INIT(AUTHENTICATE_PASSWORD_MAX);
	int64_t budget_ms = (int64_t)a->o->timeout * 1000;

	if (a->o->try_first_pass && get_stacked(a->pamh, &stacked) < 0)
		return report_no(
		    a, PAM_BUF_ERR, LOG_ERR, "error", "out of memory");
	if (get_password(a, &password) && ask(a, s, &password, budget_ms))
		return true;
	if (a->ms > 0)
		budget_ms -= a->ms;
	if (stacked.len == 0 || a->code != PAM_AUTH_ERR ||
	    budget_ms < AUTHENTICATE_RETRY_MS)
		return false;
	return ask_again(a, s, &stacked, budget_ms);
}

/* The same prompt as for everybody; what is typed goes nowhere. */
static bool
stranger(struct attempt *a, const struct subject *s)
{
	SECBUF password = SECBUF_INIT(AUTHENTICATE_PASSWORD_MAX);

	if (!get_password(a, &password) && a->code == PAM_INCOMPLETE)
		return false;
	return report_no(
	    a, PAM_USER_UNKNOWN, LOG_NOTICE, "unknown", "%s", s->why);
}

static int
refuse(const struct attempt *a, int flags)
{
	const void *rhost = NULL;
	int code;

	if (a->code == PAM_INCOMPLETE)
		return a->code;
	if (!a->o->nodelay)
		(void)pam_fail_delay(a->pamh, AUTHENTICATE_DELAY_US);
	report_failure(a);
	/* Not to the network: only names that exist get this far. */
	if (a->code == PAM_AUTHINFO_UNAVAIL &&
	    (pam_get_item(a->pamh, PAM_RHOST, &rhost) != PAM_SUCCESS ||
		rhost == NULL || *(const char *)rhost == '\0'))
		messages_show(a->pamh, flags, MESSAGE_UNAVAILABLE);
	code = codes_final(a->code);
	if (code == PAM_SYSTEM_ERR)
		errno = EIO; /* sudo shows it */
	return code;
}

int
authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct options o;
	SUBJECT s = SUBJECT_INIT;
	struct attempt a = ATTEMPT_INIT(pamh, &o);
	int ret = PAM_SYSTEM_ERR, found;

	state_forget(pamh);
	if (options_parse(&o, pamh, argc, argv) < 0) {
		if (begin(&a))
			(void)report_no(&a, PAM_SERVICE_ERR, LOG_ERR, "config",
			    "the module's options cannot be used");
		return refuse(&a, flags);
	}
	found = subject_find(&s, pamh, &o);
	if (found == 0 && !s.ours && o.ignore_unknown_user) {
		report_debug(pamh, &o, "ignored: %s", s.why);
		return PAM_IGNORE;
	}
	if (s.name[0] != '\0')
		a.user = s.name;
	if (!begin(&a))
		return refuse(&a, flags);
	if (found != 0)
		(void)report_no(&a, found, LOG_ERR, "error",
		    "the user could not be looked up");
	else if (!s.ours)
		(void)stranger(&a, &s);
	else if (sign_in(&a, &s))
		ret = PAM_SUCCESS;
	if (ret != PAM_SUCCESS)
		return refuse(&a, flags);
	report_success(&a);
	return ret;
}
