/* SPDX-License-Identifier: MIT */
/* Reading: files, texts, presets and options into profiles. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "conf.h"
#include "conf_private.h"
#include "ini.h"
#include "io.h"

static const char *
name_fault(const char *name)
{
	if (name == NULL || *name == '\0')
		return "the profile has no name: '[profile NAME]'";
	if (strlen(name) > CONF_NAME_MAX)
		return "the profile's name is longer than 64 bytes";
	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-") != strlen(name) ||
	    *name == '-' || *name == '.')
		return "a profile's name has letters, digits, '.', '_' and "
		       "'-', and begins with none of the last and '.'";
	return NULL;
}

static void
on_section(void *ctx, int line, const char *type, const char *name)
{
	struct conf *c = ctx;
	struct profile *old;
	const char *text;

	c->current = NULL;
	c->ignoring = true;
	if (strcmp(type, "profile") != 0) {
		conf_fault_add(c, NULL, false,
		    "%s:%d: a section is '[profile NAME]', nothing else",
		    c->shown, line);
		return;
	}
	text = name_fault(name);
	if (text != NULL) {
		conf_fault_add(
		    c, NULL, false, "%s:%d: %s", c->shown, line, text);
		return;
	}
	old = conf_find_profile(c, name);
	if (old != NULL && old->file == c->shown) {
		conf_fault_add(c, old->name, false,
		    "%s:%d: profile '%s' was given before, in line %d",
		    c->shown, line, name, old->line);
		return;
	}
	if (c->n == CONF_PROFILES_MAX && conf_find(c, name) == NULL) {
		conf_fault_add(c, NULL, false, "%s:%d: more than %d profiles",
		    c->shown, line, CONF_PROFILES_MAX);
		return;
	}
	if (old != NULL)
		conf_faults_forget(c, name);
	c->current = conf_new_profile(c, old, name, line);
	if (c->current == NULL)
		conf_fault_add(c, NULL, false, "%s: out of memory", c->shown);
	else
		c->ignoring = false;
}

static void
on_pair(void *ctx, int line, const char *key, const char *value)
{
	struct conf *c = ctx;
	struct profile *p = c->current;
	const char *text;
	int k;

	if (p == NULL) {
		if (!c->ignoring)
			conf_fault_add(c, NULL, false,
			    "%s:%d: %s: a key before the first section",
			    c->shown, line, key);
		return;
	}
	k = conf_find_key(key);
	if (k < 0) {
		conf_fault_add(c, p->name, true, "%s:%d: %s: unknown key",
		    c->shown, line, key);
		return;
	}
	if (p->value[k] != NULL) {
		conf_fault_add(c, p->name, false,
		    "%s:%d: %s: the key was given before, in line %d", c->shown,
		    line, key, p->where[k]);
		return;
	}
	text = conf_value_fault(&conf_keys[k], value);
	if (text != NULL && conf_keys[k].type == CONF_CHOICE)
		conf_fault_add(c, p->name, false, "%s:%d: %s: not one of: %s",
		    c->shown, line, key, text);
	else if (text != NULL)
		conf_fault_add(c, p->name, false, "%s:%d: %s: %s", c->shown,
		    line, key, text);
	p->value[k] = value;
	p->where[k] = line;
}

static void
on_fault(void *ctx, int line, const char *key, const char *text)
{
	struct conf *c = ctx;

	conf_fault_add(c, c->current != NULL ? c->current->name : NULL, false,
	    "%s:%d: %s%s%s", c->shown, line, key != NULL ? key : "",
	    key != NULL ? ": " : "", text);
}

int
conf_read_text(struct conf *c, const char *shown, const char *text, size_t len,
    struct err *err)
{
	static const struct ini_handler handler = {
	    on_section, on_pair, on_fault};
	char *copy = conf_keep(c, text, len);

	c->shown = conf_keep(c, shown, strlen(shown));
	if (copy == NULL || c->shown == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	c->current = NULL;
	c->ignoring = false;
	ini_parse(copy, len, &handler, c);
	return 0;
}

static int
check_owner(int fd, const char *path, uid_t owner, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_CONFIG, "%s: not a regular file", path);
	if (owner == (uid_t)-1)
		return 0;
	if (st.st_uid != 0 && st.st_uid != owner)
		return err_set(err, ERR_CONFIG,
		    "%s: belongs to uid %ld instead of root", path,
		    (long)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return err_set(err, ERR_CONFIG,
		    "%s: others may write to it; chmod go-w it", path);
	return 0;
}

int
conf_read(struct conf *c, const char *path, uid_t owner, struct err *err)
{
	SECBUF text = SECBUF_INIT(INI_FILE_MAX);
	CLEANUP_FD int fd = -1;
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	/* A user may link his own file into place; PAM's may be no link. */
	if (owner != (uid_t)-1)
		flags |= O_NOFOLLOW;
	fd = open(path, flags);
	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_CONFIG,
		    "%s: %s", path,
		    errno == ELOOP ? "it is a symbolic link" : strerror(errno));
	if (check_owner(fd, path, owner, err) < 0)
		return err->code;
	/* Room for all at once: this is on the way to every answer. */
	if (secbuf_space(&text, INI_FILE_MAX) == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (io_read_end(fd, &text, IO_FOREVER, err) < 0) {
		if (err->code == ERR_PROTOCOL)
			return err_set(err, ERR_CONFIG,
			    "%s: larger than %d bytes", path, INI_FILE_MAX);
		return err_wrap(err, "%s", path);
	}
	return conf_read_text(c, path, text.ptr, text.len, err);
}

int
conf_preset(struct conf *c, const char *name, const char *shown,
    const char *const pairs[][2], struct err *err)
{
	char *copy;
	size_t i;

	c->shown = conf_keep(c, shown, strlen(shown));
	copy = conf_keep(c, name, strlen(name));
	if (c->shown == NULL || copy == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	on_section(c, 0, "profile", copy);
	for (i = 0; pairs[i][0] != NULL; i++) {
		copy = conf_keep(c, pairs[i][1], strlen(pairs[i][1]));
		if (copy == NULL)
			return err_set(err, ERR_NOMEM, "out of memory");
		on_pair(c, 0, pairs[i][0], copy);
	}
	return 0;
}

int
conf_override(struct conf *c, const char *pair, struct err *err)
{
	const char *eq = strchr(pair, '='), *text;
	char *copy, *key;
	size_t i, set = 0;
	int k;

	if (eq == NULL || eq == pair)
		return err_set(err, ERR_CONFIG, "-o: not KEY=VALUE");
	key = conf_keep(c, pair, (size_t)(eq - pair));
	copy = conf_keep(c, eq + 1, strlen(eq + 1));
	if (key == NULL || copy == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	k = conf_find_key(key);
	if (k < 0)
		return err_set(err, ERR_CONFIG,
		    "-o: unknown key; tokenring.conf(5) lists them");
	for (text = copy; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return err_set(err, ERR_CONFIG,
			    "-o %s: the value holds a control character", key);
	text = conf_value_fault(&conf_keys[k], copy);
	if (text != NULL)
		return err_set(err, ERR_CONFIG, "-o %s: %s%s", key,
		    conf_keys[k].type == CONF_CHOICE ? "not one of: " : "",
		    text);
	for (i = 0; i < c->n; i++) {
		if ((conf_keys[k].providers &
			conf_provider_of(&c->profile[i])) == 0)
			continue;
		c->profile[i].value[k] = copy;
		c->profile[i].where[k] = -1;
		set++;
	}
	if (set == 0)
		return err_set(
		    err, ERR_CONFIG, "-o %s: no profile has this key", key);
	return 0;
}
