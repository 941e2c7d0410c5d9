/* SPDX-License-Identifier: MIT */
/*
 * The connection with the Secret Service: to the session bus we were told of
 * and no other, to the one process that answered first, and, unless a person is
 * there, without a prompt.  The only includer of libsecret's header.
 */
#ifndef SECRET_SERVICE_H
#define SECRET_SERVICE_H

#include <stdbool.h>

#define SECRET_WITH_UNSTABLE
#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>

#include "err.h"
#include "lines.h"
#include "secbuf.h"

#define SERVICE_PATH  "/org/freedesktop/secrets"
#define SERVICE_IFACE "org.freedesktop.Secret.Service"
#define ITEM_IFACE    "org.freedesktop.Secret.Item"
#define COLL_IFACE    "org.freedesktop.Secret.Collection"

/* One request, and what it needs of the service. */
struct keyring {
	const struct lines *request;
	struct secbuf *answer; /* payload[] and item[] lines */
	bool prompt;           /* a person is there */
	bool in_passing;       /* who waits asked for something else: no more
				  time is taken for a change */
	bool unlocked;         /* something was, by us */
	GDBusConnection *bus;
	char owner[256]; /* the unique name that answered first */
	SecretService *service;
};

/* ERR_UNAVAIL: there is no session bus. */
int keyring_open_bus(struct keyring *k, struct err *err);

/* Everything that needs libsecret; after the first keyring_ask(). */
int keyring_open_service(struct keyring *k, struct err *err);

/*
 * Call a method of the service itself, or one of another object's properties.
 * Returns a body of the form `type`, for the caller to unref; NULL: see `err`.
 */
GVariant *keyring_ask(struct keyring *k, const char *path, const char *method,
    GVariant *args, const char *type, struct err *err);

/* Record what GLib or the service said; a NULL error is one without reason. */
int keyring_fail(struct err *err, const char *what, GError *e);
int keyring_locked(struct err *err);

#endif
