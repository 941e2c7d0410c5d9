/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <security/pam_ext.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "err.h"

enum kind {
	SWITCH,
	NUMBER,
	TEXT,
	PATH, /* absolute */
	LIST, /* separated by commas, no element empty */
};

struct option {
	const char *name;
	enum kind kind;
	size_t offset;
	unsigned min, max; /* of a NUMBER */
};

#define K(name)  #name
#define AT(name) offsetof(struct options, name)

/* clang-format off */
static const struct option table[] = {
	{K(profile),		 TEXT,	 AT(profile),		  0, 0},
	{K(config),		 PATH,	 AT(config),		  0, 0},
	{K(timeout),		 NUMBER, AT(timeout),		  1, OPTIONS_TIMEOUT_MAX},
	{K(try_first_pass),	 SWITCH, AT(try_first_pass),	  0, 0},
	{K(use_first_pass),	 SWITCH, AT(use_first_pass),	  0, 0},
	{K(minimum_uid),	 NUMBER, AT(minimum_uid),	  0, UINT32_MAX - 1},
	{K(allow_group),	 LIST,	 AT(allow_group),	  0, 0},
	{K(ignore_unknown_user), SWITCH, AT(ignore_unknown_user), 0, 0},
	{K(no_token),		 SWITCH, AT(no_token),		  0, 0},
	{K(session_services),	 LIST,	 AT(session_services),	  0, 0},
	{K(nodelay),		 SWITCH, AT(nodelay),		  0, 0},
	{K(quiet),		 SWITCH, AT(quiet),		  0, 0},
	{K(debug),		 SWITCH, AT(debug),		  0, 0},
};
/* clang-format on */

#define N_OPTIONS (sizeof(table) / sizeof(table[0]))

static const struct options defaults = {
    .config = SYSCONFDIR "/tokenring.conf",
    .timeout = 10,
    .minimum_uid = 1000,
};

static bool
text_ok(const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return false;
	return i > 0 && i <= OPTIONS_VALUE_MAX;
}

/* An empty element is a mistake; read as "nobody" or "everybody" it would be
   the wrong one of the two for somebody. */
static bool
list_ok(const char *s)
{
	size_t n = strlen(s);

	return text_ok(s) && s[0] != ',' && s[n - 1] != ',' &&
	       strstr(s, ",,") == NULL && strchr(s, ' ') == NULL;
}

static bool
number_ok(const char *s, const struct option *t, unsigned *ret)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; s[i] != '\0'; i++) {
		if (s[i] < '0' || s[i] > '9' || i >= 10)
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	if (i == 0 || v < t->min || v > t->max)
		return false;
	*ret = (unsigned)v;
	return true;
}

/* `value` is NULL where the argument has no '='. */
static bool
take(struct options *o, const struct option *t, const char *value)
{
	void *to = (char *)o + t->offset;

	if ((t->kind == SWITCH) != (value == NULL))
		return false;
	if (t->kind == SWITCH) {
		*(bool *)to = true;
		return true;
	}
	if (t->kind == NUMBER)
		return number_ok(value, t, to);
	if (t->kind == LIST ? !list_ok(value) : !text_ok(value))
		return false;
	if (t->kind == PATH && value[0] != '/')
		return false;
	*(const char **)to = value;
	return true;
}

static const struct option *
find(const char *arg, const char **value)
{
	size_t n = strcspn(arg, "="), i;

	*value = arg[n] == '=' ? arg + n + 1 : NULL;
	for (i = 0; i < N_OPTIONS; i++)
		if (strlen(table[i].name) == n &&
		    memcmp(table[i].name, arg, n) == 0)
			return &table[i];
	return NULL;
}

/* Two options that cannot both be meant: the more careful one stands. */
static void
resolve(struct options *o, pam_handle_t *pamh)
{
	if (o->use_first_pass && o->try_first_pass) {
		pam_syslog(pamh, LOG_ERR,
		    "use_first_pass is set: try_first_pass is ignored");
		o->try_first_pass = false;
	}
	if (o->no_token && o->session_services != NULL)
		pam_syslog(pamh, LOG_ERR,
		    "no_token is set: session_services= is ignored");
}

int
options_parse(
    struct options *o, pam_handle_t *pamh, int argc, const char **argv)
{
	const struct option *t;
	const char *value;
	uint32_t seen = 0;
	char shown[64];
	int i, r = 0;

	*o = defaults;
	for (i = 0; i < argc; i++) {
		t = find(argv[i], &value);
		if (t == NULL) {
			pam_syslog(pamh, LOG_ERR, "unknown option '%s'",
			    err_printable(shown, sizeof(shown), argv[i]));
			continue;
		}
		if ((seen & 1U << (t - table)) != 0)
			pam_syslog(pamh, LOG_ERR,
			    "option %s is repeated: the last one counts",
			    t->name);
		seen |= 1U << (t - table);
		if (!take(o, t, value)) {
			pam_syslog(pamh, LOG_ERR,
			    "option %s has a value that cannot be used",
			    t->name);
			r = -1;
		}
	}
	resolve(o, pamh);
	return r;
}

bool
options_listed(const char *list, const char *name)
{
	size_t len = strlen(name), n;

	for (;;) {
		n = strcspn(list, ",");
		if (n == len && memcmp(list, name, n) == 0)
			return true;
		if (list[n] == '\0')
			return false;
		list += n + 1;
	}
}
