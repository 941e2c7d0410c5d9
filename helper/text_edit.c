/* SPDX-License-Identifier: MIT */
#include "text_edit.h"

int
text_splice(struct secbuf *text, size_t from, size_t to, const char *with,
    struct err *err)
{
	return secbuf_splice(text, from, to, with) == 0
		   ? 0
		   : err_set(err, ERR_NOMEM, "the file would be too large");
}
