/* SPDX-License-Identifier: MIT */
#include "conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "ini.h"
#include "io.h"

#define ITCARE_REALM "https://accounts.cegedim.cloud/auth/realms/cloud"
#define ITCARE_API   "https://api.cegedim.cloud/itcare"
#define SAINET_API   "/SNV4SRV-ws-war/api/v1"

/* Texts and presets live as long as the conf does. */
struct block {
	struct block *next;
	char text[];
};

struct conf {
	struct profile *profile;
	size_t n;
	struct conf_fault fault[CONF_FAULTS_MAX + CONF_PROFILES_MAX];
	size_t n_faults;
	struct block *blocks;
	/* while reading */
	const char *shown;
	size_t first;            /* of this file */
	struct profile *current; /* NULL: outside any, or in one to ignore */
	bool ignoring;
};

static void fault(struct conf *c, const char *profile, bool mild,
    const char *fmt, ...) __attribute__((__format__(__printf__, 4, 5)));

/*
 * Beyond the limit, what makes a profile unusable is kept all the same, once a
 * profile: PAM judges by it.
 */
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

static void
fault(struct conf *c, const char *profile, bool mild, const char *fmt, ...)
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

int
conf_new(struct conf **ret, struct err *err)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : err_set(err, ERR_NOMEM, "out of memory");
}

void
conf_free(struct conf *c)
{
	struct block *b;

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

/* A copy that lives as long as the conf. */
static char *
keep(struct conf *c, const char *text, size_t len)
{
	struct block *b = malloc(sizeof(*b) + len + 1);

	if (b == NULL)
		return NULL;
	memcpy(b->text, text, len);
	b->text[len] = '\0';
	b->next = c->blocks;
	c->blocks = b;
	return b->text;
}

static const char *
name_fault(const char *name)
{
	if (name == NULL || *name == '\0')
		return "the profile has no name: '[profile NAME]'";
	if (strlen(name) > CONF_NAME_MAX)
		return "the profile's name is longer than 64 bytes";
	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-") != strlen(name) ||
	    *name == '-' || *name == '.')
		return "a profile's name has letters, digits, '.', '_' and "
		       "'-', and begins with none of the last and '.'";
	return NULL;
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

static struct profile *
find_profile(const struct conf *c, const char *name)
{
	uint32_t hash = hash_name(name);
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->profile[i].hash == hash &&
		    strcmp(c->profile[i].name, name) == 0)
			return &c->profile[i];
	return NULL;
}

/* An empty profile, in the place of `old` or behind the others. */
static struct profile *
new_profile(struct conf *c, struct profile *old, const char *name, int line)
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

static void
on_section(void *ctx, int line, const char *type, const char *name)
{
	struct conf *c = ctx;
	struct profile *old;
	const char *text;

	c->current = NULL;
	c->ignoring = true;
	if (strcmp(type, "profile") != 0) {
		fault(c, NULL, false,
		    "%s:%d: a section is '[profile NAME]', nothing else",
		    c->shown, line);
		return;
	}
	text = name_fault(name);
	if (text != NULL) {
		fault(c, NULL, false, "%s:%d: %s", c->shown, line, text);
		return;
	}
	old = find_profile(c, name);
	if (old != NULL && old->file == c->shown) {
		fault(c, old->name, false,
		    "%s:%d: profile '%s' was given before, in line %d",
		    c->shown, line, name, old->line);
		return;
	}
	if (c->n == CONF_PROFILES_MAX && conf_find(c, name) == NULL) {
		fault(c, NULL, false, "%s:%d: more than %d profiles", c->shown,
		    line, CONF_PROFILES_MAX);
		return;
	}
	c->current = new_profile(c, old, name, line);
	if (c->current == NULL)
		fault(c, NULL, false, "%s: out of memory", c->shown);
	else
		c->ignoring = false;
}

static void
on_pair(void *ctx, int line, const char *key, const char *value)
{
	struct conf *c = ctx;
	struct profile *p = c->current;
	const char *text;
	int k;

	if (p == NULL) {
		if (!c->ignoring)
			fault(c, NULL, false,
			    "%s:%d: %s: a key before the first section",
			    c->shown, line, key);
		return;
	}
	k = conf_find_key(key);
	if (k < 0) {
		fault(c, p->name, true, "%s:%d: %s: unknown key", c->shown,
		    line, key);
		return;
	}
	if (p->value[k] != NULL) {
		fault(c, p->name, false,
		    "%s:%d: %s: the key was given before, in line %d", c->shown,
		    line, key, p->where[k]);
		return;
	}
	text = conf_value_fault(&conf_keys[k], value);
	if (text != NULL && conf_keys[k].type == CONF_CHOICE)
		fault(c, p->name, false, "%s:%d: %s: not one of: %s", c->shown,
		    line, key, text);
	else if (text != NULL)
		fault(c, p->name, false, "%s:%d: %s: %s", c->shown, line, key,
		    text);
	p->value[k] = value;
	p->where[k] = line;
}

static void
on_fault(void *ctx, int line, const char *key, const char *text)
{
	struct conf *c = ctx;

	fault(c, c->current != NULL ? c->current->name : NULL, false,
	    "%s:%d: %s%s%s", c->shown, line, key != NULL ? key : "",
	    key != NULL ? ": " : "", text);
}

int
conf_read_text(struct conf *c, const char *shown, const char *text, size_t len,
    struct err *err)
{
	static const struct ini_handler handler = {
	    on_section, on_pair, on_fault};
	char *copy = keep(c, text, len);

	c->shown = keep(c, shown, strlen(shown));
	if (copy == NULL || c->shown == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	c->current = NULL;
	c->ignoring = false;
	ini_parse(copy, len, &handler, c);
	return 0;
}

static int
check_owner(int fd, const char *path, uid_t owner, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "%s: not a regular file", path);
	if (owner == (uid_t)-1)
		return 0;
	if (st.st_uid != 0 && st.st_uid != owner)
		return err_set(err, ERR_CONFIG,
		    "%s: belongs to uid %ld instead of root", path,
		    (long)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_CONFIG,
		    "%s: others may write to it; chmod go-w it", path);
	return 0;
}

int
conf_read(struct conf *c, const char *path, uid_t owner, struct err *err)
{
	SECBUF text = SECBUF_INIT(INI_FILE_MAX);
	CLEANUP_FD int fd = -1;
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	/* A user may link his own file into place; PAM's may be no link. */
	if (owner != (uid_t)-1)
		flags |= O_NOFOLLOW;
	fd = open(path, flags);
	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_CONFIG,
		    "%s: %s", path,
		    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	if (check_owner(fd, path, owner, err) < 0)
		return err->code;
	/* Room for all at once: this is on the way to every answer. */
	if (secbuf_space(&text, INI_FILE_MAX) == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (io_read_end(fd, &text, IO_FOREVER, err) < 0) {
		if (err->code == ERR_PROTOCOL)
			return err_set(err, ERR_CONFIG,
			    "%s: larger than %d bytes", path, INI_FILE_MAX);
		return err_wrap(err, "%s", path);
	}
	return conf_read_text(c, path, text.ptr, text.len, err);
}

int
conf_preset(struct conf *c, const char *name, const char *shown,
    const char *const pairs[][2], struct err *err)
{
	char *copy;
	size_t i;

	c->shown = keep(c, shown, strlen(shown));
	copy = keep(c, name, strlen(name));
	if (c->shown == NULL || copy == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	on_section(c, 0, "profile", copy);
	for (i = 0; pairs[i][0] != NULL; i++) {
		copy = keep(c, pairs[i][1], strlen(pairs[i][1]));
		if (copy == NULL)
			return err_set(err, ERR_NOMEM, "out of memory");
		on_pair(c, 0, pairs[i][0], copy);
	}
	return 0;
}

static enum provider
provider_of(const struct profile *p)
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
conf_override(struct conf *c, const char *pair, struct err *err)
{
	const char *eq = strchr(pair, '='), *text;
	char *copy, *key;
	size_t i, set = 0;
	int k;

	if (eq == NULL || eq == pair)
		return err_set(err, ERR_CONFIG, "-o: not KEY=VALUE");
	key = keep(c, pair, (size_t)(eq - pair));
	copy = keep(c, eq + 1, strlen(eq + 1));
	if (key == NULL || copy == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	k = conf_find_key(key);
	if (k < 0)
		return err_set(err, ERR_CONFIG,
		    "-o: unknown key; tokenring.conf(5) lists them");
	for (text = copy; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return err_set(err, ERR_CONFIG,
			    "-o %s: the value holds a control character", key);
	text = conf_value_fault(&conf_keys[k], copy);
	if (text != NULL)
		return err_set(err, ERR_CONFIG, "-o %s: %s%s", key,
		    conf_keys[k].type == CONF_CHOICE ? "not one of: " : "",
		    text);
	for (i = 0; i < c->n; i++) {
		if ((conf_keys[k].providers & provider_of(&c->profile[i])) == 0)
			continue;
		c->profile[i].value[k] = copy;
		c->profile[i].where[k] = -1;
		set++;
	}
	if (set == 0)
		return err_set(
		    err, ERR_CONFIG, "-o %s: no profile has this key", key);
	return 0;
}

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
	return keep(c, text, used);
}

static void
preset_sainet(struct conf *c, struct profile *p)
{
	const char *word;
	size_t pos = 0, n;

	if (p->value[CONF_URL] != NULL && p->value[CONF_MATCH] == NULL) {
		p->value[CONF_MATCH] = sainet_urls(c, p->value[CONF_URL]);
		if (p->value[CONF_MATCH] == NULL)
			fault(c, p->name, false, "%s: out of memory", p->file);
	}
	if (p->value[CONF_API_URL] == NULL && p->value[CONF_MATCH] != NULL) {
		n = conf_next_word(p->value[CONF_MATCH], &pos, &word);
		p->value[CONF_API_URL] = keep(c, word, n);
	}
}

static void
require(struct conf *c, const struct profile *p, enum conf_key key)
{
	if (p->value[key] == NULL)
		fault(c, p->name, false, "%s:%d: profile '%s': %s is missing",
		    p->file, p->line, p->name, conf_keys[key].name);
}

static void
finish_profile(struct conf *c, struct profile *p)
{
	int k;

	p->provider = provider_of(p);
	if (p->value[CONF_PROVIDER] == NULL) {
		require(c, p, CONF_PROVIDER);
		return;
	}
	for (k = 0; k < CONF_KEYS; k++)
		if (p->value[k] != NULL && p->provider != PROVIDER_NONE &&
		    (conf_keys[k].providers & p->provider) == 0)
			fault(c, p->name, false,
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
	return find_profile(c, name);
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
