/* SPDX-License-Identifier: MIT */
#include "configure_apply.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "dialect.h"
#include "lock.h"

#define LOCK_NAME "configure"

struct json_object *
configure_member(struct json_object *change, const char *key)
{
	struct json_object *v = NULL;

	(void)json_object_object_get_ex(change, key, &v);
	return v;
}

bool
configure_is_part(struct json_object *change)
{
	return json_object_get_boolean(configure_member(change, "part"));
}

bool
configure_is_done(struct json_object *change)
{
	return json_object_equal(configure_member(change, "before"),
	    configure_member(change, "after"));
}

static struct json_object *
find_setting(struct json_object *record, const char *setting)
{
	size_t i, n = json_object_array_length(record);
	struct json_object *o;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(record, i);
		if (strcmp(dialect_text(o, "setting"), setting) == 0)
			return o;
	}
	return NULL;
}

/* Ours, or what a change of ours that was cut off has left. */
static bool
is_ours(struct json_object *change, struct json_object *now)
{
	struct json_object *after = configure_member(change, "after");

	return json_object_equal(now, after) ||
	       (configure_begins_with(
		    now, configure_member(change, "before")) &&
		   configure_begins_with(after, now));
}

/*
 * What a setting was before our first change is what counts, however often we
 * change it; unless it is not what we made of it: then somebody set it anew.
 */
static int
write_down(struct json_object *record, struct json_object *change)
{
	struct json_object *before = configure_member(change, "before");
	struct json_object *after = configure_member(change, "after");
	struct json_object *o =
	    find_setting(record, dialect_text(change, "setting"));

	if (o == NULL)
		return json_object_array_add(record, json_object_get(change));
	if (!is_ours(o, before) &&
	    !json_object_equal(configure_member(o, "before"), before))
		(void)json_object_object_add(
		    o, "before", json_object_get(before));
	return json_object_object_add(o, "after", json_object_get(after));
}

static int
write_all_down(const struct configure *c, struct err *err)
{
	size_t i, n = json_object_array_length(c->changes);
	struct json_object *o, *record;
	int r = 0;

	if (configure_record_read(c->tool->name, &record, err) < 0)
		return err->code;
	for (i = 0; r == 0 && i < n; i++) {
		o = json_object_array_get_idx(c->changes, i);
		if (!configure_is_done(o) && write_down(record, o) < 0)
			r = err_set(err, ERR_NOMEM, "out of memory");
	}
	if (r == 0)
		r = configure_record_write(c->tool->name, record, err);
	json_object_put(record);
	return r;
}

/* Nobody has changed it while a person thought. */
static int
check_unchanged(const struct configure *c, struct err *err)
{
	size_t i, n = json_object_array_length(c->changes);
	struct json_object *o, *now;
	bool same;

	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(c->changes, i);
		if (c->tool->read(dialect_text(o, "setting"), &now, err) < 0)
			return err->code;
		same = json_object_equal(now, configure_member(o, "before"));
		json_object_put(now);
		if (!same)
			return err_set(err, ERR_UNAVAIL,
			    "%s was changed by somebody else just now: nothing "
			    "is changed; try again",
			    dialect_text(o, "setting"));
	}
	return 0;
}

/* Two that change the same files at once take turns. */
static int
take_turn(struct lock *ret, struct err *err)
{
	struct err why = ERR_INIT;
	int r = lock_wait(ret, LOCK_NAME, LOCK_WAIT_MS, &why);

	if (r != ERR_UNAVAIL)
		return r == 0 ? 0
			      : err_set(err, (enum err_code)r, "%s", why.msg);
	return err_set(err, ERR_UNAVAIL,
	    "another tokenring configure of yours has not finished within %d "
	    "s: try again when it has",
	    LOCK_WAIT_MS / 1000);
}

/* Whoever presses Ctrl-C waits for the end of it: no half is left beside a file. */
static int
write_whole(const struct configure_tool *tool, const char *setting,
    struct json_object *values, struct err *err)
{
	static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t now, before;
	size_t i;
	int r;

	(void)sigemptyset(&now);
	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		(void)sigaddset(&now, held[i]);
	(void)sigprocmask(SIG_BLOCK, &now, &before);
	r = tool->write(setting, values, err);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

int
configure_apply(const struct configure *c, struct err *err)
{
	size_t i, n = json_object_array_length(c->changes);
	struct json_object *o;
	LOCK lock = LOCK_INIT;
	size_t made = 0;
	int r;

	if (take_turn(&lock, err) < 0 || check_unchanged(c, err) < 0 ||
	    write_all_down(c, err) < 0)
		return err->code;
	for (i = 0, r = 0; r == 0 && i < n; i++) {
		o = json_object_array_get_idx(c->changes, i);
		if (configure_is_done(o))
			continue;
		r = write_whole(c->tool, dialect_text(o, "setting"),
		    configure_member(o, "after"), err);
		made += r == 0;
	}
	return r < 0 && made > 0
		   ? err_hint(err,
			 "what was changed before that stays: 'tokenring "
			 "configure %s --undo' takes it back",
			 c->tool->name)
		   : r;
}

static int
give_back(const struct configure_tool *tool, struct json_object *change,
    struct err *err)
{
	const char *setting = dialect_text(change, "setting");
	struct json_object *before = configure_member(change, "before");
	bool part = configure_is_part(change), ours, done;
	struct json_object *now;
	char shown[512];

	if (tool->read(setting, &now, err) < 0)
		return err->code;
	ours = is_ours(change, now);
	done = json_object_equal(now, before);
	json_object_put(now);
	if (ours && !done && write_whole(tool, setting, before, err) < 0)
		return err->code;
	err_printable(shown, sizeof(shown), setting);
	if (!part && (ours || done))
		printf("%s is as it was\n", shown);
	else if (!part)
		printf("%s was changed since: left as it is\n", shown);
	return 0;
}

int
configure_undo(const struct configure_tool *tool, bool *any, struct err *err)
{
	struct json_object *record;
	LOCK lock = LOCK_INIT;
	size_t n;
	int r = 0;

	if (take_turn(&lock, err) < 0 ||
	    configure_record_read(tool->name, &record, err) < 0)
		return err->code;
	while (r == 0 && (n = json_object_array_length(record)) > 0) {
		*any = true;
		r = give_back(
		    tool, json_object_array_get_idx(record, n - 1), err);
		if (r == 0)
			r = json_object_array_del_idx(record, n - 1, 1);
		if (r == 0)
			r = configure_record_write(tool->name, record, err);
	}
	json_object_put(record);
	return r;
}
