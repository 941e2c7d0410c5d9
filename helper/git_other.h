/* SPDX-License-Identifier: MIT */
/* git's requests for hosts that no profile has: see other.h. */
#ifndef GIT_OTHER_H
#define GIT_OTHER_H

#include "front.h"
#include "git_request.h"

/* Each returns 0 too if there is nothing to do: git is not told of a miss. */
int git_other_get(
    const struct front *f, const struct git_request *q, struct err *err);
int git_other_store(
    const struct front *f, const struct git_request *q, struct err *err);
int git_other_erase(
    const struct front *f, const struct git_request *q, struct err *err);

#endif
