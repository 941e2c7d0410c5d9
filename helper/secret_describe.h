/* SPDX-License-Identifier: MIT */
/* What service there is: for whom it is out of order. */
#ifndef SECRET_DESCRIBE_H
#define SECRET_DESCRIBE_H

#include "secret_service.h"

/*
 * The operation describe.  Answers running=1|0, activatable=1|0 (the bus would
 * start one), and of one that runs service (its program's name), ours (our own
 * user runs it), default (it has a default keyring), locked (that one is),
 * encrypted (sessions can be).  Starts, unlocks and changes nothing.
 */
int op_describe(struct keyring *k, struct err *err);

#endif
