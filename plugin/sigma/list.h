/* SPDX-License-Identifier: BSD-3-Clause */
/* List: a document of indicator values. */
#ifndef SHRIKE_SIGMA_LIST_H
#define SHRIKE_SIGMA_LIST_H

#include "base/buf.h"
#include "rule/loader.h"

enum { LIST_FILE_MAX = 1 << 30 };

/* Reads it and adds it to l->rules when it has a name and a type. */
void list_read(struct loader *l, const struct yaml_node *root);

#endif
