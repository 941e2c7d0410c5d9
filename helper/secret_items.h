/* SPDX-License-Identifier: MIT */
/*
 * The operations of a request, by its op.  Each takes a request that was
 * checked and adds what it has to tell to k->answer.
 */
#ifndef SECRET_ITEMS_H
#define SECRET_ITEMS_H

#include "secret_service.h"

#define LIST_MAX 8192 /* items told */

/* The kinds of items, ended by NULL. */
extern const char *const item_kinds[];

/* Is it a fingerprint: 32 hexadecimal digits? */
bool item_is_fp(const char *s);

int op_get(struct keyring *k, struct err *err);
int op_put(struct keyring *k, struct err *err);
int op_erase(struct keyring *k, struct err *err);
int op_list(struct keyring *k, struct err *err);
int op_probe(struct keyring *k, struct err *err);

#endif
