/* SPDX-License-Identifier: MIT */
#include "other_call.h"

#include <stdio.h>

static int
call_once(enum other_what what, const struct other *o,
    const struct credential *c, struct credential *ret, struct err *err)
{
	if (what == OTHER_STORE)
		return other_store(o, c, err);
	return what == OTHER_ERASE ? other_erase(o, c, err)
				   : other_get(o, c, ret, err);
}

int
other_call(const struct front *f, enum other_what what, struct other *o,
    const char *tool, bool (*may_ask)(const struct front *f),
    const struct credential *c, struct credential *ret, struct err *err)
{
	static const char *const failed[] = {
	    [OTHER_GET] = "cannot look up the credentials of '%s'",
	    [OTHER_STORE] = "the credentials of '%s' are not kept",
	    [OTHER_ERASE] = "cannot forget the credentials of '%s'",
	};
	char host[OTHER_HOST_MAX + 1], text[ERR_TEXT_MAX];
	int r = call_once(what, o, c, ret, err);

	if (r == ERR_LOCKED && may_ask(f)) {
		o->may_prompt = true;
		r = call_once(what, o, c, ret, err);
	}
	if (r == 0 || (r == ERR_NOTFOUND && what != OTHER_STORE))
		return r;
	if (r == ERR_LOCKED)
		err_hint(err,
		    "to unlock it log in to the desktop, or run %s at one of "
		    "its terminals",
		    tool);
	/* Not a miss: there is no keyring to keep it in. */
	if (r == ERR_NOTFOUND)
		err->code = ERR_INTERNAL;
	(void)snprintf(text, sizeof(text), failed[what],
	    err_printable(
		host, sizeof(host), credential_get(c, CREDENTIAL_HOST)));
	return err_wrap(err, "%s", text);
}
