/* SPDX-License-Identifier: MIT */
#include "secret_keep.h"

#include <string.h>

#include "cleanup.h"
#include "secret_base64.h"
#include "secret_watchdog.h"

int
keep_load(
    struct keyring *k, const char *path, struct secbuf *ret, struct err *err)
{
	g_autoptr(GError) e = NULL;
	SecretValue *value;
	const char *text;
	gsize len = 0;
	int r;

	if (keyring_open_service(k, err) < 0)
		return err->code;
	value = secret_service_get_secret_for_dbus_path_sync(
	    k->service, path, NULL, &e);
	if (value == NULL)
		return keyring_fail(err, "cannot read the keyring's item", e);
	text = secret_value_get(value, &len);
	secbuf_reset(ret);
	r = text != NULL ? secbuf_add(ret, text, len) : 0;
	secret_value_unref(value);
	return r < 0 ? err_set(err, ERR_INTERNAL,
			   "the keyring's item is larger than %d bytes",
			   STORED_MAX)
		     : 0;
}

static GHashTable *
properties_new(void)
{
	return g_hash_table_new_full(
	    g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_variant_unref);
}

/* The name is lent, the value's floating reference is taken. */
static void
add_property(GHashTable *p, const char *name, GVariant *value)
{
	g_hash_table_insert(p, (gpointer)name, g_variant_ref_sink(value));
}

int
keep_collection(struct keyring *k, char **ret, struct err *err)
{
	g_autoptr(GHashTable) p = properties_new();
	g_autoptr(GError) e = NULL;

	if (keyring_default(k, ret, err) < 0)
		return err->code;
	if (*ret != NULL)
		return 0;
	if (!k->prompt)
		return err_set(err, ERR_NOTFOUND,
		    "the keyring service has no default keyring");
	if (keyring_open_service(k, err) < 0)
		return err->code;
	add_property(
	    p, COLL_IFACE ".Label", g_variant_new_string("Default keyring"));
	*ret = secret_service_create_collection_dbus_path_sync(
	    k->service, p, "default", SECRET_COLLECTION_CREATE_NONE, NULL, &e);
	if (*ret != NULL && strcmp(*ret, "/") != 0)
		return 0;
	if (e != NULL)
		return keyring_fail(err, "cannot create a keyring", e);
	return err_set(err, ERR_CANCELED, "no keyring was created");
}

static int
try_create(struct keyring *k, const char *collection, GHashTable *properties,
    SecretValue *value, enum keep_mode mode, char **ret_path, struct err *err)
{
	g_autoptr(GError) e = NULL;

	*ret_path = secret_service_create_item_dbus_path_sync(k->service,
	    collection, properties, value,
	    mode == KEEP_REPLACE ? SECRET_ITEM_CREATE_REPLACE
				 : SECRET_ITEM_CREATE_NONE,
	    NULL, &e);
	if (*ret_path != NULL && strcmp(*ret_path, "/") != 0)
		return 0;
	g_clear_pointer(ret_path, g_free);
	if (e != NULL)
		return keyring_fail(err, "cannot store in the keyring", e);
	return err_set(
	    err, ERR_CANCELED, "storing in the keyring was declined");
}

/*
 * The service has answered, so it is there, and what it does now may take long:
 * gnome-keyring writes the whole keyring anew for each change.
 */
static void
give_time(const struct keyring *k)
{
	if (!k->prompt && !k->in_passing)
		watchdog_set(KEEP_WRITE_MS);
}

int
keep_create(struct keyring *k, const char *collection, GVariant *attributes,
    const char *label, const struct secbuf *stored, enum keep_mode mode,
    char **ret_path, struct err *err)
{
	g_autoptr(GHashTable) p = properties_new();
	SecretValue *value;
	int r;

	add_property(p, ITEM_IFACE ".Label", g_variant_new_string(label));
	add_property(p, ITEM_IFACE ".Attributes", attributes);
	if (keyring_open_service(k, err) < 0)
		return err->code;
	give_time(k);
	value =
	    secret_value_new(stored->ptr, (gssize)stored->len, "text/plain");
	r = try_create(k, collection, p, value, mode, ret_path, err);
	if (r == ERR_LOCKED) {
		r = keyring_unlock(k, collection, err);
		if (r == 0)
			r = try_create(
			    k, collection, p, value, mode, ret_path, err);
	}
	secret_value_unref(value);
	return r;
}

int
keep_verify(struct keyring *k, const char *path, GVariant *attributes,
    const struct secbuf *stored, struct err *err)
{
	g_autoptr(GVariant) by = g_variant_ref_sink(attributes);
	SECBUF back = SECBUF_INIT(STORED_MAX);
	CLEANUP(found_release) struct found f = {NULL, NULL};
	size_t i;

	if (keep_load(k, path, &back, err) < 0 ||
	    keyring_search(k, by, &f, err) < 0)
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

int
keep_delete(struct keyring *k, const char *path, bool shut, struct err *err)
{
	g_autoptr(GError) e = NULL;

	if (keyring_open_service(k, err) < 0 ||
	    (shut && keyring_unlock(k, path, err) < 0))
		return err->code;
	give_time(k);
	if (secret_service_delete_item_dbus_path_sync(
		k->service, path, NULL, &e))
		return 0;
	if (e != NULL)
		return keyring_fail(err, "cannot erase the keyring's item", e);
	return err_set(err, ERR_CANCELED, "erasing was declined");
}
