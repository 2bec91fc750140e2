/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow records: the pool of struct flow, addressed by 32-bit index.
 *
 * Idea       slabs of FLOW_SLAB records under the table's budget; a record never moves, so pointers
 *            to it live as long as the flow. The index is what buckets and timer lists hold: half of
 *            a pointer's size. Slabs start on a cache line, so a record is exactly three of them.
 * Free       records lie in a list through timer_next, last in, first out: the warm ones come back.
 *            A record in no timer list has timer_slot FLOW_NO_SLOT.
 */
#ifndef SHRIKE_FLOW_FLOW_RECORDS_H
#define SHRIKE_FLOW_FLOW_RECORDS_H

#include "flow/flow.h"

enum { FLOW_SLAB_BITS = 10, FLOW_SLAB = 1 << FLOW_SLAB_BITS };

#define FLOW_NONE    UINT32_MAX
#define FLOW_NO_SLOT UINT32_MAX

/* An array of blocks that are aligned to cache lines; grows a block at a time, blocks never move. */
struct blocks {
    struct budget *budget;
    size_t block_bytes;
    uint8_t **items; /* aligned */
    void **owned;    /* as allocated */
    size_t count, capacity;
};

void blocks_init(struct blocks *blocks, struct budget *budget, size_t block_bytes);
void blocks_clear(struct blocks *blocks);
/* Adds a block, all zero; -1 when the budget is spent. */
int blocks_add(struct blocks *blocks);

struct flow_records {
    struct blocks slabs;
    uint32_t free_first; /* index, or FLOW_NONE */
};

void flow_records_init(struct flow_records *records, struct budget *budget);
void flow_records_clear(struct flow_records *records);
/* Has a free record at hand; -1 when the budget is spent. */
int flow_records_reserve(struct flow_records *records);
/* A zeroed record; FLOW_NONE when the budget is spent. */
uint32_t flow_records_take(struct flow_records *records);
void flow_records_give(struct flow_records *records, uint32_t index);

static inline struct flow *flow_record(const struct flow_records *records, uint32_t index)
{
    assert(index >> FLOW_SLAB_BITS < records->slabs.count);
    void *slab = records->slabs.items[index >> FLOW_SLAB_BITS];
    return (struct flow *)slab + (index & (FLOW_SLAB - 1));
}

static inline uint32_t flow_records_end(const struct flow_records *records)
{
    return (uint32_t)(records->slabs.count << FLOW_SLAB_BITS);
}

#endif
