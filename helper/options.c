/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

enum kind { FLAG, TEXT, SECONDS, OVERRIDE, ITEM, WAIT };

struct option_info {
	const char *name;
	enum kind kind;
	size_t offset;
	unsigned commands;
};

/* Those that ask for a token. */
#define FOR_ASKING                                                             \
	(FOR_TOKEN | FOR_HEADERS | FOR_CURL | FOR_GIT | FOR_DOCKER |           \
	    FOR_BAZEL | FOR_KUBECTL | FOR_API)
#define O(field) offsetof(struct options, field)

/* clang-format off */
static const struct option_info infos[] = {
	{"--profile",      TEXT,     O(profile),      FOR_ALL},
	{"--account",      TEXT,     O(account),      FOR_ALL},
	{"--min-valid",    SECONDS,  O(min_valid),    FOR_ASKING},
	{"--timeout",      SECONDS,  O(timeout),      FOR_GIT},
	{"--no-input",     FLAG,     O(no_input),     FOR_ALL},
	{"--help",         FLAG,     O(help),         FOR_ALL},
	{"-h",             FLAG,     O(help),         FOR_ALL},
	{"--version",      FLAG,     O(version),      FOR_ALL},
	{"-v",             FLAG,     O(verbose),      FOR_ALL},
	{"-o",             OVERRIDE, 0,               FOR_ALL},
	{"--json",         FLAG,     O(json),         FOR_STATUS | FOR_TOKEN | FOR_DOCTOR},
	{"--secret-stdin", FLAG,     O(secret_stdin), FOR_LOGIN},
	{"--device",       FLAG,     O(device),       FOR_LOGIN},
	{"--browser",      FLAG,     O(browser),      FOR_LOGIN},
	{"--all",          FLAG,     O(all),          FOR_LOGOUT},
	{"--local",        FLAG,     O(local),        FOR_LOGOUT},
	{"--any-host",     FLAG,     O(any_host),     FOR_CURL},
	{"--online",       FLAG,     O(online),       FOR_DOCTOR},
	{"--show-origin",  FLAG,     O(show_origin),  FOR_CONFIG},
	{"--undo",         FLAG,     O(undo),         FOR_CONFIGURE},
	{"--yes",          FLAG,     O(yes),          FOR_CONFIGURE},
	{"-X",             TEXT,     O(method),       FOR_API},
	{"--method",       TEXT,     O(method),       FOR_API},
	{"-f",             ITEM,     'f',             FOR_API},
	{"--raw-field",    ITEM,     'f',             FOR_API},
	{"-F",             ITEM,     'F',             FOR_API},
	{"--field",        ITEM,     'F',             FOR_API},
	{"-H",             ITEM,     'H',             FOR_API},
	{"--header",       ITEM,     'H',             FOR_API},
	{"-i",             FLAG,     O(include),      FOR_API},
	{"--include",      FLAG,     O(include),      FOR_API},
	{"--input",        TEXT,     O(input),        FOR_API},
	{"--paginate",     FLAG,     O(paginate),     FOR_API},
	{"--dry-run",      FLAG,     O(dry_run),      FOR_API},
	{"--wait",         WAIT,     O(wait),         FOR_API},
};
/* clang-format on */

static const struct option_info *
find(const char *arg, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(infos) / sizeof(infos[0]); i++)
		if (strlen(infos[i].name) == len &&
		    strncmp(infos[i].name, arg, len) == 0)
			return &infos[i];
	return NULL;
}

static int
take_seconds(int64_t *to, const char *name, const char *text, struct err *err)
{
	int64_t ms = conf_duration_ms(text);
	char *end;

	errno = 0;
	*to = ms >= 0 ? ms / 1000 : strtol(text, &end, 10);
	if (ms < 0 && (*text < '0' || *text > '9' || *end != '\0'))
		return err_set(
		    err, ERR_CONFIG, "%s wants a number of seconds", name);
	if (errno == ERANGE)
		return err_set(err, ERR_CONFIG, "%s: too large a number", name);
	return 0;
}

static int
take_item(struct options *o, char letter, const char *text, struct err *err)
{
	if (o->items == OPTIONS_ITEMS_MAX)
		return err_set(
		    err, ERR_CONFIG, "too many options -f, -F and -H");
	o->item[o->items].letter = letter;
	o->item[o->items++].text = text;
	return 0;
}

static int
take(struct options *o, const struct option_info *info, const char *value,
    struct err *err)
{
	char *field = (char *)o + info->offset;

	switch (info->kind) {
	case FLAG:
		*(bool *)(void *)field = true;
		return 0;
	case TEXT:
		*(const char **)(void *)field = value;
		return 0;
	case SECONDS:
		return take_seconds(
		    (int64_t *)(void *)field, info->name, value, err);
	case ITEM:
		return take_item(o, (char)info->offset, value, err);
	case WAIT:
		*(bool *)(void *)field = true;
		return value == NULL
			   ? 0
			   : take_seconds(&o->wait_s, info->name, value, err);
	case OVERRIDE:
		if (o->overrides == OPTIONS_OVERRIDES_MAX)
			return err_set(err, ERR_CONFIG, "too many options -o");
		o->override[o->overrides++] = value;
		return 0;
	}
	return 0;
}

/*
 * The option in this word, and its value if that is in it too: --name=value, or
 * behind the letter of one that wants a value (-XPOST).
 */
static const struct option_info *
split(const char *word, const char **value)
{
	const char *eq = strncmp(word, "--", 2) == 0 ? strchr(word, '=') : NULL;
	size_t len = eq != NULL ? (size_t)(eq - word) : strlen(word);
	const struct option_info *info = find(word, len);

	*value = eq != NULL ? eq + 1 : NULL;
	if (info != NULL || word[1] == '-' || len < 3)
		return info;
	info = find(word, 2);
	*value = word + 2;
	return info == NULL || info->kind == FLAG ? NULL : info;
}

/* One option with its argument; returns how many words it took, or a code. */
static int
take_option(struct options *o, char **argv, uint64_t *seen, struct err *err)
{
	const char *inside, *value;
	const struct option_info *info = split(*argv, &inside);
	size_t len = strcspn(*argv, "=");

	if (info == NULL)
		return err_set(err, ERR_CONFIG,
		    "unknown option '%.*s'; see --help",
		    len < 40 ? (int)len : 40, *argv);
	value = inside != NULL || info->kind == WAIT ? inside : argv[1];
	if (info->kind == FLAG && inside != NULL)
		return err_set(
		    err, ERR_CONFIG, "%s takes no value", info->name);
	if (info->kind != FLAG && info->kind != WAIT && value == NULL)
		return err_set(err, ERR_CONFIG, "%s wants a value", info->name);
	*seen |= (uint64_t)1 << (unsigned)(info - infos);
	if (take(o, info, value, err) < 0)
		return err->code;
	return info->kind == FLAG || value == inside ? 1 : 2;
}

static int
take_word(struct options *o, const char *word, const struct command *commands,
    const struct command **command, struct err *err)
{
	const struct command *c;

	if (*command == NULL) {
		for (c = commands; c->name != NULL; c++)
			if (strcmp(c->name, word) == 0)
				*command = c;
		if (*command == NULL)
			return err_set(err, ERR_CONFIG,
			    "'%.40s' is not a command; see --help", word);
		return 0;
	}
	if (o->operands == OPTIONS_OPERANDS_MAX)
		return err_set(err, ERR_CONFIG, "too many arguments");
	o->operand[o->operands++] = word;
	return 0;
}

static int
check_command(uint64_t seen, const struct command *c, struct err *err)
{
	size_t i;

	for (i = 0; c != NULL && i < sizeof(infos) / sizeof(infos[0]); i++)
		if ((seen & (uint64_t)1 << i) != 0 &&
		    (infos[i].commands & c->bit) == 0)
			return err_set(err, ERR_CONFIG,
			    "%s is not an option of '%s'", infos[i].name,
			    c->name);
	return 0;
}

int
options_parse(struct options *o, char **argv, const struct command *commands,
    const struct command **command, struct err *err)
{
	bool ended = false;
	uint64_t seen = 0;
	int n;

	o->min_valid = o->timeout = o->wait_s = -1;
	while (*argv != NULL) {
		if (*command != NULL && (*command)->raw) {
			o->rest = argv;
			break;
		}
		if (!ended && strcmp(*argv, "--") == 0) {
			ended = true;
			n = 1;
		} else if (!ended && **argv == '-' && (*argv)[1] != '\0') {
			n = take_option(o, argv, &seen, err);
		} else {
			n = take_word(o, *argv, commands, command, err);
			n = n < 0 ? n : 1;
		}
		if (n < 0)
			return n;
		argv += n;
	}
	return check_command(seen, *command, err);
}
