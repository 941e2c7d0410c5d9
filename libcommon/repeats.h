/* SPDX-License-Identifier: MIT */
/*
 * Does a server repeat what was confided to it?  Its words go into messages and
 * logs; any that hold a secret of the request (or REPEATS_PIECE bytes of its
 * beginning, in either case of letters), as it is, encoded for a form or within
 * Basic, are dropped as a whole.
 */
#ifndef REPEATS_H
#define REPEATS_H

#include <stdbool.h>

#include "lines.h"

#define REPEATS_PIECE 8 /* bytes of a secret that tell it */

/* Is any secret of the request `rq` (lines.h) in the text? */
bool repeats_secret(const char *text, const struct lines *rq);

/* Is this one, as it is or encoded? */
bool repeats_encoded(const char *text, const char *confided);

#endif
