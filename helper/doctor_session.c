/* SPDX-License-Identifier: MIT */
/* The session bus and the Secret Service behind it. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "doctor.h"
#include "lines.h"
#include "store.h"
#include "store_worker.h"

/* Nothing is lost where no profile keeps anything there. */
static enum doctor_severity
if_needed(const struct doctor *d)
{
	return d->needs_keyring ? DOCTOR_ERROR : DOCTOR_NOTE;
}

static void
say_what_else(struct doctor *d)
{
	doctor_do(d, "log in through a desktop session or one with a user bus "
		     "(/run/user/UID/bus); where there is none, "
		     "client_secret_file or store = file");
}

/* The value of a "path=" or "abstract=", with its %XX decoded. */
static bool
decode(char *to, size_t size, const char *from, size_t len)
{
	unsigned byte;
	size_t i, n = 0;

	for (i = 0; i < len && n + 1 < size; i++) {
		if (from[i] == '%' && i + 2 < len &&
		    sscanf(from + i + 1, "%2x", &byte) == 1) {
			to[n++] = (char)byte;
			i += 2;
		} else {
			to[n++] = from[i];
		}
	}
	to[n] = '\0';
	return i == len && n > 0;
}

/* Where "unix:path=/run/user/1/bus,guid=..." points to; a socket's length. */
static socklen_t
socket_of(const char *address, struct sockaddr_un *to)
{
	static const char *const names[] = {"path=", "abstract="};
	size_t len = strcspn(address, ";"), i, n;
	bool abstract;
	const char *p = address + 5;

	memset(to, 0, sizeof(*to));
	to->sun_family = AF_UNIX;
	if (strncmp(address, "unix:", 5) != 0)
		return 0;
	while (p < address + len) {
		n = strcspn(p, ",;");
		for (i = 0; i < 2; i++) {
			abstract = i == 1;
			if (strncmp(p, names[i], strlen(names[i])) != 0 ||
			    !decode(to->sun_path + abstract,
				sizeof(to->sun_path) - abstract,
				p + strlen(names[i]), n - strlen(names[i])))
				continue;
			return (
			    socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				       abstract +
				       strlen(to->sun_path + abstract));
		}
		p += n + 1;
	}
	return 0;
}

/* 0, or an errno.  A local socket answers at once or not at all. */
static int
try_socket(const struct sockaddr_un *a, socklen_t len)
{
	CLEANUP_FD int fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno;
	return connect(fd, (const struct sockaddr *)a, len) == 0 ? 0 : errno;
}

void
doctor_bus(struct doctor *d)
{
	char address[STORE_BUS_MAX];
	struct sockaddr_un to;
	struct err err = ERR_INIT;
	socklen_t len;
	struct stat st;
	int e;

	if (store_worker_bus(address, sizeof(address), &err) < 0) {
		doctor_find(d, if_needed(d), "no-bus",
		    "there is no D-Bus session bus: DBUS_SESSION_BUS_ADDRESS "
		    "is not set and /run/user/%ld/bus is not yours",
		    (long)geteuid());
		say_what_else(d);
		return;
	}
	len = socket_of(address, &to);
	if (len == 0) {
		doctor_find(d, if_needed(d), "bus-address",
		    "DBUS_SESSION_BUS_ADDRESS is not a local socket's address: "
		    "it begins with '%.*s'",
		    (int)strcspn(address, ":,"), address);
		say_what_else(d);
		return;
	}
	e = try_socket(&to, len);
	if (e != 0) {
		doctor_find(d, if_needed(d), "bus-dead",
		    "nothing answers at the session bus's address '%s': %s",
		    address, strerror(e));
		doctor_do(d, "the session it belonged to is over: unset "
			     "DBUS_SESSION_BUS_ADDRESS, or log in again");
		return;
	}
	if (to.sun_path[0] != '\0' && stat(to.sun_path, &st) == 0 &&
	    st.st_uid != geteuid() && st.st_uid != 0) {
		doctor_find(d, DOCTOR_ERROR, "bus-foreign",
		    "the session bus at '%s' belongs to uid %ld: secrets would "
		    "go there",
		    to.sun_path, (long)st.st_uid);
		doctor_do(d, "unset DBUS_SESSION_BUS_ADDRESS");
		return;
	}
	d->bus = true;
	doctor_find(
	    d, DOCTOR_OK, "bus", "the session bus answers at '%s'", address);
}

static bool
is_set(const struct lines *a, const char *key)
{
	return lines_number(a, key, 0) == 1;
}

static void
judge_service(struct doctor *d, const struct lines *a)
{
	const char *name = lines_get(a, "service");

	if (name == NULL || *name == '\0')
		name = "a program";
	if (!is_set(a, "ours")) {
		doctor_find(d, DOCTOR_ERROR, "service-foreign",
		    "the Secret Service is '%s', run by another user", name);
		doctor_do(d, "end it, or unset DBUS_SESSION_BUS_ADDRESS");
		return;
	}
	doctor_find(
	    d, DOCTOR_OK, "service", "the Secret Service is '%s'", name);
	if (!is_set(a, "default")) {
		doctor_find(d, if_needed(d), "no-default",
		    "'%s' has no default keyring: there is no place to keep "
		    "secrets in",
		    name);
		doctor_do(d, "make one with its program (seahorse, "
			     "kwalletmanager, KeePassXC's settings for the "
			     "Secret Service) and make it the default");
	} else if (is_set(a, "locked")) {
		doctor_find(
		    d, if_needed(d), "locked", "the default keyring is locked");
		doctor_do(d, "'tokenring login PROFILE' at a terminal unlocks "
			     "it, as logging in to the desktop does");
	} else {
		doctor_find(
		    d, DOCTOR_OK, "default", "the default keyring is unlocked");
	}
	if (!is_set(a, "encrypted"))
		doctor_find(d, DOCTOR_NOTE, "plain-session",
		    "'%s' takes plain sessions only: secrets cross the bus "
		    "unencrypted, which nobody but you can read",
		    name);
}

void
doctor_keyring(struct doctor *d)
{
	struct store s = {.backend = STORE_SECRET_SERVICE};
	SECBUF q = SECBUF_INIT(LINES_MESSAGE_MAX);
	LINES a = LINES_INIT;
	struct err err = ERR_INIT;

	if (!d->bus) {
		doctor_find(d, DOCTOR_NOTE, "not-examined",
		    "not examined: there is no session bus to find it on");
		return;
	}
	if (store_worker_begin(&s, "describe", &q, &err) < 0 ||
	    store_worker_ask(&s, &q, false, &a, &err) < 0) {
		doctor_find(d, if_needed(d), "unreachable",
		    "the Secret Service cannot be examined: %s", err.msg);
		doctor_do(d, "if it hangs, end it (gnome-keyring-daemon, "
			     "kwalletd, KeePassXC) and log in again");
		return;
	}
	if (is_set(&a, "running")) {
		judge_service(d, &a);
	} else if (is_set(&a, "activatable")) {
		doctor_find(d, DOCTOR_NOTE, "not-running",
		    "no Secret Service is running; the bus starts one when it "
		    "is first asked");
	} else {
		doctor_find(d, if_needed(d), "no-service",
		    "the session bus has no Secret Service");
		doctor_do(d, "install and start one: gnome-keyring, KWallet or "
			     "KeePassXC; where there is none, "
			     "client_secret_file or store = file");
	}
}
