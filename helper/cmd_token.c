/* SPDX-License-Identifier: MIT */
/* tokenring token, tokenring headers. */
#include <stdio.h>

#include "broker.h"
#include "commands.h"
#include "json_out.h"

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

static int
write_json(const struct grant *g, const struct token *t, struct secbuf *to,
    struct err *err)
{
	char number[32];

	(void)snprintf(
	    number, sizeof(number), "%lld", (long long)t->expires_at);
	if (secbuf_addstr(to, "{\"profile\":") < 0 ||
	    json_out_string(to, g->profile->name) < 0 ||
	    secbuf_addstr(to, ",\"access_token\":") < 0 ||
	    json_out_string(to, t->access_token.ptr) < 0 ||
	    secbuf_addstr(to, ",\"token_type\":") < 0 ||
	    json_out_string(to, t->type) < 0 ||
	    secbuf_addstr(to, ",\"expires_at\":") < 0 ||
	    secbuf_addstr(to, number) < 0 ||
	    secbuf_addstr(to, ",\"expires\":") < 0 ||
	    json_out_time(to, t->expires_at) < 0 ||
	    secbuf_addstr(to, "}\n") < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

int
cmd_token(struct front *f, struct err *err)
{
	SECBUF text = SECBUF_INIT(LINES_LINE_MAX);
	TOKEN t = TOKEN_INIT;
	struct grant g;

	if (get(f, &g, &t, err) < 0)
		return err->code;
	if (!f->opt.json)
		printf("%s\n", t.access_token.ptr);
	else if (write_json(&g, &t, &text, err) < 0)
		return err->code;
	(void)fwrite(text.ptr, 1, text.len, stdout);
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
