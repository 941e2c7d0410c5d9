/* SPDX-License-Identifier: MIT */
/*
 * tokenring docker: docker's credential helper protocol
 * (docker-credential-helpers, "Development"), which podman, skopeo and others
 * speak too.
 *
 * Its clients take what went wrong from standard output and know three
 * sentences of it by heart; the exit status is 0 or 1.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "commands.h"
#include "dialect.h"
#include "docker_other.h"
#include "io.h"
#include "json_out.h"
#include "log.h"

#define NAME       "docker-credential-tokenring"
#define NOT_FOUND  "credentials not found in native keychain"
#define NO_SERVER  "no credentials server URL"
#define NO_USER    "no credentials username"
#define ANSWER_MAX 1048576 /* bytes of an answer */

/* What a client compares with, and nothing else with it. */
static int
by_heart(const char *sentence, struct err *err)
{
	(void)puts(sentence);
	return err_set(err, ERR_INTERNAL, "%s", "");
}

/* Lines without their ends, one after the other, and no blanks around. */
static int
read_server(struct secbuf *raw, struct err *err)
{
	SECBUF text = SECBUF_INIT(DIALECT_REQUEST_MAX);
	const char *s, *end;

	if (io_read_end(STDIN_FILENO, &text, IO_FOREVER, err) < 0)
		return err_wrap(err, "docker's request");
	if (strlen(text.ptr) != text.len)
		return err_set(
		    err, ERR_PROTOCOL, "docker's request has a NUL in it");
	for (s = text.ptr; *s != '\0'; s = *end == '\0' ? end : end + 1) {
		end = s + strcspn(s, "\n");
		if (secbuf_add(raw, s,
			(size_t)(end - s) - (end > s && end[-1] == '\r')) < 0)
			return err_set(err, ERR_NOMEM, "out of memory");
	}
	while (raw->len > 0 && strchr(" \t\r", raw->ptr[raw->len - 1]) != NULL)
		secbuf_cut(raw, raw->len - 1);
	if (secbuf_set(&text, raw->ptr) < 0 ||
	    secbuf_set(raw, text.ptr + strspn(text.ptr, " \t\r")) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

static int
write_credential(const char *server, const char *user, const char *credential)
{
	SECBUF text = SECBUF_INIT(ANSWER_MAX);

	if (secbuf_addstr(&text, "{\"ServerURL\":") < 0 ||
	    json_out_string(&text, server) < 0 ||
	    secbuf_addstr(&text, ",\"Username\":") < 0 ||
	    json_out_string(&text, user) < 0 ||
	    secbuf_addstr(&text, ",\"Secret\":") < 0 ||
	    json_out_string(&text, credential) < 0 ||
	    secbuf_addstr(&text, "}\n") < 0)
		return -1;
	(void)fwrite(text.ptr, 1, text.len, stdout);
	return 0;
}

static int
get_other(const struct front *f, const struct docker_server *server,
    const char *raw, struct err *err)
{
	CREDENTIAL found = CREDENTIAL_INIT;
	int r = docker_other_get(f, server, &found, err);

	if (r == ERR_NOTFOUND)
		return by_heart(NOT_FOUND, err);
	if (r < 0)
		return r;
	return write_credential(raw,
		   credential_get(&found, CREDENTIAL_USERNAME),
		   credential_get(&found, CREDENTIAL_PASSWORD)) == 0
		   ? 0
		   : err_set(err, ERR_NOMEM, "out of memory");
}

/* What get and erase are asked for; the configuration is loaded then. */
static int
read_request(struct front *f, struct secbuf *raw, struct docker_server *ret,
    struct err *err)
{
	if (read_server(raw, err) < 0)
		return err->code;
	if (raw->len == 0)
		return by_heart(NO_SERVER, err);
	if (front_load(f, err) < 0)
		return err->code;
	return docker_server_parse(raw->ptr, ret, err);
}

static int
docker_get(struct front *f, struct err *err)
{
	SECBUF raw = SECBUF_INIT(DIALECT_REQUEST_MAX);
	struct docker_server server;
	const struct profile *p;
	TOKEN t = TOKEN_INIT;
	struct grant g;
	int r;

	if (read_request(f, &raw, &server, err) < 0)
		return err->code;
	r = docker_server_profile(f, &server, &p, err);
	if (r == ERR_NOTFOUND)
		return get_other(f, &server, raw.ptr, err);
	if (r < 0 || dialect_token(f, p, &g, &t, err) < 0)
		return err->code;
	if (write_credential(raw.ptr, profile_get(p, CONF_BASIC_USERNAME),
		t.access_token.ptr) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

/* Of a profile the token that we hold; the sign-in stays, as with git. */
static int
docker_erase(struct front *f, struct err *err)
{
	SECBUF raw = SECBUF_INIT(DIALECT_REQUEST_MAX);
	struct docker_server server;
	const struct profile *p;
	struct grant g;
	int r;

	if (read_request(f, &raw, &server, err) < 0)
		return err->code;
	r = docker_server_profile(f, &server, &p, err);
	if (r == ERR_NOTFOUND)
		return docker_other_erase(f, &server, err);
	if (r < 0 || grant_open(&g, f, p, err) < 0)
		return err->code;
	cache_drop(g.fp);
	log_debug("docker: forgot the access token of '%s'", p->name);
	return 0;
}

/* What a login to a profile's host brings is what it got from us. */
static int
store_credential(struct front *f, const char *url, const char *user,
    const char *credential, struct err *err)
{
	struct docker_server server;
	const struct profile *p;
	int r;

	if (url == NULL || *url == '\0')
		return by_heart(NO_SERVER, err);
	if (user == NULL || *user == '\0')
		return by_heart(NO_USER, err);
	if (front_load(f, err) < 0 ||
	    docker_server_parse(url, &server, err) < 0)
		return err->code;
	r = docker_server_profile(f, &server, &p, err);
	if (r == ERR_NOTFOUND)
		return docker_other_store(f, &server, url, user,
		    credential != NULL ? credential : "", err);
	if (r == 0 && strcmp(user, profile_get(p, CONF_BASIC_USERNAME)) != 0)
		(void)fprintf(stderr,
		    "tokenring: not kept: '%s' gets the token of profile "
		    "'%s'\n",
		    server.target.host, p->name);
	return r;
}

static int
docker_store(struct front *f, struct err *err)
{
	SECBUF text = SECBUF_INIT(DIALECT_REQUEST_MAX);
	struct json_object *o, *v;
	bool given;
	int r;

	if (io_read_end(STDIN_FILENO, &text, IO_FOREVER, err) < 0)
		return err_wrap(err, "docker's request");
	if (dialect_parse(&text, "docker's request", &o, err) < 0)
		return err->code;
	given = json_object_object_get_ex(o, "Secret", &v) && v != NULL;
	/* Nothing else is kept in its place. */
	if (given && dialect_text(o, "Secret") == NULL)
		r = err_set(err, ERR_PROTOCOL,
		    "docker's request: Secret is not a text without NUL");
	else
		r = store_credential(f, dialect_text(o, "ServerURL"),
		    dialect_text(o, "Username"), dialect_text(o, "Secret"),
		    err);
	if (given && json_object_is_type(v, json_type_string))
		explicit_bzero((char *)json_object_get_string(v),
		    (size_t)json_object_get_string_len(v));
	json_object_put(o);
	return r;
}

static int
list_server(const char *raw, const char *user, void *arg)
{
	struct secbuf *to = arg;

	return (to->len > 1 && secbuf_addstr(to, ",") < 0) ||
		       json_out_string(to, raw) < 0 ||
		       secbuf_addstr(to, ":") < 0 ||
		       json_out_string(to, user) < 0
		   ? -1
		   : 0;
}

/* The servers of a profile, as it names them, while there is a token. */
static int
list_profile(struct front *f, const struct profile *p, struct secbuf *to)
{
	const char *list =
	    p->where[CONF_MATCH] != 0 ? profile_get(p, CONF_MATCH) : NULL;
	char url[MATCH_URL_MAX];
	struct err ignored = ERR_INIT;
	TOKEN t = TOKEN_INIT;
	const char *word;
	struct grant g;
	size_t n, pos = 0;

	if (list == NULL || grant_open(&g, f, p, &ignored) < 0 ||
	    cache_get_token(g.fp, &t, &ignored) < 0 ||
	    !token_fresh(&t, time(NULL), 0))
		return 0;
	while ((n = conf_next_word(list, &pos, &word)) > 0) {
		(void)snprintf(url, sizeof(url), "%.*s", (int)n, word);
		if (list_server(url, profile_get(p, CONF_BASIC_USERNAME), to) <
		    0)
			return -1;
	}
	return 0;
}

/*
 * A client that gets no list goes on without any credential, also without those
 * of profiles: a locked keyring leaves out only what is in it.
 */
static int
list_others(struct front *f, struct secbuf *to, struct err *err)
{
	struct err why = ERR_INIT;
	int r = docker_other_list(f, list_server, to, &why);

	if (r < 0 && r != ERR_LOCKED)
		*err = why;
	if (r == ERR_LOCKED)
		(void)fprintf(stderr,
		    "tokenring: credentials of other servers are not listed: "
		    "%s\n",
		    why.msg);
	return r == ERR_LOCKED ? 0 : r;
}

static int
docker_list(struct front *f, struct err *err)
{
	SECBUF text = SECBUF_INIT(ANSWER_MAX);
	size_t i;
	int r;

	if (front_load(f, err) < 0)
		return err->code;
	r = secbuf_addstr(&text, "{");
	for (i = 0; r == 0 && i < conf_count(f->conf); i++)
		r = list_profile(f, conf_at(f->conf, i), &text);
	if (r == 0 && list_others(f, &text, err) < 0)
		return err->code;
	if (r < 0 || secbuf_addstr(&text, "}\n") < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	(void)fwrite(text.ptr, 1, text.len, stdout);
	return 0;
}

static int
docker_version(struct front *f, struct err *err)
{
	(void)f;
	(void)err;
	printf("%s (tokenring) %s\n", NAME, VERSION);
	return 0;
}

static int
run_action(struct front *f, const char *action, struct err *err)
{
	static const struct {
		const char *name;
		int (*run)(struct front *f, struct err *err);
	} actions[] = {
	    {"get", docker_get},
	    {"store", docker_store},
	    {"erase", docker_erase},
	    {"list", docker_list},
	    {"version", docker_version},
	};
	char shown[64];
	size_t i;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i].name, action) == 0)
			return actions[i].run(f, err);
	printf("%s: unknown action: %s\n", NAME,
	    err_printable(shown, sizeof(shown), action));
	return err_set(err, ERR_INTERNAL, "%s", "");
}

int
cmd_docker(struct front *f, struct err *err)
{
	/* Alone, -v is docker's word for the version. */
	if (f->opt.version || (f->opt.operands == 0 && f->opt.verbose))
		return docker_version(f, err);
	if (f->opt.operands != 1)
		return by_heart(
		    "Usage: " NAME " <store|get|erase|list|version>", err);
	if (run_action(f, f->opt.operand[0], err) == 0)
		return 0;
	if (err->msg[0] != '\0')
		printf("tokenring: %s\n", err->msg);
	return err_set(err, ERR_INTERNAL, "%s", "");
}
