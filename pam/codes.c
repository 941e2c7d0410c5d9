/* SPDX-License-Identifier: MIT */
#include "codes.h"

#include <security/pam_modules.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <syslog.h>

#include "err.h"

/* SAINet's manual names the same three causes for both statuses. */
#define REFUSED                                                                \
	"wrong password, or the user is not active in SYS02, or "              \
	"access to the API is not enabled in SYS22"

/* clang-format off */
static const struct code table[] = {
	{"denied",	401, PAM_AUTH_ERR,	   LOG_NOTICE,	REFUSED},
	{"denied",	403, PAM_AUTH_ERR,	   LOG_NOTICE,	REFUSED},
	{"denied",	  0, PAM_AUTH_ERR,	   LOG_NOTICE,	"the server refused"},
	{"unavailable",	  0, PAM_AUTHINFO_UNAVAIL, LOG_WARNING, "the server cannot be reached"},
	{"later",	  0, PAM_AUTHINFO_UNAVAIL, LOG_WARNING, "the server wants us to try later"},
	{"protocol",	  0, PAM_AUTHINFO_UNAVAIL, LOG_WARNING, "the server's answer is not SAINet's"},
	{"config",	  0, PAM_SERVICE_ERR,	   LOG_ERR,	"the configuration cannot be used"},
	{NULL,		  0, PAM_SYSTEM_ERR,	   LOG_ERR,	"the worker gave no usable answer"},
};
/* clang-format on */

const struct code *
codes_result(const char *result, int64_t http)
{
	const struct code *c;

	for (c = table; c->result != NULL; c++)
		if (result != NULL && strcmp(c->result, result) == 0 &&
		    (c->http == 0 || c->http == http))
			break;
	return c;
}

/* A failure on this machine is never "service unavailable", which a stack may
   ignore: whoever can start su can cause one. */
int
codes_failure(int code)
{
	if (code == ERR_NOMEM)
		return PAM_BUF_ERR;
	return code == ERR_CONFIG ? PAM_SERVICE_ERR : PAM_SYSTEM_ERR;
}

/*
 * The same for what the worker says.  Whoever starts a set-uid program can hold
 * the worker up (by its cgroup, by the machine's load) until its time is over,
 * and a server that was asked too late looks like one that did not answer.
 */
int
codes_final(int pam)
{
	if (pam == PAM_AUTHINFO_UNAVAIL && getauxval(AT_SECURE) != 0)
		return PAM_SYSTEM_ERR;
	return pam;
}
