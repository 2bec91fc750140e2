/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: the only room that calls malloc.
 *
 * Three kinds and no fourth:
 *   arena    compile time and set-up; one owner, freed whole            (base/arena.h)
 *   budget   run time, sizes that vary; a stated maximum, counted       (here)
 *   pool     run time, one size; under a budget, objects are recycled   (base/pool.h)
 *
 * memory_*() is for set-up: the process cannot go on without, so running out ends it with a
 * message. budget_*() is for what network input asks for: NULL when the budget is spent, and the
 * caller counts and lives on.
 */
#ifndef SHRIKE_BASE_MEMORY_H
#define SHRIKE_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed; never NULL (ends the process with a message on stderr). */
void *memory_new(size_t count, size_t size);
/* Grows or shrinks; the new part is not cleared. Never NULL for size > 0. */
void *memory_resize(void *old, size_t count, size_t size);
/* What a library's constructor gave: NULL there means no memory, too. */
void *memory_needed(void *made);
char *memory_copy_string(const char *text);
void memory_free(void *memory); /* accepts NULL */

struct budget {
    size_t limit;     /* bytes; 0 means no bound */
    size_t used;      /* now */
    size_t peak;      /* ever */
    uint64_t refused; /* requests that the bound turned down */
};

/* Not cleared; NULL when the budget or the system is out of memory. */
void *budget_alloc(struct budget *budget, size_t size);
/* `size` must be what was asked for. Accepts NULL. */
void budget_free(struct budget *budget, void *memory, size_t size);
/* Keeps the old block and returns NULL when the new size does not fit. */
void *budget_resize(struct budget *budget, void *memory, size_t old_size, size_t new_size);

#endif
