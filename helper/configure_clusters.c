/* SPDX-License-Identifier: MIT */
/* Which clusters of a kubeconfig `tokenring configure kubectl` is for. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "configure_kubectl.h"
#include "dialect.h"
#include "json_out.h"

/* What every kubectl from 1.20 on can read. */
#define VERSION_ASKED "client.authentication.k8s.io/v1beta1"

struct cluster {
	const char *file, *name;
	const struct profile *profile;
	char user[CONF_NAME_MAX + 32];
	char context[KUBECTL_NAME_MAX];
};

static int
want(struct configure *c, const char *file, const char *kind, const char *name,
    const char *value, struct err *err)
{
	char setting[PATH_MAX + KUBECTL_NAME_MAX + 32];

	if (strlen(name) >= KUBECTL_NAME_MAX - 32)
		return err_set(err, ERR_CONFIG,
		    "a name in the kubeconfig is longer than %d bytes",
		    KUBECTL_NAME_MAX - 33);
	(void)snprintf(setting, sizeof(setting), "%s: %s%s", file, kind, name);
	return configure_want(c, setting, false, &value, 1, err);
}

static int
want_user(struct configure *c, struct json_object *config,
    const struct cluster *k, struct err *err)
{
	struct json_object *user, *exec;
	const char *command = NULL;
	char value[512];

	user = kubectl_entry(config, "users", k->user, "user");
	if (user != NULL && json_object_object_get_ex(user, "exec", &exec))
		command = dialect_text(exec, "command");
	/* Names of profiles need no quoting in JSON. */
	(void)snprintf(value, sizeof(value),
	    "{\"exec\":{\"command\":\"tokenring\",\"args\":[\"kubectl\","
	    "\"%s\"],\"apiVersion\":\"" VERSION_ASKED "\","
	    "\"provideClusterInfo\":true}}",
	    k->profile->name);
	if (user != NULL)
		return command != NULL && strcmp(command, "tokenring") == 0
			   ? 0
			   : err_set(err, ERR_CONFIG,
				 "the kubeconfig has a user '%s' already, and "
				 "not for this: rename it",
				 k->user);
	return want(c, k->file, "users.", k->user, value, err);
}

/* The namespace that a context of the cluster has, preferably the current. */
static const char *
find_namespace(struct json_object *config, const char *cluster)
{
	const char *current = dialect_text(config, "current-context"), *v;
	const char *name, *found = NULL;
	struct json_object *list, *o, *context;
	size_t i;

	if (!json_object_object_get_ex(config, "contexts", &list) ||
	    !json_object_is_type(list, json_type_array))
		return NULL;
	for (i = 0; i < json_object_array_length(list); i++) {
		o = json_object_array_get_idx(list, i);
		if (!json_object_object_get_ex(o, "context", &context))
			continue;
		v = dialect_text(context, "cluster");
		name = dialect_text(o, "name");
		if (v == NULL || name == NULL || strcmp(v, cluster) != 0)
			continue;
		if (current != NULL && strcmp(current, name) == 0)
			return dialect_text(context, "namespace");
		if (found == NULL)
			found = dialect_text(context, "namespace");
	}
	return found;
}

static int
want_context(struct configure *c, struct json_object *config,
    const struct cluster *k, struct err *err)
{
	const char *space = find_namespace(config, k->name), *of;
	SECBUF value = SECBUF_INIT(4 * KUBECTL_NAME_MAX);
	struct json_object *context;

	context = kubectl_entry(config, "contexts", k->context, "context");
	of = context != NULL ? dialect_text(context, "user") : NULL;
	if (context != NULL)
		return of != NULL && strcmp(of, k->user) == 0
			   ? 0
			   : err_set(err, ERR_CONFIG,
				 "the kubeconfig has a context '%s' already, "
				 "and not for this: rename it",
				 k->context);
	if (secbuf_addstr(&value, "{\"cluster\":") < 0 ||
	    json_out_string(&value, k->name) < 0 ||
	    secbuf_addstr(&value, ",\"user\":") < 0 ||
	    json_out_string(&value, k->user) < 0 ||
	    (space != NULL && (secbuf_addstr(&value, ",\"namespace\":") < 0 ||
				  json_out_string(&value, space) < 0)) ||
	    secbuf_addstr(&value, "}") < 0)
		return err_set(err, ERR_CONFIG, "names that are too long");
	return want(c, k->file, "contexts.", k->context, value.ptr, err);
}

/* Who works with that cluster, or with none, works with it through us now. */
static int
want_current(struct configure *c, struct json_object *config,
    const struct cluster *k, struct err *err)
{
	const char *current = dialect_text(config, "current-context"), *of;
	struct json_object *context;

	if (current != NULL && *current != '\0') {
		context = kubectl_entry(config, "contexts", current, "context");
		of = context != NULL ? dialect_text(context, "cluster") : NULL;
		if (of != NULL && strcmp(of, k->name) != 0)
			return configure_note(c, err,
			    "to work with cluster %s: kubectl config "
			    "use-context %s",
			    k->name, k->context);
	}
	return want(c, k->file, "current-context", "", k->context, err);
}

/* ERR_NOTFOUND: no profile, or not the one that --profile names, is for it. */
static int
find_profile(const struct configure *c, const char *server,
    const struct profile **ret, struct err *err)
{
	struct match_target target;

	if (match_url(server, &target, err) < 0)
		return err_set(err, ERR_NOTFOUND, "no https URL");
	return dialect_profile(c->f, &target, ret, err);
}

static int
want_cluster(struct configure *c, struct json_object *config, const char *file,
    struct json_object *o, bool *current, struct err *err)
{
	struct cluster k = {.file = file, .name = dialect_text(o, "name")};
	struct json_object *cluster;
	const char *server;
	int r;

	server = json_object_object_get_ex(o, "cluster", &cluster)
		     ? dialect_text(cluster, "server")
		     : NULL;
	if (k.name == NULL || server == NULL)
		return 0;
	r = find_profile(c, server, &k.profile, err);
	if (r == ERR_NOTFOUND)
		return configure_note(c, err,
		    "not for cluster %s: %s is in no profile's match", k.name,
		    server);
	if (r < 0)
		return r;
	(void)snprintf(k.user, sizeof(k.user), "tokenring-%s", k.profile->name);
	if (snprintf(k.context, sizeof(k.context), "%s-tokenring", k.name) >=
	    KUBECTL_NAME_MAX - 32)
		return err_set(err, ERR_CONFIG, "a cluster's name is too long");
	if (want_user(c, config, &k, err) < 0 ||
	    want_context(c, config, &k, err) < 0)
		return err->code;
	if (*current)
		return 0;
	*current = true;
	return want_current(c, config, &k, err);
}

static int
plan(struct configure *c, struct json_object *config, const char *file,
    struct err *err)
{
	struct json_object *list;
	bool current = false;
	size_t i, n = 0;

	if (json_object_object_get_ex(config, "clusters", &list) &&
	    json_object_is_type(list, json_type_array))
		n = json_object_array_length(list);
	for (i = 0; i < n; i++)
		if (want_cluster(c, config, file,
			json_object_array_get_idx(list, i), &current, err) < 0)
			return err->code;
	if (current)
		return 0;
	return err_set(err, ERR_CONFIG,
	    n == 0 ? "the kubeconfig has no cluster: add one with kubectl "
		     "config set-cluster NAME --server=URL"
		   : "no cluster's server is in the 'match' of a profile: add "
		     "its https URL there");
}

/* The first file of KUBECONFIG, or kubectl's own place. */
static int
find_file(char file[PATH_MAX], struct err *err)
{
	const char *list = getenv("KUBECONFIG"), *home = getenv("HOME");
	int n;

	if (list != NULL)
		list += strspn(list, ":");
	if (list != NULL && *list != '\0')
		n = snprintf(
		    file, PATH_MAX, "%.*s", (int)strcspn(list, ":"), list);
	else
		n = snprintf(file, PATH_MAX, "%s/.kube/config",
		    home != NULL ? home : "");
	if (n >= PATH_MAX || *file != '/')
		return err_set(err, ERR_CONFIG,
		    "the kubeconfig has no absolute path: set HOME or "
		    "KUBECONFIG");
	if (access(file, F_OK) != 0)
		return err_set(err, ERR_CONFIG,
		    "there is no '%s': add the cluster with kubectl config "
		    "set-cluster NAME --server=URL",
		    file);
	return 0;
}

int
kubectl_plan(struct configure *c, struct err *err)
{
	struct json_object *config;
	char file[PATH_MAX];
	int r;

	if (find_file(file, err) < 0 || kubectl_config(file, &config, err) < 0)
		return err->code;
	r = plan(c, config, file, err);
	json_object_put(config);
	return r;
}
