/* SPDX-License-Identifier: MIT */
/* Between the two files of `tokenring configure git`. */
#ifndef CONFIGURE_GIT_H
#define CONFIGURE_GIT_H

#include "configure.h"

#define GIT_HELPER "tokenring" /* the value of ours */

/* Which settings are to be, and which helpers of others a person should know. */
int git_plan(struct configure *c, struct err *err);

#endif
