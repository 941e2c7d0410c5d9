/* SPDX-License-Identifier: MIT */
/*
 * Matching against libcurl: wherever we say that a URL is a profile's, the
 * library that would connect must see the same server.  First line: `match`;
 * second: the URL; third: what git gives as a host; fourth: as a path.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <strings.h>

#include "conf.h"
#include "fuzz.h"
#include "match.h"

struct seen {
	char *host, *port, *path;
};

static void
release(struct seen *s)
{
	curl_free(s->host);
	curl_free(s->port);
	curl_free(s->path);
}

/* How libcurl takes it apart, or false. */
static bool
curl_takes(const char *url, struct seen *ret)
{
	CURLU *u = curl_url();
	bool ok;

	memset(ret, 0, sizeof(*ret));
	ok = u != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	     curl_url_get(u, CURLUPART_HOST, &ret->host, 0) == CURLUE_OK &&
	     curl_url_get(u, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) ==
		 CURLUE_OK &&
	     curl_url_get(u, CURLUPART_PATH, &ret->path, 0) == CURLUE_OK;
	curl_url_cleanup(u);
	return ok;
}

/* libcurl writes addresses in their shortest form: 0x7f.1 is 127.0.0.1. */
static bool
same_host(const char *ours, const char *theirs)
{
	unsigned char a[16], b[16];
	char bare[256];
	struct in_addr number, dotted;
	size_t n = strlen(theirs);

	if (strcasecmp(ours, theirs) == 0)
		return true;
	if (*theirs == '[' && n > 2 && n < sizeof(bare)) {
		(void)snprintf(
		    bare, sizeof(bare), "%.*s", (int)n - 2, theirs + 1);
		return inet_pton(AF_INET6, ours, a) == 1 &&
		       inet_pton(AF_INET6, bare, b) == 1 &&
		       memcmp(a, b, sizeof(a)) == 0;
	}
	return inet_aton(ours, &number) != 0 &&
	       inet_pton(AF_INET, theirs, &dotted) == 1 &&
	       number.s_addr == dotted.s_addr;
}

static void
agree(const struct match_target *t, const char *url)
{
	struct seen s;

	/* What libcurl refuses is connected to by nobody. */
	if (curl_takes(url, &s)) {
		HOLDS(same_host(t->host, s.host));
		HOLDS(t->port == strtol(s.port, NULL, 10));
		/* It resolves dot segments: one that we overlooked is gone. */
		HOLDS(!t->has_path || t->path[0] == '/');
		HOLDS(!t->has_path || strcmp(t->path, s.path) == 0);
	}
	release(&s);
}

/* Said to be the profile's: then libcurl sees one of its servers and paths. */
static void
agree_with_profile(const char *list, const char *url)
{
	struct seen theirs, ours;
	bool found = false;
	const char *word;
	size_t pos = 0, n;
	char *prefix;

	if (curl_takes(url, &theirs))
		while ((n = conf_next_word(list, &pos, &word)) > 0) {
			prefix = fuzz_text(word, n);
			if (!curl_takes(prefix, &ours))
				found = true; /* nothing to compare with */
			else if (strcasecmp(ours.host, theirs.host) == 0 &&
				 strcmp(ours.port, theirs.port) == 0)
				found = true;
			release(&ours);
			free(prefix);
		}
	else
		found = true;
	release(&theirs);
	HOLDS(found);
}

static void
check_git(const char *host, const char *path)
{
	struct match_target t;
	struct err err = ERR_INIT;
	char *url;

	if (match_host(host, *path != '\0' ? path : NULL, &t, &err) < 0) {
		fuzz_message(&err);
		return;
	}
	if (asprintf(&url, "https://%s/%s", host, path) < 0)
		abort();
	t.has_path = false; /* git's path is not yet encoded */
	agree(&t, url);
	free(url);
}

FUZZ(match)
{
	char *list = fuzz_line(&data, &size), *url = fuzz_line(&data, &size);
	char *host = fuzz_line(&data, &size), *path = fuzz_line(&data, &size);
	const char *pairs[][2] = {{"provider", "oauth2"}, {"client_id", "c"},
	    {"token_url", "https://localhost/t"}, {"match", list},
	    {NULL, NULL}};
	const struct profile *p = NULL;
	struct match_target t;
	struct conf *c = NULL;
	struct err err = ERR_INIT;

	HOLDS(conf_new(&c, &err) == 0);
	HOLDS(conf_preset(c, "p", "fuzz", pairs, &err) == 0);
	conf_finish(c);
	if (match_url(url, &t, &err) < 0) {
		fuzz_message(&err);
	} else {
		agree(&t, url);
		if (conf_check(c, &err) == 0 &&
		    match_profile(c, &t, &p, &err) == 0) {
			HOLDS(match_covers(p, &t));
			agree_with_profile(list, url);
		}
	}
	check_git(host, path);
	conf_free(c);
	free(list);
	free(url);
	free(host);
	free(path);
}
