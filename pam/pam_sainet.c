/* SPDX-License-Identifier: MIT */
/*
 * pam_sainet.so: SAINet accounts log in to this host.  Only the six entry
 * points are here, and only they are visible outside.
 */
#include <security/pam_modules.h>

#include "account.h"
#include "authenticate.h"
#include "handover.h"

#define PAM_EXPORT __attribute__((__visibility__("default")))

PAM_EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return authenticate(pamh, flags, argc, argv);
}

PAM_EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return handover_setcred(pamh, flags, argc, argv);
}

PAM_EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	return account_check(pamh, argc, argv);
}

PAM_EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	return handover_session(pamh, argc, argv);
}

/* A token leaves by its timeout: the user's other sessions go on using it. */
PAM_EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

PAM_EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return account_password(pamh, flags, argc, argv);
}
