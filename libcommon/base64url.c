/* SPDX-License-Identifier: MIT */
#include "base64url.h"

#include <stdint.h>

int
base64url_add(struct secbuf *to, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *p = data;
	uint32_t group;
	size_t i, k, n;
	char *s;

	if (len > to->max)
		return -1;
	s = secbuf_space(to, len / 3 * 4 + (len % 3 != 0 ? len % 3 + 1 : 0));
	if (s == NULL)
		return -1;
	for (i = 0; i < len; i += n) {
		n = len - i < 3 ? len - i : 3;
		for (group = 0, k = 0; k < 3; k++)
			group = group << 8 | (k < n ? p[i + k] : 0U);
		for (k = 0; k < n + 1; k++)
			s[k] = digits[group >> (18 - 6 * k) & 63];
		s += n + 1;
	}
	if (len > 0)
		secbuf_grown(to, (size_t)(s - (to->ptr + to->len)));
	return 0;
}
