/* SPDX-License-Identifier: MIT */
/*
 * How a copy of the process in the middle (child.h) becomes the worker: its
 * limits, descriptors, mask and directory, and execve.  System calls only.
 */
#ifndef CHILD_WORKER_H
#define CHILD_WORKER_H

#include <sys/types.h>

#include "child.h"

struct child_worker {
	const struct child *c;
	int conversation; /* becomes 0 and 1 */
	int exec_pipe;    /* told the errno if the worker cannot be started */
	pid_t middle;     /* without it there is nothing to do */
};

/* For clone(2), with a struct child_worker; never returns. */
int child_worker_main(void *arg);

#endif
