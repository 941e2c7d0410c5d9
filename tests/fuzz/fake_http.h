/* SPDX-License-Identifier: MIT */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include "http.h"

/* What every request is answered with from now on; lent. */
void fake_http_answer(const char *data, size_t size);

#endif
