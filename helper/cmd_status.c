/* SPDX-License-Identifier: MIT */
/*
 * tokenring status: what is known of each profile without unlocking anything.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "broker.h"
#include "cache.h"
#include "commands.h"
#include "dirs.h"
#include "facts.h"
#include "refusal.h"

struct report {
	const struct profile *profile;
	char account[TOKEN_NAME_MAX];
	bool cached;
	int64_t expires_at; /* of the cached token */
	bool known;
	struct facts facts;
	int64_t refused_s;
	char refused[ERR_TEXT_MAX];
};

static int
examine(
    struct front *f, const struct profile *p, struct report *r, struct err *err)
{
	TOKEN t = TOKEN_INIT;
	struct err ignored = ERR_INIT;
	struct grant g;

	memset(r, 0, sizeof(*r));
	if (grant_open(&g, f, p, err) < 0)
		return err->code;
	r->profile = p;
	(void)snprintf(r->account, sizeof(r->account), "%s", g.account);
	r->cached = cache_get_token(g.fp, &t, &ignored) == 0 &&
		    token_fresh(&t, time(NULL), 0);
	r->expires_at = r->cached ? t.expires_at : 0;
	r->known = facts_read(g.fp, &r->facts, &ignored) == 0;
	r->refused_s = refusal_left(g.fp, r->refused, sizeof(r->refused));
	return 0;
}

static void
duration(int64_t s, char *to, size_t size)
{
	if (s < 120)
		(void)snprintf(to, size, "%lld s", (long long)s);
	else if (s < 7200)
		(void)snprintf(to, size, "%lld min", (long long)s / 60);
	else if (s < 172800)
		(void)snprintf(to, size, "%lld h", (long long)s / 3600);
	else
		(void)snprintf(to, size, "%lld days", (long long)s / 86400);
}

static const char *
store_words(const char *store)
{
	return strcmp(store, "file") == 0 ? "file (plaintext)" : store;
}

static void
print_text(const struct report *r)
{
	const struct profile *p = r->profile;
	int64_t now = time(NULL);
	char left[32];

	printf("%s (%s)\n", p->name, profile_get(p, CONF_PROVIDER));
	if (r->account[0] != '\0')
		printf("  account   %s\n", r->account);
	if (r->cached) {
		duration(r->expires_at - now, left, sizeof(left));
		printf("  token     valid for %s\n", left);
	} else {
		printf("  token     none\n");
	}
	printf("  store     %s%s%s\n", store_words(profile_get(p, CONF_STORE)),
	    r->known && r->facts.kept[0] != '\0' ? ", keeps the " : "",
	    r->known ? r->facts.kept : "");
	if (r->known && r->facts.refresh_expires_at > now) {
		duration(r->facts.refresh_expires_at - now, left, sizeof(left));
		printf("  renewable for %s\n", left);
	}
	if (r->refused_s > 0) {
		duration(r->refused_s, left, sizeof(left));
		printf("  refused   %s; not asked again for %s\n", r->refused,
		    left);
	}
}

static void
add_time(json_object *o, const char *key, int64_t t)
{
	json_object_object_add(o, key, t > 0 ? json_object_new_int64(t) : NULL);
}

static json_object *
as_json(const struct report *r)
{
	json_object *o = json_object_new_object();
	json_object *refused;

	json_object_object_add(
	    o, "profile", json_object_new_string(r->profile->name));
	json_object_object_add(o, "provider",
	    json_object_new_string(profile_get(r->profile, CONF_PROVIDER)));
	json_object_object_add(o, "account",
	    r->account[0] != '\0' ? json_object_new_string(r->account) : NULL);
	json_object_object_add(o, "store",
	    json_object_new_string(profile_get(r->profile, CONF_STORE)));
	json_object_object_add(o, "kept",
	    r->facts.kept[0] != '\0' ? json_object_new_string(r->facts.kept)
				     : NULL);
	json_object_object_add(o, "token", json_object_new_boolean(r->cached));
	add_time(o, "expires_at", r->expires_at);
	add_time(o, "refresh_expires_at", r->facts.refresh_expires_at);
	add_time(o, "signed_in_at", r->facts.signed_in_at);
	if (r->refused_s > 0) {
		refused = json_object_new_object();
		json_object_object_add(refused, "until",
		    json_object_new_int64(time(NULL) + r->refused_s));
		json_object_object_add(
		    refused, "reason", json_object_new_string(r->refused));
	} else {
		refused = NULL;
	}
	json_object_object_add(o, "refused", refused);
	return o;
}

static void
warn_of_places(void)
{
	struct err err = ERR_INIT;
	int fd = dirs_runtime(&err);

	if (fd >= 0)
		(void)close(fd);
	else
		printf("warning: %s: a kill during a renewal can lose a "
		       "sign-in\n",
		    err.msg);
	if (!cache_in_kernel())
		printf("note: the kernel keyring is not available; tokens are "
		       "cached in files on tmpfs\n");
}

int
cmd_status(struct front *f, struct err *err)
{
	const struct profile *one = NULL;
	json_object *list = NULL;
	struct report r;
	size_t i;

	if (f->opt.operands > 1)
		return err_set(err, ERR_CONFIG, "one profile at a time");
	if (front_load(f, err) < 0)
		return err->code;
	if ((f->opt.operands == 1 || f->opt.profile != NULL) &&
	    front_profile(f, f->opt.operands == 1 ? f->opt.operand[0] : NULL,
		&one, err) < 0)
		return err->code;
	if (f->opt.json)
		list = json_object_new_array();
	for (i = 0; i < conf_count(f->conf); i++) {
		if (one != NULL && conf_at(f->conf, i) != one)
			continue;
		if (examine(f, conf_at(f->conf, i), &r, err) < 0)
			break;
		if (f->opt.json)
			json_object_array_add(list, as_json(&r));
		else
			print_text(&r);
	}
	if (f->opt.json)
		printf("%s\n", json_object_to_json_string_ext(
				   list, JSON_C_TO_STRING_PRETTY |
					     JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		warn_of_places();
	json_object_put(list);
	return err->code;
}
