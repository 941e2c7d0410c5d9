/* SPDX-License-Identifier: MIT */
/*
 * Where secrets rest that let work go on without a person: the Secret Service,
 * spoken to by tokenring-secret, or by choice files in the state directory.
 * Everything is kept under a fingerprint (32 hexadecimal digits) and a kind.
 *
 * Outcomes a caller can act on, told apart in each function: ERR_NOTFOUND,
 * ERR_LOCKED, ERR_UNAVAIL (no D-Bus, no service, a stopped one), ERR_DENIED and
 * ERR_CANCELED; ERR_CONFIG is a worker or a setting that cannot be used, and
 * all else is ERR_INTERNAL.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>

#include "err.h"
#include "lock.h"
#include "secbuf.h"

#define STORE_TIMEOUT_MS        3000  /* nobody is there */
#define STORE_WRITE_TIMEOUT_MS  25000 /* a large keyring that is being written */
#define STORE_PROMPT_TIMEOUT_MS 120000 /* a person may be asked */

enum store_kind {
	STORE_REFRESH,
	STORE_CLIENT_SECRET,
	STORE_PASSWORD,
	STORE_ACCESS,
};

enum store_backend { STORE_SECRET_SERVICE, STORE_FILE, STORE_NONE };

struct store {
	enum store_backend backend;
	bool may_prompt;         /* a person is there */
	int timeout_ms;          /* for the service to answer, nobody being
				    there; 0: STORE_TIMEOUT_MS */
	const struct lock *lock; /* inherited by the worker; NULL: none */
	const char *profile;     /* whose it is, for the way out of a locked
				    keyring; NULL: the caller tells it */
};

struct store_item {
	const char *fp; /* "-": a locked keyring does not tell it */
	enum store_kind kind;
	const char *label; /* may be empty */
	bool locked;
};
typedef void store_visit(const struct store_item *item, void *arg);

/* "refresh", "client-secret", "password", "access". */
const char *store_kind_name(enum store_kind kind);

/* What was put, byte for byte. */
int store_get(const struct store *s, const char *fp, enum store_kind kind,
    struct secbuf *ret, struct err *err);

/*
 * Put in the place of what is there, and see that it can be read back.  The
 * payload is text: lines joined by LF, no other control character.  The label
 * is shown by keyring managers and holds the profile's name, nothing else.
 */
int store_put(const struct store *s, const char *fp, enum store_kind kind,
    const char *label, const struct secbuf *payload, struct err *err);

int store_erase(const struct store *s, const char *fp, enum store_kind kind,
    struct err *err);
int store_erase_all(const struct store *s, const char *fp, struct err *err);

/* Could a put work now?  Reads no secret; ERR_NOTFOUND: no default keyring. */
int store_probe(const struct store *s, struct err *err);

/*
 * Show each item; needs no unlocking and reads no secret.  `known` (ended by
 * NULL; may be NULL) are fingerprints to recognise in a locked keyring, which
 * tells hashes only.
 */
int store_list(const struct store *s, const char *const *known,
    store_visit *visit, void *arg, struct err *err);

#endif
