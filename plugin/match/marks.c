/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks: bits that rules set on the flow, and other rules ask for.
 *
 * Idea       a row of bits for each flow, a bit for each name of the rule set. It is taken from a pool when the flow's first
 *            mark is set, and given back with the flow: flows without marks pay nothing, and a packet never asks the
 *            system for memory.
 * Budget     the matcher's. A mark for which there is no row is lost and counted; those that ask for it see none.
 * Seen       what a rule did to marks is seen by all rules that are judged after it, so no answer about marks is ever
 *            remembered (evaluate.c). Both directions share them. Without a flow there are none.
 */
#include "match/matcher.h"

#include <assert.h>

static size_t row_words(const struct matcher *m)
{
    return m->set->mark_count / 64 + 1;
}

void marks_init(struct matcher *m)
{
    pool_init(&m->marks, m->budget, row_words(m) * sizeof(uint64_t));
    m->mark_names = memory_new(m->set->mark_count, sizeof(*m->mark_names));
}

void marks_clear(struct matcher *m)
{
    pool_clear(&m->marks);
    memory_free(m->mark_names);
}

void marks_release(struct matcher *m, struct match_flow *match)
{
    pool_put(&m->marks, match->marks);
    match->marks = NULL;
}

/* The flow's row, NULL when it has none. */
static uint64_t *row_of(const struct matcher *m)
{
    const struct flow *flow = m->event->flow;

    return flow != NULL && flow->match != NULL ? flow->match->marks : NULL;
}

bool mark_is_set(const struct matcher *m, uint32_t mark)
{
    const uint64_t *row = row_of(m);

    assert(mark < m->set->mark_count);
    return row != NULL && (row[mark / 64] >> mark % 64 & 1) != 0;
}

static uint64_t *new_row(struct matcher *m)
{
    struct match_flow *match = match_flow_of(m, m->event->flow);

    if (match == NULL)
        return NULL;
    match->marks = pool_get(&m->marks);
    if (match->marks != NULL)
        memset(match->marks, 0, row_words(m) * sizeof(uint64_t));
    return match->marks;
}

void marks_change(struct matcher *m, const struct rule_row *rule)
{
    uint64_t *row = row_of(m);

    if (m->event->flow == NULL)
        return;
    for (uint32_t i = 0; i < rule->marks.count; i++) {
        const struct mark_row *change = &m->set->mark_changes[rule->marks.first + i];
        uint64_t bit = UINT64_C(1) << change->mark % 64;
        if (row == NULL && change->act != CHANGE_CLEAR && (row = new_row(m)) == NULL) {
            m->stats.marks_lost++;
            continue;
        }
        if (row == NULL)
            continue;
        uint64_t *word = &row[change->mark / 64];
        if (change->act == CHANGE_SET)
            *word |= bit;
        else if (change->act == CHANGE_CLEAR)
            *word &= ~bit;
        else
            *word ^= bit;
    }
}

size_t marks_list(struct matcher *m)
{
    const uint64_t *row = row_of(m);
    size_t count = 0;

    for (uint32_t mark = 0; row != NULL && mark < m->set->mark_count; mark++) {
        if (row[mark / 64] >> mark % 64 & 1)
            m->mark_names[count++] = ruleset_string(m->set, m->set->mark_names[mark]);
    }
    return count;
}
