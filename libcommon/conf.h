/* SPDX-License-Identifier: MIT */
/*
 * The configuration: profiles, their keys, and what is wrong with them
 * (tokenring.conf(5)).  One table of keys drives parsing, defaults, the option
 * -o, `tokenring config`, what the front passes to tokenring-net, and the test
 * that holds the manual page to it.
 *
 * Faults are collected, not fatal: the front refuses to work with any, PAM
 * judges only the profile that it uses.
 */
#ifndef CONF_H
#define CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

#define CONF_NAME_MAX     64 /* bytes of a profile's name */
#define CONF_PROFILES_MAX 1000
#define CONF_FAULTS_MAX   100 /* more are not recorded */

enum conf_key {
	CONF_PROVIDER,
	CONF_MATCH,
	CONF_ACCOUNT,
	CONF_BASIC_USERNAME,
	CONF_API_URL,
	CONF_CA_FILE,
	CONF_PROXY,
	CONF_CONNECT_TIMEOUT,
	CONF_TIMEOUT,
	CONF_MIN_VALID,
	CONF_STORE,
	CONF_ISSUER,
	CONF_TOKEN_URL,
	CONF_AUTHORIZATION_URL,
	CONF_DEVICE_AUTHORIZATION_URL,
	CONF_REVOCATION_URL,
	CONF_GRANT,
	CONF_CLIENT_ID,
	CONF_CLIENT_SECRET_FILE,
	CONF_CLIENT_SECRET_ENV,
	CONF_CLIENT_AUTH,
	CONF_SCOPE,
	CONF_AUDIENCE,
	CONF_URL,
	CONF_DOMAIN,
	CONF_REMEMBER_PASSWORD,
	CONF_TOKEN_LIFETIME,
	CONF_PAGING,
	CONF_KEYS /* how many there are */
};

enum conf_type {
	CONF_TEXT,
	CONF_WORD,     /* text without blanks */
	CONF_CHOICE,   /* one of `choices` */
	CONF_URL_ONE,  /* an https URL */
	CONF_URL_LIST, /* https URLs, separated by blanks */
	CONF_PROXY_URL,
	CONF_PATH,     /* absolute */
	CONF_DURATION, /* 20s, 5min, 8h, 90d */
	CONF_SWITCH,   /* on or off */
};

enum provider {
	PROVIDER_NONE = 0, /* not said: a fault */
	PROVIDER_OAUTH2 = 1,
	PROVIDER_ITCARE = 2,
	PROVIDER_SAINET = 4,
};

struct conf_key_info {
	const char *name;
	enum conf_type type;
	unsigned providers;   /* who has it */
	const char *standard; /* the default, or NULL */
	const char *choices;  /* separated by blanks */
};

extern const struct conf_key_info conf_keys[CONF_KEYS];

struct profile {
	const char *name;
	uint32_t hash;    /* private: of the name */
	const char *file; /* where it was read, as shown to people */
	int line;
	enum provider provider;
	const char *value[CONF_KEYS]; /* NULL: not set */
	int where[CONF_KEYS];         /* line; 0: preset, -1: -o */
};

struct conf_fault {
	const char *profile; /* NULL: outside any */
	bool mild;           /* an unknown key: PAM only warns of it */
	char text[ERR_TEXT_MAX];
};

struct conf;

int conf_new(struct conf **ret, struct err *err);
void conf_free(struct conf *c);
void conf_freep(struct conf **c);

/*
 * Read a file; its profiles replace those of the same name read before.
 * ERR_NOTFOUND if there is none, ERR_CONFIG if it cannot be read at all.
 * `owner`: (uid_t)-1, or demand that root or this uid owns it and nobody else
 * may write it.
 */
int conf_read(struct conf *c, const char *path, uid_t owner, struct err *err);

/* The same for text, which is copied; `shown` is its name in faults. */
int conf_read_text(struct conf *c, const char *shown, const char *text,
    size_t len, struct err *err);

/* A profile out of thin air (ITCARE_CLIENT_ID); key NULL ends the pairs. */
int conf_preset(struct conf *c, const char *name, const char *shown,
    const char *const pairs[][2], struct err *err);

/* -o KEY=VALUE: sets the key in every profile that may have it. */
int conf_override(struct conf *c, const char *pair, struct err *err);

/* Check what only the whole can tell: call once, after all was read. */
void conf_finish(struct conf *c);

/* The first fault as an error (ERR_CONFIG), or 0. */
int conf_check(const struct conf *c, struct err *err);
size_t conf_faults(const struct conf *c, const struct conf_fault **ret);

size_t conf_count(const struct conf *c);
const struct profile *conf_at(const struct conf *c, size_t i);
const struct profile *conf_find(const struct conf *c, const char *name);

/* The value, or the default, or NULL. */
const char *profile_get(const struct profile *p, enum conf_key key);
int64_t profile_ms(const struct profile *p, enum conf_key key);
bool profile_on(const struct profile *p, enum conf_key key);

/* Is the value one of the words in `value` (a list)?  Walk: start with *pos 0;
   returns a length and sets *word, or 0 at the end. */
size_t conf_next_word(const char *list, size_t *pos, const char **word);

/* "20s", "5min", "8h", "90d" in milliseconds, or -1. */
int64_t conf_duration_ms(const char *text);

/* The key of this name, or -1. */
int conf_find_key(const char *name);

/* What is wrong with a value, or NULL; for CONF_CHOICE the list of choices. */
const char *conf_value_fault(const struct conf_key_info *k, const char *value);

#endif
