/* SPDX-License-Identifier: MIT */
/* JSON that we write is read by everybody as what was meant. */
#include "dialect.h"
#include "fuzz.h"
#include "json_out.h"

FUZZ(json)
{
	SECBUF out = SECBUF_INIT(1048576);
	char *text = fuzz_text(data, size), *shown;
	struct json_object *o = NULL;
	struct err err = ERR_INIT;
	const char *back;

	HOLDS((shown = malloc(size + 1)) != NULL);
	HOLDS(secbuf_addstr(&out, "{\"a\":") == 0);
	if (json_out_string(&out, text) == 0 && secbuf_addstr(&out, "}") == 0) {
		/* What is UTF-8 comes back; the rest need not be readable. */
		err_printable(shown, size + 1, text);
		if (strcmp(shown, text) == 0) {
			HOLDS(dialect_parse(&out, "ours", &o, &err) == 0);
			back = dialect_text(o, "a");
			HOLDS(back != NULL && strcmp(back, text) == 0);
			json_object_put(o);
		}
	}
	free(shown);
	free(text);
}
