/* SPDX-License-Identifier: MIT */
/*
 * A place for a token to wait in while it crosses from one of sshd's processes
 * to another: a root-only file on /run, of which only the random name crosses.
 * What lies there longer than three minutes is thrown away at the next use.
 */
#ifndef PARKING_H
#define PARKING_H

#include "err.h"
#include "state.h"

#ifndef RUNDIR
#define RUNDIR "/run"
#endif
#define PARKING_DIR       RUNDIR "/tokenring/parked"
#define PARKING_SECONDS   180
#define PARKING_GRAIN     2     /* seconds that two clocks may differ */
#define PARKING_MAX       40000 /* bytes of a file */
#define PARKING_SWEEP_MAX 10000 /* entries looked at in one sweep */

/* Park the state; the ticket that finds it again goes into `ticket`. */
int parking_put(
    const struct state *st, char ticket[STATE_TICKET_LEN + 1], struct err *err);

/*
 * Take what was parked under `ticket`, for good.  The caller judges whose it
 * is.  ERR_NOTFOUND: nothing, or too old.
 */
int parking_take(const char *ticket, struct state *ret, struct err *err);

void parking_drop(const char *ticket);

#endif
