/* SPDX-License-Identifier: MIT */
/* The first profile's text: from the options -o, or from a few questions. */
#ifndef CONFIGURE_FIRST_H
#define CONFIGURE_FIRST_H

#include "front.h"

#define CONFIGURE_FIRST_MAX      (CONF_KEYS + 1)
#define CONFIGURE_FIRST_LINE_MAX 4096

struct configure_first {
	char line[CONFIGURE_FIRST_MAX][CONFIGURE_FIRST_LINE_MAX];
	size_t n; /* 0: no profile is needed */
};

/*
 * Is a profile needed (there is none, or none of the name that --profile has)?
 * Then its section for the file of that name, checked; --profile and the
 * configuration of `f` are then that profile, else the configuration as it is.
 */
int configure_first(struct front *f, const char *file,
    struct configure_first *ret, struct err *err);

#endif
