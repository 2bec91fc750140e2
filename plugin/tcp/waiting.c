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

static uint32_t block_bytes(const struct block *block)
{
    return (uint32_t)sizeof(*block) + block->size;
}

static void block_free(struct waiting_store *store, struct block *block)
{
    assert(block->pieces == 0);
    budget_free(store->budget, block, block_bytes(block));
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
    part.len = (to - from) & 0x7fffffff;
    return part;
}

/* A piece leaves the list; the caller lets go of its block. */
static void unhold(struct waiting *w, const struct piece *piece)
{
    if (piece->block->pieces == 1)
        w->held -= block_bytes(piece->block);
}

/* Gives back most of a block of which little is left. */
static void trim_block(struct waiting_store *store, struct waiting *w, struct piece *piece)
{
    struct block *block = piece->block;

    if (block->pieces > 1 || block->size / 2 <= piece->len)
        return;
    size_t old_bytes = block_bytes(block);
    memmove(block->bytes, block->bytes + piece->offset, piece->len);
    piece->offset = 0;
    struct block *less =
        budget_resize(store->budget, block, old_bytes, sizeof(*block) + piece->len);
    if (less == NULL)
        return;
    less->size = piece->len;
    piece->block = less;
    w->held -= (uint32_t)old_bytes - block_bytes(less);
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
    unhold(w, &piece);
    if (w->count == 0)
        list_free(store, list);
    return piece;
}

void waiting_drop_last(struct waiting_store *store, struct waiting **list)
{
    struct waiting *w = *list;
    struct piece piece = w->pieces[w->first + w->count - 1];

    w->count--;
    unhold(w, &piece);
    piece_release(store, &piece);
    if (w->count == 0)
        list_free(store, list);
}

void waiting_cut(struct waiting_store *store, struct waiting **list, uint32_t end)
{
    while (*list != NULL) {
        struct piece *last = &(*list)->pieces[(*list)->first + (*list)->count - 1];
        if (seq_diff(piece_end(last), end) <= 0)
            return;
        if (seq_diff(last->seq, end) < 0) {
            *last = piece_part(last, last->seq, end);
            return;
        }
        waiting_drop_last(store, list);
    }
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

static bool has_doubt(const struct piece *piece, const struct ack_range *believed)
{
    return piece->is_stale || !ack_is_within(believed, piece->ack);
}

/* Where the run ends that the piece stands in. */
static uint32_t run_end(const struct waiting *w, uint32_t index)
{
    const struct piece *piece = &w->pieces[w->first + index];
    const struct piece *behind = w->pieces + w->first + w->count;

    while (piece + 1 < behind && piece[1].start == piece->start && piece[1].seq == piece_end(piece))
        piece++;
    return piece->end;
}

/* Linux: a segment that begins where the one before it ends is from now on part of that. */
static void join_run(const struct waiting *w, uint32_t from, struct piece *new,
                     const struct ack_range *believed)
{
    if (from == 0 || new->start != new->seq)
        return;
    const struct piece *before = &w->pieces[w->first + from - 1];
    if (piece_end(before) != new->seq || before->end != new->seq ||
        has_doubt(before, believed) != has_doubt(new, believed))
        return;
    /* Where something waits at that place already, the kernel compares with that first, most often. */
    if (from < w->count && before[1].seq == new->seq)
        return;
    new->start = before->start;
}

/* `old_end`: of the old one's run. */
static bool new_wins(enum overlap_policy policy, const struct piece *new, const struct piece *old,
                     uint32_t old_end)
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
    if (seq_diff(new->end, old_end) > 0)
        return table[policy].longer;
    return table[policy].same;
}

static bool differs(const struct piece *a, const struct piece *b)
{
    assert(a->seq == b->seq && a->len == b->len);
    return memcmp(a->block->bytes + a->offset, b->block->bytes + b->offset, a->len) != 0;
}

/* Which of [from, to) lose to the new one? Those that it has doubts about, if the new one has none; those of
 * its own doubt by policy. */
static bool decide(const struct waiting_store *store, const struct piece *new,
                   const struct piece *old, uint32_t old_end, const struct ack_range *believed)
{
    bool is_new_doubted = has_doubt(new, believed);

    if (is_new_doubted != has_doubt(old, believed))
        return !is_new_doubted;
    return new_wins(store->policy, new, old, old_end);
}

/* Writes what becomes of pieces [from, to) and the new one into the scratch row. */
static uint32_t weave(struct waiting_store *store, struct waiting *w, uint32_t from, uint32_t to,
                      const struct piece *new, const struct ack_range *believed,
                      struct overlap_seen *seen)
{
    struct piece *row = store->scratch;
    uint32_t count = 0, at = new->seq, new_end = piece_end(new), run = 0;
    bool knows_run = false; /* of the pieces that start with the new one: there is only one */

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
        if (old.start == new->start && !knows_run) {
            run = run_end(w, i);
            knows_run = true;
        }
        push(row, &count, decide(store, new, &old, run, believed) ? ours : theirs);
        push(row, &count, piece_part(&old, end, old_end));
        unhold(w, &old);
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

    memmove(pieces + from + count, pieces + to, (w->count - to) * sizeof(*pieces));
    memcpy(pieces + from, store->scratch, count * sizeof(*pieces));
    for (uint32_t i = from; i < from + count; i++)
        trim_block(store, w, &pieces[i]);
    w->count = w->count - (to - from) + count;
}

static int add_to(struct waiting_store *store, struct waiting *w, struct piece *new,
                  const struct ack_range *believed, struct overlap_seen *seen)
{
    uint32_t from = pieces_before(w, new->seq, true);
    uint32_t to = pieces_before(w, piece_end(new), false);

    assert(w->count <= store->pieces_max && to >= from);
    /* k old pieces become at most 2 k + 3. */
    if (reserve(store, w, to - from + 3) != 0)
        return -1;
    if (store->policy == OVERLAP_LINUX)
        join_run(w, from, new, believed);
    w->held += block_bytes(new->block);
    uint32_t count = weave(store, w, from, to, new, believed, seen);
    if (new->block->pieces == 0) {
        w->held -= block_bytes(new->block);
        block_free(store, new->block);
    }
    splice(store, w, from, to, count); /* may move blocks */
    return 0;
}

int waiting_add(struct waiting_store *store, struct waiting **list, const struct arrival *arrival,
                const struct ack_range *believed, struct overlap_seen *seen)
{
    size_t len = arrival->bytes.len;

    assert(len > 0 && len < UINT32_C(1) << 30 && seq_diff(arrival->seq, arrival->start) >= 0);
    struct piece new = {
        .seq = arrival->seq,
        .len = (uint32_t)len & 0x7fffffff,
        .is_stale = arrival->is_stale,
        .start = arrival->start,
        .end = arrival->seq + (uint32_t)len,
        .block = block_new(store, arrival->bytes),
        .ack = arrival->ack,
    };
    if (new.block == NULL)
        return -1;
    bool is_new_list = *list == NULL;
    if (is_new_list)
        *list = list_new(store);
    if (*list == NULL || add_to(store, *list, &new, believed, seen) != 0) {
        block_free(store, new.block);
        if (is_new_list && *list != NULL)
            list_free(store, list);
        return -1;
    }
    return 0;
}
