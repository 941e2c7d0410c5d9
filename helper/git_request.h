/* SPDX-License-Identifier: MIT */
/*
 * What git asks (git-credential(1), INPUT/OUTPUT FORMAT), read as git reads it:
 * later lines replace earlier ones, `url` stands for its parts, an empty value
 * forgets what a list had before.  What git would not read is refused whole.
 */
#ifndef GIT_REQUEST_H
#define GIT_REQUEST_H

#include "credential.h"

#define GIT_STATE "tokenring:" /* begins the state[] that is ours */

struct git_request {
	struct lines lines;
	struct credential given; /* as given; protocol and host unchecked */
	bool authtype;           /* git can send another scheme than Basic */
	bool state;              /* git can come back with our state */
	bool ephemeral;          /* not to be stored */
	bool again;              /* "continue": the server said no */
	bool basic_only;  /* the server's challenges name Basic, not Bearer */
	const char *ours; /* our state behind GIT_STATE, or NULL */
};
#define GIT_REQUEST_INIT                                                       \
	{                                                                      \
		.lines = LINES_INIT, .given = CREDENTIAL_INIT                  \
	}
#define GIT_REQUEST CLEANUP(git_request_release) struct git_request

/* Read descriptor 0 to its end.  ERR_PROTOCOL: refused. */
int git_request_read(struct git_request *q, struct err *err);

void git_request_release(struct git_request *q);

#endif
