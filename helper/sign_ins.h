/* SPDX-License-Identifier: MIT */
/*
 * Which sign-ins there are, whatever the configuration says now: other accounts
 * of a profile, and what one kept before it was changed or removed.
 */
#ifndef SIGN_INS_H
#define SIGN_INS_H

#include <stddef.h>

#include "fingerprint.h"

#define SIGN_INS_MAX 256

struct sign_ins {
	char fp[SIGN_INS_MAX][FINGERPRINT_LEN + 1]; /* each once */
	size_t n;
};

/*
 * All that the state directory's facts (facts.h) and both stores tell.  A store
 * that cannot be asked, and a locked one that does not say, add nothing.
 */
void sign_ins_find(struct sign_ins *ret);

#endif
