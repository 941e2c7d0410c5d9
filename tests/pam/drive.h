/* SPDX-License-Identifier: MIT */
/* The driver of libpam, for what tries many calls in a row. */
#ifndef DRIVE_H
#define DRIVE_H

#include <security/pam_appl.h>
#include <stdbool.h>

#define DRIVE_CODES 32 /* more than any code of PAM's */

/* A new handle, whose conversation begins with the first reply again. */
pam_handle_t *drive_start(
    const char *service, const char *user, const char *dir);

/* A code's name, without PAM_. */
const char *drive_code(int code);

enum sweep {
	SWEEP_ALL,     /* pam_authenticate, whoever calls */
	SWEEP_MODULE,  /* the same, the module's own calls */
	SWEEP_AFTER,   /* pam_setcred after a success, the module's own calls */
	SWEEP_SESSION, /* the same with pam_open_session, which delivers too */
};

/*
 * Again and again, each time with the next call failing that can fail, until
 * none is left.  The service sshd has its own way: what it asks in one handle
 * comes to another by the PAM environment alone.  Tells which codes came; and of
 * the module's own calls, which functions' failing denied, and which did not
 * and whether the log said why.
 */
void sweep(
    const char *service, const char *user, const char *dir, enum sweep what);

#endif
