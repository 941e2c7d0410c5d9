/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "http_text.h"
#include "io.h"
#include "log.h"

struct http {
	struct http_options o;
	CURL *curl;
	char error[CURL_ERROR_SIZE];
	/* of the request under way */
	struct http_response *response;
	size_t body_max;
	bool in_body, headers_done, too_long;
};

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
	if (*h != NULL)
		curl_easy_cleanup((*h)->curl);
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
	h->in_body = true;
	if (n > h->body_max - h->response->body.len ||
	    secbuf_add(&h->response->body, data, n) < 0) {
		h->too_long = true;
		return 0;
	}
	return n;
}

/* The first option that libcurl refuses ends it: each is there for a reason. */
#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = curl_easy_setopt(h->curl, option, value);         \
	} while (0)

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
set_request(struct http *h, const struct http_request *rq)
{
	static struct curl_slist json = {
	    (char *)"Accept: application/json", NULL};
	int64_t left = http_left(h);
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, rq->url);
	SET(CURLOPT_HTTPHEADER, rq->json ? &json : NULL);
	SET(CURLOPT_ERRORBUFFER, h->error);
	SET(CURLOPT_TIMEOUT_MS, (long)left);
	SET(CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(rq->connect_ms < left ? rq->connect_ms : left));
	SET(CURLOPT_PREREQFUNCTION, on_ready);
	SET(CURLOPT_PREREQDATA, h);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, h);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, h);
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

static double
seconds(struct http *h, CURLINFO info)
{
	curl_off_t us = 0;

	(void)curl_easy_getinfo(h->curl, info, &us);
	return (double)us / 1e6;
}

static int
timed_out(struct http *h, const char *where, struct err *err)
{
	const char *text = "the name of %s was not resolved within %.1f s";

	if (h->response->sent)
		text = "%s did not answer within %.1f s";
	else if (seconds(h, CURLINFO_NAMELOOKUP_TIME_T) > 0)
		text = "no TLS connection to %s within %.1f s";
	return err_set(
	    err, ERR_UNAVAIL, text, where, seconds(h, CURLINFO_TOTAL_TIME_T));
}

/*
 * Append the names that the certificate is for.  Only after a mismatch, when
 * nothing was sent: a second handshake, since libcurl collects them only if it
 * is asked to before the first, which would slow every good one down.
 */
static void
hint_names(struct http *h, struct err *err)
{
	static const char field[] = "X509v3 Subject Alternative Name:";
	const struct curl_slist *s = NULL;
	struct curl_certinfo *info = NULL;
	char names[HTTP_WHERE_MAX];
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_CERTINFO, 1L);
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_PREREQFUNCTION, NULL);
	SET(CURLOPT_TIMEOUT_MS, (long)(http_left(h) / 2 + 1));
	if (rc == CURLE_OK)
		(void)curl_easy_perform(h->curl);
	(void)curl_easy_getinfo(h->curl, CURLINFO_CERTINFO, &info);
	if (info != NULL && info->num_of_certs > 0)
		s = info->certinfo[0];
	for (; s != NULL; s = s->next)
		if (strncmp(s->data, field, sizeof(field) - 1) == 0)
			err_hint(err, "it is for %s",
			    err_printable(names, sizeof(names),
				s->data + sizeof(field) - 1));
}

static int
bad_certificate(struct http *h, const char *where, struct err *err)
{
	char text[CURL_ERROR_SIZE];
	long verdict = 0; /* X509_V_ERR_*, x509_vfy.h */

	(void)curl_easy_getinfo(h->curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
	if (verdict == 9 || verdict == 10)
		return err_set(err, ERR_UNAVAIL, "the certificate of %s %s",
		    where, verdict == 9 ? "is not valid yet" : "has expired");
	if (verdict >= 18 && verdict <= 21)
		return err_set(err, ERR_UNAVAIL,
		    "the certificate of %s is of an authority that is not "
		    "trusted (ca_file names another)",
		    where);
	if (verdict > 1) /* X509_V_ERR_UNSPECIFIED: OpenSSL has no objection */
		return err_set(err, ERR_UNAVAIL,
		    "the certificate of %s is not valid: %s", where,
		    err_printable(text, sizeof(text), h->error));
	/* The chain is good: libcurl found another name. */
	err_set(err, ERR_UNAVAIL, "the certificate of %s is for another name",
	    where);
	hint_names(h, err);
	return err->code;
}

static int
broke_off(struct http *h, const char *where, struct err *err)
{
	long code = 0, e = 0;

	(void)curl_easy_getinfo(h->curl, CURLINFO_HTTP_CONNECTCODE, &code);
	(void)curl_easy_getinfo(h->curl, CURLINFO_OS_ERRNO, &e);
	if (!h->response->sent && code >= 300)
		return err_set(err, ERR_UNAVAIL,
		    "the proxy refused a connection to %s with status %ld",
		    where, code);
	if (!h->response->sent)
		return err_set(err, ERR_UNAVAIL, "no connection to %s: %s",
		    where, e != 0 ? strerror((int)e) : "it was closed");
	return err_set(err, ERR_UNAVAIL, "%s closed the connection %s", where,
	    h->response->headers.len > 0 ? "in the middle of its answer"
					 : "without an answer");
}

/* clang-format off */
static const struct {
	CURLcode rc;
	enum err_code code;
	const char *text; /* of the host */
} simple[] = {
	{CURLE_OUT_OF_MEMORY, ERR_NOMEM, "out of memory for %s"},
	{CURLE_URL_MALFORMAT, ERR_CONFIG, "the URL of %s is malformed"},
	{CURLE_SSL_CACERT_BADFILE, ERR_CONFIG, "for %s: the file of trusted "
	    "authorities (ca_file) cannot be read or holds no certificate"},
	{CURLE_COULDNT_RESOLVE_HOST, ERR_UNAVAIL, "the name of %s is not known"},
	{CURLE_COULDNT_RESOLVE_PROXY, ERR_UNAVAIL, "%s: the proxy is not known"},
	{CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL, "%s does not speak HTTP"},
	{CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL, "%s does not speak HTTP"},
};
/* clang-format on */

static int
explain(struct http *h, CURLcode rc, const char *where, struct err *err)
{
	char text[CURL_ERROR_SIZE];
	size_t i;

	/* Its own limit on a header line libcurl reports as a lack of memory. */
	if (h->too_long || (rc == CURLE_OUT_OF_MEMORY && h->response->sent))
		return err_set(
		    err, ERR_PROTOCOL, "answer too long from %s", where);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return timed_out(h, where, err);
	if (rc == CURLE_PEER_FAILED_VERIFICATION)
		return bad_certificate(h, where, err);
	if (rc == CURLE_COULDNT_CONNECT || rc == CURLE_GOT_NOTHING ||
	    rc == CURLE_SEND_ERROR || rc == CURLE_RECV_ERROR ||
	    rc == CURLE_PARTIAL_FILE)
		return broke_off(h, where, err);
	for (i = 0; i < sizeof(simple) / sizeof(*simple); i++)
		if (simple[i].rc == rc)
			return err_set(
			    err, simple[i].code, simple[i].text, where);
	if (rc == CURLE_SSL_CONNECT_ERROR)
		return err_set(err, ERR_UNAVAIL, "no TLS connection to %s: %s",
		    where, err_printable(text, sizeof(text), h->error));
	return err_set(err,
	    h->response->status != 0 ? ERR_PROTOCOL : ERR_UNAVAIL, "%s: %s",
	    where, curl_easy_strerror(rc));
}

int
http_send(struct http *h, const struct http_request *rq,
    struct http_response *ret, struct err *err)
{
	char where[HTTP_WHERE_MAX];
	long status = 0;
	CURLcode rc;
	int64_t begun = io_now_ms();

	http_where(rq->url, where);
	ret->status = 0;
	ret->sent = false;
	secbuf_reset(&ret->headers);
	secbuf_reset(&ret->body);
	h->response = ret;
	h->body_max = rq->body_max;
	h->in_body = h->headers_done = h->too_long = false;
	h->error[0] = '\0';
	if (http_left(h) == 0)
		return err_set(
		    err, ERR_UNAVAIL, "no time was left to ask %s", where);
	rc = set_policy(h);
	if (rc == CURLE_OK)
		rc = set_request(h, rq);
	if (rc != CURLE_OK)
		return err_set(err, ERR_INTERNAL,
		    "libcurl refuses an option: %s", curl_easy_strerror(rc));
	rc = curl_easy_perform(h->curl);
	(void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	ret->status = ret->sent ? (int)status : 0;
	log_debug("%s %.*s -> %d, %zu bytes in %d ms: %s",
	    rq->form != NULL ? "POST" : "GET", (int)strcspn(rq->url, "?#"),
	    rq->url, ret->status, ret->body.len, (int)(io_now_ms() - begun),
	    curl_easy_strerror(rc));
	if (rc == CURLE_OK && !h->headers_done)
		rc = CURLE_PARTIAL_FILE; /* libcurl takes what there is */
	return rc == CURLE_OK ? 0 : explain(h, rc, where, err);
}
