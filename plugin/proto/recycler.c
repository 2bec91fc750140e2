/* SPDX-License-Identifier: BSD-3-Clause */
/* Recycler: one list of idle blocks a size kind, linked through the blocks themselves. */
#include "proto/recycler.h"

#include <assert.h>
#include <string.h>

void recycler_init(struct recycler *recycler, struct budget *budget)
{
    *recycler = (struct recycler){.budget = budget};
}

static size_t class_bytes(unsigned kind)
{
    return (size_t)RECYCLER_LEAST << kind;
}

/* RECYCLER_CLASSES when the size is above the greatest: such blocks are never kept. */
static unsigned class_of(size_t size)
{
    unsigned kind = 0;
    while (kind < RECYCLER_CLASSES && class_bytes(kind) < size)
        kind++;
    return kind;
}

static void *take_idle(struct recycler *recycler, unsigned kind)
{
    void *block = recycler->idle[kind];
    memcpy(&recycler->idle[kind], block, sizeof(void *));
    recycler->idle_bytes[kind] -= class_bytes(kind);
    return block;
}

void recycler_clear(struct recycler *recycler)
{
    for (unsigned kind = 0; kind < RECYCLER_CLASSES; kind++) {
        while (recycler->idle[kind] != NULL)
            budget_free(recycler->budget, take_idle(recycler, kind), class_bytes(kind));
    }
}

void *recycler_get(struct recycler *recycler, size_t *size)
{
    unsigned kind = class_of(*size);
    size_t rounded = kind < RECYCLER_CLASSES ? class_bytes(kind) : *size;
    void *block;

    if (kind < RECYCLER_CLASSES && recycler->idle[kind] != NULL) {
        block = take_idle(recycler, kind);
    } else {
        block = budget_alloc(recycler->budget, rounded);
        if (block == NULL) { /* what lies idle in other classes may be what is missing */
            recycler_clear(recycler);
            block = budget_alloc(recycler->budget, rounded);
        }
    }
    if (block == NULL) {
        recycler->refused++;
        return NULL;
    }
    *size = rounded;
    recycler->live_bytes += rounded;
    return block;
}

void recycler_put(struct recycler *recycler, void *block, size_t size)
{
    unsigned kind = class_of(size);

    if (block == NULL)
        return;
    assert(kind == RECYCLER_CLASSES || class_bytes(kind) == size);
    assert(recycler->live_bytes >= size);
    recycler->live_bytes -= size;
    if (kind == RECYCLER_CLASSES || recycler->idle_bytes[kind] + size > RECYCLER_IDLE_BYTES) {
        budget_free(recycler->budget, block, size);
        return;
    }
    memcpy(block, &recycler->idle[kind], sizeof(void *));
    recycler->idle[kind] = block;
    recycler->idle_bytes[kind] += size;
}

void *recycler_grow(struct recycler *recycler, void *block, size_t old_size, size_t used,
                    size_t *size)
{
    void *grown = recycler_get(recycler, size);

    if (grown == NULL)
        return NULL;
    if (used > 0)
        memcpy(grown, block, used);
    recycler_put(recycler, block, old_size);
    return grown;
}
