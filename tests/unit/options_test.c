/* SPDX-License-Identifier: MIT */
/* The command line: options before and after the command, and whose they are. */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MARK "hunter2"

/* clang-format off */
static const struct command commands[] = {
	{"login",   FOR_LOGIN,   false, "", ""},
	{"logout",  FOR_LOGOUT,  false, "", ""},
	{"status",  FOR_STATUS,  false, "", ""},
	{"token",   FOR_TOKEN,   false, "", ""},
	{"headers", FOR_HEADERS, false, "", ""},
	{"curl",    FOR_CURL,    true,  "", ""},
	{"config",  FOR_CONFIG,  false, "", ""},
	{"git",     FOR_GIT,     false, "", ""},
	{"api",     FOR_API,     false, "", ""},
	{NULL, 0, false, NULL, NULL},
};

/* Options that were set, as "NAME=VALUE ", in the order of the struct. */
static const struct {
	const char *line;  /* words, separated by '|' */
	int result;
	const char *told;  /* what was understood, or the message */
} rows[] = {
	{"", 0, ""},
	{"token", 0, "token:"},
	{"token|erp", 0, "token: erp"},
	{"token|a|b|c", 0, "token: a b c"},
	{"--profile|work|git|get", 0, "git: --profile=work get"},
	{"git|--profile|work|get", 0, "git: --profile=work get"},
	{"git|get|--profile|work", 0, "git: --profile=work get"},
	{"git|get|--profile=work", 0, "git: --profile=work get"},
	{"--profile=a=b|git|get", 0, "git: --profile=a=b get"},
	{"--profile=|git", 0, "git: --profile="},
	{"--profile||git", 0, "git: --profile="},
	{"--profile|a|git|--profile|b", 0, "git: --profile=b"},
	{"login|--account|alice|--secret-stdin|--device|erp", 0, "login: --account=alice --secret-stdin --device erp"},
	{"login|--browser", 0, "login: --browser"},
	{"logout|--all|--local", 0, "logout: --all --local"},
	{"status|--json", 0, "status: --json"},
	{"token|--json|--min-valid|90", 0, "token: --min-valid=90 --json"},
	{"config|--show-origin", 0, "config: --show-origin"},
	{"-v|--no-input|token", 0, "token: --no-input -v"},
	{"--help", 0, "--help"},
	{"-h|token", 0, "token: --help"},
	{"--version", 0, "--version"},
	{"-o|timeout=3s|token|-o|scope=a b", 0, "token: -o=timeout=3s -o=scope=a b"},
	{"-o|-v|token", 0, "token: -o=-v"},
	{"token|-otimeout=3s", 0, "token: -o=timeout=3s"},
	{"api|-XPOST|x|-f|a=b|-Fc=1|--field=d=2|-H|X: y|-i", 0, "api: -X=POST -i f:a=b F:c=1 F:d=2 H:X: y x"},
	{"--wait|api|x|--paginate|--dry-run|--input=-", 0, "api: --input=- --paginate --dry-run --wait=-1 x"},
	{"api|--wait=5min|x", 0, "api: --wait=300 x"},
	{"api|--wait|5min", 0, "api: --wait=-1 5min"},
	{"api|--wait=|x", ERR_CONFIG, "--wait wants a number of seconds"},
	{"api|-X", ERR_CONFIG, "-X wants a value"},
	{"api|-ix", ERR_CONFIG, "unknown option '-ix'; see --help"},
	{"token|-X|GET", ERR_CONFIG, "-X is not an option of 'token'"},
	{"--account|--json|token", 0, "token: --account=--json"},
	{"token|-", 0, "token: -"},
	{"token|", 0, "token: "},

	/* "--" ends options, not operands */
	{"token|--|--json", 0, "token: --json-as-word"},
	{"--|token|-v", 0, "token: -v-as-word"},
	{"token|--|--", 0, "token: ---as-word"},

	/* what stands behind `curl` is curl's */
	{"curl|-v|--profile|x|https://h/", 0, "curl: [-v --profile x https://h/]"},
	{"--profile|p|--any-host|curl|-o|f|u", 0, "curl: --profile=p --any-host [-o f u]"},
	{"curl", 0, "curl:"},
	{"--|curl|--help", 0, "curl: [--help]"},

	/* times */
	{"--min-valid|0|token", 0, "token: --min-valid=0"},
	{"--min-valid=5min|token", 0, "token: --min-valid=300"},
	{"--min-valid|1h|token", 0, "token: --min-valid=3600"},
	{"--min-valid|90s|git", 0, "git: --min-valid=90"},
	{"--min-valid||token", ERR_CONFIG, "--min-valid wants a number of seconds"},
	{"--min-valid|-1|token", ERR_CONFIG, "--min-valid wants a number of seconds"},
	{"--min-valid|+1|token", ERR_CONFIG, "--min-valid wants a number of seconds"},
	{"--min-valid| 1|token", ERR_CONFIG, "--min-valid wants a number of seconds"},
	{"--min-valid|1 |token", ERR_CONFIG, "--min-valid wants a number of seconds"},
	{"--min-valid|1.5|token", ERR_CONFIG, "--min-valid wants a number of seconds"},
	{"--min-valid|" MARK "|token", ERR_CONFIG, "--min-valid wants a number of seconds"},
	{"--min-valid|1m|token", ERR_CONFIG, "--min-valid wants a number of seconds"},

	/* errors of usage */
	{"nonsense", ERR_CONFIG, "'nonsense' is not a command; see --help"},
	{"Token", ERR_CONFIG, "'Token' is not a command; see --help"},
	{"tok", ERR_CONFIG, "'tok' is not a command; see --help"},
	{"|token", ERR_CONFIG, "'' is not a command; see --help"},
	{"-x|token", ERR_CONFIG, "unknown option '-x'; see --help"},
	{"token|--jso", ERR_CONFIG, "unknown option '--jso'; see --help"},
	{"token|--jsonx", ERR_CONFIG, "unknown option '--jsonx'; see --help"},
	{"token|-vv", ERR_CONFIG, "unknown option '-vv'; see --help"},
	{"token|-json", ERR_CONFIG, "unknown option '-json'; see --help"},
	{"token|-Otimeout=3s", ERR_CONFIG, "unknown option '-Otimeout'; see --help"},
	{"login|--password=" MARK, ERR_CONFIG, "unknown option '--password'; see --help"},
	{"token|--json=yes", ERR_CONFIG, "--json takes no value"},
	{"--help=", ERR_CONFIG, "--help takes no value"},
	{"token|--profile", ERR_CONFIG, "--profile wants a value"},
	{"token|-o", ERR_CONFIG, "-o wants a value"},
	{"token|--min-valid", ERR_CONFIG, "--min-valid wants a value"},
	{"token|--all", ERR_CONFIG, "--all is not an option of 'token'"},
	{"--all|token", ERR_CONFIG, "--all is not an option of 'token'"},
	{"login|--json", ERR_CONFIG, "--json is not an option of 'login'"},
	{"logout|--device", ERR_CONFIG, "--device is not an option of 'logout'"},
	{"git|get|--secret-stdin", ERR_CONFIG, "--secret-stdin is not an option of 'git'"},
	{"status|--min-valid=1", ERR_CONFIG, "--min-valid is not an option of 'status'"},
	{"token|--any-host", ERR_CONFIG, "--any-host is not an option of 'token'"},
	{"token|--show-origin", ERR_CONFIG, "--show-origin is not an option of 'token'"},
	{"--json|curl|x", ERR_CONFIG, "--json is not an option of 'curl'"},
};
/* clang-format on */

/* Split in place at '|'; a NULL ends the words. */
static void
split(char *line, char **argv)
{
	if (*line != '\0')
		while (line != NULL)
			*argv++ = strsep(&line, "|");
	*argv = NULL;
}

static void
add(char *to, size_t size, const char *name, const char *value)
{
	size_t used = strlen(to);

	(void)snprintf(to + used, size - used, "%s%s%s%s", used > 0 ? " " : "",
	    name, value != NULL ? "=" : "", value != NULL ? value : "");
}

static void
tell(const struct options *o, const struct command *c, bool words, char *to,
    size_t size)
{
	const struct {
		bool set;
		const char *name;
	} flags[] = {{o->no_input, "--no-input"}, {o->verbose, "-v"},
	    {o->help, "--help"}, {o->version, "--version"}, {o->json, "--json"},
	    {o->secret_stdin, "--secret-stdin"}, {o->device, "--device"},
	    {o->browser, "--browser"}, {o->all, "--all"}, {o->local, "--local"},
	    {o->any_host, "--any-host"}, {o->show_origin, "--show-origin"},
	    {o->include, "-i"}, {o->paginate, "--paginate"},
	    {o->dry_run, "--dry-run"}};
	char number[32];
	size_t i;

	to[0] = '\0';
	if (c != NULL)
		(void)snprintf(to, size, "%s:", c->name);
	if (o->profile != NULL)
		add(to, size, "--profile", o->profile);
	if (o->account != NULL)
		add(to, size, "--account", o->account);
	(void)snprintf(number, sizeof(number), "%lld", (long long)o->min_valid);
	if (o->min_valid != -1)
		add(to, size, "--min-valid", number);
	if (o->method != NULL)
		add(to, size, "-X", o->method);
	if (o->input != NULL)
		add(to, size, "--input", o->input);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].set)
			add(to, size, flags[i].name, NULL);
	(void)snprintf(number, sizeof(number), "%lld", (long long)o->wait_s);
	if (o->wait)
		add(to, size, "--wait", number);
	for (i = 0; i < o->items; i++)
		(void)snprintf(to + strlen(to), size - strlen(to), " %c:%s",
		    o->item[i].letter, o->item[i].text);
	for (i = 0; i < o->overrides; i++)
		add(to, size, "-o", o->override[i]);
	for (i = 0; i < o->operands; i++) {
		add(to, size, o->operand[i], NULL);
		if (words && o->operand[i][0] == '-')
			(void)strcat(to, "-as-word");
	}
	if (o->rest == NULL)
		return;
	(void)strcat(to, " [");
	for (i = 0; o->rest[i] != NULL; i++)
		(void)snprintf(to + strlen(to), size - strlen(to), "%s%s",
		    i > 0 ? " " : "", o->rest[i]);
	(void)strcat(to, "]");
}

static void
command_lines(void **data)
{
	char line[256], told[512], *argv[32];
	const struct command *c;
	size_t i;
	int r;

	(void)data;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct options o = {.profile = NULL};
		struct err err = ERR_INIT;

		(void)snprintf(line, sizeof(line), "%s", rows[i].line);
		split(line, argv);
		c = NULL;
		r = options_parse(&o, argv, commands, &c, &err);
		assert_int_equal(err.code, r);
		if (r == 0)
			tell(&o, c, strstr(rows[i].line, "--|") != NULL, told,
			    sizeof(told));
		else
			(void)snprintf(told, sizeof(told), "%s", err.msg);
		assert_null(strstr(err.msg, MARK));
		if (r != rows[i].result || strcmp(told, rows[i].told) != 0)
			fail_msg("'%s': %d '%s'", rows[i].line, r, told);
	}
}

static void
named_by_the_program(void **data)
{
	char get[] = "get|--profile|p", token[] = "token", all[] = "--all";
	char *git[4], *word[2], *foreign[2];
	const struct command *c = &commands[7];
	struct options o = {.profile = NULL};
	struct err err = ERR_INIT;

	(void)data;
	split(get, git);
	split(token, word);
	split(all, foreign);
	/* git-credential-tokenring: the first word is an operand already. */
	assert_int_equal(options_parse(&o, git, commands, &c, &err), 0);
	assert_string_equal(c->name, "git");
	assert_int_equal(o.operands, 1);
	assert_string_equal(o.operand[0], "get");
	assert_string_equal(o.profile, "p");
	memset(&o, 0, sizeof(o));
	assert_int_equal(options_parse(&o, word, commands, &c, &err), 0);
	assert_string_equal(o.operand[0], "token");
	memset(&o, 0, sizeof(o));
	assert_int_equal(
	    options_parse(&o, foreign, commands, &c, &err), ERR_CONFIG);
}

static void
as_many_as_there_is_room_for(void **data)
{
	char token[] = "token", x[] = "x", flag[] = "-o", pair[] = "a=b";
	char *argv[2 * OPTIONS_OVERRIDES_MAX + 8];
	const struct command *c;
	size_t i, n;

	(void)data;
	for (n = OPTIONS_OPERANDS_MAX; n <= OPTIONS_OPERANDS_MAX + 1; n++) {
		struct options o = {.profile = NULL};
		struct err err = ERR_INIT;

		argv[0] = token;
		for (i = 1; i <= n; i++)
			argv[i] = x;
		argv[n + 1] = NULL;
		c = NULL;
		assert_int_equal(options_parse(&o, argv, commands, &c, &err),
		    n == OPTIONS_OPERANDS_MAX ? 0 : ERR_CONFIG);
		assert_int_equal(o.operands, OPTIONS_OPERANDS_MAX);
	}
	for (n = OPTIONS_OVERRIDES_MAX; n <= OPTIONS_OVERRIDES_MAX + 1; n++) {
		struct options o = {.profile = NULL};
		struct err err = ERR_INIT;

		argv[0] = token;
		for (i = 0; i < n; i++) {
			argv[1 + 2 * i] = flag;
			argv[2 + 2 * i] = pair;
		}
		argv[1 + 2 * n] = NULL;
		c = NULL;
		assert_int_equal(options_parse(&o, argv, commands, &c, &err),
		    n == OPTIONS_OVERRIDES_MAX ? 0 : ERR_CONFIG);
		assert_int_equal(o.overrides, OPTIONS_OVERRIDES_MAX);
	}
}

static void
long_words_are_cut_in_messages(void **data)
{
	static char word[100000];
	char *argv[] = {word, NULL};
	const struct command *c = NULL;
	struct options o = {.profile = NULL};
	struct err err = ERR_INIT;

	(void)data;
	memset(word, 'w', sizeof(word) - 1);
	assert_int_equal(
	    options_parse(&o, argv, commands, &c, &err), ERR_CONFIG);
	assert_true(strlen(err.msg) < 120);
	memcpy(word, "--", 2);
	assert_int_equal(
	    options_parse(&o, argv, commands, &c, &err), ERR_CONFIG);
	assert_true(strlen(err.msg) < 120);
}

/* Seconds beyond all numbers are a usage error, or at least a great many. */
static void
endless_time(void **data)
{
	char line[] = "token|--min-valid|99999999999999999999999", *argv[4];
	const struct command *c = NULL;
	struct options o = {.profile = NULL};
	struct err err = ERR_INIT;

	(void)data;
	split(line, argv);
	if (options_parse(&o, argv, commands, &c, &err) == 0)
		assert_true(o.min_valid > 1000000000);
	else
		assert_int_equal(err.code, ERR_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(command_lines),
	    cmocka_unit_test(named_by_the_program),
	    cmocka_unit_test(as_many_as_there_is_room_for),
	    cmocka_unit_test(long_words_are_cut_in_messages),
	    cmocka_unit_test(endless_time),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
