/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting segments: what came out of order in one direction.
 *
 *   [piece]-[piece] ...... [piece] ... [piece]-[piece]      sorted, disjoint
 *
 * Idea       a segment's bytes are copied once into a block; pieces of it stand in a sorted array
 *            wherever its bytes win. A piece remembers the whole segment's bounds, since overlap
 *            policies compare segments, not what is left of them.
 * Cost       binary search, then one memmove of 32 bytes a piece behind: 4096 pieces in hostile order
 *            are microseconds, where a list would be walked. An overlap of k pieces costs k steps.
 * Memory     blocks and arrays from the budget; the number of pieces is the caller's to bound.
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
    uint32_t seq, len;
    uint32_t start, end; /* of the segment it came in */
    struct block *block;
    uint32_t offset; /* into block->bytes */
    uint32_t ack;    /* what its sender had read of the other direction */
};

static_assert(sizeof(struct piece) == 32, "two pieces a cache line");

struct waiting {
    struct waiting *newer, *older; /* all of one store */
    struct piece *pieces;
    uint32_t first, count, capacity; /* pieces[first ... first + count) */
    uint32_t bytes;                  /* sum of their lengths */
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

void waiting_store_init(struct waiting_store *store, struct budget *budget,
                        enum overlap_policy policy, uint32_t pieces_max);
/* Frees every list; whoever leads to one must not use it any more. */
void waiting_store_clear(struct waiting_store *store);

/* Adds bytes at `seq` that were sent with the acknowledgement `ack`, making *list when it is NULL. `start` is
 * where the segment began as it was sent (at or before seq). -1 when the budget is spent; the list is as
 * before then. */
int waiting_add(struct waiting_store *store, struct waiting **list, uint32_t start, uint32_t seq,
                uint32_t ack, struct view bytes, struct overlap_seen *seen);
/* Takes the first piece; frees the list, and sets *list to NULL, when it was the only one. */
struct piece waiting_pop(struct waiting_store *store, struct waiting **list);
/* Frees the last piece, the farthest from the stream. */
void waiting_drop_last(struct waiting_store *store, struct waiting **list);
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
