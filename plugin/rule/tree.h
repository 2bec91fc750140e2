/* SPDX-License-Identifier: BSD-3-Clause */
/* Tree: making the nodes of a condition. */
#ifndef SHRIKE_RULE_TREE_H
#define SHRIKE_RULE_TREE_H

#include "rule/rule.h"

/* Children being collected; begin with all zero. Lives in the arena. */
struct node_list {
    struct node **items;
    size_t count, capacity;
};

void node_list_push(struct arena *arena, struct node_list *list, struct node *node);

/* AND or OR over the children: a single child stands for itself, children of the same kind are taken
 * in, and no child at all is TRUE (AND) or FALSE (OR). */
struct node *node_join(struct arena *arena, enum node_kind kind, const struct node_list *children);
/* A double NOT vanishes. */
struct node *node_not(struct arena *arena, struct node *inner);
struct node *node_predicate(struct arena *arena, struct predicate *predicate);
struct node *node_constant(struct arena *arena, bool is_true);

/* Predicates below, shared ones counted each time they are used; stops at `most`. */
size_t node_predicates(const struct node *node, size_t most);

#endif
