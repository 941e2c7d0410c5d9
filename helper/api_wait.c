/* SPDX-License-Identifier: MIT */
/*
 * --wait: from a 202 to the end of the action that it began.
 *
 * ITCare documents GET /actions/{id} and its status (SUCCESS, IN_PROGRESS,
 * ERROR), but not the name of the field that tells the id: actionId, id,
 * requestId (GET /actions?requestId=) and a Location are all understood.
 */
#include "api.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_action.h"
#include "io.h"

#define PAUSE_FIRST_MS 250 /* between looks, half as long again each time */
#define PAUSE_LAST_MS  10000
#define PAUSE_ASKED_S  60 /* of a Retry-After, at most */
#define MISSING_MOST   4  /* looks that find no action yet */
#define ID_MAX         64

struct watch {
	struct api *a;
	struct secbuf path; /* of the action, below api_url, or a whole URL */
	int64_t begun, deadline;
	int missing;
	char status[ACTION_WORD_MAX]; /* as last told */
	char trouble[ERR_TEXT_MAX];   /* why the last look failed, or "" */
};

static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
	caught = number;
	exchange_interrupted = 1;
}

/* The first ends the wait with a word on how to go on; a second one kills. */
static void
catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa = {
	    .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct sigaction now;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &now) == 0 &&
		    now.sa_handler != SIG_IGN)
			(void)sigaction(numbers[i], &sa, NULL);
}

static int
add_quoted(struct secbuf *to, const char *word)
{
	const char *p;
	int r;

	if (word[strspn(word,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789-_./:,@=%+")] == '\0')
		return secbuf_addstr(to, word);
	r = secbuf_addstr(to, "'");
	for (p = word; r == 0 && *p != '\0'; p++)
		r = *p == '\'' ? secbuf_addstr(to, "'\\''")
			       : secbuf_add(to, p, 1);
	return r == 0 ? secbuf_addstr(to, "'") : r;
}

/* "tokenring api PROFILE PATH --wait", with the options that led here. */
static const char *
command(const struct watch *w, struct secbuf *to)
{
	const struct options *o = &w->a->front->opt;
	size_t i;
	int r = secbuf_set(to, "tokenring");

	for (i = 0; r == 0 && i < o->overrides; i++) {
		r = secbuf_addstr(to, " -o ");
		if (r == 0)
			r = add_quoted(to, o->override[i]);
	}
	if (r == 0 && o->account != NULL) {
		r = secbuf_addstr(to, " --account ");
		if (r == 0)
			r = add_quoted(to, o->account);
	}
	if (r == 0)
		r = secbuf_addstr(to, " api ");
	if (r == 0)
		r = secbuf_addstr(to, w->a->profile->name);
	if (r == 0)
		r = secbuf_addstr(to, " ");
	if (r == 0)
		r = add_quoted(to, w->path.ptr);
	if (r == 0)
		r = secbuf_addstr(to, " --wait");
	return r == 0 ? to->ptr : "tokenring api";
}

/* Append how to go on to why it ended. */
static int
go_on(const struct watch *w, struct err *err)
{
	SECBUF text = SECBUF_INIT(4096);

	(void)err_hint(err, "go on with: %s", command(w, &text));
	return err->code;
}

static int
tell_failure(struct watch *w, struct json_span action, struct err *err)
{
	char what[ACTION_WORD_MAX], said[API_NOTICE_MAX], times[128];
	char shown[API_NOTICE_MAX];

	(void)action_text(action, "process", what, sizeof(what));
	(void)action_text(action, "message", said, sizeof(said));
	action_times(action, times, sizeof(times));
	err_set(err, ERR_DENIED, "profile '%s': %s ended with %s%s",
	    w->a->profile->name, w->path.ptr, w->status, times);
	if (*what != '\0' && !api_repeats_token(w->a, what))
		(void)err_hint(err, "%s", err_printable(shown, 64, what));
	if (*said != '\0' && !api_repeats_token(w->a, said))
		(void)err_hint(
		    err, "%s", err_printable(shown, sizeof(shown), said));
	return err->code;
}

/*
 * Is this failure one that passes?  What the server or the network says is;
 * what asks for a person, or for another request, is not.
 */
static bool
passes(struct watch *w, int r, const struct exchange *x)
{
	if (r < 0)
		return r == ERR_UNAVAIL || r == ERR_PROTOCOL ||
		       r == ERR_INTERNAL;
	if (x->status == 404)
		return ++w->missing < MISSING_MOST;
	return x->status >= 500 || x->status == 429 || x->status == 408;
}

static enum exchange_sink
keep_good(struct api *a, const struct exchange *x)
{
	(void)a;
	return x->status == 200 || x->status == 202 ? SINK_KEEP : SINK_SAMPLE;
}

/* One look: the state, or a failure that does not pass. */
static int
look(struct watch *w, const char *url, struct exchange *x,
    struct json_span *which, enum action_state *state, struct err *err)
{
	int r;

	/* A server that drips does not stretch the time. */
	w->a->deadline = w->deadline;
	r = api_call(w->a, "GET", url, NULL, x, err);
	*state = ACTION_RUNS;
	w->trouble[0] = '\0';
	if (r == ERR_CANCELED)
		return r;
	if (r == 0 && x->status == 200) {
		*state = action_state(&x->kept, which, w->status);
		w->missing = 0;
		if (*state != ACTION_NONE)
			return 0;
		*state = ACTION_RUNS;
		r = err_set(err, ERR_PROTOCOL,
		    "the answer does not tell the state of an action");
	} else if (r == 0 && x->status != 202) {
		(void)api_judge(w->a, "GET", x, err);
	} else if (r == 0) {
		return 0;
	}
	if (!passes(w, r, x))
		return err->code;
	(void)snprintf(w->trouble, sizeof(w->trouble), "%s", err->msg);
	return 0;
}

static int
too_late(struct watch *w, struct err *err)
{
	err_set(err, ERR_UNAVAIL, "profile '%s': %s had not ended after %lld s",
	    w->a->profile->name, w->path.ptr,
	    (long long)(io_now_ms() - w->begun) / 1000);
	if (*w->status != '\0')
		(void)err_hint(err, "its status was %s", w->status);
	if (*w->trouble != '\0')
		(void)err_hint(err, "%.200s", w->trouble);
	return go_on(w, err);
}

static int
pause_between(
    struct watch *w, int64_t *pause, const struct exchange *x, struct err *err)
{
	int64_t ms = *pause, left = w->deadline - io_now_ms();

	if (x->retry_after > ms / 1000)
		ms = 1000 * (x->retry_after < PAUSE_ASKED_S ? x->retry_after
							    : PAUSE_ASKED_S);
	*pause =
	    *pause * 3 / 2 < PAUSE_LAST_MS ? *pause * 3 / 2 : PAUSE_LAST_MS;
	if (left <= 0)
		return too_late(w, err);
	api_draw(w->a, "tokenring: %s: %s, %lld s%s", w->path.ptr,
	    *w->status != '\0' ? w->status : "submitted",
	    (long long)(io_now_ms() - w->begun) / 1000,
	    *w->trouble != '\0' ? ", no answer just now" : "");
	return api_pause(ms < left ? ms : left, err);
}

static int
print_kept(struct api *a, const struct exchange *x, struct err *err)
{
	api_undraw(a);
	api_print_head(a, x);
	if (fflush(stdout) != 0)
		return err_set(
		    err, ERR_INTERNAL, "cannot write to standard output");
	return exchange_print(x->kept.ptr, x->kept.len, err);
}

/* The signal, after all; the shell wants to know. */
static void
die_of_it(struct watch *w)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	SECBUF text = SECBUF_INIT(4096);
	int number = caught;

	api_undraw(w->a);
	(void)fprintf(stderr,
	    "tokenring: interrupted: the action goes on at the server; follow "
	    "it with: %s\n",
	    command(w, &text));
	(void)sigaction(number, &standard, NULL);
	(void)raise(number);
}

static int
follow(struct watch *w, struct exchange *x, struct err *err)
{
	SECBUF url = SECBUF_INIT(API_URL_MAX);
	struct json_span which = {"", 0};
	enum action_state state = ACTION_RUNS;
	int64_t pause = PAUSE_FIRST_MS;
	struct err lost = ERR_INIT;
	int r;

	if (api_url(w->a->profile, w->path.ptr, &url, err) < 0)
		return err_hint(err, "so the action cannot be followed");
	w->a->choose = keep_good;
	do {
		w->a->fetched = false;
		r = pause_between(w, &pause, x, err);
		if (r == 0)
			r = look(w, url.ptr, x, &which, &state, err);
		if (exchange_interrupted)
			die_of_it(w);
		if (r < 0)
			return r == ERR_UNAVAIL ? r : go_on(w, err);
	} while (state == ACTION_RUNS);
	if (state == ACTION_DONE)
		return print_kept(w->a, x, err);
	/* That the action failed is the news. */
	(void)print_kept(w->a, x, &lost);
	return tell_failure(w, which, err);
}

static enum exchange_sink
keep_followed(struct api *a, const struct exchange *x)
{
	return x->status == 202 ||
		       (x->status == 200 && strcmp(a->method, "GET") == 0)
		   ? SINK_KEEP
		   : SINK_PRINT;
}

/* The answer to the command's own request: is there something to follow? */
static int
begin(struct watch *w, struct exchange *x, struct err *err)
{
	struct json_span which = {"", 0};
	enum action_state state = action_state(&x->kept, &which, w->status);
	struct err lost = ERR_INIT;

	if (x->status == 200) { /* a GET, of an action perhaps */
		/* A list that is asked for by a request may be empty yet. */
		if ((state == ACTION_RUNS ||
			(state == ACTION_NONE &&
			    strstr(w->a->path, "?requestId=") != NULL)) &&
		    secbuf_set(&w->path, w->a->path) == 0)
			return follow(w, x, err);
		if (state != ACTION_FAILED ||
		    secbuf_set(&w->path, w->a->path) < 0)
			return print_kept(w->a, x, err);
		(void)print_kept(w->a, x, &lost);
		return tell_failure(w, which, err);
	}
	if (!action_path(x, &w->path) || api_repeats_token(w->a, w->path.ptr)) {
		(void)print_kept(w->a, x, &lost);
		return err_set(err, ERR_PROTOCOL,
		    "profile '%s': %s %s: the server accepted the request "
		    "(202) "
		    "and named nothing to follow it by: how it ends cannot be "
		    "told",
		    w->a->profile->name, w->a->method, w->a->shown);
	}
	return follow(w, x, err);
}

int
api_wait(struct api *a, int64_t wait_ms, struct err *err)
{
	EXCHANGE x = EXCHANGE_INIT;
	struct watch w = {.a = a, .path = SECBUF_INIT(API_URL_MAX)};
	int r;

	w.begun = io_now_ms();
	w.deadline = w.begun + wait_ms;
	a->choose = keep_followed;
	r = api_call(a, a->method, a->url.ptr, &a->body, &x, err);
	if (r < 0) {
		(void)err_wrap(err, "profile '%s': %s %s", a->profile->name,
		    a->method, a->shown);
	} else {
		r = api_judge(a, a->method, &x, err);
		if (r == 0 && x.sink == SINK_KEEP) {
			catch_signals();
			r = begin(&w, &x, err);
		}
	}
	api_undraw(a);
	secbuf_release(&w.path);
	return r;
}
