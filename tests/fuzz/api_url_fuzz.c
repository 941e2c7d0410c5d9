/* SPDX-License-Identifier: MIT */
/*
 * Where a token goes: whatever api_url() makes of a path, the library that
 * connects sees a place below the profile's api_url, and the worker, which
 * judges for itself, agrees.  First line: api_url; second: the path; third and
 * fourth: a field for the query.
 */
#include <curl/curl.h>
#include <strings.h>

#include "api.h"
#include "conf.h"
#include "fuzz.h"
#include "http_call.h"

static char *
part(const char *url, CURLUPart which)
{
	CURLU *u = curl_url();
	char *ret = NULL;

	if (u == NULL)
		abort();
	if (curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) ==
	    CURLUE_OK)
		(void)curl_url_get(u, which, &ret, CURLU_DEFAULT_PORT);
	curl_url_cleanup(u);
	return ret;
}

/* What libcurl does not take goes nowhere. */
static bool
curl_takes(const char *url)
{
	char *host = part(url, CURLUPART_HOST);

	curl_free(host);
	return host != NULL;
}

static void
same(const char *url, const char *base, CURLUPart which)
{
	char *a = part(url, which), *b = part(base, which);

	HOLDS(a != NULL && b != NULL && strcasecmp(a, b) == 0);
	curl_free(a);
	curl_free(b);
}

static void
below(const char *url, const char *base)
{
	char *a = part(url, CURLUPART_PATH), *b = part(base, CURLUPART_PATH);
	size_t n;

	HOLDS(a != NULL && b != NULL);
	for (n = strlen(b); n > 0 && b[n - 1] == '/'; n--)
		;
	HOLDS(strncmp(a, b, n) == 0 && (a[n] == '\0' || a[n] == '/'));
	HOLDS(strstr(a, "/../") == NULL && strstr(a, "/./") == NULL);
	curl_free(a);
	curl_free(b);
}

static void
check_target(const char *url, const char *base)
{
	const char *p;

	for (p = url; *p != '\0'; p++)
		HOLDS(*p > ' ' && *p < 0x7f && *p != '#' && *p != '\\');
	if (!curl_takes(url) || !curl_takes(base))
		return;
	same(url, base, CURLUPART_SCHEME);
	same(url, base, CURLUPART_HOST);
	same(url, base, CURLUPART_PORT);
	below(url, base);
	HOLDS(http_under(url, base));
}

/* What was added comes back as it was, and leads nowhere else. */
static void
check_field(struct secbuf *url, const char *name, const char *value)
{
	struct err err = ERR_INIT;
	size_t before = url->len;
	char *back;
	int n;

	if (api_url_add(url, name, value, &err) < 0) {
		fuzz_message(&err);
		return;
	}
	back = strrchr(url->ptr + before, '=');
	HOLDS(back != NULL);
	HOLDS(strspn(url->ptr + before, "?&") <= 1);
	back = curl_easy_unescape(NULL, back + 1, 0, &n);
	HOLDS(back != NULL && n == (int)strlen(value));
	HOLDS(strcmp(back, value) == 0);
	curl_free(back);
}

FUZZ(api_url)
{
	char *base = fuzz_line(&data, &size), *path = fuzz_line(&data, &size);
	char *name = fuzz_line(&data, &size), *value = fuzz_line(&data, &size);
	const char *pairs[][2] = {{"provider", "oauth2"}, {"client_id", "c"},
	    {"token_url", "https://localhost/t"}, {"match", base},
	    {"api_url", base}, {NULL, NULL}};
	SECBUF url = SECBUF_INIT(API_URL_MAX);
	const struct profile *p;
	struct conf *c = NULL;
	struct err err = ERR_INIT;

	HOLDS(conf_new(&c, &err) == 0);
	if (conf_preset(c, "p", "fuzz", pairs, &err) == 0) {
		conf_finish(c);
		p = conf_find(c, "p");
		if (p == NULL || conf_check(c, &err) < 0) {
			;
		} else if (api_url(p, path, &url, &err) < 0) {
			fuzz_message(&err);
		} else {
			check_target(url.ptr, base);
			check_field(&url, name, value);
			check_target(url.ptr, base);
		}
	}
	conf_free(c);
	free(base);
	free(path);
	free(name);
	free(value);
}
