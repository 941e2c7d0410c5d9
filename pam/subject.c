/* SPDX-License-Identifier: MIT */
#include "subject.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "err.h"

/* [a-z_][a-z0-9_.-]{0,31}[$]? */
static bool
name_ok(const char *s)
{
	size_t n = strlen(s);

	if (n > 0 && s[n - 1] == '$')
		n--;
	if (n == 0 || n > SUBJECT_NAME_MAX - 1 ||
	    ((s[0] < 'a' || s[0] > 'z') && s[0] != '_'))
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == n;
}

static int
grow(char **buf, size_t *size)
{
	char *p;

	if (*size >= SUBJECT_ENTRY_MAX)
		return -1;
	*size = *size == 0 ? 4096 : *size * 4;
	/* The old contents are of no use: the look-up begins anew. */
	free(*buf);
	*buf = p = malloc(*size);
	return p != NULL ? 0 : -1;
}

/* Only these mean that there is none; anything else is a failed look-up. */
static bool
absent(int e)
{
	return e == 0 || e == ENOENT || e == ESRCH;
}

/* 1 known, 0 unknown, or the negative of a PAM code. */
static int
find_user(struct subject *s, const char *name)
{
	CLEANUP_FREE char *buf = NULL;
	struct passwd pw, *found = NULL;
	size_t size = 0;
	int e;

	do {
		if (grow(&buf, &size) < 0)
			return -PAM_BUF_ERR;
		do
			e = getpwnam_r(name, &pw, buf, size, &found);
		while (e == EINTR);
	} while (e == ERANGE);
	if (found == NULL)
		return absent(e) ? 0 : -PAM_SYSTEM_ERR;
	/* A source that answers with another name has not been asked for him. */
	if (pw.pw_name == NULL || strcmp(pw.pw_name, name) != 0)
		return 0;
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	s->uid = pw.pw_uid;
	s->gid = pw.pw_gid;
	return 1;
}

int
subject_groups(struct subject *s)
{
	int room = 32, n;
	gid_t *p;

	while (s->n_groups == 0) {
		p = reallocarray(s->groups, (size_t)room, sizeof(*p));
		if (p == NULL)
			return PAM_BUF_ERR;
		s->groups = p;
		n = room;
		if (getgrouplist(s->name, s->gid, p, &n) >= 0)
			s->n_groups = n;
		else if (room >= SUBJECT_GROUPS_MAX)
			return PAM_SYSTEM_ERR;
		room = n > room && n <= SUBJECT_GROUPS_MAX ? n : room * 2;
	}
	return 0;
}

/* 1 a member, 0 not, or the negative of a PAM code. */
static int
member(const struct subject *s, const char *group)
{
	CLEANUP_FREE char *buf = NULL;
	struct group gr, *found = NULL;
	size_t size = 0;
	int e, i;

	do {
		if (grow(&buf, &size) < 0)
			return -PAM_BUF_ERR;
		do
			e = getgrnam_r(group, &gr, buf, size, &found);
		while (e == EINTR);
	} while (e == ERANGE);
	if (found == NULL)
		return absent(e) ? 0 : -PAM_SYSTEM_ERR;
	for (i = 0; i < s->n_groups; i++)
		if (s->groups[i] == gr.gr_gid)
			return 1;
	return 0;
}

static int
member_of_any(const struct subject *s, const char *list)
{
	char group[OPTIONS_VALUE_MAX + 1];
	size_t n;
	int r;

	for (;; list += n + 1) {
		n = strcspn(list, ",");
		(void)snprintf(group, sizeof(group), "%.*s", (int)n, list);
		r = member(s, group);
		if (r != 0 || list[n] == '\0')
			return r;
	}
}

int
subject_find(struct subject *s, pam_handle_t *pamh, const struct options *o)
{
	const char *name = NULL;
	int r;

	r = pam_get_user(pamh, &name, NULL);
	if (r == PAM_CONV_AGAIN)
		return PAM_INCOMPLETE;
	if (r != PAM_SUCCESS || name == NULL)
		return r == PAM_CONV_ERR || r == PAM_BUF_ERR ? r
							     : PAM_SYSTEM_ERR;
	s->why = "unknown user";
	if (!name_ok(name))
		return 0;
	r = find_user(s, name);
	if (r <= 0)
		return -r;
	s->why = "below minimum_uid=";
	if (s->uid == 0 || s->uid == (uid_t)-1 || s->uid < o->minimum_uid)
		return 0;
	if (o->allow_group != NULL) {
		s->why = "in none of allow_group=";
		r = subject_groups(s);
		if (r != 0)
			return r;
		r = member_of_any(s, o->allow_group);
		if (r <= 0)
			return -r;
	}
	s->ours = true;
	return 0;
}

void
subject_release(struct subject *s)
{
	free(s->groups);
	s->groups = NULL;
	s->n_groups = 0;
}
