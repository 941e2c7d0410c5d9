/* SPDX-License-Identifier: MIT */
/* Files and directories beside the configuration: whose, and how open. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dirs.h"
#include "doctor.h"
#include "io.h"

#define ENTRIES_MAX 2000   /* of a directory that are looked at */
#define PEM_MAX     524288 /* bytes of a ca_file, as in net.c */

/* Everything in it is ours and closed to others, whatever made it. */
static void
look_into(struct doctor *d, const char *path, bool deeper)
{
	DIR *dir = opendir(path);
	char name[PATH_MAX];
	struct dirent *e;
	struct stat st;
	int n = 0;

	while (dir != NULL && (e = readdir(dir)) != NULL && n++ < ENTRIES_MAX) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    snprintf(name, sizeof(name), "%s/%s", path, e->d_name) >=
			(int)sizeof(name) ||
		    lstat(name, &st) < 0)
			continue;
		if (S_ISLNK(st.st_mode)) {
			doctor_find(d, DOCTOR_WARNING, "link",
			    "'%s' is a symbolic link, which is never followed "
			    "there",
			    name);
			doctor_do(d, "remove it");
			continue;
		}
		(void)doctor_judge_mode(d, name, "the file", &st, true);
		if (deeper && S_ISDIR(st.st_mode))
			look_into(d, name, false);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

/* A directory that is used only if it is ours and mode 0700 (dirs.h). */
static bool
look_at_directory(struct doctor *d, const char *path, const char *what)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return true; /* made when it is needed */
	if (!S_ISDIR(st.st_mode)) {
		doctor_find(d, DOCTOR_ERROR, "not-a-directory", "%s '%s' is %s",
		    what, path,
		    S_ISLNK(st.st_mode) ? "a symbolic link, which is not "
					  "followed"
					: "not a directory");
		doctor_do(d, "remove it; it is made when it is needed");
		return false;
	}
	if (st.st_uid != geteuid()) {
		doctor_find(d, DOCTOR_ERROR, "foreign-directory",
		    "%s '%s' belongs to uid %ld", what, path, (long)st.st_uid);
		doctor_do(d, "have it removed by that user or by root; it is "
			     "made when it is needed");
		return false;
	}
	if (!doctor_judge_mode(d, path, what, &st, true))
		return false;
	look_into(d, path, true);
	return true;
}

static void
look_at_state(struct doctor *d)
{
	struct err ignored = ERR_INIT;
	char path[PATH_MAX], parent[PATH_MAX], *slash;
	size_t n = d->n;

	if (dirs_state_path(path, sizeof(path), &ignored) < 0)
		return; /* said by the configuration's check */
	if (!look_at_directory(d, path, "the state directory"))
		return;
	/* The nearest one that is there must let us make the rest. */
	memcpy(parent, path, sizeof(parent));
	while (access(parent, F_OK) < 0 &&
	       (slash = strrchr(parent, '/')) != NULL && slash != parent)
		*slash = '\0';
	if (access(parent, W_OK | X_OK) < 0) {
		doctor_find(d, DOCTOR_ERROR, "read-only",
		    "the state directory '%s' cannot be written to: '%s': %s",
		    path, parent, strerror(errno));
		doctor_do(d, "make it writable, or set XDG_STATE_HOME; until "
			     "then only cached tokens are answered");
	}
	if (d->n == n)
		doctor_find(
		    d, DOCTOR_OK, "state", "state is kept in '%s'", path);
}

/* Where tokens are kept that the kernel does not take, and journals. */
static void
look_at_runtime(struct doctor *d)
{
	char path[2][64];
	struct err err = ERR_INIT;
	int i, fd = -1, place = 0;
	struct stat st;

	(void)snprintf(path[0], sizeof(path[0]), "/run/user/%ld/tokenring",
	    (long)geteuid());
	(void)snprintf(path[1], sizeof(path[1]), "/dev/shm/tokenring-%ld",
	    (long)geteuid());
	for (i = 0; i < 2; i++)
		(void)look_at_directory(d, path[i], "the runtime directory");
	fd = dirs_runtime_next(&place);
	if (fd >= 0) {
		(void)close(fd);
		return;
	}
	(void)err;
	/* Not there yet: could it be made? */
	*strrchr(path[0], '/') = '\0';
	if ((access(path[0], W_OK) == 0 && lstat(path[0], &st) == 0 &&
		st.st_uid == geteuid()) ||
	    (access("/dev/shm", W_OK) == 0 && lstat(path[1], &st) < 0))
		return;
	doctor_find(d, DOCTOR_WARNING, "no-tmpfs",
	    "neither '%s' nor /dev/shm can be written to: a kill during a "
	    "renewal can lose a sign-in",
	    path[0]);
	doctor_do(d,
	    "log in through a session that has /run/user/%ld, or "
	    "mount a tmpfs on /dev/shm",
	    (long)geteuid());
}

/* A file that the configuration names; false if it cannot be used. */
static bool
look_at_named(struct doctor *d, const struct profile *p, enum conf_key key,
    struct stat *st)
{
	const char *path = profile_get(p, key), *why = NULL;

	if (path == NULL)
		return false;
	if (stat(path, st) < 0)
		why = strerror(errno);
	else if (!S_ISREG(st->st_mode))
		why = "it is not a regular file";
	else if (access(path, R_OK) < 0)
		why = strerror(errno);
	else if (st->st_size == 0)
		why = "it is empty";
	if (why == NULL)
		return true;
	doctor_find(d, DOCTOR_ERROR, "file", "profile '%s': %s '%s': %s",
	    p->name, conf_keys[key].name, path, why);
	doctor_do(d,
	    "put the file there, readable by you, or correct the "
	    "path in '%s'",
	    p->file);
	return false;
}

static void
look_at_secret_file(struct doctor *d, const struct profile *p)
{
	const char *path = profile_get(p, CONF_CLIENT_SECRET_FILE);
	char quoted[DOCTOR_QUOTED_MAX];
	struct stat st;

	if (!look_at_named(d, p, CONF_CLIENT_SECRET_FILE, &st))
		return;
	if (!doctor_judge_mode(d, path, "the client_secret_file", &st, false))
		return;
	/* A group of one's own may read; a credential of systemd's is so. */
	if ((st.st_mode & S_IROTH) == 0)
		return;
	doctor_find(d, DOCTOR_ERROR, "secret-readable",
	    "profile '%s': everyone can read the client_secret_file '%s' "
	    "(mode %03o)",
	    p->name, path, (unsigned)st.st_mode & 07777);
	doctor_do(d, "chmod 600 %s, and have a new secret issued",
	    doctor_quote(quoted, path));
}

static void
look_at_ca_file(struct doctor *d, const struct profile *p)
{
	SECBUF pem = SECBUF_INIT(PEM_MAX);
	const char *path = profile_get(p, CONF_CA_FILE);
	struct err err = ERR_INIT;
	struct stat st;

	if (!look_at_named(d, p, CONF_CA_FILE, &st) ||
	    !doctor_judge_mode(d, path, "the ca_file", &st, false))
		return;
	if (io_read_named(path, &pem, &err) < 0) {
		doctor_find(d, DOCTOR_ERROR, "file",
		    "profile '%s': ca_file: %s", p->name, err.msg);
		return;
	}
	if (strstr(pem.ptr, "-----BEGIN CERTIFICATE-----") == NULL &&
	    strstr(pem.ptr, "-----BEGIN TRUSTED CERTIFICATE-----") == NULL) {
		doctor_find(d, DOCTOR_ERROR, "no-certificate",
		    "profile '%s': the ca_file '%s' holds no PEM certificate",
		    p->name, path);
		doctor_do(d, "if it is DER: openssl x509 -inform DER -in FILE "
			     "-out NEW.pem, and name that");
	}
	if (strstr(pem.ptr, "PRIVATE KEY-----") == NULL)
		return;
	doctor_find(d, DOCTOR_WARNING, "private-key",
	    "profile '%s': the ca_file '%s' holds a private key, which has no "
	    "business there",
	    p->name, path);
	doctor_do(d, "keep the certificate alone in that file");
}

void
doctor_files(struct doctor *d)
{
	const struct conf *c = d->front->conf;
	size_t i;

	look_at_state(d);
	look_at_runtime(d);
	for (i = 0; c != NULL && i < conf_count(c); i++) {
		look_at_secret_file(d, conf_at(c, i));
		look_at_ca_file(d, conf_at(c, i));
	}
}
