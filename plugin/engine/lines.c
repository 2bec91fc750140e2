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

void chunk_end_alert(struct chunk *chunk, const struct alert *alert, size_t mark)
{
    struct line *line = &chunk->lines[chunk->count];

    if (alert->suppression != NULL) {
        line->is_open = true;
        line->mark = (uint32_t)mark;
        line->suppression = *alert->suppression;
    }
    chunk_end(chunk);
}

/* The lines of one alert have one position and one answer. */
struct verdict {
    struct position position;
    bool is_given, is_written;
    uint64_t left_out;
};

static void judge(const struct merge *merge, const struct line *line, struct verdict *verdict)
{
    if (verdict->is_given && position_compare(&verdict->position, &line->position) == 0)
        return;
    *verdict = (struct verdict){.position = line->position, .is_given = true};
    verdict->is_written =
        suppressor_allows(merge->suppressor, &line->suppression, &verdict->left_out);
    if (!verdict->is_written)
        merge->suppressed[line->suppression.rule]++;
}

void chunks_write(struct chunk *const *chunks, size_t count, const struct merge *merge)
{
    size_t next[CHUNKS_MAX] = {0};
    struct verdict verdict = {0};

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
            break;
        next[owner]++;
        struct view text = view_make(chunks[owner]->text.data + least->offset, least->len);
        if (least->is_open)
            judge(merge, least, &verdict);
        if (!least->is_open)
            merge->write(merge->context, least->sink, text, 0, 0);
        else if (verdict.is_written)
            merge->write(merge->context, least->sink, text, least->mark, verdict.left_out);
    }
    if (merge->pause != NULL)
        merge->pause(merge->context);
}

void line_discard(void *context, unsigned sink, struct view line, size_t mark, uint64_t left_out)
{
    (void)context;
    (void)sink;
    (void)line;
    (void)mark;
    (void)left_out;
}
