/* SPDX-License-Identifier: MIT */
#include "net_worker.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fingerprint.h"
#include "io.h"
#include "log.h"

#define JOURNAL_FD 3

static const char *
result(const struct net_job *job, int code)
{
	switch (code) {
	case 0:
		return "ok";
	case ERR_DENIED:
		return "denied";
	case ERR_UNAVAIL:
		return job->outcome.later ? "later" : "unavailable";
	case ERR_CONFIG:
		return "config";
	case ERR_PROTOCOL:
		return "protocol";
	case ERR_CANCELED:
		return "canceled";
	default:
		return NULL;
	}
}

/* What is known whether it went well or not. */
static int
add_facts(const struct net_job *job, struct secbuf *to, struct err *err)
{
	const struct outcome *o = &job->outcome;
	char fp[FINGERPRINT_LEN + 1];
	int r = 0;

	if (o->http != 0)
		r = lines_add_number(to, "http", o->http, err);
	if (r == 0 && o->http != 0)
		r = lines_add(to, "verified", "1", err);
	if (r == 0 && o->sent)
		r = lines_add(to, "sent", "1", err);
	if (r == 0)
		r = lines_add_number(to, "ms", io_now_ms() - job->begun, err);
	if (r == 0)
		r = lines_add_some(to, "oauth_error", o->oauth_error, err);
	if (r == 0 && o->retry_after >= 0)
		r = lines_add_number(to, "retry_after", o->retry_after, err);
	if (r < 0 || job->profile == NULL)
		return r;
	fingerprint(job->profile, net_account(job), fp);
	r = lines_add(to, "profile", job->profile->name, err);
	return r == 0 ? lines_add(to, "fingerprint", fp, err) : r;
}

static int
add_refresh(const struct token *t, struct secbuf *to, struct err *err)
{
	int r;

	r = lines_add_some(to, "refresh_token", t->refresh_token.ptr, err);
	if (r == 0 && t->refresh_expires_at > 0)
		r = lines_add_number(
		    to, "refresh_expires_at", t->refresh_expires_at, err);
	return r;
}

/* A refresh token that came with nothing else of use: the old one is spent. */
static int
add_rest(const struct net_job *job, struct secbuf *to, struct err *err)
{
	const struct token *t = &job->token;
	int r;

	if (t->refresh_token.len == 0)
		return 0;
	r = add_refresh(t, to, err);
	return r == 0 ? lines_add_some(to, "scope", t->scope, err) : r;
}

static int
add_token(const struct net_job *job, struct secbuf *to, struct err *err)
{
	const struct token *t = &job->token;
	int r = 0;

	if (t->access_token.len > 0)
		r = token_write(t, to, err);
	if (r == 0)
		r = add_refresh(t, to, err);
	if (r == 0 && secbuf_add(to, job->more.ptr, job->more.len) < 0)
		r = err_set(err, ERR_NOMEM, "answer too long");
	return r;
}

int
net_answer(const struct net_job *job, const struct err *why, struct secbuf *to,
    struct err *err)
{
	const char *word = result(job, why->code);
	char text[NET_MESSAGE_MAX + 1];
	int r;

	if (word == NULL)
		return err_set(err, ERR_INTERNAL, "%s", why->msg);
	r = job->begun_answer ? 0 : lines_begin(to, err);
	if (r == 0)
		r = lines_add(to, "result", word, err);
	if (r == 0 && why->code != 0)
		r = lines_add(to, "message",
		    err_printable(text, sizeof(text), why->msg), err);
	if (r == 0)
		r = add_facts(job, to, err);
	if (r == 0)
		r = why->code == 0 ? add_token(job, to, err)
				   : add_rest(job, to, err);
	if (r == 0 &&
	    secbuf_add(to, job->outcome.notes.ptr, job->outcome.notes.len) < 0)
		r = err_set(err, ERR_NOMEM, "answer too long");
	return r == 0 ? lines_end(to, err) : r;
}

/* A file system that cannot sync (EINVAL) keeps what was written anyway. */
static int
write_journal(const struct secbuf *answer, struct err *err)
{
	if (io_write(JOURNAL_FD, answer->ptr, answer->len, err) < 0)
		return err->code;
	if (fsync(JOURNAL_FD) < 0 && errno != EINVAL && errno != EROFS)
		return err_set(err, ERR_INTERNAL, "fsync: %s", strerror(errno));
	return 0;
}

int
net_deliver(const struct net_job *job, bool ok, const struct secbuf *answer,
    struct err *err)
{
	static const char end[] = "end=ok\n";
	static const char failed[] =
	    "journal_failed=1\n"
	    "warning[]=the journal could not be written\n"
	    "end=ok\n";
	const char *journal = lines_get(job->rq, "journal");
	struct err lost = ERR_INIT;

	if (journal == NULL || strcmp(journal, "3") != 0 ||
	    (!ok && job->token.refresh_token.len == 0) ||
	    write_journal(answer, &lost) == 0)
		return io_write(STDOUT_FILENO, answer->ptr, answer->len, err);
	/* The answer is all the more worth handing over, whatever is short. */
	log_debug("journal: %s", lost.msg);
	if (io_write(STDOUT_FILENO, answer->ptr,
		answer->len - (sizeof(end) - 1), err) < 0)
		return err->code;
	return io_write(STDOUT_FILENO, failed, sizeof(failed) - 1, err);
}
