/* SPDX-License-Identifier: MIT */
#include "secret_search.h"

#include <string.h>

GVariant *
keyring_attributes(const char *const pairs[][2])
{
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&b, "{ss}", "v", "1");
	for (; (*pairs)[0] != NULL; pairs++)
		if ((*pairs)[1] != NULL)
			g_variant_builder_add(
			    &b, "{ss}", (*pairs)[0], (*pairs)[1]);
	return g_variant_builder_end(&b);
}

void
found_release(struct found *f)
{
	g_clear_pointer(&f->open, g_strfreev);
	g_clear_pointer(&f->locked, g_strfreev);
}

int
keyring_search(
    struct keyring *k, GVariant *attributes, struct found *ret, struct err *err)
{
	g_autoptr(GVariant) found = keyring_ask(k, SERVICE_PATH, "SearchItems",
	    g_variant_new("(@a{ss})", attributes), "(aoao)", err);

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

	if (keyring_open_service(k, err) < 0)
		return err->code;
	if (secret_service_unlock_dbus_paths_sync(
		k->service, paths, NULL, &unlocked, &e) > 0)
		return 0;
	if (e != NULL)
		return keyring_fail(err, "cannot unlock the keyring", e);
	return err_set(err, ERR_CANCELED,
	    "the keyring was not unlocked: the prompt was dismissed");
}

int
keyring_unlock(struct keyring *k, const char *path, struct err *err)
{
	const char *paths[] = {path, NULL};
	g_autoptr(GVariant) unlocked = NULL;
	g_autoptr(GVariant) reply = keyring_ask(k, SERVICE_PATH, "Unlock",
	    g_variant_new("(^ao)", paths), "(aoo)", err);

	if (reply == NULL)
		return err->code;
	unlocked = g_variant_get_child_value(reply, 0);
	if (g_variant_n_children(unlocked) == 0) {
		if (!k->prompt)
			return keyring_locked(err);
		if (unlock_by_prompt(k, path, err) < 0)
			return err->code;
	}
	k->unlocked = true;
	return 0;
}

int
keyring_default(struct keyring *k, char **ret, struct err *err)
{
	g_autoptr(GVariant) v = keyring_ask(k, SERVICE_PATH, "ReadAlias",
	    g_variant_new("(s)", "default"), "(o)", err);

	if (v == NULL)
		return err->code;
	g_variant_get(v, "(o)", ret);
	if (strcmp(*ret, "/") == 0)
		g_clear_pointer(ret, g_free);
	return 0;
}

int
keyring_ensure_unlocked(
    struct keyring *k, const char *collection, struct err *err)
{
	g_autoptr(GVariant) is_locked = NULL;
	g_autoptr(GVariant) reply = keyring_ask(k, collection, "Get",
	    g_variant_new("(ss)", COLL_IFACE, "Locked"), "(v)", err);

	if (reply == NULL)
		return err->code;
	g_variant_get(reply, "(v)", &is_locked);
	if (g_variant_is_of_type(is_locked, G_VARIANT_TYPE_BOOLEAN) &&
	    !g_variant_get_boolean(is_locked))
		return 0;
	return keyring_unlock(k, collection, err);
}

int
keyring_search_some(
    struct keyring *k, GVariant *attributes, struct found *ret, struct err *err)
{
	g_autoptr(GVariant) by = g_variant_ref_sink(attributes);
	g_autofree char *collection = NULL;

	if (keyring_search(k, by, ret, err) < 0)
		return err->code;
	if (ret->open[0] == NULL && ret->locked[0] == NULL) {
		if (keyring_default(k, &collection, err) < 0 ||
		    (collection != NULL &&
			keyring_ensure_unlocked(k, collection, err) < 0) ||
		    (k->unlocked && keyring_search(k, by, ret, err) < 0))
			return err->code;
	}
	if (ret->open[0] == NULL && ret->locked[0] == NULL)
		return err_set(err, ERR_NOTFOUND, "the keyring has no item");
	return 0;
}
