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
    bool is_open;       /* whether it is written depends on `suppression` */
    uint32_t mark;      /* where in the line a count of those left out can be put */
    struct suppression suppression;
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
/* chunk_end() for a line about `alert`; `mark` is given to the writer with what was left out before it. */
void chunk_end_alert(struct chunk *chunk, const struct alert *alert, size_t mark);

/* `left_out`: alerts like this one that were suppressed; to be put at `mark` when it is not 0. */
typedef void line_write_fn(void *context, unsigned sink, struct view line, size_t mark,
                           uint64_t left_out);
line_write_fn line_discard; /* for a host that has no output */

/* One stream of lines from many. */
struct merge {
    line_write_fn *write;
    void *context;
    struct suppressor *suppressor; /* needed when a line is open */
    uint64_t *suppressed;          /* by rule: alerts that were not written */
    void (*pause)(void *context);  /* NULL, or called when all lines of the chunks are written */
};

/* Writes the lines of `count` chunks in order of position. */
void chunks_write(struct chunk *const *chunks, size_t count, const struct merge *merge);

#endif
