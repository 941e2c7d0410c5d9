/* SPDX-License-Identifier: MIT */
/* One request to tokenring-secret, for what is kept in the Secret Service. */
#ifndef STORE_WORKER_H
#define STORE_WORKER_H

#include "lines.h"
#include "store.h"

#define STORE_BUS_MAX 4096 /* bytes of an address, its terminator included */

/*
 * The session bus that we were given, else the user's own.  ERR_UNAVAIL without
 * one: nothing is started, for GLib would launch a bus where no keyring can be.
 */
int store_worker_bus(char *to, size_t size, struct err *err);

/* Begin a request; its other keys follow. */
int store_worker_begin(
    const struct store *s, const char *op, struct secbuf *q, struct err *err);

/*
 * Complete the request, run the worker, take its answer apart.  `writes`: our
 * own death does not end it.  Errors as in store.h.
 */
int store_worker_run(const struct store *s, struct secbuf *request, bool writes,
    struct lines *answer, struct err *err);

/* The same without a hint at the command that says more. */
int store_worker_ask(const struct store *s, struct secbuf *request, bool writes,
    struct lines *answer, struct err *err);

#endif
