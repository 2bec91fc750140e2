/* SPDX-License-Identifier: BSD-3-Clause */
/* Names: the documents that others may name, by id or name, whether they were kept or not. */
#ifndef SHRIKE_SIGMA_NAMES_H
#define SHRIKE_SIGMA_NAMES_H

#include "rule/loader.h"

struct known_document {
    const char *id, *name; /* NULL when absent */
    struct rule *rule;     /* a detection rule; its condition is NULL when it was left out */
    struct pending_correlation *correlation; /* or one of these */
    struct place place;
};

/* Text of a document that stands where another one names it. */
struct reference {
    struct view text;
    struct place place;
};

void names_add(struct loader *l, const struct known_document *document);
/* After the last names_add(): makes the table, and tells of names that stand twice. */
void names_finish(struct loader *l);
/* NULL when nothing has this id (case ignored) or name. */
const struct known_document *names_find(const struct rules *rules, struct view text);
/* The known name nearest to a misspelt one; NULL when none is near. */
const char *names_nearest(const struct rules *rules, struct view text);

/* A list of references, or a single one; faults are told. `what` is told in messages: "a filter". */
struct reference *names_read(struct loader *l, const struct yaml_node *node, const char *what,
                             size_t *count);

#endif
