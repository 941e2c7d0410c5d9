/* SPDX-License-Identifier: MIT */
/*
 * A module for the stacks of the PAM tests.  Arguments: auth=CODE setcred=CODE
 * account=CODE (numbers; PAM_SUCCESS otherwise), `ask` (asks for a password and
 * leaves it for those after it), `show` (tells the password there is).
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>

static int
code(int argc, const char **argv, const char *name)
{
	size_t n = strlen(name);
	int i;

	for (i = 0; i < argc; i++)
		if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
			return atoi(argv[i] + n + 1);
	return PAM_SUCCESS;
}

static int
has(int argc, const char **argv, const char *name)
{
	while (argc-- > 0)
		if (strcmp(argv[argc], name) == 0)
			return 1;
	return 0;
}

static int
enter(pam_handle_t *pamh, int argc, const char **argv, const char *name)
{
	const void *there = NULL;

	if (has(argc, argv, "show")) {
		(void)pam_get_item(pamh, PAM_AUTHTOK, &there);
		(void)pam_info(pamh, "authtok=%s",
		    there != NULL ? (const char *)there : "none");
	}
	return code(argc, argv, name);
}

#define ENTRY(function, name)                                                  \
	int function(                                                          \
	    pam_handle_t *pamh, int flags, int argc, const char **argv)        \
	{                                                                      \
		(void)flags;                                                   \
		return enter(pamh, argc, argv, name);                          \
	}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *lent = NULL;

	(void)flags;
	if (has(argc, argv, "ask"))
		(void)pam_get_authtok(pamh, PAM_AUTHTOK, &lent, "First: ");
	return enter(pamh, argc, argv, "auth");
}

ENTRY(pam_sm_setcred, "setcred")
ENTRY(pam_sm_acct_mgmt, "account")
ENTRY(pam_sm_open_session, "open")
ENTRY(pam_sm_close_session, "close")
ENTRY(pam_sm_chauthtok, "password")
