/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks: counted stretches of input bytes, recycled.
 *
 * Idea       whoever reads input fills a block and hands out pointers into it; whoever needs those bytes
 *            for longer than the call retains the block, not the bytes. References are taken a batch, not
 *            a packet, so that nothing on the packet path is shared.
 * Life       block_take() gives the reader the first reference. When it goes on to another block it calls
 *            block_leave(); the block is recycled when the last of the others has released it.
 * Bounds     blocks that were left and are still retained hold at most POOL_LENT_MAX bytes (and one block
 *            more): block_take() waits for a release then. A reader that may wait so must not be one that
 *            retains. At most POOL_IDLE_MAX bytes lie ready to be taken again.
 * Threads    any thread may retain and release; one at a time takes and leaves.
 */
#ifndef SHRIKE_BASE_BLOCK_H
#define SHRIKE_BASE_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POOL_LENT_MAX = 64 * 1024 * 1024, POOL_IDLE_MAX = 16 * 1024 * 1024 };

struct block_pool;

struct block {
    struct block_pool *pool;
    struct block *next; /* among the idle */
    size_t capacity;
    atomic_uint references;
    uint8_t bytes[];
};

/* Blocks have `block_bytes`, unless more is asked for. */
struct block_pool *block_pool_new(size_t block_bytes);
/* The reader's end; blocks that others still retain live on. Accepts NULL. */
void block_pool_close(struct block_pool *pool);

/* A block of at least `bytes`, not cleared. */
struct block *block_take(struct block_pool *pool, size_t bytes);
/* The reader writes no more into it and gives its reference back. Accepts NULL. */
void block_leave(struct block *block);

static inline struct block *block_retain(struct block *block)
{
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}
void block_release(struct block *block);

/* Someone beside the reader retains it. */
static inline bool block_is_shared(const struct block *block)
{
    return atomic_load_explicit(&block->references, memory_order_acquire) > 1;
}

/* All of the bytes lie in the block; false for no block. */
static inline bool block_holds(const struct block *block, const uint8_t *bytes, size_t len)
{
    if (block == NULL || bytes == NULL)
        return false;
    uintptr_t first = (uintptr_t)block->bytes, at = (uintptr_t)bytes;
    return at >= first && at - first <= block->capacity && len <= block->capacity - (at - first);
}

#endif
