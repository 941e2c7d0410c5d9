/* SPDX-License-Identifier: MIT */
/*
 * What `status` shows without unlocking anything: small JSON files in the state
 * directory, no secrets in them, replaced by rename.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "fingerprint.h"
#include "token.h"

struct facts {
	char profile[CONF_NAME_MAX + 1]; /* its name when this was written */
	char account[TOKEN_NAME_MAX];
	char store[32];       /* secret-service, file, none */
	char kept[64];        /* what is in the store: "refresh", ... */
	int64_t signed_in_at; /* by a person or with the client's secret */
	int64_t obtained_at;  /* the last access token */
	int64_t expires_at;
	int64_t refresh_expires_at; /* 0: not known */
};

/* ERR_NOTFOUND: nothing is known. */
int facts_read(const char *fp, struct facts *ret, struct err *err);
int facts_write(const char *fp, const struct facts *f, struct err *err);
void facts_drop(const char *fp);

/* Visit the fingerprints of which something is known. */
typedef void facts_visit(const char *fp, void *arg);
int facts_list(facts_visit *visit, void *arg, struct err *err);

#endif
