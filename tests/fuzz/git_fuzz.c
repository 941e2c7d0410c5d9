/* SPDX-License-Identifier: MIT */
/* git's request, and what is kept of it for other hosts. */
#include "fuzz.h"
#include "git_request.h"

/* Every field can be written into a message, and comes back as it was. */
static void
check_round_trip(const struct credential *c)
{
	CREDENTIAL back = CREDENTIAL_INIT;
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;
	size_t pos = 0, i;

	HOLDS(lines_begin(&l.text, &err) == 0);
	if (credential_write(c, (enum credential_field)0, CREDENTIAL_FIELDS - 1,
		&l.text, &err) < 0)
		return; /* longer than a message */
	HOLDS(lines_end(&l.text, &err) == 0);
	HOLDS(lines_parse(&l, LINES_MESSAGE, &err) == 0);
	HOLDS(credential_read(&back, &l, &pos, &err) == 0);
	for (i = 0; i < CREDENTIAL_FIELDS; i++)
		HOLDS(credential_same(c, &back, (enum credential_field)i));
}

FUZZ(git)
{
	GIT_REQUEST q = GIT_REQUEST_INIT;
	struct err err = ERR_INIT;
	const char *v;
	size_t i;

	fuzz_stdin(data, size);
	if (git_request_read(&q, &err) < 0) {
		fuzz_message(&err);
		return;
	}
	for (i = 0; i < CREDENTIAL_FIELDS; i++) {
		v = credential_get(&q.given, (enum credential_field)i);
		HOLDS(v == NULL || strpbrk(v, "\r\n") == NULL);
	}
	check_round_trip(&q.given);
}

/* The message form that tokenring-secret and the keyring's items share. */
FUZZ(credential)
{
	CREDENTIAL c = CREDENTIAL_INIT;
	LINES l = LINES_INIT;
	struct err err = ERR_INIT;
	size_t pos = 0;

	if (secbuf_add(&l.text, data, size) < 0 ||
	    lines_parse(&l, LINES_MESSAGE, &err) < 0)
		return;
	if (credential_read(&c, &l, &pos, &err) < 0) {
		fuzz_message(&err);
		return;
	}
	HOLDS(pos <= l.n);
	(void)credential_number(&c, CREDENTIAL_EXPIRES_AT, 0);
	check_round_trip(&c);
}
