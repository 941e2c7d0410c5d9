/* SPDX-License-Identifier: MIT */
/*
 * The commands.  Each returns 0 or an error code with its sentence in `err`;
 * main prints it, unless it is empty, and turns it into the exit status.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "front.h"

int cmd_login(struct front *f, struct err *err);
int cmd_logout(struct front *f, struct err *err);
int cmd_status(struct front *f, struct err *err);
int cmd_token(struct front *f, struct err *err);
int cmd_headers(struct front *f, struct err *err);
int cmd_curl(struct front *f, struct err *err);
int cmd_api(struct front *f, struct err *err);
int cmd_config(struct front *f, struct err *err);
int cmd_doctor(struct front *f, struct err *err);
int cmd_git(struct front *f, struct err *err);
int cmd_docker(struct front *f, struct err *err);
int cmd_bazel(struct front *f, struct err *err);
int cmd_kubectl(struct front *f, struct err *err);
int cmd_configure(struct front *f, struct err *err);

/*
 * The header lines that a request with this token needs, each ended by a line
 * feed: Authorization (RFC 6750 §2.1), and SAINet's instance.
 */
int headers_write(const struct token *t, struct secbuf *to, struct err *err);

#endif
