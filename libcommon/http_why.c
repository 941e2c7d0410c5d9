/* SPDX-License-Identifier: MIT */
#include "http_why.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_text.h"

bool
http_why_local(int e)
{
	static const int local[] = {EMFILE, ENFILE, ENOMEM, ENOBUFS,
	    EADDRNOTAVAIL, EAGAIN, EPERM, EACCES};
	size_t i;

	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (local[i] == e)
			return true;
	return false;
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
		if (strncmp(s->data, field, sizeof(field) - 1) == 0 &&
		    *http_names(names, s->data + sizeof(field) - 1) != '\0')
			err_hint(err, "it is for %s", names);
}

static int
bad_certificate(struct http *h, const char *where, struct err *err)
{
	char text[CURL_ERROR_SIZE];
	long verdict = 0; /* X509_V_ERR_*, x509_vfy.h */

	h->refused_certificate = true;
	(void)curl_easy_getinfo(h->curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
	if (verdict == 9 || verdict == 10)
		return err_set(err, ERR_UNAVAIL, "the certificate of %s %s",
		    where, verdict == 9 ? "is not valid yet" : "has expired");
	if (verdict >= 18 && verdict <= 21) {
		err_set(err, ERR_UNAVAIL,
		    "the certificate of %s is of an authority that is not "
		    "trusted (ca_file names another)",
		    where);
		return err_hint(err, "'tokenring doctor --online' shows it");
	}
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
	if (!h->response->sent && http_why_local((int)e))
		return err_set(err, ERR_INTERNAL,
		    "no connection to %s: this machine has none to give: %s",
		    where, strerror((int)e));
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
	{CURLE_SSL_CLIENTCERT, ERR_UNAVAIL, "%s wants a certificate of ours"},
	{CURLE_PROXY, ERR_UNAVAIL, "%s: the proxy does not connect"},
	{CURLE_URL_MALFORMAT, ERR_CONFIG, "the URL of %s is malformed"},
	{CURLE_SSL_CACERT_BADFILE, ERR_CONFIG, "for %s: the file of trusted "
	    "authorities (ca_file) cannot be read or holds no certificate"},
	{CURLE_COULDNT_RESOLVE_HOST, ERR_UNAVAIL, "the name of %s is not known"},
	{CURLE_COULDNT_RESOLVE_PROXY, ERR_UNAVAIL, "%s: the proxy is not known"},
	{CURLE_UNSUPPORTED_PROTOCOL, ERR_PROTOCOL, "%s does not speak HTTP"},
	{CURLE_WEIRD_SERVER_REPLY, ERR_PROTOCOL, "%s does not speak HTTP"},
};
/* clang-format on */

/*
 * Could nothing be asked because something has run out here?  Whoever can start
 * su can bring that about, so it must not look like a server's outage.
 */
static bool
no_resource(struct http *h, CURLcode rc)
{
	int fd;

	if (h->response->sent)
		return false;
	if (rc == CURLE_COULDNT_RESOLVE_HOST ||
	    rc == CURLE_COULDNT_RESOLVE_PROXY) {
		/* "getaddrinfo() thread failed to start" */
		if (strstr(h->error, "thread failed") != NULL)
			return true;
		/* The C library's own words for it are lost: try ourselves. */
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd >= 0)
			(void)close(fd);
		else if (http_why_local(errno))
			h->local = errno;
	}
	return h->local != 0;
}

int
http_why(struct http *h, CURLcode rc, const char *where, struct err *err)
{
	char text[CURL_ERROR_SIZE];
	size_t i;

	if (h->call != NULL && http_call_why(h, where, err) < 0)
		return err->code;
	/* Its own limit on a header line libcurl reports as a lack of memory. */
	if (h->too_long || (rc == CURLE_OUT_OF_MEMORY && h->response->sent))
		return err_set(
		    err, ERR_PROTOCOL, "answer too long from %s", where);
	if (no_resource(h, rc))
		return err_set(err, ERR_INTERNAL,
		    "%s was not asked: this machine is out of resources: %s",
		    where,
		    h->local != 0
			? strerror(h->local)
			: err_printable(text, sizeof(text), h->error));
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
	/* What no server can bring about is this machine's own failure. */
	return err_set(err,
	    h->response->status != 0 ? ERR_PROTOCOL
	    : h->response->sent      ? ERR_UNAVAIL
				     : ERR_INTERNAL,
	    "%s: %s", where, curl_easy_strerror(rc));
}
