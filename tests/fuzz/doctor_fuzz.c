/* SPDX-License-Identifier: MIT */
/* What doctor reads of others: git's configuration, a server's certificate. */
#define doctor_git doctor_git_fuzzed
#include "../../helper/doctor_git.c" /* for its readers */

#include "fuzz.h"
#include "http_probe.h"

/* First a line of ~/.git-credentials, then git's own list. */
FUZZ(git_config)
{
	static struct chain c;
	static struct git_settings all;
	char *line = fuzz_line(&data, &size);
	SECBUF text = SECBUF_INIT(CONFIG_MAX);
	struct match_target t;
	struct err err = ERR_INIT;
	size_t i;

	HOLDS(match_url("https://git.example.com/", &t, &err) == 0);
	(void)line_is_of(line, &t);
	if (secbuf_add(&text, data, size) == 0) {
		git_settings_read(&text, &all);
		read_chain(&all, &t, &c);
		HOLDS(c.n <= CHAIN_MAX);
		for (i = 0; i < c.n; i++)
			HOLDS(strchr(c.helper[i].is.name, '/') == NULL &&
			      strchr(c.helper[i].is.name, '=') == NULL);
		read_chain(&all, NULL, &c);
	}
	free(line);
}

FUZZ(certificate)
{
	char *pem = fuzz_text(data, size);
	static struct http_probe p;

	memset(&p, 0, sizeof(p));
	if (http_probe_certificate(pem, &p) == 0) {
		HOLDS(strlen(p.sha256) == 95);
		fuzz_printable(p.subject);
		HOLDS(strpbrk(p.subject, "'\"`$;&|<>()") == NULL);
	}
	free(pem);
}
