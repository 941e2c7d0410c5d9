/* SPDX-License-Identifier: MIT */
#include "oauth2_answer.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "http_text.h"
#include "log.h"
#include "repeats.h"

static void
free_tokener(json_tokener **t)
{
	json_tokener_free(*t);
}

void
oauth2_object_release(struct json_object **o)
{
	(void)json_object_put(*o);
	*o = NULL;
}

struct json_object *
oauth2_object(const struct http_response *r)
{
	CLEANUP(free_tokener)
	json_tokener *t = json_tokener_new_ex(OAUTH2_DEPTH_MAX);
	json_object *o;

	if (t == NULL || memchr(r->body.ptr, '\0', r->body.len) != NULL)
		return NULL;
	json_tokener_set_flags(t, JSON_TOKENER_STRICT);
	/* With its NUL, so that a number at the end is known to be whole. */
	o = json_tokener_parse_ex(t, r->body.ptr, (int)r->body.len + 1);
	if (json_tokener_get_error(t) != json_tokener_success ||
	    !json_object_is_type(o, json_type_object)) {
		log_debug("%zu bytes are no JSON object: %s at %zu",
		    r->body.len,
		    json_tokener_error_desc(json_tokener_get_error(t)),
		    json_tokener_get_parse_end(t));
		oauth2_object_release(&o);
	}
	return o;
}

const char *
oauth2_text(struct json_object *o, const char *name)
{
	json_object *member;
	const char *s;
	size_t i, n;

	if (!json_object_object_get_ex(o, name, &member) ||
	    !json_object_is_type(member, json_type_string))
		return NULL;
	s = json_object_get_string(member);
	n = (size_t)json_object_get_string_len(member);
	for (i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return NULL;
	return n > 0 ? s : NULL;
}

int64_t
oauth2_seconds(struct json_object *o, const char *name)
{
	json_object *member;
	const char *s;
	double v = 0;
	char *end;

	if (!json_object_object_get_ex(o, name, &member))
		return 0;
	if (json_object_is_type(member, json_type_int) ||
	    json_object_is_type(member, json_type_double)) {
		v = json_object_get_double(member);
	} else if (json_object_is_type(member, json_type_string)) {
		s = json_object_get_string(member);
		v = strtod(s, &end);
		if (end == s || *end != '\0' ||
		    strspn(s, "0123456789.") != strlen(s))
			v = 0;
	}
	if (!(v >= 1))
		return 0;
	return v < (double)OAUTH2_LIFE_MAX ? (int64_t)v : OAUTH2_LIFE_MAX;
}

/* clang-format off */
static const struct {
	const char *error;
	enum err_code code;
	bool later;
} errors[] = {
	/* RFC 6749 §5.2 */
	{"invalid_client", ERR_DENIED, false},
	{"unauthorized_client", ERR_DENIED, false},
	{"invalid_grant", ERR_DENIED, false},
	{"invalid_request", ERR_CONFIG, false},
	{"unsupported_grant_type", ERR_CONFIG, false},
	{"invalid_scope", ERR_CONFIG, false},
	/* §4.1.2.1, which token endpoints use as well */
	{"temporarily_unavailable", ERR_UNAVAIL, true},
	{"server_error", ERR_UNAVAIL, false},
	/* RFC 8628 §3.5 */
	{"authorization_pending", ERR_UNAVAIL, true},
	{"slow_down", ERR_UNAVAIL, true},
	{"access_denied", ERR_DENIED, false},
	{"expired_token", ERR_DENIED, false},
	/* RFC 7009 §2.2.1 and RFC 8707 §2 */
	{"unsupported_token_type", ERR_CONFIG, false},
	{"invalid_target", ERR_CONFIG, false},
};
/* clang-format on */

/* An error object of RFC 6749 §5.2, or one that looks like it. */
static int
refused(struct json_object *o, const char *error, const char *where,
    const struct lines *rq, struct outcome *out, struct err *err)
{
	enum err_code code = ERR_DENIED;
	char text[OAUTH2_DESCRIPTION_MAX + 1];
	json_object *member;
	bool known = false;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].error, error) == 0) {
			code = errors[i].code;
			out->later = errors[i].later;
			known = true;
		}
	/* A word of the standard tells nothing, whatever the secret is. */
	if (!known && repeats_secret(error, rq))
		error = "unknown_error";
	err_printable(out->oauth_error, sizeof(out->oauth_error), error);
	err_set(err, code, "%s answered %s", where, out->oauth_error);
	if (json_object_object_get_ex(o, "error_description", &member) &&
	    json_object_is_type(member, json_type_string) &&
	    !repeats_secret(json_object_get_string(member), rq))
		err_hint(err, "it says: %s",
		    err_printable(
			text, sizeof(text), json_object_get_string(member)));
	return err->code;
}

int
oauth2_refusal(const struct http_response *r, const char *url,
    const struct lines *rq, struct outcome *out, struct err *err)
{
	CLEANUP(oauth2_object_release) struct json_object *o = oauth2_object(r);
	const char *error = o != NULL ? oauth2_text(o, "error") : NULL;
	char where[HTTP_WHERE_MAX];
	int code;

	http_where(url, where);
	code = http_common_refusal(r, url, rq, out, err);
	if (code < 0) {
		if (error != NULL && strcmp(error, "slow_down") == 0)
			memcpy(out->oauth_error, "slow_down", 10);
		return code;
	}
	if (r->status >= 500)
		return err_set(err, ERR_UNAVAIL, "%s failed with status %d",
		    where, r->status);
	if (error != NULL)
		return refused(o, error, where, rq, out, err);
	if (r->status == 401) {
		memcpy(out->oauth_error, "invalid_client", 15);
		return err_set(err, ERR_DENIED,
		    "%s refused the client (status 401)", where);
	}
	return err_set(err, ERR_PROTOCOL, "%s answered with status %d%s", where,
	    r->status,
	    o != NULL ? " and without what was asked for"
		      : " and no JSON; is the URL right?");
}

static bool
is_vschar(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s > 0x7e)
			return false;
	return true;
}

static int
take(struct secbuf *to, const char *name, const char *v, struct err *err)
{
	secbuf_reset(to);
	if (v == NULL || !is_vschar(v))
		return err_set(
		    err, ERR_PROTOCOL, "the answer has no valid %s", name);
	if (strlen(v) > to->max)
		return err_set(err, ERR_PROTOCOL,
		    "the answer's %s is longer than %zu bytes", name, to->max);
	if (secbuf_addstr(to, v) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

/* The refresh token and what belongs to it, be the rest of use or not. */
static int
read_refresh(struct json_object *o, struct token *ret, struct err *err)
{
	const char *scope = oauth2_text(o, "scope");
	json_object *refresh;
	int64_t life = oauth2_seconds(o, "refresh_expires_in");

	ret->refresh_expires_at = 0;
	if (scope != NULL && strlen(scope) < sizeof(ret->scope))
		memcpy(ret->scope, scope, strlen(scope) + 1);
	/* null and "" are what some servers send for "none". */
	if (json_object_object_get_ex(o, "refresh_token", &refresh) &&
	    refresh != NULL &&
	    (!json_object_is_type(refresh, json_type_string) ||
		json_object_get_string_len(refresh) > 0) &&
	    take(&ret->refresh_token, "refresh_token",
		oauth2_text(o, "refresh_token"), err) < 0)
		return err->code;
	if (ret->refresh_token.len > 0 && life > 0)
		ret->refresh_expires_at = ret->obtained_at + life;
	return 0;
}

/* No type is shown that repeats a secret, be it ours or just received. */
static int
read_access(struct json_object *o, const struct lines *rq, struct token *ret,
    struct err *err)
{
	const char *type = oauth2_text(o, "token_type");
	int64_t life = oauth2_seconds(o, "expires_in");
	char shown[64];

	if (take(&ret->access_token, "access_token",
		oauth2_text(o, "access_token"), err) < 0)
		return err->code;
	if (type == NULL)
		return err_set(
		    err, ERR_PROTOCOL, "the answer has no token_type");
	if (strcasecmp(type, "bearer") != 0) {
		if (repeats_secret(type, rq) ||
		    repeats_encoded(type, ret->access_token.ptr) ||
		    repeats_encoded(type, ret->refresh_token.ptr))
			type = "?";
		return err_set(err, ERR_PROTOCOL,
		    "the token is of type '%s', which is not understood",
		    err_printable(shown, sizeof(shown), type));
	}
	memcpy(ret->type, "Bearer", sizeof("Bearer"));
	ret->expires_at =
	    ret->obtained_at + (life > 0 ? life : OAUTH2_UNKNOWN_LIFE);
	return 0;
}

int
oauth2_answer(const struct http_response *r, const char *url,
    const struct lines *rq, struct token *ret, struct outcome *out,
    struct err *err)
{
	CLEANUP(oauth2_object_release) struct json_object *o = NULL;
	char where[HTTP_WHERE_MAX];

	if (r->status == 200)
		o = oauth2_object(r);
	/* Some servers answer 200 to a refusal. */
	if (o == NULL || (oauth2_text(o, "error") != NULL &&
			     oauth2_text(o, "access_token") == NULL))
		return oauth2_refusal(r, url, rq, out, err);
	/* The refresh token first: the one it replaces is spent already. */
	if (read_refresh(o, ret, err) == 0 && read_access(o, rq, ret, err) == 0)
		return 0;
	secbuf_reset(&ret->access_token);
	return err_wrap(err, "%s", http_where(url, where));
}
