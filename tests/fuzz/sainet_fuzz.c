/* SPDX-License-Identifier: MIT */
/* A SAINet server's answer to a login: as in fake_http.c. */
#include "conf.h"
#include "fake_http.h"
#include "fuzz.h"
#include "lines.h"
#include "sainet.h"

#define PASSWORD "correct-horse-battery"

FUZZ(sainet)
{
	static const char request[] =
	    "version=1\nop=login\nuser=alice\npassword=" PASSWORD "\nend=ok\n";
	const char *pairs[][2] = {{"provider", "sainet"}, {"domain", "PROD"},
	    {"url", "https://localhost https://localhost:2"}, {NULL, NULL}};
	LINES rq = LINES_INIT;
	SECBUF text = SECBUF_INIT(LINES_MESSAGE_MAX);
	TOKEN t = TOKEN_INIT;
	struct outcome out = OUTCOME_INIT;
	struct conf *c = NULL;
	struct err err = ERR_INIT;

	HOLDS(conf_new(&c, &err) == 0);
	HOLDS(conf_preset(c, "p", "fuzz", pairs, &err) == 0);
	conf_finish(c);
	HOLDS(secbuf_addstr(&rq.text, request) == 0);
	HOLDS(lines_parse(&rq, LINES_MESSAGE, &err) == 0);
	fake_http_answer(data, size);
	if (sainet_login(NULL, conf_at(c, 0), &rq, &t, &out, &err) == 0) {
		HOLDS(out.http == 200);
		HOLDS(t.access_token.len > 0);
		HOLDS(t.access_token.len <= SAINET_TOKEN_MAX);
		HOLDS(t.expires_at > t.obtained_at);
		HOLDS(token_write(&t, &text, &err) == 0);
	} else {
		fuzz_message(&err);
		HOLDS(strstr(err.msg, PASSWORD) == NULL);
	}
	secbuf_release(&out.notes);
	conf_free(c);
}
