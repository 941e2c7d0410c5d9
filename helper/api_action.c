/* SPDX-License-Identifier: MIT */
#include "api_action.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api_date.h"

#define ID_MAX 64

bool
action_text(struct json_span object, const char *name, char *ret, size_t size)
{
	struct json_span one;

	ret[0] = '\0';
	return json_member(object, name, &one) && json_text(one, ret, size);
}

static enum action_state
state_of(struct json_span action, char status[ACTION_WORD_MAX])
{
	static const char *const bad[] = {
	    "ERROR", "FAILED", "CANCELED", "CANCELLED"};
	struct json_span one;
	char word[ACTION_WORD_MAX];
	size_t i;

	if (!json_member(action, "status", &one) || *one.at != '"' ||
	    !json_text(one, word, sizeof(word)) || *word == '\0')
		return ACTION_NONE;
	err_printable(status, ACTION_WORD_MAX, word);
	if (strcmp(word, "SUCCESS") == 0)
		return ACTION_DONE;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (strcmp(word, bad[i]) == 0)
			return ACTION_FAILED;
	return ACTION_RUNS; /* IN_PROGRESS, and what is not known to be an end */
}

/* Of several actions: a failed one, else one that runs, else all are done. */
static enum action_state
state_of_list(struct json_span list, struct json_span *which,
    char status[ACTION_WORD_MAX])
{
	struct json_span one;
	enum action_state now, all = ACTION_DONE;
	char running[ACTION_WORD_MAX] = "";
	size_t pos = 0, n;

	for (n = 0; json_next(list, &pos, &one); n++) {
		now = state_of(one, status);
		if (now == ACTION_NONE || now == ACTION_FAILED) {
			*which = one;
			return now;
		}
		if (now == ACTION_RUNS) {
			all = ACTION_RUNS;
			memcpy(running, status, ACTION_WORD_MAX);
			*which = one;
		}
	}
	if (all == ACTION_RUNS)
		memcpy(status, running, ACTION_WORD_MAX);
	return n > 0 ? all : ACTION_NONE;
}

enum action_state
action_state(const struct secbuf *text, struct json_span *which,
    char status[ACTION_WORD_MAX])
{
	struct json_span list;

	if (!json_scan(text->ptr, text->len, which))
		return ACTION_NONE;
	if (*which->at == '[') {
		list = *which;
		return state_of_list(list, which, status);
	}
	if (json_member(*which, "content", &list) && *list.at == '[')
		return state_of_list(list, which, status);
	return state_of(*which, status);
}

/* When an action ended, and how long it took, by the server's own clock. */
void
action_times(struct json_span action, char *to, size_t size)
{
	char text[ACTION_WORD_MAX], at[API_DATE_TEXT];
	int64_t begun, ended;

	to[0] = '\0';
	if (!action_text(action, "completedAt", text, sizeof(text)) ||
	    api_date(text, &ended) != strlen(text))
		return;
	(void)snprintf(to, size, " at %s", api_date_text(ended, at));
	if (action_text(action, "submittedAt", text, sizeof(text)) &&
	    api_date(text, &begun) == strlen(text) && ended >= begun)
		(void)snprintf(to, size,
		    " at %s, %" PRId64 " s after it was "
		    "submitted",
		    at, (ended - begun) / 1000);
}

/* An id that may stand in a path as it is. */
static bool
member_id(struct json_span o, const char *name, char ret[ID_MAX])
{
	static const char chars[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-_";

	return action_text(o, name, ret, ID_MAX) && *ret != '\0' &&
	       strspn(ret, chars) == strlen(ret);
}

static int
set_path(struct secbuf *path, const char *before, const char *id)
{
	return secbuf_set(path, before) == 0 && secbuf_addstr(path, id) == 0
		   ? 0
		   : -1;
}

bool
action_path(const struct exchange *x, struct secbuf *path)
{
	const char *location = exchange_header(x, "Location", NULL);
	struct json_span all;
	char id[ID_MAX];
	const char *p;

	if (json_scan(x->kept.ptr, x->kept.len, &all) && *all.at == '{') {
		if (member_id(all, "actionId", id) ||
		    ((location == NULL ||
			 strstr(location, "/actions/") == NULL) &&
			member_id(all, "id", id)))
			return set_path(path, "actions/", id) == 0;
		if (location == NULL && member_id(all, "requestId", id))
			return set_path(path, "actions?requestId=", id) == 0;
	}
	if (location == NULL || *location == '\0')
		return false;
	/* It will be shown: nothing that a terminal would act on. */
	for (p = location; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return false;
	return secbuf_set(path, location) == 0;
}
