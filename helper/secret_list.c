/* SPDX-License-Identifier: MIT */
#include "secret_items.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "secret_search.h"

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

	if (g_variant_lookup(attrs, "fp", "&s", &fp) && item_is_fp(fp))
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
	g_autoptr(GVariant) reply = keyring_ask(k, path, "GetAll",
	    g_variant_new("(s)", ITEM_IFACE), "(a{sv})", err);
	g_autoptr(GVariant) props = NULL;
	g_autoptr(GVariant) attrs = NULL;
	const char *label = "", *const *kind = item_kinds;
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
list_kind(struct keyring *k, const char *kind, size_t *n, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};
	size_t i;

	if (keyring_search(k,
		keyring_attributes((const char *const[][2]){
		    {"fp", lines_get(k->request, "fp")}, {"kind", kind},
		    {NULL, NULL}}),
		&f, err) < 0)
		return err->code;
	for (i = 0; f.open[i] != NULL && *n < LIST_MAX; i++, (*n)++)
		if (answer_item(k, f.open[i], "open", err) < 0)
			return err->code;
	for (i = 0; f.locked[i] != NULL && *n < LIST_MAX; i++, (*n)++)
		if (answer_item(k, f.locked[i], "locked", err) < 0)
			return err->code;
	return 0;
}

/* By kind, since there may be thousands of credentials for other hosts. */
int
op_list(struct keyring *k, struct err *err)
{
	const char *only = lines_get(k->request, "kind");
	const char *const *kind;
	size_t n = 0;

	for (kind = item_kinds; *kind != NULL; kind++)
		if ((only == NULL || strcmp(only, *kind) == 0) &&
		    list_kind(k, *kind, &n, err) < 0)
			return err->code;
	return 0;
}
