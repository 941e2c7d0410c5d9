/* SPDX-License-Identifier: MIT */
/*
 * pam_sm_authenticate: is this user ours, what is his password, what does the
 * server say to it, and what is PAM told.
 */
#ifndef AUTHENTICATE_H
#define AUTHENTICATE_H

#include <security/pam_modules.h>

#define AUTHENTICATE_PASSWORD_MAX 511     /* bytes; longer ones are refused */
#define AUTHENTICATE_STACKED_MAX  65536   /* of one that came from elsewhere */
#define AUTHENTICATE_DELAY_US     2000000 /* after a refusal */
#define AUTHENTICATE_RETRY_MS     2000    /* least time for a second question */

int authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv);

#endif
