/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture: one interface to every source of frames.
 *
 * Idea       a source is asked for a batch of frames; it answers with up to `max` of them, the end, or why
 *            there are none. An own reader takes pcap and pcapng, plain or compressed, from files and pipes.
 * Bytes      frames of one batch lie in one block (base/block.h): whoever needs them after the next call
 *            retains frame->block. Files are read, never mapped: they may shrink under us.
 * Broken     a file that is cut or damaged yields all frames before the break; then
 *            capture_next() gives CAPTURE_BROKEN once, with file, byte offset and reason.
 * Order      several files are one stream, in order of their first packet's time (ties: as given).
 * Pauses     a batch is never held back for more frames. Where a pipe has none, CAPTURE_IDLE says so once, so
 *            that the host can write what it knows; the next call waits.
 */
#ifndef SHRIKE_CAPTURE_CAPTURE_H
#define SHRIKE_CAPTURE_CAPTURE_H

#include "base/error.h"
#include "packet/decode.h"

enum capture_result {
    CAPTURE_FRAMES, /* *count frames (at least one) */
    CAPTURE_END,    /* no more */
    CAPTURE_BROKEN, /* a fault in the input; what comes after it can still be read: call again */
    CAPTURE_IDLE,   /* nothing to read now: the next call waits */
    CAPTURE_INTERRUPTED, /* options.stop_fd became readable */
};

struct capture_options {
    const char *filter; /* BPF expression; NULL for none */
    bool recurse;       /* folders in folders */
    int stop_fd;        /* nothing is waited for or read when it is readable; 0: none */
};

/* What can be said of progress without asking each frame. */
struct capture_progress {
    uint64_t bytes_read;  /* of the files as stored (compressed size for gzip and zstd) */
    uint64_t bytes_total; /* 0 when unknown (pipes) */
    size_t file;          /* index of the current file */
    size_t file_count;
};

struct capture;

/* `paths` are files, folders or "-" for standard input. Opens every file to read its first packet's
 * time (where there are several, or a filter, it waits for those of pipes); a file that cannot be opened at
 * all is reported later through CAPTURE_BROKEN, not here.
 * NULL with `error` set only when there is nothing to read at all, or the filter can be compiled for none of the
 * link types that the files begin with. */
struct capture *capture_open_files(const char *const *paths, size_t count,
                                   const struct capture_options *options, struct error *error);
void capture_close(struct capture *capture); /* accepts NULL */

/* Fills at most `max` frames. Their bytes stay valid until the next call, and as long as someone retains their
 * block. Frame numbers count on over all files, before the filter. On
 * CAPTURE_BROKEN `error` holds "file: byte offset: what is wrong". */
enum capture_result capture_next(struct capture *capture, struct frame *frames, size_t max,
                                 size_t *count, struct error *error);

/* Name of a file by the index that frames carry. */
const char *capture_file_name(const struct capture *capture, size_t file);
struct capture_progress capture_progress(const struct capture *capture);
/* Notes on the way that are no fault, for example stray bytes after the last packet: count and the
 * i-th text; they grow while reading. */
size_t capture_warning_count(const struct capture *capture);
const char *capture_warning(const struct capture *capture, size_t index);

#endif
