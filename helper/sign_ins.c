/* SPDX-License-Identifier: MIT */
#include "sign_ins.h"

#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "log.h"
#include "store.h"
#include "store_file.h"

static void
add(struct sign_ins *s, const char *fp)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->fp[i], fp) == 0)
			return;
	if (s->n < SIGN_INS_MAX && store_is_fp(fp, strlen(fp)))
		(void)snprintf(s->fp[s->n++], sizeof(s->fp[0]), "%s", fp);
}

static void
add_known(const char *fp, void *arg)
{
	add(arg, fp);
}

static void
add_item(const struct store_item *item, void *arg)
{
	add(arg, item->fp);
}

void
sign_ins_find(struct sign_ins *ret)
{
	static const enum store_backend backends[] = {
	    STORE_FILE, STORE_SECRET_SERVICE};
	struct store s = {.lock = NULL};
	struct err err = ERR_INIT;
	size_t i;

	ret->n = 0;
	if (facts_list(add_known, ret, &err) < 0)
		log_debug("facts: %s", err.msg);
	for (i = 0; i < 2; i++) {
		s.backend = backends[i];
		if (store_list(&s, NULL, add_item, ret, &err) < 0)
			log_debug("store: %s", err.msg);
	}
}
