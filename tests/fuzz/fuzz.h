/* SPDX-License-Identifier: MIT */
/*
 * Fuzz targets.  Each parser has one: a function that is given arbitrary bytes,
 * and ends the program (abort) where a promise of the parser's header is
 * broken.  A program's name chooses the target (fuzz.c), so that libFuzzer's
 * driver and replay.c run the same ones.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "secbuf.h"

struct fuzz_target {
	const char *name;
	void (*run)(const char *data, size_t size);
	struct fuzz_target *next;
};
void fuzz_register(struct fuzz_target *t);

/* FUZZ(name) { ... }: the body has `data` and `size`. */
#define FUZZ(target)                                                           \
	static void run_##target(const char *data, size_t size);               \
	static struct fuzz_target target_##target = {                          \
	    #target, run_##target, NULL};                                      \
	__attribute__((constructor)) static void add_##target(void)            \
	{                                                                      \
		fuzz_register(&target_##target);                               \
	}                                                                      \
	static void run_##target(const char *data, size_t size)

/* A promise that must hold whatever the input is. */
#define HOLDS(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			fuzz_broken(#condition, __FILE__, __LINE__);           \
	} while (0)
void fuzz_broken(const char *what, const char *file, int line)
    __attribute__((__noreturn__));

/*
 * Cut the input's first line off: a copy of it without its line feed, for the
 * caller to free, NUL-terminated (and so ended by a NUL in it).
 */
char *fuzz_line(const char **data, size_t *size);

/* All of the input as a string; to be freed. */
char *fuzz_text(const char *data, size_t size);

/* What descriptor 0 has from now on. */
void fuzz_stdin(const char *data, size_t size);

/* No control character, and nothing that is not UTF-8. */
void fuzz_printable(const char *text);

/* A message of an err, as the program would print it. */
void fuzz_message(const struct err *err);

#endif
