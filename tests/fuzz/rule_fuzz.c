/* SPDX-License-Identifier: BSD-3-Clause */
/* Rule text: any bytes as a rule file. Whatever comes out must be whole: every predicate of a kept rule
 * or filter has what its operation needs. */
#include <assert.h>

#include "sigma/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t check(const struct node *node, unsigned depth)
{
    size_t count = 1;

    assert(depth <= 64);
    if (node->kind == NODE_PREDICATE) {
        const struct predicate *p = node->predicate;
        assert(p->text != NULL && p->field <= FIELD_NONE && p->offsets.from <= p->offsets.to);
        assert(p->op != MATCH_LIST || p->list != NULL);
        assert(p->op != MATCH_HEX || p->bytes.len > 0);
        assert(p->op != MATCH_MARK || (p->bytes.len > 0 && p->field == FIELD_FLOW_MARK));
        assert(p->op == MATCH_MARK || p->field != FIELD_FLOW_MARK);
        assert(p->mask.len == 0 || p->mask.len == p->bytes.len);
        assert(p->op != MATCH_PREFIX || p->prefix_bits <= 128);
    }
    for (size_t i = 0; i < node->count; i++)
        count += check(node->children[i], depth + 1);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;

    diagnostics_init(&diagnostics);
    rules_load_text(rules, "fuzz.yml", view_make(data, size), &diagnostics);
    rules_finish(rules, &diagnostics);
    for (size_t i = 0; i < rules->count; i++) {
        assert(rules->items[i]->event != EVENT_ANY && rules->items[i]->title != NULL);
        check(rules->items[i]->condition, 0);
        for (size_t m = 0; m < rules->items[i]->mark_count; m++)
            assert(rules->items[i]->marks[m].name.len > 0);
        for (size_t f = 0; f < rules->items[i]->filter_count; f++)
            assert(rules->items[i]->filters[f]->number < rules->filter_count);
    }
    for (size_t i = 0; i < rules->filter_count; i++)
        check(rules->filters[i]->what->condition, 0);
    diagnostics_sort(&diagnostics);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    return 0;
}
