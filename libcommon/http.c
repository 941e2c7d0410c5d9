/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cleanup.h"
#include "http_text.h"
#include "http_why.h"
#include "io.h"
#include "log.h"

/* clang-format off */
static const struct {
	CURLoption option;
	long value;
} policy[] = {
	{CURLOPT_SSL_VERIFYPEER, 1},
	{CURLOPT_SSL_VERIFYHOST, 2},
	{CURLOPT_PROXY_SSL_VERIFYPEER, 1},
	{CURLOPT_PROXY_SSL_VERIFYHOST, 2},
	{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	{CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
	{CURLOPT_HTTP09_ALLOWED, 0},
	{CURLOPT_FOLLOWLOCATION, 0},
	{CURLOPT_NETRC, CURL_NETRC_IGNORED},
	{CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
	{CURLOPT_HTTPAUTH, CURLAUTH_BASIC},
	{CURLOPT_FRESH_CONNECT, 1}, /* a reused connection invites a retry */
	{CURLOPT_SUPPRESS_CONNECT_HEADERS, 1}, /* the proxy's are not ours */
	{CURLOPT_NOSIGNAL, 1},
	{CURLOPT_QUICK_EXIT, 1}, /* never wait for a resolver's thread */
};
/* clang-format on */

int
http_open(
    struct http **ret, const struct http_options *options, struct err *err)
{
	CLEANUP(http_closep) struct http *h = calloc(1, sizeof(*h));

	if (h == NULL || curl_global_init(CURL_GLOBAL_SSL) != CURLE_OK ||
	    (h->curl = curl_easy_init()) == NULL)
		return err_set(err, ERR_NOMEM, "libcurl does not start");
	h->o = *options;
	*ret = TAKE_PTR(h);
	return 0;
}

void
http_closep(struct http **h)
{
	if (*h != NULL) {
		curl_easy_cleanup((*h)->curl);
		curl_slist_free_all((*h)->headers);
	}
	free(*h);
	*h = NULL;
}

void
http_response_release(struct http_response *r)
{
	secbuf_release(&r->headers);
	secbuf_release(&r->body);
}

int64_t
http_left(const struct http *h)
{
	int64_t left = h->o.deadline - io_now_ms();

	return left > 0 ? left : 0;
}

/* libcurl does not tell why it got no socket. */
static curl_socket_t
on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct http *h = ctx;
	int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);

	(void)purpose;
	if (fd < 0 && http_why_local(errno))
		h->local = errno;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* The connection stands and is verified; from here on the request may go out. */
static int
on_ready(void *ctx, char *ip, char *local_ip, int port, int local_port)
{
	struct http *h = ctx;

	(void)ip, (void)local_ip, (void)port, (void)local_port;
	h->response->sent = true;
	return CURL_PREREQFUNC_OK;
}

/*
 * Called for each line.  Interim answers (1xx) come first, each a block of its
 * own; trailers come after the body and must not be taken for headers.
 */
static size_t
on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct http *h = ctx;

	n *= size;
	if (h->in_body)
		return n;
	if (h->headers_done) {
		if (n < 5 || memcmp(data, "HTTP/", 5) != 0)
			return n;
		secbuf_reset(&h->response->headers);
		h->headers_done = false;
	}
	if (secbuf_add(&h->response->headers, data, n) < 0) {
		h->too_long = true;
		return 0;
	}
	h->headers_done = n <= 2 && (data[0] == '\r' || data[0] == '\n');
	return n;
}

static size_t
on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http *h = ctx;

	n *= size;
	if (h->call != NULL)
		return http_call_body(h, data, n);
	h->in_body = true;
	if (n > h->body_max - h->response->body.len ||
	    secbuf_add(&h->response->body, data, n) < 0) {
		h->too_long = true;
		return 0;
	}
	return n;
}

/* Whom to trust: never the given ones beside others. */
static CURLcode
set_trust(struct http *h)
{
	const struct http_options *o = &h->o;
	struct curl_blob blob = {.flags = CURL_BLOB_NOCOPY};
	CURLcode rc = CURLE_OK;

	if (o->ca_pem != NULL && o->ca_pem->len > 0) {
		blob.data = o->ca_pem->ptr;
		blob.len = o->ca_pem->len;
		SET(CURLOPT_CAINFO_BLOB, &blob);
		SET(CURLOPT_CAINFO, NULL);
		SET(CURLOPT_CAPATH, NULL);
	} else if (o->ca_file != NULL || o->ca_dir != NULL) {
		SET(CURLOPT_CAINFO, o->ca_file);
		SET(CURLOPT_CAPATH, o->ca_dir);
	}
	return rc;
}

static CURLcode
set_policy(struct http *h)
{
	const struct http_options *o = &h->o;
	CURLcode rc = CURLE_OK;
	const char *direct = "*";
	size_t i;

	curl_easy_reset(h->curl);
	for (i = 0; i < sizeof(policy) / sizeof(policy[0]); i++)
		SET(policy[i].option, policy[i].value);
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_USERAGENT, "tokenring/" VERSION);
	/* "" and "*" keep libcurl from looking for the variables. */
	if (o->proxy != NULL)
		direct = o->no_proxy != NULL ? o->no_proxy : "";
	SET(CURLOPT_PROXY, o->proxy != NULL ? o->proxy : "");
	SET(CURLOPT_NOPROXY, direct);
	return rc == CURLE_OK ? set_trust(h) : rc;
}

static CURLcode
set_request(struct http *h, const struct http_request *rq, int64_t left)
{
	static struct curl_slist json = {
	    (char *)"Accept: application/json", NULL};
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, rq->url);
	SET(CURLOPT_HTTPHEADER, rq->json ? &json : NULL);
	SET(CURLOPT_ERRORBUFFER, h->error);
	SET(CURLOPT_TIMEOUT_MS, (long)left);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(rq->connect_ms < left ? rq->connect_ms : left));
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, h);
	SET(CURLOPT_PREREQFUNCTION, on_ready);
	SET(CURLOPT_PREREQDATA, h);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, h);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, h);
	if (h->call != NULL && rc == CURLE_OK)
		return http_call_set(h);
	if (rq->form != NULL) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, rq->form->ptr);
		SET(CURLOPT_POSTFIELDSIZE, (long)rq->form->len);
	}
	if (rq->basic_user != NULL && rq->basic_key != NULL) {
		SET(CURLOPT_USERNAME, rq->basic_user->ptr);
		SET(CURLOPT_PASSWORD, rq->basic_key->ptr);
	}
	return rc;
}

int
http_send(struct http *h, const struct http_request *rq,
    struct http_response *ret, struct err *err)
{
	char where[HTTP_WHERE_MAX];
	long status = 0;
	CURLcode rc;
	int64_t begun = io_now_ms(), left = http_left(h);

	http_where(rq->url, where);
	ret->status = 0;
	ret->sent = false;
	secbuf_reset(&ret->headers);
	secbuf_reset(&ret->body);
	h->response = ret;
	h->body_max = rq->body_max;
	h->in_body = h->headers_done = h->too_long = false;
	h->error[0] = '\0';
	h->local = 0;
	h->refused_certificate = false;
	h->call = rq->call;
	if (left == 0 && !h->tried)
		return err_set(err, ERR_INTERNAL,
		    "no time was left before the first request: this machine "
		    "held us up");
	if (left == 0)
		return err_set(
		    err, ERR_UNAVAIL, "no time was left to ask %s", where);
	h->tried = true;
	rc = set_policy(h);
	if (rc == CURLE_OK)
		rc = set_request(h, rq, left);
	if (rc != CURLE_OK)
		return err_set(err, ERR_INTERNAL,
		    "libcurl refuses an option: %s", curl_easy_strerror(rc));
	rc = curl_easy_perform(h->curl);
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	ret->status = ret->sent ? (int)status : 0;
	log_debug("%s %.*s -> %d, %zu bytes in %d ms: %s",
	    rq->call != NULL   ? rq->call->method
	    : rq->form != NULL ? "POST"
			       : "GET",
	    (int)strcspn(rq->url, "?#"), rq->url, ret->status, ret->body.len,
	    (int)(io_now_ms() - begun), curl_easy_strerror(rc));
	if (rc == CURLE_OK && !h->headers_done)
		rc = CURLE_PARTIAL_FILE; /* libcurl takes what there is */
	if (rc == CURLE_OK && h->call != NULL && http_call_cut(h))
		rc = CURLE_PARTIAL_FILE;
	if (rc == CURLE_OK && h->call != NULL && http_call_end(h) < 0)
		return err_set(err, ERR_INTERNAL, "the answer cannot be told");
	return rc == CURLE_OK ? 0 : http_why(h, rc, where, err);
}
