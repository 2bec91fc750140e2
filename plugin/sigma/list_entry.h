/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries of a list document: inline, and from a file. */
#ifndef SHRIKE_SIGMA_LIST_ENTRY_H
#define SHRIKE_SIGMA_LIST_ENTRY_H

#include "rule/list.h"
#include "rule/loader.h"

enum { LIST_FAULTS_MAX = 3 }; /* of a list that are told one by one */

/* A type of list, and what its values are. */
struct list_kind {
    const char *name;
    enum list_type type;
    const char *wanted;
    const char *help;
};

struct list_builder {
    struct loader *l;
    struct list *list;
    const struct list_kind *kind;
    size_t faults;
    bool knows_first_seen, knows_confidence; /* of some entry */
};

/* The value of `values:`. */
void list_read_values(struct list_builder *b, const struct yaml_node *node);
/* The value of `file:`; `root` says of what form the file is. */
void list_read_file(struct list_builder *b, const struct yaml_node *root,
                    const struct yaml_node *node);

#endif
