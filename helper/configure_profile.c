/* SPDX-License-Identifier: MIT */
/*
 * The first profile, which `tokenring configure` writes at the end of the
 * configuration file.  Its setting is called "FILE: [profile NAME]", and its
 * values are the lines of that section.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "configure.h"
#include "configure_file.h"
#include "configure_first.h"
#include "dirs.h"

#define BETWEEN ": ["

/* The file's name, and the line that begins the section. */
static int
take_apart(const char *setting, char file[PATH_MAX], const char **head,
    struct err *err)
{
	const char *p = strstr(setting, BETWEEN), *next;

	while (p != NULL && (next = strstr(p + 1, BETWEEN)) != NULL)
		p = next;
	if (p == NULL || p - setting >= PATH_MAX)
		return err_set(
		    err, ERR_CONFIG, "no setting of a file: '%s'", setting);
	(void)snprintf(file, PATH_MAX, "%.*s", (int)(p - setting), setting);
	*head = p + strlen(BETWEEN) - 1;
	return 0;
}

/* Where the section is, from its head to the next one's or the end. */
static bool
find_section(
    const struct secbuf *text, const char *head, size_t *start, size_t *end)
{
	const char *p = text->ptr, *q;
	size_t n = strlen(head);

	while (*p != '\0') {
		q = p + strcspn(p, "\n");
		q += *q == '\n';
		if (strncmp(p, head, n) == 0 && strchr("\r\n", p[n]) != NULL)
			break;
		p = q;
	}
	if (*p == '\0')
		return false;
	*start = (size_t)(p - text->ptr);
	for (p = q; *p != '\0' && *p != '['; p = q) {
		q = p + strcspn(p, "\n");
		q += *q == '\n';
	}
	*end = (size_t)(p - text->ptr);
	return true;
}

static int
profile_read(const char *setting, struct json_object **ret, struct err *err)
{
	SECBUF text = SECBUF_INIT(CONFIGURE_FILE_MAX);
	char file[PATH_MAX], *line, *rest;
	const char *head;
	size_t start, end;
	struct stat st;
	int r;

	if (take_apart(setting, file, &head, err) < 0)
		return err->code;
	r = configure_file_read(file, &text, &st, err);
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	*ret = configure_values(NULL, 0);
	if (*ret == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	if (r == ERR_NOTFOUND || !find_section(&text, head, &start, &end))
		return 0;
	secbuf_cut(&text, end);
	for (line = strtok_r(text.ptr + start, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		(void)json_object_array_add(*ret, json_object_new_string(line));
	return 0;
}

static int
add_lines(struct secbuf *text, struct json_object *values, struct err *err)
{
	size_t i, n = json_object_array_length(values);

	if ((text->len > 0 && text->ptr[text->len - 1] != '\n' &&
		secbuf_addstr(text, "\n") < 0) ||
	    (text->len > 0 && secbuf_addstr(text, "\n") < 0))
		return err_set(err, ERR_NOMEM, "the file would be too large");
	for (i = 0; i < n; i++)
		if (secbuf_addstr(text, configure_value(values, i)) < 0 ||
		    secbuf_addstr(text, "\n") < 0)
			return err_set(
			    err, ERR_NOMEM, "the file would be too large");
	return 0;
}

static int
take_out(struct secbuf *text, size_t start, size_t end, struct err *err)
{
	/* The empty line that add_lines() put before it. */
	if (end == text->len && start > 1 && text->ptr[start - 1] == '\n' &&
	    text->ptr[start - 2] == '\n')
		start--;
	if (secbuf_splice(text, start, end, "") < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

static int
profile_write(const char *setting, struct json_object *values, struct err *err)
{
	SECBUF text = SECBUF_INIT(CONFIGURE_FILE_MAX);
	char file[PATH_MAX];
	const char *head;
	size_t start, end;
	struct stat st;
	bool there;
	int r;

	if (take_apart(setting, file, &head, err) < 0)
		return err->code;
	r = configure_file_read(file, &text, &st, err);
	there = r == 0;
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	if (find_section(&text, head, &start, &end) &&
	    take_out(&text, start, end, err) < 0)
		return err->code;
	if (json_object_array_length(values) > 0)
		r = add_lines(&text, values, err);
	else if (there && text.len == 0)
		return unlink(file) == 0 ? 0
					 : err_set(err, ERR_CONFIG,
					       "cannot remove '%s'", file);
	else
		r = 0;
	return r < 0 ? r
		     : configure_file_replace(
			   file, &text, there ? &st : NULL, err);
}

static int
find_file(char file[PATH_MAX], struct err *err)
{
	const char *one = secure_getenv("TOKENRING_CONFIG");

	if (one == NULL || *one == '\0')
		return dirs_user_config(file, PATH_MAX, err);
	if (*one != '/' || strlen(one) >= PATH_MAX)
		return err_set(err, ERR_CONFIG,
		    "TOKENRING_CONFIG is not the absolute path of a file");
	(void)snprintf(file, PATH_MAX, "%s", one);
	return 0;
}

static int
profile_plan(struct configure *c, struct err *err)
{
	char file[PATH_MAX], setting[PATH_MAX + CONF_NAME_MAX + 32];
	const char *values[CONFIGURE_FIRST_MAX];
	struct configure_first first = {.n = 0};
	size_t i;

	if (find_file(file, err) < 0 ||
	    configure_first(c->f, file, &first, err) < 0)
		return err->code;
	if (first.n == 0)
		return 0;
	(void)snprintf(setting, sizeof(setting), "%s: %s", file, first.line[0]);
	for (i = 0; i < first.n; i++)
		values[i] = first.line[i];
	return configure_want(c, setting, false, values, first.n, err);
}

const struct configure_tool configure_profile = {
    .name = "profile",
    .title = "the configuration of tokenring",
    .plan = profile_plan,
    .read = profile_read,
    .write = profile_write,
};
