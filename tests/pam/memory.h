/* SPDX-License-Identifier: MIT */
/* What is left of a secret in this process. */
#ifndef MEMORY_H
#define MEMORY_H

/*
 * How often the word lies in memory that can be written to.  It comes reversed,
 * so that asking for it does not put it there.
 */
int memory_count(const char *reversed);

#endif
