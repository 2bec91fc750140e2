/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows: predicates that have to see the bytes of a stream, not only that a pattern is in them.
 *
 * Idea       the compiler gave each such predicate gates (compile/windows.c). Where the scan sees one, the predicate is
 *            asked of the blocks that hold it: [k * hop, k * hop + 2 * hop) of the direction's bytes, each half over the
 *            next, or the first bytes alone. What spans at most `hop` bytes lies whole in one of them. Blocks are
 *            counted from the stream's start, so the answer does not depend on how the bytes were cut
 *            into segments, nor on other rules.
 * In time    a block is asked as soon as a gate of it is there, with what came so far. An answer that may change with
 *            more bytes is MAYBE (sequence.c): then it is pending, and asked again when more came, TRIES times, and a
 *            last time when the block is complete, the stream ends, or a gap begins. One that tries DEAR places is
 *            asked only then.
 * Kept       the last bytes of a direction, in a ring from a pool that grows with the stream, as many as a rule that
 *            fits the flow reaches back. Bytes are looked at where they are: in the segment, in the ring, or, where a
 *            block lies in both or goes round the ring's end, in one copy that all predicates of the arrival use.
 * Segments   a predicate of payload.segment is asked of what just came, alone. It is pending as long as nothing else opens
 *            it.
 * Again      where a rule asks for every occurrence (RULE_REPEATS), a predicate that held sleeps until a gate of a later
 *            arrival opens it anew. Its blocks are asked from the gate's first one, for what ends behind the bytes that were
 *            there when it held: occurrences of one arrival are one, and none counts twice.
 * Datagrams  are asked whole, and once.
 * Bounds     a ring for which there is no room under the budget is given up: what would be asked of it is not
 *            confirmed, and counted (windows_lost). So is what is pending beyond PENDING_MAX predicates of a group.
 */
#include "match/matcher.h"

#include <assert.h>

enum { TRIES = 16, DEAR = 500, PENDING_FIRST = 4, PENDING_MAX = 1024, RING_FIRST = 512 };

static uint32_t class_size(unsigned class)
{
    return (uint32_t)RING_FIRST << 2 * class;
}

void windows_new(struct matcher *m, size_t predicates)
{
    static_assert(RING_FIRST << 2 * (RING_CLASSES - 1) >= 2 * WINDOW_HOP_MAX,
                  "the last class holds the longest window");
    for (unsigned i = 0; i < RING_CLASSES; i++)
        pool_init(&m->rings[i], m->budget, class_size(i));
    m->opened = memory_new(predicates, sizeof(*m->opened));
    m->opened_of = memory_new(predicates, sizeof(*m->opened_of));
    for (size_t g = 0; g < m->set->group_count && m->block == NULL; g++) {
        if (m->set->groups[g].keep > 0 || m->set->groups[g].keep_first > 0)
            m->block = memory_new(BLOCK_MAX, 1);
    }
}

void windows_free(struct matcher *m)
{
    for (unsigned i = 0; i < RING_CLASSES; i++)
        pool_clear(&m->rings[i]);
    memory_free(m->opened);
    memory_free(m->opened_of);
    memory_free(m->block);
}

/* --- the ring -------------------------------------------------------------------------------------- */

static struct pool *pool_of(struct matcher *m, uint32_t capacity)
{
    unsigned class = 0;

    while (class_size(class) < capacity)
        class ++;
    assert(class < RING_CLASSES);
    return &m->rings[class];
}

/* The bytes of the ring at [from, to). */
static void ring_copy(const struct stream_window *window, uint64_t from, uint64_t to, uint8_t *out)
{
    size_t at = from & (window->capacity - 1);
    size_t len = (size_t)(to - from);
    size_t first = len < window->capacity - at ? len : window->capacity - at;

    memcpy(out, window->ring + at, first);
    memcpy(out + first, window->ring, len - first);
}

static void ring_put(const struct stream_window *window, uint64_t from, struct view bytes)
{
    size_t at = from & (window->capacity - 1);
    size_t first = bytes.len < window->capacity - at ? bytes.len : window->capacity - at;

    memcpy(window->ring + at, bytes.data, first);
    memcpy(window->ring, bytes.data + first, bytes.len - first);
}

void window_clear(struct matcher *m, struct stream_side *side)
{
    if (side->window.ring != NULL)
        pool_put(pool_of(m, side->window.capacity), side->window.ring);
    side->window.ring = NULL;
    side->window.capacity = side->window.len = 0;
}

/* Room for `needed` bytes; what is kept stays. */
static bool ring_grow(struct matcher *m, struct stream_side *side, uint32_t needed)
{
    struct stream_window *window = &side->window;
    struct stream_window larger = *window;

    if (needed <= window->capacity)
        return true;
    for (larger.capacity = RING_FIRST; larger.capacity < needed;)
        larger.capacity *= 4;
    larger.ring = pool_get(pool_of(m, larger.capacity));
    if (larger.ring == NULL)
        return false;
    for (uint64_t at = side->offset - window->len; at < side->offset;) {
        size_t place = at & (window->capacity - 1);
        uint64_t left = side->offset - at;
        size_t piece = left < window->capacity - place ? (size_t)left : window->capacity - place;
        ring_put(&larger, at, view_make(window->ring + place, piece));
        at += piece;
    }
    window_clear(m, side);
    *window = larger;
    return true;
}

void window_keep(struct matcher *m, struct stream_side *side, struct view bytes)
{
    struct stream_window *window = &side->window;
    uint64_t end = side->offset + bytes.len;
    uint64_t run = end - side->base;
    uint64_t needed = end < window->keep_first ? run : 0;

    needed = needed < window->keep ? window->keep : needed;
    needed = needed < run ? needed : run;
    if (needed == 0 || window->is_lost) {
        window_clear(m, side);
        return;
    }
    if (!ring_grow(m, side, (uint32_t)needed)) {
        window_clear(m, side);
        window->is_lost = true;
        return;
    }
    size_t skipped = bytes.len > needed ? bytes.len - (size_t)needed : 0;
    ring_put(window, side->offset + skipped, view_skip(bytes, skipped));
    window->len = (uint32_t)needed;
}

/* --- what is pending --------------------------------------------------------------------------------- */

void window_forget(struct matcher *m, struct group_state *state)
{
    budget_free(m->budget, state->pending, state->pending_capacity * sizeof(*state->pending));
    state->pending = NULL;
    state->pending_count = state->pending_capacity = 0;
}

static struct stream_pending *add_pending(struct matcher *m, struct group_state *state)
{
    if (state->pending_count == state->pending_capacity) {
        uint32_t capacity = state->pending_capacity ? state->pending_capacity * 2 : PENDING_FIRST;
        struct stream_pending *grown =
            capacity > PENDING_MAX
                ? NULL
                : budget_resize(m->budget, state->pending, state->pending_capacity * sizeof(*grown),
                                capacity * sizeof(*grown));
        if (grown == NULL) {
            m->stats.windows_lost++;
            return NULL;
        }
        state->pending = grown;
        state->pending_capacity = capacity;
    }
    return &state->pending[state->pending_count++];
}

void window_begin(struct matcher *m, struct group_state *state, const struct stream_side *side)
{
    const struct group_row *row = &m->set->groups[state->group];

    state->pending_count = 0;
    for (uint32_t i = 0; i < row->open.count; i++) {
        uint32_t predicate = m->set->rule_lists[row->open.first + i];
        const struct window_row *window = &m->set->group_predicates[predicate].window;
        bool is_past = window->hop == 0 && !window->is_segment && side->base >= window->len;
        struct stream_pending *pending =
            is_past || (stream_was_hit(m, state, predicate) && !window->is_repeated)
                ? NULL
                : add_pending(m, state);
        if (pending != NULL)
            *pending = (struct stream_pending){
                .predicate = predicate, .first = side->base, .last = UINT64_MAX};
    }
}

void window_note(struct matcher *m, const struct group_state *state, uint32_t predicate,
                 uint64_t first, uint64_t last)
{
    uint32_t *number = &m->opened_of[predicate - m->set->groups[state->group].predicates.first];

    if (*number == 0) {
        m->opened[m->opened_count] = (struct opened){predicate, first, last};
        *number = (uint32_t)++m->opened_count;
        return;
    }
    struct opened *hit = &m->opened[*number - 1];
    hit->first = first < hit->first ? first : hit->first;
    hit->last = last > hit->last ? last : hit->last;
}

static struct stream_pending *find_pending(const struct group_state *state, uint32_t predicate)
{
    for (uint32_t i = 0; i < state->pending_count; i++) {
        if (state->pending[i].predicate == predicate)
            return &state->pending[i];
    }
    return NULL;
}

/* The scan's gates become pending. */
static void take_gates(struct matcher *m, struct group_state *state)
{
    for (size_t i = 0; i < m->opened_count; i++) {
        const struct opened *hit = &m->opened[i];
        struct stream_pending *pending = find_pending(state, hit->predicate);
        m->opened_of[hit->predicate - m->set->groups[state->group].predicates.first] = 0;
        if (pending != NULL && pending->is_asleep) {
            *pending = (struct stream_pending){.predicate = hit->predicate,
                                               .first = hit->first,
                                               .last = hit->last,
                                               .held_to = pending->held_to};
            continue;
        }
        if (pending != NULL) {
            pending->last = hit->last;
            continue;
        }
        pending = add_pending(m, state);
        if (pending != NULL)
            *pending = (struct stream_pending){
                .predicate = hit->predicate, .first = hit->first, .last = hit->last};
    }
    m->opened_count = 0;
}

/* --- asking ------------------------------------------------------------------------------------------- */

/* What one arrival has. */
struct asking {
    struct matcher *m;
    const struct stream_side *side;
    struct view bytes; /* behind those kept */
    uint64_t end;      /* of them */
    enum stretch_end ends;
};

/* The bytes [from, to) in one piece; false when they are not kept. */
static bool read_block(const struct asking *a, uint64_t from, uint64_t to, struct view *out)
{
    struct matcher *m = a->m;
    const struct stream_window *window = &a->side->window;
    uint64_t offset = a->side->offset;

    if (from >= offset) {
        *out = view_slice(a->bytes, (size_t)(from - offset), (size_t)(to - offset));
        return true;
    }
    if (offset - from > window->len)
        return false;
    size_t at = from & (window->capacity - 1);
    if (to <= offset && at + (to - from) <= window->capacity) {
        *out = view_make(window->ring + at, (size_t)(to - from));
        return true;
    }
    if (from < m->block_from || to > m->block_to) {
        uint64_t middle = to < offset ? to : offset;
        assert(to - from <= BLOCK_MAX);
        ring_copy(window, from, middle, m->block);
        if (to > offset)
            memcpy(m->block + (offset - from), a->bytes.data, (size_t)(to - offset));
        m->block_from = from;
        m->block_to = to;
    }
    *out = view_make(m->block + (from - m->block_from), (size_t)(to - from));
    return true;
}

static enum outcome ask_block(const struct asking *a, const struct stream_pending *pending,
                              uint64_t begin, uint64_t end, enum stretch_end ends,
                              struct place_found *found)
{
    struct matcher *m = a->m;
    const struct ruleset *set = m->set;
    const struct predicate_row *row =
        &set->predicates[set->group_predicates[pending->predicate].predicate];
    struct stretch stretch = {.ends = ends, .beyond = pending->held_to};
    struct view bytes;

    begin = begin > a->side->base ? begin : a->side->base;
    end = end < a->end ? end : a->end;
    if (end < begin)
        return OUTCOME_NO;
    stretch.before = begin > a->side->base ? 1 : 0;
    if (!read_block(a, begin - stretch.before, end, &bytes)) {
        m->stats.windows_lost++;
        return OUTCOME_NO;
    }
    stretch.bytes = view_skip(bytes, stretch.before);
    stretch.begin = begin;
    m->stats.windows_asked++;
    return sequence_ask(m, row->pieces, &stretch, found);
}

static bool ask_segment(struct matcher *m, uint32_t predicate, struct view bytes,
                        struct place_found *found)
{
    const struct predicate_row *row =
        &m->set->predicates[m->set->group_predicates[predicate].predicate];
    const union value value = {.bytes = bytes};

    m->stats.windows_asked++;
    return value_holds(m, row, FIELD_STREAM_PAYLOAD_SEGMENT, &value, found);
}

/* All blocks that hold a gate of it. MAYBE: it stays pending. */
static enum outcome ask(const struct asking *a, struct stream_pending *pending,
                        struct place_found *found)
{
    const struct window_row *window = &a->m->set->group_predicates[pending->predicate].window;
    uint64_t hop = window->hop;
    uint64_t block = hop > 0 && pending->first / hop > 0 ? pending->first / hop - 1 : 0;
    uint64_t seen = pending->last < a->end ? pending->last : a->end;
    uint64_t last = hop > 0 ? seen / hop : 0;
    enum outcome answer = window->is_open && hop > 0 ? OUTCOME_MAYBE : OUTCOME_NO;

    if (window->is_segment) {
        if (a->bytes.len > 0 && ask_segment(a->m, pending->predicate, a->bytes, found))
            return OUTCOME_YES;
        return window->is_open ? OUTCOME_MAYBE : OUTCOME_NO;
    }
    last = last < window->last ? last : hop > 0 ? window->last : 0;
    for (block = block > pending->next ? block : pending->next; block <= last; block++) {
        uint64_t begin = block * hop, end = begin + window->len;
        bool is_complete = a->end >= end;
        enum stretch_end ends = !is_complete ? a->ends : window->is_value ? ENDS_HERE : ENDS_BLOCK;
        enum outcome outcome = OUTCOME_MAYBE;
        if (is_complete || ends != ENDS_OPEN || pending->tries++ < TRIES)
            outcome = ask_block(a, pending, begin, end, ends, found);
        if (outcome == OUTCOME_MAYBE && a->m->places_tried > DEAR)
            pending->tries = TRIES;
        if (is_complete || outcome == OUTCOME_YES) {
            pending->next = block + 1;
            pending->tries = 0;
        }
        if (outcome == OUTCOME_YES)
            return outcome;
        if (!is_complete && outcome == OUTCOME_MAYBE)
            answer = outcome;
    }
    return answer;
}

void window_ask(struct matcher *m, struct group_state *state, const struct stream_side *side,
                struct view bytes, enum stretch_end ends)
{
    struct asking a = {m, side, bytes, side->offset + bytes.len, ends};
    uint32_t kept = 0;

    take_gates(m, state);
    m->block_from = m->block_to = 0;
    for (uint32_t i = 0; i < state->pending_count; i++) {
        struct stream_pending pending = state->pending[i];
        struct place_found found = {.offset = 0};
        if (pending.is_asleep) {
            state->pending[kept++] = pending;
            continue;
        }
        enum outcome outcome = ask(&a, &pending, &found);
        const struct window_row *window = &m->set->group_predicates[pending.predicate].window;
        if (outcome == OUTCOME_YES) {
            stream_add_hit(m, state, pending.predicate, &found);
            pending.held_to = a.end;
            pending.is_asleep = !window->is_open;
        }
        if (outcome == OUTCOME_MAYBE || (outcome == OUTCOME_YES && window->is_repeated))
            state->pending[kept++] = pending;
    }
    state->pending_count = kept;
}

static void ask_datagram(struct matcher *m, struct group_state *state, struct view bytes,
                         uint32_t predicate)
{
    const struct group_predicate_row *row = &m->set->group_predicates[predicate];
    bool is_cut = row->window.hop == 0 && !row->window.is_segment && bytes.len > row->window.len;
    const struct stretch stretch = {
        .bytes = is_cut ? view_slice(bytes, 0, row->window.len) : bytes,
        .ends = is_cut && !row->window.is_value ? ENDS_BLOCK : ENDS_HERE,
    };
    struct place_found found = {.offset = 0};
    bool holds;

    m->stats.windows_asked++;
    if (row->window.is_segment)
        holds = ask_segment(m, predicate, bytes, &found);
    else
        holds = sequence_ask(m, m->set->predicates[row->predicate].pieces, &stretch, &found) ==
                OUTCOME_YES;
    if (holds)
        stream_add_hit(m, state, predicate, &found);
}

void window_ask_datagram(struct matcher *m, struct group_state *state, struct view bytes)
{
    const struct group_row *group = &m->set->groups[state->group];

    for (size_t i = 0; i < m->opened_count; i++) {
        uint32_t predicate = m->opened[i].predicate;
        m->opened_of[predicate - group->predicates.first] = 0;
        ask_datagram(m, state, bytes, predicate);
    }
    m->opened_count = 0;
    for (uint32_t i = 0; i < group->open.count; i++)
        ask_datagram(m, state, bytes, m->set->rule_lists[group->open.first + i]);
}
