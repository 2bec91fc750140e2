/* SPDX-License-Identifier: BSD-3-Clause */
/* Source: the bytes of one capture file, from a map or through a window that slides over a pipe.
 *
 * A parser asks for the next n bytes with source_need() and takes them with source_take(). Over a map the
 * pointers live until the source is closed; over a window until source_slide(), which the capture calls
 * before it fills a new batch.
 */
#ifndef SHRIKE_CAPTURE_SOURCE_H
#define SHRIKE_CAPTURE_SOURCE_H

#include "base/error.h"
#include "base/view.h"

struct decompressor; /* decompress.c */

struct source {
    const char *name;
    int fd;
    bool is_mapped;
    bool is_end;     /* the window holds the last bytes */
    uint8_t *data;   /* the map, or the window */
    size_t len;      /* bytes of the map, or valid bytes of the window */
    size_t capacity; /* of the window */
    size_t at;       /* next byte */
    uint64_t base;   /* offset in the (decompressed) file of data[0] */
    uint64_t stored; /* bytes read of the file as stored */
    uint64_t size;   /* of the file as stored; 0 when unknown */
    struct decompressor *decompressor;
    struct error fault; /* of reading or decompressing; text is empty when there was none */
};

enum { SOURCE_WINDOW = 8 * 1024 * 1024 };

/* Opens a file, or standard input for "-"; -1 with `error` set. */
int source_open(struct source *source, const char *path, struct error *error);
void source_close(struct source *source);
/* The map stays; the descriptor, of which a process has few, goes. */
void source_close_descriptor(struct source *source);
/* The next `count` bytes (at most SOURCE_WINDOW / 2), or NULL when there are not so many. */
const uint8_t *source_need(struct source *source, size_t count);
static inline void source_take(struct source *source, size_t count)
{
    source->at += count;
}
/* Bytes that are there without reading more. */
static inline size_t source_ready(const struct source *source)
{
    return source->len - source->at;
}
static inline uint64_t source_offset(const struct source *source)
{
    return source->base + source->at;
}
/* Views handed out so far are no longer needed. */
void source_slide(struct source *source);
/* The mapped file is shorter than it was: reading on would kill the process. */
bool source_has_shrunk(const struct source *source);

/* decompress.c */
enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD };
struct decompressor *decompressor_new(enum compression compression);
void decompressor_free(struct decompressor *decompressor);
/* Fills `out` from `fd`; bytes given, 0 at the end, -1 with `error` set. *stored counts bytes read. */
long decompressor_read(struct decompressor *decompressor, int fd, uint8_t *out, size_t max,
                       uint64_t *stored, struct error *error);
/* Compressed bytes that were read before it was known that they are. */
void decompressor_feed(struct decompressor *decompressor, struct view bytes);

#endif
