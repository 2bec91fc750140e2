/* SPDX-License-Identifier: BSD-3-Clause */
/* Sink: the buffer, the retries, and cutting a torn line off. */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

enum { FLUSH_AT = 256 * 1024, PENDING_MAX = 64 * 1024 * 1024, RETRY_PAUSE_MS = 100 };

void sink_init(struct sink *sink, const char *name, int fd)
{
    struct stat status;

    *sink = (struct sink){.name = memory_copy_string(name), .fd = fd};
    buf_init(&sink->pending, PENDING_MAX);
    if (fstat(fd, &status) != 0)
        return; /* the first write says why */
    sink->is_live = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) ||
                    (S_ISCHR(status.st_mode) && isatty(fd));
    if (S_ISREG(status.st_mode)) {
        off_t at = lseek(fd, 0, SEEK_CUR);
        sink->is_regular = at >= 0;
        sink->size = at >= 0 ? (uint64_t)at : 0;
    }
}

int sink_open(struct sink *sink, const char *path, struct error *error)
{
    if (strcmp(path, "-") == 0) {
        sink_init(sink, "standard output", STDOUT_FILENO);
        return 0;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_set(error, "%s: cannot be written: %s", path, strerror(errno));
    sink_init(sink, path, fd);
    sink->owns_fd = true;
    return 0;
}

static void pause_before_retry(void)
{
    const struct timespec pause = {.tv_nsec = RETRY_PAUSE_MS * 1000000L};
    nanosleep(&pause, NULL);
}

/* Can the write that failed with errno go on? Waits where the descriptor has no room and does not block (its
 * flags are shared with whoever opened it), as a blocking one would. */
static bool can_go_on(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    int reason = errno;

    if (reason == EINTR)
        return true;
    if (reason != EAGAIN && reason != EWOULDBLOCK)
        return false;
    bool is_ready = poll(&one, 1, -1) > 0 || errno == EINTR;
    errno = reason;
    return is_ready;
}

/* Writes all of it or as much as goes; returns what was written, errno says why it stopped. */
static size_t write_all(int fd, struct view bytes)
{
    size_t done = 0;
    int retries = 0;

    while (done < bytes.len) {
        ssize_t n = write(fd, bytes.data + done, bytes.len - done);
        if (n > 0) {
            done += (size_t)n;
            retries = 0;
        } else if (n < 0 && can_go_on(fd)) {
            continue;
        } else if ((n < 0 && errno == EPIPE) || retries++ == SINK_RETRIES) {
            break;
        } else {
            pause_before_retry();
        }
    }
    return done;
}

/* Newlines in a view: its whole lines. */
static uint64_t count_lines(struct view text)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    return lines;
}

/* A write stopped inside a line. A regular file is cut back to the line's start; where that cannot be,
 * the rest of the line stays pending, so that what comes next does not run into it. Returns the bytes
 * that now stand in the output. */
static size_t mend_torn_line(struct sink *sink, size_t written, struct view *kept)
{
    struct view bytes = buf_view(&sink->pending);
    size_t start = written;

    while (start > 0 && bytes.data[start - 1] != '\n')
        start--;
    if (start == written)
        return written;
    off_t end = (off_t)(sink->size + start);
    if (sink->is_regular && ftruncate(sink->fd, end) == 0 && lseek(sink->fd, end, SEEK_SET) == end)
        return start;
    size_t rest = view_find_byte(view_skip(bytes, written), '\n');
    *kept = view_slice(bytes, written, written + rest + 1);
    return written;
}

static int flush_failed(struct sink *sink, size_t written, int reason)
{
    struct view kept = {NULL, 0};

    if (sink->failures++ == 0)
        error_set(&sink->first_failure, "%s: write failed: %s", sink->name, strerror(reason));
    if (reason == EPIPE)
        sink->fd = -1;
    else
        written = mend_torn_line(sink, written, &kept);
    uint64_t done = count_lines(view_slice(buf_view(&sink->pending), 0, written));
    sink->lines += done;
    sink->lost_lines += sink->pending_lines - done - (kept.len > 0);
    sink->size += written;
    sink->bytes += written;
    if (kept.len > 0)
        memmove(sink->pending.data, kept.data, kept.len);
    sink->pending.len = kept.len;
    sink->pending_lines = kept.len > 0;
    return -1;
}

int sink_flush(struct sink *sink)
{
    struct view bytes = buf_view(&sink->pending);

    if (bytes.len == 0)
        return 0;
    if (sink->around_write != NULL)
        sink->around_write(sink->context, true);
    size_t written = sink->fd >= 0 ? write_all(sink->fd, bytes) : 0;
    int reason = errno;
    if (sink->around_write != NULL)
        sink->around_write(sink->context, false);
    if (sink->fd < 0)
        sink->lost_lines += sink->pending_lines;
    else if (written < bytes.len)
        return flush_failed(sink, written, reason);
    else
        sink->lines += sink->pending_lines;
    sink->size += written;
    sink->bytes += written;
    buf_reset(&sink->pending);
    sink->pending_lines = 0;
    return sink->fd >= 0 ? 0 : -1;
}

void sink_line(struct sink *sink, struct view line)
{
    buf_add(&sink->pending, line);
    if (sink->pending.is_full) { /* one line beyond any sense: it is lost whole */
        sink->pending.is_full = false;
        sink->lost_lines++;
        return;
    }
    sink->pending_lines++;
    if (sink->pending.len >= FLUSH_AT)
        sink_flush(sink);
}

void sink_pause(struct sink *sink)
{
    if (sink->is_live)
        sink_flush(sink);
}

int sink_close(struct sink *sink)
{
    sink_flush(sink);
    if (sink->owns_fd && sink->fd >= 0 && close(sink->fd) != 0 && sink->failures++ == 0)
        error_set(&sink->first_failure, "%s: close failed: %s", sink->name, strerror(errno));
    int status = sink->lost_lines != 0 || sink->failures != 0 ? -1 : 0;
    sink->fd = -1;
    buf_clear(&sink->pending);
    memory_free(sink->name);
    sink->name = NULL;
    return status;
}
