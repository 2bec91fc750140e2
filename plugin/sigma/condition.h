/* SPDX-License-Identifier: BSD-3-Clause */
/* Condition: the text that joins selections. */
#ifndef SHRIKE_SIGMA_CONDITION_H
#define SHRIKE_SIGMA_CONDITION_H

#include "rule/loader.h"
#include "rule/tree.h"

/* Parentheses that may be open at once: three levels of nodes each, and four of a selection, stay under the
 * 64 that the matcher allows. */
enum { CONDITION_DEPTH_MAX = 16, COMBINATIONS_MAX = 512 };

struct selection {
    struct view name;
    struct node *node;
    struct place place;
    bool is_used;
};

struct selections {
    struct selection *items;
    size_t count;
};

/* What follows a bar: the older Sigma's aggregation. */
struct condition_tail {
    const struct yaml_node *condition; /* NULL: there is none */
    size_t at;                         /* where it begins, after the bar */
};

/* `node` is a condition or a list of them (OR). NULL after an error. Marks the selections that it names as used. */
struct node *condition_parse(struct loader *l, const struct yaml_node *node,
                             struct selections *selections, struct condition_tail *tail);

#endif
