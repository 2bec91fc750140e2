/* SPDX-License-Identifier: BSD-3-Clause */
/* Source: the bytes of one capture file (plain, gzip, zstd, a pipe), read into blocks.
 *
 *   file   ...........................................................
 *   block          [ given out | at -> not parsed yet | len -> room ]
 *
 * A parser asks for the next n bytes with source_need() and takes them with source_take(). They are in one
 * block: what would straddle two is moved whole to the next. A block that nobody retains is used again in
 * place, so the pointers are good until source_need() next reads, and longer for whoever retains the block.
 *
 * Waiting    source->effort says how far source_need() may go; when it cannot give all bytes, source->lack
 *            says why. Nothing is lost by asking again.
 * Shrinking  a file that is cut while it is read ends early, with a fault; it is never mapped.
 */
#ifndef SHRIKE_CAPTURE_SOURCE_H
#define SHRIKE_CAPTURE_SOURCE_H

#include "base/block.h"
#include "base/error.h"
#include "base/view.h"

enum { SOURCE_BLOCK = 1024 * 1024 };

enum source_effort {
    SOURCE_LOOK, /* at what is in the block already: frames given out stay where they are */
    SOURCE_READ, /* what is there, without waiting for a pipe's writer */
    SOURCE_WAIT,
};

enum source_lack {
    SOURCE_LATER,   /* SOURCE_LOOK: there may be more */
    SOURCE_IDLE,    /* SOURCE_READ: a pipe has nothing now */
    SOURCE_STOPPED, /* SOURCE_WAIT: the host wants to go */
    SOURCE_ENDED,
};

/* What the sources of a capture share. */
struct source_room {
    struct block_pool *pool;
    int stop_fd; /* readable when the host wants to go; 0: none */
};

struct decompressor; /* decompress.c */

struct source {
    const char *name;
    const struct source_room *room;
    int fd;
    bool is_regular;
    bool is_identified; /* compressed or not */
    bool is_end;        /* the block holds the last bytes */
    enum source_effort effort;
    enum source_lack lack;
    struct block *block; /* NULL before the first read */
    size_t len, at;      /* valid bytes of the block; next byte */
    uint64_t base;       /* offset in the (decompressed) file of the block's first byte */
    uint64_t stored;     /* bytes read of the file as stored */
    uint64_t size;       /* of the file as stored; 0 when unknown */
    uint64_t trailing;   /* of those, bytes that are no part of the compressed stream before them */
    struct decompressor *decompressor;
    struct error fault; /* of reading or decompressing; text is empty when there was none */
};

/* Opens a file, or standard input for "-"; reads nothing and never waits. `path` and `room` must outlive the
 * source. -1 with `error` set ("name: byte 0: why"). */
int source_open(struct source *source, const char *path, const struct source_room *room,
                struct error *error);
void source_close(struct source *source);

/* False with source->lack set when there are not so many bytes. */
bool source_fill(struct source *source, size_t count);

/* Bytes that are there without reading more. */
static inline size_t source_ready(const struct source *source)
{
    return source->len - source->at;
}

/* The next `count` bytes, or NULL. */
static inline const uint8_t *source_need(struct source *source, size_t count)
{
    if (source_ready(source) < count && !source_fill(source, count))
        return NULL;
    return source->block->bytes + source->at;
}

static inline void source_take(struct source *source, size_t count)
{
    source->at += count;
}

/* Takes `count` bytes without holding them; returns how many, fewer when source->lack says why. */
uint64_t source_skip(struct source *source, uint64_t count);

static inline uint64_t source_offset(const struct source *source)
{
    return source->base + source->at;
}

/* ---- between source.c and decompress.c ---- */

/* What a read came to, besides a number of bytes; 0 is the end. */
enum { READ_FAULT = -1, READ_IDLE = -2, READ_STOPPED = -3 };

/* Bytes as stored. READ_FAULT with source->fault set. */
long source_read_stored(struct source *source, uint8_t *out, size_t max);

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };
enum { DECOMPRESSOR_INPUT = 256 * 1024 };
struct decompressor *decompressor_new(enum compression compression);
void decompressor_free(struct decompressor *decompressor); /* accepts NULL */
/* Compressed bytes (at most DECOMPRESSOR_INPUT) that were read before it was known that they are. */
void decompressor_feed(struct decompressor *decompressor, struct view bytes);
/* Fills `out` from the stored bytes of `source`; results as of source_read_stored(). */
long decompressor_read(struct decompressor *decompressor, struct source *source, uint8_t *out,
                       size_t max);

#endif
