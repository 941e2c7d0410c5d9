/* SPDX-License-Identifier: MIT */
/* The targets by name, and what they share. */
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fuzz_target *targets, *chosen;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void
fuzz_register(struct fuzz_target *t)
{
	t->next = targets;
	targets = t;
}

void
fuzz_broken(const char *what, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

char *
fuzz_text(const char *data, size_t size)
{
	char *s = malloc(size + 1);

	if (s == NULL)
		abort();
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

char *
fuzz_line(const char **data, size_t *size)
{
	const char *lf = *size > 0 ? memchr(*data, '\n', *size) : NULL;
	size_t n = lf != NULL ? (size_t)(lf - *data) : *size;
	char *line = fuzz_text(*data, n);

	n += lf != NULL;
	*data += n;
	*size -= n;
	return line;
}

void
fuzz_stdin(const char *data, size_t size)
{
	static int fd = -1;

	if (fd < 0 && ((fd = memfd_create("input", MFD_CLOEXEC)) < 0 ||
			  dup2(fd, STDIN_FILENO) < 0))
		abort();
	if (ftruncate(fd, 0) < 0 ||
	    pwrite(fd, data, size, 0) != (ssize_t)size ||
	    lseek(fd, 0, SEEK_SET) != 0)
		abort();
}

void
fuzz_printable(const char *text)
{
	char *shown = malloc(strlen(text) + 1);

	if (shown == NULL)
		abort();
	HOLDS(strcmp(err_printable(shown, strlen(text) + 1, text), text) == 0);
	free(shown);
}

void
fuzz_message(const struct err *err)
{
	HOLDS(err->code < 0);
	HOLDS(err->msg[0] != '\0');
	fuzz_printable(err->msg);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = strrchr((*argv)[0], '/');

	(void)argc;
	name = name != NULL ? name + 1 : (*argv)[0];
	for (chosen = targets; chosen != NULL; chosen = chosen->next)
		if (strcmp(chosen->name, name) == 0)
			return 0;
	(void)fprintf(stderr, "no target '%s'\n", name);
	exit(2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	chosen->run((const char *)data, size);
	return 0;
}
