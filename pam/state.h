/* SPDX-License-Identifier: MIT */
/*
 * What one authentication leaves for the calls after it: whom we signed in, for
 * which service, and his token until it is handed over.  It lies in the PAM
 * handle, and is worth nothing to another user, uid or service.
 */
#ifndef STATE_H
#define STATE_H

#include <security/pam_modules.h>
#include <stdbool.h>
#include <sys/types.h>

#include "err.h"
#include "lines.h"
#include "subject.h"
#include "token.h"

#define STATE_SERVICE_MAX     64 /* bytes; nothing is kept for a longer name */
#define STATE_FINGERPRINT_LEN 32 /* hexadecimal digits */
#define STATE_TICKET_LEN      32 /* hexadecimal digits */
#define STATE_ID_LEN          16 /* hexadecimal digits: report.h */

struct state {
	char user[SUBJECT_NAME_MAX + 1];
	uid_t uid;
	char service[STATE_SERVICE_MAX + 1];
	char id[STATE_ID_LEN + 1]; /* of the login, for the log */
	char fingerprint[STATE_FINGERPRINT_LEN + 1];
	char ticket[STATE_TICKET_LEN + 1]; /* "": not parked (parking.h) */
	struct token token;                /* empty: none to hand over */
};
#define STATE_INIT                                                             \
	{                                                                      \
		.token = TOKEN_INIT                                            \
	}
#define STATE CLEANUP(state_release) struct state

/* Is `s` exactly LEN lower-case hexadecimal digits? */
bool state_hex(const char *s, size_t len);

/* Fill `ret` for this user and the handle's service. */
int state_begin(struct state *ret, pam_handle_t *pamh, const struct subject *s,
    struct err *err);

/* Give the contents of `from` to the handle; what it held is dropped. */
int state_keep(pam_handle_t *pamh, struct state *from, struct err *err);

/*
 * The handle's state, lent, or NULL: also if the handle's user or service is
 * another one by now.
 */
struct state *state_of(pam_handle_t *pamh);

/* Is it this user's, on this service? */
bool state_matches(
    const struct state *st, pam_handle_t *pamh, const struct subject *s);

void state_forget(pam_handle_t *pamh);
void state_release(struct state *st);

#endif
