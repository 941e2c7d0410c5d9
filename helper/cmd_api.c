/* SPDX-License-Identifier: MIT */
/* tokenring api: one call, by the conventions of the service. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api.h"
#include "commands.h"
#include "http_call.h"
#include "http_text.h"

#define WAIT_DEFAULT_S 3600

static void
release(struct api *a)
{
	secbuf_release(&a->url);
	token_release(&a->token);
	api_body_release(&a->body);
}

static int
choose_profile(struct api *a, struct err *err)
{
	const struct options *o = &a->front->opt;
	const char *word = NULL;

	if (o->operands < 1 || o->operands > 2)
		return err_set(err, ERR_CONFIG,
		    "api wants a path: tokenring api [PROFILE] PATH");
	a->path = o->operand[o->operands - 1];
	api_show(a->path, a->shown);
	if (o->operands == 2)
		word = o->operand[0];
	else if (api_is_url(a->path))
		word = a->path;
	if (front_load(a->front, err) < 0)
		return err->code;
	return front_profile(a->front, word, &a->profile, err);
}

static int
choose_method(struct api *a, struct err *err)
{
	static const char list[] = HTTP_CALL_METHODS;
	static char method[16];
	const struct options *o = &a->front->opt;
	const char *given = o->method, *word;
	size_t pos = 0, n;

	if (given == NULL)
		given = !o->paginate && (o->input != NULL || api_fields_any(o))
			    ? "POST"
			    : "GET";
	while ((n = conf_next_word(list, &pos, &word)) > 0)
		if (strlen(given) == n && strncasecmp(given, word, n) == 0) {
			memcpy(method, word, n);
			method[n] = '\0';
			a->method = method;
			return 0;
		}
	return err_set(err, ERR_CONFIG, "-X wants one of %s", list);
}

/* Which options go together. */
static int
check_options(const struct api *a, struct err *err)
{
	const struct options *o = &a->front->opt;
	const char *wrong = NULL;

	if (o->paginate && (strcmp(a->method, "GET") != 0 || o->input != NULL))
		wrong = "--paginate reads lists: it goes with GET";
	else if (o->paginate && (o->wait || o->dry_run || o->include))
		wrong = "--paginate does not go with --wait, --dry-run or -i";
	else if (o->dry_run && o->wait)
		wrong = "a dry run has nothing to wait for";
	else if (o->dry_run && a->profile->provider == PROVIDER_SAINET)
		wrong = "SAINet knows no dry run: the change would be made";
	else if (o->input != NULL && strcmp(a->method, "HEAD") == 0)
		wrong = "--input does not go with HEAD";
	return wrong == NULL ? 0 : err_set(err, ERR_CONFIG, "%s", wrong);
}

static bool
is_header(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 && line[n] == ':';
}

static int
take_headers(struct api *a, struct err *err)
{
	const struct options *o = &a->front->opt;
	bool typed = false;
	size_t i;

	for (i = 0; i < o->items; i++) {
		if (o->item[i].letter != 'H')
			continue;
		if (is_header(o->item[i].text, "ITCare-DryRun"))
			return err_set(err, ERR_CONFIG,
			    "-H ITCare-DryRun: use --dry-run, which also looks "
			    "whether it was one");
		if (!http_header_ok(o->item[i].text))
			return err_set(err, ERR_CONFIG,
			    "-H '%.*s': not 'NAME: VALUE', or a header that "
			    "is not to be set",
			    (int)strcspn(o->item[i].text, ": \t\r\n"),
			    o->item[i].text);
		if (a->headers == API_HEADERS)
			return err_set(err, ERR_CONFIG, "too many options -H");
		typed = typed || is_header(o->item[i].text, "Content-Type");
		a->header[a->headers++] = o->item[i].text;
	}
	if (a->body.present && !typed)
		a->header[a->headers++] = "Content-Type: application/json";
	if (a->dry_run)
		a->header[a->headers++] = "ITCare-DryRun: true";
	return 0;
}

/* Fields are the body, unless the method or --input leaves no place for them. */
static int
take_content(struct api *a, struct err *err)
{
	SECBUF json = SECBUF_INIT(API_INPUT_MAX);
	const struct options *o = &a->front->opt;

	if (o->input != NULL && api_body_input(&a->body, o->input, err) < 0)
		return err->code;
	if (!api_fields_any(o))
		return 0;
	if (o->input != NULL || api_is_safe(a->method))
		return api_fields_query(o, &a->url, err);
	if (api_fields_json(o, &json, err) < 0)
		return err->code;
	return api_body_text(&a->body, &json, err);
}

static int
once(struct api *a, struct err *err)
{
	EXCHANGE x = EXCHANGE_INIT;
	int r;

	r = api_call(a, a->method, a->url.ptr, &a->body, &x, err);
	api_undraw(a);
	if (r < 0 && a->fetched)
		(void)err_hint(err, "%lld bytes of the answer were printed",
		    (long long)x.received);
	if (r == 0)
		r = api_judge(a, a->method, &x, err);
	else
		(void)err_wrap(err, "profile '%s': %s %s", a->profile->name,
		    a->method, a->shown);
	return a->dry_run ? api_judge_dry(a, &x, r, err) : r;
}

static int
run(struct api *a, struct err *err)
{
	const struct options *o = &a->front->opt;

	if (o->paginate)
		return api_paginate(a, err);
	if (o->wait)
		return api_wait(a,
		    (o->wait_s >= 0 ? o->wait_s : WAIT_DEFAULT_S) * 1000, err);
	return once(a, err);
}

int
cmd_api(struct front *f, struct err *err)
{
	CLEANUP(release)
	struct api a = {.front = f,
	    .url = SECBUF_INIT(API_URL_MAX),
	    .body = API_BODY_INIT,
	    .token = TOKEN_INIT};

	a.include = f->opt.include;
	a.dry_run = f->opt.dry_run;
	if (choose_profile(&a, err) < 0 || choose_method(&a, err) < 0 ||
	    check_options(&a, err) < 0 ||
	    api_url(a.profile, a.path, &a.url, err) < 0 ||
	    take_content(&a, err) < 0 || take_headers(&a, err) < 0 ||
	    grant_open(&a.grant, f, a.profile, err) < 0)
		return err->code;
	return run(&a, err);
}
