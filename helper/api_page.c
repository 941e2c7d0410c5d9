/* SPDX-License-Identifier: MIT */
/*
 * Lists of several pages as one JSON array.  ITCare: {"content": [...],
 * "number": 0, "totalPages": 3, "last": false}, with page= in the query.
 * SAINet: {"data": [...]}, 20 records unless told otherwise; how the next ones
 * are asked for is the profile's `paging`.  An element is printed as it came.
 */
#include "api.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io.h"

#define PAGES_MAX     100000
#define PRINT_BYTES   32768
#define SAINET_LENGTH 20 /* records of a list that was asked for plainly */

struct pages {
	struct api *a;
	int64_t asked;  /* pages so far */
	int64_t number; /* the last one's, counted from 0 */
	int64_t first;  /* number of the first page in the query: 0, or 1 */
	int64_t total;  /* how many there are; -1: not said */
	bool last;      /* the server said so */
	bool numbered;  /* the answer told its number */
	bool sainet;
	size_t length, longest; /* elements of this page; of the first */
	uint64_t mark, before;  /* of this page's elements and the last one's */
	int64_t elements;       /* printed */
	char out[PRINT_BYTES];  /* of them, what is not yet written */
	size_t waits;
};

static enum exchange_sink
keep_good(struct api *a, const struct exchange *x)
{
	(void)a;
	return x->status == 200 ? SINK_KEEP : SINK_SAMPLE;
}

/* FNV-1a: only to see a page again that was just there. */
static uint64_t
mark_of(struct json_span s)
{
	uint64_t h = 14695981039346656037ULL;
	size_t i;

	for (i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.at[i]) * 1099511628211ULL;
	return h;
}

static int64_t
number_in(struct json_span object, const char *name)
{
	struct json_span one;
	int64_t n;

	return json_member(object, name, &one) && json_number(one, &n) &&
		       n >= 0 && n <= INT32_MAX
		   ? n
		   : -1;
}

/* The page's elements, and what it tells of itself. */
static int
read_page(struct pages *p, const struct exchange *x, struct json_span *list,
    struct err *err)
{
	struct json_span all, one;
	size_t pos = 0;

	if (!json_scan(x->kept.ptr, x->kept.len, &all))
		return err_set(err, ERR_PROTOCOL, "the answer is no JSON");
	p->last = *all.at == '[';
	p->total = p->number = -1;
	if (p->last) {
		*list = all;
	} else if (json_member(all, "content", list) && *list->at == '[') {
		p->total = number_in(all, "totalPages");
		p->number = number_in(all, "number");
		p->last = json_member(all, "last", &one) && *one.at == 't';
	} else if (json_member(all, "data", list) && *list->at == '[') {
		p->sainet = true;
	} else {
		return err_set(err, ERR_PROTOCOL,
		    "the answer is no list: it has neither 'content' nor "
		    "'data'");
	}
	p->numbered = p->number >= 0;
	p->mark = mark_of(*list);
	for (p->length = 0; json_next(*list, &pos, &one); p->length++)
		;
	return 0;
}

static int
print(struct pages *p, const char *data, size_t n, struct err *err)
{
	size_t some;

	for (; n > 0; data += some, n -= some) {
		some = sizeof(p->out) - p->waits;
		if (some > n)
			some = n;
		memcpy(p->out + p->waits, data, some);
		p->waits += some;
		if (p->waits == sizeof(p->out)) {
			p->waits = 0;
			if (exchange_print(p->out, sizeof(p->out), err) < 0)
				return err->code;
		}
	}
	return 0;
}

static int
print_rest(struct pages *p, struct err *err)
{
	size_t n = p->waits;

	p->waits = 0;
	return exchange_print(p->out, n, err);
}

static int
print_page(struct pages *p, struct json_span list, struct err *err)
{
	struct json_span one;
	size_t pos = 0;

	if (p->asked == 1 && print(p, "[", 1, err) < 0)
		return err->code;
	while (json_next(list, &pos, &one)) {
		if ((p->elements > 0 && print(p, ",", 1, err) < 0) ||
		    print(p, "\n", 1, err) < 0 ||
		    print(p, one.at, one.len, err) < 0)
			return err->code;
		p->elements++;
	}
	return print_rest(p, err);
}

/* A plain list, or one with a filter, is all there if it is short. */
static bool
is_plain(const struct api *a)
{
	const char *query = strchr(a->url.ptr, '?');

	return query == NULL || (strncmp(query, "?filter=", 8) == 0 &&
				    strchr(query, '&') == NULL);
}

static bool
is_last(const struct pages *p)
{
	if (p->last || p->length == 0)
		return true;
	if (p->sainet && p->asked == 1)
		return p->length < SAINET_LENGTH && is_plain(p->a);
	if (p->sainet)
		return p->length < p->longest;
	if (p->total < 0)
		return false;
	return (p->numbered ? p->number + 1 : p->asked) >= p->total;
}

/* The query of the next page. */
static int
next_url(const struct pages *p, struct secbuf *url, struct err *err)
{
	const char *paging = profile_get(p->a->profile, CONF_PAGING);
	const char *name = "page";
	int64_t value = p->asked + p->first;
	char text[24];

	if (p->sainet && paging != NULL) {
		name = strchr(paging, ':');
		if (name == NULL || name[1] == '\0' ||
		    (strncmp(paging, "skip:", 5) != 0 &&
			strncmp(paging, "page0:", 6) != 0 &&
			strncmp(paging, "page1:", 6) != 0))
			return err_set(err, ERR_CONFIG,
			    "paging wants skip:NAME, page0:NAME or page1:NAME");
		name++;
		value = paging[0] == 's'   ? p->elements
			: paging[4] == '1' ? p->asked + 1
					   : p->asked;
	}
	secbuf_reset(url);
	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	if (secbuf_addstr(url, p->a->url.ptr) < 0)
		return err_set(err, ERR_NOMEM, "out of memory");
	return api_url_add(url, name, text, err);
}

static int
get_page(struct pages *p, const char *url, struct exchange *x,
    struct json_span *list, struct err *err)
{
	int64_t expected = p->number + 1;
	bool numbered = p->numbered;
	int r;

	p->before = p->mark;
	p->a->deadline = io_now_ms() + API_KEPT_MS;
	r = api_call(p->a, "GET", url, NULL, x, err);
	if (r == 0)
		r = api_judge(p->a, "GET", x, err);
	else
		(void)err_wrap(err, "profile '%s': GET %s", p->a->profile->name,
		    p->a->shown);
	if (r == 0 && x->sink != SINK_KEEP)
		r = err_set(err, ERR_PROTOCOL, "%s: status %d is no list",
		    p->a->shown, x->status);
	if (r == 0 && read_page(p, x, list, err) < 0)
		r = err_wrap(err, "profile '%s': GET %s", p->a->profile->name,
		    p->a->shown);
	if (r < 0 || p->asked == 0 || !numbered || !p->numbered ||
	    p->number == expected || p->number == expected - 1)
		return r;
	return err_set(err, ERR_PROTOCOL,
	    "profile '%s': GET %s: page %" PRId64 " was asked for, and page "
	    "%" PRId64 " came",
	    p->a->profile->name, p->a->shown, expected, p->number);
}

/* The page that was there before, although another was asked for. */
static bool
is_same(const struct pages *p, int64_t number)
{
	if (p->numbered)
		return p->number == number;
	return p->length > 0 && p->mark == p->before;
}

static int
same_again(const struct pages *p, struct err *err)
{
	return err_set(err, ERR_PROTOCOL,
	    "profile '%s': GET %s: the server sent the same page again%s",
	    p->a->profile->name, p->a->shown,
	    p->sainet ? ": its lists are not paged as the profile's 'paging' "
			"says"
		      : "");
}

static int
next_page(struct pages *p, struct exchange *x, struct json_span *list,
    struct err *err)
{
	SECBUF url = SECBUF_INIT(API_URL_MAX);
	int64_t number = p->number;

	for (;;) {
		if (next_url(p, &url, err) < 0)
			return err->code;
		if (get_page(p, url.ptr, x, list, err) < 0)
			return err->code;
		if (!is_same(p, number))
			return 0;
		/* Is its first page number 1?  The vendor's example has it so,
		   the clients that are known count from 0. */
		if (p->sainet || p->first > 0 || p->asked > 1)
			return same_again(p, err);
		p->first = 1;
		p->number = number;
	}
}

static bool
has_page(const char *url)
{
	const char *p;

	for (p = strchr(url, '?'); p != NULL; p = strchr(p + 1, '&'))
		if (strncmp(p + 1, "page=", 5) == 0)
			return true;
	return false;
}

static int
follow(struct pages *p, struct exchange *x, struct err *err)
{
	struct json_span list;

	if (get_page(p, p->a->url.ptr, x, &list, err) < 0)
		return err->code;
	p->longest = p->length;
	for (;;) {
		p->asked++;
		if (print_page(p, list, err) < 0)
			return err->code;
		if (is_last(p))
			break;
		if (p->asked == PAGES_MAX)
			return err_set(err, ERR_PROTOCOL,
			    "the list has more than %d pages", PAGES_MAX);
		if (p->total > 0)
			api_draw(p->a,
			    "tokenring: page %" PRId64 " of %" PRId64, p->asked,
			    p->total);
		else
			api_draw(p->a, "tokenring: page %" PRId64, p->asked);
		if (next_page(p, x, &list, err) < 0)
			return err->code;
	}
	return exchange_print("\n]\n", 3, err);
}

int
api_paginate(struct api *a, struct err *err)
{
	EXCHANGE x = EXCHANGE_INIT;
	struct pages p = {.a = a, .number = -1};
	int r;

	if (has_page(a->url.ptr))
		return err_set(err, ERR_CONFIG,
		    "--paginate reads all pages: leave out 'page'");
	a->choose = keep_good;
	r = follow(&p, &x, err);
	api_undraw(a);
	if (r < 0 && p.asked > 0)
		(void)err_hint(err,
		    "the array is cut off after %" PRId64 " elements",
		    p.elements);
	return r;
}
