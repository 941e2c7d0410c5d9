/* SPDX-License-Identifier: MIT */
/*
 * One request with a token, through tokenring-net, and its answer: the headers
 * first, then a body that streams.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "err.h"
#include "lines.h"
#include "token.h"

#define EXCHANGE_KEEP_MAX   8388608 /* bytes of a body that is kept whole */
#define EXCHANGE_SAMPLE_MAX 65536   /* bytes of one that only explains */
#define EXCHANGE_BODY_FDS   2

/* What becomes of the answer's body. */
enum exchange_sink {
	SINK_SAMPLE, /* the beginning is kept, the rest not read */
	SINK_KEEP,   /* all of it is kept; more than the limit is an error */
	SINK_PRINT,  /* to standard output, and the beginning is kept too */
};

struct exchange {
	/* the request; all lent */
	const struct profile *profile;
	const char *account;
	const char *method, *url;
	const struct token *token;
	const char *const *header; /* "Name: value", NULL-terminated */
	bool has_body;
	int64_t body_len;            /* -1: unknown */
	int body[EXCHANGE_BODY_FDS]; /* one after the other; -1: none */
	int64_t deadline;            /* as in io.h: all is over by then; 0: none
					but NET_STREAM_MAX_MS */
	/* Called when the headers are there: sets `sink`; the code of a failure
	   ends it.  And called now and then, if not NULL. */
	int (*decide)(void *ctx, struct exchange *x, struct err *err);
	void (*tick)(void *ctx, const struct exchange *x);
	void *ctx;

	/* the answer */
	enum exchange_sink sink;
	int status;          /* 0: none came */
	struct lines head;   /* header[]: the status line and the fields */
	struct secbuf kept;  /* of the body, see sink */
	int64_t received;    /* bytes of the body */
	bool sent;           /* the server may have got a part of the request */
	int64_t retry_after; /* seconds; -1: not said */
};
#define EXCHANGE_INIT                                                          \
	{                                                                      \
		.body = {-1, -1}, .head = LINES_INIT,                          \
		.kept = SECBUF_INIT(EXCHANGE_KEEP_MAX), .retry_after = -1      \
	}
#define EXCHANGE CLEANUP(exchange_release) struct exchange

/*
 * Send it and take the answer.  0: a whole answer came, whatever its status
 * (all that was wanted of it, for SINK_SAMPLE).  Otherwise as net_ask(); what
 * came before the failure is there.  ERR_CANCELED: exchange_interrupted.
 */
int exchange_run(struct exchange *x, struct err *err);

/*
 * The value of a field of the answer, or NULL; of one that came several times
 * NULL too, with `*repeated`, unless that is NULL, set.
 */
const char *exchange_header(
    const struct exchange *x, const char *name, bool *repeated);

/* Set by a signal's handler: whatever is under way ends. */
extern volatile sig_atomic_t exchange_interrupted;

/* To standard output, past what stdio keeps: ERR_INTERNAL if it takes no more. */
int exchange_print(const char *data, size_t n, struct err *err);

void exchange_release(struct exchange *x);

#endif
