/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dirs.h"
#include "io.h"

#define FACTS_FILE_MAX 8192

static void
put_json(json_object **o)
{
	json_object_put(*o);
}

static void
file_name(char *to, size_t size, const char *fp)
{
	(void)snprintf(to, size, "%s.json", fp);
}

static void
take_text(json_object *o, const char *key, char *to, size_t size)
{
	json_object *v;

	to[0] = '\0';
	if (json_object_object_get_ex(o, key, &v) &&
	    json_object_is_type(v, json_type_string))
		err_printable(to, size, json_object_get_string(v));
}

static int64_t
take_time(json_object *o, const char *key)
{
	json_object *v;

	return json_object_object_get_ex(o, key, &v) ? json_object_get_int64(v)
						     : 0;
}

int
facts_read(const char *fp, struct facts *ret, struct err *err)
{
	SECBUF text = SECBUF_INIT(FACTS_FILE_MAX);
	CLEANUP(put_json) json_object *o = NULL;
	CLEANUP_FD int dir = -1;
	char name[FINGERPRINT_LEN + 8];

	dir = dirs_state(err);
	if (dir < 0)
		return err->code;
	file_name(name, sizeof(name), fp);
	if (io_read_file(dir, name, &text, err) < 0)
		return err->code;
	o = json_tokener_parse(text.ptr);
	if (!json_object_is_type(o, json_type_object))
		return err_set(err, ERR_NOTFOUND, "nothing is known");
	take_text(o, "profile", ret->profile, sizeof(ret->profile));
	take_text(o, "account", ret->account, sizeof(ret->account));
	take_text(o, "store", ret->store, sizeof(ret->store));
	take_text(o, "kept", ret->kept, sizeof(ret->kept));
	ret->signed_in_at = take_time(o, "signed_in_at");
	ret->obtained_at = take_time(o, "obtained_at");
	ret->expires_at = take_time(o, "expires_at");
	ret->refresh_expires_at = take_time(o, "refresh_expires_at");
	return 0;
}

int
facts_write(const char *fp, const struct facts *f, struct err *err)
{
	CLEANUP(put_json) json_object *o = json_object_new_object();
	CLEANUP_FD int dir = -1;
	char name[FINGERPRINT_LEN + 8];
	const char *text;

	dir = dirs_state(err);
	if (dir < 0)
		return err->code;
	if (o == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	json_object_object_add(o, "v", json_object_new_int(1));
	json_object_object_add(
	    o, "profile", json_object_new_string(f->profile));
	json_object_object_add(
	    o, "account", json_object_new_string(f->account));
	json_object_object_add(o, "store", json_object_new_string(f->store));
	json_object_object_add(o, "kept", json_object_new_string(f->kept));
	json_object_object_add(
	    o, "signed_in_at", json_object_new_int64(f->signed_in_at));
	json_object_object_add(
	    o, "obtained_at", json_object_new_int64(f->obtained_at));
	json_object_object_add(
	    o, "expires_at", json_object_new_int64(f->expires_at));
	json_object_object_add(o, "refresh_expires_at",
	    json_object_new_int64(f->refresh_expires_at));
	text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN);
	file_name(name, sizeof(name), fp);
	return io_replace_file(dir, name, text, strlen(text), err);
}

void
facts_drop(const char *fp)
{
	CLEANUP_FD int dir = -1;
	struct err err = ERR_INIT;
	char name[FINGERPRINT_LEN + 8];

	dir = dirs_state(&err);
	if (dir < 0)
		return;
	file_name(name, sizeof(name), fp);
	(void)unlinkat(dir, name, 0);
}

int
facts_list(facts_visit *visit, void *arg, struct err *err)
{
	int fd = dirs_state(err);
	char fp[FINGERPRINT_LEN + 1];
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return err->code;
	d = fdopendir(fd);
	if (d == NULL) {
		(void)close(fd);
		return err_set(err, ERR_NOMEM, "out of memory");
	}
	while ((e = readdir(d)) != NULL)
		if (strlen(e->d_name) == FINGERPRINT_LEN + 5 &&
		    strcmp(e->d_name + FINGERPRINT_LEN, ".json") == 0) {
			(void)snprintf(fp, sizeof(fp), "%s", e->d_name);
			visit(fp, arg);
		}
	(void)closedir(d);
	return 0;
}
