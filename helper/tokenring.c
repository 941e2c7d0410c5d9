/* SPDX-License-Identifier: MIT */
/*
 * tokenring: hands out tokens.  A cached answer starts no process and loads
 * neither an HTTP nor a D-Bus library; those are the workers' (DESIGN in the
 * README's picture).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "commands.h"
#include "log.h"

struct entry {
	const char *name;
	int (*run)(struct front *f, struct err *err);
};

/* clang-format off */
static const struct command commands[] = {
	{"login",   FOR_LOGIN,   false, "[PROFILE] [--secret-stdin] [--device | --browser] [--account NAME]",
	    "sign in and keep what lets work go on"},
	{"logout",  FOR_LOGOUT,  false, "[PROFILE | --all] [--local]",
	    "revoke, then forget; --local only forgets"},
	{"status",  FOR_STATUS,  false, "[PROFILE] [--json]",
	    "show store, account, expiry and last refusal"},
	{"token",   FOR_TOKEN,   false, "[PROFILE | URL] [--json]",
	    "print the access token"},
	{"headers", FOR_HEADERS, false, "[PROFILE | URL]",
	    "print header lines, for curl -H @-"},
	{"curl",    FOR_CURL,    true,  "[PROFILE] CURL-ARGUMENTS...",
	    "run curl with the right headers"},
	{"api",     FOR_API,     false, "[PROFILE] PATH [-X METHOD] [-f KEY=VALUE] [-F KEY=VALUE] [-H HEADER]"
	    " [-i] [--input FILE] [--paginate] [--dry-run] [--wait[=TIME]]",
	    "call the service's API by its conventions"},
	{"configure", FOR_CONFIGURE, false, "[git | docker | kubectl] [--yes | --undo]",
	    "set the tools up, showing what is changed"},
	{"config",  FOR_CONFIG,  false, "[--show-origin]",
	    "print the effective configuration"},
	{"doctor",  FOR_DOCTOR,  false, "[--online] [--json]",
	    "find what is wrong, and say what to do"},
	{"git",     FOR_GIT,     false, "get | store | erase | capability",
	    "speak git's credential protocol"},
	{"docker",  FOR_DOCKER,  false, "get | store | erase | list | version",
	    "speak docker's credential helper protocol"},
	{"bazel",   FOR_BAZEL,   false, "get",
	    "speak Bazel's credential helper protocol"},
	{"kubectl", FOR_KUBECTL, false, "[PROFILE]",
	    "answer kubectl with an ExecCredential"},
	{NULL, 0, false, NULL, NULL},
};

static const struct entry entries[] = {
	{"login", cmd_login}, {"logout", cmd_logout}, {"status", cmd_status},
	{"token", cmd_token}, {"headers", cmd_headers}, {"curl", cmd_curl},
	{"api", cmd_api},
	{"config", cmd_config}, {"doctor", cmd_doctor},
	{"git", cmd_git}, {"docker", cmd_docker},
	{"bazel", cmd_bazel}, {"kubectl", cmd_kubectl},
	{"configure", cmd_configure},
};

static const char options_help[] =
	"Options, before or after the command:\n"
	"  --profile NAME     the profile (also TOKENRING_PROFILE)\n"
	"  --account NAME     another account than the profile's\n"
	"  --min-valid TIME   ask for that much life (seconds, or 5min, 1h)\n"
	"  -o KEY=VALUE       override a configuration key\n"
	"  --no-input         never ask anybody\n"
	"  -v                 tell each step (also TOKENRING_TRACE=1)\n"
	"  --help, --version\n";

static const char api_help[] =
	"Options of api:\n"
	"  -X METHOD          GET, or POST with fields, unless this says otherwise\n"
	"  -f KEY=VALUE       a text: into the query of a GET, else into a JSON body\n"
	"  -F KEY=VALUE       the same for true, false, null, numbers, @FILE\n"
	"  -H HEADER          add a header line\n"
	"  -i                 print the answer's headers too\n"
	"  --input FILE       the body; - is standard input\n"
	"  --paginate         all pages of a list, as one JSON array\n"
	"  --dry-run          change nothing (ITCare); 5 if that is not confirmed\n"
	"  --wait[=TIME]      wait for the end of an asynchronous action\n\n";
/* clang-format on */

static void
print_help(const struct command *only)
{
	const struct command *c;

	if (only != NULL) {
		printf(
		    "usage: tokenring %s %s\n  %s\n\n%s%s\nSee tokenring(1).\n",
		    only->name, only->usage, only->purpose,
		    only->bit == FOR_API ? api_help : "", options_help);
		return;
	}
	printf("usage: tokenring COMMAND [ARGUMENTS]\n\n");
	for (c = commands; c->name != NULL; c++)
		printf("  tokenring %-10s%s\n%22s%s\n", c->name, c->usage, "",
		    c->purpose);
	printf("\n%s\nSee tokenring(1) and tokenring.conf(5).\n", options_help);
}

/* "git-credential-tokenring" is "tokenring git". */
static const struct command *
command_of_name(const char *argv0)
{
	const char *name = strrchr(argv0, '/');
	const struct command *c;
	size_t n;

	name = name != NULL ? name + 1 : argv0;
	for (c = commands; c->name != NULL; c++) {
		n = strlen(c->name);
		if (strncmp(name, c->name, n) == 0 &&
		    strcmp(name + n, "-credential-tokenring") == 0)
			return c;
	}
	return NULL;
}

static void
set_trace(const struct front *f)
{
	const char *trace = getenv("TOKENRING_TRACE");

	if (f->opt.verbose || (trace != NULL && strcmp(trace, "1") == 0))
		log_to(log_stderr);
}

static int
run(struct front *f, const struct command *c, struct err *err)
{
	size_t i;

	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (strcmp(entries[i].name, c->name) == 0)
			return entries[i].run(f, err);
	return err_set(err, ERR_INTERNAL, "no such command");
}

/* What was printed must have arrived. */
static int
finish_output(int r, struct err *err)
{
	if (fflush(stdout) != 0 && r == 0)
		return err_set(
		    err, ERR_INTERNAL, "cannot write to standard output");
	return r;
}

/*
 * What is opened later must not take the place of a standard descriptor that
 * the caller has closed.  Read-only, so that an answer that nobody gets is
 * still a failure.
 */
static void
fill_standard_places(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

int
main(int argc, char **argv)
{
	static char output[BUFSIZ];
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	const struct rlimit none = {0, 0};
	const struct command *c;
	struct front f = {.conf = NULL};
	struct err err = ERR_INIT;
	int r;

	fill_standard_places();
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* A file that may not grow is an error to deal with: a grant may hang on
	   what comes next. */
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	(void)setvbuf(stdout, output, _IOFBF, sizeof(output));
	c = argc > 0 ? command_of_name(argv[0]) : NULL;
	r = options_parse(&f.opt, argv + (argc > 0), commands, &c, &err);
	if (r == 0 && f.opt.version && (c == NULL || c->bit != FOR_DOCKER)) {
		printf("tokenring %s\n", VERSION);
	} else if (r == 0 && f.opt.help) {
		print_help(c);
	} else if (r == 0 && c == NULL) {
		r = err_set(&err, ERR_CONFIG, "no command; see --help");
	} else if (r == 0) {
		set_trace(&f);
		r = run(&f, c, &err);
	}
	r = finish_output(r, &err);
	explicit_bzero(output, sizeof(output));
	conf_free(f.conf);
	if (r < 0 && err.msg[0] != '\0')
		(void)fprintf(stderr, "tokenring: %s\n", err.msg);
	return front_exit(r);
}
