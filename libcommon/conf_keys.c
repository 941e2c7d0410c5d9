/* SPDX-License-Identifier: MIT */
/* The table of keys, and which values each takes. */
#include "conf.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ALL    (PROVIDER_OAUTH2 | PROVIDER_ITCARE | PROVIDER_SAINET)
#define OAUTH  (PROVIDER_OAUTH2 | PROVIDER_ITCARE)
#define SAINET PROVIDER_SAINET

/* clang-format off */
const struct conf_key_info conf_keys[CONF_KEYS] = {
	[CONF_PROVIDER] = {"provider", CONF_CHOICE, ALL, NULL, "oauth2 itcare sainet"},
	[CONF_MATCH] = {"match", CONF_URL_LIST, ALL, NULL, NULL},
	[CONF_ACCOUNT] = {"account", CONF_TEXT, ALL, NULL, NULL},
	[CONF_BASIC_USERNAME] = {"basic_username", CONF_TEXT, ALL, "oauth2", NULL},
	[CONF_API_URL] = {"api_url", CONF_URL_ONE, ALL, NULL, NULL},
	[CONF_CA_FILE] = {"ca_file", CONF_PATH, ALL, NULL, NULL},
	[CONF_PROXY] = {"proxy", CONF_PROXY_URL, ALL, NULL, NULL},
	[CONF_CONNECT_TIMEOUT] = {"connect_timeout", CONF_DURATION, ALL, "5s", NULL},
	[CONF_TIMEOUT] = {"timeout", CONF_DURATION, ALL, "15s", NULL},
	[CONF_MIN_VALID] = {"min_valid", CONF_DURATION, ALL, "60s", NULL},
	[CONF_STORE] = {"store", CONF_CHOICE, ALL, "secret-service", "secret-service file none"},
	[CONF_ISSUER] = {"issuer", CONF_URL_ONE, OAUTH, NULL, NULL},
	[CONF_TOKEN_URL] = {"token_url", CONF_URL_ONE, OAUTH, NULL, NULL},
	[CONF_AUTHORIZATION_URL] = {"authorization_url", CONF_URL_ONE, OAUTH, NULL, NULL},
	[CONF_DEVICE_AUTHORIZATION_URL] = {"device_authorization_url", CONF_URL_ONE, OAUTH, NULL, NULL},
	[CONF_REVOCATION_URL] = {"revocation_url", CONF_URL_ONE, OAUTH, NULL, NULL},
	[CONF_GRANT] = {"grant", CONF_CHOICE, OAUTH, "client_credentials", "client_credentials device browser"},
	[CONF_CLIENT_ID] = {"client_id", CONF_TEXT, OAUTH, NULL, NULL},
	[CONF_CLIENT_SECRET_FILE] = {"client_secret_file", CONF_PATH, OAUTH, NULL, NULL},
	[CONF_CLIENT_SECRET_ENV] = {"client_secret_env", CONF_WORD, OAUTH, NULL, NULL},
	[CONF_CLIENT_AUTH] = {"client_auth", CONF_CHOICE, OAUTH, "basic", "basic basic-raw post none"},
	[CONF_SCOPE] = {"scope", CONF_TEXT, OAUTH, NULL, NULL},
	[CONF_AUDIENCE] = {"audience", CONF_TEXT, OAUTH, NULL, NULL},
	[CONF_URL] = {"url", CONF_URL_LIST, SAINET, NULL, NULL},
	[CONF_DOMAIN] = {"domain", CONF_TEXT, SAINET, NULL, NULL},
	[CONF_REMEMBER_PASSWORD] = {"remember_password", CONF_SWITCH, SAINET, "on", NULL},
	[CONF_TOKEN_LIFETIME] = {"token_lifetime", CONF_DURATION, SAINET, "8h", NULL},
	[CONF_PAGING] = {"paging", CONF_WORD, SAINET, "skip:offset", NULL},
};
/* clang-format on */

size_t
conf_next_word(const char *list, size_t *pos, const char **word)
{
	size_t n;

	if (list == NULL)
		return 0;
	*pos += strspn(list + *pos, " \t");
	*word = list + *pos;
	n = strcspn(*word, " \t");
	*pos += n;
	return n;
}

int64_t
conf_duration_ms(const char *text)
{
	static const struct {
		const char *name;
		int64_t ms;
	} unit[] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000},
	    {"d", 86400000}};
	int64_t v = 0;
	size_t i;

	if (*text < '0' || *text > '9')
		return -1;
	for (; *text >= '0' && *text <= '9'; text++) {
		v = v * 10 + (*text - '0');
		if (v > 1000000000)
			return -1;
	}
	for (i = 0; i < sizeof(unit) / sizeof(unit[0]); i++)
		if (strcmp(text, unit[i].name) == 0)
			return v * unit[i].ms;
	return -1;
}

static bool
is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '-';
}

/* Where the host that begins at `p` ends, or `p` if there is none. */
static const char *
host_end(const char *p)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr ignored;
	size_t n;

	if (*p != '[') {
		while (is_host_char(*p))
			p++;
		return p;
	}
	n = strspn(p + 1, "0123456789abcdefABCDEF:.");
	if (p[1 + n] != ']' || n >= sizeof(text))
		return p;
	memcpy(text, p + 1, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, &ignored) == 1 ? p + n + 2 : p;
}

/*
 * Refuse what no server of ours has; the libraries that split URLs for use
 * (uriparser, libcurl) come later and each for its own purpose.
 */
static const char *
url_fault(const char *url, size_t len, bool proxy)
{
	const char *p = url, *stop = url + len, *host;
	unsigned long port;
	char *end;

	if (proxy && strncmp(p, "http://", 7) == 0)
		p += 7;
	else if (len > 8 && strncasecmp(p, "https://", 8) == 0)
		p += 8;
	else
		return proxy ? "a proxy is 'http://host:port' or "
			       "'https://host:port'"
			     : "only https:// URLs are allowed";
	host = p;
	p = host_end(host);
	if (p == host || p > stop)
		return "the URL has no valid host name";
	if (*p == ':') {
		port = strtoul(p + 1, &end, 10);
		if (p[1] < '0' || p[1] > '9' || port < 1 || port > 65535)
			return "the URL's port is not within 1-65535";
		p = end;
	}
	if (p < stop && *p != '/')
		return "the URL's host holds a character that no host has "
		       "(user information is not allowed)";
	for (; p < stop; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '\\' ||
		    *p == '#' || *p == '"' || *p == '<' || *p == '>')
			return "the URL holds a character that must be encoded";
	return NULL;
}

static const char *
list_fault(const char *list)
{
	const char *word, *text = "no URL is given";
	size_t pos = 0, n;

	while ((n = conf_next_word(list, &pos, &word)) > 0) {
		text = url_fault(word, n, false);
		if (text != NULL)
			return text;
	}
	return text;
}

static bool
among(const char *word, const char *choices)
{
	size_t pos = 0, n;
	const char *w;

	while ((n = conf_next_word(choices, &pos, &w)) > 0)
		if (strlen(word) == n && strncmp(word, w, n) == 0)
			return true;
	return false;
}

const char *
conf_value_fault(const struct conf_key_info *k, const char *value)
{
	if (*value == '\0')
		return "the value is empty";
	switch (k->type) {
	case CONF_TEXT:
		return NULL;
	case CONF_WORD:
		return strpbrk(value, " \t=") == NULL
			   ? NULL
			   : "the value is a single word";
	case CONF_CHOICE:
		return among(value, k->choices) ? NULL : k->choices;
	case CONF_URL_ONE:
		return url_fault(value, strlen(value), false);
	case CONF_URL_LIST:
		return list_fault(value);
	case CONF_PROXY_URL:
		return url_fault(value, strlen(value), true);
	case CONF_PATH:
		return *value == '/' ? NULL : "the path must begin with '/'";
	case CONF_DURATION:
		return conf_duration_ms(value) > 0
			   ? NULL
			   : "a duration is a number with a unit: 20s, 5min, "
			     "8h, 90d";
	case CONF_SWITCH:
		return among(value, "on off") ? NULL : "on or off";
	}
	return NULL;
}

int
conf_find_key(const char *name)
{
	int k;

	for (k = 0; k < CONF_KEYS; k++)
		if (conf_keys[k].name[0] == name[0] &&
		    strcmp(conf_keys[k].name, name) == 0)
			return k;
	return -1;
}
