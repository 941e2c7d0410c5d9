/* SPDX-License-Identifier: MIT */
/* The configuration: every fault with its place, and never with its value. */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cleanup.h"
#include "ini.h"
#include "scratch.h"

#define MARK "hunter2" /* stands in every value that is refused */
#define CONF CLEANUP(conf_freep) struct conf

/* A whole profile, to which one line is added. */
#define ERP                                                                    \
	"[profile erp]\nprovider = sainet\nurl = https://e.example\n"          \
	"domain = D\n"
#define OAU                                                                    \
	"[profile oau]\nprovider = oauth2\ntoken_url = https://o.example/t\n"  \
	"client_id = c\n"

#define NOT_URL  "only https:// URLs are allowed"
#define NO_HOST  "the URL has no valid host name"
#define BAD_PORT "the URL's port is not within 1-65535"
#define BAD_HOST                                                               \
	"the URL's host holds a character that no host has (user information " \
	"is not allowed)"
#define BAD_CHAR "the URL holds a character that must be encoded"
#define DURATION "a duration is a number with a unit: 20s, 5min, 8h, 90d"
#define NAME_BAD                                                               \
	"a profile's name has letters, digits, '.', '_' and '-', and begins "  \
	"with none of the last and '.'"

static char top[256];

static int
setup(void **data)
{

	(void)data;
	return !scratch_make(top, sizeof(top)) ? -1 : 0;
}

static int
teardown(void **data)
{
	(void)data;
	return scratch_remove(top);
}

static struct conf *
read_text(const char *text)
{
	struct conf *c = NULL;
	struct err err = ERR_INIT;

	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(
	    conf_read_text(c, "t.conf", text, strlen(text), &err), 0);
	conf_finish(c);
	return c;
}

/* "PROFILE: TEXT" of every fault, a line each; '~' before a mild one. */
static const char *
faults_of(const struct conf *c)
{
	static char all[16384];
	const struct conf_fault *f;
	size_t n = conf_faults(c, &f), i, used = 0;

	all[0] = '\0';
	for (i = 0; i < n; i++) {
		assert_null(strstr(f[i].text, MARK));
		used += (size_t)snprintf(all + used, sizeof(all) - used,
		    "%s%s: %s\n", f[i].mild ? "~" : "",
		    f[i].profile != NULL ? f[i].profile : "-", f[i].text);
		assert_true(used < sizeof(all));
	}
	return all;
}

/* clang-format off */
static const struct {
	const char *text, *faults;
} rows[] = {
	{"", ""},
	{ERP, ""},
	{OAU, ""},
	{"[profile i]\nprovider = itcare\nclient_id = c\n", ""},

	/* unknown keys: mild, the only ones */
	{ERP "passwort = " MARK "\n", "~erp: t.conf:5: passwort: unknown key\n"},
	{ERP "urls = " MARK "\n", "~erp: t.conf:5: urls: unknown key\n"},
	{ERP "tenant = " MARK "\n\ntenant = " MARK "\n", "~erp: t.conf:5: tenant: unknown key\n~erp: t.conf:7: tenant: unknown key\n"},

	/* repeated */
	{ERP "domain = " MARK "\n", "erp: t.conf:5: domain: the key was given before, in line 4\n"},
	{ERP "domain = D\n", "erp: t.conf:5: domain: the key was given before, in line 4\n"},
	{ERP ERP, "erp: t.conf:5: profile 'erp' was given before, in line 1\n"},
	{ERP OAU "[profile erp]\nx = " MARK "\n", "erp: t.conf:9: profile 'erp' was given before, in line 1\n"},

	/* before a section */
	{"client_id = " MARK "\n" ERP, "-: t.conf:1: client_id: a key before the first section\n"},
	{"secret = " MARK "\n", "-: t.conf:1: secret: a key before the first section\n"},

	/* sections */
	{"[Profile a]\nx = " MARK "\n", "-: t.conf:1: a section is '[profile NAME]', nothing else\n"},
	{"[erp]\n", "-: t.conf:1: a section is '[profile NAME]', nothing else\n"},
	{"[]\n", "-: t.conf:1: a section is '[profile NAME]', nothing else\n"},
	{"[profile]\n", "-: t.conf:1: the profile has no name: '[profile NAME]'\n"},
	{"[profile " MARK "!]\nprovider = sainet\n", "-: t.conf:1: " NAME_BAD "\n"},
	{"[profile a/" MARK "]\n", "-: t.conf:1: " NAME_BAD "\n"},
	{"[profile -" MARK "]\n", "-: t.conf:1: " NAME_BAD "\n"},
	{"[profile .a]\n[profile ..]\n[profile a b]\n[profile \xc3\xa9]\n[profile a\tb]\n", "-: t.conf:1: " NAME_BAD "\n-: t.conf:2: " NAME_BAD "\n-: t.conf:3: " NAME_BAD "\n-: t.conf:4: " NAME_BAD "\n-: t.conf:5: " NAME_BAD "\n"},
	{ERP "[profile " MARK "\n", "erp: t.conf:5: not of the form '[profile NAME]'\n"},

	/* lines that are none */
	{ERP MARK "\n", "erp: t.conf:5: not 'key = value', a section or a comment\n"},
	{MARK "\n", "-: t.conf:1: not 'key = value', a section or a comment\n"},
	{ERP "Scope = " MARK "\n", "erp: t.conf:5: a key has lower-case letters and '_' only\n"},
	{ERP "account = " MARK " # mine\n", "erp: t.conf:5: account: a comment cannot stand behind a value; give it a line of its own\n"},
	{ERP "account = " MARK "\x01\n", "erp: t.conf:5: account: the value holds a control character\n"},
	{ERP "account = " MARK "\r\n", "erp: t.conf:5: the line ends with a carriage return (a file from Windows?)\n"},
	{ERP "account = \"" MARK "\"\n", "erp: t.conf:5: account: values are not quoted; write it without quotation marks\n"},

	/* bad values, one of each type */
	{ERP "account =\n", "erp: t.conf:5: account: the value is empty\n"},
	{ERP "timeout = " MARK "\n", "erp: t.conf:5: timeout: " DURATION "\n"},
	{ERP "timeout = 0s\n", "erp: t.conf:5: timeout: " DURATION "\n"},
	{ERP "remember_password = " MARK "\n", "erp: t.conf:5: remember_password: on or off\n"},
	{ERP "remember_password = yes\n", "erp: t.conf:5: remember_password: on or off\n"},
	{ERP "store = " MARK "\n", "erp: t.conf:5: store: not one of: secret-service file none\n"},
	{ERP "store = file none\n", "erp: t.conf:5: store: not one of: secret-service file none\n"},
	{ERP "store = secret\n", "erp: t.conf:5: store: not one of: secret-service file none\n"},
	{ERP "ca_file = " MARK "/ca.pem\n", "erp: t.conf:5: ca_file: the path must begin with '/'\n"},
	{ERP "match = http://" MARK "/\n", "erp: t.conf:5: match: " NOT_URL "\n"},
	{ERP "match = https://ok.example " MARK "\n", "erp: t.conf:5: match: " NOT_URL "\n"},
	{OAU "grant = " MARK "\n", "oau: t.conf:5: grant: not one of: client_credentials device browser\n"},
	{OAU "client_auth = " MARK "\n", "oau: t.conf:5: client_auth: not one of: basic basic-raw post none\n"},
	{OAU "client_secret_env = A " MARK "\n", "oau: t.conf:5: client_secret_env: the value is a single word\n"},
	{OAU "client_secret_env = A=" MARK "\n", "oau: t.conf:5: client_secret_env: the value is a single word\n"},
	{OAU "client_secret_file = " MARK "\n", "oau: t.conf:5: client_secret_file: the path must begin with '/'\n"},
	{OAU "proxy = socks5://" MARK "\n", "oau: t.conf:5: proxy: a proxy is 'http://host:port' or 'https://host:port'\n"},
	{"[profile p]\nprovider = " MARK "\n", "p: t.conf:2: provider: not one of: oauth2 itcare sainet\n"},

	/* what is missing, and what belongs to others */
	{"[profile p]\n", "p: t.conf:1: profile 'p': provider is missing\n"},
	{"[profile p]\nurl = https://e.example\n", "p: t.conf:1: profile 'p': provider is missing\n"},
	{"\n[profile p]\nprovider = sainet\n", "p: t.conf:2: profile 'p': url is missing\np: t.conf:2: profile 'p': domain is missing\n"},
	{"[profile p]\nprovider = itcare\n", "p: t.conf:1: profile 'p': client_id is missing\n"},
	{"[profile p]\nprovider = oauth2\nclient_id = c\n", "p: t.conf:1: profile 'p': token_url is missing\n"},
	{"[profile p]\nprovider = oauth2\nclient_id = c\nissuer = https://o.example\n", ""},
	{ERP "scope = " MARK "\n", "erp: t.conf:5: scope: not a key of provider sainet\n"},
	{OAU "domain = " MARK "\n", "oau: t.conf:5: domain: not a key of provider oauth2\n"},
	{"[profile i]\nprovider = itcare\nclient_id = c\nremember_password = on\n", "i: t.conf:4: remember_password: not a key of provider itcare\n"},

	/* all are told, each of its own profile */
	{"[profile a]\nprovider = sainet\nurl = http://" MARK "\nx = " MARK "\n[profile b]\nprovider = oauth2\n",
	    "a: t.conf:3: url: " NOT_URL "\n~a: t.conf:4: x: unknown key\n"
	    "a: t.conf:1: profile 'a': domain is missing\n"
	    "b: t.conf:5: profile 'b': client_id is missing\nb: t.conf:5: profile 'b': token_url is missing\n"},
};
/* clang-format on */

static void
every_fault_has_its_place(void **data)
{
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CONF *c = read_text(rows[i].text);
		struct err err = ERR_INIT;
		const char *got = faults_of(c), *colon;
		int r = conf_check(c, &err);

		if (strcmp(got, rows[i].faults) != 0)
			fail_msg("row %zu: '%s' instead of '%s'", i, got,
			    rows[i].faults);
		assert_int_equal(r, *got != '\0' ? ERR_CONFIG : 0);
		assert_int_equal(err.code, r);
		if (r == 0)
			continue;
		/* conf_check gives the first, word for word. */
		colon = strstr(got, ": ") + 2;
		assert_int_equal(strncmp(colon, err.msg, strlen(err.msg)), 0);
		assert_int_equal(colon[strlen(err.msg)], '\n');
	}
}

/* clang-format off */
static const struct {
	const char *value, *fault;
} urls[] = {
	{"https://h", NULL},
	{"https://h/", NULL},
	{"HTTPS://H.Example/Path", NULL},
	{"https://h.example:1/a/b?c=d&e=%20", NULL},
	{"https://h:65535", NULL},
	{"https://h:0443/", NULL},
	{"https://192.0.2.1:8443/x", NULL},
	{"https://[::1]", NULL},
	{"https://[2001:db8::1]:8443/x", NULL},
	{"https://[::ffff:192.0.2.1]/", NULL},
	{"https://xn--bcher-kva.example/", NULL},
	{"http://" MARK, NOT_URL},
	{"HTTP://h/", NOT_URL},
	{"ftp://h/", NOT_URL},
	{"//h/", NOT_URL},
	{"h.example", NOT_URL},
	{"https:/h", NOT_URL},
	{"https:h", NOT_URL},
	{"https://", NOT_URL},
	{"https:///p", NO_HOST},
	{"https://:443/", NO_HOST},
	{"https://@h/", NO_HOST},
	{"https://?q", NO_HOST},
	{"https://\xc3\xa9/", NO_HOST},
	{"https://%68/", NO_HOST},
	{"https://u@h/", BAD_HOST},
	{"https://" MARK ":x@h/", BAD_PORT},
	{"https://u:" "1@h/", BAD_HOST},
	{"https://h%2e/", BAD_HOST},
	{"https://h_x/", BAD_HOST},
	{"https://h\\x/", BAD_HOST},
	{"https://h?q", BAD_HOST},
	{"https://h#f", BAD_HOST},
	{"https://h:", BAD_PORT},
	{"https://h:/", BAD_PORT},
	{"https://h:0", BAD_PORT},
	{"https://h:65536", BAD_PORT},
	{"https://h:-1", BAD_PORT},
	{"https://h:+1", BAD_PORT},
	{"https://h:99999999999999999999", BAD_PORT},
	{"https://h:443x/", BAD_HOST},
	{"https://h:1:2/", BAD_HOST},
	{"https://[::1", NO_HOST},
	{"https://[::1/", NO_HOST},
	{"https://[]/", NO_HOST},
	{"https://[[::1]]/", NO_HOST},
	{"https://[h]/", NO_HOST},
	{"https://[v1.a]/", NO_HOST},
	{"https://[fe80::1%25eth0]/", NO_HOST},
	{"https://[::1]:0/", BAD_PORT},
	{"https://[::1]:65536/", BAD_PORT},
	{"https://[::1]:/", BAD_PORT},
	{"https://[::1]x/", BAD_HOST},
	{"https://[::1]" "1/", BAD_HOST},
	{"https://[::1]]/", BAD_HOST},
	{"https://h/a#" MARK, BAD_CHAR},
	{"https://h/a\\b", BAD_CHAR},
	{"https://h/\"", BAD_CHAR},
	{"https://h/<", BAD_CHAR},
	{"https://h/>", BAD_CHAR},
};
/* clang-format on */

static void
urls_of_every_kind(void **data)
{
	const struct conf_key_info *one = &conf_keys[CONF_API_URL];
	const struct conf_key_info *list = &conf_keys[CONF_MATCH];
	char text[512];
	const char *f;
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		f = conf_value_fault(one, urls[i].value);
		if ((f == NULL) != (urls[i].fault == NULL) ||
		    (f != NULL && strcmp(f, urls[i].fault) != 0))
			fail_msg("'%s': '%s'", urls[i].value, f);
		/* The same as a word of a list, wherever it stands. */
		(void)snprintf(
		    text, sizeof(text), "https://a/b %s", urls[i].value);
		f = conf_value_fault(list, text);
		assert_int_equal(f == NULL, urls[i].fault == NULL);
		(void)snprintf(
		    text, sizeof(text), "%s \t https://a:1/b", urls[i].value);
		f = conf_value_fault(list, text);
		assert_int_equal(f == NULL, urls[i].fault == NULL);
	}
	assert_string_equal(
	    conf_value_fault(one, "https://a https://b"), BAD_HOST);
	assert_string_equal(
	    conf_value_fault(one, "https://a/ https://b"), BAD_CHAR);
	assert_string_equal(conf_value_fault(list, " \t "), "no URL is given");
}

static void
proxies(void **data)
{
	/* clang-format off */
	static const struct {
		const char *value;
		bool good;
	} row[] = {
		{"http://p:3128", true}, {"https://p:3128", true},
		{"http://p", true}, {"http://[::1]:3128/", true},
		{"http://", false}, {"p:3128", false}, {"socks5h://p", false},
		{"http://u:" "1@p:3128", false}, {"http://p:0", false},
		{"http://p:65536", false}, {"http://p x", false},
	};
	/* clang-format on */
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(conf_value_fault(&conf_keys[CONF_PROXY],
				     row[i].value) == NULL,
		    row[i].good);
}

static void
durations(void **data)
{
	/* clang-format off */
	static const struct {
		const char *text;
		int64_t ms;
	} row[] = {
		{"20s", 20000}, {"5min", 300000}, {"8h", 28800000},
		{"90d", INT64_C(7776000000)}, {"250ms", 250}, {"0s", 0},
		{"007s", 7000}, {"1000000000s", INT64_C(1000000000000)},
		{"1000000000d", INT64_C(86400000000000000)},
		{"1000000001d", -1}, {"99999999999999999999s", -1},
		{"", -1}, {"s", -1}, {"20", -1}, {"20 s", -1}, {"20S", -1},
		{"20sec", -1}, {"5m", -1}, {"-5s", -1}, {"+5s", -1},
		{" 5s", -1}, {"5s ", -1}, {"1.5h", -1}, {"1h30min", -1},
		{"0x10s", -1}, {"1e3s", -1}, {"5minutes", -1}, {"1w", -1},
	};
	/* clang-format on */
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (conf_duration_ms(row[i].text) != row[i].ms)
			fail_msg("'%s'", row[i].text);
}

/* The table itself: complete, without repetition, its defaults valid. */
static void
table_of_keys(void **data)
{
	int k, other;
	const char *p;

	(void)data;
	for (k = 0; k < CONF_KEYS; k++) {
		const struct conf_key_info *i = &conf_keys[k];

		assert_non_null(i->name);
		for (p = i->name; *p != '\0'; p++)
			assert_true((*p >= 'a' && *p <= 'z') || *p == '_');
		assert_int_equal(conf_find_key(i->name), k);
		for (other = 0; other < k; other++)
			assert_string_not_equal(conf_keys[other].name, i->name);
		assert_true(i->providers > 0 && i->providers < 8);
		assert_int_equal(i->type == CONF_CHOICE, i->choices != NULL);
		if (i->standard != NULL)
			assert_null(conf_value_fault(i, i->standard));
		assert_string_equal(
		    conf_value_fault(i, ""), "the value is empty");
	}
	assert_int_equal(conf_find_key(""), -1);
	assert_int_equal(conf_find_key("URL"), -1);
	assert_int_equal(conf_find_key("ur"), -1);
	assert_int_equal(conf_find_key("urls"), -1);
}

static void
words(void **data)
{
	static const char list[] = "  one\ttwo \t three ";
	const char *word;
	size_t pos = 0;

	(void)data;
	assert_int_equal(conf_next_word(list, &pos, &word), 3);
	assert_memory_equal(word, "one", 3);
	assert_int_equal(conf_next_word(list, &pos, &word), 3);
	assert_memory_equal(word, "two", 3);
	assert_int_equal(conf_next_word(list, &pos, &word), 5);
	assert_memory_equal(word, "three", 5);
	assert_int_equal(conf_next_word(list, &pos, &word), 0);
	assert_int_equal(conf_next_word(list, &pos, &word), 0);
	pos = 0;
	assert_int_equal(conf_next_word("", &pos, &word), 0);
	assert_int_equal(conf_next_word(NULL, &pos, &word), 0);
}

static void
defaults(void **data)
{
	CONF *c = read_text(ERP OAU "[profile itc]\nprovider = itcare\n"
				    "client_id = c\n[profile no]\n");
	const struct profile *e = conf_find(c, "erp"), *o, *i, *n;

	(void)data;
	o = conf_find(c, "oau");
	i = conf_find(c, "itc");
	n = conf_find(c, "no");
	assert_int_equal(conf_count(c), 4);
	assert_ptr_equal(conf_at(c, 0), e);
	assert_null(conf_find(c, "ERP"));
	assert_null(conf_find(c, ""));
	assert_int_equal(e->provider, PROVIDER_SAINET);
	assert_int_equal(o->provider, PROVIDER_OAUTH2);
	assert_int_equal(i->provider, PROVIDER_ITCARE);
	assert_int_equal(n->provider, PROVIDER_NONE);
	assert_int_equal(e->line, 1);
	assert_int_equal(o->line, 5);
	assert_int_equal(e->where[CONF_URL], 3);
	assert_string_equal(e->file, "t.conf");

	assert_int_equal(profile_ms(e, CONF_CONNECT_TIMEOUT), 5000);
	assert_int_equal(profile_ms(e, CONF_TIMEOUT), 15000);
	assert_int_equal(profile_ms(e, CONF_MIN_VALID), 60000);
	assert_int_equal(profile_ms(e, CONF_TOKEN_LIFETIME), 8 * 3600000);
	assert_int_equal(profile_ms(o, CONF_TOKEN_LIFETIME), -1);
	assert_true(profile_on(e, CONF_REMEMBER_PASSWORD));
	assert_false(profile_on(o, CONF_REMEMBER_PASSWORD));
	assert_string_equal(profile_get(e, CONF_STORE), "secret-service");
	assert_string_equal(profile_get(e, CONF_BASIC_USERNAME), "oauth2");
	assert_null(profile_get(e, CONF_GRANT));
	assert_string_equal(profile_get(o, CONF_GRANT), "client_credentials");
	assert_string_equal(profile_get(o, CONF_CLIENT_AUTH), "basic");
	assert_null(profile_get(o, CONF_ACCOUNT));
	assert_null(profile_get(n, CONF_STORE));

	assert_string_equal(
	    profile_get(i, CONF_MATCH), "https://api.cegedim.cloud/itcare");
	assert_string_equal(profile_get(i, CONF_TOKEN_URL),
	    "https://accounts.cegedim.cloud/auth/realms/cloud/protocol/"
	    "openid-connect/token");
	assert_int_equal(i->where[CONF_MATCH], 0);
}

static void
switches_and_overrides_in_the_file(void **data)
{
	CONF *c = read_text(ERP "remember_password = off\ntimeout = 1min\n"
				"match = https://x.example/y\n"
				"api_url = https://z.example\n"
				"[profile i]\nprovider = itcare\n"
				"client_id = c\ntoken_url = https://own/t\n"
				"match = https://own/m\n");
	const struct profile *e = conf_find(c, "erp"), *i = conf_find(c, "i");

	(void)data;
	assert_string_equal(faults_of(c), "");
	assert_false(profile_on(e, CONF_REMEMBER_PASSWORD));
	assert_int_equal(profile_ms(e, CONF_TIMEOUT), 60000);
	assert_string_equal(profile_get(e, CONF_MATCH), "https://x.example/y");
	assert_string_equal(profile_get(e, CONF_API_URL), "https://z.example");
	assert_string_equal(profile_get(i, CONF_TOKEN_URL), "https://own/t");
	assert_string_equal(profile_get(i, CONF_MATCH), "https://own/m");
}

#define API "/SNV4SRV-ws-war/api/v1"

static void
sainet_match_follows_url(void **data)
{
	/* clang-format off */
	static const struct {
		const char *url, *match, *api;
	} row[] = {
		{"https://a", "https://a" API, "https://a" API},
		{"https://a/", "https://a" API, "https://a" API},
		{"https://a//", "https://a" API, "https://a" API},
		{"https://a:8443/base/", "https://a:8443/base" API, "https://a:8443/base" API},
		{"https://a https://b/  https://c/d",
		    "https://a" API " https://b" API " https://c/d" API, "https://a" API},
	};
	/* clang-format on */
	char text[512];
	size_t i;

	(void)data;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "[profile p]\nprovider = sainet\ndomain = D\nurl = %s\n",
		    row[i].url);
		CONF *c = read_text(text);

		assert_string_equal(faults_of(c), "");
		assert_string_equal(
		    profile_get(conf_at(c, 0), CONF_MATCH), row[i].match);
		assert_string_equal(
		    profile_get(conf_at(c, 0), CONF_API_URL), row[i].api);
	}
}

/* As many servers as a line can name: none is left out silently. */
static void
many_servers(void **data)
{
	char text[INI_LINE_MAX + 128];
	const char *list, *word;
	size_t used, pos = 0, given = 0, matched = 0;

	(void)data;
	used = (size_t)snprintf(text, sizeof(text),
	    "[profile p]\nprovider = sainet\ndomain = D\nurl =");
	while (given < 400) {
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    " https://%c", (char)('a' + given % 26));
		given++;
	}
	CONF *c = read_text(text);

	assert_string_equal(faults_of(c), "");
	list = profile_get(conf_at(c, 0), CONF_MATCH);
	while (conf_next_word(list, &pos, &word) > 0)
		matched++;
	assert_int_equal(matched, given);
}

static void
names(void **data)
{
	char text[256], name[CONF_NAME_MAX + 2];

	(void)data;
	memset(name, 'n', sizeof(name));
	name[CONF_NAME_MAX] = '\0';
	(void)snprintf(text, sizeof(text), "[profile %s]\n", name);
	CONF *c = read_text(text);
	assert_non_null(conf_find(c, name));
	name[CONF_NAME_MAX] = 'n';
	name[CONF_NAME_MAX + 1] = '\0';
	(void)snprintf(text, sizeof(text), "[profile %s]\n", name);
	CONF *d = read_text(text);
	assert_int_equal(conf_count(d), 0);
	assert_string_equal(faults_of(d),
	    "-: t.conf:1: the profile's name is longer than 64 bytes\n");
	CONF *e = read_text("[profile _a-B.9]\n[profile 0]\n");
	assert_int_equal(conf_count(e), 2);
}

/* A section that is refused keeps its keys from every other profile. */
static void
refused_sections_give_nothing(void **data)
{
	CONF *c = read_text(ERP "[profile erp]\naccount = " MARK "\n"
				"[profile !]\nca_file = /" MARK "\n"
				"[other]\nproxy = http://" MARK "\n");
	const struct profile *p = conf_find(c, "erp");

	(void)data;
	assert_int_equal(conf_count(c), 1);
	assert_null(profile_get(p, CONF_ACCOUNT));
	assert_null(profile_get(p, CONF_CA_FILE));
	assert_null(profile_get(p, CONF_PROXY));
}

static void
number_of_profiles(void **data)
{
	char *text = malloc(INI_FILE_MAX);
	size_t used = 0, i;
	struct err err = ERR_INIT;

	(void)data;
	for (i = 0; i < CONF_PROFILES_MAX; i++)
		used += (size_t)snprintf(text + used, INI_FILE_MAX - used,
		    "[profile p%zu]\nprovider = itcare\nclient_id = c\n", i);
	CONF *c = read_text(text);
	assert_int_equal(conf_count(c), CONF_PROFILES_MAX);
	assert_string_equal(faults_of(c), "");
	/* The last that fits may still be replaced by a later file. */
	assert_int_equal(
	    conf_read_text(c, "user", "[profile p7]\n", 13, &err), 0);
	assert_string_equal(faults_of(c), "");
	assert_string_equal(conf_find(c, "p7")->file, "user");

	(void)snprintf(text + used, INI_FILE_MAX - used, "[profile more]\n");
	CONF *d = read_text(text);
	assert_int_equal(conf_count(d), CONF_PROFILES_MAX);
	assert_null(conf_find(d, "more"));
	assert_string_equal(
	    faults_of(d), "-: t.conf:3001: more than 1000 profiles\n");
	free(text);
}

/* However many faults others have, a profile that is at fault is known as
   that: PAM judges by this list. */
static void
number_of_faults(void **data)
{
	char text[INI_FILE_MAX];
	const struct conf_fault *f;
	size_t used = 0, n, i;
	bool known = false;

	(void)data;
	used = (size_t)snprintf(text, sizeof(text),
	    "[profile a]\n"
	    "provider = sainet\n");
	for (i = 0; i < CONF_FAULTS_MAX + 20; i++)
		used += (size_t)snprintf(
		    text + used, sizeof(text) - used, "x = %zu\n", i);
	for (i = 0; i < 150; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "[profile p%zu]\nprovider = sainet\ndomain = D\n"
		    "url = http://%s\nurl = http://%s\n",
		    i, MARK, MARK);
	CONF *c = read_text(text);
	n = conf_faults(c, &f);
	assert_true(n >= CONF_FAULTS_MAX);
	assert_true(n <= CONF_FAULTS_MAX + CONF_PROFILES_MAX);
	for (i = 0; i < 151; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "p%zu", i);
		known = false;
		for (size_t k = 0; k < n; k++) {
			assert_null(strstr(f[k].text, MARK));
			known = known || (f[k].profile != NULL && !f[k].mild &&
					     strcmp(f[k].profile,
						 i < 150 ? name : "a") == 0);
		}
		if (!known)
			fail_msg("no fault of '%s' is known", name);
	}
}

static void
later_files_replace(void **data)
{
	static const char user[] =
	    "[profile erp]\nprovider = sainet\nurl = https://u.example\n"
	    "domain = U\n[profile mine]\nprovider = itcare\nclient_id = m\n";
	struct err err = ERR_INIT;
	CONF *c = NULL;

	(void)data;
	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(conf_read_text(c, "sys", ERP "account = boss\n" OAU,
			     strlen(ERP "account = boss\n" OAU), &err),
	    0);
	assert_int_equal(
	    conf_read_text(c, "user", user, strlen(user), &err), 0);
	conf_finish(c);
	assert_string_equal(faults_of(c), "");
	assert_int_equal(conf_count(c), 3);
	/* As a whole: nothing of the system's profile shines through. */
	assert_null(profile_get(conf_find(c, "erp"), CONF_ACCOUNT));
	assert_string_equal(profile_get(conf_find(c, "erp"), CONF_DOMAIN), "U");
	assert_string_equal(conf_find(c, "erp")->file, "user");
	assert_int_equal(conf_find(c, "erp")->where[CONF_DOMAIN], 4);
	assert_string_equal(conf_find(c, "oau")->file, "sys");
}

/* Whoever cannot write the system's file can do without its profile. */
static void
later_files_replace_faults(void **data)
{
	static const char sys[] =
	    "[profile erp]\nprovider = sainet\nurl = http://\nnonsense = 1\n"
	    "[profile other]\nprovider = what\n";
	static const char user[] =
	    "[profile erp]\nprovider = sainet\nurl = https://u.example\n"
	    "domain = U\n";
	struct err err = ERR_INIT;
	CONF *c = NULL;

	(void)data;
	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(conf_read_text(c, "sys", sys, strlen(sys), &err), 0);
	assert_non_null(strstr(faults_of(c), "erp: sys:3: url"));
	assert_int_equal(
	    conf_read_text(c, "user", user, strlen(user), &err), 0);
	conf_finish(c);
	assert_null(strstr(faults_of(c), "erp: "));
	assert_non_null(strstr(faults_of(c), "other: sys:6: provider"));
	assert_int_equal(conf_check(c, &err), ERR_CONFIG);
}

static void
overrides(void **data)
{
	/* clang-format off */
	static const struct {
		const char *pair, *fault;
	} row[] = {
		{"timeout=3s", NULL},
		{"scope=a b", NULL},
		{"domain=X=Y", NULL},
		{"timeout", "-o: not KEY=VALUE"},
		{"=" MARK, "-o: not KEY=VALUE"},
		{"", "-o: not KEY=VALUE"},
		{MARK "=x", "-o: unknown key; tokenring.conf(5) lists them"},
		{"timeout =3s", "-o: unknown key; tokenring.conf(5) lists them"},
		{"timeout=", "-o timeout: the value is empty"},
		{"timeout=" MARK, "-o timeout: " DURATION},
		{"store=" MARK, "-o store: not one of: secret-service file none"},
		{"api_url=http://" MARK, "-o api_url: " NOT_URL},
		{"scope=" MARK "\n", "-o scope: the value holds a control character"},
		{"scope=\t" MARK, "-o scope: the value holds a control character"},
		{"grant=device", NULL},
	};
	/* clang-format on */
	CONF *c = NULL;
	struct err err = ERR_INIT;
	size_t i;
	int r;

	(void)data;
	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(
	    conf_read_text(c, "t", ERP OAU, strlen(ERP OAU), &err), 0);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		err.code = 0;
		r = conf_override(c, row[i].pair, &err);
		assert_int_equal(r, row[i].fault != NULL ? ERR_CONFIG : 0);
		assert_int_equal(err.code, r);
		if (r != 0)
			assert_string_equal(err.msg, row[i].fault);
	}
	conf_finish(c);
	assert_string_equal(faults_of(c), "");
	assert_int_equal(profile_ms(conf_find(c, "erp"), CONF_TIMEOUT), 3000);
	assert_int_equal(profile_ms(conf_find(c, "oau"), CONF_TIMEOUT), 3000);
	assert_int_equal(conf_find(c, "oau")->where[CONF_TIMEOUT], -1);
	assert_string_equal(
	    profile_get(conf_find(c, "oau"), CONF_SCOPE), "a b");
	assert_null(profile_get(conf_find(c, "erp"), CONF_SCOPE));
	assert_string_equal(
	    profile_get(conf_find(c, "erp"), CONF_DOMAIN), "X=Y");
}

static void
override_without_a_taker(void **data)
{
	CONF *c = read_text(ERP);
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(conf_override(c, "scope=x", &err), ERR_CONFIG);
	assert_string_equal(err.msg, "-o scope: no profile has this key");
}

static void
presets(void **data)
{
	static const char *const good[][2] = {
	    {"provider", "itcare"}, {"client_id", "c"}, {NULL, NULL}};
	static const char *const bad[][2] = {{"provider", "sainet"},
	    {"url", "http://" MARK}, {"domain", "D"}, {NULL, NULL}};
	CONF *c = NULL;
	struct err err = ERR_INIT;

	(void)data;
	assert_int_equal(conf_new(&c, &err), 0);
	assert_int_equal(conf_preset(c, "itcare", "env", good, &err), 0);
	assert_int_equal(conf_preset(c, "x", "env", bad, &err), 0);
	conf_finish(c);
	assert_string_equal(
	    faults_of(c), "x: env:0: url: only https:// URLs are allowed\n");
	assert_string_equal(
	    profile_get(conf_find(c, "itcare"), CONF_CLIENT_ID), "c");
	assert_string_equal(conf_find(c, "itcare")->file, "env");
}

static const char *
path_of(const char *name)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void
make(const char *name, const char *text, size_t len, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static int
read_path(const char *name, uid_t owner, struct err *err)
{
	CONF *c = NULL;
	int r;

	err->code = 0;
	assert_int_equal(conf_new(&c, err), 0);
	r = conf_read(c, path_of(name), owner, err);
	assert_int_equal(err->code, r);
	assert_int_equal(conf_count(c), r == 0 ? 1 : 0);
	return r;
}

/* clang-format off */
static const struct {
	const char *name;
	int own, pam;      /* what the user's reading says, and PAM's */
	const char *fault; /* PAM's, behind the path */
} files[] = {
	{"good", 0, 0, NULL},
	{"group-readable", 0, 0, NULL},
	{"group-writable", 0, ERR_CONFIG, ": others may write to it; chmod go-w it"},
	{"other-writable", 0, ERR_CONFIG, ": others may write to it; chmod go-w it"},
	{"link", 0, ERR_CONFIG, ": it is a symbolic link"},
	{"dangling", ERR_NOTFOUND, ERR_CONFIG, ": it is a symbolic link"},
	{"missing", ERR_NOTFOUND, ERR_NOTFOUND, ": No such file or directory"},
	{"dir", ERR_CONFIG, ERR_CONFIG, ": not a regular file"},
	{"fifo", ERR_CONFIG, ERR_CONFIG, ": not a regular file"},
	{"good/x", ERR_CONFIG, ERR_CONFIG, ": Not a directory"},
	{"at-limit", 0, 0, NULL},
	{"beyond", ERR_CONFIG, ERR_CONFIG, ": larger than 65536 bytes"},
};
/* clang-format on */

static void
files_of_every_kind(void **data)
{
	static char text[INI_FILE_MAX + 1];
	struct err err = ERR_INIT;
	char want[600];
	size_t i;
	int r;

	(void)data;
	memset(text, '\n', sizeof(text));
	memcpy(text, ERP, strlen(ERP));
	make("good", ERP, strlen(ERP), 0600);
	make("group-readable", ERP, strlen(ERP), 0644);
	make("group-writable", ERP, strlen(ERP), 0620);
	make("other-writable", ERP, strlen(ERP), 0602);
	make("at-limit", text, INI_FILE_MAX, 0600);
	make("beyond", text, INI_FILE_MAX + 1, 0600);
	assert_int_equal(symlink("good", path_of("link")), 0);
	assert_int_equal(symlink("nowhere", path_of("dangling")), 0);
	assert_int_equal(mkdir(path_of("dir"), 0700), 0);
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		r = read_path(files[i].name, (uid_t)-1, &err);
		if (r != files[i].own)
			fail_msg("own '%s': %d", files[i].name, r);
		r = read_path(files[i].name, geteuid(), &err);
		if (r != files[i].pam)
			fail_msg("PAM's '%s': %d", files[i].name, r);
		if (r == 0)
			continue;
		(void)snprintf(want, sizeof(want), "%s%s",
		    path_of(files[i].name), files[i].fault);
		assert_string_equal(err.msg, want);
	}
}

static void
foreign_owner(void **data)
{
	struct err err = ERR_INIT;
	uid_t other = geteuid() + 1;
	char want[600];

	(void)data;
	/* Root's is as good as one's own; a third person's is not. */
	make("mine", ERP, strlen(ERP), 0600);
	if (geteuid() == 0) {
		assert_int_equal(read_path("mine", other, &err), 0);
		assert_int_equal(chown(path_of("mine"), other, 0), 0);
		other = 0;
	}
	assert_int_equal(read_path("mine", other, &err), ERR_CONFIG);
	(void)snprintf(want, sizeof(want),
	    "%s: belongs to uid %ld instead of root", path_of("mine"),
	    geteuid() == 0 ? 1L : (long)geteuid());
	assert_string_equal(err.msg, want);
	assert_int_equal(read_path("mine", (uid_t)-1, &err), 0);
}

static void
unreadable(void **data)
{
	struct err err = ERR_INIT;

	(void)data;
	if (geteuid() == 0)
		skip(); /* root reads everything */
	make("closed", ERP, strlen(ERP), 0);
	assert_int_equal(read_path("closed", (uid_t)-1, &err), ERR_CONFIG);
	assert_int_equal(read_path("closed", geteuid(), &err), ERR_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_fault_has_its_place),
	    cmocka_unit_test(urls_of_every_kind),
	    cmocka_unit_test(proxies),
	    cmocka_unit_test(durations),
	    cmocka_unit_test(table_of_keys),
	    cmocka_unit_test(words),
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(switches_and_overrides_in_the_file),
	    cmocka_unit_test(sainet_match_follows_url),
	    cmocka_unit_test(many_servers),
	    cmocka_unit_test(names),
	    cmocka_unit_test(refused_sections_give_nothing),
	    cmocka_unit_test(number_of_profiles),
	    cmocka_unit_test(number_of_faults),
	    cmocka_unit_test(later_files_replace),
	    cmocka_unit_test(later_files_replace_faults),
	    cmocka_unit_test(overrides),
	    cmocka_unit_test(override_without_a_taker),
	    cmocka_unit_test(presets),
	    cmocka_unit_test(files_of_every_kind),
	    cmocka_unit_test(foreign_owner),
	    cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests_name("conf", tests, setup, teardown);
}
