/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks: `flow.mark: name`. A mark is there or not, under exactly this name: there is no text in which something could be
 * looked for, so no modifier but those of logic goes with it. */
#include "value/value.h"

static bool suits_mark(struct loader *l, const struct question *q)
{
    uint64_t allowed =
        UINT64_C(1) << MODIFIER_ALL | UINT64_C(1) << MODIFIER_NEQ | UINT64_C(1) << MODIFIER_CASED;

    if ((q->modifiers & ~allowed) == 0 && !question_has_offsets(q))
        return true;
    loader_error(l, q->place, "mark-question", "write `flow.mark: name`, or a list of names",
                 "a mark is set or not: it can only be asked for by its whole name");
    return false;
}

struct node *value_mark(struct loader *l, const struct question *q, const struct yaml_node *scalar)
{
    if (!suits_mark(l, q) || !loader_is_mark(l, scalar))
        return NULL;
    struct predicate *p = value_predicate(l, q, scalar, MATCH_MARK);
    p->is_cased = true;
    p->bytes = arena_copy(l->arena, scalar->text);
    return node_predicate(l->arena, p);
}
