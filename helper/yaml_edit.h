/* SPDX-License-Identifier: MIT */
/*
 * Changing a kubeconfig, which belongs to somebody else, in the form in which
 * kubectl and its relatives write it: top-level keys at the start of a line,
 * lists as items that begin with "- " on lines of their own.  Every other byte
 * stays, comments too.  Of YAML this is a small part: who uses it checks with
 * kubectl that the outcome means what it should.
 */
#ifndef YAML_EDIT_H
#define YAML_EDIT_H

#include "err.h"
#include "secbuf.h"

/*
 * Put an item at the end of the list that is `key`'s value; `item` is its
 * lines, the first without "- ", the others two blanks further in.
 * ERR_PROTOCOL: the list is in another form.
 */
int yaml_edit_add(
    struct secbuf *text, const char *key, const char *item, struct err *err);

/* Take out the item whose "name" this is; ERR_PROTOCOL: it is not found. */
int yaml_edit_remove(
    struct secbuf *text, const char *key, const char *name, struct err *err);

/* Give the top-level key this string, in the place of a scalar on its line. */
int yaml_edit_set(
    struct secbuf *text, const char *key, const char *value, struct err *err);

#endif
