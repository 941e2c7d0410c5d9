/* SPDX-License-Identifier: MIT */
/* What only the whole profile can tell: presets, missing and foreign keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "conf.h"
#include "conf_private.h"

#define ITCARE_REALM "https://accounts.cegedim.cloud/auth/realms/cloud"
#define ITCARE_API   "https://api.cegedim.cloud/itcare"
#define SAINET_API   "/SNV4SRV-ws-war/api/v1"

static void
preset(struct profile *p, enum conf_key key, const char *value)
{
	if (p->value[key] == NULL)
		p->value[key] = value;
}

/* Every url + SAINet's path, or NULL. */
static char *
sainet_urls(struct conf *c, const char *urls)
{
	CLEANUP_FREE char *text = NULL;
	size_t pos = 0, n, used = 0, size = 1;
	const char *word;

	while ((n = conf_next_word(urls, &pos, &word)) > 0)
		size += n + sizeof(SAINET_API);
	text = malloc(size);
	if (text == NULL)
		return NULL;
	for (pos = 0; (n = conf_next_word(urls, &pos, &word)) > 0;) {
		while (n > 0 && word[n - 1] == '/')
			n--;
		used += (size_t)snprintf(text + used, size - used,
		    "%s%.*s" SAINET_API, used > 0 ? " " : "", (int)n, word);
	}
	return conf_keep(c, text, used);
}

static void
preset_sainet(struct conf *c, struct profile *p)
{
	const char *word;
	size_t pos = 0, n;

	if (p->value[CONF_URL] != NULL && p->value[CONF_MATCH] == NULL) {
		p->value[CONF_MATCH] = sainet_urls(c, p->value[CONF_URL]);
		if (p->value[CONF_MATCH] == NULL)
			conf_fault_add(
			    c, p->name, false, "%s: out of memory", p->file);
	}
	if (p->value[CONF_API_URL] == NULL && p->value[CONF_MATCH] != NULL) {
		n = conf_next_word(p->value[CONF_MATCH], &pos, &word);
		p->value[CONF_API_URL] = conf_keep(c, word, n);
	}
}

static void
require(struct conf *c, const struct profile *p, enum conf_key key)
{
	if (p->value[key] == NULL)
		conf_fault_add(c, p->name, false,
		    "%s:%d: profile '%s': %s is missing", p->file, p->line,
		    p->name, conf_keys[key].name);
}

static void
finish_profile(struct conf *c, struct profile *p)
{
	int k;

	p->provider = conf_provider_of(p);
	if (p->value[CONF_PROVIDER] == NULL) {
		require(c, p, CONF_PROVIDER);
		return;
	}
	for (k = 0; k < CONF_KEYS; k++)
		if (p->value[k] != NULL && p->provider != PROVIDER_NONE &&
		    (conf_keys[k].providers & p->provider) == 0)
			conf_fault_add(c, p->name, false,
			    "%s:%d: %s: not a key of provider %s", p->file,
			    p->where[k], conf_keys[k].name,
			    p->value[CONF_PROVIDER]);
	if (p->provider == PROVIDER_SAINET) {
		require(c, p, CONF_URL);
		require(c, p, CONF_DOMAIN);
		preset_sainet(c, p);
	} else if (p->provider != PROVIDER_NONE) {
		require(c, p, CONF_CLIENT_ID);
	}
	if (p->provider == PROVIDER_ITCARE) {
		preset(p, CONF_ISSUER, ITCARE_REALM);
		preset(p, CONF_TOKEN_URL,
		    ITCARE_REALM "/protocol/openid-connect/token");
		preset(p, CONF_MATCH, ITCARE_API);
		preset(p, CONF_API_URL, ITCARE_API);
	} else if (p->provider == PROVIDER_OAUTH2 &&
		   p->value[CONF_ISSUER] == NULL) {
		require(c, p, CONF_TOKEN_URL);
	}
}

void
conf_finish(struct conf *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		finish_profile(c, &c->profile[i]);
}
