/* SPDX-License-Identifier: MIT */
/* Between the two files of `tokenring configure kubectl`. */
#ifndef CONFIGURE_KUBECTL_H
#define CONFIGURE_KUBECTL_H

#include "configure.h"

#define KUBECTL_NAME_MAX 512 /* bytes of a name in a kubeconfig */

/* The kubeconfig, without what is secret in it; for json_object_put. */
int kubectl_config(const char *file, struct json_object **ret, struct err *err);

/*
 * Of the entry of that name in a list ("users", "contexts", "clusters") the
 * member `key`, or NULL; lent.
 */
struct json_object *kubectl_entry(struct json_object *config, const char *list,
    const char *name, const char *key);

/* Which settings are to be, for the clusters that profiles are for. */
int kubectl_plan(struct configure *c, struct err *err);

#endif
