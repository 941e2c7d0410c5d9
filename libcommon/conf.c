/* SPDX-License-Identifier: MIT */
/* Profiles and faults: keeping them, finding them, asking them. */
#include "conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_private.h"

static bool
to_be_kept(const struct conf *c, const char *profile, bool mild)
{
	size_t i;

	if (c->n_faults < CONF_FAULTS_MAX)
		return true;
	if (mild || profile == NULL)
		return false;
	for (i = 0; i < c->n_faults; i++)
		if (!c->fault[i].mild && c->fault[i].profile != NULL &&
		    strcmp(c->fault[i].profile, profile) == 0)
			return false;
	return c->n_faults < sizeof(c->fault) / sizeof(c->fault[0]);
}

void
conf_fault_add(
    struct conf *c, const char *profile, bool mild, const char *fmt, ...)
{
	struct conf_fault *f;
	va_list ap;

	if (!to_be_kept(c, profile, mild))
		return;
	f = &c->fault[c->n_faults++];
	f->profile = profile;
	f->mild = mild;
	va_start(ap, fmt);
	(void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

void
conf_faults_forget(struct conf *c, const char *profile)
{
	size_t i, left = 0;

	for (i = 0; i < c->n_faults; i++)
		if (c->fault[i].profile == NULL ||
		    strcmp(c->fault[i].profile, profile) != 0)
			c->fault[left++] = c->fault[i];
	c->n_faults = left;
}

int
conf_new(struct conf **ret, struct err *err)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : err_set(err, ERR_NOMEM, "out of memory");
}

void
conf_free(struct conf *c)
{
	struct conf_block *b;

	if (c == NULL)
		return;
	while ((b = c->blocks) != NULL) {
		c->blocks = b->next;
		free(b);
	}
	free(c->profile);
	free(c);
}

void
conf_freep(struct conf **c)
{
	conf_free(*c);
	*c = NULL;
}

char *
conf_keep(struct conf *c, const char *text, size_t len)
{
	struct conf_block *b = malloc(sizeof(*b) + len + 1);

	if (b == NULL)
		return NULL;
	memcpy(b->text, text, len);
	b->text[len] = '\0';
	b->next = c->blocks;
	c->blocks = b;
	return b->text;
}

/* FNV-1a: names are compared only where this is equal. */
static uint32_t
hash_name(const char *name)
{
	uint32_t h = 2166136261U;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619U;
	return h;
}

struct profile *
conf_find_profile(const struct conf *c, const char *name)
{
	uint32_t hash = hash_name(name);
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->profile[i].hash == hash &&
		    strcmp(c->profile[i].name, name) == 0)
			return &c->profile[i];
	return NULL;
}

struct profile *
conf_new_profile(
    struct conf *c, struct profile *old, const char *name, int line)
{
	struct profile *p = old;

	if (p == NULL && c->n % 64 == 0) {
		p = reallocarray(c->profile, c->n + 64, sizeof(*p));
		if (p == NULL)
			return NULL;
		c->profile = p;
	}
	if (old == NULL)
		p = &c->profile[c->n++];
	memset(p, 0, sizeof(*p));
	p->name = name;
	p->hash = hash_name(name);
	p->file = c->shown;
	p->line = line;
	return p;
}

enum provider
conf_provider_of(const struct profile *p)
{
	const char *v = p->value[CONF_PROVIDER];

	if (v == NULL)
		return PROVIDER_NONE;
	return strcmp(v, "sainet") == 0   ? PROVIDER_SAINET
	       : strcmp(v, "itcare") == 0 ? PROVIDER_ITCARE
	       : strcmp(v, "oauth2") == 0 ? PROVIDER_OAUTH2
					  : PROVIDER_NONE;
}

int
conf_check(const struct conf *c, struct err *err)
{
	if (c->n_faults == 0)
		return 0;
	return err_set(err, ERR_CONFIG, "%s", c->fault[0].text);
}

size_t
conf_faults(const struct conf *c, const struct conf_fault **ret)
{
	*ret = c->fault;
	return c->n_faults;
}

size_t
conf_count(const struct conf *c)
{
	return c->n;
}

const struct profile *
conf_at(const struct conf *c, size_t i)
{
	return &c->profile[i];
}

const struct profile *
conf_find(const struct conf *c, const char *name)
{
	return conf_find_profile(c, name);
}

const char *
profile_get(const struct profile *p, enum conf_key key)
{
	if (p->value[key] != NULL)
		return p->value[key];
	return (conf_keys[key].providers & p->provider) != 0
		   ? conf_keys[key].standard
		   : NULL;
}

int64_t
profile_ms(const struct profile *p, enum conf_key key)
{
	const char *v = profile_get(p, key);

	return v != NULL ? conf_duration_ms(v) : -1;
}

bool
profile_on(const struct profile *p, enum conf_key key)
{
	const char *v = profile_get(p, key);

	return v != NULL && strcmp(v, "on") == 0;
}
