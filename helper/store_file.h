/* SPDX-License-Identifier: MIT */
/*
 * "store = file": each secret a file of mode 0600, named FINGERPRINT.KIND, in
 * the directory `store` of the state directory.  Contracts as in store.h.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "store.h"

#define STORE_FP_LEN 32 /* hexadecimal digits */

int store_file_get(
    const char *fp, enum store_kind kind, struct secbuf *ret, struct err *err);
int store_file_put(const char *fp, enum store_kind kind,
    const struct secbuf *payload, struct err *err);
int store_file_erase(const char *fp, enum store_kind kind, struct err *err);
int store_file_probe(struct err *err);
int store_file_list(store_visit *visit, void *arg, struct err *err);

/* Of store.c: is it a fingerprint, and the kind of that name or -1. */
bool store_is_fp(const char *s, size_t len);
int store_find_kind(const char *name, size_t len);

#endif
