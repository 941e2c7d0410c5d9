/* SPDX-License-Identifier: MIT */
#include "repeats.h"

#include <string.h>
#include <strings.h>

#include "base64url.h"
#include "http.h"
#include "http_text.h"

/* Is the secret, or as much of its beginning as counts, in the text? */
static bool
holds(const char *text, const char *secret)
{
	size_t n = strnlen(secret, REPEATS_PIECE);

	for (; n > 0 && *text != '\0'; text++)
		if (strncasecmp(text, secret, n) == 0)
			return true;
	return false;
}

/* Memory that is short counts as a yes. */
bool
repeats_encoded(const char *text, const char *secret)
{
	SECBUF form = SECBUF_INIT(HTTP_FORM_MAX);
	SECBUF percent = SECBUF_INIT(HTTP_FORM_MAX);

	return holds(text, secret) || http_form_encode(&form, secret) < 0 ||
	       http_percent(&percent, secret) < 0 || holds(text, form.ptr) ||
	       holds(text, percent.ptr);
}

/* What Basic made of the client's two halves: "-" and "_" are "+" and "/". */
static bool
holds_basic(const char *text, const char *id, const char *key, bool encoded)
{
	SECBUF pair = SECBUF_INIT(2 * HTTP_FORM_MAX);
	SECBUF basic = SECBUF_INIT(4 * HTTP_FORM_MAX);
	int (*add)(struct secbuf *, const char *) =
	    encoded ? http_form_encode : secbuf_addstr;
	size_t i;

	if (add(&pair, id) < 0 || secbuf_addstr(&pair, ":") < 0 ||
	    add(&pair, key) < 0 ||
	    base64url_add(&basic, pair.ptr, pair.len) < 0)
		return true;
	if (holds(text, basic.ptr))
		return true;
	for (i = 0; i < basic.len; i++)
		if (basic.ptr[i] == '-' || basic.ptr[i] == '_')
			basic.ptr[i] = basic.ptr[i] == '-' ? '+' : '/';
	return holds(text, basic.ptr);
}

bool
repeats_secret(const char *text, const struct lines *rq)
{
	static const char *const keys[] = {"client_secret", "refresh_token",
	    "token", "password", "code", "code_verifier", "device_code"};
	const char *id = lines_get(rq, "client_id");
	const char *key = lines_get(rq, "client_secret"), *v;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		v = lines_get(rq, keys[i]);
		if (v != NULL && repeats_encoded(text, v))
			return true;
	}
	return id != NULL && key != NULL && *key != '\0' &&
	       (holds_basic(text, id, key, false) ||
		   holds_basic(text, id, key, true));
}
