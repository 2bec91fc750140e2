/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow records: slabs and the free list. */
#include "flow/flow_records.h"

enum { CACHE_LINE = 64, CAPACITY_MIN = 16 };

void blocks_init(struct blocks *blocks, struct budget *budget, size_t block_bytes)
{
    *blocks = (struct blocks){.budget = budget, .block_bytes = block_bytes};
}

void blocks_clear(struct blocks *blocks)
{
    for (size_t i = 0; i < blocks->count; i++)
        budget_free(blocks->budget, blocks->owned[i], blocks->block_bytes + CACHE_LINE);
    budget_free(blocks->budget, blocks->items, blocks->capacity * sizeof(*blocks->items));
    budget_free(blocks->budget, blocks->owned, blocks->capacity * sizeof(*blocks->owned));
    *blocks = (struct blocks){.budget = blocks->budget, .block_bytes = blocks->block_bytes};
}

static int grow_directory(struct blocks *blocks)
{
    size_t capacity = blocks->capacity ? 2 * blocks->capacity : CAPACITY_MIN;
    uint8_t **items = budget_alloc(blocks->budget, capacity * sizeof(*items));
    void **owned = budget_alloc(blocks->budget, capacity * sizeof(*owned));

    if (items == NULL || owned == NULL) {
        budget_free(blocks->budget, items, capacity * sizeof(*items));
        budget_free(blocks->budget, owned, capacity * sizeof(*owned));
        return -1;
    }
    if (blocks->count > 0) {
        memcpy(items, blocks->items, blocks->count * sizeof(*items));
        memcpy(owned, blocks->owned, blocks->count * sizeof(*owned));
    }
    budget_free(blocks->budget, blocks->items, blocks->capacity * sizeof(*items));
    budget_free(blocks->budget, blocks->owned, blocks->capacity * sizeof(*owned));
    blocks->items = items;
    blocks->owned = owned;
    blocks->capacity = capacity;
    return 0;
}

int blocks_add(struct blocks *blocks)
{
    if (blocks->count == blocks->capacity && grow_directory(blocks) != 0)
        return -1;
    uint8_t *block = budget_alloc(blocks->budget, blocks->block_bytes + CACHE_LINE);
    if (block == NULL)
        return -1;
    uint8_t *aligned = block + (CACHE_LINE - (uintptr_t)block % CACHE_LINE);
    memset(aligned, 0, blocks->block_bytes);
    blocks->owned[blocks->count] = block;
    blocks->items[blocks->count++] = aligned;
    return 0;
}

void flow_records_init(struct flow_records *records, struct budget *budget)
{
    blocks_init(&records->slabs, budget, FLOW_SLAB * sizeof(struct flow));
    records->free_first = FLOW_NONE;
}

void flow_records_clear(struct flow_records *records)
{
    blocks_clear(&records->slabs);
    records->free_first = FLOW_NONE;
}

static int add_slab(struct flow_records *records)
{
    uint32_t first = flow_records_end(records);

    if (first > FLOW_NONE - 2 * FLOW_SLAB || blocks_add(&records->slabs) != 0)
        return -1;
    for (uint32_t i = FLOW_SLAB; i-- > 0;)
        flow_records_give(records, first + i);
    return 0;
}

int flow_records_reserve(struct flow_records *records)
{
    return records->free_first != FLOW_NONE ? 0 : add_slab(records);
}

uint32_t flow_records_take(struct flow_records *records)
{
    if (flow_records_reserve(records) != 0)
        return FLOW_NONE;
    uint32_t index = records->free_first;
    struct flow *flow = flow_record(records, index);
    records->free_first = flow->timer_next;
    *flow = (struct flow){.timer_slot = FLOW_NO_SLOT};
    return index;
}

void flow_records_give(struct flow_records *records, uint32_t index)
{
    struct flow *flow = flow_record(records, index);
    flow->timer_slot = FLOW_NO_SLOT;
    flow->timer_next = records->free_first;
    records->free_first = index;
}
