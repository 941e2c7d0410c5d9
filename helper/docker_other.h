/* SPDX-License-Identifier: MIT */
/* docker's requests for servers that no profile has: see other.h. */
#ifndef DOCKER_OTHER_H
#define DOCKER_OTHER_H

#include "docker_server.h"
#include "other.h"

/*
 * The credential that was stored last for the server: fields
 * CREDENTIAL_USERNAME and CREDENTIAL_PASSWORD are there.  ERR_NOTFOUND: none.
 */
int docker_other_get(const struct front *f, const struct docker_server *server,
    struct credential *ret, struct err *err);

/* Keep it; it is the server's from now on.  `raw` is what docker called it. */
int docker_other_store(const struct front *f,
    const struct docker_server *server, const char *raw, const char *user,
    const char *given, struct err *err);

/* Forget all of the server.  0 too if there is none. */
int docker_other_erase(
    const struct front *f, const struct docker_server *server, struct err *err);

/* Each server with the user whose credential `get` has, as docker called it. */
typedef int docker_other_visit(const char *raw, const char *user, void *arg);
int docker_other_list(const struct front *f, docker_other_visit *visit,
    void *arg, struct err *err);

#endif
