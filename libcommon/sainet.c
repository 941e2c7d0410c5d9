/* SPDX-License-Identifier: MIT */
#include "sainet.h"

#include <string.h>
#include <time.h>

#include "http_text.h"
#include "jwt.h"
#include "log.h"

#define TOKEN_CHARS                                                            \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"       \
	"._~+/=-"

/*
 * The one place where the password is put into a request.  The service
 * documents a GET with a query and nothing else: a server's or proxy's log may
 * keep it, and no client can prevent that.
 */
static int
add_credentials(
    struct secbuf *url, const struct profile *p, const struct lines *rq)
{
	if (secbuf_addstr(url, "?user=") < 0 ||
	    http_percent(url, lines_get(rq, "user")) < 0 ||
	    secbuf_addstr(url, "&password=") < 0 ||
	    http_percent(url, lines_get(rq, "password")) < 0 ||
	    secbuf_addstr(url, "&domainId=") < 0)
		return -1;
	return http_percent(url, profile_get(p, CONF_DOMAIN));
}

static size_t
count_words(const char *list)
{
	size_t n = 0, pos = 0;
	const char *word;

	while (conf_next_word(list, &pos, &word) > 0)
		n++;
	return n;
}

static int
read_token(const struct secbuf *headers, struct secbuf *ret, struct err *err)
{
	const char *v, *complaint = NULL;
	size_t len = 0, n, i;

	n = http_header(headers, "Sai-Bearer-Token", &v, &len);
	if (n == 0)
		complaint = "without a Sai-Bearer-Token";
	else if (n > 1)
		complaint = "with more than one Sai-Bearer-Token";
	else if (len == 0)
		complaint = "with an empty Sai-Bearer-Token";
	else if (len > SAINET_TOKEN_MAX)
		complaint = "with an over-long Sai-Bearer-Token";
	for (i = 0; complaint == NULL && i < len; i++)
		if (v[i] == '\0' || strchr(TOKEN_CHARS, v[i]) == NULL)
			complaint = "with a character in its Sai-Bearer-Token "
				    "that no token has";
	if (complaint != NULL)
		return err_set(err, ERR_PROTOCOL,
		    "the server answered 200 %s; this is no sign-in",
		    complaint);
	secbuf_reset(ret);
	if (secbuf_add(ret, v, len) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

/* Needed by later calls where there are several instances; else of no use. */
static void
read_instance(const struct secbuf *headers, char ret[TOKEN_NAME_MAX])
{
	const char *v;
	size_t len, i;

	ret[0] = '\0';
	if (http_header(headers, "Sai-Server-Instance", &v, &len) != 1 ||
	    len > SAINET_INSTANCE_MAX)
		return;
	for (i = 0; i < len; i++)
		if (v[i] < 0x20 || v[i] > 0x7e)
			return;
	memcpy(ret, v, len);
	ret[len] = '\0';
}

int
sainet_token(const struct secbuf *headers, int64_t now, int64_t life,
    struct token *ret, struct err *err)
{
	int64_t exp;

	if (read_token(headers, &ret->access_token, err) < 0)
		return err->code;
	read_instance(headers, ret->instance);
	memcpy(ret->type, "Bearer", sizeof("Bearer"));
	ret->obtained_at = now;
	exp = jwt_exp(&ret->access_token);
	if (exp > now + SAINET_LIFE_MAX)
		exp = now + SAINET_LIFE_MAX;
	ret->expires_at = exp > now ? exp : now + life;
	return 0;
}

static int
judge(const struct http_response *r, const char *url, const struct lines *rq,
    struct outcome *o, struct err *err)
{
	char where[HTTP_WHERE_MAX];

	if (r->status == 200)
		return 0;
	http_where(url, where);
	if (http_common_refusal(r, url, rq, o, err) < 0)
		return err->code;
	if (r->status == 401 || r->status == 403)
		return err_set(err, ERR_DENIED,
		    "%s refused (status %d): wrong user or password, or the "
		    "user is not active (SYS02), or the API is not enabled "
		    "(SYS22)",
		    where, r->status);
	return err_set(err, r->status < 400 ? ERR_PROTOCOL : ERR_UNAVAIL,
	    "%s answered with status %d", where, r->status);
}

/* "server/…/login?…" for the next server of the list; 0 at its end. */
static int
next_url(const struct profile *p, const struct lines *rq, size_t *pos,
    struct secbuf *url, struct err *err)
{
	const char *word;
	size_t n = conf_next_word(profile_get(p, CONF_URL), pos, &word);

	if (n == 0)
		return 0;
	while (n > 0 && word[n - 1] == '/')
		n--;
	secbuf_reset(url);
	if (secbuf_add(url, word, n) < 0 ||
	    secbuf_addstr(url, SAINET_LOGIN_PATH) < 0 ||
	    add_credentials(url, p, rq) < 0)
		return err_set(err, ERR_CONFIG,
		    "user and password are too long for a request");
	return 1;
}

/*
 * The servers in their order.  Each gets its share of the time that is left
 * for connecting; the first that the request was sent to is the last.
 */
static int
ask(struct http *h, const struct profile *p, const struct lines *rq,
    struct http_response *r, struct outcome *o, struct err *err)
{
	SECBUF url = SECBUF_INIT(HTTP_URL_MAX);
	struct http_request request = {.body_max = SAINET_BODY_MAX};
	size_t pos = 0, left = count_words(profile_get(p, CONF_URL));
	int64_t limit = profile_ms(p, CONF_CONNECT_TIMEOUT);
	struct err ignored = ERR_INIT;
	int code;

	for (; (code = next_url(p, rq, &pos, &url, err)) > 0; left--) {
		if (err->code != 0 &&
		    lines_add(&o->notes, "warning[]", err->msg, &ignored) < 0)
			log_debug("a warning is lost: %s", err->msg);
		err->code = 0;
		request.url = url.ptr;
		request.connect_ms = http_left(h) / (int64_t)left;
		if (request.connect_ms > limit)
			request.connect_ms = limit;
		code = http_send(h, &request, r, err);
		o->http = r->status;
		o->sent = r->sent;
		if (code == 0)
			return judge(r, url.ptr, rq, o, err);
		if (r->sent || code != ERR_UNAVAIL)
			return code;
	}
	return code < 0 ? code : err->code;
}

int
sainet_login(struct http *h, const struct profile *p, const struct lines *rq,
    struct token *ret, struct outcome *o, struct err *err)
{
	HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	const char *user = lines_get(rq, "user");
	int64_t now = time(NULL);
	int code;

	if (user == NULL || *user == '\0')
		return err_set(err, ERR_CONFIG, "no user was given");
	if (lines_get(rq, "password") == NULL ||
	    *lines_get(rq, "password") == '\0')
		return err_set(err, ERR_CONFIG, "no password was given");
	code = ask(h, p, rq, &r, o, err);
	if (code < 0)
		return code;
	return sainet_token(&r.headers, now,
	    profile_ms(p, CONF_TOKEN_LIFETIME) / 1000, ret, err);
}
