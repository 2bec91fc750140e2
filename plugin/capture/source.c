/* SPDX-License-Identifier: BSD-3-Clause */
/* Source: reading, waiting, and moving on from block to block. */
#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

/* What the first read asks for: enough for a file's first packet, all that is wanted of most files when
 * thousands of them are put in order. */
enum { FIRST_READ = 16 * 1024 };

/* zstd files may begin with a frame to be skipped (RFC 8878, 3.1.2); pzstd writes one. */
static enum compression compression_of(const uint8_t *head, size_t len)
{
    if (len >= 2 && head[0] == 0x1f && head[1] == 0x8b)
        return COMPRESSION_GZIP;
    if (len >= 4 && (memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0 ||
                     ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0)))
        return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

/* ---- life ------------------------------------------------------------------------------------------------ */

/* Named pipes are opened without waiting for their writer: that is source_need()'s business. */
int source_open(struct source *source, const char *path, const struct source_room *room,
                struct error *error)
{
    struct stat status;
    bool is_stdin = strcmp(path, "-") == 0;

    *source = (struct source){
        .name = is_stdin ? "standard input" : path, .room = room, .effort = SOURCE_WAIT};
    source->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                          : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd < 0 || fstat(source->fd, &status) != 0) {
        error_set(error, "%s: byte 0: cannot be opened: %s", source->name, strerror(errno));
        source_close(source);
        return -1;
    }
    source->is_regular = S_ISREG(status.st_mode);
    if (source->is_regular) {
        off_t at = lseek(source->fd, 0, SEEK_CUR);
        if (at >= 0 && at < status.st_size)
            source->size = (uint64_t)(status.st_size - at);
        posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    return 0;
}

void source_close(struct source *source)
{
    decompressor_free(source->decompressor);
    block_leave(source->block);
    if (source->fd >= 0)
        close(source->fd);
    *source = (struct source){.fd = -1};
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* 0 when there is something to read (or the end, or a plain file), else READ_IDLE or READ_STOPPED. */
static long wait_for_bytes(const struct source *source)
{
    struct pollfd ends[2] = {
        {.fd = source->fd, .events = POLLIN},
        {.fd = source->room->stop_fd > 0 ? source->room->stop_fd : -1, .events = POLLIN}};

    for (;;) {
        int ready = poll(ends, 2, source->effort == SOURCE_WAIT ? -1 : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready > 0 && ends[1].revents != 0)
            return READ_STOPPED;
        return ready == 0 ? READ_IDLE : 0;
    }
}

long source_read_stored(struct source *source, uint8_t *out, size_t max)
{
    for (;;) {
        long why = wait_for_bytes(source);
        if (why != 0)
            return why;
        ssize_t n = read(source->fd, out, max);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0) {
            error_set(&source->fault, "read failed: %s", strerror(errno));
            return READ_FAULT;
        }
        source->stored += (uint64_t)n;
        if (n == 0 && source->stored < source->size)
            error_set(&source->fault, "the file has become shorter while it was read");
        return n;
    }
}

static long read_bytes(struct source *source, uint8_t *out, size_t max)
{
    if (source->decompressor != NULL)
        return decompressor_read(source->decompressor, source, out, max);
    if (source->stored == 0 && max > FIRST_READ)
        max = FIRST_READ;
    return source_read_stored(source, out, max);
}

/* The first bytes say whether they are compressed: then they are the decompressor's. */
static void identify(struct source *source)
{
    if (source->len < 4 && !source->is_end)
        return;
    source->is_identified = true;
    enum compression compression = compression_of(source->block->bytes, source->len);
    if (compression == COMPRESSION_NONE)
        return;
    source->decompressor = decompressor_new(compression);
    decompressor_feed(source->decompressor, view_make(source->block->bytes, source->len));
    source->len = 0;
    source->is_end = false;
}

/* A block in which `count` bytes from the next one on have room. One that was made for a large frame is not
 * filled again for small ones. */
static void make_room(struct source *source, size_t count)
{
    struct block *old = source->block;
    size_t left = source_ready(source);

    if (old != NULL && old->capacity - source->at >= count && source->len < old->capacity)
        return;
    bool is_fit = old != NULL &&
                  (count > SOURCE_BLOCK ? old->capacity >= count : old->capacity == SOURCE_BLOCK);
    if (!is_fit || block_is_shared(old)) {
        source->block = block_take(source->room->pool, count);
        if (left > 0)
            memcpy(source->block->bytes, old->bytes + source->at, left);
        block_leave(old);
    } else {
        memmove(old->bytes, old->bytes + source->at, left);
    }
    source->base += source->at;
    source->at = 0;
    source->len = left;
}

bool source_fill(struct source *source, size_t count)
{
    if (source->effort == SOURCE_LOOK) {
        source->lack = SOURCE_LATER;
        return false;
    }
    if (!source->is_end)
        make_room(source, count);
    while (!source->is_end && source_ready(source) < count) {
        struct block *block = source->block;
        long n = read_bytes(source, block->bytes + source->len, block->capacity - source->len);
        if (n == READ_IDLE || n == READ_STOPPED) {
            source->lack = n == READ_IDLE ? SOURCE_IDLE : SOURCE_STOPPED;
            return false;
        }
        if (n > 0)
            source->len += (size_t)n;
        else
            source->is_end = true;
        if (!source->is_identified)
            identify(source);
    }
    source->lack = SOURCE_ENDED;
    return source_ready(source) >= count;
}

uint64_t source_skip(struct source *source, uint64_t count)
{
    uint64_t done = 0;

    while (done < count && source_need(source, 1) != NULL) {
        uint64_t left = count - done, ready = source_ready(source);
        source_take(source, (size_t)(left < ready ? left : ready));
        done += left < ready ? left : ready;
    }
    return done;
}
