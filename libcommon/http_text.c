/* SPDX-License-Identifier: MIT */
#include "http_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "repeats.h"

#define NAME_CHARS                                                             \
	"!#$%&'*+-.^_`|~0123456789"                                            \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" /* RFC 9110 */

static int
encode(struct secbuf *to, const char *text, const char *safe, bool plus)
{
	static const char hex[] = "0123456789ABCDEF";
	const char *p;
	char code[3];
	int r = 0;

	for (p = text; r == 0 && *p != '\0'; p++) {
		code[0] = '%';
		code[1] = hex[(unsigned char)*p >> 4];
		code[2] = hex[(unsigned char)*p & 15];
		if (((unsigned char)*p < 0x80 && isalnum((int)*p)) ||
		    strchr(safe, *p) != NULL)
			r = secbuf_add(to, p, 1);
		else if (plus && *p == ' ')
			r = secbuf_add(to, "+", 1);
		else
			r = secbuf_add(to, code, 3);
	}
	return r;
}

int
http_percent(struct secbuf *to, const char *text)
{
	return encode(to, text, "-._~", false);
}

int
http_form_encode(struct secbuf *to, const char *text)
{
	return encode(to, text, "-._*", true);
}

int
http_form_add(struct secbuf *to, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return 0;
	if ((to->len > 0 && secbuf_add(to, "&", 1) < 0) ||
	    secbuf_addstr(to, name) < 0 || secbuf_add(to, "=", 1) < 0)
		return -1;
	return http_form_encode(to, value);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The value between `v` and `end` (the line feed) without its blanks. */
static size_t
trim(const char **v, const char *end)
{
	if (end > *v && end[-1] == '\r')
		end--;
	while (*v < end && is_blank(**v))
		(*v)++;
	while (end > *v && is_blank(end[-1]))
		end--;
	return (size_t)(end - *v);
}

size_t
http_header(const struct secbuf *headers, const char *name, const char **value,
    size_t *len)
{
	const char *p = headers->ptr, *stop = p + headers->len, *end, *v;
	size_t n = strlen(name), found = 0;
	bool odd;

	for (; p < stop; p = end + 1) {
		end = memchr(p, '\n', (size_t)(stop - p));
		if (end == NULL)
			end = stop;
		if ((size_t)(end - p) <= n || strncasecmp(p, name, n) != 0)
			continue;
		for (v = p + n; v < end && is_blank(*v); v++)
			;
		if (v == end || *v != ':')
			continue;
		odd = v > p + n || (end + 1 < stop && is_blank(end[1]));
		if (found == 0) {
			*value = v + 1;
			*len = trim(value, end);
		}
		found += odd ? 2 : 1;
	}
	return found;
}

bool
http_header_ok(const char *line)
{
	/* What frames a message, belongs to a hop, or is the token's place. */
	static const char *const ours[] = {"Authorization",
	    "Proxy-Authorization", "Proxy-Connection", "Host", "Connection",
	    "Content-Length", "Transfer-Encoding", "TE", "Trailer", "Upgrade",
	    "Keep-Alive", "Expect", "Sai-Server-Instance"};
	size_t n = strspn(line, NAME_CHARS), i;

	if (n == 0 || line[n] != ':')
		return false;
	for (i = 0; line[i] != '\0'; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return false;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strlen(ours[i]) == n && strncasecmp(line, ours[i], n) == 0)
			return false;
	return true;
}

time_t
http_date(const char *text)
{
	static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT",
	    "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"};
	const char *end;
	struct tm tm;
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(text, forms[i], &tm);
		if (end != NULL && *end == '\0')
			return timegm(&tm);
	}
	return -1;
}

int64_t
http_retry_after(const struct secbuf *headers, time_t now)
{
	char text[64];
	const char *v;
	size_t len;
	int64_t s;
	time_t t;

	if (http_header(headers, "Retry-After", &v, &len) != 1 || len == 0 ||
	    len >= sizeof(text))
		return -1;
	memcpy(text, v, len);
	text[len] = '\0';
	if (strspn(text, "0123456789") == len) {
		s = len > 9 ? HTTP_RETRY_AFTER_MAX : strtol(text, NULL, 10);
	} else {
		t = http_date(text);
		if (t < 0)
			return -1;
		s = t > now ? t - now : 0;
	}
	return s < HTTP_RETRY_AFTER_MAX ? s : HTTP_RETRY_AFTER_MAX;
}

static const char scheme_chars[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.";

const char *
http_where(const char *url, char to[HTTP_WHERE_MAX])
{
	const char *host = strstr(url, "://");
	char text[HTTP_WHERE_MAX];
	const char *at;
	size_t n;

	host = host != NULL ? host + 3 : url;
	n = strcspn(host, "/?#");
	at = memrchr(host, '@', n);
	if (at != NULL) {
		n -= (size_t)(at + 1 - host);
		host = at + 1;
	}
	(void)snprintf(text, sizeof(text), "%.*s",
	    (int)(n < sizeof(text) ? n : sizeof(text) - 1), host);
	return err_printable(to, HTTP_WHERE_MAX, text);
}

const char *
http_site(const char *url, char to[HTTP_SITE_MAX])
{
	char where[HTTP_WHERE_MAX];
	const char *end = strstr(url, "://");
	size_t n = end != NULL ? (size_t)(end - url) : 0;

	/* Whatever else stands before "://" is no scheme (RFC 3986 3.1). */
	if (n > HTTP_SITE_MAX - HTTP_WHERE_MAX - 3 ||
	    strspn(url, scheme_chars) < n)
		n = 0;
	(void)snprintf(to, HTTP_SITE_MAX, "%.*s%s%s", (int)n, url,
	    n > 0 ? "://" : "", http_where(url, where));
	return to;
}

static const char name_chars[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.*:-";

const char *
http_names(char to[HTTP_WHERE_MAX], const char *from)
{
	static const char address[] = "IP Address:", dns[] = "DNS:";
	size_t at = 0, len, n;

	to[0] = '\0';
	for (; *from != '\0'; from += len + (from[len] != '\0')) {
		from += strspn(from, " ");
		len = strcspn(from, ",");
		n = 0;
		if (strncmp(from, dns, sizeof(dns) - 1) == 0)
			n = sizeof(dns) - 1;
		else if (strncmp(from, address, sizeof(address) - 1) == 0)
			n = sizeof(address) - 1;
		/* Anything else could be read as words of ours. */
		if (n == 0 || len == n ||
		    strspn(from + n, name_chars) != len - n)
			continue;
		if (at + len - n + 3 > HTTP_WHERE_MAX)
			break;
		at += (size_t)snprintf(to + at, HTTP_WHERE_MAX - at, "%s%.*s",
		    at > 0 ? ", " : "", (int)(len - n), from + n);
	}
	return to;
}

bool
http_url_ok(const char *url)
{
	const char *host = url + 8, *p;
	size_t n;

	if (strncasecmp(url, "https://", 8) != 0)
		return false;
	n = strcspn(host, "/?");
	if (n == 0 || n >= 256 || *host == ':' || memchr(host, '@', n) != NULL)
		return false;
	for (p = url; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("\\\"<>#", *p) != NULL)
			return false;
	return (size_t)(p - url) < 4096;
}

int
http_common_refusal(const struct http_response *r, const char *url,
    const struct lines *rq, struct outcome *o, struct err *err)
{
	char where[HTTP_WHERE_MAX], target[HTTP_WHERE_MAX], place[512];
	const char *v;
	size_t len;

	http_where(url, where);
	if (r->status >= 300 && r->status < 400) {
		place[0] = '\0';
		if (http_header(&r->headers, "Location", &v, &len) > 0)
			(void)snprintf(place, sizeof(place), "%.*s",
			    (int)(len < sizeof(place) ? len : 0), v);
		if (strstr(place, "://") == NULL)
			v = "another place of its own";
		else if (repeats_secret(http_where(place, target), rq))
			v = "a place whose name repeats a secret";
		else
			v = target;
		return err_set(err, ERR_PROTOCOL,
		    "%s redirects (status %d) to %s; redirects are never "
		    "followed, since they would carry secrets along",
		    where, r->status, v);
	}
	if (r->status != 429 && r->status != 503)
		return 0;
	o->later = true;
	o->retry_after = http_retry_after(&r->headers, time(NULL));
	return err_set(err, ERR_UNAVAIL, "%s %s (status %d)", where,
	    r->status == 429 ? "wants fewer requests"
			     : "is out of service for now",
	    r->status);
}
