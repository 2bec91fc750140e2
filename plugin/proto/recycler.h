/* SPDX-License-Identifier: BSD-3-Clause */
/* Recycler: blocks of a few sizes for parsers, taken from a budget and kept warm.
 *
 * Idea       a block's size is rounded up to a power of two; a block given back waits in its class's
 *            list for the next one who asks. Steady state allocates nothing.
 * Bounds     at most RECYCLER_IDLE_BYTES wait in a class; more goes back to the budget at once, so that a
 *            burst of one size (hostile or not) never keeps other sizes from their memory. That is why
 *            this is no base/pool, whose slabs stay with their size for good.
 * Threads    one thread.
 */
#ifndef SHRIKE_PROTO_RECYCLER_H
#define SHRIKE_PROTO_RECYCLER_H

#include "base/memory.h"

enum {
    RECYCLER_LEAST = 64,
    RECYCLER_CLASSES = 13, /* 64 bytes to 256 KiB; greater blocks are not rounded */
    RECYCLER_IDLE_BYTES = 256 * 1024,
};

struct recycler {
    struct budget *budget;
    void *idle[RECYCLER_CLASSES];
    size_t idle_bytes[RECYCLER_CLASSES];
    size_t live_bytes; /* handed out, in rounded sizes */
    uint64_t refused;  /* requests that the budget turned down */
};

void recycler_init(struct recycler *recycler, struct budget *budget);
/* Gives idle blocks back to the budget; blocks handed out must have been put back. */
void recycler_clear(struct recycler *recycler);

/* At least *size bytes, not cleared; *size becomes what there is. NULL when the budget is spent (*size
 * unchanged then). */
void *recycler_get(struct recycler *recycler, size_t *size);
/* `size`: what recycler_get() said. Accepts NULL. */
void recycler_put(struct recycler *recycler, void *block, size_t size);
/* A block of at least *size with the first `used` bytes of `block` (of `old_size`), which is put back;
 * NULL leaves the old one as it is. */
void *recycler_grow(struct recycler *recycler, void *block, size_t old_size, size_t used,
                    size_t *size);

#endif
