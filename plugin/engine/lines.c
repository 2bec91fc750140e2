/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines: appending and the merge. Chunks are few (one a worker), so the least line is found by looking
 * at each chunk's next one. */
#include "engine/lines.h"

#include <assert.h>

#include "base/memory.h"

/* An epoch is 16,384 frames: more text than this from one of them means that output cannot keep up. */
static const size_t CHUNK_TEXT_MAX = (size_t)1 << 30;

enum { CHUNKS_MAX = 256 };

void chunk_init(struct chunk *chunk)
{
    *chunk = (struct chunk){0};
    buf_init(&chunk->text, CHUNK_TEXT_MAX);
}

void chunk_clear(struct chunk *chunk)
{
    buf_clear(&chunk->text);
    memory_free(chunk->lines);
    *chunk = (struct chunk){0};
}

void chunk_reset(struct chunk *chunk)
{
    buf_reset(&chunk->text);
    chunk->count = 0;
}

struct buf *chunk_begin(struct chunk *chunk, const struct position *position, unsigned sink)
{
    if (chunk->count == chunk->capacity) {
        chunk->capacity = chunk->capacity ? chunk->capacity * 2 : 64;
        chunk->lines = memory_resize(chunk->lines, chunk->capacity, sizeof(*chunk->lines));
    }
    chunk->lines[chunk->count] =
        (struct line){.position = *position, .offset = chunk->text.len, .sink = sink};
    return &chunk->text;
}

void chunk_end(struct chunk *chunk)
{
    struct line *line = &chunk->lines[chunk->count];
    if (chunk->text.is_full) { /* never a torn line: all of it or none */
        chunk->text.len = line->offset;
        chunk->text.is_full = false;
        chunk->lost++;
        return;
    }
    line->len = chunk->text.len - line->offset;
    chunk->count++;
}

void chunks_write(struct chunk *const *chunks, size_t count, line_write_fn *write, void *context)
{
    size_t next[CHUNKS_MAX] = {0};

    assert(count <= CHUNKS_MAX);
    for (;;) {
        const struct line *least = NULL;
        size_t owner = 0;
        for (size_t i = 0; i < count; i++) {
            if (next[i] == chunks[i]->count)
                continue;
            const struct line *line = &chunks[i]->lines[next[i]];
            if (least == NULL || position_compare(&line->position, &least->position) < 0) {
                least = line;
                owner = i;
            }
        }
        if (least == NULL)
            return;
        write(context, least->sink,
              view_make(chunks[owner]->text.data + least->offset, least->len));
        next[owner]++;
    }
}
