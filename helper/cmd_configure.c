/* SPDX-License-Identifier: MIT */
/* tokenring configure: show what will be changed, ask, change it; --undo. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ask.h"
#include "commands.h"
#include "configure_apply.h"
#include "dialect.h"
#include "tool.h"

static const struct configure_tool *const tools[] = {
    &configure_git, &configure_docker, &configure_kubectl};
#define N_TOOLS (sizeof(tools) / sizeof(tools[0]))

static void
show_values(const char *label, struct json_object *values)
{
	size_t i, n = json_object_array_length(values);
	char shown[256];

	printf("    %s:%s", label, n == 0 ? " (not set)" : "");
	for (i = 0; i < n; i++) {
		err_printable(shown, sizeof(shown), configure_value(values, i));
		printf("%s %s", i > 0 ? "," : "",
		    *shown != '\0' ? shown : "(empty)");
	}
	printf("\n");
}

static void
show_lines(struct json_object *values)
{
	size_t i, n = json_object_array_length(values);

	for (i = 0; i < n; i++)
		printf("    %s\n", configure_value(values, i));
}

static void
show(const struct configure *c)
{
	size_t i, n = json_object_array_length(c->changes);
	struct json_object *o;
	char shown[512];

	printf("%s\n", c->tool->title);
	for (i = 0; i < n; i++) {
		o = json_object_array_get_idx(c->changes, i);
		if (configure_is_part(o) || configure_is_done(o))
			continue;
		printf("  %s\n", err_printable(shown, sizeof(shown),
				     dialect_text(o, "setting")));
		if (c->tool == &configure_profile) {
			show_lines(configure_member(o, "after"));
			continue;
		}
		show_values("was", configure_member(o, "before"));
		show_values("will be", configure_member(o, "after"));
	}
	printf("%s", c->notes.ptr);
}

/* A person says yes, or has said so with --yes. */
static int
agree(const struct front *f, struct err *err)
{
	SECBUF answer = SECBUF_INIT(ASK_SECRET_MAX);

	if (f->opt.yes)
		return 0;
	(void)fflush(stdout);
	if (f->opt.no_input || !ask_possible())
		return err_set(err, ERR_CONFIG,
		    "nothing is changed: there is no terminal to ask at; with "
		    "--yes it is done without asking");
	if (ask_line("Change this? [y/N] ", &answer, err) < 0)
		return err->code;
	if (strcasecmp(answer.ptr, "y") != 0 &&
	    strcasecmp(answer.ptr, "yes") != 0)
		return err_set(err, ERR_CANCELED, "nothing is changed");
	return 0;
}

static bool
has_something_to_do(const struct configure *c)
{
	size_t i,
	    n = c->changes != NULL ? json_object_array_length(c->changes) : 0;

	for (i = 0; i < n; i++)
		if (!configure_is_done(
			json_object_array_get_idx(c->changes, i)))
			return true;
	return false;
}

static int
plan(struct configure *c, struct err *err)
{
	if (c->tool == NULL)
		return 0;
	c->changes = json_object_new_array();
	if (c->changes == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	return c->tool->plan(c, err);
}

static int
carry_out(const struct configure *profile, const struct configure *tool,
    struct err *err)
{
	bool first = has_something_to_do(profile);
	bool then = has_something_to_do(tool);

	if (first)
		show(profile);
	if (then)
		show(tool);
	else if (tool->tool != NULL)
		printf("%s\n  nothing to change\n%s", tool->tool->title,
		    tool->notes.ptr);
	if (!first && !then)
		return 0;
	if (agree(tool->f, err) < 0 ||
	    (first && configure_apply(profile, err) < 0) ||
	    (then && configure_apply(tool, err) < 0))
		return err->code;
	if (first)
		printf(
		    "now sign in: tokenring login %s\n", tool->f->opt.profile);
	return 0;
}

static int
set_up(struct front *f, const struct configure_tool *tool, struct err *err)
{
	struct configure profile = {.f = f,
	    .tool = &configure_profile,
	    .notes = SECBUF_INIT(CONFIGURE_NOTES_MAX)};
	struct configure c = {
	    .f = f, .tool = tool, .notes = SECBUF_INIT(CONFIGURE_NOTES_MAX)};
	int r;

	r = plan(&profile, err);
	if (r == 0)
		r = plan(&c, err);
	if (r == 0)
		r = carry_out(&profile, &c, err);
	json_object_put(profile.changes);
	json_object_put(c.changes);
	secbuf_release(&profile.notes);
	secbuf_release(&c.notes);
	return r;
}

static int
undo(const struct configure_tool *only, struct err *err)
{
	const struct configure_tool *tool;
	struct err why = ERR_INIT;
	bool any = false;
	size_t i;

	/* One whose file cannot be read keeps nobody from the others. */
	for (i = 0; i <= N_TOOLS; i++) {
		tool = i < N_TOOLS ? tools[i] : &configure_profile;
		if ((only == NULL || only == tool) &&
		    configure_undo(tool, &any, &why) < 0 && err->code == 0)
			*err = why;
	}
	if (!any && err->code == 0)
		printf("nothing to undo\n");
	return err->code;
}

static int
check_programs(const struct configure_tool *tool, struct err *err)
{
	if (tool->used != NULL && !tool_exists(tool->used))
		return err_set(
		    err, ERR_CONFIG, "%s is not in PATH", tool->used);
	if (!tool_exists(tool->link))
		return err_set(err, ERR_CONFIG,
		    "%s is not in PATH, where %s looks for it: add the "
		    "directory that tokenring is installed in",
		    tool->link, tool->name);
	return 0;
}

int
cmd_configure(struct front *f, struct err *err)
{
	const struct configure_tool *tool = NULL;
	size_t i;

	for (i = 0; f->opt.operands > 0 && i < N_TOOLS; i++)
		if (strcmp(tools[i]->name, f->opt.operand[0]) == 0)
			tool = tools[i];
	if (f->opt.operands > 1 || (f->opt.operands == 1 && tool == NULL))
		return err_set(err, ERR_CONFIG,
		    "configure takes one of: git, docker, kubectl");
	if (f->opt.undo)
		return undo(tool, err);
	if (tool != NULL && check_programs(tool, err) < 0)
		return err->code;
	return set_up(f, tool, err);
}
