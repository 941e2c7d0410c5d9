/* SPDX-License-Identifier: MIT */
/* Our own programs: there, ours, of one version, and found by tools. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "doctor.h"
#include "io.h"
#include "tool.h"

#define VERSION_MS 1500

static void
look_at_worker(struct doctor *d, const char *path, const char *loses)
{
	char *argv[] = {(char *)path, (char *)"--version", NULL};
	SECBUF out = SECBUF_INIT(200);
	char shown[64];
	const char *version;
	struct err err = ERR_INIT;

	if (access(path, X_OK) < 0) {
		doctor_find(d, DOCTOR_ERROR, "worker-missing",
		    "'%s' cannot be run: %s; without it %s", path,
		    strerror(errno), loses);
		doctor_do(d, "install tokenring again");
		return;
	}
	if (child_trusted(path, &err) < 0) {
		doctor_find(d, DOCTOR_ERROR, "worker-refused", "%s", err.msg);
		doctor_do(d, "install tokenring again, as root");
		return;
	}
	if (doctor_run(d, argv, NULL, VERSION_MS, &out, &err) < 0) {
		doctor_find(d, DOCTOR_ERROR, "worker-broken",
		    "'%s' does not work: %s; without it %s", path, err.msg,
		    loses);
		doctor_do(d,
		    "run '%s --version' to see why; install what it "
		    "lacks",
		    path);
		return;
	}
	out.ptr[strcspn(out.ptr, "\n")] = '\0';
	err_printable(shown, sizeof(shown), out.ptr);
	version = strrchr(shown, ' ');
	if (version == NULL || strcmp(version + 1, VERSION) != 0) {
		doctor_find(d, DOCTOR_WARNING, "worker-version",
		    "'%s' is of another version ('%s') than tokenring (%s)",
		    path, shown, VERSION);
		doctor_do(d, "install all of tokenring's programs from one "
			     "build");
		return;
	}
	doctor_find(d, DOCTOR_OK, "worker", "%s", shown);
}

/* git finds its helper by name alone. */
static void
look_for_link(struct doctor *d)
{
	char self[PATH_MAX], found[PATH_MAX], quoted[DOCTOR_QUOTED_MAX], *end;
	struct stat ours, theirs;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return;
	self[n] = '\0';
	if (!tool_find("git-credential-tokenring", found, sizeof(found))) {
		doctor_find(d, DOCTOR_WARNING, "not-in-path",
		    "PATH has no git-credential-tokenring: 'helper = "
		    "tokenring' in git's configuration finds nothing");
		end = strrchr(self, '/');
		*end = '\0';
		doctor_do(d, "export PATH=%s:\"$PATH\"",
		    doctor_quote(quoted, *self != '\0' ? self : "/"));
		return;
	}
	if (stat(self, &ours) == 0 && stat(found, &theirs) == 0 &&
	    (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)) {
		doctor_find(d, DOCTOR_WARNING, "other-installation",
		    "git runs '%s', which is another program than this one, "
		    "'%s'",
		    found, self);
		doctor_do(d, "remove the one that is not wanted, or change "
			     "PATH");
		return;
	}
	doctor_find(d, DOCTOR_OK, "path", "git finds '%s'", found);
}

void
doctor_programs(struct doctor *d)
{
	look_at_worker(
	    d, LIBEXECDIR "/tokenring-net", "no token can be asked for");
	look_at_worker(
	    d, LIBEXECDIR "/tokenring-secret", "the keyring is out of reach");
	look_for_link(d);
}
