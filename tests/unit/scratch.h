/* SPDX-License-Identifier: MIT */
/* A directory of a unit test's own, below TMPDIR. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Make it; its path is told. */
bool scratch_make(char *path, size_t size);

/* Remove it with all that is in it; 0, or -1. */
int scratch_remove(const char *path);

#endif
