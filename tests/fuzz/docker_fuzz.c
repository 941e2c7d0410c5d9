/* SPDX-License-Identifier: MIT */
/* What docker gives: a server in many forms, and a credential in JSON. */
#define cmd_docker cmd_docker_fuzzed
#include "../../helper/docker.c" /* for its readers, which nobody else calls */

#include "fuzz.h"

FUZZ(docker)
{
	SECBUF raw = SECBUF_INIT(DIALECT_REQUEST_MAX);
	struct docker_server server;
	struct err err = ERR_INIT;

	fuzz_stdin(data, size);
	if (read_server(&raw, &err) < 0) {
		fuzz_message(&err);
		return;
	}
	HOLDS(strchr(raw.ptr, '\n') == NULL);
	if (docker_server_parse(raw.ptr, &server, &err) < 0) {
		fuzz_message(&err);
		/* User information may be confidential. */
		HOLDS(strchr(err.msg, '@') == NULL);
		return;
	}
	HOLDS(server.target.host[0] != '\0');
	HOLDS(strpbrk(server.target.host, "/@ \\%") == NULL);
	HOLDS(server.target.port >= 1 && server.target.port <= 65535);
}
