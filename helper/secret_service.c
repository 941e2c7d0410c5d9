/* SPDX-License-Identifier: MIT */
#include "secret_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUS_NAME    "org.freedesktop.secrets"
#define PROPS_IFACE "org.freedesktop.DBus.Properties"
#define FIRST_TRIES 3

static bool
is_unreachable(const GError *e)
{
	static const int codes[] = {G_DBUS_ERROR_SERVICE_UNKNOWN,
	    G_DBUS_ERROR_NAME_HAS_NO_OWNER, G_DBUS_ERROR_NO_REPLY,
	    G_DBUS_ERROR_TIMEOUT, G_DBUS_ERROR_TIMED_OUT,
	    G_DBUS_ERROR_DISCONNECTED, G_DBUS_ERROR_NO_SERVER,
	    G_DBUS_ERROR_IO_ERROR, G_DBUS_ERROR_SPAWN_EXEC_FAILED,
	    G_DBUS_ERROR_SPAWN_FORK_FAILED, G_DBUS_ERROR_SPAWN_CHILD_EXITED,
	    G_DBUS_ERROR_SPAWN_CHILD_SIGNALED, G_DBUS_ERROR_SPAWN_FAILED,
	    G_DBUS_ERROR_SPAWN_SETUP_FAILED, G_DBUS_ERROR_SPAWN_FILE_INVALID};
	size_t i;

	if (e->domain == G_IO_ERROR)
		return e->code != G_IO_ERROR_DBUS_ERROR;
	for (i = 0; i < G_N_ELEMENTS(codes); i++)
		if (g_error_matches(e, G_DBUS_ERROR, codes[i]))
			return true;
	return false;
}

int
keyring_locked(struct err *err)
{
	return err_set(err, ERR_LOCKED, "the keyring is locked");
}

int
keyring_fail(struct err *err, const char *what, GError *e)
{
	char text[ERR_TEXT_MAX / 2];

	if (e == NULL)
		return err_set(err, ERR_INTERNAL,
		    "%s: the keyring service gave no reason", what);
	if (g_error_matches(e, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
		return keyring_locked(err);
	if (g_error_matches(e, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT))
		return err_set(err, ERR_NOTFOUND, "the item is gone");
	(void)g_dbus_error_strip_remote_error(e);
	err_printable(text, sizeof(text), e->message);
	if (g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED) ||
	    g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_AUTH_FAILED))
		return err_set(err, ERR_DENIED, "%s: %s", what, text);
	if (is_unreachable(e))
		return err_set(err, ERR_UNAVAIL,
		    "the keyring service is out of reach: %s", text);
	return err_set(err, ERR_INTERNAL, "%s: %s", what, text);
}

/* Refuse every prompt, whichever way libsecret takes to it. */
static GVariant *
refuse_sync(SecretService *service, SecretPrompt *prompt,
    GCancellable *cancellable, const GVariantType *type, GError **e)
{
	(void)service, (void)prompt, (void)cancellable, (void)type;
	g_set_error_literal(
	    e, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "prompt refused");
	return NULL;
}

static void
refuse_async(SecretService *service, SecretPrompt *prompt,
    const GVariantType *type, GCancellable *cancellable,
    GAsyncReadyCallback done, gpointer data)
{
	g_autoptr(GTask) task = g_task_new(service, cancellable, done, data);

	(void)prompt, (void)type;
	g_task_return_new_error(
	    task, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "prompt refused");
}

static GVariant *
refuse_finish(SecretService *service, GAsyncResult *result, GError **e)
{
	(void)service;
	return g_task_propagate_pointer(G_TASK(result), e);
}

/*
 * libsecret's constructor puts a proxy's defaults in the place of the flags it
 * was told, which cost six calls more: put the flags back.
 */
static GObject *
construct(GType type, guint n, GObjectConstructParam *told)
{
	GObjectClass *parent = g_type_class_peek(SECRET_TYPE_SERVICE);
	GObject *object = parent->constructor(type, n, told);
	guint i;

	for (i = 0; object != NULL && i < n; i++)
		if (strcmp(told[i].pspec->name, "g-flags") == 0)
			g_object_set_property(object, "g-flags", told[i].value);
	return object;
}

static void
class_init(gpointer class, gpointer prompt)
{
	SecretServiceClass *k = class;

	G_OBJECT_CLASS(class)->constructor = construct;
	if (prompt != NULL)
		return;
	k->prompt_sync = refuse_sync;
	k->prompt_async = refuse_async;
	k->prompt_finish = refuse_finish;
}

static GType
service_type(bool prompt)
{
	GTypeInfo info = {.class_size = sizeof(SecretServiceClass),
	    .class_init = class_init,
	    .class_data = GINT_TO_POINTER(prompt),
	    .instance_size = sizeof(SecretService)};

	return g_type_register_static(
	    SECRET_TYPE_SERVICE, "TokenringService", &info, (GTypeFlags)0);
}

/*
 * Connect to the address we were given and to no other: without one GLib would
 * start a bus of its own (autolaunch), where no keyring can be.
 */
int
keyring_open_bus(struct keyring *k, struct err *err)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *p;
	g_autoptr(GError) e = NULL;

	if (address == NULL || *address == '\0')
		return err_set(err, ERR_UNAVAIL, "no D-Bus session bus");
	for (p = address; p != NULL; p = strchr(p, ';')) {
		p += *p == ';';
		if (*p != '\0' && strncmp(p, "unix:", 5) != 0)
			return err_set(err, ERR_UNAVAIL,
			    "no D-Bus session bus: the address is not a "
			    "local socket's");
	}
	/* GLib's shared connection, which libsecret insists on. */
	k->bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &e);
	if (k->bus == NULL) {
		char text[ERR_TEXT_MAX / 2];

		err_printable(text, sizeof(text), e ? e->message : "");
		return err_set(
		    err, ERR_UNAVAIL, "no D-Bus session bus: %s", text);
	}
	g_dbus_connection_set_exit_on_close(k->bus, FALSE);
	return 0;
}

/* The reply, which may be an error; NULL with `e`: none came. */
static GDBusMessage *
send_call(struct keyring *k, const char *path, const char *method,
    GVariant *args, GError **e)
{
	const char *iface =
	    strcmp(path, SERVICE_PATH) == 0 ? SERVICE_IFACE : PROPS_IFACE;
	g_autoptr(GDBusMessage) call = g_dbus_message_new_method_call(
	    k->owner[0] != '\0' ? k->owner : BUS_NAME, path, iface, method);

	g_dbus_message_set_body(call, args);
	return g_dbus_connection_send_message_with_reply_sync(k->bus, call,
	    G_DBUS_SEND_MESSAGE_FLAGS_NONE, G_MAXINT, NULL, NULL, e);
}

/*
 * The first reply tells who owns the service's name; everything later goes to
 * that process, which saves libsecret's own look-ups of the name and cannot
 * mix two services.  A gnome-keyring that is busy with others may not know a
 * caller yet when his first call is there, and denies that it has the method:
 * that one is repeated.
 */
GVariant *
keyring_ask(struct keyring *k, const char *path, const char *method,
    GVariant *args, const char *type, struct err *err)
{
	const char *sender;
	g_autoptr(GVariant) kept = g_variant_ref_sink(args);
	g_autoptr(GDBusMessage) reply = NULL;
	g_autoptr(GError) e = NULL;
	GVariant *body;
	int tries = k->owner[0] == '\0' ? FIRST_TRIES : 1;

	do {
		g_clear_error(&e);
		g_clear_object(&reply);
		reply = send_call(k, path, method, kept, &e);
		if (reply != NULL)
			(void)g_dbus_message_to_gerror(reply, &e);
	} while (
	    g_error_matches(e, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) &&
	    --tries > 0);
	if (e != NULL) {
		keyring_fail(err, method, e);
		return NULL;
	}
	body = g_dbus_message_get_body(reply);
	sender = g_dbus_message_get_sender(reply);
	if (body == NULL || sender == NULL ||
	    !g_variant_is_of_type(body, G_VARIANT_TYPE(type))) {
		err_set(err, ERR_INTERNAL,
		    "%s: the keyring service's answer has an unknown form",
		    method);
		return NULL;
	}
	if (k->owner[0] == '\0' && strlen(sender) < sizeof(k->owner))
		(void)snprintf(k->owner, sizeof(k->owner), "%s", sender);
	return g_variant_ref(body);
}

/*
 * Of all ways to tell libsecret the peer's name only this variable reaches it.
 */
int
keyring_open_service(struct keyring *k, struct err *err)
{
	g_autoptr(GError) e = NULL;

	if (k->service != NULL)
		return 0;
	if (setenv("SECRET_SERVICE_BUS_NAME", k->owner, 1) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	k->service =
	    g_initable_new(service_type(k->prompt), NULL, &e, "g-flags",
		G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES |
		    G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS |
		    G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START,
		"flags", SECRET_SERVICE_NONE, NULL);
	if (k->service == NULL)
		return keyring_fail(err, "cannot open the keyring", e);
	return 0;
}
