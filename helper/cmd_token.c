/* SPDX-License-Identifier: MIT */
/* tokenring token, tokenring headers. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "broker.h"
#include "commands.h"

static int
get(struct front *f, struct grant *g, struct token *ret, struct err *err)
{
	const struct profile *p;

	if (f->opt.operands > 1)
		return err_set(err, ERR_CONFIG,
		    "one profile or URL at a time; see --help");
	if (front_load(f, err) < 0 ||
	    front_profile(f, f->opt.operands == 1 ? f->opt.operand[0] : NULL,
		&p, err) < 0 ||
	    grant_open(g, f, p, err) < 0)
		return err->code;
	return broker_get(g, front_min_valid(f, p), ret, err);
}

/* Written by hand where it is a secret: json-c's memory is not wiped. */
static void
print_json(const struct grant *g, const struct token *t)
{
	char when[32];
	time_t at = (time_t)t->expires_at;
	struct tm tm;
	const char *p;

	if (gmtime_r(&at, &tm) == NULL ||
	    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		when[0] = '\0';
	printf("{\"profile\":\"%s\",\"access_token\":\"", g->profile->name);
	for (p = t->access_token.ptr; *p != '\0'; p++)
		printf(*p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	printf("\",\"token_type\":\"%s\",\"expires_at\":%lld,"
	       "\"expires\":\"%s\"}\n",
	    t->type, (long long)t->expires_at, when);
}

int
cmd_token(struct front *f, struct err *err)
{
	TOKEN t = TOKEN_INIT;
	struct grant g;

	if (get(f, &g, &t, err) < 0)
		return err->code;
	if (f->opt.json)
		print_json(&g, &t);
	else
		printf("%s\n", t.access_token.ptr);
	return 0;
}

int
headers_write(const struct token *t, struct secbuf *to, struct err *err)
{
	if (secbuf_addstr(to, "Authorization: ") < 0 ||
	    secbuf_addstr(to, t->type) < 0 || secbuf_addstr(to, " ") < 0 ||
	    secbuf_addstr(to, t->access_token.ptr) < 0 ||
	    secbuf_addstr(to, "\n") < 0 ||
	    (t->instance[0] != '\0' &&
		(secbuf_addstr(to, "Sai-Server-Instance: ") < 0 ||
		    secbuf_addstr(to, t->instance) < 0 ||
		    secbuf_addstr(to, "\n") < 0)))
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

int
cmd_headers(struct front *f, struct err *err)
{
	SECBUF text = SECBUF_INIT(LINES_LINE_MAX);
	TOKEN t = TOKEN_INIT;
	struct grant g;

	if (get(f, &g, &t, err) < 0 || headers_write(&t, &text, err) < 0)
		return err->code;
	(void)fwrite(text.ptr, 1, text.len, stdout);
	return 0;
}
