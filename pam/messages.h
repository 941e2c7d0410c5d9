/* SPDX-License-Identifier: MIT */
/*
 * What people are told, in English or French.  The prompt for the password is
 * libpam's own.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#include <security/pam_modules.h>

enum message {
	MESSAGE_UNAVAILABLE,
	MESSAGE_PASSWORD_ELSEWHERE,
	MESSAGES /* how many there are */
};

/* Show it, unless the application asked for silence in `flags`. */
void messages_show(pam_handle_t *pamh, int flags, enum message which);

#endif
