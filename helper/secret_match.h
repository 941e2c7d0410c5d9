/* SPDX-License-Identifier: MIT */
/* The keyring's credentials that match a request (secret_other.h). */
#ifndef SECRET_MATCH_H
#define SECRET_MATCH_H

#include "credential.h"
#include "secret_base64.h"
#include "secret_keep.h"
#include "secret_salt.h"

enum match_how {
	MATCH_ANY,   /* an absent path or user name is any */
	MATCH_EXACT, /* ... is absent in the item too */
};

struct match {
	char *path;
	struct credential credential;
};

struct matches {
	GPtrArray *salts; /* of char; the first is the one to store under */
	GPtrArray *found; /* of struct match */
};
#define MATCHES_INIT                                                           \
	{                                                                      \
		g_ptr_array_new_with_free_func(g_free),                        \
		    g_ptr_array_new_with_free_func(match_free)                 \
	}
void match_free(gpointer match);
void matches_release(struct matches *m);

/* The credential in the request; ERR_PROTOCOL: not one that has a place. */
int match_request(struct keyring *k, struct credential *ret, struct err *err);

/* The same, but only whose it is. */
int match_tool(struct keyring *k, struct credential *ret, struct err *err);

/* The attributes of its item, or of all that match. */
GVariant *match_attributes(const char *schema, const struct credential *c,
    const char *salt, bool exact);

const char *match_label(const struct credential *c);

/* As it is stored. */
int match_encode(
    const struct credential *c, struct secbuf *ret, struct err *err);

/* Was it stored later? */
bool match_is_later(const struct match *a, const struct match *b);

/*
 * The keyring's salts; with `make` there is one afterwards, without it may be
 * ERR_NOTFOUND.  If it is the only one the answer tells it.
 */
int matches_salts(
    struct keyring *k, bool make, struct matches *m, struct err *err);

/*
 * All that match, unlocked and read; ERR_NOTFOUND: none.  Under m's salts, else
 * the request's if that finds any, else the keyring's.
 */
int matches_find(struct keyring *k, const struct credential *pattern,
    enum match_how how, struct matches *m, struct err *err);

/* All of the pattern's tool, whatever their salt. */
int matches_all(struct keyring *k, const struct credential *pattern,
    struct matches *m, struct err *err);

#endif
