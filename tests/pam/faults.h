/* SPDX-License-Identifier: MIT */
/*
 * Trouble for the module under test: a hostile process around it, and calls of
 * the C library that fail when told to.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>

/*
 * chld-ignored chld-blocked fsize nofile nproc threads: of the whole process,
 * for the rest of the test.  real-user: 1005, the effective one stays root.
 *
 * no-parent: its children are in a PID namespace of their own.  held-exec: the
 * worker does not get past execve, and its caller dies meanwhile.  held-exit: no
 * child gets past _exit.  held-key: none gets past add_key, and it cannot be
 * killed.  undumped: a change of identity makes dumpable; says what it is at
 * the time of add_key.
 */
bool faults_hostile(const char *what);

/*
 * From now on the kernel's call of this name (add_key, set_timeout, setperm,
 * clone, setgroups, setresgid, setresuid) fails, or, with `lie`, does nothing
 * and says that it did.
 */
bool faults_kernel(const char *name, bool lie);

/*
 * The nth call from now of the function of this name (see FAULT) fails; 0: none
 * does.  Everybody's calls in the process and its children count, or the
 * module's alone.  By name, for processes that run side by side are in no order.
 */
void faults_arm(const char *name, int nth, bool module_only);

/* Hold the counting up, for what is the test's own; then go on. */
int faults_pause(void);
void faults_resume(int left);

/* Has it come to that call? */
bool faults_hit(void);

/* For a function that may fail: is it its turn?  Sets errno. */
#define FAULT(name, e) faults_now(name, e, __builtin_return_address(0))
bool faults_now(const char *name, int e, const void *from);

/* What prctl told whoever added a key under `hostile undumped`; -1: nobody. */
int faults_dumpable(void);

#endif
