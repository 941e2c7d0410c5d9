/* SPDX-License-Identifier: MIT */
/* What kubectl puts into KUBERNETES_EXEC_INFO. */
#define cmd_kubectl cmd_kubectl_fuzzed
#include "../../helper/kubectl.c" /* for its reader, which nobody else calls */

#include "fuzz.h"

FUZZ(kubectl)
{
	char *text = fuzz_text(data, size);
	struct options opt = {.no_input = false};
	struct question q;
	struct err err = ERR_INIT;

	if (setenv("KUBERNETES_EXEC_INFO", text, 1) < 0)
		abort();
	if (read_question(&q, &opt, &err) < 0)
		fuzz_message(&err);
	else
		HOLDS(strncmp(q.version, GROUP "v1", strlen(GROUP "v1")) == 0);
	free(text);
}
