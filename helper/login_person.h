/* SPDX-License-Identifier: MIT */
/* A person's grant: with a browser here, or with a code on another device. */
#ifndef LOGIN_PERSON_H
#define LOGIN_PERSON_H

#include "broker.h"

/* Is this sign-in a person's, by the options or the profile? */
bool login_person_wanted(const struct grant *g);

/*
 * Sign in: as --browser or --device say, else as the profile's grant does.  A
 * browser over SSH, or without a display, is a device code's case where the
 * server has that.  `answer` has the tokens.
 */
int login_person(struct grant *g, struct lines *answer, struct err *err);

#endif
