/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "lines.h"
#include "store_file.h"
#include "store_worker.h"

static const char *const kinds[] = {
    [STORE_REFRESH] = "refresh",
    [STORE_CLIENT_SECRET] = "client-secret",
    [STORE_PASSWORD] = "password",
    [STORE_ACCESS] = "access",
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *
store_kind_name(enum store_kind kind)
{
	return kinds[kind];
}

bool
store_is_fp(const char *s, size_t len)
{
	return len == STORE_FP_LEN &&
	       strspn(s, "0123456789abcdef") >= STORE_FP_LEN;
}

int
store_find_kind(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < N_KINDS; i++)
		if (strlen(kinds[i]) == len && memcmp(kinds[i], name, len) == 0)
			return (int)i;
	return -1;
}

static int
start_request(const struct store *s, const char *op, const char *fp,
    const char *kind, struct secbuf *q, struct err *err)
{
	if (fp != NULL && !store_is_fp(fp, strlen(fp)))
		return err_set(err, ERR_INTERNAL, "not a fingerprint");
	if (store_worker_begin(s, op, q, err) < 0 ||
	    lines_add_some(q, "fp", fp, err) < 0 ||
	    lines_add_some(q, "kind", kind, err) < 0)
		return err->code;
	return 0;
}

static int
service_get(const struct store *s, const char *fp, enum store_kind kind,
    struct secbuf *ret, struct err *err)
{
	SECBUF q = SECBUF_INIT(LINES_MESSAGE_MAX);
	LINES a = LINES_INIT;
	size_t i, n = 0;
	int r = 0;

	if (start_request(s, "get", fp, kinds[kind], &q, err) < 0 ||
	    store_worker_run(s, &q, false, &a, err) < 0)
		return err->code;
	secbuf_reset(ret);
	for (i = 0; i < a.n; i++) {
		if (strcmp(a.field[i].key, "payload[]") != 0)
			continue;
		if (n++ > 0)
			r |= secbuf_add(ret, "\n", 1);
		r |= secbuf_addstr(ret, a.field[i].value);
	}
	if (n > 0 && r == 0)
		return 0;
	secbuf_reset(ret);
	return err_set(err, ERR_INTERNAL,
	    n == 0 ? "tokenring-secret gave no secret"
		   : "the stored secret is too long");
}

static int
service_put(const struct store *s, const char *fp, enum store_kind kind,
    const char *label, const struct secbuf *payload, struct err *err)
{
	SECBUF q = SECBUF_INIT(LINES_MESSAGE_MAX);
	SECBUF text = SECBUF_INIT(LINES_MESSAGE_MAX);
	LINES a = LINES_INIT;
	char *line, *lf;

	if (start_request(s, "put", fp, kinds[kind], &q, err) < 0 ||
	    lines_add(&q, "label", label, err) < 0)
		return err->code;
	if (secbuf_add(&text, payload->ptr, payload->len) < 0)
		return err_set(err, ERR_INTERNAL, "the secret is too long");
	for (line = text.ptr; line != NULL; line = lf) {
		lf = strchr(line, '\n');
		if (lf != NULL)
			*lf++ = '\0';
		if (lines_add(&q, "payload[]", line, err) < 0)
			return err->code;
	}
	return store_worker_run(s, &q, true, &a, err);
}

/* One kind, or all with NULL. */
static int
service_erase(
    const struct store *s, const char *fp, const char *kind, struct err *err)
{
	SECBUF q = SECBUF_INIT(LINES_MESSAGE_MAX);
	LINES a = LINES_INIT;

	if (start_request(s, "erase", fp, kind, &q, err) < 0)
		return err->code;
	return store_worker_run(s, &q, true, &a, err);
}

/* "open FP KIND LABEL" */
static void
show_item(const char *value, store_visit *visit, void *arg)
{
	const char *fp = strchr(value, ' '), *kind, *label;
	struct store_item item = {.locked = strncmp(value, "open ", 5) != 0};
	char text[STORE_FP_LEN + 1];
	int k;

	kind = fp != NULL ? strchr(fp + 1, ' ') : NULL;
	label = kind != NULL ? strchr(kind + 1, ' ') : NULL;
	if (label == NULL || (size_t)(kind - fp - 1) >= sizeof(text))
		return;
	k = store_find_kind(kind + 1, (size_t)(label - kind - 1));
	if (k < 0)
		return;
	(void)snprintf(
	    text, sizeof(text), "%.*s", (int)(kind - fp - 1), fp + 1);
	item.fp = text;
	item.kind = (enum store_kind)k;
	item.label = label + 1;
	visit(&item, arg);
}

static int
service_list(const struct store *s, const char *const *known,
    store_visit *visit, void *arg, struct err *err)
{
	SECBUF q = SECBUF_INIT(LINES_MESSAGE_MAX);
	LINES a = LINES_INIT;
	size_t i;

	if (start_request(s, "list", NULL, NULL, &q, err) < 0)
		return err->code;
	for (i = 0; known != NULL && known[i] != NULL; i++)
		if (lines_add(&q, "fp[]", known[i], err) < 0)
			return err->code;
	if (store_worker_run(s, &q, false, &a, err) < 0)
		return err->code;
	for (i = 0; i < a.n; i++)
		if (strcmp(a.field[i].key, "item[]") == 0)
			show_item(a.field[i].value, visit, arg);
	return 0;
}

int
store_get(const struct store *s, const char *fp, enum store_kind kind,
    struct secbuf *ret, struct err *err)
{
	if (s->backend == STORE_SECRET_SERVICE)
		return service_get(s, fp, kind, ret, err);
	if (s->backend == STORE_FILE)
		return store_file_get(fp, kind, ret, err);
	return err_set(err, ERR_NOTFOUND, "store = none keeps nothing");
}

int
store_put(const struct store *s, const char *fp, enum store_kind kind,
    const char *label, const struct secbuf *payload, struct err *err)
{
	if (memchr(payload->ptr, '\0', payload->len) != NULL)
		return err_set(
		    err, ERR_INTERNAL, "the secret holds a NUL character");
	if (s->backend == STORE_SECRET_SERVICE)
		return service_put(s, fp, kind, label, payload, err);
	if (s->backend == STORE_FILE)
		return store_file_put(fp, kind, payload, err);
	return err_set(err, ERR_CONFIG, "store = none keeps nothing");
}

int
store_erase(const struct store *s, const char *fp, enum store_kind kind,
    struct err *err)
{
	if (s->backend == STORE_SECRET_SERVICE)
		return service_erase(s, fp, kinds[kind], err);
	if (s->backend == STORE_FILE)
		return store_file_erase(fp, kind, err);
	return err_set(err, ERR_NOTFOUND, "store = none keeps nothing");
}

int
store_erase_all(const struct store *s, const char *fp, struct err *err)
{
	struct err e = ERR_INIT, worst = ERR_INIT;
	size_t i, erased = 0;

	if (s->backend == STORE_SECRET_SERVICE)
		return service_erase(s, fp, NULL, err);
	for (i = 0; i < N_KINDS; i++) {
		if (store_erase(s, fp, (enum store_kind)i, &e) == 0)
			erased++;
		else if (worst.code == 0 || e.code != ERR_NOTFOUND)
			worst = e;
	}
	if (worst.code == 0 || (worst.code == ERR_NOTFOUND && erased > 0))
		return 0;
	*err = worst;
	return err->code;
}

int
store_probe(const struct store *s, struct err *err)
{
	SECBUF q = SECBUF_INIT(LINES_MESSAGE_MAX);
	LINES a = LINES_INIT;

	if (s->backend == STORE_NONE)
		return err_set(err, ERR_CONFIG, "store = none keeps nothing");
	if (s->backend == STORE_FILE)
		return store_file_probe(err);
	if (start_request(s, "probe", NULL, NULL, &q, err) < 0)
		return err->code;
	return store_worker_run(s, &q, false, &a, err);
}

int
store_list(const struct store *s, const char *const *known, store_visit *visit,
    void *arg, struct err *err)
{
	if (s->backend == STORE_SECRET_SERVICE)
		return service_list(s, known, visit, arg, err);
	if (s->backend == STORE_FILE)
		return store_file_list(visit, arg, err);
	return 0;
}
