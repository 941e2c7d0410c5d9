/* SPDX-License-Identifier: MIT */
/* What the tools of `tokenring configure` share. */
#include "configure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct json_object *
configure_values(const char *const values[], size_t n)
{
	struct json_object *a = json_object_new_array();
	size_t i;

	for (i = 0; a != NULL && i < n; i++)
		if (json_object_array_add(
			a, json_object_new_string(values[i])) < 0) {
			json_object_put(a);
			a = NULL;
		}
	return a;
}

const char *
configure_value(struct json_object *values, size_t i)
{
	struct json_object *v = json_object_array_get_idx(values, i);

	return json_object_is_type(v, json_type_string)
		   ? json_object_get_string(v)
		   : NULL;
}

bool
configure_begins_with(struct json_object *all, struct json_object *start)
{
	size_t i, n = json_object_array_length(start);

	if (json_object_array_length(all) < n)
		return false;
	for (i = 0; i < n; i++)
		if (!json_object_equal(json_object_array_get_idx(all, i),
			json_object_array_get_idx(start, i)))
			return false;
	return true;
}

int
configure_want(struct configure *c, const char *setting, bool part,
    const char *const values[], size_t n, struct err *err)
{
	struct json_object *o, *before, *after;
	size_t i;

	for (i = 0; i < json_object_array_length(c->changes); i++) {
		o = json_object_array_get_idx(c->changes, i);
		if (strcmp(json_object_get_string(
			       json_object_object_get(o, "setting")),
			setting) == 0)
			return 0;
	}
	after = configure_values(values, n);
	if (after == NULL || (o = json_object_new_object()) == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	(void)json_object_object_add(o, "after", after);
	if (c->tool->read(setting, &before, err) < 0) {
		json_object_put(o);
		return err->code;
	}
	(void)json_object_object_add(o, "before", before);
	(void)json_object_object_add(
	    o, "setting", json_object_new_string(setting));
	(void)json_object_object_add(o, "part", json_object_new_boolean(part));
	if (json_object_array_add(c->changes, o) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

int
configure_note(struct configure *c, struct err *err, const char *fmt, ...)
{
	char line[1024], shown[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	err_printable(shown, sizeof(shown), line);
	if (strstr(c->notes.ptr, shown) != NULL)
		return 0;
	/* What does not fit is not worth a failure. */
	if (c->notes.len + strlen(shown) + 3 <= CONFIGURE_NOTES_MAX &&
	    (secbuf_addstr(&c->notes, "  ") < 0 ||
		secbuf_addstr(&c->notes, shown) < 0 ||
		secbuf_addstr(&c->notes, "\n") < 0))
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

/* As every tool spells it: no default port, no slash at the end. */
static void
spell(const struct match_target *t, char *url, size_t size)
{
	bool six = strchr(t->host, ':') != NULL;
	char port[16] = "";
	size_t n;

	if (t->port != 443)
		(void)snprintf(port, sizeof(port), ":%d", t->port);
	(void)snprintf(url, size, "https://%s%s%s%s%s", six ? "[" : "", t->host,
	    six ? "]" : "", port, t->path);
	n = strlen(url);
	while (n > 0 && url[n - 1] == '/')
		url[--n] = '\0';
}

static int
visit_profile(struct configure *c, const struct profile *p,
    configure_visit *visit, struct err *err)
{
	const char *list =
	    p->where[CONF_MATCH] != 0 ? profile_get(p, CONF_MATCH) : NULL;
	const char *api = profile_get(p, CONF_API_URL), *word;
	char url[MATCH_URL_MAX];
	struct match_target target;
	size_t n, pos = 0;

	while (list != NULL && (n = conf_next_word(list, &pos, &word)) > 0) {
		(void)snprintf(url, sizeof(url), "%.*s", (int)n, word);
		if (p->provider == PROVIDER_ITCARE && api != NULL &&
		    strcmp(url, api) == 0)
			continue;
		if (match_url(url, &target, err) < 0)
			return err_wrap(err, "profile '%s'", p->name);
		spell(&target, url, sizeof(url));
		if (visit(c, p, &target, url, err) < 0)
			return err->code;
	}
	return 0;
}

int
configure_servers(struct configure *c, configure_visit *visit, struct err *err)
{
	const struct profile *p;
	size_t i;

	if (c->f->opt.profile != NULL)
		return front_profile(c->f, NULL, &p, err) < 0
			   ? err->code
			   : visit_profile(c, p, visit, err);
	for (i = 0; i < conf_count(c->f->conf); i++)
		if (visit_profile(c, conf_at(c->f->conf, i), visit, err) < 0)
			return err->code;
	return 0;
}
