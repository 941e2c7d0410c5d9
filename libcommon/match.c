/* SPDX-License-Identifier: MIT */
#include "match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uriparser/Uri.h>

#include "cleanup.h"

#define HTTPS_PORT 443

static void
free_uri(UriUriA *u)
{
	uriFreeUriMembersA(u);
}

static size_t
range_len(const UriTextRangeA *r)
{
	return r->first != NULL ? (size_t)(r->afterLast - r->first) : 0;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int
take_host(const UriUriA *u, struct match_target *ret, struct err *err)
{
	size_t n = range_len(&u->hostText), i;

	if (n == 0)
		return err_set(err, ERR_CONFIG, "the URL has no host");
	/* "[v1.x]", whose text without brackets is a host name's. */
	if (u->hostData.ipFuture.first != NULL)
		return err_set(err, ERR_CONFIG,
		    "the URL's host is an address of an unknown kind");
	if (n >= sizeof(ret->host))
		return err_set(
		    err, ERR_CONFIG, "the URL's host name is too long");
	for (i = 0; i < n; i++) {
		if (u->hostText.first[i] == '%')
			return err_set(
			    err, ERR_CONFIG, "the URL's host holds a '%%'");
		ret->host[i] = lower(u->hostText.first[i]);
	}
	ret->host[n] = '\0';
	return 0;
}

static int
take_port(const UriUriA *u, struct match_target *ret, struct err *err)
{
	size_t n = range_len(&u->portText);
	char text[8], *end;
	long port;

	ret->port = HTTPS_PORT;
	if (u->portText.first == NULL || n == 0)
		return 0;
	port = 0;
	if (n < sizeof(text)) {
		memcpy(text, u->portText.first, n);
		text[n] = '\0';
		port = strtol(text, &end, 10);
	}
	if (port < 1 || port > 65535)
		return err_set(
		    err, ERR_CONFIG, "the URL's port is not within 1-65535");
	ret->port = (int)port;
	return 0;
}

/* A dot, raw or encoded, at `p`: its length, or 0. */
static size_t
dot(const char *p, const char *stop)
{
	if (*p == '.')
		return 1;
	return stop - p >= 3 && strncasecmp(p, "%2e", 3) == 0 ? 3 : 0;
}

/*
 * Is the segment "." or ".."?  Also with a dot encoded, and also behind an
 * encoded separator: there are servers that decode first and split then.
 */
static bool
has_dots(const char *p, const char *stop)
{
	size_t dots = 0, others = 0, n;

	for (; p < stop; p += n) {
		n = dot(p, stop);
		if (n > 0) {
			dots++;
			continue;
		}
		n = 1;
		others++;
		/* "..;x" is "..": parameters of a segment are cut off first. */
		if (others == 1 && (dots == 1 || dots == 2) &&
		    (*p == ';' ||
			(stop - p >= 3 && strncasecmp(p, "%3b", 3) == 0)))
			return true;
		if (stop - p >= 3 && (strncasecmp(p, "%2f", 3) == 0 ||
					 strncasecmp(p, "%5c", 3) == 0)) {
			if (others == 1 && (dots == 1 || dots == 2))
				return true;
			dots = others = 0;
			n = 3;
		}
	}
	return others == 0 && (dots == 1 || dots == 2);
}

static int
take_path(const UriUriA *u, struct match_target *ret, struct err *err)
{
	const UriPathSegmentA *s;
	size_t used = 0, n;

	ret->has_path = true;
	for (s = u->pathHead; s != NULL; s = s->next) {
		n = range_len(&s->text);
		if (has_dots(s->text.first, s->text.afterLast))
			return err_set(err, ERR_CONFIG,
			    "the URL's path holds dot segments");
		if (used + n + 2 > sizeof(ret->path))
			return err_set(
			    err, ERR_CONFIG, "the URL's path is too long");
		ret->path[used++] = '/';
		if (n > 0)
			memcpy(ret->path + used, s->text.first, n);
		used += n;
	}
	if (used == 0)
		ret->path[used++] = '/';
	ret->path[used] = '\0';
	return 0;
}

static int
take_scheme(const UriUriA *u, struct err *err)
{
	if (range_len(&u->scheme) == 5 &&
	    strncasecmp(u->scheme.first, "https", 5) == 0)
		return 0;
	return err_set(err, ERR_CONFIG, "only https:// URLs are served");
}

int
match_url(const char *url, struct match_target *ret, struct err *err)
{
	CLEANUP(free_uri) UriUriA u;
	const char *stop;
	int r;

	memset(&u, 0, sizeof(u));
	if (strlen(url) > MATCH_URL_MAX)
		return err_set(err, ERR_CONFIG, "the URL is too long");
	if (strchr(url, '\\') != NULL)
		return err_set(err, ERR_CONFIG, "the URL holds a backslash");
	if (uriParseSingleUriA(&u, url, &stop) != URI_SUCCESS)
		return err_set(err, ERR_CONFIG, "not a valid URL (RFC 3986)");
	if (u.userInfo.first != NULL)
		return err_set(
		    err, ERR_CONFIG, "the URL holds user information");
	r = take_scheme(&u, err);
	if (r == 0)
		r = take_host(&u, ret, err);
	if (r == 0)
		r = take_port(&u, ret, err);
	if (r == 0)
		r = take_path(&u, ret, err);
	return r;
}

/*
 * git hands the path over percent-decoded: it is compared as it is, and only
 * what would mean something else to a URL parser is refused.
 */
int
match_host(const char *host, const char *path, struct match_target *ret,
    struct err *err)
{
	char url[MATCH_HOST_MAX + 16];
	const char *p;
	size_t n;

	if (strchr(host, '@') != NULL)
		return err_set(err, ERR_CONFIG,
		    "there is user information before the host name");
	if (*host == '\0' || strpbrk(host, "/?#\\ ") != NULL)
		return err_set(err, ERR_CONFIG, "not a host name");
	if (snprintf(url, sizeof(url), "https://%s/", host) >= (int)sizeof(url))
		return err_set(err, ERR_CONFIG, "the host name is too long");
	if (match_url(url, ret, err) < 0)
		return err->code;
	ret->has_path = path != NULL && *path != '\0';
	if (!ret->has_path)
		return 0;
	while (*path == '/')
		path++;
	for (p = path; *p != '\0'; p += n + (p[n] != '\0')) {
		n = strcspn(p, "/");
		if (strchr(p, '\\') != NULL || has_dots(p, p + n))
			return err_set(err, ERR_CONFIG,
			    "the path holds dot segments or a backslash");
	}
	if (snprintf(ret->path, sizeof(ret->path), "/%s", path) >=
	    (int)sizeof(ret->path))
		return err_set(err, ERR_CONFIG, "the path is too long");
	return 0;
}

/* The length of the prefix if it covers the path on whole segments, or 0. */
static size_t
path_covers(const char *prefix, const char *path)
{
	size_t n = strlen(prefix);

	while (n > 1 && prefix[n - 1] == '/')
		n--;
	if (n == 1)
		return 1;
	if (strncmp(prefix, path, n) != 0)
		return 0;
	return path[n] == '\0' || path[n] == '/' ? n : 0;
}

/*
 * How good is this profile for the target: 0 not at all, else the prefix's
 * length (1 for a request without a path).  Prefixes for other hosts are not
 * even parsed: with hundreds of profiles this is the hot path.
 */
static int
score(const struct profile *p, const struct match_target *target, size_t *ret,
    struct err *err)
{
	char url[MATCH_URL_MAX + 1];
	struct match_target own;
	const char *word, *host;
	size_t pos = 0, n, best = 0, len, host_len = strlen(target->host);

	while (
	    (n = conf_next_word(profile_get(p, CONF_MATCH), &pos, &word)) > 0) {
		host = memchr(word, ':', n);
		host = host != NULL && word + n - host > 3 ? host + 3 : word;
		if (*host == '[')
			host++;
		if (strncasecmp(host, target->host, host_len) != 0)
			continue;
		if (n >= sizeof(url))
			return err_set(err, ERR_CONFIG,
			    "%s:%d: match: the URL is too long", p->file,
			    p->where[CONF_MATCH]);
		memcpy(url, word, n);
		url[n] = '\0';
		if (match_url(url, &own, err) < 0)
			return err_wrap(
			    err, "%s:%d: match", p->file, p->where[CONF_MATCH]);
		if (own.port != target->port ||
		    strcmp(own.host, target->host) != 0)
			continue;
		len =
		    target->has_path ? path_covers(own.path, target->path) : 1;
		if (len > best)
			best = len;
	}
	*ret = best;
	return 0;
}

bool
match_covers(const struct profile *p, const struct match_target *target)
{
	struct err ignored = ERR_INIT;
	size_t n = 0;

	return score(p, target, &n, &ignored) == 0 && n > 0;
}

static int
ambiguous(const struct match_target *target, const char *names, struct err *err)
{
	if (target->has_path)
		return err_set(err, ERR_CONFIG,
		    "several profiles have the same match for '%s': %s; choose "
		    "one with --profile NAME",
		    target->host, names);
	return err_set(err, ERR_CONFIG,
	    "several profiles are for host '%s': %s; name a path that only "
	    "one of them has (git does with credential.useHttpPath true), or "
	    "choose one with --profile NAME",
	    target->host, names);
}

int
match_profile(const struct conf *c, const struct match_target *target,
    const struct profile **ret, struct err *err)
{
	const struct profile *best = NULL;
	size_t best_score = 0, n, i, used = 0, equal = 0;
	char names[256] = "";

	for (i = 0; i < conf_count(c); i++) {
		if (score(conf_at(c, i), target, &n, err) < 0)
			return err->code;
		if (n == 0 || n < best_score)
			continue;
		if (n > best_score) {
			used = equal = 0;
			best = conf_at(c, i);
			best_score = n;
		}
		equal++;
		n = (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
		    used > 0 ? ", " : "", conf_at(c, i)->name);
		used = used + n < sizeof(names) ? used + n : sizeof(names) - 1;
	}
	if (equal > 1)
		return ambiguous(target, names, err);
	if (best == NULL)
		return err_set(
		    err, ERR_NOTFOUND, "no profile is for '%s'", target->host);
	*ret = best;
	return 0;
}
