/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parking.h"

#define DATA_NAME "pam_sainet_state"

bool
state_hex(const char *s, size_t len)
{
	return strlen(s) == len && strspn(s, "0123456789abcdef") == len;
}

static const char *
item(pam_handle_t *pamh, int which)
{
	const void *v = NULL;

	return pam_get_item(pamh, which, &v) == PAM_SUCCESS ? v : NULL;
}

int
state_begin(struct state *ret, pam_handle_t *pamh, const struct subject *s,
    struct err *err)
{
	const char *service = item(pamh, PAM_SERVICE);

	if (service == NULL || strlen(service) > STATE_SERVICE_MAX)
		return err_set(
		    err, ERR_INTERNAL, "no usable name of the service");
	(void)snprintf(ret->user, sizeof(ret->user), "%s", s->name);
	ret->uid = s->uid;
	(void)snprintf(ret->service, sizeof(ret->service), "%s", service);
	return 0;
}

/*
 * With PAM_DATA_SILENT (a child's copy of the handle, or one that goes on
 * elsewhere) only memory is released; the ticket lives on.
 */
static void
end(pam_handle_t *pamh, void *data, int status)
{
	struct state *st = data;

	(void)pamh;
	if (st == NULL)
		return;
	if ((status & PAM_DATA_SILENT) == 0 && st->ticket[0] != '\0')
		parking_drop(st->ticket);
	state_release(st);
	free(st);
}

int
state_keep(pam_handle_t *pamh, struct state *from, struct err *err)
{
	struct state *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	*st = *from;
	from->token = (struct token)TOKEN_INIT;
	if (pam_set_data(pamh, DATA_NAME, st, end) == PAM_SUCCESS)
		return 0;
	end(pamh, st, 0);
	return err_set(err, ERR_NOMEM, "cannot keep what was learnt");
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

struct state *
state_of(pam_handle_t *pamh)
{
	const void *data = NULL;
	struct state *st;

	if (pam_get_data(pamh, DATA_NAME, &data) != PAM_SUCCESS || data == NULL)
		return NULL;
	/* libpam lends it as const; it is our own allocation. */
	st = (struct state *)data;
	return same(item(pamh, PAM_USER), st->user) &&
		       same(item(pamh, PAM_SERVICE), st->service)
		   ? st
		   : NULL;
}

bool
state_matches(
    const struct state *st, pam_handle_t *pamh, const struct subject *s)
{
	return s->ours && s->uid == st->uid && strcmp(s->name, st->user) == 0 &&
	       same(item(pamh, PAM_SERVICE), st->service);
}

void
state_forget(pam_handle_t *pamh)
{
	const void *data = NULL;

	if (pam_get_data(pamh, DATA_NAME, &data) == PAM_SUCCESS)
		(void)pam_set_data(pamh, DATA_NAME, NULL, NULL);
}

void
state_release(struct state *st)
{
	token_release(&st->token);
}
