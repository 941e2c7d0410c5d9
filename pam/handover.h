/* SPDX-License-Identifier: MIT */
/*
 * The token's way from the server's answer to the user's cache.
 *
 * It rests in the PAM handle (and, for sshd, in a parking place beside it)
 * until pam_setcred or pam_open_session, whichever comes first, puts it where
 * the user's own programs look for it.  A hand-over that fails is logged and
 * never blocks anybody.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <security/pam_modules.h>

#include "err.h"
#include "lines.h"
#include "report.h"
#include "subject.h"

/* The variable of the PAM environment that names a parked token. */
#define HANDOVER_VARIABLE "TOKENRING_PARKED"

/* Keep what the calls after this one need; without it nobody is let in. */
int handover_keep(const struct attempt *a, const struct subject *s,
    const struct lines *answer, struct err *err);

/* pam_sm_setcred and pam_sm_open_session: success, always. */
int handover_setcred(
    pam_handle_t *pamh, int flags, int argc, const char **argv);
int handover_session(pam_handle_t *pamh, int argc, const char **argv);

#endif
