/* SPDX-License-Identifier: MIT */
#include "configure_first.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"

struct question {
	enum conf_key key;
	unsigned providers;
	const char *text;
	const char *standard; /* NULL: there must be an answer */
};

#define EVERY (PROVIDER_OAUTH2 | PROVIDER_ITCARE | PROVIDER_SAINET)

/* clang-format off */
static const struct question questions[] = {
	{CONF_PROVIDER,  EVERY, "Service: itcare, sainet or oauth2", "itcare"},
	{CONF_ISSUER,    PROVIDER_OAUTH2, "Issuer (its https URL)", NULL},
	{CONF_CLIENT_ID, PROVIDER_OAUTH2 | PROVIDER_ITCARE, "Client's id", NULL},
	{CONF_GRANT,     PROVIDER_OAUTH2,
	    "Who signs in: client_credentials, device or browser", "client_credentials"},
	{CONF_URL,       PROVIDER_SAINET, "Server (its https URL)", NULL},
	{CONF_DOMAIN,    PROVIDER_SAINET, "Domain", NULL},
	{CONF_MATCH,     EVERY,
	    "Servers that take its token, beside its own API (https URLs)", ""},
};
/* clang-format on */

struct answers {
	const char *value[CONF_KEYS];
	struct secbuf text[CONF_KEYS];
};

static enum provider
provider_of(const struct answers *a)
{
	const char *v = a->value[CONF_PROVIDER];

	if (v == NULL)
		return PROVIDER_NONE;
	return strcmp(v, "itcare") == 0   ? PROVIDER_ITCARE
	       : strcmp(v, "sainet") == 0 ? PROVIDER_SAINET
					  : PROVIDER_OAUTH2;
}

/* Until the answer is one that the key can have. */
static int
ask(const struct question *q, struct answers *a, struct err *err)
{
	struct secbuf *to = &a->text[q->key];
	const char *fault = NULL;
	char prompt[256];

	(void)snprintf(prompt, sizeof(prompt), "%s%s%s%s: ", q->text,
	    q->standard != NULL && *q->standard != '\0' ? " [" : "",
	    q->standard != NULL ? q->standard : "",
	    q->standard != NULL && *q->standard != '\0' ? "]" : "");
	do {
		*to = (struct secbuf)SECBUF_INIT(ASK_SECRET_MAX);
		if (ask_line(prompt, to, err) < 0)
			return err->code;
		a->value[q->key] = to->len > 0 ? to->ptr : q->standard;
		if (a->value[q->key] == NULL)
			continue;
		if (*a->value[q->key] == '\0') {
			a->value[q->key] = NULL;
			return 0;
		}
		fault = conf_value_fault(&conf_keys[q->key], a->value[q->key]);
		if (fault != NULL) {
			ask_tell("%s%s\n",
			    conf_keys[q->key].type == CONF_CHOICE ? "one of: "
								  : "",
			    fault);
			secbuf_release(to);
		}
	} while (a->value[q->key] == NULL || fault != NULL);
	return 0;
}

static int
ask_all(struct answers *a, struct err *err)
{
	size_t i;

	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if ((questions[i].key == CONF_PROVIDER ||
			(questions[i].providers & provider_of(a)) != 0) &&
		    ask(&questions[i], a, err) < 0)
			return err->code;
	return 0;
}

static int
take_options(const struct options *o, struct answers *a, struct err *err)
{
	size_t i, n;
	int k;

	for (i = 0; i < o->overrides; i++) {
		char key[64];

		n = strcspn(o->override[i], "=");
		(void)snprintf(
		    key, sizeof(key), "%.*s", (int)n, o->override[i]);
		k = o->override[i][n] == '=' ? conf_find_key(key) : -1;
		if (k < 0)
			return err_set(err, ERR_CONFIG,
			    "-o: not KEY=VALUE with a key of "
			    "tokenring.conf(5)");
		a->value[k] = o->override[i] + n + 1;
	}
	return 0;
}

static int
add_line(struct configure_first *to, const char *text, struct err *err)
{
	if (strpbrk(text, "\r\n") != NULL ||
	    snprintf(to->line[to->n], sizeof(to->line[0]), "%s", text) >=
		(int)sizeof(to->line[0]))
		return err_set(err, ERR_CONFIG,
		    "a value is too long for a line, or has a line's end in "
		    "it");
	to->n++;
	return 0;
}

static int
write_lines(const struct answers *a, const char *name,
    struct configure_first *to, struct err *err)
{
	char line[CONFIGURE_FIRST_LINE_MAX + 64];
	int k;

	to->n = 0;
	(void)snprintf(line, sizeof(line), "[profile %s]", name);
	if (add_line(to, line, err) < 0)
		return err->code;
	for (k = 0; k < CONF_KEYS; k++) {
		if (a->value[k] == NULL)
			continue;
		(void)snprintf(line, sizeof(line), "%s = %s", conf_keys[k].name,
		    a->value[k]);
		if (add_line(to, line, err) < 0)
			return err->code;
	}
	return 0;
}

/* The configuration that these lines alone would be. */
static int
try_lines(const struct configure_first *from, const char *file,
    struct conf **ret, struct err *err)
{
	SECBUF text =
	    SECBUF_INIT(CONFIGURE_FIRST_MAX * (CONFIGURE_FIRST_LINE_MAX + 1));
	size_t i;

	for (i = 0; i < from->n; i++)
		if (secbuf_addstr(&text, from->line[i]) < 0 ||
		    secbuf_addstr(&text, "\n") < 0)
			return err_set(err, ERR_NOMEM, "out of memory");
	if (conf_new(ret, err) < 0)
		return err->code;
	if (conf_read_text(*ret, file, text.ptr, text.len, err) == 0)
		conf_finish(*ret);
	return conf_check(*ret, err);
}

/* An API that comes with the provider is not forgotten over other servers. */
static int
add_own_api(struct answers *a, const char *name, const char *file,
    struct configure_first *scratch, struct err *err)
{
	CLEANUP(conf_freep) struct conf *c = NULL;
	const char *others = a->value[CONF_MATCH], *own;
	struct secbuf all = SECBUF_INIT(CONFIGURE_FIRST_LINE_MAX);

	a->value[CONF_MATCH] = NULL;
	if (others == NULL)
		return 0;
	if (write_lines(a, name, scratch, err) < 0 ||
	    try_lines(scratch, file, &c, err) < 0)
		return err->code;
	own = profile_get(conf_at(c, 0), CONF_MATCH);
	if ((own != NULL && (secbuf_addstr(&all, own) < 0 ||
				secbuf_addstr(&all, " ") < 0)) ||
	    secbuf_addstr(&all, others) < 0)
		return err_set(err, ERR_CONFIG, "match is too long");
	secbuf_move(&a->text[CONF_MATCH], &all);
	a->value[CONF_MATCH] = a->text[CONF_MATCH].ptr;
	return 0;
}

static int
make(struct front *f, const char *file, struct answers *a,
    struct configure_first *ret, struct err *err)
{
	const char *name;
	bool asked = f->opt.overrides == 0;

	if (asked && (f->opt.no_input || !ask_possible()))
		return err_set(err, ERR_CONFIG,
		    "there is no %s yet: describe one with -o KEY=VALUE, as "
		    "in: -o provider=itcare -o client_id=ID",
		    f->opt.profile != NULL ? "profile of that name"
					   : "profile");
	if ((asked ? ask_all(a, err) : take_options(&f->opt, a, err)) < 0)
		return err->code;
	name = f->opt.profile != NULL            ? f->opt.profile
	       : a->value[CONF_PROVIDER] != NULL ? a->value[CONF_PROVIDER]
						 : "default";
	if ((asked && add_own_api(a, name, file, ret, err) < 0) ||
	    write_lines(a, name, ret, err) < 0)
		return err->code;
	conf_freep(&f->conf);
	if (try_lines(ret, file, &f->conf, err) < 0)
		return err->code;
	f->opt.profile = conf_at(f->conf, 0)->name;
	return 0;
}

/* A file that TOKENRING_CONFIG names may have to be made. */
static int
read_conf(struct front *f, const char *file, struct err *err)
{
	size_t overrides = f->opt.overrides;
	int r;

	if (secure_getenv("TOKENRING_CONFIG") != NULL &&
	    access(file, F_OK) != 0)
		return conf_new(&f->conf, err);
	f->opt.overrides = 0;
	r = front_load(f, err);
	f->opt.overrides = overrides;
	return r;
}

int
configure_first(struct front *f, const char *file, struct configure_first *ret,
    struct err *err)
{
	struct answers a = {.value = {NULL}};
	int k, r;

	ret->n = 0;
	for (k = 0; k < CONF_KEYS; k++)
		a.text[k] = (struct secbuf)SECBUF_INIT(ASK_SECRET_MAX);
	if (read_conf(f, file, err) < 0)
		return err->code;
	if (conf_count(f->conf) > 0 &&
	    (f->opt.profile == NULL ||
		conf_find(f->conf, f->opt.profile) != NULL))
		return f->opt.overrides == 0
			   ? 0
			   : err_set(err, ERR_CONFIG,
				 "there is a profile already, and -o would not "
				 "last: write it into the configuration, or "
				 "name a new profile with --profile");
	r = make(f, file, &a, ret, err);
	for (k = 0; k < CONF_KEYS; k++)
		secbuf_release(&a.text[k]);
	return r;
}
