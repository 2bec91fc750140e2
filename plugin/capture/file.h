/* SPDX-License-Identifier: BSD-3-Clause */
/* File: frames of one capture file, pcap or pcapng, over a source. */
#ifndef SHRIKE_CAPTURE_FILE_H
#define SHRIKE_CAPTURE_FILE_H

#include "capture/source.h"
#include "packet/decode.h"

enum { INTERFACES_MAX = 65536, STRAY_MAX = 15 };

/* A pcapng interface of the section at hand. */
struct interface {
    unsigned __int128 per_second; /* ticks of a time stamp */
    int64_t offset_s;
    uint32_t snap_length; /* 0: none */
    int link_type;
};

/* A block that is stepped over: it need not be held, but both its lengths are read. */
struct skipped_block {
    uint64_t offset; /* where it began */
    uint64_t left;   /* bytes of it that come, with the four of its second length; 0: none */
    uint32_t length; /* as the first says */
};

enum file_result {
    FILE_FRAME,
    FILE_LATER, /* source.lack says why; ask again */
    FILE_END,
    FILE_STRAY,  /* a few bytes follow the last packet */
    FILE_BROKEN, /* damage */
};

struct capture_file {
    struct source source;
    bool has_begun;  /* its header was read */
    bool is_foreign; /* its first bytes are those of no capture */
    bool is_pcapng, is_swapped;
    size_t taken;    /* bytes of the last frame with its header */
    int64_t time_us; /* of the last packet */
    /* pcap */
    bool is_nano;
    uint16_t minor; /* version 2.minor */
    int link_type;
    /* pcapng */
    struct interface *interfaces;
    size_t interface_count;
    struct skipped_block skipped;
};

/* Opens the file and reads nothing; -1 with `error` set ("file: byte N: what is wrong"). */
int file_open(struct capture_file *file, const char *path, const struct source_room *room,
              struct error *error);
void file_close(struct capture_file *file);
/* The next frame (all but number and file), as far as file->source.effort goes. FILE_STRAY and FILE_BROKEN set
 * `error` and are found again at the next call. */
enum file_result file_next(struct capture_file *file, struct frame *frame, struct error *error);
/* The last frame will be the next one too. Only directly after file_next() gave it. */
void file_unread(struct capture_file *file);

/* ---- between file.c and pcapng.c ---- */

enum file_result pcapng_next(struct capture_file *file, struct frame *frame, struct error *error);

/* FILE_BROKEN with "file: byte offset: what"; what the source says is wrong goes before. */
enum file_result file_broken(const struct capture_file *file, uint64_t offset, struct error *error,
                             const char *what);
/* Fewer bytes than a packet's header has: later, an orderly end, or stray bytes. */
enum file_result file_tail(const struct capture_file *file, struct error *error);
/* Fewer bytes than the header at `offset` promised: later, or a cut. */
enum file_result file_cut(const struct capture_file *file, uint64_t offset, struct error *error,
                          const char *what);

static inline uint16_t file_u16(const struct capture_file *file, const uint8_t *at)
{
    uint16_t number;
    memcpy(&number, at, 2);
    return file->is_swapped ? __builtin_bswap16(number) : number;
}

static inline uint32_t file_u32(const struct capture_file *file, const uint8_t *at)
{
    uint32_t number;
    memcpy(&number, at, 4);
    return file->is_swapped ? __builtin_bswap32(number) : number;
}

static inline uint64_t file_u64(const struct capture_file *file, const uint8_t *at)
{
    uint64_t number;
    memcpy(&number, at, 8);
    return file->is_swapped ? __builtin_bswap64(number) : number;
}

#endif
