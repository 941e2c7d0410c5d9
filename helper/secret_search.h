/* SPDX-License-Identifier: MIT */
/* What the keyring has for a request, and how it is unlocked. */
#ifndef SECRET_SEARCH_H
#define SECRET_SEARCH_H

#include "secret_service.h"

#define SCHEMA "io.github.tokenring"

/* The paths of items, those that can be read and those that are locked. */
struct found {
	char **open, **locked; /* each ended by NULL */
};
void found_release(struct found *f);

/*
 * The attributes of an item, its version first: pairs of name and value, ended
 * by a NULL name; those whose value is NULL are left out.  Floating.
 */
GVariant *keyring_attributes(const char *const pairs[][2]);

/*
 * Finding nothing is no failure.  Search not by xdg:schema: gnome-keyring
 * forgets that one while a keyring is locked, and nothing would be found.
 */
int keyring_search(struct keyring *k, GVariant *attributes, struct found *ret,
    struct err *err);

/*
 * The same, but at least one item; ERR_NOTFOUND: none.  Some services
 * (KeePassXC) find nothing in a locked keyring: there "none" means locked until
 * it has been unlocked.
 */
int keyring_search_some(struct keyring *k, GVariant *attributes,
    struct found *ret, struct err *err);

/*
 * Unlock a collection or an item.  A service that has the password already, by
 * PAM, does so without a prompt; else only a person who is there is asked.
 */
int keyring_unlock(struct keyring *k, const char *path, struct err *err);

/* Unlock the collection if it is locked. */
int keyring_ensure_unlocked(
    struct keyring *k, const char *collection, struct err *err);

/* The default collection's path into `ret`, NULL if there is none. */
int keyring_default(struct keyring *k, char **ret, struct err *err);

#endif
