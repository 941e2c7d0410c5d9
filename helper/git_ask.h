/* SPDX-License-Identifier: MIT */
/* May a person be asked something while git waits for us? */
#ifndef GIT_ASK_H
#define GIT_ASK_H

#include <stdbool.h>

#include "front.h"

/*
 * Only where there is a terminal and a display (a keyring's dialogue needs one),
 * and unless --no-input, GIT_TERMINAL_PROMPT or git's credential.interactive
 * say no; what they say that cannot be read is a no.
 */
bool git_may_ask(const struct front *f);

#endif
