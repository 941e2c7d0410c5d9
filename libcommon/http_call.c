/* SPDX-License-Identifier: MIT */
#include "http_call.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cleanup.h"
#include "http_text.h"
#include "http_why.h"
#include "io.h"

static void
free_part(char **part)
{
	curl_free(*part);
}

static void
free_url(CURLU **u)
{
	curl_url_cleanup(*u);
}

static bool
part_equal(CURLU *a, CURLU *b, CURLUPart part)
{
	CLEANUP(free_part) char *x = NULL;
	CLEANUP(free_part) char *y = NULL;

	return curl_url_get(a, part, &x, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	       curl_url_get(b, part, &y, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	       strcasecmp(x, y) == 0;
}

static bool
path_under(CURLU *url, CURLU *base)
{
	CLEANUP(free_part) char *path = NULL;
	CLEANUP(free_part) char *prefix = NULL;
	size_t n;

	if (curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK ||
	    curl_url_get(base, CURLUPART_PATH, &prefix, 0) != CURLUE_OK)
		return false;
	n = strlen(prefix);
	while (n > 0 && prefix[n - 1] == '/')
		n--;
	return strncmp(path, prefix, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/');
}

bool
http_under(const char *url, const char *base)
{
	CLEANUP(free_url) CURLU *u = curl_url();
	CLEANUP(free_url) CURLU *b = curl_url();
	CLEANUP(free_part) char *scheme = NULL;

	return u != NULL && b != NULL &&
	       curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) ==
		   CURLUE_OK &&
	       curl_url_set(b, CURLUPART_URL, base, CURLU_DISALLOW_USER) ==
		   CURLUE_OK &&
	       curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	       strcmp(scheme, "https") == 0 &&
	       part_equal(u, b, CURLUPART_SCHEME) &&
	       part_equal(u, b, CURLUPART_HOST) &&
	       part_equal(u, b, CURLUPART_PORT) && path_under(u, b);
}

/* --- while it is under way ------------------------------------------------ */

static int
begin(struct http *h)
{
	long status = 0;

	if (h->begun)
		return 0;
	h->begun = true;
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	h->response->status = (int)status;
	return h->call->begin(h->call->ctx, h->response);
}

int
http_call_end(struct http *h)
{
	return begin(h);
}

size_t
http_call_body(struct http *h, const char *data, size_t n)
{
	struct err ignored = ERR_INIT;

	h->in_body = true;
	if (begin(h) < 0 || io_write(h->call->answer, data, n, &ignored) < 0) {
		h->reader_left = true;
		return 0;
	}
	/* However long that took: it was not the server's time. */
	h->moved_at = io_now_ms();
	return n;
}

static size_t
on_read(char *to, size_t size, size_t n, void *ctx)
{
	struct http *h = ctx;
	const struct http_call *c = h->call;
	ssize_t got = 0;

	n *= size;
	if (c->body_len >= 0 && (int64_t)n > c->body_len - h->taken)
		n = (size_t)(c->body_len - h->taken);
	while (n > 0 && got == 0 && h->source < HTTP_CALL_BODIES) {
		if (c->body[h->source] >= 0)
			do
				got = read(c->body[h->source], to, n);
			while (got < 0 && errno == EINTR);
		if (got == 0)
			h->source++;
	}
	h->moved_at = io_now_ms();
	if (got < 0 || (got == 0 && h->taken < c->body_len)) {
		h->body_failed = true;
		return CURL_READFUNC_ABORT;
	}
	h->taken += got;
	return (size_t)got;
}

/* Sent again is only what nothing was taken of: after a 417. */
static int
on_seek(void *ctx, curl_off_t offset, int origin)
{
	const struct http *h = ctx;

	return h->taken == 0 && offset == 0 && origin == SEEK_SET
		   ? CURL_SEEKFUNC_OK
		   : CURL_SEEKFUNC_FAIL;
}

static int
on_progress(void *ctx, curl_off_t down_total, curl_off_t down,
    curl_off_t up_total, curl_off_t up)
{
	struct http *h = ctx;

	(void)down_total, (void)up_total;
	if (!h->response->sent || down + up != h->moved) {
		h->moved = down + up;
		h->moved_at = io_now_ms();
	}
	h->silent = io_now_ms() - h->moved_at > h->call->silence_ms;
	return h->silent;
}

/* --- before it ------------------------------------------------------------ */

/* libcurl takes "Name:" for a wish to have no such header, and "Name;" for an
   empty one. */
static int
add_header(struct http *h, const char *line)
{
	SECBUF empty = SECBUF_INIT(HTTP_HEADERS_MAX);
	size_t name = strcspn(line, ":");
	struct curl_slist *longer;

	if (line[name] == ':' &&
	    line[name + 1 + strspn(line + name + 1, " ")] == '\0') {
		if (secbuf_add(&empty, line, name) < 0 ||
		    secbuf_addstr(&empty, ";") < 0)
			return -1;
		line = empty.ptr;
	}
	longer = curl_slist_append(h->headers, line);
	if (longer == NULL)
		return -1;
	h->headers = longer;
	return 0;
}

static CURLcode
set_headers(struct http *h)
{
	const char *const *line = h->call->header;
	CURLcode rc = CURLE_OK;

	if (add_header(h, h->call->bearer->ptr) < 0)
		return CURLE_OUT_OF_MEMORY;
	for (; *line != NULL; line++)
		if (add_header(h, *line) < 0)
			return CURLE_OUT_OF_MEMORY;
	SET(CURLOPT_HTTPHEADER, h->headers);
	/* A proxy gets none of them. */
	SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	return rc;
}

/* The peer said that nothing more comes. */
static void
on_tls_event(const SSL *ssl, int where, int value)
{
	struct http *h = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (where == SSL_CB_READ_ALERT && (value & 0xff) == SSL_AD_CLOSE_NOTIFY)
		h->tls_ended = true;
}

static CURLcode
on_tls(CURL *curl, void *context, void *ctx)
{
	(void)curl;
	(void)SSL_CTX_set_app_data(context, ctx);
	SSL_CTX_set_info_callback(context, on_tls_event);
	return CURLE_OK;
}

/*
 * To libcurl a connection that breaks is as good as one that was closed.  A body
 * without a length would end wherever somebody in between cuts it (RFC 9112
 * §9.8).
 */
bool
http_call_cut(struct http *h)
{
	const struct http_response *r = h->response;
	curl_off_t length = -1;
	const char *ignored;
	size_t n;

	(void)curl_easy_getinfo(
	    h->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return !h->tls_ended && length < 0 && r->status != 204 &&
	       r->status != 304 && strcmp(h->call->method, "HEAD") != 0 &&
	       http_header(&r->headers, "Transfer-Encoding", &ignored, &n) == 0;
}

CURLcode
http_call_set(struct http *h)
{
	const struct http_call *c = h->call;
	CURLcode rc = set_headers(h);

	h->begun = h->silent = h->body_failed = h->reader_left = false;
	h->tls_ended = false;
	h->taken = h->moved = 0;
	h->source = 0;
	h->moved_at = io_now_ms();
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, h);
	SET(CURLOPT_SSL_CTX_FUNCTION, on_tls);
	SET(CURLOPT_SSL_CTX_DATA, h);
	if (c->has_body) {
		SET(CURLOPT_UPLOAD, 1L);
		SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)c->body_len);
		SET(CURLOPT_READFUNCTION, on_read);
		SET(CURLOPT_READDATA, h);
		SET(CURLOPT_SEEKFUNCTION, on_seek);
		SET(CURLOPT_SEEKDATA, h);
	}
	if (strcmp(c->method, "HEAD") == 0)
		SET(CURLOPT_NOBODY, 1L);
	else
		SET(CURLOPT_CUSTOMREQUEST, c->method);
	return rc;
}

/* What libcurl calls an aborted callback is one of these. */
int
http_call_why(const struct http *h, const char *where, struct err *err)
{
	if (h->silent)
		return err_set(err, ERR_UNAVAIL, "%s: nothing moved for %.1f s",
		    where, (double)h->call->silence_ms / 1000);
	if (h->body_failed)
		return err_set(err, ERR_CONFIG,
		    "the body ended early, or could not be read");
	if (h->reader_left)
		return err_set(err, ERR_CANCELED, "nobody reads the answer");
	return 0;
}
