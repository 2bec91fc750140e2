/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting segments: what came out of order in one direction.
 *
 *   [piece]-[piece] ...... [piece] ... [piece]-[piece]      sorted, disjoint
 *
 * Idea       a segment's bytes are copied once into a block; pieces of it stand in a sorted array
 *            wherever its bytes win. A piece remembers the whole segment's bounds, since overlap
 *            policies compare segments, not what is left of them.
 * Doubt      a segment that its receiver would throw away (reassembly.c says which) waits as well, but
 *            loses to one that it would take, whatever the policy and whichever came first.
 * Runs       Linux appends a segment that begins where a waiting one ends to that one
 *            (tcp_ooo_try_coalesce), and compares the whole of both from then on: under its policy such
 *            a piece takes over the start of the run.
 * Cost       binary search, then one memmove of 32 bytes a piece behind: 4096 pieces in hostile order
 *            are microseconds, where a list would be walked. An overlap of k pieces costs k steps.
 * Memory     blocks and arrays from the budget; `held` counts whole blocks, and one that a single piece
 *            leads to is cut down to it when it is more than twice as long. Bounds are the caller's.
 */
#ifndef SHRIKE_TCP_WAITING_H
#define SHRIKE_TCP_WAITING_H

#include "base/pool.h"
#include "flow/tcp_flow.h"
#include "packet/decode.h"

struct block {
    uint32_t pieces; /* that lead here; the last one frees it */
    uint32_t size;
    uint8_t bytes[];
};

struct piece {
    uint32_t seq;
    uint32_t len : 31;
    uint32_t is_stale : 1; /* its receiver had seen newer timestamps: doubted whatever its ack */
    uint32_t start;        /* of the segment it came in, or of that one's run */
    uint32_t end;          /* of the segment it came in */
    struct block *block;
    uint32_t offset; /* into block->bytes */
    uint32_t ack;    /* what its sender had read of the other direction */
};

static_assert(sizeof(struct piece) == 32, "two pieces a cache line");

struct waiting {
    struct waiting *newer, *older; /* all of one store */
    struct piece *pieces;
    uint32_t first, count, capacity; /* pieces[first ... first + count) */
    uint32_t held;                   /* bytes of the blocks they lead to */
};

/* What a worker's waiting lists share. */
struct waiting_store {
    struct budget *budget;
    enum overlap_policy policy;
    struct pool lists;
    struct waiting *newest;
    struct piece *scratch; /* for one overlap */
    uint32_t pieces_max;   /* of one list, before an addition */
};

struct overlap_seen {
    bool any, different;
};

/* A segment that comes to wait. `start` is where it began as it was sent (at or before seq). */
struct arrival {
    uint32_t start, seq;
    uint32_t ack; /* see struct piece */
    bool is_stale;
    struct view bytes;
};

/* What a segment of one direction can acknowledge of the other; any other acknowledgement is doubted. */
struct ack_range {
    uint32_t oldest, newest;
    bool is_known; /* false: none is doubted */
};

static inline bool ack_is_within(const struct ack_range *range, uint32_t ack)
{
    return !range->is_known ||
           (seq_diff(ack, range->oldest) >= 0 && seq_diff(ack, range->newest) <= 0);
}

void waiting_store_init(struct waiting_store *store, struct budget *budget,
                        enum overlap_policy policy, uint32_t pieces_max);
/* Frees every list; whoever leads to one must not use it any more. */
void waiting_store_clear(struct waiting_store *store);

/* Adds a segment, making *list when it is NULL. -1 when the budget is spent; the list is as before then. */
int waiting_add(struct waiting_store *store, struct waiting **list, const struct arrival *arrival,
                const struct ack_range *believed, struct overlap_seen *seen);
/* Takes the first piece; frees the list, and sets *list to NULL, when it was the only one. */
struct piece waiting_pop(struct waiting_store *store, struct waiting **list);
/* Frees the last piece, the farthest from the stream. */
void waiting_drop_last(struct waiting_store *store, struct waiting **list);
/* Frees what lies at or behind `end`. */
void waiting_cut(struct waiting_store *store, struct waiting **list, uint32_t end);
void waiting_drop_all(struct waiting_store *store, struct waiting **list);
/* A popped piece's bytes live until this. */
void piece_release(struct waiting_store *store, const struct piece *piece);

static inline const struct piece *waiting_first(const struct waiting *list)
{
    assert(list->count > 0);
    return &list->pieces[list->first];
}

static inline struct view piece_view(const struct piece *piece)
{
    return view_make(piece->block->bytes + piece->offset, piece->len);
}

#endif
