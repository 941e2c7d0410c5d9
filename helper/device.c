/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <string.h>

#include "ask.h"
#include "io.h"
#include "lock.h"
#include "net.h"

#define INTERVAL_S     5    /* RFC 8628 §3.2: if the server names none */
#define INTERVAL_MAX_S 60   /* that time-outs can lead to */
#define SLOW_DOWN_S    5    /* §3.5, cumulative */
#define LIFETIME_MAX_S 1800 /* however long the server would wait */

static int
ask(struct grant *g, const char *op, const struct secbuf *client_secret,
    const char *device_code, struct lines *answer, struct err *err)
{
	NET_REQUEST q = NET_REQUEST_INIT;
	int r;

	q.profile = g->profile;
	q.account = g->account;
	q.op = op;
	r = lines_add_some(&q.more, "client_secret", client_secret->ptr, err);
	if (r == 0)
		r = lines_add_some(&q.more, "device_code", device_code, err);
	return r < 0 ? r : net_ask(&q, answer, err);
}

static void
show(const struct lines *start)
{
	const char *complete = lines_get(start, "verification_uri_complete");
	char uri[512], code[64], direct[512];

	err_printable(uri, sizeof(uri), lines_get(start, "verification_uri"));
	err_printable(code, sizeof(code), lines_get(start, "user_code"));
	ask_tell("To sign in, open %s in a browser and enter the code %s\n",
	    uri, code);
	if (complete != NULL)
		ask_tell("or open %s and check that it shows that code.\n",
		    err_printable(direct, sizeof(direct), complete));
}

/* What RFC 8628 §3.5 says to do with each answer: 1 go on, 0 done, < 0. */
static int
judge(int r, const struct lines *answer, int64_t *interval_ms, struct err *err)
{
	const char *error = lines_get(answer, "oauth_error");
	int64_t later = lines_number(answer, "retry_after", 0) * 1000;

	if (r == 0)
		return 0;
	if (error == NULL && err->code == ERR_UNAVAIL) {
		/* A time-out: poll less often, doubling. */
		if (*interval_ms < INTERVAL_MAX_S * 500)
			*interval_ms *= 2;
		else if (*interval_ms < INTERVAL_MAX_S * 1000)
			*interval_ms = INTERVAL_MAX_S * 1000;
		if (*interval_ms < later)
			*interval_ms = later;
	} else if (error != NULL && strcmp(error, "slow_down") == 0) {
		*interval_ms += SLOW_DOWN_S * 1000;
	} else if (error == NULL ||
		   strcmp(error, "authorization_pending") != 0) {
		if (error != NULL && strcmp(error, "access_denied") == 0)
			return err_set(err, ERR_DENIED,
			    "the sign-in was declined in the browser");
		if (error != NULL && strcmp(error, "expired_token") == 0)
			return err_set(err, ERR_CANCELED,
			    "the code has expired; run the command again");
		return r;
	}
	return 1;
}

int
device_login(struct grant *g, const struct secbuf *client_secret,
    struct lines *answer, struct err *err)
{
	LINES start = LINES_INIT;
	int64_t interval_ms, lifetime, deadline;
	const char *code;
	int r;

	r = ask(g, "device", client_secret, NULL, &start, err);
	if (r < 0)
		return r;
	code = lines_get(&start, "device_code");
	lifetime = lines_number(&start, "expires_in", 0);
	if (code == NULL || lines_get(&start, "verification_uri") == NULL ||
	    lines_get(&start, "user_code") == NULL || lifetime <= 0)
		return err_set(err, ERR_PROTOCOL,
		    "the server's device authorization is incomplete");
	interval_ms = 1000 * lines_number(&start, "interval", INTERVAL_S);
	if (interval_ms < 1000)
		interval_ms = 1000;
	if (lifetime > LIFETIME_MAX_S)
		lifetime = LIFETIME_MAX_S;
	deadline = io_now_ms() + lifetime * 1000;
	show(&start);
	do {
		if (io_now_ms() + interval_ms > deadline)
			return err_set(err, ERR_CANCELED,
			    "nobody entered the code in time; run the command "
			    "again");
		lock_pause((int)interval_ms);
		r = ask(g, "device_token", client_secret, code, answer, err);
		r = judge(r, answer, &interval_ms, err);
	} while (r > 0);
	return r;
}
