/* SPDX-License-Identifier: MIT */
/* One item of the keyring: make it, read it, delete it. */
#ifndef SECRET_KEEP_H
#define SECRET_KEEP_H

#include "secret_search.h"

#define KEEP_WRITE_MS 10000 /* for a change, once the service has answered */

enum keep_mode {
	KEEP_REPLACE, /* the item with these attributes, if there is one */
	KEEP_BESIDE,
};

/*
 * A place to store in.  libsecret would ask for a new collection if the default
 * one is missing (KeePassXC has none, for one); without a person that is an
 * outcome of its own, ERR_NOTFOUND.
 */
int keep_collection(struct keyring *k, char **ret, struct err *err);

/* Store; a locked collection is unlocked first.  Attributes may be floating. */
int keep_create(struct keyring *k, const char *collection, GVariant *attributes,
    const char *label, const struct secbuf *stored, enum keep_mode mode,
    char **ret_path, struct err *err);

/* What the service holds at `path`, as it is stored. */
int keep_load(
    struct keyring *k, const char *path, struct secbuf *ret, struct err *err);

/*
 * Can the item be found again, and does it hold what was written?  Others with
 * its attributes, left in a collection that once was the default one, go: a
 * search must not find them.
 */
int keep_verify(struct keyring *k, const char *path, GVariant *attributes,
    const struct secbuf *stored, struct err *err);

/* `shut`: it is locked. */
int keep_delete(
    struct keyring *k, const char *path, bool shut, struct err *err);

#endif
