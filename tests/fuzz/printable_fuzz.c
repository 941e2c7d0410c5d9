/* SPDX-License-Identifier: MIT */
/* What others wrote, made fit for a terminal. */
#include "fuzz.h"

FUZZ(printable)
{
	char *text = fuzz_text(data, size), shown[64];
	size_t i;

	err_printable(shown, sizeof(shown), text);
	HOLDS(strlen(shown) < sizeof(shown));
	for (i = 0; shown[i] != '\0'; i++) {
		HOLDS((unsigned char)shown[i] >= 0x20 && shown[i] != 0x7f);
		/* U+0080 to U+009F, controls as well */
		HOLDS((unsigned char)shown[i] != 0xc2 ||
		      (unsigned char)shown[i + 1] >= 0xa0);
	}
	fuzz_printable(shown);
	free(text);
}
