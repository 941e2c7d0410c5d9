/* SPDX-License-Identifier: MIT */
/*
 * tokenring kubectl: a credential plugin of client-go, which kubectl and its
 * relatives run (Kubernetes, "client-go credential plugins").  Speaks the
 * ExecCredential of client.authentication.k8s.io/v1 and v1beta1.
 *
 * Standard input belongs to kubectl's own command and is never read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "commands.h"
#include "dialect.h"
#include "http_text.h"
#include "json_out.h"
#include "match.h"

#define GROUP "client.authentication.k8s.io/"

/* Clients that do not say what they want know this one and not v1. */
#define UNSAID GROUP "v1beta1"

struct question {
	char version[64]; /* apiVersion: the answer's must be the same */
	char server[MATCH_URL_MAX]; /* "": not said */
};

static int
read_version(struct question *q, struct json_object *o, struct err *err)
{
	const char *kind = dialect_text(o, "kind");
	const char *version = dialect_text(o, "apiVersion");
	char shown[64];

	if (kind == NULL || strcmp(kind, "ExecCredential") != 0)
		return err_set(err, ERR_PROTOCOL,
		    "KUBERNETES_EXEC_INFO is no ExecCredential");
	if (version == NULL || (strcmp(version, GROUP "v1") != 0 &&
				   strcmp(version, GROUP "v1beta1") != 0))
		return err_set(err, ERR_CONFIG,
		    "kubectl asks for apiVersion '%s'; write " GROUP
		    "v1 or v1beta1 into the kubeconfig's exec section",
		    err_printable(
			shown, sizeof(shown), version != NULL ? version : ""));
	(void)snprintf(q->version, sizeof(q->version), "%s", version);
	return 0;
}

static int
read_spec(struct question *q, struct options *opt, struct json_object *o,
    struct err *err)
{
	struct json_object *spec, *cluster, *interactive;
	const char *server;

	if (!json_object_object_get_ex(o, "spec", &spec))
		return 0;
	if (json_object_object_get_ex(spec, "interactive", &interactive) &&
	    !json_object_get_boolean(interactive))
		opt->no_input = true;
	if (!json_object_object_get_ex(spec, "cluster", &cluster))
		return 0;
	server = dialect_text(cluster, "server");
	if (server == NULL || *server == '\0' ||
	    snprintf(q->server, sizeof(q->server), "%s", server) >=
		(int)sizeof(q->server))
		return err_set(err, ERR_PROTOCOL,
		    "KUBERNETES_EXEC_INFO has a cluster without a server");
	return 0;
}

static int
read_question(struct question *q, struct options *opt, struct err *err)
{
	SECBUF text = SECBUF_INIT(DIALECT_REQUEST_MAX);
	const char *info = getenv("KUBERNETES_EXEC_INFO");
	struct json_object *o;
	int r;

	(void)snprintf(q->version, sizeof(q->version), "%s", UNSAID);
	q->server[0] = '\0';
	if (info == NULL || *info == '\0')
		return 0;
	if (secbuf_set(&text, info) < 0)
		return err_set(err, ERR_PROTOCOL,
		    "KUBERNETES_EXEC_INFO is longer than %d bytes",
		    DIALECT_REQUEST_MAX);
	if (dialect_parse(&text, "KUBERNETES_EXEC_INFO", &o, err) < 0)
		return err->code;
	r = read_version(q, o, err);
	if (r == 0)
		r = read_spec(q, opt, o, err);
	json_object_put(o);
	return r;
}

/* With provideClusterInfo the token goes to that server, so it must be its. */
static int
find_profile(struct front *f, const struct question *q,
    const struct profile **ret, struct err *err)
{
	const char *name = f->opt.operands == 1 ? f->opt.operand[0] : NULL;
	struct match_target target;
	char shown[HTTP_SITE_MAX];

	if (front_profile(f, name, ret, err) < 0)
		return err->code;
	if (q->server[0] == '\0')
		return 0;
	http_site(q->server, shown);
	if (match_url(q->server, &target, err) < 0)
		return err_wrap(err, "the cluster's server '%s'", shown);
	if (!match_covers(*ret, &target))
		return err_set(err, ERR_CONFIG,
		    "profile '%s' is not for the cluster's server '%s': its "
		    "token does not belong there; if it does, add the server "
		    "to the profile's 'match'",
		    (*ret)->name, shown);
	return 0;
}

static int
write_answer(const struct question *q, const struct token *t, int64_t expiry,
    struct secbuf *to, struct err *err)
{
	if (secbuf_addstr(to, "{\"apiVersion\":") < 0 ||
	    json_out_string(to, q->version) < 0 ||
	    secbuf_addstr(to, ",\"kind\":\"ExecCredential\",\"status\":{"
			      "\"expirationTimestamp\":") < 0 ||
	    json_out_time(to, expiry) < 0 ||
	    secbuf_addstr(to, ",\"token\":") < 0 ||
	    json_out_string(to, t->access_token.ptr) < 0 ||
	    secbuf_addstr(to, "}}\n") < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return 0;
}

int
cmd_kubectl(struct front *f, struct err *err)
{
	SECBUF text = SECBUF_INIT(LINES_LINE_MAX);
	const struct profile *p;
	struct question q;
	TOKEN t = TOKEN_INIT;
	struct grant g;

	if (f->opt.operands > 1)
		return err_set(err, ERR_CONFIG,
		    "one profile at a time: tokenring kubectl PROFILE");
	if (read_question(&q, &f->opt, err) < 0 || front_load(f, err) < 0 ||
	    find_profile(f, &q, &p, err) < 0 ||
	    dialect_token(f, p, &g, &t, err) < 0)
		return err->code;
	/* client-go writes "Bearer" itself. */
	if (strcasecmp(t.type, "Bearer") != 0)
		return err_set(err, ERR_PROTOCOL,
		    "profile '%s': kubectl can send bearer tokens only, and "
		    "the server gave one of another type",
		    p->name);
	if (write_answer(&q, &t, dialect_expiry(f, p, &t), &text, err) < 0)
		return err->code;
	(void)fwrite(text.ptr, 1, text.len, stdout);
	return 0;
}
