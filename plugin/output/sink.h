/* SPDX-License-Identifier: BSD-3-Clause */
/* Sink: where lines go. Whole lines or nothing.
 *
 * Lines collect in a buffer and are written together: when there are 256 KiB of them, and, where somebody
 * may be looking on (terminal, pipe, socket), at every pause of whoever says them. A write that finds no
 * room (a descriptor that does not block) waits until there is. A write that fails part of the way is carried on
 * where it stopped; when it cannot go on (disk full, I/O error) it is retried SINK_RETRIES times with a
 * pause, then a regular file is cut back to its last whole line, the lines of the buffer are counted as
 * lost, the first failure is reported through `error`, and the next flush tries anew. A closed pipe ends
 * the sink: later lines are counted as lost.
 */
#ifndef SHRIKE_OUTPUT_SINK_H
#define SHRIKE_OUTPUT_SINK_H

#include "base/buf.h"
#include "base/error.h"

enum { SINK_RETRIES = 3 };

struct sink {
    char *name; /* for messages */
    int fd;     /* -1: closed for good */
    bool is_regular;
    bool is_live; /* a terminal, pipe or socket: see sink_pause() */
    bool owns_fd;
    void (*around_write)(void *context, bool is_before); /* NULL, or called before and after */
    void *context;
    struct buf pending; /* whole lines not written yet */
    uint64_t pending_lines;
    uint64_t size;         /* of the regular file, up to its last whole line */
    uint64_t lines, bytes; /* written */
    uint64_t lost_lines, failures;
    struct error first_failure; /* text is empty while there was none */
};

/* A new or emptied file, or standard output for "-". */
int sink_open(struct sink *sink, const char *path, struct error *error);
/* Over an open descriptor that stays the caller's. */
void sink_init(struct sink *sink, const char *name, int fd);
/* Takes a line with its '\n'. */
void sink_line(struct sink *sink, struct view line);
/* Writes what is pending; 0, or -1 when lines were lost. */
int sink_flush(struct sink *sink);
/* No line comes for a moment: flushes where somebody may be waiting for lines. */
void sink_pause(struct sink *sink);
/* Flushes and closes; -1 when any line was ever lost. */
int sink_close(struct sink *sink);

#endif
