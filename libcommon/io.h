/* SPDX-License-Identifier: MIT */
/*
 * Bounded, deadline-kept input and output on descriptors.
 *
 * Deadlines are absolute, in milliseconds of CLOCK_MONOTONIC (io_now_ms), or
 * IO_FOREVER.  EINTR never reaches a caller.
 */
#ifndef IO_H
#define IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "secbuf.h"

#define IO_FOREVER    INT64_MAX
#define IO_NEW_SUFFIX ".new"

int64_t io_now_ms(void);

/* What poll(2) wants for the rest of `deadline`: -1 for ever, 0 if it passed. */
int io_poll_ms(int64_t deadline);

/*
 * Append what `fd` has until its end to `b`.  ERR_PROTOCOL when that is more
 * than b's limit, ERR_UNAVAIL when the deadline passes first.
 */
int io_read_end(int fd, struct secbuf *b, int64_t deadline, struct err *err);

/* The same of what is there once: 1, or 0 at the end. */
int io_read_more(int fd, struct secbuf *b, int64_t deadline, struct err *err);

/* Write all; a closed pipe is ERR_UNAVAIL and raises no SIGPIPE on sockets. */
int io_write(int fd, const void *data, size_t len, struct err *err);

/*
 * Append the file's contents to `b`.  The last component may not be a link,
 * and the file must be a regular one of at most b's limit.  ERR_NOTFOUND if
 * there is none; any other defect is ERR_CONFIG.  `dir` as for openat(2).
 */
int io_read_file(int dir, const char *path, struct secbuf *b, struct err *err);

/*
 * The same for a file that the user named, whose links he chose himself
 * (mounted secrets are links).  Any defect is ERR_CONFIG.
 */
int io_read_named(const char *path, struct secbuf *b, struct err *err);

/*
 * Replace `name` in `dir` by a file of mode 0600 with these contents: written
 * beside it as `name`.new and renamed, so that a reader sees the old or the new,
 * whole.  Writers of one name exclude each other (lock.h); what a killed one
 * left is overwritten by the next.
 */
int io_replace_file(
    int dir, const char *name, const void *data, size_t len, struct err *err);

#endif
