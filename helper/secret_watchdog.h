/* SPDX-License-Identifier: MIT */
/*
 * A service that does not answer cannot hold this program: when its time is up
 * a timer answers "unreachable" and ends it.
 */
#ifndef SECRET_WATCHDOG_H
#define SECRET_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

/* (Re)start the timer; GDBus waits 25 s for a service, for ever for a prompt. */
void watchdog_set(int64_t ms);

/* True once: the caller writes the answer, and the timer will not. */
bool watchdog_claim(void);

#endif
