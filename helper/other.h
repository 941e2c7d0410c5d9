/* SPDX-License-Identifier: MIT */
/*
 * Credentials for hosts that no profile has: what git, docker and the like give
 * us is kept in the Secret Service and given back.  Never touches the network.
 *
 * Each tool's are apart: docker's logout does not take git's password away.
 * Fields are compared byte for byte: see other_host().  Outcomes are those of store.h; nothing found is ERR_NOTFOUND,
 * a keyring without a default collection too (the message says so).
 */
#ifndef OTHER_H
#define OTHER_H

#include "credential.h"
#include "err.h"

#define OTHER_LIST_MAX     2000 /* credentials that a list can have */
#define OTHER_PROTOCOL_MAX 32   /* bytes */
#define OTHER_HOST_MAX     1024 /* bytes, with its port */

enum other_tool { OTHER_GIT, OTHER_DOCKER };

struct other {
	enum other_tool tool;
	bool authtype;   /* get: the tool can use authtype and credential */
	bool prefer;     /* store: the host's default from now on, even if
			    nothing else of it has changed */
	bool may_prompt; /* a person is there to unlock the keyring */
};

/*
 * Set protocol and host ("name[:port]", IPv6 in brackets) in the form to compare
 * by: lower case, without the port that http and https have anyway.  An empty
 * host is one (cert: a file), but not of http and https.  ERR_PROTOCOL: neither a
 * host nor a protocol.
 */
int other_host(struct credential *c, const char *protocol, const char *host,
    struct err *err);

/*
 * The best credential for the pattern: protocol and host are needed, path and
 * username must be equal if they are given and are anything if not.  Of several
 * a usable one comes before an expired one with a refresh token, and the one
 * that was stored last before others.  One that is of no use is not found.
 */
int other_get(const struct other *o, const struct credential *pattern,
    struct credential *ret, struct err *err);

/*
 * Keep it, in the place of the one with the same protocol, host, path and
 * username; each but the host may be absent.  Where password and credential are
 * those that we hold already, an expiry and a refresh token that are missing
 * (old git does not hand them on) are kept.  Nothing is written if nothing
 * changes.
 */
int other_store(
    const struct other *o, const struct credential *c, struct err *err);

/*
 * Forget all that match, as in other_get(); those of another password or
 * credential stay if one is given.  ERR_NOTFOUND: nothing was forgotten.
 */
int other_erase(
    const struct other *o, const struct credential *pattern, struct err *err);

/* All credentials of the tool, with the fields up to CREDENTIAL_URL. */
typedef void other_visit(const struct credential *c, void *arg);
int other_list(
    const struct other *o, other_visit *visit, void *arg, struct err *err);

#endif
