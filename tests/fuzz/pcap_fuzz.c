/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files: any bytes, as a file and through a pipe; both ways must give the same frames. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BATCH = 7, PIPE_MAX = 60000 };

struct reading {
    uint64_t frames, sum, faults;
};

static struct reading read_all(int fd)
{
    struct reading reading = {0};
    struct frame frames[BATCH];
    struct error error;
    size_t count;
    char path[64];
    const char *const paths[] = {path};
    const struct capture_options options = {0};

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct capture *capture = capture_open_files(paths, 1, &options, &error);
    if (capture == NULL)
        return reading;
    enum capture_result result;
    while ((result = capture_next(capture, frames, BATCH, &count, &error)) != CAPTURE_END) {
        reading.faults += result == CAPTURE_BROKEN;
        for (size_t i = 0; result == CAPTURE_FRAMES && i < count; i++) {
            reading.frames++;
            for (uint32_t k = 0; k < frames[i].len; k++)
                reading.sum = reading.sum * 31 + frames[i].data[k];
            reading.sum += (uint64_t)frames[i].time_us + frames[i].wire_len;
        }
    }
    capture_close(capture);
    return reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    if (size > PIPE_MAX)
        return 0;
    int file = memfd_create("capture", 0);
    if (file < 0 || write(file, data, size) != (ssize_t)size)
        abort();
    struct reading plain = read_all(file);
    close(file);
    if (pipe(ends) != 0 || write(ends[1], data, size) != (ssize_t)size)
        abort();
    close(ends[1]);
    struct reading piped = read_all(ends[0]);
    close(ends[0]);
    assert(plain.frames == piped.frames && plain.sum == piped.sum && plain.faults == piped.faults);
    return 0;
}
