/* SPDX-License-Identifier: MIT */
/* Header blocks, URLs and names of certificates: a line each, then the block. */
#include <stdio.h>

#include "fuzz.h"
#include "http_text.h"

static void
check_header(const struct secbuf *block, const char *name)
{
	const char *v = NULL;
	size_t len = 0;

	if (*name == '\0' || http_header(block, name, &v, &len) == 0)
		return;
	HOLDS(v >= block->ptr && v + len <= block->ptr + block->len);
	HOLDS(memchr(v, '\n', len) == NULL);
	HOLDS(len == 0 || (v[0] != ' ' && v[len - 1] != ' '));
}

static void
check_encoding(const char *text)
{
	SECBUF encoded = SECBUF_INIT(HTTP_URL_MAX);

	if (http_percent(&encoded, text) == 0)
		HOLDS(strpbrk(encoded.ptr, " \r\n&#?/+=") == NULL);
	secbuf_reset(&encoded);
	if (http_form_encode(&encoded, text) == 0)
		HOLDS(strpbrk(encoded.ptr, " \r\n&#?/=") == NULL);
}

FUZZ(http_text)
{
	char *name = fuzz_line(&data, &size), *url = fuzz_line(&data, &size);
	char *names = fuzz_line(&data, &size), to[HTTP_WHERE_MAX];
	char site[HTTP_SITE_MAX];
	struct http_response r = HTTP_RESPONSE_INIT;
	struct outcome out = OUTCOME_INIT;
	LINES rq = LINES_INIT;
	struct err err = ERR_INIT;
	int64_t wait;

	if (secbuf_add(&r.headers, data, size) == 0) {
		check_header(&r.headers, name);
		wait = http_retry_after(&r.headers, 1700000000);
		HOLDS(wait >= -1 && wait <= HTTP_RETRY_AFTER_MAX);
		r.status = (int)(strtoul(name, NULL, 10) % 1000);
		if (http_common_refusal(&r, url, &rq, &out, &err) < 0)
			fuzz_message(&err);
	}
	fuzz_printable(http_where(url, to));
	fuzz_printable(http_site(url, site));
	HOLDS(strstr(site, to) != NULL);
	fuzz_printable(http_names(to, names));
	if (http_url_ok(url))
		HOLDS(strncasecmp(url, "https://", 8) == 0 &&
		      strpbrk(url, " \"<>#\\") == NULL);
	check_encoding(url);
	secbuf_release(&r.headers);
	free(name);
	free(url);
	free(names);
}
