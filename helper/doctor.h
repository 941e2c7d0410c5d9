/* SPDX-License-Identifier: MIT */
/*
 * tokenring doctor: what is wrong, and what to do about it.
 *
 * A check is a function in the table of cmd_doctor.c.  It looks and reports
 * findings; it changes nothing, unlocks nothing, asks nobody, and keeps the
 * deadline.  Each works when everything else is broken.  Whatever a finding
 * quotes was made printable by doctor_find(), the one way in; no check quotes
 * a secret, or anything of a file that may hold one.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "err.h"
#include "front.h"
#include "secbuf.h"

#define DOCTOR_MS           9000 /* all checks together */
#define DOCTOR_FINDINGS_MAX 200  /* more are counted, not shown */
#define DOCTOR_WHAT_MAX     1000 /* bytes of a finding's text */

enum doctor_severity {
	DOCTOR_OK,      /* seen, and as it should be */
	DOCTOR_NOTE,    /* worth knowing; nothing is wrong */
	DOCTOR_WARNING, /* works, but not as well or as safely as it could */
	DOCTOR_ERROR,   /* something does not work, or is open to others */
};

struct doctor_finding {
	const char *check; /* the check's name */
	const char *id;    /* the kind of finding, as a word */
	enum doctor_severity severity;
	char what[DOCTOR_WHAT_MAX];
	char todo[DOCTOR_WHAT_MAX]; /* "": nothing to do */
};

struct doctor {
	struct front *front;
	bool online;
	int64_t deadline;  /* of everything, as in io.h */
	const char *check; /* the check under way */
	struct doctor_finding *finding;
	size_t n, lost;
	bool needs_keyring; /* a profile keeps secrets in the Secret Service */
	bool bus;           /* the session bus answers */
};

/* Report; `id` is a constant. */
void doctor_find(struct doctor *d, enum doctor_severity severity,
    const char *id, const char *fmt, ...)
    __attribute__((__format__(__printf__, 4, 5)));

/* What to do about the last finding. */
void doctor_do(struct doctor *d, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/* A word for a shell, in quotation marks where it needs them. */
#define DOCTOR_QUOTED_MAX 640
const char *doctor_quote(char to[DOCTOR_QUOTED_MAX], const char *word);

/* What the findings of the check `name` amount to. */
size_t doctor_count(const struct doctor *d, enum doctor_severity severity);

/* Write all findings. */
void doctor_print(const struct doctor *d);
void doctor_print_json(const struct doctor *d);

/*
 * Run a program of the user's for its standard output, with an environment of
 * the variables that `keep` names (NULL at the end).  `argv` is ended by NULL;
 * at most `ms`.
 */
int doctor_run(const struct doctor *d, char *const *argv,
    const char *const *keep, int ms, struct secbuf *out, struct err *err);

/* The time left for something that may take `ms` by itself. */
int64_t doctor_deadline(const struct doctor *d, int ms);

/*
 * Whose it is and who may write, and with `closed` who may read: of a file or
 * directory that is there.  Reports what is wrong; true if nothing is.
 */
bool doctor_judge_mode(struct doctor *d, const char *path, const char *what,
    const struct stat *st, bool closed);

/* A path below HOME that exists, or an empty string. */
bool doctor_home(const char *rest, char *to, size_t size);

/* The checks. */
void doctor_configuration(struct doctor *d);
void doctor_files(struct doctor *d);
void doctor_programs(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_keys(struct doctor *d);
void doctor_bus(struct doctor *d);
void doctor_keyring(struct doctor *d);
void doctor_git(struct doctor *d);
void doctor_docker(struct doctor *d);
void doctor_servers(struct doctor *d);

/* Of doctor_keys.c: what /proc/key-users says of `uid`; false: no line. */
struct doctor_quota {
	long keys, keys_max, bytes, bytes_max;
};
bool doctor_quota_read(const char *text, uid_t uid, struct doctor_quota *ret);

#endif
