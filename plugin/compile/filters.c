/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters: what each of them asks becomes a condition of its own, beside those of the rules.
 *
 * Idea       the rule's condition, its gates and its evidence stay as they are: only when it is true are its filters
 *            asked. So a set without filters pays nothing, and it is known which of them silenced an alert.
 * Shared     a filter's rows are made once for each type of event, however many rules it applies to.
 */
#include "compile/builder.h"

static struct filter_info info_of(struct arena *arena, const struct filter *filter)
{
    const struct rule *what = filter->what;

    return (struct filter_info){
        .id = arena_string(arena, what->id ? what->id : ""),
        .title = arena_string(arena, what->title ? what->title : ""),
        .reason = arena_string(arena, what->description ? what->description : ""),
        .expires = arena_string(arena, filter->expires ? filter->expires : ""),
        .file = arena_string(arena, what->place.file ? what->place.file : ""),
        .line = what->place.line,
    };
}

void filters_begin(struct builder *b)
{
    size_t count = b->given->filter_count;

    b->filter_nodes = arena_array(b->arena, count * EVENT_COUNT + 1, sizeof(*b->filter_nodes));
    memset(b->filter_nodes, 0xff, count * EVENT_COUNT * sizeof(*b->filter_nodes));
    for (size_t i = 0; i < count; i++) {
        const struct filter *filter = b->given->filters[i];
        struct filter_info info = info_of(b->set->arena, filter);
        vector_push(&b->filter_info, &info);
        vector_push(&b->filter_ends, &filter->expires_us);
    }
}

struct span filters_compile(struct builder *b)
{
    const struct rule *rule = b->rule;
    struct span span = {(uint32_t)b->silencers.count, (uint32_t)rule->filter_count};

    for (size_t i = 0; i < rule->filter_count; i++) {
        uint32_t number = rule->filters[i]->number;
        uint32_t *known = &b->filter_nodes[number * EVENT_COUNT + rule->event];
        uint32_t node =
            *known != NO_INDEX ? *known : program_compile(b, rule->filters[i]->what->condition);
        struct silencer_row row = {node, number};
        vector_push(&b->silencers, &row);
        if (!b->has_failed)
            *known = node;
    }
    return span;
}
