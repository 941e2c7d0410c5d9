/* SPDX-License-Identifier: MIT */
/* What kubectl puts into KUBERNETES_EXEC_INFO. */
#define cmd_kubectl cmd_kubectl_fuzzed
#include "../../helper/kubectl.c" /* for its reader, which nobody else calls */

#include "fuzz.h"

FUZZ(kubectl)
{
	char *text = fuzz_text(data, size), *variable;
	struct options opt = {.no_input = false};
	struct question q;
	struct err err = ERR_INIT;

	/* The C library keeps every text that setenv(3) ever saw. */
	if (asprintf(&variable, "KUBERNETES_EXEC_INFO=%s", text) < 0 ||
	    putenv(variable) != 0)
		abort();
	if (read_question(&q, &opt, &err) < 0)
		fuzz_message(&err);
	else
		HOLDS(strncmp(q.version, GROUP "v1", strlen(GROUP "v1")) == 0);
	(void)unsetenv("KUBERNETES_EXEC_INFO");
	free(variable);
	free(text);
}
