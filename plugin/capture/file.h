/* SPDX-License-Identifier: BSD-3-Clause */
/* File: frames of one capture file, pcap or pcapng, over a source. */
#ifndef SHRIKE_CAPTURE_FILE_H
#define SHRIKE_CAPTURE_FILE_H

#include "capture/capture.h"
#include "capture/source.h"

enum { INTERFACES_MAX = 4096 };

struct interface {
    int link_type;
    uint32_t snap_length; /* 0: none */
    uint64_t per_second;  /* ticks of a time stamp */
    int64_t offset_s;
};

enum file_result { FILE_FRAME, FILE_END, FILE_STRAY, FILE_BROKEN };

struct capture_file {
    struct source source;
    bool is_pcapng, is_swapped, is_nano;
    int link_type;                /* pcap */
    uint32_t snap_length;         /* pcap */
    struct interface *interfaces; /* pcapng, of the section at hand */
    size_t interface_count;
};

/* Opens and reads the file header; -1 with `error` set ("file: byte N: what is wrong"). */
int file_open(struct capture_file *file, const char *path, struct error *error);
void file_close(struct capture_file *file);
/* The next frame (data, len, wire_len, time_us, link_type). With `may_read` false only what is in memory
 * already is looked at, and FILE_END means "not now". FILE_STRAY: a few bytes follow the last packet;
 * FILE_BROKEN: damage. Both set `error` and end the file. */
enum file_result file_next(struct capture_file *file, bool may_read, struct frame *frame,
                           struct error *error);

#endif
