/* SPDX-License-Identifier: MIT */
/*
 * tokenring configure: other programs' settings, changed after they were shown
 * and given back by --undo.
 *
 * A setting has a name, which a person can read and the tool can find it by,
 * and a list of values; no value is no setting.  What a setting was, and what
 * it became, is written down in the state directory before it is changed.
 * Undoing gives back what it was if it is still what it became, and leaves it
 * alone if somebody has changed it since.
 */
#ifndef CONFIGURE_H
#define CONFIGURE_H

#include <json-c/json.h>

#include "front.h"
#include "match.h"

#define CONFIGURE_NOTES_MAX  8192
#define CONFIGURE_RECORD_MAX 1048576 /* bytes of what is written down */

struct configure {
	struct front *f;
	const struct configure_tool *tool;
	struct json_object *changes; /* what is wanted, in this order */
	struct secbuf notes;         /* lines that a person should read */
	const void *state;           /* the tool's own, while it plans */
};

struct configure_tool {
	const char *name;
	const char *title; /* a line that says what is changed */
	const char *used;  /* the program that must be in PATH; NULL: none */
	const char *link;  /* ours, that the tool starts */

	/* Say with configure_want() and configure_note() what is to be. */
	int (*plan)(struct configure *c, struct err *err);

	/* The setting's values as an array of strings, for json_object_put. */
	int (*read)(
	    const char *setting, struct json_object **ret, struct err *err);
	int (*write)(
	    const char *setting, struct json_object *values, struct err *err);
};

extern const struct configure_tool configure_git, configure_docker,
    configure_kubectl, configure_profile;

/*
 * The setting is to have these values (n of them).  `part`: it only holds
 * others (a file, an object in it): it is not shown, and goes with the last of
 * what it holds.  What was wanted of a setting first, stands.
 */
int configure_want(struct configure *c, const char *setting, bool part,
    const char *const values[], size_t n, struct err *err);

int configure_note(struct configure *c, struct err *err, const char *fmt, ...)
    __attribute__((__format__(__printf__, 3, 4)));

/*
 * Each server that the profiles (or the one of --profile) were given by their
 * own `match`, once: as https URL without a slash at its end.  A `match` that a
 * provider came with is for an API, and none of these.
 */
typedef int configure_visit(struct configure *c, const struct profile *p,
    const struct match_target *target, const char *url, struct err *err);
int configure_servers(
    struct configure *c, configure_visit *visit, struct err *err);

/* An array of strings; NULL: out of memory. */
struct json_object *configure_values(const char *const values[], size_t n);

/* The text of value i, or NULL. */
const char *configure_value(struct json_object *values, size_t i);

/* Are the first values of the one all those of the other? */
bool configure_begins_with(struct json_object *all, struct json_object *start);

/* What was written down about a tool (empty at first), and writing it down. */
int configure_record_read(
    const char *tool, struct json_object **ret, struct err *err);
int configure_record_write(
    const char *tool, struct json_object *changes, struct err *err);

#endif
