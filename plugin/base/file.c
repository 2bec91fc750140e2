/* SPDX-License-Identifier: BSD-3-Clause */
/* File: read in steps, so that a file that grows or lies about its size is bounded all the same, as is one that gzip made
 * small. Devices and pipes are no files of rules or lists: opening one must not wait for a writer. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define READ_STEP 65536U

/* Plain or by gzip: zlib sees which. */
static int read_all(gzFile file, size_t max, struct buf *out, const char **why)
{
    int count, fault;

    do {
        if (!buf_reserve(out, READ_STEP)) {
            *why = "it is too large";
            return -1;
        }
        count = gzread(file, out->data + out->len, READ_STEP);
        out->len += count > 0 ? (size_t)count : 0;
    } while (count > 0);
    (void)gzerror(file, &fault);
    if (fault != Z_OK && fault != Z_STREAM_END) {
        *why = fault == Z_ERRNO       ? strerror(errno)
               : fault == Z_BUF_ERROR ? "its gzip stream is cut"
                                      : "its gzip stream is damaged";
        return -1;
    }
    if (out->len <= max)
        return 0;
    *why = "it is too large";
    return -1;
}

/* Closes it. */
static int read_descriptor(int file, size_t max, struct buf *out, const char **why)
{
    gzFile stream = gzdopen(file, "rb");
    if (stream == NULL) {
        *why = "there is no memory";
        close(file);
        return -1;
    }
    int result = read_all(stream, max, out, why);
    (void)gzclose(stream);
    return result;
}

static int read_whole(int file, size_t max, struct buf *out, const char **why)
{
    buf_init(out, max + READ_STEP * 2);
    int result = read_descriptor(file, max, out, why);
    if (result != 0)
        buf_clear(out);
    return result;
}

int file_read(const char *path, size_t max, struct buf *out, const char **why)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (file < 0) {
        *why = strerror(errno);
        return -1;
    }
    struct stat status;
    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        *why = "it is not a regular file";
        close(file);
        return -1;
    }
    return read_whole(file, max, out, why);
}

int file_read_standard(size_t max, struct buf *out, const char **why)
{
    int file = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

    if (file < 0) {
        *why = strerror(errno);
        return -1;
    }
    return read_whole(file, max, out, why);
}
