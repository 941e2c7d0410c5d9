/* SPDX-License-Identifier: MIT */
/* Scope-bound release of resources: the only cleanup idiom in this tree. */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/* Release `var` with fn(&var) when it leaves scope. */
#define CLEANUP(fn) __attribute__((__cleanup__(fn)))

/* Move ownership out: yields the old value and leaves the resting value. */
#define TAKE_(var, rest)                                                       \
	__extension__({                                                        \
		__typeof__(var) t_ = (var);                                    \
		(var) = (rest);                                                \
		t_;                                                            \
	})
#define TAKE_PTR(var) TAKE_(var, NULL)
#define TAKE_FD(var)  TAKE_(var, -1)

static inline void
cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void
cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

#define CLEANUP_FREE CLEANUP(cleanup_free)
#define CLEANUP_FD   CLEANUP(cleanup_close)

#endif
