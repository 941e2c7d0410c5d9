/* SPDX-License-Identifier: MIT */
/* tokenring doctor: the checks, one after the other. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands.h"
#include "doctor.h"
#include "io.h"

#define HUNG_S 12 /* beyond every check's own limit: a file system hangs */

static const struct {
	const char *name;
	void (*run)(struct doctor *d);
	bool online;
} checks[] = {
    {"configuration", doctor_configuration, false},
    {"files", doctor_files, false},
    {"programs", doctor_programs, false},
    {"clock", doctor_clock, false},
    {"kernel keyring", doctor_keys, false},
    {"D-Bus", doctor_bus, false},
    {"Secret Service", doctor_keyring, false},
    {"git", doctor_git, false},
    {"docker", doctor_docker, false},
    {"servers", doctor_servers, true},
};

static void
on_alarm(int sig)
{
	static const char text[] =
	    "tokenring: doctor: a file or directory does not answer: is a "
	    "network file system out of reach?\n";

	(void)sig;
	(void)!write(2, text, sizeof(text) - 1);
	_exit(1);
}

int
cmd_doctor(struct front *f, struct err *err)
{
	const struct sigaction hung = {.sa_handler = on_alarm};
	struct doctor d = {.front = f, .online = f->opt.online};
	size_t errors, warnings, i;

	if (f->opt.operands > 0)
		return err_set(err, ERR_CONFIG, "doctor takes no arguments");
	d.finding = calloc(DOCTOR_FINDINGS_MAX, sizeof(*d.finding));
	if (d.finding == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	(void)sigaction(SIGALRM, &hung, NULL);
	(void)alarm(HUNG_S);
	d.deadline = io_now_ms() + DOCTOR_MS;
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		d.check = checks[i].name;
		if (d.online || !checks[i].online)
			checks[i].run(&d);
	}
	(void)alarm(0);
	if (f->opt.json)
		doctor_print_json(&d);
	else
		doctor_print(&d);
	errors = doctor_count(&d, DOCTOR_ERROR);
	warnings = doctor_count(&d, DOCTOR_WARNING) + d.lost;
	free(d.finding);
	if (errors + warnings == 0)
		return 0;
	return err_set(err, ERR_INTERNAL, "doctor: %zu error%s, %zu warning%s",
	    errors, errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}
