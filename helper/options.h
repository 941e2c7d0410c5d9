/* SPDX-License-Identifier: MIT */
/* What was said on the command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

#define OPTIONS_OVERRIDES_MAX 64  /* -o options */
#define OPTIONS_OPERANDS_MAX  8   /* operands of any command but curl */
#define OPTIONS_ITEMS_MAX     128 /* -f, -F and -H together */

/* Who has an option: the commands, as bits. */
enum command_bit {
	FOR_LOGIN = 1 << 0,
	FOR_LOGOUT = 1 << 1,
	FOR_STATUS = 1 << 2,
	FOR_TOKEN = 1 << 3,
	FOR_HEADERS = 1 << 4,
	FOR_CURL = 1 << 5,
	FOR_CONFIG = 1 << 6,
	FOR_GIT = 1 << 7,
	FOR_DOCKER = 1 << 8,
	FOR_BAZEL = 1 << 9,
	FOR_KUBECTL = 1 << 10,
	FOR_DOCTOR = 1 << 11,
	FOR_CONFIGURE = 1 << 12,
	FOR_API = 1 << 13,
	FOR_ALL = (1 << 14) - 1,
};

/* One of the options that may stand several times, in their order. */
struct option_item {
	char letter; /* 'f', 'F' or 'H' */
	const char *text;
};

struct options {
	const char *profile; /* --profile, else $TOKENRING_PROFILE */
	const char *account;
	int64_t min_valid; /* seconds; -1: as configured */
	int64_t timeout;   /* git store: seconds to keep it; -1: for good */
	bool no_input, verbose, help, version;
	bool json, secret_stdin, device, browser, all, local, any_host,
	    show_origin, online, undo, yes;
	const char *method, *input;
	bool include, paginate, dry_run, wait;
	int64_t wait_s; /* --wait=TIME; -1: no time was given */
	struct option_item item[OPTIONS_ITEMS_MAX];
	size_t items;
	const char *override[OPTIONS_OVERRIDES_MAX];
	size_t overrides;
	const char *operand[OPTIONS_OPERANDS_MAX];
	size_t operands;
	char **rest; /* curl's own arguments, NULL-terminated; else NULL */
};

struct command {
	const char *name;
	enum command_bit bit;
	bool raw; /* what stands behind its name is not ours */
	const char *usage;
	const char *purpose;
};

/*
 * Take argv (without the program's name) apart.  Options stand before or after
 * the command's name, "--" ends them.  `command` is set beforehand when the
 * program's name is a command's, else found among `commands` (ended by a NULL
 * name) and left NULL when none is named.  ERR_CONFIG: a usage error.
 */
int options_parse(struct options *o, char **argv,
    const struct command *commands, const struct command **command,
    struct err *err);

#endif
