/* SPDX-License-Identifier: BSD-3-Clause */
/* Arena: compile-time memory with one owner, freed whole. Blocks double up to 1 MiB; objects are
 * aligned to 16 bytes and zeroed. Not for anything whose size network input decides. */
#ifndef SHRIKE_BASE_ARENA_H
#define SHRIKE_BASE_ARENA_H

#include "base/view.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* accepts NULL */

/* Zeroed, never NULL, lives as long as the arena. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy; always followed by a NUL that is not counted, so text can be used as a string. */
struct view arena_copy(struct arena *arena, struct view bytes);
char *arena_string(struct arena *arena, const char *text);
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

#endif
