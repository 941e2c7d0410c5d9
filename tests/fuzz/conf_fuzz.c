/* SPDX-License-Identifier: MIT */
/* A whole configuration: the first line is an option -o, the rest the file. */
#include "conf.h"
#include "fuzz.h"
#include "http_text.h"

/* Values that passed are what their users take for granted. */
static void
check_profile(const struct profile *p)
{
	const char *v, *word;
	size_t pos, n;
	char *url;
	int k;

	for (k = 0; k < CONF_KEYS; k++) {
		v = profile_get(p, (enum conf_key)k);
		if (v == NULL)
			continue;
		if (conf_keys[k].type == CONF_DURATION)
			HOLDS(profile_ms(p, (enum conf_key)k) > 0);
		if (conf_keys[k].type != CONF_URL_ONE &&
		    conf_keys[k].type != CONF_URL_LIST)
			continue;
		for (pos = 0; (n = conf_next_word(v, &pos, &word)) > 0;) {
			url = fuzz_text(word, n);
			HOLDS(strncasecmp(url, "https://", 8) == 0);
			HOLDS(strchr(url, '@') == NULL ||
			      strchr(url, '@') > strchr(url + 8, '/'));
			free(url);
		}
	}
}

FUZZ(conf)
{
	char *override = fuzz_line(&data, &size);
	const struct conf_fault *f;
	struct conf *c = NULL;
	struct err err = ERR_INIT;
	size_t i, n;

	HOLDS(conf_new(&c, &err) == 0);
	HOLDS(conf_read_text(c, "file", data, size, &err) == 0);
	if (conf_override(c, override, &err) < 0)
		HOLDS(err.code == ERR_CONFIG);
	conf_finish(c);
	n = conf_faults(c, &f);
	for (i = 0; i < n; i++)
		fuzz_printable(f[i].text);
	err.code = 0;
	if (conf_check(c, &err) == 0)
		for (i = 0; i < conf_count(c); i++)
			check_profile(conf_at(c, i));
	conf_free(c);
	free(override);
}
