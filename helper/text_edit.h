/* SPDX-License-Identifier: MIT */
/* Changing a file of text that belongs to somebody else. */
#ifndef TEXT_EDIT_H
#define TEXT_EDIT_H

#include "err.h"
#include "secbuf.h"

/*
 * Put `with` in the place of the bytes from `from` to `to`.  ERR_NOMEM: the text
 * is at its limit then.
 */
int text_splice(struct secbuf *text, size_t from, size_t to, const char *with,
    struct err *err);

#endif
