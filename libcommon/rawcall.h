/* SPDX-License-Identifier: MIT */
/*
 * System calls straight to the kernel, for a child of a program with threads:
 * the C library's fork runs handlers, and its setresuid wants the same of all
 * threads and waits for those that the caller has and this child has not.
 */
#ifndef RAWCALL_H
#define RAWCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The 32-bit calls of old cut ids down to 16 bits. */
#ifdef SYS_setresuid32
#define SET_GROUPS SYS_setgroups32
#define SET_GID    SYS_setresgid32
#define SET_UID    SYS_setresuid32
#else
#define SET_GROUPS SYS_setgroups
#define SET_GID    SYS_setresgid
#define SET_UID    SYS_setresuid
#endif

#define RAW_FD_MANY 65536 /* closed one by one where the kernel is old */

/* Without an exit signal (0) only __WALL waits for the child. */
static inline pid_t
raw_fork(int exit_signal)
{
	unsigned long flags = (unsigned long)exit_signal;

#if defined(__s390__) || defined(__CRIS__)
	return (pid_t)syscall(SYS_clone, NULL, flags, NULL, NULL, 0UL);
#else
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, 0UL);
#endif
}

/* Not by RLIMIT_NOFILE: it may be lower than what is open. */
static inline void
raw_close_from(int first)
{
	int i;

	if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
		return;
	for (i = first; i < RAW_FD_MANY; i++)
		(void)close(i);
}

/* Is it the parent?  0: it is in the PID namespace above ours. */
static inline bool
raw_child_of(pid_t parent)
{
	pid_t now = getppid();

	return now == parent || now == 0;
}

#endif
