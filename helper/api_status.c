/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <stdio.h>
#include <string.h>

#include "repeats.h"

/* clang-format off */
/* What the services document, and what any server may say (RFC 9110 §15). */
static const struct {
	int status;
	enum err_code code;
	const char *name, *meaning;
} table[] = {
	{400, ERR_DENIED, "Bad Request", "the request must be corrected"},
	{401, ERR_DENIED, "Unauthorized", "the server refuses a new token too"},
	{403, ERR_DENIED, "Forbidden", "the account has no right to this"},
	{404, ERR_DENIED, "Not Found", "there is no such resource"},
	{405, ERR_DENIED, "Method Not Allowed", "the resource does not know this method"},
	{408, ERR_UNAVAIL, "Request Timeout", "the server gave up waiting"},
	{409, ERR_DENIED, "Conflict", "the resource is in another state"},
	{413, ERR_DENIED, "Content Too Large", "the body is too long for the server"},
	{415, ERR_DENIED, "Unsupported Media Type", "-H 'Content-Type: ...' names another"},
	{422, ERR_DENIED, "Unprocessable Content", "the data contradict each other"},
	{429, ERR_UNAVAIL, "Too Many Requests", "try again later"},
	{500, ERR_DENIED, "Internal Server Error", "the server failed"},
	{502, ERR_UNAVAIL, "Bad Gateway", "the server is out of reach of its proxy"},
	{503, ERR_UNAVAIL, "Service Unavailable", "try again later"},
	{504, ERR_UNAVAIL, "Gateway Timeout", "the server is out of reach of its proxy"},
};

/* Of an error body, in the order in which they are told. */
static const char *const words[] = {
	"errorCode", "errorMessage", "error", "error_description", "message",
};
/* clang-format on */

/*
 * What follows `"name" :` in a text that may be no JSON: ITCare's own sample
 * of an error leaves a string open.  A string ends with its quotation mark or
 * its line.
 */
static bool
find_loose(const struct secbuf *text, const char *name, char *ret, size_t size)
{
	char quoted[32];
	const char *p;
	size_t n;

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", name);
	p = strstr(text->ptr, quoted);
	if (p == NULL)
		return false;
	p += strlen(quoted);
	p += strspn(p, " \t\r\n");
	if (*p++ != ':')
		return false;
	p += strspn(p, " \t\r\n");
	if (*p++ != '"')
		return false;
	n = strcspn(p, "\"\r\n");
	(void)snprintf(ret, size, "%.*s", (int)(n < size ? n : size - 1), p);
	return n > 0;
}

static bool
find(const struct secbuf *text, const char *name, char *ret, size_t size)
{
	struct json_span all, one;

	if (!json_scan(text->ptr, text->len, &all))
		return find_loose(text, name, ret, size);
	return json_member(all, name, &one) && json_text(one, ret, size) &&
	       *ret != '\0';
}

/* What the server got is not to come back into a message. */
bool
api_repeats_token(const struct api *a, const char *text)
{
	char piece[REPEATS_PIECE + 1];

	(void)snprintf(piece, sizeof(piece), "%s", a->token.access_token.ptr);
	return repeats_encoded(text, piece);
}

/* "errorCode: errorMessage" and the like, as far as a body can be read, though
   it be broken JSON; "" if there is nothing. */
static const char *
words_of(
    const struct api *a, const struct exchange *x, char ret[API_NOTICE_MAX])
{
	char raw[API_NOTICE_MAX], one[API_NOTICE_MAX];
	size_t used = 0, i;

	ret[0] = '\0';
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (used >= API_NOTICE_MAX - 1 ||
		    !find(&x->kept, words[i], raw, sizeof(raw)) ||
		    api_repeats_token(a, raw))
			continue;
		err_printable(one, sizeof(one), raw);
		(void)snprintf(ret + used, API_NOTICE_MAX - used, "%s%s",
		    used > 0 ? ": " : "", one);
		used = strlen(ret);
	}
	return ret;
}

static int
judge_redirect(struct api *a, const char *method, const struct exchange *x,
    struct err *err)
{
	const char *to = exchange_header(x, "Location", NULL);
	char shown[API_SHOWN_MAX];

	if (to == NULL || *to == '\0')
		return err_set(err, ERR_DENIED,
		    "profile '%s': %s %s: %d: the answer is not the resource",
		    a->profile->name, method, a->shown, x->status);
	api_show(
	    api_repeats_token(a, to) ? "a place that repeats the token" : to,
	    shown);
	return err_set(err, ERR_DENIED,
	    "profile '%s': %s %s: %d: the server redirects to '%s', and a "
	    "token does not follow",
	    a->profile->name, method, a->shown, x->status, shown);
}

static int
judge_error(struct api *a, const char *method, const struct exchange *x,
    struct err *err)
{
	const char *name = "", *meaning = "the server failed";
	enum err_code code = ERR_DENIED;
	char said[API_NOTICE_MAX];
	size_t i;

	if (x->status < 500)
		meaning = "the server refused";
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == x->status) {
			code = table[i].code;
			name = table[i].name;
			meaning = table[i].meaning;
		}
	words_of(a, x, said);
	err_set(err, code, "profile '%s': %s %s: %d%s%s: %s", a->profile->name,
	    method, a->shown, x->status, *name != '\0' ? " " : "", name,
	    *said != '\0' ? said : meaning);
	if (x->retry_after > 0 && code == ERR_UNAVAIL)
		err_hint(err, "it asks to wait for %lld s",
		    (long long)x->retry_after);
	return code;
}

/* Is there the echo that ITCare promises for a dry run? */
static bool
is_echoed(const struct exchange *x)
{
	const char *echo = exchange_header(x, "ITCare-DryRun", NULL);

	return echo != NULL && strcasecmp(echo, "true") == 0;
}

int
api_judge_dry(
    struct api *a, const struct exchange *x, int lost, struct err *err)
{
	char why[ERR_TEXT_MAX] = "";

	/* Refused, or never there: nothing was done. */
	if (is_echoed(x) || !x->sent || (x->status >= 400 && x->status < 500))
		return lost;
	if (lost < 0)
		(void)snprintf(why, sizeof(why), " (%.300s)", err->msg);
	return err_set(err, ERR_UNCONFIRMED,
	    "profile '%s': %s %s: the answer does not confirm the dry run%s: "
	    "%s",
	    a->profile->name, a->method, a->shown, why,
	    api_is_safe(a->method) ? "this method would change nothing anyway"
				   : "the change may have been made for real");
}

int
api_judge(struct api *a, const char *method, const struct exchange *x,
    struct err *err)
{
	if (x->status >= 200 && x->status < 300)
		return 0;
	if (x->status >= 300 && x->status < 400)
		return judge_redirect(a, method, x, err);
	return judge_error(a, method, x, err);
}
