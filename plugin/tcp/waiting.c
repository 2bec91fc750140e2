/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting segments: the sorted array and its overlaps. */
#include "tcp/waiting.h"

enum { CAPACITY_MIN = 8 };

void waiting_store_init(struct waiting_store *store, struct budget *budget,
                        enum overlap_policy policy, uint32_t pieces_max)
{
    *store = (struct waiting_store){.budget = budget, .policy = policy, .pieces_max = pieces_max};
    pool_init(&store->lists, budget, sizeof(struct waiting));
    store->scratch = memory_new(2 * (size_t)pieces_max + 8, sizeof(struct piece));
}

void waiting_store_clear(struct waiting_store *store)
{
    while (store->newest != NULL) {
        struct waiting *list = store->newest;
        waiting_drop_all(store, &list);
    }
    pool_clear(&store->lists);
    memory_free(store->scratch);
    store->scratch = NULL;
}

/* ---- pieces --------------------------------------------------------------------------------------- */

static struct block *block_new(struct waiting_store *store, struct view bytes)
{
    struct block *block = budget_alloc(store->budget, sizeof(*block) + bytes.len);
    if (block == NULL)
        return NULL;
    block->pieces = 0;
    block->size = (uint32_t)bytes.len;
    memcpy(block->bytes, bytes.data, bytes.len);
    return block;
}

static void block_free(struct waiting_store *store, struct block *block)
{
    assert(block->pieces == 0);
    budget_free(store->budget, block, sizeof(*block) + block->size);
}

void piece_release(struct waiting_store *store, const struct piece *piece)
{
    assert(piece->block->pieces > 0);
    if (--piece->block->pieces == 0)
        block_free(store, piece->block);
}

static uint32_t piece_end(const struct piece *piece)
{
    return piece->seq + piece->len;
}

/* The bytes [from, to) of a piece, as a piece. */
static struct piece piece_part(const struct piece *piece, uint32_t from, uint32_t to)
{
    struct piece part = *piece;
    assert(seq_diff(from, piece->seq) >= 0 && seq_diff(piece_end(piece), to) >= 0);
    part.offset += from - piece->seq;
    part.seq = from;
    part.len = to - from;
    return part;
}

/* Appends to the scratch row; a part that continues the last one of its block makes it longer. */
static void push(struct piece *row, uint32_t *count, struct piece piece)
{
    if (piece.len == 0)
        return;
    if (*count > 0) {
        struct piece *last = &row[*count - 1];
        if (last->block == piece.block && piece_end(last) == piece.seq) {
            last->len += piece.len;
            return;
        }
    }
    row[(*count)++] = piece;
    piece.block->pieces++;
}

/* ---- lists ---------------------------------------------------------------------------------------- */

static struct waiting *list_new(struct waiting_store *store)
{
    struct waiting *list = pool_get(&store->lists);
    if (list == NULL)
        return NULL;
    *list = (struct waiting){.older = store->newest};
    if (store->newest != NULL)
        store->newest->newer = list;
    store->newest = list;
    return list;
}

static void list_free(struct waiting_store *store, struct waiting **list)
{
    struct waiting *gone = *list;

    if (gone->newer != NULL)
        gone->newer->older = gone->older;
    else
        store->newest = gone->older;
    if (gone->older != NULL)
        gone->older->newer = gone->newer;
    budget_free(store->budget, gone->pieces, gone->capacity * sizeof(*gone->pieces));
    pool_put(&store->lists, gone);
    *list = NULL;
}

struct piece waiting_pop(struct waiting_store *store, struct waiting **list)
{
    struct waiting *w = *list;
    struct piece piece = *waiting_first(w);

    w->first++;
    w->count--;
    w->bytes -= piece.len;
    if (w->count == 0)
        list_free(store, list);
    return piece;
}

void waiting_drop_last(struct waiting_store *store, struct waiting **list)
{
    struct waiting *w = *list;
    struct piece piece = w->pieces[w->first + w->count - 1];

    w->count--;
    w->bytes -= piece.len;
    piece_release(store, &piece);
    if (w->count == 0)
        list_free(store, list);
}

void waiting_drop_all(struct waiting_store *store, struct waiting **list)
{
    while (*list != NULL)
        waiting_drop_last(store, list);
}

/* Room for `more` pieces; moves the row to the array's front when that is enough. */
static int reserve(struct waiting_store *store, struct waiting *w, uint32_t more)
{
    if (w->capacity - w->first - w->count >= more)
        return 0;
    if (w->first > 0) {
        memmove(w->pieces, w->pieces + w->first, w->count * sizeof(*w->pieces));
        w->first = 0;
    }
    if (w->capacity - w->count >= more)
        return 0;
    uint32_t capacity = w->capacity ? w->capacity : CAPACITY_MIN;
    while (capacity - w->count < more)
        capacity *= 2;
    struct piece *pieces = budget_resize(store->budget, w->pieces, w->capacity * sizeof(*w->pieces),
                                         capacity * sizeof(*w->pieces));
    if (pieces == NULL)
        return -1;
    w->pieces = pieces;
    w->capacity = capacity;
    return 0;
}

/* How many pieces end at or before `seq` (by_end), or start before it. */
static uint32_t pieces_before(const struct waiting *w, uint32_t seq, bool by_end)
{
    uint32_t low = 0, high = w->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct piece *piece = &w->pieces[w->first + middle];
        bool is_before =
            by_end ? seq_diff(piece_end(piece), seq) <= 0 : seq_diff(piece->seq, seq) < 0;
        if (is_before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- overlaps ------------------------------------------------------------------------------------- */

static bool new_wins(enum overlap_policy policy, const struct piece *new, const struct piece *old)
{
    enum { OLD, NEW };
    static const struct {
        uint8_t before, longer, same, after;
    } table[] = {
#define OVERLAP(policy, before, longer, same, after) [policy] = {before, longer, same, after},
#include "tcp/overlap.def"
#undef OVERLAP
    };
    int32_t order = seq_diff(new->start, old->start);

    if (order != 0)
        return order < 0 ? table[policy].before : table[policy].after;
    if (seq_diff(new->end, old->end) > 0)
        return table[policy].longer;
    return table[policy].same;
}

static bool differs(const struct piece *a, const struct piece *b)
{
    assert(a->seq == b->seq && a->len == b->len);
    return memcmp(a->block->bytes + a->offset, b->block->bytes + b->offset, a->len) != 0;
}

/* Writes what becomes of pieces [from, to) and the new one into the scratch row. */
static uint32_t weave(struct waiting_store *store, const struct waiting *w, uint32_t from,
                      uint32_t to, const struct piece *new, struct overlap_seen *seen)
{
    struct piece *row = store->scratch;
    uint32_t count = 0, at = new->seq, new_end = piece_end(new);

    for (uint32_t i = from; i < to; i++) {
        struct piece old = w->pieces[w->first + i];
        uint32_t old_end = piece_end(&old);
        uint32_t start = seq_diff(old.seq, new->seq) > 0 ? old.seq : new->seq;
        uint32_t end = seq_diff(old_end, new_end) < 0 ? old_end : new_end;
        struct piece ours = piece_part(new, start, end), theirs = piece_part(&old, start, end);

        push(row, &count, piece_part(&old, old.seq, start));
        push(row, &count, piece_part(new, at, start));
        seen->any = true;
        seen->different |= differs(&ours, &theirs);
        push(row, &count, new_wins(store->policy, new, &old) ? ours : theirs);
        push(row, &count, piece_part(&old, end, old_end));
        piece_release(store, &old);
        at = end;
    }
    push(row, &count, piece_part(new, at, new_end));
    return count;
}

/* Puts the scratch row in the place of pieces [from, to). Room is reserved. */
static void splice(struct waiting_store *store, struct waiting *w, uint32_t from, uint32_t to,
                   uint32_t count)
{
    struct piece *pieces = w->pieces + w->first;

    for (uint32_t i = from; i < to; i++)
        w->bytes -= pieces[i].len;
    memmove(pieces + from + count, pieces + to, (w->count - to) * sizeof(*pieces));
    memcpy(pieces + from, store->scratch, count * sizeof(*pieces));
    for (uint32_t i = from; i < from + count; i++)
        w->bytes += pieces[i].len;
    w->count = w->count - (to - from) + count;
}

static int add_to(struct waiting_store *store, struct waiting *w, struct piece *new,
                  struct overlap_seen *seen)
{
    uint32_t from = pieces_before(w, new->seq, true);
    uint32_t to = pieces_before(w, piece_end(new), false);

    assert(w->count <= store->pieces_max && to >= from);
    /* k old pieces become at most 2 k + 3. */
    if (reserve(store, w, to - from + 3) != 0)
        return -1;
    splice(store, w, from, to, weave(store, w, from, to, new, seen));
    return 0;
}

int waiting_add(struct waiting_store *store, struct waiting **list, uint32_t start, uint32_t seq,
                uint32_t ack, struct view bytes, struct overlap_seen *seen)
{
    assert(bytes.len > 0 && bytes.len < UINT32_C(1) << 30 && seq_diff(seq, start) >= 0);
    struct piece new = {
        .seq = seq,
        .len = (uint32_t)bytes.len,
        .start = start,
        .end = seq + (uint32_t)bytes.len,
        .block = block_new(store, bytes),
        .ack = ack,
    };
    if (new.block == NULL)
        return -1;
    bool is_new_list = *list == NULL;
    if (is_new_list)
        *list = list_new(store);
    if (*list == NULL || add_to(store, *list, &new, seen) != 0) {
        block_free(store, new.block);
        if (is_new_list && *list != NULL)
            list_free(store, list);
        return -1;
    }
    if (new.block->pieces == 0)
        block_free(store, new.block);
    return 0;
}
