/* SPDX-License-Identifier: MIT */
#include "secret_base64.h"

#include <glib.h>

int
base64url_encode(const struct secbuf *from, struct secbuf *to)
{
	int state = 0, save = 0;
	char *s;
	size_t n;

	secbuf_reset(to);
	s = secbuf_space(to, from->len / 3 * 4 + 8);
	if (s == NULL)
		return -1;
	n = g_base64_encode_step(
	    (const guchar *)from->ptr, from->len, FALSE, s, &state, &save);
	n += g_base64_encode_close(FALSE, s + n, &state, &save);
	while (n > 0 && s[n - 1] == '=')
		n--;
	secbuf_grown(to, n);
	for (; n > 0; n--, s++)
		*s = *s == '+' ? '-' : *s == '/' ? '_' : *s;
	return 0;
}

int
base64url_decode(const struct secbuf *from, struct secbuf *to)
{
	SECBUF plain = SECBUF_INIT(STORED_MAX);
	int state = 0;
	guint save = 0;
	size_t len = from->len, i;
	char *s;

	if (len % 4 == 1 || secbuf_add(&plain, from->ptr, len) < 0)
		return -1;
	for (i = 0; i < len; i++) {
		s = &plain.ptr[i];
		if (!g_ascii_isalnum(*s) && *s != '-' && *s != '_')
			return -1;
		*s = *s == '-' ? '+' : *s == '_' ? '/' : *s;
	}
	if (secbuf_add(&plain, "==", (4 - len % 4) % 4) < 0)
		return -1;
	secbuf_reset(to);
	s = secbuf_space(to, plain.len / 4 * 3 + 3);
	if (s == NULL)
		return -1;
	secbuf_grown(to, g_base64_decode_step(
			     plain.ptr, plain.len, (guchar *)s, &state, &save));
	return 0;
}
