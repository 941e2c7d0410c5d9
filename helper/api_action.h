/* SPDX-License-Identifier: MIT */
/*
 * ITCare's actions: what a 202 begins.
 *
 * Documented are GET /actions/{id} with its status (SUCCESS, IN_PROGRESS,
 * ERROR), and the list GET /actions?requestId=; not documented is which field of
 * a 202 tells the id.
 */
#ifndef API_ACTION_H
#define API_ACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "exchange.h"
#include "json_scan.h"
#include "secbuf.h"

#define ACTION_WORD_MAX 64 /* bytes of a status or process, terminated */

enum action_state {
	ACTION_RUNS, /* and any status that is not known to be an end */
	ACTION_DONE,
	ACTION_FAILED,
	ACTION_NONE, /* the text is about something else */
};

/*
 * What a body says: of one action, or of a list of them, where one that failed
 * counts most.  `which` is the action that counts
 * (lent from the text), `status` its word; that stays where there is none.
 */
enum action_state action_state(const struct secbuf *text,
    struct json_span *which, char status[ACTION_WORD_MAX]);

/*
 * Where to ask, out of a 202: its actionId; its Location if that names an
 * action; its id; its requestId; any other Location.  A path below api_url, or
 * a URL that is still to be checked.  False: it names nothing.
 */
bool action_path(const struct exchange *x, struct secbuf *path);

/* A member that is a text or a whole number; "" and false: there is none. */
bool action_text(
    struct json_span action, const char *name, char *ret, size_t size);

/* " at TIME, N s after it was submitted", as far as it is told. */
void action_times(struct json_span action, char *to, size_t size);

#endif
