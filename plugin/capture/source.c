/* SPDX-License-Identifier: BSD-3-Clause */
/* Source: maps plain files; everything else (pipes, compressed files, what cannot be mapped) goes through
 * the window. */
#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static enum compression compression_of(const uint8_t *head, size_t len)
{
    if (len >= 2 && head[0] == 0x1f && head[1] == 0x8b)
        return COMPRESSION_GZIP;
    if (len >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
        return COMPRESSION_ZSTD;
    return COMPRESSION_NONE;
}

static int map_file(struct source *source, size_t size)
{
    void *map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, source->fd, 0);
    if (map == MAP_FAILED)
        return -1;
    madvise(map, size, MADV_SEQUENTIAL);
    source->is_mapped = true;
    source->data = map;
    source->len = size;
    return 0;
}

static ssize_t read_plain(struct source *source, uint8_t *out, size_t max)
{
    ssize_t n;
    do {
        n = read(source->fd, out, max);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        error_set(&source->fault, "read failed: %s", strerror(errno));
    else
        source->stored += (uint64_t)n;
    return n;
}

/* The window over a pipe: its first bytes tell whether they are compressed. */
static void open_window(struct source *source)
{
    source->capacity = SOURCE_WINDOW;
    source->data = memory_new(source->capacity, 1);
    while (source->len < 4) {
        ssize_t n = read_plain(source, source->data + source->len, 4 - source->len);
        if (n <= 0) {
            source->is_end = true;
            break;
        }
        source->len += (size_t)n;
    }
    enum compression compression = compression_of(source->data, source->len);
    if (compression == COMPRESSION_NONE)
        return;
    source->decompressor = decompressor_new(compression);
    decompressor_feed(source->decompressor, view_make(source->data, source->len));
    source->len = 0;
}

int source_open(struct source *source, const char *path, struct error *error)
{
    struct stat status;
    bool is_stdin = strcmp(path, "-") == 0;

    *source = (struct source){.name = is_stdin ? "standard input" : path};
    source->fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 || fstat(source->fd, &status) != 0) {
        error_set(error, "%s: byte 0: cannot be opened: %s", source->name, strerror(errno));
        source_close(source);
        return -1;
    }
    if (S_ISREG(status.st_mode)) {
        uint8_t head[4] = {0};
        source->size = (uint64_t)status.st_size;
        ssize_t n = pread(source->fd, head, sizeof(head), 0);
        bool is_plain = n > 0 && compression_of(head, (size_t)n) == COMPRESSION_NONE;
        if (is_plain && lseek(source->fd, 0, SEEK_CUR) == 0 &&
            map_file(source, (size_t)status.st_size) == 0)
            return 0;
    }
    open_window(source);
    return 0;
}

void source_close(struct source *source)
{
    decompressor_free(source->decompressor);
    if (source->is_mapped)
        munmap(source->data, source->len);
    else
        memory_free(source->data);
    if (source->fd >= 0)
        close(source->fd);
    *source = (struct source){.fd = -1};
}

void source_close_descriptor(struct source *source)
{
    close(source->fd);
    source->fd = -1;
}

static void fill(struct source *source, size_t count)
{
    while (!source->is_end && source->len - source->at < count && source->len < source->capacity) {
        uint8_t *out = source->data + source->len;
        size_t room = source->capacity - source->len;
        long n = source->decompressor ? decompressor_read(source->decompressor, source->fd, out,
                                                          room, &source->stored, &source->fault)
                                      : (long)read_plain(source, out, room);
        if (n <= 0)
            source->is_end = true;
        else
            source->len += (size_t)n;
    }
}

const uint8_t *source_need(struct source *source, size_t count)
{
    if (source->len - source->at < count && !source->is_mapped)
        fill(source, count);
    if (source->len - source->at < count)
        return NULL;
    return source->data + source->at;
}

void source_slide(struct source *source)
{
    if (source->is_mapped) {
        source->stored = source->at;
        return;
    }
    memmove(source->data, source->data + source->at, source->len - source->at);
    source->base += source->at;
    source->len -= source->at;
    source->at = 0;
}

bool source_has_shrunk(const struct source *source)
{
    struct stat status;
    return source->is_mapped && fstat(source->fd, &status) == 0 &&
           (size_t)status.st_size < source->len;
}
