/* SPDX-License-Identifier: MIT */
#include "api.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api_date.h"
#include "http_text.h"
#include "match.h"

/* What a path or a query may hold as it is (RFC 3986 §3.3, §3.4). */
static const char plain[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    "-._~!$&'()*+,;=:@/?";

static bool
is_hex(char c)
{
	return c != '\0' && strchr("0123456789abcdefABCDEF", c) != NULL;
}

/* The '+' of a date's zone is no blank: does `at` stand in such a date? */
static bool
is_zone(const char *value, const char *at)
{
	int64_t ignored;
	size_t n = api_date(value, &ignored);

	return n > 0 && at > value && at < value + n;
}

static int
add_encoded(struct secbuf *to, const char *text, struct err *err)
{
	const char *p, *value = NULL; /* where one in the query begins */
	bool query = false;
	int r = 0;

	for (p = text; r == 0 && *p != '\0'; p++) {
		char one[2] = {*p, '\0'};

		if (*p == '#')
			return err_set(err, ERR_CONFIG,
			    "a '#' would end the address; write it as %%23");
		if (*p == '\\' && !query)
			return err_set(
			    err, ERR_CONFIG, "the path holds a backslash");
		if (*p == '%' && (!is_hex(p[1]) || !is_hex(p[2])))
			return err_set(err, ERR_CONFIG,
			    "a '%%' stands for itself only as %%25");
		if (value != NULL && *p == '+' && is_zone(value, p))
			r = secbuf_addstr(to, "%2B");
		else if (*p == '%' || strchr(plain, *p) != NULL)
			r = secbuf_add(to, p, 1);
		else
			r = http_percent(to, one);
		query = query || *p == '?';
		if (query && strchr("?&=,", *p) != NULL)
			value = p + 1;
	}
	return r == 0 ? 0 : err_set(err, ERR_CONFIG, "the address is too long");
}

/* The base without its last slashes. */
static size_t
base_len(const char *base)
{
	size_t n = strlen(base);

	while (n > 0 && base[n - 1] == '/')
		n--;
	return n;
}

/* The base up to its path. */
static size_t
origin_len(const char *base)
{
	const char *host = strstr(base, "://");

	host = host != NULL ? host + 3 : base;
	return (size_t)(host - base) + strcspn(host, "/");
}

/* Does a path from the root begin with the base's own path? */
static bool
has_base_path(const char *path, const char *base)
{
	size_t from = origin_len(base), n = base_len(base);

	if (n <= from)
		return false; /* the whole host is the API's */
	n -= from;
	return strncmp(path, base + from, n) == 0 &&
	       strchr("/?", path[n]) != NULL;
}

bool
api_is_url(const char *path)
{
	size_t n = strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
				"uvwxyz0123456789+-.");

	return strncmp(path + n, "://", 3) == 0;
}

static bool
under(const struct match_target *t, const struct match_target *base)
{
	size_t n = base_len(base->path);

	return t->port == base->port && strcmp(t->host, base->host) == 0 &&
	       strncmp(t->path, base->path, n) == 0 &&
	       (t->path[n] == '\0' || t->path[n] == '/');
}

/* The last word on where it leads, after all that put it together. */
static int
check(
    const struct profile *p, const char *base, const char *url, struct err *err)
{
	struct match_target target, own;

	if (match_url(base, &own, err) < 0)
		return err_wrap(err, "api_url");
	if (match_url(url, &target, err) < 0)
		return err->code;
	if (!under(&target, &own))
		return err_set(err, ERR_CONFIG,
		    "it does not lie under api_url (%s): it gets no token",
		    base);
	if (!match_covers(p, &target))
		return err_set(err, ERR_CONFIG,
		    "api_url (%s) is not among the addresses of match: it gets "
		    "no token",
		    base);
	return 0;
}

static int
join(const char *base, const char *path, struct secbuf *to, struct err *err)
{
	int r = 0;

	if (*path == '/' && has_base_path(path, base)) {
		r = secbuf_add(to, base, origin_len(base));
	} else if (api_is_url(path)) {
		r = secbuf_add(to, path, origin_len(path));
		path += origin_len(path);
	} else {
		r = secbuf_add(to, base, base_len(base));
		if (*path == '/')
			path++;
		if (r == 0 && *path != '\0' && *path != '?')
			r = secbuf_addstr(to, "/");
	}
	if (r < 0)
		return err_set(err, ERR_CONFIG, "the address is too long");
	return add_encoded(to, path, err);
}

int
api_url(const struct profile *p, const char *path, struct secbuf *ret,
    struct err *err)
{
	const char *base = profile_get(p, CONF_API_URL);
	char shown[API_SHOWN_MAX];

	secbuf_reset(ret);
	api_show(path, shown);
	if (base == NULL)
		return err_set(err, ERR_CONFIG,
		    "profile '%s' has no api_url: where is its API?", p->name);
	if (join(base, path, ret, err) < 0 || check(p, base, ret->ptr, err) < 0)
		return err_wrap(err, "profile '%s': '%s'", p->name, shown);
	return 0;
}

int
api_url_add(
    struct secbuf *url, const char *name, const char *value, struct err *err)
{
	const char *mark = strchr(url->ptr, '?');

	if (secbuf_addstr(url, mark == NULL      ? "?"
			       : mark[1] != '\0' ? "&"
						 : "") < 0 ||
	    http_percent(url, name) < 0 || secbuf_addstr(url, "=") < 0 ||
	    http_percent(url, value) < 0)
		return err_set(err, ERR_CONFIG, "the address is too long");
	return 0;
}
