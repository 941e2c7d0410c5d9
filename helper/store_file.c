/* SPDX-License-Identifier: MIT */
#include "store_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "dirs.h"
#include "io.h"

#define FILE_NAME_MAX 64 /* FINGERPRINT.KIND, its terminator included */

static int
open_directory(struct err *err)
{
	CLEANUP_FD int state = dirs_state(err);
	int fd;

	if (state < 0)
		return err->code;
	fd = dirs_ours(state, "store", "tokenring/store", err);
	return fd < 0 ? err_wrap(err, "store = file") : fd;
}

/* The store's directory, and the file's name in it. */
static int
open_for(const char *fp, enum store_kind kind, char name[FILE_NAME_MAX],
    struct err *err)
{
	if (!store_is_fp(fp, strlen(fp)))
		return err_set(err, ERR_INTERNAL, "not a fingerprint");
	(void)snprintf(name, FILE_NAME_MAX, "%s.%s", fp, store_kind_name(kind));
	return open_directory(err);
}

int
store_file_get(
    const char *fp, enum store_kind kind, struct secbuf *ret, struct err *err)
{
	char name[FILE_NAME_MAX];
	CLEANUP_FD int dir = open_for(fp, kind, name, err);

	if (dir < 0)
		return err->code;
	secbuf_reset(ret);
	if (io_read_file(dir, name, ret, err) == 0)
		return 0;
	secbuf_reset(ret);
	if (err->code == ERR_NOTFOUND)
		return err_set(err, ERR_NOTFOUND, "the store has no such file");
	return err_wrap(err, "store = file");
}

int
store_file_put(const char *fp, enum store_kind kind,
    const struct secbuf *payload, struct err *err)
{
	char name[FILE_NAME_MAX];
	CLEANUP_FD int dir = open_for(fp, kind, name, err);

	if (dir < 0)
		return err->code;
	if (io_replace_file(dir, name, payload->ptr, payload->len, err) < 0)
		return err_wrap(err, "store = file");
	return 0;
}

int
store_file_erase(const char *fp, enum store_kind kind, struct err *err)
{
	char name[FILE_NAME_MAX], broken_off[FILE_NAME_MAX + 8];
	CLEANUP_FD int dir = open_for(fp, kind, name, err);

	if (dir < 0)
		return err->code;
	(void)snprintf(
	    broken_off, sizeof(broken_off), "%s" IO_NEW_SUFFIX, name);
	(void)unlinkat(dir, broken_off, 0);
	if (unlinkat(dir, name, 0) == 0)
		return 0;
	if (errno == ENOENT)
		return err_set(err, ERR_NOTFOUND, "the store has no such file");
	return err_set(
	    err, ERR_INTERNAL, "cannot remove '%s': %s", name, strerror(errno));
}

int
store_file_probe(struct err *err)
{
	CLEANUP_FD int dir = open_directory(err);

	return dir < 0 ? err->code : 0;
}

int
store_file_list(store_visit *visit, void *arg, struct err *err)
{
	struct store_item item = {.label = ""};
	int fd = open_directory(err), k;
	char fp[STORE_FP_LEN + 1];
	const char *kind;
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return err->code;
	d = fdopendir(fd);
	if (d == NULL) {
		(void)close(fd);
		return err_set(err, ERR_NOMEM, "out of memory");
	}
	item.fp = fp;
	while ((e = readdir(d)) != NULL) {
		if (strlen(e->d_name) <= STORE_FP_LEN ||
		    e->d_name[STORE_FP_LEN] != '.')
			continue;
		(void)snprintf(fp, sizeof(fp), "%s", e->d_name);
		kind = e->d_name + STORE_FP_LEN + 1;
		k = store_find_kind(kind, strlen(kind));
		if (k < 0 || !store_is_fp(fp, strlen(fp)))
			continue;
		item.kind = (enum store_kind)k;
		visit(&item, arg);
	}
	(void)closedir(d);
	return 0;
}
