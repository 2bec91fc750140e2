/* SPDX-License-Identifier: BSD-3-Clause */
/* Pool: run-time objects of one size, recycled, under a budget.
 *
 * Objects come in slabs, so a hot path takes and gives back without malloc; slabs are returned to
 * the system only when the pool is cleared. A pool belongs to one thread.
 */
#ifndef SHRIKE_BASE_POOL_H
#define SHRIKE_BASE_POOL_H

#include "base/memory.h"

struct pool {
    struct budget *budget;
    size_t object_size;
    size_t slab_count; /* objects in a slab */
    void *free_list;
    void *slabs;
    size_t live;  /* objects handed out */
    size_t total; /* objects that exist */
};

/* `object_size` is rounded up to 16. */
void pool_init(struct pool *pool, struct budget *budget, size_t object_size);
/* Every object dies with it. */
void pool_clear(struct pool *pool);
/* Not zeroed; NULL when the budget is spent. */
void *pool_get(struct pool *pool);
void pool_put(struct pool *pool, void *object); /* accepts NULL */

#endif
