/* SPDX-License-Identifier: MIT */
#include "messages.h"

#include <security/pam_ext.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Plain ASCII, for any encoding of the terminal.  One error for each. */
/* clang-format off */
static const struct {
	const char *english, *french;
} text[MESSAGES] = {
	[MESSAGE_UNAVAILABLE] = {
		"SAINet cannot be reached: the password could not be checked.",
		"SAINet est injoignable : impossible de valider le mot de passe.",
	},
	[MESSAGE_PASSWORD_ELSEWHERE] = {
		"The password of this account is changed in SAINet, not here.",
		"Le mot de passe de ce compte se change dans SAINet, pas ici.",
	},
};
/* clang-format on */

/*
 * The caller's environment may be a stranger's: it chooses between two texts
 * and nothing else, and the process's locale stays as it is.
 */
static bool
french(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *v;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		v = getenv(names[i]);
		if (v != NULL && *v != '\0')
			return strncmp(v, "fr", 2) == 0 &&
			       strchr("_.@", v[2]) != NULL;
	}
	return false;
}

void
messages_show(pam_handle_t *pamh, int flags, enum message which)
{
	if ((flags & PAM_SILENT) == 0)
		(void)pam_error(pamh, "%s",
		    french() ? text[which].french : text[which].english);
}
