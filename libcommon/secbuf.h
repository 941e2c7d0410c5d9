/* SPDX-License-Identifier: MIT */
/*
 * Bytes that must not outlive their use.
 *
 * A secbuf never leaves a stale copy behind: growth copies into a new block and
 * wipes the old one, and reset and release wipe before they return.  The limit
 * given at initialisation is hard.  `ptr` is always NUL-terminated and never
 * NULL, so it can be lent to C string functions; embedded NULs are legal.
 */
#ifndef SECBUF_H
#define SECBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

struct secbuf {
	char *ptr;  /* lent, never owned by the borrower */
	size_t len; /* bytes before the terminator */
	size_t cap; /* private */
	size_t max; /* private: append fails beyond this */
};

extern char secbuf_empty[1];
#define SECBUF_INIT(limit)                                                     \
	{                                                                      \
		.ptr = secbuf_empty, .max = (limit)                            \
	}
#define SECBUF CLEANUP(secbuf_release) struct secbuf

/* Append; 0, or -1 with the contents unchanged (limit reached, no memory). */
int secbuf_add(struct secbuf *b, const void *data, size_t len)
    __attribute__((__warn_unused_result__));
int secbuf_addstr(struct secbuf *b, const char *s)
    __attribute__((__warn_unused_result__));

/* Replace the contents; 0, or -1 with the buffer empty. */
int secbuf_set(struct secbuf *b, const char *s)
    __attribute__((__warn_unused_result__));

/*
 * Make room for `len` more bytes and lend the place where they go, or NULL.
 * secbuf_grown() then says how many were written there.
 */
char *secbuf_space(struct secbuf *b, size_t len)
    __attribute__((__warn_unused_result__));
void secbuf_grown(struct secbuf *b, size_t len);

/* Cut down to `len` bytes, wiping what is cut off. */
void secbuf_cut(struct secbuf *b, size_t len);

/* Put `with` in the place of the bytes from `from` to `to`; 0, or -1. */
int secbuf_splice(struct secbuf *b, size_t from, size_t to, const char *with)
    __attribute__((__warn_unused_result__));

/* Same length and bytes?  Takes as long for any two of the same lengths. */
bool secbuf_equal(const struct secbuf *a, const struct secbuf *b);

/* Wipe the contents and keep the memory. */
void secbuf_reset(struct secbuf *b);

/* Give `from`'s contents to `to`, whose own are wiped; `from` rests empty. */
void secbuf_move(struct secbuf *to, struct secbuf *from);

/* Wipe and free; the buffer rests empty and may be used again. */
void secbuf_release(struct secbuf *b);

#endif
