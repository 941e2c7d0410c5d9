/* SPDX-License-Identifier: MIT */
#include "net_worker.h"

#include <stdio.h>
#include <string.h>

#include "log.h"

static void
warn(struct net_job *job, const char *text)
{
	struct err ignored = ERR_INIT;
	char shown[NET_MESSAGE_MAX + 1];

	if (lines_add(&job->outcome.notes, "warning[]",
		err_printable(shown, sizeof(shown), text), &ignored) < 0)
		log_debug("a warning is lost: %s", shown);
}

/* The one named, or the file's only one for SAINet. */
static int
choose(struct net_job *job, const char *path, struct err *err)
{
	const char *name = lines_get(job->rq, "profile");
	const struct profile *p = NULL, *other = NULL;
	size_t i;

	if (name != NULL && *name != '\0') {
		p = conf_find(job->conf, name);
		if (p == NULL)
			return err_set(err, ERR_CONFIG,
			    "%s: there is no profile of the name given", path);
	}
	for (i = 0; p == NULL && i < conf_count(job->conf); i++)
		if (conf_at(job->conf, i)->provider == PROVIDER_SAINET) {
			if (other != NULL)
				return err_set(err, ERR_CONFIG,
				    "%s: several profiles are for sainet "
				    "('%s', "
				    "'%s'); profile= chooses one",
				    path, other->name,
				    conf_at(job->conf, i)->name);
			other = conf_at(job->conf, i);
		}
	job->profile = p != NULL ? p : other;
	if (job->profile == NULL)
		return err_set(
		    err, ERR_CONFIG, "%s: no profile is for sainet", path);
	return 0;
}

/* Only what is wrong with the profile in use counts; the rest is told. */
static int
judge_faults(struct net_job *job, struct err *err)
{
	const struct conf_fault *f;
	size_t n = conf_faults(job->conf, &f), i;
	int code = 0;

	for (i = 0; i < n; i++)
		if (!f[i].mild && f[i].profile != NULL &&
		    strcmp(f[i].profile, job->profile->name) == 0) {
			if (code == 0)
				code =
				    err_set(err, ERR_CONFIG, "%s", f[i].text);
		} else {
			warn(job, f[i].text);
		}
	return code;
}

static int
from_file(struct net_job *job, const char *path, struct err *err)
{
	char text[ERR_TEXT_MAX];

	if (conf_read(job->conf, path, job->caller, err) < 0) {
		if (err->code == ERR_NOTFOUND)
			err->code = ERR_CONFIG;
		return err->code;
	}
	conf_finish(job->conf);
	if (choose(job, path, err) < 0 || judge_faults(job, err) < 0)
		return err->code;
	if (job->profile->provider != PROVIDER_SAINET)
		return err_set(err, ERR_CONFIG,
		    "%s: profile '%s' is not for "
		    "sainet",
		    path, job->profile->name);
	if (job->profile->value[CONF_ACCOUNT] != NULL) {
		(void)snprintf(text, sizeof(text),
		    "%s:%d: profile '%s' sets account: people of another name "
		    "will not find the token that a login hands over",
		    path, job->profile->where[CONF_ACCOUNT],
		    job->profile->name);
		warn(job, text);
	}
	return 0;
}

static int
from_request(struct net_job *job, struct err *err)
{
	const char *pairs[CONF_KEYS + 1][2];
	const char *name = lines_get(job->rq, "profile");
	size_t n = 0;
	int k;

	for (k = 0; k < CONF_KEYS; k++) {
		pairs[n][0] = conf_keys[k].name;
		pairs[n][1] = lines_get(job->rq, conf_keys[k].name);
		n += pairs[n][1] != NULL;
	}
	pairs[n][0] = NULL;
	if (conf_preset(job->conf, name != NULL ? name : "request", "request",
		pairs, err) < 0)
		return err->code;
	conf_finish(job->conf);
	if (conf_count(job->conf) == 1)
		job->profile = conf_at(job->conf, 0);
	if (conf_check(job->conf, err) < 0)
		return err->code;
	return job->profile != NULL
		   ? 0
		   : err_set(err, ERR_CONFIG, "the request has no profile");
}

int
net_profile(struct net_job *job, struct err *err)
{
	const char *path = lines_get(job->rq, "config");

	if (conf_new(&job->conf, err) < 0)
		return err->code;
	return path != NULL ? from_file(job, path, err)
			    : from_request(job, err);
}

const char *
net_account(const struct net_job *job)
{
	const char *account = lines_get(job->rq, "account");

	if (lines_get(job->rq, "config") != NULL ||
	    (account == NULL && job->profile->provider == PROVIDER_SAINET))
		account = lines_get(job->rq, "user");
	return account;
}
