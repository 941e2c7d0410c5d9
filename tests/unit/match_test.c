/* SPDX-License-Identifier: MIT */
/* Which profile is for a URL: every rule, and every way around it. */
#include "match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cleanup.h"

#define CONF CLEANUP(conf_freep) struct conf

#define SCHEME    "only https:// URLs are served"
#define INVALID   "not a valid URL (RFC 3986)"
#define USERINFO  "the URL holds user information"
#define BACKSLASH "the URL holds a backslash"
#define NO_HOST   "the URL has no host"
#define PERCENT   "the URL's host holds a '%'"
#define PORT      "the URL's port is not within 1-65535"
#define DOTS      "the URL's path holds dot segments"

/* clang-format off */
static const struct {
	const char *url, *fault;
	const char *host; /* of a good one */
	int port;
	const char *path;
} urls[] = {
	{"https://h", NULL, "h", 443, "/"},
	{"https://h/", NULL, "h", 443, "/"},
	{"HTTPS://ExAmPle.COM:443/A/b", NULL, "example.com", 443, "/A/b"},
	{"https://h:8443/a/", NULL, "h", 8443, "/a/"},
	{"https://h:1/", NULL, "h", 1, "/"},
	{"https://h:65535/", NULL, "h", 65535, "/"},
	{"https://h:0443/", NULL, "h", 443, "/"},
	{"https://h:/x", NULL, "h", 443, "/x"}, /* RFC 3986 6.2.3 */
	{"https://h/a?q=/../..#/../f", NULL, "h", 443, "/a"},
	{"https://h?q", NULL, "h", 443, "/"},
	{"https://h#f", NULL, "h", 443, "/"},
	{"https://h//a", NULL, "h", 443, "//a"},
	{"https://h/a//b", NULL, "h", 443, "/a//b"},
	{"https://h/a%20b%2Fc", NULL, "h", 443, "/a%20b%2Fc"},
	{"https://h/group%2fproject", NULL, "h", 443, "/group%2fproject"},
	{"https://h/.../..a/a../.b/b./%2e%2e%2e", NULL, "h", 443, "/.../..a/a../.b/b./%2e%2e%2e"},
	{"https://h/%252e%252e", NULL, "h", 443, "/%252e%252e"},
	{"https://h/;a=b,c", NULL, "h", 443, "/;a=b,c"},
	{"https://h/@x:1", NULL, "h", 443, "/@x:1"},
	{"https://192.0.2.1/", NULL, "192.0.2.1", 443, "/"},
	{"https://[::1]/", NULL, "::1", 443, "/"},
	{"https://[2001:DB8::A]:8443/x", NULL, "2001:db8::a", 8443, "/x"},
	{"https://xn--bcher-kva.example./", NULL, "xn--bcher-kva.example.", 443, "/"},

	{"", SCHEME, NULL, 0, NULL},
	{"h", SCHEME, NULL, 0, NULL},
	{"/a", SCHEME, NULL, 0, NULL},
	{"//h/a", SCHEME, NULL, 0, NULL},
	{"http://h/", SCHEME, NULL, 0, NULL},
	{"httpss://h/", SCHEME, NULL, 0, NULL},
	{"http+s://h/", SCHEME, NULL, 0, NULL},
	{"ssh://h/", SCHEME, NULL, 0, NULL},
	{"git@h:a", INVALID, NULL, 0, NULL},

	{"https://u@h/", USERINFO, NULL, 0, NULL},
	{"https://u:" "p@h/", USERINFO, NULL, 0, NULL},
	{"https://:@h/", USERINFO, NULL, 0, NULL},
	{"https://@h/", USERINFO, NULL, 0, NULL},
	{"https://h:443@evil/", USERINFO, NULL, 0, NULL},
	{"https://h%40evil/", PERCENT, NULL, 0, NULL},

	{"https://h\\@evil/", BACKSLASH, NULL, 0, NULL},
	{"https:\\\\h/", BACKSLASH, NULL, 0, NULL},
	{"https://h/a\\..\\b", BACKSLASH, NULL, 0, NULL},
	{"https://h/?\\", BACKSLASH, NULL, 0, NULL},

	{"https://", NO_HOST, NULL, 0, NULL},
	{"https:///a", NO_HOST, NULL, 0, NULL},
	{"https://:443/", NO_HOST, NULL, 0, NULL},
	{"https://?h", NO_HOST, NULL, 0, NULL},
	{"https:h", NO_HOST, NULL, 0, NULL},
	{"https:/h", NO_HOST, NULL, 0, NULL},
	{"https://h%41/", PERCENT, NULL, 0, NULL},
	{"https://%68/", PERCENT, NULL, 0, NULL},
	{"https://h%00/", PERCENT, NULL, 0, NULL},
	{"https://[::1%25eth0]/", INVALID, NULL, 0, NULL},
	{"https://[::1/", INVALID, NULL, 0, NULL},
	{"https://::1/", INVALID, NULL, 0, NULL},
	{"https://[1]/", INVALID, NULL, 0, NULL},
	{"https://[h]/", INVALID, NULL, 0, NULL},
	{"https://[::1]x/", INVALID, NULL, 0, NULL},
	{"https://\xc3\xa9/", INVALID, NULL, 0, NULL},
	{"https://h /", INVALID, NULL, 0, NULL},
	{"https://h/a b", INVALID, NULL, 0, NULL},
	{"https://h/\n", INVALID, NULL, 0, NULL},
	{"https://h/\x7f", INVALID, NULL, 0, NULL},
	{"https://h/%", INVALID, NULL, 0, NULL},
	{"https://h/%2", INVALID, NULL, 0, NULL},
	{"https://h/%zz", INVALID, NULL, 0, NULL},
	{" https://h/", INVALID, NULL, 0, NULL},

	{"https://h:0/", PORT, NULL, 0, NULL},
	{"https://h:00000/", PORT, NULL, 0, NULL},
	{"https://h:65536/", PORT, NULL, 0, NULL},
	{"https://h:99999999999999999999/", PORT, NULL, 0, NULL},
	{"https://h:4294967739/", PORT, NULL, 0, NULL}, /* 443 + 2^32 */
	{"https://[::1]:0/", PORT, NULL, 0, NULL},
	{"https://h:-1/", INVALID, NULL, 0, NULL},
	{"https://h:+443/", INVALID, NULL, 0, NULL},
	{"https://h:443x/", INVALID, NULL, 0, NULL},
	{"https://h:1:2/", INVALID, NULL, 0, NULL},

	{"https://h/.", DOTS, NULL, 0, NULL},
	{"https://h/..", DOTS, NULL, 0, NULL},
	{"https://h/./a", DOTS, NULL, 0, NULL},
	{"https://h/a/../b", DOTS, NULL, 0, NULL},
	{"https://h/a/..", DOTS, NULL, 0, NULL},
	{"https://h/a/..?q", DOTS, NULL, 0, NULL},
	{"https://h/a/%2e%2e/b", DOTS, NULL, 0, NULL},
	{"https://h/a/%2E%2e/b", DOTS, NULL, 0, NULL},
	{"https://h/a/.%2E/b", DOTS, NULL, 0, NULL},
	{"https://h/a/%2e./b", DOTS, NULL, 0, NULL},
	{"https://h/%2e", DOTS, NULL, 0, NULL},
	/* behind separators that a server may decode */
	{"https://h/a/..%2fb", DOTS, NULL, 0, NULL},
	{"https://h/a/x%2F..%2F..%2Fb", DOTS, NULL, 0, NULL},
	{"https://h/a/x%2f%2e%2E", DOTS, NULL, 0, NULL},
	{"https://h/a/..%5cb", DOTS, NULL, 0, NULL},
	{"https://h/a/x%5C.", DOTS, NULL, 0, NULL},
};
/* clang-format on */

static void
urls_taken_apart(void **data)
{
	size_t i;
	int r;

	(void)data;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct match_target t;
		struct err err = ERR_INIT;

		memset(&t, 0x55, sizeof(t));
		r = match_url(urls[i].url, &t, &err);
		assert_int_equal(err.code, r);
		if (urls[i].fault != NULL) {
			if (r != ERR_CONFIG ||
			    strcmp(err.msg, urls[i].fault) != 0)
				fail_msg(
				    "'%s': %d '%s'", urls[i].url, r, err.msg);
			continue;
		}
		if (r != 0)
			fail_msg("'%s': '%s'", urls[i].url, err.msg);
		assert_string_equal(t.host, urls[i].host);
		assert_int_equal(t.port, urls[i].port);
		assert_true(t.has_path);
		assert_string_equal(t.path, urls[i].path);
	}
}

/* "[v1.x]" is a literal of a future kind of address, and nobody's host name. */
static void
future_addresses_are_no_hosts(void **data)
{
	struct match_target t;
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(
	    match_url("https://[v1.example]/", &t, &err), ERR_CONFIG);
	assert_int_equal(
	    match_host("[v1.example]", NULL, &t, &err), ERR_CONFIG);
}

static void
longest_urls(void **data)
{
	char url[MATCH_URL_MAX + 16];
	struct match_target t;
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < 2; i++) { /* the host */
		memset(url, 'h', sizeof(url));
		memcpy(url, "https://", 8);
		(void)strcpy(url + 8 + MATCH_HOST_MAX - 1 + i, "/a");
		assert_int_equal(
		    match_url(url, &t, &err), i == 0 ? 0 : ERR_CONFIG);
		url[8 + MATCH_HOST_MAX - 1 + i] = '\0';
		assert_int_equal(match_host(url + 8, NULL, &t, &err),
		    i == 0 ? 0 : ERR_CONFIG);
	}
	assert_string_equal(err.msg, "the URL's host name is too long");
	for (i = 0; i < 2; i++) { /* the path */
		memset(url, 'p', sizeof(url));
		memcpy(url, "https://h/", 10);
		url[9 + MATCH_PATH_MAX - 1 + i] = '\0';
		assert_int_equal(
		    match_url(url, &t, &err), i == 0 ? 0 : ERR_CONFIG);
		assert_int_equal(match_host("h", url + 10, &t, &err),
		    i == 0 ? 0 : ERR_CONFIG);
	}
	for (i = 0; i < 2; i++) { /* the whole */
		memset(url, 'q', sizeof(url));
		memcpy(url, "https://h/?", 11);
		url[MATCH_URL_MAX + i] = '\0';
		assert_int_equal(
		    match_url(url, &t, &err), i == 0 ? 0 : ERR_CONFIG);
	}
	assert_string_equal(err.msg, "the URL is too long");
}

/* clang-format off */
static const struct {
	const char *host, *path;
	int result;
	const char *to_host;
	int port;
	const char *to_path; /* NULL: none named */
} hosts[] = {
	{"h", NULL, 0, "h", 443, NULL},
	{"h", "", 0, "h", 443, NULL},
	{"H.Example:443", NULL, 0, "h.example", 443, NULL},
	{"h:8443", "a/b.git", 0, "h", 8443, "/a/b.git"},
	{"h", "/a", 0, "h", 443, "/a"},
	{"h", "//a", 0, "h", 443, "/a"},
	{"h", "/", 0, "h", 443, "/"},
	{"h", "a/", 0, "h", 443, "/a/"},
	{"h", "a b/\xc3\xa9?x#y", 0, "h", 443, "/a b/\xc3\xa9?x#y"}, /* git decodes */
	{"h", ".../a..", 0, "h", 443, "/.../a.."},
	{"[::1]", NULL, 0, "::1", 443, NULL},
	{"[::1]:8443", "a", 0, "::1", 8443, "/a"},
	{"", NULL, ERR_CONFIG, NULL, 0, NULL},
	{":443", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"u@h", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h/a", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h?a", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h#a", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h\\a", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h a", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h\na", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h%2e", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"https://h", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h:0", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h:65536", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h:x", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"::1", NULL, ERR_CONFIG, NULL, 0, NULL},
	{"h", "..", ERR_CONFIG, NULL, 0, NULL},
	{"h", "/..", ERR_CONFIG, NULL, 0, NULL},
	{"h", "a/../b", ERR_CONFIG, NULL, 0, NULL},
	{"h", "a/..", ERR_CONFIG, NULL, 0, NULL},
	{"h", "./a", ERR_CONFIG, NULL, 0, NULL},
	{"h", "a/%2e%2E/b", ERR_CONFIG, NULL, 0, NULL},
	{"h", "a/..%2fb", ERR_CONFIG, NULL, 0, NULL},
	{"h", "a\\..\\b", ERR_CONFIG, NULL, 0, NULL},
	{"h", "a/b\\", ERR_CONFIG, NULL, 0, NULL},
};
/* clang-format on */

static void
hosts_and_paths(void **data)
{
	size_t i;
	int r;

	(void)data;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct match_target t;
		struct err err = ERR_INIT;

		memset(&t, 0x55, sizeof(t));
		r = match_host(hosts[i].host, hosts[i].path, &t, &err);
		if (r != hosts[i].result)
			fail_msg("row %zu: %d '%s'", i, r, err.msg);
		assert_int_equal(err.code, r);
		if (r != 0)
			continue;
		assert_string_equal(t.host, hosts[i].to_host);
		assert_int_equal(t.port, hosts[i].port);
		assert_int_equal(t.has_path, hosts[i].to_path != NULL);
		if (t.has_path)
			assert_string_equal(t.path, hosts[i].to_path);
	}
}

/* Profiles a, b, c... each with one of the lists in `match`, NULL-ended. */
static struct conf *
profiles(const char *const *match)
{
	static char text[65536];
	struct conf *c = NULL;
	struct err err = ERR_INIT;
	size_t used = 0, i;

	for (i = 0; match[i] != NULL; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "[profile %c]\nprovider = itcare\nclient_id = c\n"
		    "match = %s\n",
		    (char)('a' + i), match[i]);
	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(conf_read_text(c, "t", text, used, &err), 0);
	conf_finish(c);
	return c;
}

/* The name of the profile for a URL, "-" for none, "!" for an error. */
static const char *
who(const struct conf *c, const char *url, struct err *err)
{
	const struct profile *p = NULL;
	struct match_target t;
	int r;

	err->code = 0;
	assert_int_equal(match_url(url, &t, err), 0);
	r = match_profile(c, &t, &p, err);
	assert_int_equal(err->code, r);
	if (r == 0) {
		assert_true(match_covers(p, &t));
		return p->name;
	}
	assert_null(p);
	return r == ERR_NOTFOUND ? "-" : "!";
}

static void
longest_prefix_on_whole_segments(void **data)
{
	static const char *const match[] = {"https://h/a", "https://h/a/b/",
	    "https://h:8443/a",
	    "https://other https://H.Two/x https://[2001:DB8::1]:9/",
	    "https://h/A", NULL};
	/* clang-format off */
	static const char *const row[][2] = {
		{"https://h/a", "a"}, {"https://h/a/", "a"},
		{"https://h/a/x", "a"}, {"https://h/a?q", "a"},
		{"https://h/a#f", "a"}, {"https://h:443/a", "a"},
		{"HTTPS://H/a", "a"}, {"https://h/a/bb", "a"},
		{"https://h/a//b", "a"},
		{"https://h/a/b", "b"}, {"https://h/a/b/", "b"},
		{"https://h/a/b/c", "b"},
		{"https://h/ab", "-"}, {"https://h/aa/b", "-"},
		{"https://h/b", "-"}, {"https://h/", "-"}, {"https://h", "-"},
		{"https://h//a", "-"}, {"https://h/a%2fb", "-"},
		{"https://h/%61", "-"}, {"https://h/a;x", "-"},
		{"https://h/A", "e"}, {"https://h/A/b", "e"},
		{"https://h:8443/a", "c"}, {"https://h:8443/a/b", "c"},
		{"https://h:8444/a", "-"}, {"https://hh/a", "-"},
		{"https://x.h/a", "-"}, {"https://h./a", "-"},
		{"https://h.evil/a", "-"}, {"https://evilh/a", "-"},
		{"https://other", "d"}, {"https://other/", "d"},
		{"https://other/any/thing", "d"}, {"https://other:443/", "d"},
		{"https://other.evil/", "-"},
		{"https://h.two/x", "d"}, {"https://h.two/y", "-"},
		{"https://[2001:db8::1]:9/z", "d"},
		{"https://[2001:db8::1]/z", "-"},
		{"https://[2001:db8::11]:9/z", "-"},
	};
	/* clang-format on */
	CONF *c = profiles(match);
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (strcmp(who(c, row[i][0], &err), row[i][1]) != 0)
			fail_msg(
			    "'%s': '%s'", row[i][0], who(c, row[i][0], &err));
}

static void
not_found_names_the_host(void **data)
{
	static const char *const match[] = {"https://h/a", NULL};
	CONF *c = profiles(match);
	CONF *none = profiles(match + 1);
	struct err err = ERR_INIT;

	(void)data;
	assert_string_equal(who(c, "https://Other/secret?x=y", &err), "-");
	assert_string_equal(err.msg, "no profile is for 'other'");
	assert_string_equal(who(none, "https://h/a", &err), "-");
}

static void
requests_without_a_path(void **data)
{
	static const char *const match[] = {"https://one/a https://one/b",
	    "https://two/a", "https://two/b", "https://three/a",
	    "https://three:8443/a", NULL};
	CONF *c = profiles(match);
	const struct profile *p = NULL;
	struct match_target t;
	struct err err = ERR_INIT;

	(void)data;
	/* By host, if exactly one profile has it. */
	assert_int_equal(match_host("ONE", NULL, &t, &err), 0);
	assert_int_equal(match_profile(c, &t, &p, &err), 0);
	assert_string_equal(p->name, "a");
	assert_int_equal(match_host("three", NULL, &t, &err), 0);
	assert_int_equal(match_profile(c, &t, &p, &err), 0);
	assert_string_equal(p->name, "d");
	assert_int_equal(match_host("three:8443", NULL, &t, &err), 0);
	assert_int_equal(match_profile(c, &t, &p, &err), 0);
	assert_string_equal(p->name, "e");
	/* Several have it: they are named, and what to do. */
	p = NULL;
	assert_int_equal(match_host("two", NULL, &t, &err), 0);
	assert_int_equal(match_profile(c, &t, &p, &err), ERR_CONFIG);
	assert_null(p);
	assert_string_equal(err.msg,
	    "several profiles are for host 'two': b, c; name a path that only "
	    "one of them has (git does with credential.useHttpPath true), or "
	    "choose one with --profile NAME");
	assert_int_equal(match_host("two", "b/x.git", &t, &err), 0);
	assert_int_equal(match_profile(c, &t, &p, &err), 0);
	assert_string_equal(p->name, "c");
	assert_int_equal(match_host("two", "c", &t, &err), 0);
	assert_int_equal(match_profile(c, &t, &p, &err), ERR_NOTFOUND);
	assert_int_equal(match_host("four", NULL, &t, &err), 0);
	assert_int_equal(match_profile(c, &t, &p, &err), ERR_NOTFOUND);
}

static void
equally_good_ones_are_named(void **data)
{
	static const char *const match[] = {"https://h/a", "https://h/a/b",
	    "https://H:443/a/ https://x", "https://h/a", "https://h", NULL};
	CONF *c = profiles(match);
	struct err err = ERR_INIT;

	(void)data;
	assert_string_equal(who(c, "https://h/a/c", &err), "!");
	assert_int_equal(err.code, ERR_CONFIG);
	assert_string_equal(err.msg,
	    "several profiles have the same match for 'h': a, c, d; choose one "
	    "with --profile NAME");
	/* A better one ends the doubt. */
	assert_string_equal(who(c, "https://h/a/b", &err), "b");
	assert_string_equal(who(c, "https://h/b", &err), "e");
}

static void
bad_match_of_this_host(void **data)
{
	static const char *const bad[] = {"https://h/a/../b",
	    "https://h/%2e%2e/", "https://h:0/", "https://h:99999",
	    "https://h\\x", "https://h/a\\b"};
	struct err err = ERR_INIT;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const match[] = {bad[i], "https://x", NULL};
		CONF *c = profiles(match);

		assert_string_equal(who(c, "https://h/b", &err), "!");
		assert_int_equal(err.code, ERR_CONFIG);
		assert_int_equal(strncmp(err.msg, "t:4: match: ", 12), 0);
		/* It takes nothing from the other hosts. */
		assert_string_equal(who(c, "https://x/", &err), "b");
	}
}

/* Whatever stands in `match`, no URL is given to it that it does not cover. */
static void
faulty_match_covers_nothing(void **data)
{
	static const char *const bad[] = {
	    "https:", "aaaaaaaa:", "aaaaaaaaa:", "a:b", ":", "https:/h",
	    "https:///h", "http://h", "h", "//h", "https://u@h", "https://[::1",
	    "xxxxxxxx:h", "https://h@x", "ftps:://h"};
	struct err err = ERR_INIT;
	char *text;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct profile p = {.name = "p", .file = "t"};
		struct match_target t;

		/* A block of its own: a step beyond its end is seen. */
		text = strdup(bad[i]);
		p.value[CONF_MATCH] = text;
		assert_int_equal(match_url("https://h/a", &t, &err), 0);
		assert_false(match_covers(&p, &t));
		assert_int_equal(match_host("h", NULL, &t, &err), 0);
		assert_false(match_covers(&p, &t));
		free(text);
	}
}

static void
two_hundred_profiles(void **data)
{
	static char text[65536];
	CONF *c = NULL;
	struct err err = ERR_INIT;
	const struct profile *p;
	struct match_target t;
	char url[64], name[16];
	size_t used = 0;
	int i;

	(void)data;
	for (i = 0; i < 200; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "[profile p%d]\nprovider = itcare\nclient_id = c\n"
		    "match = https://same.example/p%d https://h%d.example\n",
		    i, i, i);
	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(conf_read_text(c, "t", text, used, &err), 0);
	conf_finish(c);
	for (i = 0; i < 200; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		(void)snprintf(
		    url, sizeof(url), "https://same.example/p%d/x", i);
		assert_string_equal(who(c, url, &err), name);
		(void)snprintf(url, sizeof(url), "https://h%d.example/", i);
		assert_string_equal(who(c, url, &err), name);
	}
	assert_string_equal(who(c, "https://same.example/p200", &err), "-");
	assert_string_equal(who(c, "https://same.example/", &err), "-");
	/* All have this host: as many names as there is room for. */
	assert_int_equal(match_host("same.example", NULL, &t, &err), 0);
	assert_int_equal(match_profile(c, &t, &p, &err), ERR_CONFIG);
	assert_non_null(strstr(err.msg, "p0, p1, p2, "));
	assert_non_null(strstr(err.msg, "--profile NAME"));
}

static void
many_prefixes_of_one(void **data)
{
	static const char *const match[] = {
	    "https://h/a https://h/b https://h/a/b https://i", "https://h/b/c",
	    NULL};
	CONF *c = profiles(match);
	struct match_target t;
	struct err err = ERR_INIT;

	(void)data;
	assert_string_equal(who(c, "https://h/a/b/c", &err), "a");
	assert_string_equal(who(c, "https://h/b", &err), "a");
	assert_string_equal(who(c, "https://h/b/c/d", &err), "b");
	assert_string_equal(who(c, "https://i/zzz", &err), "a");
	assert_int_equal(match_url("https://h/b/c", &t, &err), 0);
	assert_true(match_covers(conf_at(c, 0), &t));
	assert_true(match_covers(conf_at(c, 1), &t));
	assert_int_equal(match_url("https://h/c", &t, &err), 0);
	assert_false(match_covers(conf_at(c, 0), &t));
}

static void
profiles_without_match(void **data)
{
	static const char text[] =
	    "[profile a]\nprovider = oauth2\ntoken_url = https://h/t\n"
	    "client_id = c\n";
	CONF *c = NULL;
	struct match_target t;
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(conf_read_text(c, "t", text, strlen(text), &err), 0);
	conf_finish(c);
	assert_string_equal(who(c, "https://h/t", &err), "-");
	assert_int_equal(match_host("h", NULL, &t, &err), 0);
	assert_false(match_covers(conf_at(c, 0), &t));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(urls_taken_apart),
	    cmocka_unit_test(future_addresses_are_no_hosts),
	    cmocka_unit_test(longest_urls),
	    cmocka_unit_test(hosts_and_paths),
	    cmocka_unit_test(longest_prefix_on_whole_segments),
	    cmocka_unit_test(not_found_names_the_host),
	    cmocka_unit_test(requests_without_a_path),
	    cmocka_unit_test(equally_good_ones_are_named),
	    cmocka_unit_test(bad_match_of_this_host),
	    cmocka_unit_test(faulty_match_covers_nothing),
	    cmocka_unit_test(two_hundred_profiles),
	    cmocka_unit_test(many_prefixes_of_one),
	    cmocka_unit_test(profiles_without_match),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
