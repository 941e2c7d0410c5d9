/* SPDX-License-Identifier: MIT */
#include "account.h"

#include <security/pam_ext.h>
#include <syslog.h>

#include "messages.h"
#include "options.h"
#include "state.h"
#include "subject.h"

int
account_check(pam_handle_t *pamh, int argc, const char **argv)
{
	const struct state *st = state_of(pamh);
	SUBJECT s = SUBJECT_INIT;
	struct options o;
	int r;

	if (st == NULL)
		return PAM_IGNORE;
	if (options_parse(&o, pamh, argc, argv) < 0)
		return PAM_SERVICE_ERR;
	r = subject_find(&s, pamh, &o);
	if (r != 0)
		return r;
	if (state_matches(st, pamh, &s))
		return PAM_SUCCESS;
	pam_syslog(pamh, LOG_NOTICE, "(user '%s') account refused: %s",
	    st->user, s.ours ? "the uid has changed" : s.why);
	return PAM_PERM_DENIED;
}

int
account_password(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	SUBJECT s = SUBJECT_INIT;
	struct options o;
	int r;

	if (options_parse(&o, pamh, argc, argv) < 0)
		return PAM_SERVICE_ERR;
	r = subject_find(&s, pamh, &o);
	if (r != 0)
		return r;
	if (!s.ours)
		return o.ignore_unknown_user ? PAM_IGNORE : PAM_USER_UNKNOWN;
	/* Once, not again in the second of the two rounds. */
	if ((flags & PAM_PRELIM_CHECK) != 0)
		messages_show(pamh, flags, MESSAGE_PASSWORD_ELSEWHERE);
	return PAM_AUTHTOK_ERR;
}
