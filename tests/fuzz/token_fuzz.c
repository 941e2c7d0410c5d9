/* SPDX-License-Identifier: MIT */
/* A token as it rests in the cache, and what it says of its own life. */
#include "fuzz.h"
#include "jwt.h"
#include "lines.h"
#include "token.h"

FUZZ(token)
{
	LINES l = LINES_INIT, again = LINES_INIT;
	TOKEN t = TOKEN_INIT, second = TOKEN_INIT;
	struct err err = ERR_INIT;

	if (secbuf_add(&l.text, data, size) < 0 ||
	    lines_parse(&l, LINES_MESSAGE, &err) < 0)
		return;
	if (token_read(&t, &l, &err) < 0) {
		fuzz_message(&err);
		return;
	}
	(void)token_fresh(&t, 1700000000, 60);
	(void)token_aging(&t, 1700000000);
	HOLDS(jwt_exp(&t.access_token) >= 0);
	if (t.access_token.len == 0)
		return;
	HOLDS(lines_begin(&again.text, &err) == 0);
	HOLDS(token_write(&t, &again.text, &err) == 0);
	HOLDS(lines_end(&again.text, &err) == 0);
	HOLDS(lines_parse(&again, LINES_MESSAGE, &err) == 0);
	HOLDS(token_read(&second, &again, &err) == 0);
	HOLDS(secbuf_equal(&t.access_token, &second.access_token));
	HOLDS(t.expires_at == second.expires_at);
	HOLDS(strcmp(t.account, second.account) == 0);
}

FUZZ(jwt)
{
	SECBUF bearer = SECBUF_INIT(2 * JWT_MAX);
	int64_t exp;

	if (secbuf_add(&bearer, data, size) < 0)
		return;
	exp = jwt_exp(&bearer);
	HOLDS(exp >= 0 && exp < 100000000000);
}
