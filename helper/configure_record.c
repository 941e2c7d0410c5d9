/* SPDX-License-Identifier: MIT */
/* What `tokenring configure` has changed: one JSON file a tool. */
#include <stdio.h>
#include <string.h>

#include "configure.h"
#include "dialect.h"
#include "dirs.h"
#include "io.h"

static void
file_name(char *to, size_t size, const char *tool)
{
	(void)snprintf(to, size, "configure-%s.json", tool);
}

/* Every entry as configure_want() makes it, or none is used. */
static bool
is_record(struct json_object *changes)
{
	struct json_object *o, *before, *after;
	size_t i, n;

	if (!json_object_is_type(changes, json_type_array))
		return false;
	n = json_object_array_length(changes);
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(changes, i);
		if (!json_object_is_type(o, json_type_object) ||
		    dialect_text(o, "setting") == NULL ||
		    !json_object_object_get_ex(o, "before", &before) ||
		    !json_object_object_get_ex(o, "after", &after) ||
		    !json_object_is_type(before, json_type_array) ||
		    !json_object_is_type(after, json_type_array))
			return false;
	}
	return true;
}

int
configure_record_read(
    const char *tool, struct json_object **ret, struct err *err)
{
	SECBUF text = SECBUF_INIT(CONFIGURE_RECORD_MAX);
	CLEANUP_FD int dir = dirs_state(err);
	struct json_object *o, *changes;
	char name[64];
	int r;

	if (dir < 0)
		return err->code;
	file_name(name, sizeof(name), tool);
	r = io_read_file(dir, name, &text, err);
	if (r == ERR_NOTFOUND) {
		*ret = json_object_new_array();
		return *ret != NULL ? 0 : err_set(err, ERR_NOMEM, "no memory");
	}
	/* Values and names of files are whatever bytes people have there. */
	if (r < 0 || dialect_parse_bytes(&text, "it", &o, err) < 0)
		return err_wrap(err, "the state directory's '%s'", name);
	if (!json_object_object_get_ex(o, "changes", &changes) ||
	    !is_record(changes)) {
		json_object_put(o);
		return err_set(err, ERR_CONFIG,
		    "the state directory's '%s' is damaged: without it nothing "
		    "can be undone; remove it to go on",
		    name);
	}
	*ret = json_object_get(changes);
	json_object_put(o);
	return 0;
}

int
configure_record_write(
    const char *tool, struct json_object *changes, struct err *err)
{
	CLEANUP_FD int dir = dirs_state(err);
	struct json_object *o;
	const char *text;
	char name[64];
	size_t len;
	int r;

	if (dir < 0)
		return err->code;
	file_name(name, sizeof(name), tool);
	if (json_object_array_length(changes) == 0) {
		(void)unlinkat(dir, name, 0);
		return 0;
	}
	o = json_object_new_object();
	if (o == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	(void)json_object_object_add(o, "changes", json_object_get(changes));
	text = json_object_to_json_string_length(
	    o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
	r = len > CONFIGURE_RECORD_MAX
		? err_set(err, ERR_INTERNAL, "too much to write down")
		: io_replace_file(dir, name, text, len, err);
	json_object_put(o);
	return r;
}
