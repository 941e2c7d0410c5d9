/* SPDX-License-Identifier: MIT */
/* Which server docker means, in all the forms in which it says so. */
#ifndef DOCKER_SERVER_H
#define DOCKER_SERVER_H

#include "front.h"
#include "match.h"

struct docker_server {
	bool https; /* false: "http://", where no token goes */
	char name[MATCH_HOST_MAX + 8]; /* as it was written, with its port */
	struct match_target target;
};

/*
 * "host", "host:port", either with "https://" or "http://" before it, and with
 * a path behind it; that of a registry's API itself ("/v1/", "/v2/") is no part
 * of its name.  ERR_CONFIG with the reason for what is no server.
 */
int docker_server_parse(
    const char *raw, struct docker_server *ret, struct err *err);

/* The profile for it.  ERR_NOTFOUND: there is none. */
int docker_server_profile(struct front *f, const struct docker_server *server,
    const struct profile **ret, struct err *err);

#endif
