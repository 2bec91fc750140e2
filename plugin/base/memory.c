/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: set-up allocation that cannot fail, and run-time allocation under a budget. */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *memory, size_t count, size_t size)
{
    if (memory == NULL && count != 0 && size != 0) {
        fprintf(stderr, "shrike: out of memory (%zu x %zu bytes)\n", count, size);
        abort();
    }
    return memory;
}

void *memory_new(size_t count, size_t size)
{
    return or_die(calloc(count ? count : 1, size ? size : 1), 1, 1);
}

void *memory_resize(void *old, size_t count, size_t size)
{
    return or_die(reallocarray(old, count ? count : 1, size ? size : 1), count, size);
}

void *memory_needed(void *made)
{
    return or_die(made, 1, 1);
}

char *memory_copy_string(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(memory_new(size, 1), text, size);
}

void memory_free(void *memory)
{
    free(memory);
}

static int budget_take(struct budget *budget, size_t size)
{
    if (budget->limit != 0 && (size > budget->limit || budget->used > budget->limit - size)) {
        budget->refused++;
        return -1;
    }
    budget->used += size;
    if (budget->used > budget->peak)
        budget->peak = budget->used;
    return 0;
}

void *budget_alloc(struct budget *budget, size_t size)
{
    if (budget_take(budget, size) != 0)
        return NULL;
    void *memory = malloc(size ? size : 1);
    if (memory == NULL) {
        budget->used -= size;
        budget->refused++;
    }
    return memory;
}

void budget_free(struct budget *budget, void *memory, size_t size)
{
    if (memory == NULL)
        return;
    budget->used -= size;
    free(memory);
}

void *budget_resize(struct budget *budget, void *memory, size_t old_size, size_t new_size)
{
    if (memory == NULL)
        return budget_alloc(budget, new_size);
    if (new_size > old_size && budget_take(budget, new_size - old_size) != 0)
        return NULL;
    void *moved = realloc(memory, new_size ? new_size : 1);
    if (moved == NULL) {
        if (new_size > old_size)
            budget->used -= new_size - old_size;
        budget->refused++;
        return NULL;
    }
    if (new_size < old_size)
        budget->used -= old_size - new_size;
    return moved;
}
