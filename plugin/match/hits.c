/* SPDX-License-Identifier: BSD-3-Clause */
/* Hits: which predicates of a group hold on a direction, and the bytes that show it.
 *
 * Idea       one bit for each predicate, taken with the first hit, and a row with the excerpt, which is all that is left of
 *            the bytes when the alert is written. A pattern's hit counts where the author wants it (its watches), or opens
 *            a predicate that is asked of a window (window.c) and counts when it holds.
 * Bounds     a hit whose row has no room under the budget counts; its evidence has no excerpt.
 */
#include "match/hits.h"

#include <assert.h>

enum { HITS_FIRST = 4 };

size_t hits_bits_size(const struct group_row *row)
{
    return ((size_t)row->predicates.count + row->rules.count + 63) / 64 * sizeof(uint64_t);
}

static bool fits_watch(const struct watch_row *watch, uint64_t base, uint64_t to)
{
    uint64_t end = base + to;

    if ((watch->flags & WATCH_ANCHORED) && base > 0)
        return false;
    if (end > watch->to)
        return false;
    uint64_t start = end - watch->length;
    return watch->flags & WATCH_AT ? start == watch->from : start >= watch->from;
}

/* The bits are taken with the first hit. */
bool hits_have_bits(struct matcher *m, struct group_state *state)
{
    if (state->bits == NULL) {
        size_t size = hits_bits_size(&m->set->groups[state->group]);
        state->bits = budget_alloc(m->budget, size);
        if (state->bits != NULL)
            memset(state->bits, 0, size);
    }
    return state->bits != NULL;
}

/* Once an arrival, where a rule asks for every occurrence. */
static bool is_told_again(const struct matcher *m, const struct watch_row *watch)
{
    return (watch->flags & WATCH_REPEATS) && m->hit_seen[watch->predicate] != m->arrivals;
}

int hits_on_pattern(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context)
{
    (void)from, (void)flags;
    const struct stream_scan *scan = context;
    struct matcher *m = scan->m;
    const struct ruleset *set = m->set;
    uint32_t first = set->groups[scan->state->group].predicates.first;
    struct span watches = set->patterns[id].watches;

    for (uint32_t i = 0; i < watches.count; i++) {
        const struct watch_row *watch = &set->watches[watches.first + i];
        uint32_t bit = watch->predicate - first;
        bool is_known = bit_get(scan->state->bits, bit) && !is_told_again(m, watch);
        if (is_known || !fits_watch(watch, scan->base, to))
            continue;
        if (watch->flags & WATCH_GATE) {
            uint64_t end = scan->base + to;
            window_note(m, scan->state, watch->predicate, end - watch->length, end);
            continue;
        }
        if (!hits_have_bits(m, scan->state))
            continue;
        bit_set(scan->state->bits, bit);
        m->hit_seen[watch->predicate] = m->arrivals;
        m->new_hits[m->new_hit_count] = watch->predicate;
        m->new_hit_ends[m->new_hit_count++] = scan->base + to;
    }
    return 0;
}

/* The place for a hit: that of an earlier occurrence, or a new one; NULL when there is no memory. */
static struct stream_hit *hit_for(struct matcher *m, struct group_state *state, uint32_t predicate)
{
    for (uint32_t i = 0; i < state->hit_count; i++) {
        if (state->hits[i].predicate == predicate)
            return &state->hits[i];
    }
    if (state->hit_count == state->hit_capacity) {
        uint32_t capacity = state->hit_capacity ? state->hit_capacity * 2 : HITS_FIRST;
        struct stream_hit *hits = budget_resize(
            m->budget, state->hits, state->hit_capacity * sizeof(*hits), capacity * sizeof(*hits));
        if (hits == NULL)
            return NULL;
        state->hits = hits;
        state->hit_capacity = capacity;
    }
    return &state->hits[state->hit_count++];
}

void hits_keep(struct matcher *m, struct group_state *state, const struct stream_side *side,
               struct view bytes, size_t number)
{
    struct stream_hit *hit = hit_for(m, state, m->new_hits[number]);

    if (hit == NULL)
        return;
    hit->predicate = m->new_hits[number];
    stream_excerpt(m, side, bytes, m->new_hit_ends[number], hit);
}

static uint32_t bit_of(const struct matcher *m, const struct group_state *state, uint32_t predicate)
{
    return predicate - m->set->groups[state->group].predicates.first;
}

bool stream_was_hit(const struct matcher *m, const struct group_state *state, uint32_t predicate)
{
    return bit_get(state->bits, bit_of(m, state, predicate));
}

void stream_add_hit(struct matcher *m, struct group_state *state, uint32_t predicate,
                    const struct place_found *found)
{
    if (!hits_have_bits(m, state))
        return;
    bit_set(state->bits, bit_of(m, state, predicate));
    m->new_hits[m->new_hit_count++] = predicate;
    m->hit_seen[predicate] = m->arrivals;
    struct stream_hit *hit = hit_for(m, state, predicate);
    if (hit == NULL)
        return;
    struct view shown = view_slice(found->bytes, 0, EXCERPT_KEPT);
    *hit = (struct stream_hit){.predicate = predicate,
                               .len = (uint32_t)shown.len,
                               .has_offset = found->has_offset,
                               .offset = found->offset};
    if (shown.len > 0)
        memcpy(hit->excerpt, shown.data, shown.len);
}

/* Row of group_predicates that asks `predicate` in the group at hand; NO_INDEX. */
static uint32_t find_in_group(const struct matcher *m, uint32_t predicate)
{
    struct span span = m->set->groups[m->group->group].predicates;
    uint32_t low = span.first;
    uint32_t high = span.first + span.count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (m->set->group_predicates[middle].predicate < predicate)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there =
        low < span.first + span.count && m->set->group_predicates[low].predicate == predicate;
    return is_there ? low : NO_INDEX;
}

bool stream_predicate_hit(const struct matcher *m, uint32_t predicate,
                          const struct stream_hit **hit)
{
    uint32_t row = find_in_group(m, predicate);

    assert(row != NO_INDEX);
    uint32_t bit = row - m->set->groups[m->group->group].predicates.first;
    if (row == NO_INDEX || !bit_get(m->group->bits, bit))
        return false;
    for (uint32_t i = 0; hit != NULL && i < m->group->hit_count; i++) {
        if (m->group->hits[i].predicate == row)
            *hit = &m->group->hits[i];
    }
    return true;
}
