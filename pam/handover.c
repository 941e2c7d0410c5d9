/* SPDX-License-Identifier: MIT */
#include "handover.h"

#include <security/pam_ext.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "deliver.h"
#include "options.h"
#include "parking.h"
#include "state.h"

enum occasion {
	NEW_SESSION,
	REFRESH, /* a screen was unlocked */
};

/* Who acts for somebody else, or for nobody. */
static const char none[] =
    "su,su-l,sudo,sudo-i,cron,crond,atd,systemd-user,runuser,runuser-l";

static bool
wanted(const struct options *o, const char *service)
{
	if (o->no_token || options_listed(none, service))
		return false;
	return o->session_services == NULL ||
	       options_listed(o->session_services, service);
}

/*
 * sshd's keyboard-interactive authentication runs in a process of its own, of
 * which only the PAM environment comes back.
 */
static void
park(pam_handle_t *pamh, struct state *st)
{
	char variable[sizeof(HANDOVER_VARIABLE) + 1 + STATE_TICKET_LEN];
	struct err err = ERR_INIT;
	const void *tty = NULL;

	if (geteuid() != 0 || st->token.access_token.len == 0 ||
	    pam_get_item(pamh, PAM_TTY, &tty) != PAM_SUCCESS || tty == NULL ||
	    strcmp(tty, "ssh") != 0)
		return;
	if (parking_put(st, st->ticket, &err) < 0) {
		pam_syslog(pamh, LOG_WARNING,
		    "(user '%s') id=%s: the token cannot be parked: %s",
		    st->user, st->id, err.msg);
		return;
	}
	(void)snprintf(
	    variable, sizeof(variable), "%s=%s", HANDOVER_VARIABLE, st->ticket);
	if (pam_putenv(pamh, variable) == PAM_SUCCESS)
		return;
	pam_syslog(pamh, LOG_WARNING,
	    "(user '%s') id=%s: the token cannot be parked: the PAM "
	    "environment "
	    "does not take its name",
	    st->user, st->id);
	parking_drop(st->ticket);
	st->ticket[0] = '\0';
}

static void
read_token(pam_handle_t *pamh, struct state *st, const struct lines *answer)
{
	int64_t now = (int64_t)time(NULL);
	struct err err = ERR_INIT;
	struct token *t = &st->token;

	(void)snprintf(st->fingerprint, sizeof(st->fingerprint), "%s",
	    lines_get(answer, "fingerprint"));
	if (token_read(t, answer, &err) == 0 && t->expires_at <= now)
		(void)err_set(&err, ERR_PROTOCOL, "it has no time to live");
	secbuf_release(&t->refresh_token);
	(void)snprintf(t->account, sizeof(t->account), "%s", st->user);
	if (t->obtained_at == 0)
		t->obtained_at = now;
	if (err.code == 0)
		return;
	pam_syslog(pamh, LOG_WARNING,
	    "(user '%s') id=%s: the token cannot be handed over: %s", st->user,
	    st->id, err.msg);
	token_release(t);
}

int
handover_keep(const struct attempt *a, const struct subject *s,
    const struct lines *answer, struct err *err)
{
	STATE st = STATE_INIT;
	struct state *kept;
	int r;

	r = state_begin(&st, a->pamh, s, err);
	if (r < 0)
		return r;
	(void)snprintf(st.id, sizeof(st.id), "%s", a->id);
	if (wanted(a->o, st.service))
		read_token(a->pamh, &st, answer);
	r = state_keep(a->pamh, &st, err);
	if (r < 0)
		return r;
	kept = state_of(a->pamh);
	if (kept == NULL) {
		state_forget(a->pamh);
		return err_set(err, ERR_INTERNAL,
		    "the application has changed the user meanwhile");
	}
	/* Not sooner: nothing of a login that fails may be parked. */
	park(a->pamh, kept);
	return 0;
}

/*
 * Our process may act for this user: root that acts for nobody else, or he
 * himself.  A set-uid program started by a third one is neither.
 */
static bool
entitled(enum occasion occasion, uid_t user)
{
	uid_t real = getuid(), effective = geteuid();

	if (effective != 0 && effective != user)
		return false;
	return occasion == REFRESH ? real == effective
				   : real == 0 || real == user;
}

/* Take the ticket that crossed in the PAM environment out of it. */
static bool
take_ticket(pam_handle_t *pamh, char ticket[STATE_TICKET_LEN + 1])
{
	const char *v = pam_getenv(pamh, HANDOVER_VARIABLE);
	bool valid;

	if (v == NULL)
		return false;
	valid = state_hex(v, STATE_TICKET_LEN);
	(void)snprintf(ticket, STATE_TICKET_LEN + 1, "%s", valid ? v : "");
	(void)pam_putenv(pamh, HANDOVER_VARIABLE);
	return valid && geteuid() == 0;
}

static void
hand_over(pam_handle_t *pamh, const struct options *o, enum occasion occasion,
    const struct state *st)
{
	struct err err = ERR_INIT;
	SUBJECT s = SUBJECT_INIT;

	if (!wanted(o, st->service) || !entitled(occasion, st->uid))
		return;
	if (subject_find(&s, pamh, o) != 0 || !state_matches(st, pamh, &s)) {
		pam_syslog(pamh, LOG_WARNING,
		    "(user '%s') id=%s: the token is not handed over: it is "
		    "another's, or the user has changed",
		    st->user, st->id);
		return;
	}
	if (subject_groups(&s) != 0) {
		pam_syslog(pamh, LOG_WARNING,
		    "(user '%s') id=%s: the token could not be handed over: no "
		    "list "
		    "of the user's groups",
		    st->user, st->id);
		return;
	}
	if (deliver(&s, st->fingerprint, &st->token, &err) == 0)
		report_debug(pamh, o,
		    "(user '%s') id=%s: the token is handed over", st->user,
		    st->id);
	else
		pam_syslog(pamh, LOG_WARNING,
		    "(user '%s') id=%s: the token could not be handed over: %s",
		    st->user, st->id, err.msg);
}

/* Hand over what there is, once; cron and the like have nothing and pay
   nothing. */
static void
run(pam_handle_t *pamh, enum occasion occasion, int argc, const char **argv)
{
	char ticket[STATE_TICKET_LEN + 1] = "";
	struct state *st = state_of(pamh);
	STATE parked = STATE_INIT;
	struct err err = ERR_INIT;
	struct options o;
	bool crossed = occasion == NEW_SESSION && take_ticket(pamh, ticket);

	if (st == NULL && crossed) {
		if (parking_take(ticket, &parked, &err) == 0)
			st = &parked;
		else
			pam_syslog(pamh, LOG_WARNING,
			    "the parked token cannot be used: %s", err.msg);
	} else if (crossed) {
		parking_drop(ticket); /* the handle's own counts */
	}
	if (st == NULL || st->token.access_token.len == 0 ||
	    options_parse(&o, pamh, argc, argv) < 0)
		return;
	hand_over(pamh, &o, occasion, st);
	token_release(&st->token);
	if (st->ticket[0] != '\0')
		parking_drop(st->ticket);
	st->ticket[0] = '\0';
}

/*
 * PAM_IGNORE here would make libpam end the whole pam_setcred with an error
 * when no other module answers; a login by key has nothing for us to do, and a
 * token that cannot be handed over shuts nobody out.
 */
int
handover_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	if ((flags & (PAM_REINITIALIZE_CRED | PAM_REFRESH_CRED)) != 0)
		run(pamh, REFRESH, argc, argv);
	else if ((flags & PAM_DELETE_CRED) == 0)
		run(pamh, NEW_SESSION, argc, argv);
	return PAM_SUCCESS;
}

int
handover_session(pam_handle_t *pamh, int argc, const char **argv)
{
	run(pamh, NEW_SESSION, argc, argv);
	return PAM_SUCCESS;
}
