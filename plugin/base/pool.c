/* SPDX-License-Identifier: BSD-3-Clause */
/* Pool: a free list through the objects, slabs of about 64 KiB. */
#include "base/pool.h"

#include <string.h>

enum { SLAB_BYTES = 64 * 1024, HEADER_BYTES = 16 };

struct slab {
    struct slab *older;
};

void pool_init(struct pool *pool, struct budget *budget, size_t object_size)
{
    size_t size = (object_size + 15) / 16 * 16;
    size_t count = (SLAB_BYTES - HEADER_BYTES) / size;
    *pool = (struct pool){.budget = budget, .object_size = size, .slab_count = count ? count : 1};
}

static size_t slab_bytes(const struct pool *pool)
{
    return HEADER_BYTES + pool->slab_count * pool->object_size;
}

void pool_clear(struct pool *pool)
{
    for (struct slab *slab = pool->slabs; slab != NULL;) {
        struct slab *older = slab->older;
        budget_free(pool->budget, slab, slab_bytes(pool));
        slab = older;
    }
    pool->slabs = pool->free_list = NULL;
    pool->live = pool->total = 0;
}

static void put_on_list(struct pool *pool, void *object)
{
    memcpy(object, &pool->free_list, sizeof(void *));
    pool->free_list = object;
}

static int grow(struct pool *pool)
{
    struct slab *slab = budget_alloc(pool->budget, slab_bytes(pool));
    if (slab == NULL)
        return -1;
    slab->older = pool->slabs;
    pool->slabs = slab;
    char *objects = (char *)slab + HEADER_BYTES;
    for (size_t i = pool->slab_count; i-- > 0;)
        put_on_list(pool, objects + i * pool->object_size);
    pool->total += pool->slab_count;
    return 0;
}

void *pool_get(struct pool *pool)
{
    if (pool->free_list == NULL && grow(pool) != 0)
        return NULL;
    void *object = pool->free_list;
    memcpy(&pool->free_list, object, sizeof(void *));
    pool->live++;
    return object;
}

void pool_put(struct pool *pool, void *object)
{
    if (object == NULL)
        return;
    put_on_list(pool, object);
    pool->live--;
}
