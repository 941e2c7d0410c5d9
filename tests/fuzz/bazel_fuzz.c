/* SPDX-License-Identifier: MIT */
/* Bazel's request. */
#define cmd_bazel cmd_bazel_fuzzed
#include "../../helper/bazel.c" /* for its reader, which nobody else calls */

#include "fuzz.h"

FUZZ(bazel)
{
	char uri[MATCH_URL_MAX];
	struct err err = ERR_INIT;

	fuzz_stdin(data, size);
	if (read_uri(uri, sizeof(uri), &err) < 0)
		fuzz_message(&err);
	else
		HOLDS(strlen(uri) < sizeof(uri));
}
