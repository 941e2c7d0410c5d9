/* SPDX-License-Identifier: MIT */
#include "git_request.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "io.h"

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static int
hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	p = c != '\0' ? strchr(digits, c) : NULL;
	return p != NULL ? (int)(p - digits) : -1;
}

/* A part of a URL, decoded; no control character comes out of it. */
static int
take_part(struct git_request *q, enum credential_field field, const char *from,
    const char *to, struct err *err)
{
	SECBUF text = SECBUF_INIT(CREDENTIAL_VALUE_MAX);
	int r = 0, high, low;
	char c;

	for (; from < to && r == 0; from++) {
		c = *from;
		if (c == '%') {
			high = to - from > 2 ? hex(from[1]) : -1;
			low = high >= 0 ? hex(from[2]) : -1;
			/* git leaves alone what is not of the form. */
			if (low >= 0) {
				c = (char)(high * 16 + low);
				from += 2;
			}
		}
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return err_set(err, ERR_PROTOCOL,
			    "git's request: a control character in the URL");
		r = secbuf_add(&text, &c, 1);
	}
	if (r < 0)
		return err_set(
		    err, ERR_PROTOCOL, "git's request: the URL is too long");
	return credential_set(&q->given, field, text.ptr, err);
}

/* protocol://[username[:password]@]host[/path], git's own way to split it. */
static int
take_url(struct git_request *q, const char *url, struct err *err)
{
	const char *cp = strstr(url, "://"), *slash, *at, *colon, *host, *stop;

	if (cp == NULL || cp == url)
		return err_set(
		    err, ERR_PROTOCOL, "git's request: a URL without protocol");
	credential_release(&q->given);
	if (take_part(q, CREDENTIAL_PROTOCOL, url, cp, err) < 0)
		return err->code;
	cp += 3;
	slash = cp + strcspn(cp, "/?#");
	at = memchr(cp, '@', (size_t)(slash - cp));
	host = at != NULL ? at + 1 : cp;
	if (at != NULL) {
		colon = memchr(cp, ':', (size_t)(at - cp));
		stop = colon != NULL ? colon : at;
		if (take_part(q, CREDENTIAL_USERNAME, cp, stop, err) < 0 ||
		    (colon != NULL && take_part(q, CREDENTIAL_PASSWORD,
					  colon + 1, at, err) < 0))
			return err->code;
	}
	if (take_part(q, CREDENTIAL_HOST, host, slash, err) < 0)
		return err->code;
	while (*slash == '/')
		slash++;
	stop = slash + strlen(slash);
	while (stop > slash && stop[-1] == '/')
		stop--;
	return stop > slash ? take_part(q, CREDENTIAL_PATH, slash, stop, err)
			    : 0;
}

/* As git reads a boolean of its configuration. */
static int
take_bool(bool *ret, const char *key, const char *s, struct err *err)
{
	static const char *const yes[] = {"1", "true", "yes", "on"};
	static const char *const no[] = {"0", "false", "no", "off", ""};
	size_t i;

	for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (strcasecmp(s, no[i]) == 0) {
			*ret = false;
			return 0;
		}
		if (i < sizeof(yes) / sizeof(yes[0]) &&
		    strcasecmp(s, yes[i]) == 0) {
			*ret = true;
			return 0;
		}
	}
	return err_set(
	    err, ERR_PROTOCOL, "git's request: %s is not a boolean", key);
}

static bool
is_scheme(const char *challenge, const char *scheme)
{
	size_t n = strlen(scheme);

	return strncasecmp(challenge, scheme, n) == 0 &&
	       (challenge[n] == '\0' || challenge[n] == ' ');
}

/* An empty value forgets what was listed before. */
static void
read_lists(struct git_request *q)
{
	const struct lines_field *f;
	bool basic = false, bearer = false, empty;
	size_t i;

	for (i = 0; i < q->lines.n; i++) {
		f = &q->lines.field[i];
		empty = *f->value == '\0';
		if (strcmp(f->key, "capability[]") == 0) {
			q->authtype =
			    !empty &&
			    (q->authtype || strcmp(f->value, "authtype") == 0);
			q->state = !empty &&
				   (q->state || strcmp(f->value, "state") == 0);
		} else if (strcmp(f->key, "wwwauth[]") == 0) {
			basic =
			    !empty && (basic || is_scheme(f->value, "Basic"));
			bearer =
			    !empty && (bearer || is_scheme(f->value, "Bearer"));
		} else if (strcmp(f->key, "state[]") == 0) {
			if (empty)
				q->ours = NULL;
			else if (strncmp(f->value, GIT_STATE,
				     strlen(GIT_STATE)) == 0)
				q->ours = f->value + strlen(GIT_STATE);
		}
	}
	q->basic_only = basic && !bearer;
}

static int
take_field(
    struct git_request *q, const char *key, const char *value, struct err *err)
{
	static const struct {
		const char *key;
		enum credential_field field;
	} keys[] = {{"protocol", CREDENTIAL_PROTOCOL},
	    {"host", CREDENTIAL_HOST}, {"path", CREDENTIAL_PATH},
	    {"username", CREDENTIAL_USERNAME},
	    {"password", CREDENTIAL_PASSWORD},
	    {"authtype", CREDENTIAL_AUTHTYPE},
	    {"credential", CREDENTIAL_CREDENTIAL},
	    {"oauth_refresh_token", CREDENTIAL_REFRESH_TOKEN},
	    {"password_expiry_utc", CREDENTIAL_EXPIRES_AT}};
	size_t i;

	if (strcmp(key, "url") == 0)
		return take_url(q, value, err);
	if (strcmp(key, "ephemeral") == 0)
		return take_bool(&q->ephemeral, key, value, err);
	if (strcmp(key, "continue") == 0)
		return take_bool(&q->again, key, value, err);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i].key) == 0)
			return credential_set(
			    &q->given, keys[i].field, value, err);
	return 0;
}

int
git_request_read(struct git_request *q, struct err *err)
{
	const char *protocol, *host;
	size_t i;

	if (lines_read(&q->lines, STDIN_FILENO, LINES_GIT, IO_FOREVER, err) < 0)
		return err_wrap(err, "git's request");
	for (i = 0; i < q->lines.n; i++)
		if (take_field(q, q->lines.field[i].key,
			q->lines.field[i].value, err) < 0)
			return err->code;
	protocol = credential_get(&q->given, CREDENTIAL_PROTOCOL);
	host = credential_get(&q->given, CREDENTIAL_HOST);
	if ((protocol != NULL && has_control(protocol)) ||
	    (host != NULL && has_control(host)))
		return err_set(err, ERR_PROTOCOL,
		    "git's request: a control character in the host");
	/* What is no time, or none to come (0), is as none to git. */
	if (credential_number(&q->given, CREDENTIAL_EXPIRES_AT, 0) <= 0 &&
	    credential_set(&q->given, CREDENTIAL_EXPIRES_AT, NULL, err) < 0)
		return err->code;
	read_lists(q);
	return 0;
}

void
git_request_release(struct git_request *q)
{
	lines_release(&q->lines);
	credential_release(&q->given);
}
