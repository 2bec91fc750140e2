/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines: finished output text with the place in the input where it was said.
 *
 * Workers write lines into chunks, one chunk a worker and stretch of input (epoch); merging the
 * chunks of an epoch by position gives the same order for any number of workers.
 */
#ifndef SHRIKE_ENGINE_LINES_H
#define SHRIKE_ENGINE_LINES_H

#include "base/buf.h"
#include "engine/worker.h"

struct line {
    struct position position;
    size_t offset, len; /* in the chunk's text */
    unsigned sink;      /* the host's number for where it goes */
};

struct chunk {
    struct buf text;
    struct line *lines; /* in order of position */
    size_t count, capacity;
    uint64_t lost; /* lines that did not fit */
};

void chunk_init(struct chunk *chunk);
void chunk_clear(struct chunk *chunk);
void chunk_reset(struct chunk *chunk); /* empty, memory kept */

/* Between begin and end the caller appends one whole line to the returned buf. */
struct buf *chunk_begin(struct chunk *chunk, const struct position *position, unsigned sink);
void chunk_end(struct chunk *chunk);

typedef void line_write_fn(void *context, unsigned sink, struct view line);

/* Writes the lines of `count` chunks in order of position. */
void chunks_write(struct chunk *const *chunks, size_t count, line_write_fn *write, void *context);

#endif
