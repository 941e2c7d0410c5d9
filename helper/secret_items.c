/* SPDX-License-Identifier: MIT */
#include "secret_items.h"

#include <string.h>

#include "cleanup.h"
#include "secret_base64.h"
#include "secret_keep.h"
#include "secret_search.h"

const char *const item_kinds[] = {
    "refresh", "client-secret", "password", "access", NULL};

bool
item_is_fp(const char *s)
{
	return strlen(s) == 32 && strspn(s, "0123456789abcdef") == 32;
}

/* Of the item that the request is about; without a schema, to search by. */
static GVariant *
request_attributes(const struct keyring *k, const char *schema)
{
	return keyring_attributes((const char *const[][2]){
	    {"xdg:schema", schema}, {"fp", lines_get(k->request, "fp")},
	    {"kind", lines_get(k->request, "kind")}, {NULL, NULL}});
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

int
op_get(struct keyring *k, struct err *err)
{
	SECBUF stored = SECBUF_INIT(STORED_MAX);
	SECBUF text = SECBUF_INIT(SECRET_MAX + 4);
	CLEANUP(found_release) struct found f = {NULL, NULL};
	const char *path;

	if (keyring_search_some(k, request_attributes(k, NULL), &f, err) < 0)
		return err->code;
	path = f.open[0] != NULL ? f.open[0] : f.locked[0];
	if (f.open[0] == NULL && keyring_unlock(k, path, err) < 0)
		return err->code;
	if (keep_load(k, path, &stored, err) < 0)
		return err->code;
	if (base64url_decode(&stored, &text) < 0)
		return err_set(err, ERR_INTERNAL,
		    "the keyring's item is damaged: not base64url");
	return answer_payload(k, &text, err);
}

int
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
	if (r < 0 || base64url_encode(&text, &stored) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (keep_collection(k, &collection, err) < 0 ||
	    keep_create(k, collection, request_attributes(k, SCHEMA),
		lines_get(q, "label"), &stored, KEEP_REPLACE, &path, err) < 0)
		return err->code;
	return keep_verify(k, path, request_attributes(k, NULL), &stored, err);
}

/* Go on after a failure: what can be erased shall not outlive this. */
int
op_erase(struct keyring *k, struct err *err)
{
	CLEANUP(found_release) struct found f = {NULL, NULL};
	int r = 0;
	size_t i;

	if (keyring_search_some(k, request_attributes(k, NULL), &f, err) < 0)
		return err->code;
	for (i = 0; f.open[i] != NULL; i++)
		if (keep_delete(k, f.open[i], false, err) < 0)
			r = err->code;
	for (i = 0; f.locked[i] != NULL; i++)
		if (keep_delete(k, f.locked[i], true, err) < 0)
			r = err->code;
	return r;
}

int
op_probe(struct keyring *k, struct err *err)
{
	g_autofree char *collection = NULL;

	if (keep_collection(k, &collection, err) < 0)
		return err->code;
	return keyring_ensure_unlocked(k, collection, err);
}
