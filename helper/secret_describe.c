/* SPDX-License-Identifier: MIT */
#include "secret_describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "io.h"
#include "secret_search.h"

#define BUS           "org.freedesktop.DBus"
#define BUS_PATH      "/org/freedesktop/DBus"
#define SECRETS       "org.freedesktop.secrets"
#define SESSION_IFACE "org.freedesktop.Secret.Session"
#define DH            "dh-ietf1024-sha256-aes128-cbc-pkcs7"
#define DH_LEN        128 /* bytes of a public key of it */
#define COMM_MAX      64

/* A method of the bus itself, which starts nothing. */
static GVariant *
ask_bus(
    struct keyring *k, const char *method, const char *name, const char *type)
{
	return g_dbus_connection_call_sync(k->bus, BUS, BUS_PATH, BUS, method,
	    name != NULL ? g_variant_new("(s)", name) : NULL,
	    G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT,
	    NULL, NULL);
}

/* A number that the bus tells of the service's owner, or -1. */
static int64_t
owner_number(struct keyring *k, const char *method)
{
	g_autoptr(GVariant) v = ask_bus(k, method, SECRETS, "(u)");
	guint32 n;

	if (v == NULL)
		return -1;
	g_variant_get(v, "(u)", &n);
	return n;
}

static bool
is_running(struct keyring *k)
{
	g_autoptr(GVariant) v = ask_bus(k, "NameHasOwner", SECRETS, "(b)");
	gboolean has = FALSE;

	if (v != NULL)
		g_variant_get(v, "(b)", &has);
	return has;
}

static bool
is_activatable(struct keyring *k)
{
	g_autoptr(GVariant) v =
	    ask_bus(k, "ListActivatableNames", NULL, "(as)");
	g_auto(GStrv) names = NULL;

	if (v == NULL)
		return false;
	g_variant_get(v, "(^as)", &names);
	return g_strv_contains((const char *const *)names, SECRETS);
}

/* The program's name as the kernel has it: whoever runs it chose it. */
static int
add_program(struct keyring *k, struct err *err)
{
	SECBUF comm = SECBUF_INIT(COMM_MAX);
	struct err ignored = ERR_INIT;
	char path[64], shown[COMM_MAX + 1];
	int64_t pid = owner_number(k, "GetConnectionUnixProcessID");

	if (pid <= 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%lld/comm", (long long)pid);
	if (io_read_named(path, &comm, &ignored) < 0)
		return 0;
	comm.ptr[strcspn(comm.ptr, "\n")] = '\0';
	return lines_add_some(k->answer, "service",
	    err_printable(shown, sizeof(shown), comm.ptr), err);
}

/* Any number is a public key; the session is of no use and ends at once. */
static bool
can_encrypt(struct keyring *k)
{
	unsigned char key[DH_LEN];
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GVariant) closed = NULL;
	g_autofree char *session = NULL;
	struct err ignored = ERR_INIT;

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return false;
	key[0] &= 0x7f;
	reply = keyring_ask(k, SERVICE_PATH, "OpenSession",
	    g_variant_new("(sv)", DH,
		g_variant_new_fixed_array(
		    G_VARIANT_TYPE_BYTE, key, sizeof(key), 1)),
	    "(vo)", &ignored);
	if (reply == NULL)
		return false;
	g_variant_get_child(reply, 1, "o", &session);
	closed = g_dbus_connection_call_sync(k->bus, k->owner, session,
	    SESSION_IFACE, "Close", NULL, NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START,
	    G_MAXINT, NULL, NULL);
	return true;
}

static int
add_default(struct keyring *k, struct err *err)
{
	g_autofree char *collection = NULL;
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GVariant) is_locked = NULL;
	bool locked;

	if (keyring_default(k, &collection, err) < 0)
		return err->code;
	if (lines_add_number(k->answer, "default", collection != NULL, err) <
		0 ||
	    collection == NULL)
		return err->code;
	reply = keyring_ask(k, collection, "Get",
	    g_variant_new("(ss)", COLL_IFACE, "Locked"), "(v)", err);
	if (reply == NULL)
		return err->code;
	g_variant_get(reply, "(v)", &is_locked);
	locked = !g_variant_is_of_type(is_locked, G_VARIANT_TYPE_BOOLEAN) ||
		 g_variant_get_boolean(is_locked);
	return lines_add_number(k->answer, "locked", locked, err);
}

int
op_describe(struct keyring *k, struct err *err)
{
	bool running = is_running(k);
	bool ours = false;

	if (lines_add_number(k->answer, "running", running, err) < 0 ||
	    lines_add_number(k->answer, "activatable", is_activatable(k), err) <
		0)
		return err->code;
	if (!running)
		return 0;
	ours = owner_number(k, "GetConnectionUnixUser") == (int64_t)geteuid();
	if (lines_add_number(k->answer, "ours", ours, err) < 0 ||
	    add_program(k, err) < 0)
		return err->code;
	/* A stranger is told nothing. */
	if (!ours)
		return 0;
	if (add_default(k, err) < 0)
		return err->code;
	return lines_add_number(k->answer, "encrypted", can_encrypt(k), err);
}
