/* SPDX-License-Identifier: MIT */
/* Files of others, read and replaced whole. */
#ifndef CONFIGURE_FILE_H
#define CONFIGURE_FILE_H

#include <sys/stat.h>

#include "err.h"
#include "secbuf.h"

#define CONFIGURE_FILE_MAX 1048576

/*
 * The file's contents and what stat(2) says of it, links followed.
 * ERR_NOTFOUND: there is none; ERR_CONFIG: it is not a regular file of ours, or
 * too large.
 */
int configure_file_read(
    const char *path, struct secbuf *ret, struct stat *st, struct err *err);

/*
 * Replace it, at the end of its links, by a file of the same mode, written
 * beside it and renamed: a reader sees the old or the new, whole.  ERR_UNAVAIL:
 * it is no longer the one that was read.  `was` NULL: it must not exist; it is
 * made with mode 0600, and its directory with 0700 if that is missing.
 */
int configure_file_replace(const char *path, const struct secbuf *text,
    const struct stat *was, struct err *err);

#endif
