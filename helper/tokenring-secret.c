/* SPDX-License-Identifier: MIT */
/*
 * The only program that speaks with the Secret Service, so that nothing else
 * loads libsecret and GLib.  One request on descriptor 0, one answer on 1, both
 * in the format of lines.h, then exit: 0 if an answer was written.
 *
 * Request: op=put|get|erase|list|probe, timeout_ms, prompt=1 (a person is
 * there), fp, kind, label, payload[] (put: the secret's lines).
 * Answer: result=ok|notfound|locked|unreachable|denied|canceled|failed, message
 * (if not ok), payload[] (get), item[] (list: "open|locked FP KIND LABEL"; FP
 * is "-" if a locked keyring does not tell it and none of the request's fp[] is
 * it; a locked item may have no label).
 *
 * Nobody is asked anything without prompt=1, and a service that does not answer
 * cannot hold this program: a timer answers for it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#define SECRET_WITH_UNSTABLE
#define SECRET_API_SUBJECT_TO_CHANGE
#include <libsecret/secret.h>

#include "cleanup.h"
#include "err.h"
#include "io.h"
#include "lines.h"
#include "secbuf.h"

#define SCHEMA        "io.github.tokenring"
#define BUS_NAME      "org.freedesktop.secrets"
#define SERVICE_PATH  "/org/freedesktop/secrets"
#define SERVICE_IFACE "org.freedesktop.Secret.Service"
#define ITEM_IFACE    "org.freedesktop.Secret.Item"
#define COLL_IFACE    "org.freedesktop.Secret.Collection"
#define PROPS_IFACE   "org.freedesktop.DBus.Properties"

#define TIMEOUT_MS        3000
#define PROMPT_TIMEOUT_MS 120000
#define TIMEOUT_MAX_MS    600000
#define SECRET_MAX        LINES_MESSAGE_MAX               /* bytes, decoded */
#define STORED_MAX        (LINES_MESSAGE_MAX / 3 * 4 + 8) /* base64url */
#define LIST_MAX          8192                            /* items told */

static const char *const kinds[] = {
    "refresh", "client-secret", "password", "access", NULL};

struct keyring {
	const struct lines *request;
	struct secbuf *answer;
	bool prompt;
	bool unlocked; /* something was, by us */
	GDBusConnection *bus;
	char owner[256]; /* the unique name that answered first */
	SecretService *service;
};

static void
keyring_close(struct keyring *k)
{
	g_clear_object(&k->service);
	g_clear_object(&k->bus);
}

static bool
is_fp(const char *s)
{
	return strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

/* The answer is written once, by main or by the timer, whichever is first. */
static atomic_flag answered = ATOMIC_FLAG_INIT;
static char late_answer[256];
static size_t late_len;

static void
on_timer(int sig)
{
	(void)sig;
	if (atomic_flag_test_and_set(&answered))
		_exit(1);
	_exit(write(1, late_answer, late_len) == (ssize_t)late_len ? 0 : 1);
}

/* GDBus waits 25 s for a stopped service, and for ever for a lost prompt. */
static void
set_timer(int64_t ms)
{
	struct sigaction sa = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
	struct itimerval t = {.it_value = {ms / 1000, ms % 1000 * 1000}};
	struct itimerval off = {.it_value = {0, 0}};
	sigset_t alarm_only;

	(void)setitimer(ITIMER_REAL, &off, NULL);
	late_len = (size_t)snprintf(late_answer, sizeof(late_answer),
	    "version=1\nresult=unreachable\nmessage=the keyring service did "
	    "not answer within %g s\nend=ok\n",
	    (double)ms / 1000);
	(void)sigaction(SIGALRM, &sa, NULL);
	(void)sigemptyset(&alarm_only);
	(void)sigaddset(&alarm_only, SIGALRM);
	(void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	(void)setitimer(ITIMER_REAL, &t, NULL);
}

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

static int
locked(struct err *err)
{
	return err_set(err, ERR_LOCKED, "the keyring is locked");
}

/* Record what GLib or the service said; a NULL error is one without reason. */
static int
fail(struct err *err, const char *what, const GError *e)
{
	char text[ERR_TEXT_MAX / 2];

	if (e == NULL)
		return err_set(err, ERR_INTERNAL,
		    "%s: the keyring service gave no reason", what);
	if (g_error_matches(e, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
		return locked(err);
	if (g_error_matches(e, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT))
		return err_set(err, ERR_NOTFOUND, "the item is gone");
	(void)g_dbus_error_strip_remote_error((GError *)e);
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
	    .class_data = prompt ? &info : NULL,
	    .instance_size = sizeof(SecretService)};

	return g_type_register_static(
	    SECRET_TYPE_SERVICE, "TokenringService", &info, (GTypeFlags)0);
}

/*
 * Connect to the address we were given and to no other: without one GLib would
 * start a bus of its own (autolaunch), where no keyring can be.
 */
static int
open_bus(struct keyring *k, struct err *err)
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

/*
 * Call a method of the service itself, or one of another object's properties.
 * The first reply tells who owns the service's name; everything later goes to
 * that process, which saves libsecret's own look-ups of the name and cannot
 * mix two services.
 */
static GVariant *
ask(struct keyring *k, const char *path, const char *method, GVariant *args,
    const char *type, struct err *err)
{
	const char *sender, *iface = strcmp(path, SERVICE_PATH) == 0
					 ? SERVICE_IFACE
					 : PROPS_IFACE;
	g_autoptr(GDBusMessage) call = g_dbus_message_new_method_call(
	    k->owner[0] != '\0' ? k->owner : BUS_NAME, path, iface, method);
	g_autoptr(GDBusMessage) reply = NULL;
	g_autoptr(GError) e = NULL;
	GVariant *body;

	g_dbus_message_set_body(call, args);
	reply = g_dbus_connection_send_message_with_reply_sync(k->bus, call,
	    G_DBUS_SEND_MESSAGE_FLAGS_NONE, G_MAXINT, NULL, NULL, &e);
	if (reply == NULL || g_dbus_message_to_gerror(reply, &e)) {
		fail(err, method, e);
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
		(void)strcpy(k->owner, sender);
	return g_variant_ref(body);
}

/*
 * Everything that needs libsecret; after the first ask().  Of all ways to tell
 * libsecret the peer's name only this variable reaches it.
 */
static int
open_service(struct keyring *k, struct err *err)
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
		return fail(err, "cannot open the keyring", e);
	return 0;
}

static GVariant *
attributes(const char *schema, const char *fp, const char *kind)
{
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE("a{ss}"));
	if (schema != NULL)
		g_variant_builder_add(&b, "{ss}", "xdg:schema", schema);
	g_variant_builder_add(&b, "{ss}", "v", "1");
	if (fp != NULL)
		g_variant_builder_add(&b, "{ss}", "fp", fp);
	if (kind != NULL)
		g_variant_builder_add(&b, "{ss}", "kind", kind);
	return g_variant_builder_end(&b);
}

/* The paths of items, those that can be read and those that are locked. */
struct found {
	char **open, **locked;
};

static void
found_release(struct found *f)
{
	g_clear_pointer(&f->open, g_strfreev);
	g_clear_pointer(&f->locked, g_strfreev);
}

/*
 * Search by the request's attributes, but not by xdg:schema: gnome-keyring
 * forgets that one while a keyring is locked, and nothing would be found.
 */
static int
find(struct keyring *k, struct found *ret, struct err *err)
{
	const char *fp = lines_get(k->request, "fp");
	const char *kind = lines_get(k->request, "kind");
	g_autoptr(GVariant) found = ask(k, SERVICE_PATH, "SearchItems",
	    g_variant_new("(@a{ss})", attributes(NULL, fp, kind)), "(aoao)",
	    err);

	if (found == NULL)
		return err->code;
	found_release(ret);
	g_variant_get(found, "(^ao^ao)", &ret->open, &ret->locked);
	return 0;
}

/* Ask the person who is there. */
static int
unlock_by_prompt(struct keyring *k, const char *path, struct err *err)
{
	const char *paths[] = {path, NULL};
	g_auto(GStrv) unlocked = NULL;
	g_autoptr(GError) e = NULL;

	if (open_service(k, err) < 0)
		return err->code;
	if (secret_service_unlock_dbus_paths_sync(
		k->service, paths, NULL, &unlocked, &e) > 0)
		return 0;
	if (e != NULL)
		return fail(err, "cannot unlock the keyring", e);
	return err_set(err, ERR_CANCELED,
	    "the keyring was not unlocked: the prompt was dismissed");
}

/*
 * Unlock a collection or an item.  A service that has the password already, by
 * PAM, does so without a prompt; else only a person who is there is asked.
 */
static int
unlock(struct keyring *k, const char *path, struct err *err)
{
	const char *paths[] = {path, NULL};
	g_autoptr(GVariant) unlocked = NULL;
	g_autoptr(GVariant) reply = ask(k, SERVICE_PATH, "Unlock",
	    g_variant_new("(^ao)", paths), "(aoo)", err);

	if (reply == NULL)
		return err->code;
	unlocked = g_variant_get_child_value(reply, 0);
	if (g_variant_n_children(unlocked) == 0) {
		if (!k->prompt)
			return locked(err);
		if (unlock_by_prompt(k, path, err) < 0)
			return err->code;
	}
	k->unlocked = true;
	return 0;
}

/* The default collection's path into `ret`, NULL if there is none. */
static int
default_collection(struct keyring *k, char **ret, struct err *err)
{
	g_autoptr(GVariant) v = ask(k, SERVICE_PATH, "ReadAlias",
	    g_variant_new("(s)", "default"), "(o)", err);

	if (v == NULL)
		return err->code;
	g_variant_get(v, "(o)", ret);
	if (strcmp(*ret, "/") == 0)
		g_clear_pointer(ret, g_free);
	return 0;
}

static int
ensure_unlocked(struct keyring *k, const char *collection, struct err *err)
{
	g_autoptr(GVariant) is_locked = NULL;
	g_autoptr(GVariant) reply = ask(k, collection, "Get",
	    g_variant_new("(ss)", COLL_IFACE, "Locked"), "(v)", err);

	if (reply == NULL)
		return err->code;
	g_variant_get(reply, "(v)", &is_locked);
	if (g_variant_is_of_type(is_locked, G_VARIANT_TYPE_BOOLEAN) &&
	    !g_variant_get_boolean(is_locked))
		return 0;
	return unlock(k, collection, err);
}

/*
 * As find(), and at least one item.  Some services (KeePassXC) find nothing in
 * a locked keyring: there "none" means locked until it has been unlocked.
 */
static int
find_some(struct keyring *k, struct found *ret, struct err *err)
{
	g_autofree char *collection = NULL;

	if (find(k, ret, err) < 0)
		return err->code;
	if (ret->open[0] == NULL && ret->locked[0] == NULL) {
		if (default_collection(k, &collection, err) < 0 ||
		    (collection != NULL &&
			ensure_unlocked(k, collection, err) < 0) ||
		    (k->unlocked && find(k, ret, err) < 0))
			return err->code;
	}
	if (ret->open[0] == NULL && ret->locked[0] == NULL)
		return err_set(err, ERR_NOTFOUND, "the keyring has no item");
	return 0;
}

/* Base64url without padding: the one form that survives every keyring file. */
static int
encode(const struct secbuf *from, struct secbuf *to)
{
	int state = 0, save = 0;
	char *s;
	size_t n;

	secbuf_reset(to);
	s = secbuf_space(to, from->len / 3 * 4 + 8);
	if (s == NULL)
		return -1;
	n = g_base64_encode_step(
	    (const guchar *)from->ptr, from->len, FALSE, s, &state, &save);
	n += g_base64_encode_close(FALSE, s + n, &state, &save);
	while (n > 0 && s[n - 1] == '=')
		n--;
	secbuf_grown(to, n);
	for (; n > 0; n--, s++)
		*s = *s == '+' ? '-' : *s == '/' ? '_' : *s;
	return 0;
}

static int
decode(const char *from, size_t len, struct secbuf *to)
{
	SECBUF plain = SECBUF_INIT(STORED_MAX);
	int state = 0;
	guint save = 0;
	size_t i;
	char *s;

	if (len % 4 == 1 || secbuf_add(&plain, from, len) < 0)
		return -1;
	for (i = 0; i < len; i++) {
		s = &plain.ptr[i];
		if (!g_ascii_isalnum(*s) && *s != '-' && *s != '_')
			return -1;
		*s = *s == '-' ? '+' : *s == '_' ? '/' : *s;
	}
	if (secbuf_add(&plain, "==", (4 - len % 4) % 4) < 0)
		return -1;
	secbuf_reset(to);
	s = secbuf_space(to, plain.len / 4 * 3 + 3);
	if (s == NULL)
		return -1;
	secbuf_grown(to, g_base64_decode_step(
			     plain.ptr, plain.len, (guchar *)s, &state, &save));
	return 0;
}

/* What the service holds at `path`, as it is stored. */
static int
load(struct keyring *k, const char *path, struct secbuf *ret, struct err *err)
{
	g_autoptr(GError) e = NULL;
	SecretValue *value;
	const char *text;
	gsize len = 0;
	int r;

	if (open_service(k, err) < 0)
		return err->code;
	value = secret_service_get_secret_for_dbus_path_sync(
	    k->service, path, NULL, &e);
	if (value == NULL)
		return fail(err, "cannot read the keyring's item", e);
	text = secret_value_get(value, &len);
	secbuf_reset(ret);
	r = text != NULL ? secbuf_add(ret, text, len) : 0;
	secret_value_unref(value);
	return r < 0 ? err_set(err, ERR_INTERNAL,
			   "the keyring's item is larger than %d bytes",
			   STORED_MAX)
		     : 0;
}

static int
answer_payload(struct keyring *k, struct secbuf *text, struct err *err)
{
	char *line = text->ptr, *lf;

	if (memchr(text->ptr, '\0', text->len) != NULL)
		return err_set(err, ERR_INTERNAL,
		    "the keyring's item is damaged: a NUL character");
	for (;; line = lf + 1) {
		lf = strchr(line, '\n');
		if (lf != NULL)
			*lf = '\0';
		if (lines_add(k->answer, "payload[]", line, err) < 0)
			return err_wrap(err, "the keyring's item is damaged");
		if (lf == NULL)
			return 0;
	}
}

static int
op_get(struct keyring *k, struct err *err)
{
	SECBUF stored = SECBUF_INIT(STORED_MAX);
	SECBUF text = SECBUF_INIT(SECRET_MAX + 4);
	CLEANUP(found_release) struct found f = {NULL, NULL};
	const char *path;

	if (find_some(k, &f, err) < 0)
		return err->code;
	path = f.open[0] != NULL ? f.open[0] : f.locked[0];
	if (f.open[0] == NULL && unlock(k, path, err) < 0)
		return err->code;
	if (load(k, path, &stored, err) < 0)
		return err->code;
	if (decode(stored.ptr, stored.len, &text) < 0)
		return err_set(err, ERR_INTERNAL,
		    "the keyring's item is damaged: not base64url");
	return answer_payload(k, &text, err);
}

/*
 * A place to store in.  libsecret would ask for a new collection if the default
 * one is missing (KeePassXC has none, for one); without a person that is an
 * outcome of its own.
 */
static int
ensure_collection(struct keyring *k, char **ret, struct err *err)
{
	g_autoptr(GHashTable) p = NULL;
	g_autoptr(GError) e = NULL;

	if (default_collection(k, ret, err) < 0)
		return err->code;
	if (*ret != NULL)
		return 0;
	if (!k->prompt)
		return err_set(err, ERR_NOTFOUND,
		    "the keyring service has no default keyring");
	if (open_service(k, err) < 0)
		return err->code;
	p = g_hash_table_new_full(
	    g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_variant_unref);
	g_hash_table_insert(p, COLL_IFACE ".Label",
	    g_variant_ref_sink(g_variant_new_string("Default keyring")));
	*ret = secret_service_create_collection_dbus_path_sync(
	    k->service, p, "default", SECRET_COLLECTION_CREATE_NONE, NULL, &e);
	if (*ret != NULL && strcmp(*ret, "/") != 0)
		return 0;
	if (e != NULL)
		return fail(err, "cannot create a keyring", e);
	return err_set(err, ERR_CANCELED, "no keyring was created");
}

static int
try_create(struct keyring *k, const char *collection, GHashTable *properties,
    SecretValue *value, char **ret_path, struct err *err)
{
	g_autoptr(GError) e = NULL;

	*ret_path =
	    secret_service_create_item_dbus_path_sync(k->service, collection,
		properties, value, SECRET_ITEM_CREATE_REPLACE, NULL, &e);
	if (*ret_path != NULL && strcmp(*ret_path, "/") != 0)
		return 0;
	g_clear_pointer(ret_path, g_free);
	if (e != NULL)
		return fail(err, "cannot store in the keyring", e);
	return err_set(
	    err, ERR_CANCELED, "storing in the keyring was declined");
}

/* Create or replace; a locked collection is unlocked first. */
static int
create_item(struct keyring *k, const char *collection,
    const struct secbuf *stored, char **ret_path, struct err *err)
{
	const struct lines *q = k->request;
	g_autoptr(GHashTable) p = g_hash_table_new_full(
	    g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_variant_unref);
	SecretValue *value =
	    secret_value_new(stored->ptr, (gssize)stored->len, "text/plain");
	GVariant *label = g_variant_new_string(lines_get(q, "label"));
	GVariant *attrs =
	    attributes(SCHEMA, lines_get(q, "fp"), lines_get(q, "kind"));
	int r;

	g_hash_table_insert(p, ITEM_IFACE ".Label", g_variant_ref_sink(label));
	g_hash_table_insert(
	    p, ITEM_IFACE ".Attributes", g_variant_ref_sink(attrs));
	r = try_create(k, collection, p, value, ret_path, err);
	if (r == ERR_LOCKED) {
		r = unlock(k, collection, err);
		if (r == 0)
			r = try_create(k, collection, p, value, ret_path, err);
	}
	secret_value_unref(value);
	return r;
}

/*
 * Can the item be found again, and does it hold what was written?  Others with
 * its attributes, left in a collection that once was the default one, go: `get`
 * must not find them.
 */
static int
verify_item(struct keyring *k, const char *path, const struct secbuf *stored,
    struct err *err)
{
	SECBUF back = SECBUF_INIT(STORED_MAX);
	CLEANUP(found_release) struct found f = {NULL, NULL};
	size_t i;

	if (load(k, path, &back, err) < 0 || find(k, &f, err) < 0)
		return err->code;
	if (!secbuf_equal(&back, stored))
		return err_set(err, ERR_INTERNAL,
		    "the keyring gave back something else than was stored");
	if (!g_strv_contains((const gchar *const *)f.open, path))
		return err_set(err, ERR_INTERNAL,
		    "the keyring cannot find what was stored");
	for (i = 0; f.open[i] != NULL; i++)
		if (strcmp(f.open[i], path) != 0)
			(void)secret_service_delete_item_dbus_path_sync(
			    k->service, f.open[i], NULL, NULL);
	return 0;
}

static int
op_put(struct keyring *k, struct err *err)
{
	const struct lines *q = k->request;
	SECBUF text = SECBUF_INIT(SECRET_MAX);
	SECBUF stored = SECBUF_INIT(STORED_MAX);
	g_autofree char *collection = NULL;
	g_autofree char *path = NULL;
	size_t i, n = 0;
	int r = 0;

	for (i = 0; i < q->n; i++) {
		if (strcmp(q->field[i].key, "payload[]") != 0)
			continue;
		if (n++ > 0)
			r |= secbuf_add(&text, "\n", 1);
		r |= secbuf_addstr(&text, q->field[i].value);
	}
	if (n == 0)
		return err_set(err, ERR_PROTOCOL, "nothing to store");
	if (r < 0 || encode(&text, &stored) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (ensure_collection(k, &collection, err) < 0 ||
	    open_service(k, err) < 0 ||
	    create_item(k, collection, &stored, &path, err) < 0)
		return err->code;
	return verify_item(k, path, &stored, err);
}

static int
delete_item(struct keyring *k, const char *path, bool shut, struct err *err)
{
	g_autoptr(GError) e = NULL;

	if (open_service(k, err) < 0 || (shut && unlock(k, path, err) < 0))
		return err->code;
	if (secret_service_delete_item_dbus_path_sync(
		k->service, path, NULL, &e))
		return 0;
	if (e != NULL)
		return fail(err, "cannot erase the keyring's item", e);
	return err_set(err, ERR_CANCELED, "erasing was declined");
}

/* Go on after a failure: what can be erased shall not outlive this. */
static int
op_erase(struct keyring *k, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};
	int r = 0;
	size_t i;

	if (find_some(k, &f, err) < 0)
		return err->code;
	for (i = 0; f.open[i] != NULL; i++)
		if (delete_item(k, f.open[i], false, err) < 0)
			r = err->code;
	for (i = 0; f.locked[i] != NULL; i++)
		if (delete_item(k, f.locked[i], true, err) < 0)
			r = err->code;
	return r;
}

/* Does an attribute have this value, in clear or as gnome-keyring hashes it? */
static bool
is_value(GVariant *attrs, const char *name, const char *value)
{
	g_autofree char *md5 = NULL;
	const char *held;
	char hashed[64];

	if (g_variant_lookup(attrs, name, "&s", &held) &&
	    strcmp(held, value) == 0)
		return true;
	(void)snprintf(hashed, sizeof(hashed), "gkr:compat:hashed:%s", name);
	if (!g_variant_lookup(attrs, hashed, "&s", &held))
		return false;
	md5 = g_compute_checksum_for_string(G_CHECKSUM_MD5, value, -1);
	return strcmp(held, md5) == 0;
}

/* An item's fingerprint: its own word, or one that the request offers. */
static const char *
item_fp(struct keyring *k, GVariant *attrs)
{
	const struct lines *q = k->request;
	const char *fp;
	size_t i;

	if (g_variant_lookup(attrs, "fp", "&s", &fp) && is_fp(fp))
		return fp;
	for (i = 0; i < q->n; i++)
		if ((strcmp(q->field[i].key, "fp[]") == 0 ||
			strcmp(q->field[i].key, "fp") == 0) &&
		    is_value(attrs, "fp", q->field[i].value))
			return q->field[i].value;
	return "-";
}

/*
 * One item, nothing if it is not ours.  A keyring that was locked from the
 * start tells hashes of attributes and no label.
 */
static int
answer_item(
    struct keyring *k, const char *path, const char *state, struct err *err)
{
	g_autoptr(GVariant) reply = ask(k, path, "GetAll",
	    g_variant_new("(s)", ITEM_IFACE), "(a{sv})", err);
	g_autoptr(GVariant) props = NULL;
	g_autoptr(GVariant) attrs = NULL;
	const char *label = "", *const *kind = kinds;
	char shown[512], line[640];

	if (reply == NULL)
		return err->code;
	props = g_variant_get_child_value(reply, 0);
	(void)g_variant_lookup(props, "Label", "&s", &label);
	attrs = g_variant_lookup_value(
	    props, "Attributes", G_VARIANT_TYPE("a{ss}"));
	if (attrs == NULL || !is_value(attrs, "xdg:schema", SCHEMA))
		return 0;
	while (*kind != NULL && !is_value(attrs, "kind", *kind))
		kind++;
	if (*kind == NULL)
		return 0;
	(void)snprintf(line, sizeof(line), "%s %s %s %s", state,
	    item_fp(k, attrs), *kind,
	    err_printable(shown, sizeof(shown), label));
	return lines_add(k->answer, "item[]", line, err);
}

static int
op_list(struct keyring *k, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};
	size_t i, n = 0;

	if (find(k, &f, err) < 0)
		return err->code;
	for (i = 0; f.open[i] != NULL && n < LIST_MAX; i++, n++)
		if (answer_item(k, f.open[i], "open", err) < 0)
			return err->code;
	for (i = 0; f.locked[i] != NULL && n < LIST_MAX; i++, n++)
		if (answer_item(k, f.locked[i], "locked", err) < 0)
			return err->code;
	return 0;
}

static int
op_probe(struct keyring *k, struct err *err)
{
	g_autofree char *collection = NULL;

	if (ensure_collection(k, &collection, err) < 0)
		return err->code;
	return ensure_unlocked(k, collection, err);
}

static const struct op {
	const char *name;
	int (*run)(struct keyring *k, struct err *err);
	bool needs_fp, needs_kind, needs_label;
} ops[] = {
    /* clang-format off */
	{"get",   op_get,   true,  true,  false},
	{"put",   op_put,   true,  true,  true},
	{"erase", op_erase, true,  false, false},
	{"list",  op_list,  false, false, false},
	{"probe", op_probe, false, false, false},
    /* clang-format on */
};

/* The operation if the request is whole and sound, else NULL. */
static const struct op *
check(const struct lines *q, struct err *err)
{
	const char *name = lines_get(q, "op"), *fp = lines_get(q, "fp");
	const char *kind = lines_get(q, "kind"), *label = lines_get(q, "label");
	const struct op *op = NULL;
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(ops); i++)
		if (name != NULL && strcmp(name, ops[i].name) == 0)
			op = &ops[i];
	if (op == NULL)
		err_set(err, ERR_PROTOCOL, "unknown operation");
	else if (fp != NULL ? !is_fp(fp) : op->needs_fp)
		err_set(err, ERR_PROTOCOL, "fp is not a fingerprint");
	else if (kind != NULL ? !g_strv_contains(kinds, kind) : op->needs_kind)
		err_set(err, ERR_PROTOCOL, "unknown kind");
	else if (label != NULL ? !g_utf8_validate(label, -1, NULL)
			       : op->needs_label)
		err_set(err, ERR_PROTOCOL, "label is missing or not UTF-8");
	else
		return op;
	return NULL;
}

static int
serve(struct secbuf *answer, struct err *err)
{
	LINES request = LINES_INIT;
	CLEANUP(keyring_close) struct keyring k = {.answer = answer};
	const struct op *op;
	const char *prompt;
	int64_t ms;

	if (lines_read(&request, 0, LINES_MESSAGE, IO_FOREVER, err) < 0)
		return err->code;
	op = check(&request, err);
	if (op == NULL)
		return err->code;
	prompt = lines_get(&request, "prompt");
	k.request = &request;
	k.prompt = prompt != NULL && strcmp(prompt, "1") == 0;
	ms = lines_number(
	    &request, "timeout_ms", k.prompt ? PROMPT_TIMEOUT_MS : TIMEOUT_MS);
	set_timer(ms < 1 ? 1 : ms > TIMEOUT_MAX_MS ? TIMEOUT_MAX_MS : ms);
	if (open_bus(&k, err) < 0)
		return err->code;
	return op->run(&k, err);
}

static const char *
result(int code)
{
	switch (code) {
	case 0:
		return "ok";
	case ERR_NOTFOUND:
		return "notfound";
	case ERR_LOCKED:
		return "locked";
	case ERR_UNAVAIL:
		return "unreachable";
	case ERR_DENIED:
		return "denied";
	case ERR_CANCELED:
		return "canceled";
	default:
		return "failed";
	}
}

static void
drop_log(const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer data)
{
	(void)domain, (void)level, (void)message, (void)data;
}

static GLogWriterOutput
drop_message(
    GLogLevelFlags level, const GLogField *field, gsize n, gpointer data)
{
	(void)level, (void)field, (void)n, (void)data;
	return G_LOG_WRITER_HANDLED;
}

/* No core, no tracer, nothing on standard error, no test hooks of libsecret. */
static void
settle(void)
{
	static const char *const hooks[] = {"SECRET_BACKEND",
	    "SECRET_SERVICE_BUS_NAME", "G_MESSAGES_DEBUG", "G_DEBUG",
	    "G_DBUS_DEBUG"};
	struct rlimit none = {0, 0};
	size_t i;
	int fd;

	/* A socket in the place of a closed 0, 1 or 2 would be spoken to. */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd < 3);
	if (fd >= 0)
		(void)close(fd);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < G_N_ELEMENTS(hooks); i++)
		(void)unsetenv(hooks[i]);
	g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
	(void)g_log_set_default_handler(drop_log, NULL);
	g_log_set_writer_func(drop_message, NULL, NULL);
	(void)secret_error_get_quark(); /* gives D-Bus errors their codes */
}

int
main(void)
{
	SECBUF payload = SECBUF_INIT(LINES_MESSAGE_MAX);
	SECBUF answer = SECBUF_INIT(LINES_MESSAGE_MAX);
	struct err err = ERR_INIT, e = ERR_INIT;
	int r;

	settle();
	set_timer(TIMEOUT_MS);
	r = serve(&payload, &err);
	if (lines_begin(&answer, &e) < 0 ||
	    lines_add(&answer, "result", result(r), &e) < 0 ||
	    (r < 0 && lines_add(&answer, "message", err.msg, &e) < 0) ||
	    (r == 0 && secbuf_add(&answer, payload.ptr, payload.len) < 0) ||
	    lines_end(&answer, &e) < 0)
		return 1;
	if (atomic_flag_test_and_set(&answered))
		return 1;
	return io_write(1, answer.ptr, answer.len, &e) < 0 ? 1 : 0;
}
