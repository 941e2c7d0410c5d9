/* SPDX-License-Identifier: MIT */
#include "http_probe.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "http_why.h"

#define BODY_MAX 65536 /* bytes of an answer that is not looked at */

/* X509_V_ERR_* that mean: no authority that we trust vouches for it. */
#define NO_AUTHORITY_FIRST 18
#define NO_AUTHORITY_LAST  21

static void
free_bio(BIO **b)
{
	(void)BIO_free(*b);
}

static void
free_certificate(X509 **x)
{
	X509_free(*x);
}

/* Whoever made it chose the words: only what cannot be read as ours is shown. */
static void
plain(char *to, size_t size, const char *from)
{
	static const char chars[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789 .-_@*=,/";
	size_t n;

	for (n = 0; *from != '\0' && n + 1 < size; from++)
		to[n++] = strchr(chars, *from) != NULL ? *from : '?';
	to[n] = '\0';
}

int
http_probe_certificate(const char *pem, struct http_probe *ret)
{
	CLEANUP(free_bio) BIO *b = BIO_new_mem_buf(pem, -1);
	CLEANUP(free_certificate) X509 *x = NULL;
	unsigned char digest[EVP_MAX_MD_SIZE];
	char subject[2 * HTTP_SUBJECT_MAX] = "";
	unsigned n = 0, i;
	struct tm tm;

	x = b != NULL ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
	if (x == NULL || X509_digest(x, EVP_sha256(), digest, &n) != 1)
		return -1;
	for (i = 0; i < n; i++)
		(void)snprintf(ret->sha256 + (size_t)3 * i,
		    sizeof(ret->sha256) - (size_t)3 * i, "%02X%s", digest[i],
		    i + 1 < n ? ":" : "");
	(void)X509_NAME_oneline(
	    X509_get_subject_name(x), subject, sizeof(subject));
	plain(ret->subject, sizeof(ret->subject), subject);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(x), &tm) == 1)
		ret->not_after = timegm(&tm);
	return 0;
}

/* What libcurl collected of the server's own certificate, the first. */
static void
read_certificate(struct http *h, struct http_probe *ret)
{
	static const char names[] = "X509v3 Subject Alternative Name:";
	static const char cert[] = "Cert:";
	struct curl_certinfo *info = NULL;
	const struct curl_slist *s;

	(void)curl_easy_getinfo(h->curl, CURLINFO_CERTINFO, &info);
	if (info == NULL || info->num_of_certs < 1)
		return;
	for (s = info->certinfo[0]; s != NULL; s = s->next)
		if (strncmp(s->data, names, sizeof(names) - 1) == 0)
			http_names(ret->names, s->data + sizeof(names) - 1);
		else if (strncmp(s->data, cert, sizeof(cert) - 1) == 0)
			(void)http_probe_certificate(
			    s->data + sizeof(cert) - 1, ret);
}

/* A handshake and nothing else; verified again, unless that has failed. */
static void
look(struct http *h, struct http_probe *ret)
{
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_CERTINFO, 1L);
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_PREREQFUNCTION, NULL);
	SET(CURLOPT_TIMEOUT_MS, (long)http_left(h) + 1);
	if (!ret->trusted) {
		SET(CURLOPT_SSL_VERIFYPEER, 0L);
		SET(CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (rc == CURLE_OK && curl_easy_perform(h->curl) == CURLE_OK)
		read_certificate(h, ret);
}

static void
read_date(const struct secbuf *headers, struct http_probe *ret)
{
	char text[64];
	const char *v;
	size_t len;
	time_t t;

	if (http_header(headers, "Date", &v, &len) != 1 || len == 0 ||
	    len >= sizeof(text))
		return;
	memcpy(text, v, len);
	text[len] = '\0';
	t = http_date(text);
	ret->date = t > 0 ? t : 0;
}

int
http_probe(struct http *h, const char *url, int64_t connect_ms,
    struct http_probe *ret, struct err *err)
{
	HTTP_RESPONSE r = HTTP_RESPONSE_INIT;
	struct http_request rq = {
	    .url = url, .connect_ms = connect_ms, .body_max = BODY_MAX};
	struct err e = ERR_INIT;
	long verdict = 0;
	int code;

	memset(ret, 0, sizeof(*ret));
	code = http_send(h, &rq, &r, &e);
	/* Whatever became of the answer: the request went to the right one. */
	ret->trusted = code == 0 || r.sent;
	if (ret->trusted)
		read_date(&r.headers, ret);
	else
		(void)curl_easy_getinfo(
		    h->curl, CURLINFO_SSL_VERIFYRESULT, &verdict);
	ret->authority =
	    verdict >= NO_AUTHORITY_FIRST && verdict <= NO_AUTHORITY_LAST;
	if (!ret->trusted && !h->refused_certificate) {
		*err = e;
		return e.code;
	}
	memcpy(ret->complaint, e.msg, sizeof(ret->complaint));
	/* What follows are hints at what is told here. */
	ret->complaint[strcspn(ret->complaint, ";")] = '\0';
	look(h, ret);
	return 0;
}
