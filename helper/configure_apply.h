/* SPDX-License-Identifier: MIT */
/* Carrying out what `tokenring configure` has shown, and taking it back. */
#ifndef CONFIGURE_APPLY_H
#define CONFIGURE_APPLY_H

#include "configure.h"

/* Has the setting the wanted values already?  Does it only hold others? */
bool configure_is_done(struct json_object *change);
bool configure_is_part(struct json_object *change);

/* "before", "after". */
struct json_object *configure_member(
    struct json_object *change, const char *key);

/*
 * Write the changes down and make them, under the lock.  Nothing is changed if
 * a setting is no longer what was shown (ERR_UNAVAIL).
 */
int configure_apply(const struct configure *c, struct err *err);

/* Give back what the tool's settings were; *any: there was something. */
int configure_undo(
    const struct configure_tool *tool, bool *any, struct err *err);

#endif
