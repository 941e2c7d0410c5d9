/* SPDX-License-Identifier: MIT */
#include "git_settings.h"

#include <stdio.h>
#include <string.h>

#define NAME_CHARS                                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

void
git_settings_read(struct secbuf *text, struct git_settings *ret)
{
	char *p = text->ptr, *end = p + text->len, *value;
	struct git_setting *e;

	for (ret->n = 0; p < end && ret->n < GIT_SETTINGS_MAX; ret->n++) {
		e = &ret->e[ret->n];
		e->where = p;
		p += strlen(p) + 1;
		if (p >= end)
			return;
		e->key = p;
		value = strchr(p, '\n');
		p += strlen(p) + 1;
		e->value = value != NULL ? value + 1 : "";
		if (value != NULL)
			*value = '\0';
	}
}

bool
git_setting_is_helper(const struct git_setting *e)
{
	static const char section[] = "credential.";
	const char *word = strrchr(e->key, '.');

	return strncmp(e->key, section, sizeof(section) - 1) == 0 &&
	       strcmp(word, ".helper") == 0;
}

size_t
git_setting_url(const struct git_setting *e, const char **url)
{
	const char *start = strchr(e->key, '.'), *end = strrchr(e->key, '.');

	if (start == NULL || end <= start)
		return 0;
	*url = start + 1;
	return (size_t)(end - start - 1);
}

void
git_helper_read(const char *value, struct git_helper *ret)
{
	static const char prefix[] = "git-credential-";
	size_t n = strcspn(value, " \t\n");
	const char *slash = memrchr(value, '/', n);
	const char *word = slash != NULL ? slash + 1 : value;

	n -= (size_t)(word - value);
	if (strncmp(word, prefix, sizeof(prefix) - 1) == 0) {
		word += sizeof(prefix) - 1;
		n -= sizeof(prefix) - 1;
	}
	ret->ours = n == 9 && strncmp(word, "tokenring", 9) == 0;
	ret->plaintext = n == 5 && strncmp(word, "store", 5) == 0;
	if (*value == '!') {
		ret->ours = strstr(value, "tokenring") != NULL;
		ret->plaintext = strstr(value, "git-credential-store") != NULL;
		word = "a shell command";
		n = strlen(word);
	} else if (n == 0 || n > strspn(word, NAME_CHARS)) {
		word = "a program"; /* of a name that may hold anything */
		n = strlen(word);
	}
	(void)snprintf(ret->name, sizeof(ret->name), "%.*s",
	    (int)(n < GIT_HELPER_MAX ? n : GIT_HELPER_MAX - 1), word);
}
