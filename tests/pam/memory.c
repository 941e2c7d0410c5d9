/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REGION_MAX (1UL << 30) /* bytes: a sanitizer's own are larger */

/* How often in [from, to), `word` itself not counted.  No function of the C
   library's: a sanitizer would look at what it is given. */
__attribute__((__no_sanitize__("address"))) static int
count(const char *from, const char *to, const char *word, size_t len)
{
	int n = 0;
	size_t i;

	for (; (size_t)(to - from) >= len; from++) {
		for (i = 0; i < len && from[i] == word[i];)
			i++;
		n += i == len && from != word;
	}
	return n;
}

int
memory_count(const char *reversed)
{
	static char maps[65536], word[64];
	size_t len = strlen(reversed), i, used = 0;
	uintptr_t from, to;
	char *line, *rest = maps, mode[8];
	ssize_t got;
	int fd, n = 0;

	if (len >= sizeof(word))
		return -1;
	for (i = 0; i < len; i++)
		word[i] = reversed[len - 1 - i];
	fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 &&
	       (got = read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += (size_t)got;
	(void)close(fd);
	maps[used] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL)
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) == 3 &&
		    strncmp(mode, "rw", 2) == 0 && to - from < REGION_MAX)
			n += count(
			    (const char *)from, (const char *)to, word, len);
	explicit_bzero(word, sizeof(word));
	return n;
}
