/* SPDX-License-Identifier: MIT */
#include "oauth2.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "http_text.h"
#include "oauth2_answer.h"
#include "repeats.h"

#define METADATA_PATH   "/.well-known/openid-configuration"
#define DEVICE_GRANT    "urn:ietf:params:oauth:grant-type:device_code"
#define DEVICE_INTERVAL 5   /* seconds (RFC 8628 §3.2) */
#define DEVICE_LIFE     600 /* seconds, where the server forgot to say */

#define METADATA CLEANUP(oauth2_object_release) struct json_object

static const struct {
	enum conf_key key;
	const char *member;
} endpoints[] = {
    {CONF_TOKEN_URL, "token_endpoint"},
    {CONF_AUTHORIZATION_URL, "authorization_endpoint"},
    {CONF_DEVICE_AUTHORIZATION_URL, "device_authorization_endpoint"},
    {CONF_REVOCATION_URL, "revocation_endpoint"},
};

static int
no_memory(struct err *err)
{
	return err_set(err, ERR_NOMEM, "the request is too long");
}

static int
check_issuer(const struct oauth2 *c, struct json_object *o, const char *issuer,
    struct err *err)
{
	const char *theirs = oauth2_text(o, "issuer");
	char shown[HTTP_WHERE_MAX];

	if (theirs == NULL)
		return err_set(
		    err, ERR_PROTOCOL, "the issuer's metadata names no issuer");
	if (strcmp(theirs, issuer) != 0)
		return err_set(err, ERR_PROTOCOL,
		    "the metadata are another issuer's: '%s'; the profile's "
		    "issuer must be the same text",
		    repeats_secret(theirs, c->rq)
			? "(not shown)"
			: err_printable(shown, sizeof(shown), theirs));
	return 0;
}

/* Send, and note for the answer what became of it. */
static int
send_noted(const struct oauth2 *c, const struct http_request *rq,
    struct http_response *r, struct err *err)
{
	struct err ignored = ERR_INIT;

	if (http_send(c->http, rq, r, err) == 0)
		(void)lines_add(&c->outcome->notes, "whole", "1", &ignored);
	/* An interim status only promises an answer. */
	c->outcome->http = r->status >= 200 ? r->status : 0;
	return err->code;
}

/* Fetch the issuer's metadata.  It must name the very same issuer (RFC 8414
   §3.3), or another server's endpoints could be slipped in. */
static int
discover(const struct oauth2 *c, struct json_object **ret, struct err *err)
{
	const char *issuer = profile_get(c->profile, CONF_ISSUER);
	SECBUF url = SECBUF_INIT(HTTP_URL_MAX);
	HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	METADATA *o = NULL;
	struct http_request rq = {.json = true, .body_max = HTTP_BODY_MAX};
	size_t n = strlen(issuer);

	if (n > 0 && issuer[n - 1] == '/')
		n--;
	if (secbuf_add(&url, issuer, n) < 0 ||
	    secbuf_addstr(&url, METADATA_PATH) < 0)
		return no_memory(err);
	rq.url = url.ptr;
	rq.connect_ms = profile_ms(c->profile, CONF_CONNECT_TIMEOUT);
	if (send_noted(c, &rq, &r, err) < 0)
		return err->code;
	if (http_common_refusal(&r, url.ptr, c->rq, c->outcome, err) < 0)
		return err->code;
	if (r.status != 200)
		return err_set(err,
		    r.status >= 500   ? ERR_UNAVAIL
		    : r.status == 404 ? ERR_CONFIG
				      : ERR_PROTOCOL,
		    "no metadata at %s (status %d)", url.ptr, r.status);
	o = oauth2_object(&r);
	if (o == NULL)
		return err_set(err, ERR_PROTOCOL,
		    "the metadata at %s are not JSON", url.ptr);
	if (check_issuer(c, o, issuer, err) < 0)
		return err->code;
	*ret = TAKE_PTR(o);
	return 0;
}

/* An endpoint from the metadata, or NULL. */
static const char *
discovered(struct json_object *o, size_t i)
{
	const char *url = oauth2_text(o, endpoints[i].member);

	return url != NULL && http_url_ok(url) ? url : NULL;
}

static int
endpoint(const struct oauth2 *c, enum conf_key key, struct secbuf *ret,
    struct err *err)
{
	const char *url = profile_get(c->profile, key);
	METADATA *o = NULL;
	size_t i = 0;

	if (url == NULL && profile_get(c->profile, CONF_ISSUER) != NULL) {
		if (discover(c, &o, err) < 0)
			return err_wrap(err, "discovery");
		while (endpoints[i].key != key)
			i++;
		url = discovered(o, i);
	}
	if (url == NULL)
		return err_set(err, ERR_CONFIG,
		    "%s: neither the profile nor "
		    "its issuer names one",
		    conf_keys[key].name);
	return secbuf_set(ret, url) < 0 ? no_memory(err) : 0;
}

int
oauth2_discover(const struct oauth2 *c, struct secbuf *answer, struct err *err)
{
	METADATA *o = NULL;
	json_object *flag;
	const char *url;
	size_t i;

	if (profile_get(c->profile, CONF_ISSUER) == NULL)
		return err_set(err, ERR_CONFIG, "the profile has no issuer");
	if (discover(c, &o, err) < 0)
		return err->code;
	for (i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		url = profile_get(c->profile, endpoints[i].key);
		if (url == NULL)
			url = discovered(o, i);
		if (lines_add_some(
			answer, conf_keys[endpoints[i].key].name, url, err) < 0)
			return err->code;
	}
	if (json_object_object_get_ex(
		o, "authorization_response_iss_parameter_supported", &flag) &&
	    json_object_get_boolean(flag))
		return lines_add(answer, "iss_supported", "1", err);
	return 0;
}

/* What each operation sends; '?' before a parameter: it may be missing. */
static const struct {
	const char *op, *grant;
	const char *params[4]; /* of the request */
	bool scope;            /* and scope and audience of the profile */
} forms[] = {
    {"token", "client_credentials", {NULL}, true},
    {"refresh", "refresh_token", {"refresh_token"}, false},
    {"device", NULL, {NULL}, true},
    {"device_token", DEVICE_GRANT, {"device_code"}, false},
    {"code", "authorization_code", {"code", "redirect_uri", "code_verifier"},
	false},
    {"revoke", NULL, {"token", "?token_type_hint"}, false},
};

static int
add_param(const struct oauth2 *c, struct secbuf *form, const char *name,
    struct err *err)
{
	bool optional = *name == '?';
	const char *v = lines_get(c->rq, name + optional);

	if (!optional && (v == NULL || *v == '\0'))
		return err_set(err, ERR_CONFIG, "the request has no %s", name);
	return http_form_add(form, name + optional, v) < 0 ? no_memory(err) : 0;
}

int
oauth2_form(const struct oauth2 *c, struct secbuf *form, struct err *err)
{
	const char *op = lines_get(c->rq, "op");
	const struct profile *p = c->profile;
	size_t i = 0, k;

	while (strcmp(forms[i].op, op) != 0)
		if (++i == sizeof(forms) / sizeof(forms[0]))
			return err_set(err, ERR_CONFIG, "unknown operation");
	if (http_form_add(form, "grant_type", forms[i].grant) < 0)
		return no_memory(err);
	for (k = 0; k < 4 && forms[i].params[k] != NULL; k++)
		if (add_param(c, form, forms[i].params[k], err) < 0)
			return err->code;
	if (forms[i].scope &&
	    (http_form_add(form, "scope", profile_get(p, CONF_SCOPE)) < 0 ||
		http_form_add(form, "audience", profile_get(p, CONF_AUDIENCE)) <
		    0))
		return no_memory(err);
	return 0;
}

int
oauth2_authenticate(const struct oauth2 *c, struct secbuf *form,
    struct secbuf *basic_user, struct secbuf *basic_key, struct err *err)
{
	const char *id = profile_get(c->profile, CONF_CLIENT_ID);
	const char *how = profile_get(c->profile, CONF_CLIENT_AUTH);
	const char *key = lines_get(c->rq, "client_secret");
	int r;

	if (strcmp(how, "none") == 0)
		return http_form_add(form, "client_id", id) < 0 ? no_memory(err)
								: 0;
	if (key == NULL || *key == '\0')
		return err_set(err, ERR_CONFIG,
		    "no client secret is known; a public client has "
		    "'client_auth = none'");
	if (strcmp(how, "post") == 0) {
		r = http_form_add(form, "client_id", id) < 0 ||
		    http_form_add(form, "client_secret", key) < 0;
	} else if (strcmp(how, "basic-raw") == 0) {
		if (strchr(id, ':') != NULL)
			return err_set(err, ERR_CONFIG,
			    "a client_id with ':' cannot be sent by "
			    "'client_auth "
			    "= basic-raw'");
		r = secbuf_set(basic_user, id) < 0 ||
		    secbuf_set(basic_key, key) < 0;
	} else {
		/* RFC 6749 §2.3.1: encoded first, then Basic. */
		r = http_form_encode(basic_user, id) < 0 ||
		    http_form_encode(basic_key, key) < 0;
	}
	return r ? no_memory(err) : 0;
}

/* Send the operation's form to `key`'s endpoint, whose URL goes to `url`. */
static int
post(const struct oauth2 *c, enum conf_key key, struct secbuf *url,
    struct http_response *r, struct err *err)
{
	SECBUF form = SECBUF_INIT(HTTP_FORM_MAX);
	SECBUF user = SECBUF_INIT(HTTP_FORM_MAX);
	SECBUF secret = SECBUF_INIT(HTTP_FORM_MAX);
	struct http_request rq = {
	    .form = &form, .json = true, .body_max = HTTP_BODY_MAX};
	size_t mark = c->outcome->notes.len;

	if (oauth2_form(c, &form, err) < 0 ||
	    oauth2_authenticate(c, &form, &user, &secret, err) < 0 ||
	    endpoint(c, key, url, err) < 0)
		return err->code;
	rq.url = url->ptr;
	rq.connect_ms = profile_ms(c->profile, CONF_CONNECT_TIMEOUT);
	if (user.len > 0) {
		rq.basic_user = &user;
		rq.basic_key = &secret;
	}
	/* What became of discovery is of no interest any more. */
	secbuf_cut(&c->outcome->notes, mark);
	send_noted(c, &rq, r, err);
	c->outcome->sent = r->sent;
	return err->code;
}

int
oauth2_tokens(const struct oauth2 *c, struct token *ret, struct err *err)
{
	SECBUF url = SECBUF_INIT(HTTP_URL_MAX);
	HTTP_RESPONSE r = HTTP_RESPONSE_INIT;

	ret->obtained_at = time(NULL);
	if (post(c, CONF_TOKEN_URL, &url, &r, err) < 0)
		return err->code;
	return oauth2_answer(&r, url.ptr, c->rq, ret, c->outcome, err);
}

int
oauth2_revoke(const struct oauth2 *c, struct err *err)
{
	SECBUF url = SECBUF_INIT(HTTP_URL_MAX);
	HTTP_RESPONSE r = HTTP_RESPONSE_INIT;

	if (post(c, CONF_REVOCATION_URL, &url, &r, err) < 0)
		return err->code;
	if (r.status >= 200 && r.status < 300)
		return 0;
	return oauth2_refusal(&r, url.ptr, c->rq, c->outcome, err);
}

/* The page must be one that a browser may be sent to. */
static int
add_page(struct secbuf *answer, struct json_object *o, const char *name,
    const char *other, bool required, struct err *err)
{
	const char *url = oauth2_text(o, name);

	if (url == NULL && other != NULL)
		url = oauth2_text(o, other);
	if (url != NULL && http_url_ok(url))
		return lines_add(answer, name, url, err);
	return required ? err_set(err, ERR_PROTOCOL,
			      "the answer has no valid %s", name)
			: 0;
}

int
oauth2_device(const struct oauth2 *c, struct secbuf *answer, struct err *err)
{
	SECBUF url = SECBUF_INIT(HTTP_URL_MAX);
	HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	METADATA *o = NULL;
	const char *code, *user_code;
	int64_t interval, life;

	if (post(c, CONF_DEVICE_AUTHORIZATION_URL, &url, &r, err) < 0)
		return err->code;
	o = r.status == 200 ? oauth2_object(&r) : NULL;
	code = o != NULL ? oauth2_text(o, "device_code") : NULL;
	user_code = o != NULL ? oauth2_text(o, "user_code") : NULL;
	if (code == NULL || user_code == NULL)
		return oauth2_refusal(&r, url.ptr, c->rq, c->outcome, err);
	interval = oauth2_seconds(o, "interval");
	life = oauth2_seconds(o, "expires_in");
	if (lines_add(answer, "device_code", code, err) < 0 ||
	    lines_add(answer, "user_code", user_code, err) < 0 ||
	    add_page(answer, o, "verification_uri", "verification_url", true,
		err) < 0 ||
	    add_page(answer, o, "verification_uri_complete", NULL, false, err) <
		0 ||
	    lines_add_number(answer, "interval",
		interval > 0 ? interval : DEVICE_INTERVAL, err) < 0)
		return err->code;
	return lines_add_number(
	    answer, "expires_in", life > 0 ? life : DEVICE_LIFE, err);
}
