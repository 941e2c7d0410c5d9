/* SPDX-License-Identifier: MIT */
/* Signing in on another device (RFC 8628). */
#ifndef DEVICE_H
#define DEVICE_H

#include "broker.h"

/*
 * Show the code and the address, then poll until the person has decided or the
 * code has expired.  `answer` has the tokens.
 */
int device_login(struct grant *g, const struct secbuf *client_secret,
    struct lines *answer, struct err *err);

#endif
