/* SPDX-License-Identifier: MIT */
/*
 * A person's grant: its refresh token lies in the store, rotates with each use
 * (RFC 6749 §6), and must not be lost or spent twice.
 */
#ifndef REFRESH_H
#define REFRESH_H

#include "broker.h"

/*
 * Under the lock: finish what a killed process left, else spend the stored
 * refresh token.  A refresh whose answer was lost is not repeated while an
 * access token is still valid; after that the stored token is tried once more,
 * since it is the only one there is, and the server decides.
 */
int refresh_person(struct grant *g, struct token *ret, struct err *err);

/*
 * Under the lock: move what a killed process left in the journal into the
 * store.  0: `ret` is a fresh token; ERR_NOTFOUND: nothing that is one; else
 * the store cannot take it and nothing may be spent.
 */
int refresh_recover(struct grant *g, struct token *ret, struct err *err);

/* Forget the journal, wherever it lies: what it held is of no use any more. */
void refresh_forget(const struct grant *g);

#endif
