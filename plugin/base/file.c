/* SPDX-License-Identifier: BSD-3-Clause */
/* File: read in steps, so that a file that grows or lies about its size is bounded all the same. Devices and pipes are
 * no files of rules or lists: opening one must not wait for a writer. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP ((size_t)65536)

static int read_descriptor(int file, size_t max, struct buf *out, const char **why)
{
    struct stat status;

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        *why = "it is not a regular file";
        return -1;
    }
    for (;;) {
        if (!buf_reserve(out, READ_STEP)) {
            *why = "it is too large";
            return -1;
        }
        ssize_t count = read(file, out->data + out->len, out->capacity - out->len);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            *why = strerror(errno);
            return -1;
        }
        if (count == 0)
            break;
        out->len += (size_t)count;
    }
    if (out->len <= max)
        return 0;
    *why = "it is too large";
    return -1;
}

int file_read(const char *path, size_t max, struct buf *out, const char **why)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (file < 0) {
        *why = strerror(errno);
        return -1;
    }
    buf_init(out, max + READ_STEP * 2);
    int result = read_descriptor(file, max, out, why);
    close(file);
    if (result != 0)
        buf_clear(out);
    return result;
}
