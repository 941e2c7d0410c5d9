/* SPDX-License-Identifier: MIT */
/*
 * The operations on credentials for hosts that no profile has (other.h).
 *
 * The attributes kind=credential, host, user and path of an item are hashes
 * under the keyring's salt; its secret is the credential itself, one line of
 * base64url.  The request's salt is what an earlier answer told: with it a find
 * takes one search less, and a salt that is no longer right finds nothing and
 * is looked up again.
 */
#ifndef SECRET_OTHER_H
#define SECRET_OTHER_H

#include "secret_service.h"

int op_credential_get(struct keyring *k, struct err *err);
int op_credential_store(struct keyring *k, struct err *err);
int op_credential_erase(struct keyring *k, struct err *err);
int op_credential_sweep(struct keyring *k, struct err *err);
int op_credential_list(struct keyring *k, struct err *err);

#endif
