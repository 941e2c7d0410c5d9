/* SPDX-License-Identifier: MIT */
/*
 * Other hosts' credentials for a tool: a call of other.h, once more with the
 * keyring's own dialogue where it is locked and somebody may be asked.
 */
#ifndef OTHER_CALL_H
#define OTHER_CALL_H

#include "front.h"
#include "other.h"

enum other_what { OTHER_GET, OTHER_STORE, OTHER_ERASE };

/*
 * `may_ask` is asked only if the keyring is locked; `tool` is what a person
 * calls it.  `ret` is OTHER_GET's, else NULL.  The message of a failure names
 * what failed and the host; of ERR_NOTFOUND only where something was to be kept.
 */
int other_call(const struct front *f, enum other_what what, struct other *o,
    const char *tool, bool (*may_ask)(const struct front *f),
    const struct credential *c, struct credential *ret, struct err *err);

#endif
