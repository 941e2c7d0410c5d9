/* SPDX-License-Identifier: MIT */
/* What the files conf*.c share: see conf.h for what they offer. */
#ifndef CONF_PRIVATE_H
#define CONF_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

/* Texts and presets live as long as the conf does. */
struct conf_block {
	struct conf_block *next;
	char text[];
};

struct conf {
	struct profile *profile;
	size_t n;
	struct conf_fault fault[CONF_FAULTS_MAX + CONF_PROFILES_MAX];
	size_t n_faults;
	struct conf_block *blocks;
	/* while reading */
	const char *shown;
	struct profile *current; /* NULL: outside any, or in one to ignore */
	bool ignoring;
};

/*
 * Record a fault.  Beyond the limit, what makes a profile unusable is kept all
 * the same, once a profile: PAM judges by it.
 */
void conf_fault_add(struct conf *c, const char *profile, bool mild,
    const char *fmt, ...) __attribute__((__format__(__printf__, 4, 5)));

/* Of a profile that a later file replaces nothing counts. */
void conf_faults_forget(struct conf *c, const char *profile);

/* A copy that lives as long as the conf, or NULL: out of memory. */
char *conf_keep(struct conf *c, const char *text, size_t len);

/* An empty profile, in the place of `old` or behind the others (old: NULL). */
struct profile *conf_new_profile(
    struct conf *c, struct profile *old, const char *name, int line);
struct profile *conf_find_profile(const struct conf *c, const char *name);

/* What the profile's own key says, before conf_finish(). */
enum provider conf_provider_of(const struct profile *p);

#endif
