/* SPDX-License-Identifier: MIT */
/* What a browser, or a page in it, sends to the loopback listener. */
#include "fuzz.h"
#include "loopback_http.h"

FUZZ(loopback)
{
	SECBUF request = SECBUF_INIT(LOOPBACK_HEAD_MAX);
	struct loopback_query q = {.n = 0};
	size_t len, i, k;
	int status;

	if (secbuf_add(&request, data, size) < 0)
		return;
	len = loopback_head_len(&request);
	HOLDS(len <= request.len);
	if (len == 0)
		return;
	secbuf_cut(&request, len);
	status = loopback_request(&request, 4711, &q);
	HOLDS(status == 200 || status == 400 || status == 404);
	for (i = 0; status == 200 && i < q.n; i++)
		for (k = 0; k < i; k++)
			HOLDS(strcmp(q.param[i].name, q.param[k].name) != 0);
}
