/* SPDX-License-Identifier: MIT */
#include "login_person.h"

#include <stdlib.h>
#include <string.h>

#include "browser.h"
#include "browser_open.h"
#include "device.h"
#include "log.h"
#include "net.h"
#include "renew.h"

bool
login_person_wanted(const struct grant *g)
{
	const struct options *o = &g->front->opt;

	return o->device || o->browser ||
	       strcmp(profile_get(g->profile, CONF_GRANT),
		   "client_credentials") != 0;
}

/* Is whoever types this likely to sit at another machine? */
static bool
is_remote(void)
{
	return getenv("SSH_CONNECTION") != NULL || getenv("SSH_TTY") != NULL;
}

/*
 * What the issuer says of itself, if an endpoint is missing that it may name.
 * Only the one without which nothing works makes a failure of it.
 */
static int
discover(struct grant *g, bool device, struct lines *found, struct err *err)
{
	const struct profile *p = g->profile;
	bool lacking = profile_get(p, CONF_AUTHORIZATION_URL) == NULL;
	NET_REQUEST q = NET_REQUEST_INIT;
	struct err why = ERR_INIT;

	device =
	    device && profile_get(p, CONF_DEVICE_AUTHORIZATION_URL) == NULL;
	if (profile_get(p, CONF_ISSUER) == NULL || (!lacking && !device))
		return 0;
	q.profile = p;
	q.account = g->account;
	q.op = "discover";
	if (net_ask(&q, found, &why) == 0 || !lacking)
		return 0;
	*err = why;
	return err_wrap(err, "discovery");
}

/* The profile's own, else the issuer's, else NULL. */
static const char *
endpoint(const struct grant *g, enum conf_key key, const struct lines *found)
{
	const char *url = profile_get(g->profile, key);

	return url != NULL ? url : lines_get(found, conf_keys[key].name);
}

static int
with_device(struct grant *g, const struct secbuf *client_secret,
    struct lines *answer, struct err *err)
{
	log_debug("login: no browser can be expected here; with a device code");
	if (device_login(g, client_secret, answer, err) == 0)
		return 0;
	if (err->code == ERR_DENIED || err->code == ERR_CONFIG)
		return err_hint(
		    err, "--browser shows an address to open on this machine");
	return err->code;
}

static int
with_browser(struct grant *g, const struct secbuf *client_secret,
    struct lines *answer, struct err *err)
{
	bool elsewhere =
	    !g->front->opt.browser && (is_remote() || !browser_likely());
	LINES found = LINES_INIT;
	struct browser_server server = {
	    .issuer = profile_get(g->profile, CONF_ISSUER)};

	if (discover(g, elsewhere, &found, err) < 0)
		return err->code;
	if (elsewhere &&
	    endpoint(g, CONF_DEVICE_AUTHORIZATION_URL, &found) != NULL)
		return with_device(g, client_secret, answer, err);
	server.authorization_url = endpoint(g, CONF_AUTHORIZATION_URL, &found);
	server.iss_promised = lines_get(&found, "iss_supported") != NULL;
	if (server.authorization_url == NULL)
		return err_set(err, ERR_CONFIG,
		    "%s: neither the profile nor its issuer names one",
		    conf_keys[CONF_AUTHORIZATION_URL].name);
	return browser_login(g, &server, !elsewhere && browser_likely(),
	    client_secret, answer, err);
}

int
login_person(struct grant *g, struct lines *answer, struct err *err)
{
	const struct options *o = &g->front->opt;
	SECBUF secret = SECBUF_INIT(LINES_LINE_MAX);
	bool browser =
	    o->browser ||
	    (!o->device &&
		strcmp(profile_get(g->profile, CONF_GRANT), "browser") == 0);

	if (o->device && o->browser)
		return err_set(
		    err, ERR_CONFIG, "either --device or --browser, not both");
	if (o->no_input)
		return err_set(err, ERR_INTERACT,
		    "signing in needs a person; run it without --no-input");
	if (renew_client_secret(g, &secret, err) == ERR_INTERACT)
		return err_set(err, ERR_CONFIG,
		    "the client's secret is needed: set client_secret_file or "
		    "client_secret_env, or 'client_auth = none' if it has "
		    "none");
	if (err->code != 0)
		return err->code;
	return browser ? with_browser(g, &secret, answer, err)
		       : device_login(g, &secret, answer, err);
}
