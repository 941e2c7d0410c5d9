/* SPDX-License-Identifier: MIT */
#include "refresh.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "journal.h"
#include "log.h"
#include "refusal.h"
#include "renew.h"

#define JOURNAL_KEY_LIFE_S (30 * 86400)
#define UNDER_WAY          "a refresh is under way" /* no message (lines.h) */
#define RESERVE_MORE       1024 /* bytes, beside the refresh token */

/* Where a journal goes when there is no tmpfs for it. */
static void
journal_entry(const struct grant *g, char name[CACHE_NAME_MAX])
{
	(void)snprintf(name, CACHE_NAME_MAX, "%s.journal", g->fp);
}

void
refresh_forget(const struct grant *g)
{
	char name[CACHE_NAME_MAX];

	journal_end(g->fp);
	journal_entry(g, name);
	cache_drop(name);
}

/*
 * The answer's refresh token goes into the store, then the journal may go.  If
 * the store fails the journal stays, and the next one under the lock finishes.
 */
static int
keep_refresh(struct grant *g, const struct lines *answer, struct err *err)
{
	SECBUF payload = SECBUF_INIT(TOKEN_MAX);
	const char *refresh = lines_get(answer, "refresh_token");

	if (refresh != NULL && *refresh != '\0') {
		if (secbuf_set(&payload, refresh) < 0)
			return err_set(err, ERR_NOMEM, "out of memory");
		if (store_put(&g->store, g->fp, STORE_REFRESH, g->profile->name,
			&payload, err) < 0) {
			log_debug(
			    "store: %s; the journal keeps the grant", err->msg);
			return err->code;
		}
	}
	refresh_forget(g);
	return 0;
}

static int
put_fields(const struct grant *g, const struct lines *answer, const char *only)
{
	SECBUF text = SECBUF_INIT(CACHE_ENTRY_MAX);
	const struct lines_field *f;
	char name[CACHE_NAME_MAX];
	struct err err = ERR_INIT;

	journal_entry(g, name);
	for (f = answer->field; f < answer->field + answer->n; f++)
		if ((only == NULL || strcmp(f->key, only) == 0) &&
		    lines_add(&text, f->key, f->value, &err) < 0)
			return -1;
	return cache_put(name, &text, JOURNAL_KEY_LIFE_S, &err);
}

/*
 * Where there was no tmpfs, the answer goes into the kernel keyring for now;
 * of one that is too large for it, what no one can ask for again.
 */
static void
journal_in_kernel(const struct grant *g, const struct lines *answer)
{
	if (put_fields(g, answer, NULL) < 0 &&
	    put_fields(g, answer, "refresh_token") < 0)
		log_debug("journal: the kernel keyring does not take it");
}

/* A place of the size that the next one will need, which says what goes on. */
static int
reserve_in_kernel(
    const struct grant *g, const struct secbuf *refresh, struct err *err)
{
	SECBUF text = SECBUF_INIT(CACHE_ENTRY_MAX);
	char name[CACHE_NAME_MAX];

	journal_entry(g, name);
	if (secbuf_addstr(&text, UNDER_WAY) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	while (text.len < refresh->len + RESERVE_MORE)
		if (secbuf_add(&text, " ", 1) < 0)
			break;
	return cache_put(name, &text, JOURNAL_KEY_LIFE_S, err);
}

/*
 * Before anything is spent: where will what comes of it lie?  In a journal on
 * tmpfs, whose descriptor is returned; in the kernel keyring, or at least in
 * the store, if that takes what it has once more (-1).
 */
static int
find_room(struct grant *g, const struct secbuf *refresh, int *journal,
    struct err *err)
{
	struct err ignored = ERR_INIT;

	*journal = journal_begin(g->fp, &ignored);
	if (*journal >= 0 || reserve_in_kernel(g, refresh, &ignored) == 0)
		return 0;
	*journal = -1;
	if (store_put(&g->store, g->fp, STORE_REFRESH, g->profile->name,
		refresh, err) < 0)
		return err_wrap(err, "not renewed, for the new sign-in could "
				     "be kept nowhere");
	return 0;
}

static enum journal_state
left_behind(const struct grant *g, struct lines *ret)
{
	char name[CACHE_NAME_MAX];
	struct err err = ERR_INIT;
	enum journal_state s = journal_left(g->fp, ret);

	if (s == JOURNAL_ANSWER)
		return s;
	journal_entry(g, name);
	secbuf_reset(&ret->text);
	if (cache_get(name, &ret->text, &err) < 0)
		return s;
	return lines_parse(ret, LINES_MESSAGE, &err) == 0 ? JOURNAL_ANSWER
							  : JOURNAL_UNKNOWN;
}

/* Is there still a token that was not refused? */
static bool
still_valid(const struct grant *g, struct token *ret)
{
	TOKEN t = TOKEN_INIT;
	struct err ignored = ERR_INIT;

	if (cache_get_token(g->fp, &t, &ignored) < 0 ||
	    !token_fresh(&t, time(NULL), 0))
		return false;
	token_move(ret, &t);
	return true;
}

int
refresh_recover(struct grant *g, struct token *ret, struct err *err)
{
	LINES left = LINES_INIT;
	TOKEN t = TOKEN_INIT;
	struct err unusable = ERR_INIT;
	enum journal_state s = left_behind(g, &left);
	int kept;

	if (s == JOURNAL_UNKNOWN && still_valid(g, ret)) {
		log_debug("journal: a refresh ended without an answer; the "
			  "token that is left is used up first");
		return 0;
	}
	if (s != JOURNAL_ANSWER)
		return err_set(err, ERR_NOTFOUND, "nothing was left");
	log_debug("journal: finishing what another process began");
	kept = keep_refresh(g, &left, err);
	if (lines_get(&left, "access_token") != NULL &&
	    token_read(&t, &left, &unusable) == 0 &&
	    token_fresh(&t, time(NULL), 0) && !renew_is_rejected(g, &t))
		return renew_settle(g, &left, NULL, ret, err);
	if (kept < 0)
		return err_wrap(err, "the renewed sign-in waits in the journal "
				     "for the store");
	return err_set(err, ERR_NOTFOUND, "nothing was left");
}

/* The server says the grant is dead: drop it if the store still has that one. */
static int
grant_is_dead(
    struct grant *g, const struct secbuf *used, bool *again, struct err *err)
{
	SECBUF now = SECBUF_INIT(TOKEN_MAX);
	struct err ignored = ERR_INIT;
	char why[ERR_TEXT_MAX];

	*again = false;
	if (store_get(&g->store, g->fp, STORE_REFRESH, &now, &ignored) == 0) {
		if (!secbuf_equal(&now, used)) {
			*again = true;
			return err->code;
		}
		(void)store_erase(&g->store, g->fp, STORE_REFRESH, &ignored);
	}
	(void)snprintf(why, sizeof(why), "%s", err->msg);
	return renew_sign_in(g, err, why);
}

/* A refresh that brought no access token. */
static int
failed(struct grant *g, const struct secbuf *used, const struct lines *answer,
    bool *again, struct err *err)
{
	struct err ignored = ERR_INIT;
	const char *error = lines_get(answer, "oauth_error");

	/* An access token that nobody can use came with a refresh token that
	   somebody must keep. */
	if (lines_get(answer, "refresh_token") != NULL)
		(void)keep_refresh(g, answer, &ignored);
	/* Nothing was sent, or the server refused in full: nothing is spent. */
	else if (answer->n > 0 && (lines_number(answer, "sent", 0) == 0 ||
				      lines_number(answer, "whole", 0) == 1))
		refresh_forget(g);
	if (err->code == ERR_DENIED && error != NULL &&
	    strcmp(error, "invalid_grant") == 0)
		return grant_is_dead(g, used, again, err);
	renew_remember(g, used, answer, err);
	return err->code;
}

static int
spend(struct grant *g, bool *again, struct token *ret, struct err *err)
{
	SECBUF refresh = SECBUF_INIT(TOKEN_MAX);
	SECBUF secret = SECBUF_INIT(LINES_LINE_MAX);
	LINES answer = LINES_INIT;
	CLEANUP_FD int journal = -1;
	struct renew_spend what = {&refresh, -1};
	struct err ignored = ERR_INIT;
	int r;

	*again = false;
	/* Reading it also shows that the store is there and unlocked. */
	r = store_get(&g->store, g->fp, STORE_REFRESH, &refresh, err);
	if (r == ERR_NOTFOUND)
		return renew_sign_in(g, err, "nobody is signed in");
	if (r == 0)
		r = renew_client_secret(g, &secret, err);
	if (r == 0)
		r = refusal_check(g->fp, &refresh, err);
	if (r < 0)
		return r;
	if (find_room(g, &refresh, &what.journal_fd, err) < 0)
		return err->code;
	journal = what.journal_fd;
	if (renew_ask(g, "refresh", &secret, &what, &answer, err) < 0)
		return failed(g, &refresh, &answer, again, err);
	if (journal < 0 || lines_number(&answer, "journal_failed", 0) == 1)
		journal_in_kernel(g, &answer);
	(void)keep_refresh(g, &answer, &ignored);
	return renew_settle(g, &answer, NULL, ret, err);
}

int
refresh_person(struct grant *g, struct token *ret, struct err *err)
{
	bool again;
	int r;

	r = refresh_recover(g, ret, err);
	if (r != ERR_NOTFOUND)
		return r;
	r = spend(g, &again, ret, err);
	if (r < 0 && again)
		r = spend(g, &again, ret, err);
	if (r < 0 && again)
		return renew_sign_in(g, err, "the grant keeps changing");
	return r;
}
