/* SPDX-License-Identifier: MIT */
/*
 * pam_sm_acct_mgmt and pam_sm_chauthtok: whoever we did not sign in is none of
 * our business, and passwords are changed elsewhere.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <security/pam_modules.h>

int account_check(pam_handle_t *pamh, int argc, const char **argv);
int account_password(
    pam_handle_t *pamh, int flags, int argc, const char **argv);

#endif
