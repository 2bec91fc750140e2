/* SPDX-License-Identifier: BSD-3-Clause */
/* Tree: nodes are flattened as they are made, so `a or (b or c)` is one OR of three. A selection that
 * the condition names twice is shared: the tree is a graph without cycles. */
#include "rule/tree.h"

void node_list_push(struct arena *arena, struct node_list *list, struct node *node)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 4;
        struct node **items = arena_array(arena, capacity, sizeof(struct node *));
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(struct node *));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = node;
}

static struct node *new_node(struct arena *arena, enum node_kind kind)
{
    struct node *node = arena_alloc(arena, sizeof(*node));
    node->kind = kind;
    return node;
}

struct node *node_join(struct arena *arena, enum node_kind kind, const struct node_list *children)
{
    struct node_list flat = {0};

    for (size_t i = 0; i < children->count; i++) {
        struct node *child = children->items[i];
        if (child->kind != kind)
            node_list_push(arena, &flat, child);
        for (size_t j = 0; child->kind == kind && j < child->count; j++)
            node_list_push(arena, &flat, child->children[j]);
    }
    if (flat.count == 1)
        return flat.items[0];
    if (flat.count == 0)
        return node_constant(arena, kind == NODE_AND);
    struct node *node = new_node(arena, kind);
    node->children = flat.items;
    node->count = flat.count;
    return node;
}

struct node *node_not(struct arena *arena, struct node *inner)
{
    if (inner->kind == NODE_NOT)
        return inner->children[0];
    struct node *node = new_node(arena, NODE_NOT);
    node->children = arena_array(arena, 1, sizeof(struct node *));
    node->children[0] = inner;
    node->count = 1;
    return node;
}

struct node *node_predicate(struct arena *arena, struct predicate *predicate)
{
    struct node *node = new_node(arena, NODE_PREDICATE);
    node->predicate = predicate;
    return node;
}

struct node *node_constant(struct arena *arena, bool is_true)
{
    return new_node(arena, is_true ? NODE_TRUE : NODE_FALSE);
}

/* Recursion is over a tree whose depth condition.c bounds. */
size_t node_predicates(const struct node *node, size_t most)
{
    size_t count = node->kind == NODE_PREDICATE;

    for (size_t i = 0; i < node->count && count < most; i++)
        count += node_predicates(node->children[i], most - count);
    return count;
}
