/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks: the pool. Its lock is taken once a block that is taken, left or given back: about once a mebibyte. */
#include "base/block.h"

#include <assert.h>
#include <pthread.h>

#include "base/memory.h"

struct block_pool {
    pthread_mutex_t lock;
    pthread_cond_t released;
    size_t block_bytes;
    struct block *idle;
    size_t idle_bytes;
    size_t lent_bytes; /* of blocks that were left and are not back */
    size_t live;       /* blocks that are not idle */
    bool is_closed;
};

struct block_pool *block_pool_new(size_t block_bytes)
{
    struct block_pool *pool = memory_new(1, sizeof(*pool));

    pool->block_bytes = block_bytes;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->released, NULL);
    return pool;
}

static void pool_free(struct block_pool *pool)
{
    while (pool->idle != NULL) {
        struct block *next = pool->idle->next;
        memory_free(pool->idle);
        pool->idle = next;
    }
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->released);
    memory_free(pool);
}

void block_pool_close(struct block_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->is_closed = true;
    bool is_last = pool->live == 0;
    pthread_mutex_unlock(&pool->lock);
    if (is_last)
        pool_free(pool);
}

struct block *block_take(struct block_pool *pool, size_t bytes)
{
    struct block *block = NULL;
    bool is_usual = bytes <= pool->block_bytes;

    pthread_mutex_lock(&pool->lock);
    while (pool->lent_bytes >= POOL_LENT_MAX)
        pthread_cond_wait(&pool->released, &pool->lock);
    if (is_usual && pool->idle != NULL) {
        block = pool->idle;
        pool->idle = block->next;
        pool->idle_bytes -= block->capacity;
    }
    pool->live++;
    pthread_mutex_unlock(&pool->lock);
    if (block == NULL) {
        size_t capacity = is_usual ? pool->block_bytes : bytes;
        block = memory_new(1, sizeof(*block) + capacity);
        block->pool = pool;
        block->capacity = capacity;
    }
    block->next = NULL;
    atomic_store_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

/* Only blocks of the usual size are kept: one large frame shall not hold its memory for the whole run. */
static void give_back(struct block *block)
{
    struct block_pool *pool = block->pool;

    pthread_mutex_lock(&pool->lock);
    assert(pool->lent_bytes >= block->capacity && pool->live > 0);
    pool->lent_bytes -= block->capacity;
    pool->live--;
    if (block->capacity == pool->block_bytes &&
        pool->idle_bytes + block->capacity <= POOL_IDLE_MAX) {
        block->next = pool->idle;
        pool->idle = block;
        pool->idle_bytes += block->capacity;
        block = NULL;
    }
    bool is_last = pool->is_closed && pool->live == 0;
    pthread_cond_signal(&pool->released);
    pthread_mutex_unlock(&pool->lock);
    memory_free(block);
    if (is_last)
        pool_free(pool);
}

void block_release(struct block *block)
{
    if (atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) == 1)
        give_back(block);
}

void block_leave(struct block *block)
{
    if (block == NULL)
        return;
    pthread_mutex_lock(&block->pool->lock);
    block->pool->lent_bytes += block->capacity;
    pthread_mutex_unlock(&block->pool->lock);
    block_release(block);
}
