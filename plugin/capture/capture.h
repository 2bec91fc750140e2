/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture: one interface to every source of frames.
 *
 * Idea       a source is asked for a batch of frames; it answers with up to `max` of them, the end,
 *            or a fault. Files are read by an own reader over mmap (pcap, pcapng: views stay valid
 *            for the whole run) or through read() and libpcap (pipes, compressed files, odd formats).
 * Broken     a file that is cut or damaged yields all frames before the break; then
 *            capture_next() gives CAPTURE_BROKEN once, with file, byte offset and reason.
 * Order      several files are one stream, in order of their first packet's time (ties: as given).
 */
#ifndef SHRIKE_CAPTURE_CAPTURE_H
#define SHRIKE_CAPTURE_CAPTURE_H

#include "base/error.h"
#include "packet/decode.h"

enum capture_result {
    CAPTURE_FRAMES, /* *count frames (at least one) */
    CAPTURE_END,    /* no more */
    CAPTURE_BROKEN, /* a fault in the input; what comes after it can still be read: call again */
};

struct capture_options {
    const char *filter; /* BPF expression; NULL for none */
    bool recurse;       /* folders in folders */
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
 * time; a file that cannot be opened at all is reported later through CAPTURE_BROKEN, not here.
 * NULL with `error` set only when there is nothing to read at all or the filter is wrong. */
struct capture *capture_open_files(const char *const *paths, size_t count,
                                   const struct capture_options *options, struct error *error);
void capture_close(struct capture *capture); /* accepts NULL */

/* Fills at most `max` frames. Their bytes stay valid until the next call, or until capture_close()
 * when capture_is_stable(). Frame numbers count on over all files, before the filter. On
 * CAPTURE_BROKEN `error` holds "file: byte offset: what is wrong". */
enum capture_result capture_next(struct capture *capture, struct frame *frames, size_t max,
                                 size_t *count, struct error *error);

/* All bytes handed out stay valid until capture_close(): the current file is mapped and stays so. */
bool capture_is_stable(const struct capture *capture);

/* Name of a file by the index that frames carry. */
const char *capture_file_name(const struct capture *capture, size_t file);
struct capture_progress capture_progress(const struct capture *capture);
/* Notes on the way that are no fault, for example stray bytes after the last packet: count and the
 * i-th text; they grow while reading. */
size_t capture_warning_count(const struct capture *capture);
const char *capture_warning(const struct capture *capture, size_t index);

#endif
