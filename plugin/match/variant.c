/* SPDX-License-Identifier: BSD-3-Clause */
/* Variants: a field's values as transforms leave them (`http.uri|url_decode`).
 *
 * Idea       computed when the first predicate asks, and kept for the others of the same event and reading: all rules that ask
 *            for a variant share it.
 * Memory     TEXT_MAX bytes and EVENT_VALUES_MAX values an event for all variants, taken when the rule set has any. A
 *            value for which there is no room is absent, and counted.
 */
#include "match/matcher.h"

#include "base/memory.h"
#include "fields/transform.h"

enum { TEXT_MAX = 1 << 20 };

void variants_new(struct matcher *m)
{
    if (m->set->variant_count == 0)
        return;
    m->variant_seen = memory_new(m->set->variant_count, sizeof(*m->variant_seen));
    m->variant_lists = memory_new(m->set->variant_count, sizeof(*m->variant_lists));
    m->variant_items = memory_new(EVENT_VALUES_MAX, sizeof(*m->variant_items));
    m->variant_text = memory_new(TEXT_MAX, 1);
}

void variants_free(struct matcher *m)
{
    memory_free(m->variant_seen);
    memory_free(m->variant_lists);
    memory_free(m->variant_items);
    memory_free(m->variant_text);
}

static bool add_value(struct matcher *m, transform_list transforms, struct view value)
{
    size_t room = TRANSFORMS_MAX * TRANSFORM_ROOM;

    if (m->variant_item_count == EVENT_VALUES_MAX || value.len > TEXT_MAX - room ||
        m->variant_text_len > TEXT_MAX - room - value.len) {
        m->stats.variants_left_out++;
        return false;
    }
    uint8_t *out = m->variant_text + m->variant_text_len;
    size_t len = transform_apply(transforms, value, out);
    m->variant_text_len += len;
    m->variant_items[m->variant_item_count++].bytes = view_make(out, len);
    return true;
}

struct value_list variant_values(struct matcher *m, uint32_t variant)
{
    const struct variant_row *row = &m->set->variants[variant];
    struct value_list *list = &m->variant_lists[variant];

    if (m->variant_seen[variant] == m->generation)
        return *list;
    if (m->variant_generation != m->generation) { /* what was made is of another event */
        m->variant_generation = m->generation;
        m->variant_item_count = m->variant_text_len = 0;
    }
    struct value_list values =
        values_of(m, (enum field_id)row->field, ruleset_text(m->set, row->header_name));
    *list = (struct value_list){m->variant_items + m->variant_item_count, 0};
    for (uint32_t i = 0; i < values.count; i++)
        list->count += add_value(m, row->transforms, values.items[i].bytes);
    m->variant_seen[variant] = m->generation;
    return *list;
}
