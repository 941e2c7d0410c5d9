/* SPDX-License-Identifier: MIT */
/* What a keyring gives back as our secret, and the way there. */
#include "base64url.h"
#include "fuzz.h"
#include "secret_base64.h"

static void
decode(const char *data, size_t size)
{
	SECBUF stored = SECBUF_INIT(STORED_MAX);
	SECBUF plain = SECBUF_INIT(SECRET_MAX);
	SECBUF again = SECBUF_INIT(STORED_MAX);

	if (secbuf_add(&stored, data, size) < 0 ||
	    base64url_decode(&stored, &plain) < 0)
		return;
	HOLDS(base64url_encode(&plain, &again) == 0);
	/* All but the spare bits of the last digit. */
	HOLDS(again.len == stored.len);
	HOLDS(again.len == 0 ||
	      memcmp(again.ptr, stored.ptr, again.len - 1) == 0);
}

FUZZ(payload)
{
	SECBUF plain = SECBUF_INIT(SECRET_MAX), back = SECBUF_INIT(SECRET_MAX);
	SECBUF one = SECBUF_INIT(STORED_MAX), two = SECBUF_INIT(STORED_MAX);

	decode(data, size);
	if (secbuf_add(&plain, data, size) < 0)
		return;
	HOLDS(base64url_encode(&plain, &one) == 0);
	HOLDS(base64url_add(&two, data, size) == 0);
	HOLDS(secbuf_equal(&one, &two));
	HOLDS(base64url_decode(&one, &back) == 0);
	HOLDS(secbuf_equal(&plain, &back));
}
