/* SPDX-License-Identifier: MIT */
#include "front.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dirs.h"
#include "match.h"

/* ITCARE_CLIENT_ID and ITCARE_CLIENT_SECRET alone make a profile. */
static int
preset_itcare(struct conf *c, struct err *err)
{
	const char *id = secure_getenv("ITCARE_CLIENT_ID");
	const char *secret = secure_getenv("ITCARE_CLIENT_SECRET");

	if (id == NULL || *id == '\0' || secret == NULL || *secret == '\0' ||
	    conf_find(c, "itcare") != NULL)
		return 0;
	return conf_preset(c, "itcare", "environment",
	    (const char *const[][2]){{"provider", "itcare"}, {"client_id", id},
		{"client_secret_env", "ITCARE_CLIENT_SECRET"}, {NULL, NULL}},
	    err);
}

static int
read_files(struct conf *c, struct err *err)
{
	const char *one = secure_getenv("TOKENRING_CONFIG");
	char path[PATH_MAX];
	int r;

	if (one != NULL && *one != '\0') {
		r = conf_read(c, one, (uid_t)-1, err);
		if (r == ERR_NOTFOUND)
			err->code = r = ERR_CONFIG;
		return r < 0 ? err_wrap(err, "TOKENRING_CONFIG") : 0;
	}
	r = conf_read(c, SYSCONFDIR "/tokenring.conf", (uid_t)-1, err);
	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	if (dirs_user_config(path, sizeof(path), err) < 0)
		return 0;
	r = conf_read(c, path, (uid_t)-1, err);
	return r == ERR_NOTFOUND ? 0 : r;
}

int
front_read_conf(struct front *f, struct err *err)
{
	size_t i;

	if (conf_new(&f->conf, err) < 0 || read_files(f->conf, err) < 0 ||
	    preset_itcare(f->conf, err) < 0)
		return err->code;
	for (i = 0; i < f->opt.overrides; i++)
		if (conf_override(f->conf, f->opt.override[i], err) < 0)
			return err->code;
	conf_finish(f->conf);
	err->code = 0;
	return 0;
}

int
front_load(struct front *f, struct err *err)
{
	int r = front_read_conf(f, err);

	return r < 0 ? r : conf_check(f->conf, err);
}

/* "a, b, c" for messages. */
static void
name_all(const struct conf *c, char *to, size_t size)
{
	size_t i, used = 0;
	int n;

	to[0] = '\0';
	for (i = 0; i < conf_count(c) && used < size - 1; i++) {
		n = snprintf(to + used, size - used, "%s%s",
		    used > 0 ? ", " : "", conf_at(c, i)->name);
		used += (size_t)n;
	}
}

static int
find_named(const struct front *f, const char *name, const char *from,
    const struct profile **ret, struct err *err)
{
	char shown[CONF_NAME_MAX + 1], all[256];

	*ret = conf_find(f->conf, name);
	if (*ret != NULL)
		return 0;
	err_printable(shown, sizeof(shown), name);
	name_all(f->conf, all, sizeof(all));
	return err_set(err, ERR_CONFIG, "%s: there is no profile '%s'%s%s",
	    from, shown, *all != '\0' ? "; there are: " : "", all);
}

int
front_profile(const struct front *f, const char *word,
    const struct profile **ret, struct err *err)
{
	const char *name = f->opt.profile;
	struct match_target target;
	char all[256];

	if (conf_count(f->conf) == 0)
		return err_set(err, ERR_CONFIG,
		    "no profile is configured; write one into "
		    "~/.config/tokenring/tokenring.conf (tokenring.conf(5))");
	if (word != NULL && strstr(word, "://") != NULL) {
		if (match_url(word, &target, err) < 0)
			return err->code;
		if (name == NULL)
			return match_profile(f->conf, &target, ret, err);
		if (find_named(f, name, "--profile", ret, err) < 0)
			return err->code;
		if (!match_covers(*ret, &target))
			return err_set(err, ERR_CONFIG,
			    "profile '%s' is not for that URL: its token does "
			    "not belong there",
			    name);
		return 0;
	}
	if (word != NULL)
		return find_named(f, word, "argument", ret, err);
	if (name != NULL)
		return find_named(f, name, "--profile", ret, err);
	name = getenv("TOKENRING_PROFILE");
	if (name != NULL && *name != '\0')
		return find_named(f, name, "TOKENRING_PROFILE", ret, err);
	if (conf_count(f->conf) == 1) {
		*ret = conf_at(f->conf, 0);
		return 0;
	}
	name_all(f->conf, all, sizeof(all));
	return err_set(err, ERR_CONFIG, "which profile? there are: %s", all);
}

int
front_account(
    const struct front *f, const struct profile *p, char *ret, struct err *err)
{
	const char *a = f->opt.account;
	struct passwd *pw;

	if (a == NULL)
		a = profile_get(p, CONF_ACCOUNT);
	if (a == NULL && p->provider == PROVIDER_SAINET) {
		pw = getpwuid(getuid());
		if (pw == NULL)
			return err_set(err, ERR_CONFIG,
			    "profile '%s': uid %ld has no login name; set "
			    "'account'",
			    p->name, (long)getuid());
		a = pw->pw_name;
	}
	if (a == NULL)
		a = "";
	if (snprintf(ret, TOKEN_NAME_MAX, "%s", a) >= TOKEN_NAME_MAX)
		return err_set(err, ERR_CONFIG,
		    "profile '%s': the account's name is too long", p->name);
	return 0;
}

int64_t
front_min_valid(const struct front *f, const struct profile *p)
{
	return f->opt.min_valid >= 0 ? f->opt.min_valid
				     : profile_ms(p, CONF_MIN_VALID) / 1000;
}

int
front_exit(int code)
{
	switch (code) {
	case 0:
		return 0;
	case ERR_CONFIG:
		return 2;
	case ERR_INTERACT:
	case ERR_LOCKED:
		return 3;
	case ERR_UNAVAIL:
		return 4;
	case ERR_UNCONFIRMED:
		return 5;
	default:
		return 1;
	}
}
