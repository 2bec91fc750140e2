/* SPDX-License-Identifier: BSD-3-Clause */
/* Capture files for the tests of capture/: bytes are put together, written under a folder of the test's own, read
 * back through capture_open_files(), and removed with it. */
#ifndef SHRIKE_TESTS_UNIT_CAPTURE_FILES_H
#define SHRIKE_TESTS_UNIT_CAPTURE_FILES_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/block.h"
#include "base/memory.h"
#include "capture/capture.h"

enum { PATH_ROOM = 512, FRAMES_KEPT = 64, FAULTS_KEPT = 8, SET_MAX = 8 };

/* ---- bytes ------------------------------------------------------------------------------------------------ */

struct file_bytes {
    uint8_t *data;
    size_t len, capacity;
    bool is_swapped; /* numbers in the other byte order than this machine's */
};

static inline void add_bytes(struct file_bytes *f, struct view bytes)
{
    if (f->len + bytes.len >= f->capacity) {
        f->capacity = 2 * (f->len + bytes.len) + 64;
        f->data = memory_resize(f->data, f->capacity, 1);
    }
    if (bytes.len > 0)
        memcpy(f->data + f->len, bytes.data, bytes.len);
    f->len += bytes.len;
}

static inline void add_u16(struct file_bytes *f, uint16_t number)
{
    number = f->is_swapped ? __builtin_bswap16(number) : number;
    add_bytes(f, view_make(&number, 2));
}

static inline void add_u32(struct file_bytes *f, uint32_t number)
{
    number = f->is_swapped ? __builtin_bswap32(number) : number;
    add_bytes(f, view_make(&number, 4));
}

static inline void forget_bytes(struct file_bytes *f)
{
    memory_free(f->data);
    *f = (struct file_bytes){.is_swapped = f->is_swapped};
}

/* ---- pcap -------------------------------------------------------------------------------------------------- */

enum { PCAP_MICRO = (int)0xa1b2c3d4, PCAP_NANO = (int)0xa1b23c4d };

static inline void add_pcap_header_of(struct file_bytes *f, int magic, uint16_t major,
                                      uint16_t minor, uint32_t link_type)
{
    add_u32(f, (uint32_t)magic);
    add_u16(f, major);
    add_u16(f, minor);
    add_u32(f, 0);
    add_u32(f, 0);
    add_u32(f, 65535);
    add_u32(f, link_type);
}

static inline void add_pcap_header(struct file_bytes *f, int magic, uint32_t link_type)
{
    add_pcap_header_of(f, magic, 2, 4, link_type);
}

static inline void add_pcap_record(struct file_bytes *f, uint32_t seconds, uint32_t fraction,
                                   uint32_t wire_len, struct view bytes)
{
    add_u32(f, seconds);
    add_u32(f, fraction);
    add_u32(f, (uint32_t)bytes.len);
    add_u32(f, wire_len);
    add_bytes(f, bytes);
}

/* A pcap of Ethernet with one frame a second from `seconds` on, each one letter of `frames`. */
static inline void add_pcap(struct file_bytes *f, uint32_t seconds, const char *frames)
{
    add_pcap_header(f, PCAP_MICRO, 1);
    for (; *frames != '\0'; frames++)
        add_pcap_record(f, seconds++, 0, 1, view_make(frames, 1));
}

/* ---- pcapng ------------------------------------------------------------------------------------------------ */

static inline void add_block(struct file_bytes *f, uint32_t type, const struct file_bytes *body)
{
    uint32_t padding = (4 - (uint32_t)body->len % 4) % 4, len = 12 + (uint32_t)body->len + padding;
    add_u32(f, type);
    add_u32(f, len);
    add_bytes(f, view_make(body->data, body->len));
    add_bytes(f, view_make("\0\0\0", padding));
    add_u32(f, len);
}

static inline void add_section(struct file_bytes *f)
{
    struct file_bytes body = {.is_swapped = f->is_swapped};
    add_u32(&body, 0x1a2b3c4d);
    add_u16(&body, 1);
    add_u16(&body, 0);
    add_u32(&body, 0xffffffff);
    add_u32(&body, 0xffffffff);
    add_block(f, 0x0a0d0d0a, &body);
    forget_bytes(&body);
}

/* `options` are TLVs in the file's byte order. */
static inline void add_interface_block(struct file_bytes *f, uint16_t link_type,
                                       uint32_t snap_length, struct view options)
{
    struct file_bytes body = {.is_swapped = f->is_swapped};
    add_u16(&body, link_type);
    add_u16(&body, 0);
    add_u32(&body, snap_length);
    add_bytes(&body, options);
    add_block(f, 1, &body);
    forget_bytes(&body);
}

static inline void add_packet_block(struct file_bytes *f, uint32_t interface, uint64_t ticks,
                                    uint32_t wire_len, struct view bytes)
{
    struct file_bytes body = {.is_swapped = f->is_swapped};
    add_u32(&body, interface);
    add_u32(&body, (uint32_t)(ticks >> 32));
    add_u32(&body, (uint32_t)ticks);
    add_u32(&body, (uint32_t)bytes.len);
    add_u32(&body, wire_len);
    add_bytes(&body, bytes);
    add_block(f, 6, &body);
    forget_bytes(&body);
}

/* ---- the folder ---------------------------------------------------------------------------------------------- */

struct capture_folder {
    char path[64];
    char file[PATH_ROOM]; /* of the last one written or named */
};

static inline void name_file(struct capture_folder *folder, const char *name)
{
    snprintf(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);
}

/* Writes and forgets the bytes; the path is folder->file. */
static inline void write_file(struct capture_folder *folder, const char *name, struct file_bytes *f)
{
    name_file(folder, name);
    FILE *out = fopen(folder->file, "wb");
    assert_non_null(out);
    if (f->len > 0)
        assert_int_equal(fwrite(f->data, 1, f->len, out), f->len);
    assert_int_equal(fclose(out), 0);
    forget_bytes(f);
}

static inline int make_folder(void **state)
{
    struct capture_folder *folder = memory_new(1, sizeof(*folder));
    snprintf(folder->path, sizeof(folder->path), "/tmp/shrike_capture_XXXXXX");
    *state = folder;
    return mkdtemp(folder->path) == NULL;
}

static inline int remove_entry(const char *path, const struct stat *status, int kind,
                               struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static inline int remove_folder(void **state)
{
    struct capture_folder *folder = *state;
    int rc = nftw(folder->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    memory_free(folder);
    return rc;
}

#define CAPTURE_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

/* ---- what a capture gives -------------------------------------------------------------------------------------- */

struct captured {
    struct frame frames[FRAMES_KEPT]; /* without data, which does not outlive the batch */
    char first_bytes[FRAMES_KEPT + 1];
    size_t count; /* of all frames */
    char faults[FAULTS_KEPT][512];
    size_t fault_count;
    char warnings[FAULTS_KEPT][512];
    size_t warning_count;
    struct capture_progress progress;
};

/* Reads to the end in batches of at most `max` frames. */
static inline void capture_all(struct captured *all, const char *const *paths, size_t count,
                               const struct capture_options *options, size_t max)
{
    struct error error = {{0}};
    struct frame frames[FRAMES_KEPT];
    struct capture *capture = capture_open_files(paths, count, options, &error);
    enum capture_result result;
    size_t got = 0;

    memset(all, 0, sizeof(*all));
    assert_non_null(capture);
    while ((result = capture_next(capture, frames, max, &got, &error)) != CAPTURE_END) {
        if (result == CAPTURE_BROKEN) {
            assert_true(all->fault_count < FAULTS_KEPT);
            snprintf(all->faults[all->fault_count++], sizeof(all->faults[0]), "%s", error.text);
            continue;
        }
        if (result == CAPTURE_IDLE)
            continue;
        assert_int_equal(result, CAPTURE_FRAMES);
        assert_true(got > 0 && got <= max);
        for (size_t i = 0; i < got; i++, all->count++) {
            if (all->count >= FRAMES_KEPT)
                continue;
            all->frames[all->count] = frames[i];
            all->first_bytes[all->count] = frames[i].len ? (char)frames[i].data[0] : '-';
        }
    }
    for (size_t i = 0; i < capture_warning_count(capture) && i < FAULTS_KEPT; i++)
        snprintf(all->warnings[all->warning_count++], sizeof(all->warnings[0]), "%s",
                 capture_warning(capture, i));
    all->progress = capture_progress(capture);
    capture_close(capture);
}

static inline void capture_one(struct captured *all, const char *path)
{
    const struct capture_options options = {0};
    capture_all(all, &path, 1, &options, FRAMES_KEPT);
}

/* ---- several files ---------------------------------------------------------------------------------------- */

struct set {
    char paths[SET_MAX][PATH_ROOM];
    const char *given[SET_MAX];
    size_t count;
};

static inline void add_path(struct set *set, const char *path)
{
    snprintf(set->paths[set->count], PATH_ROOM, "%s", path);
    set->given[set->count] = set->paths[set->count];
    set->count++;
}

static inline void add_file(struct set *set, struct capture_folder *folder, const char *name,
                            struct file_bytes *f)
{
    write_file(folder, name, f);
    add_path(set, folder->file);
}

static inline void add_letters(struct set *set, struct capture_folder *folder, const char *name,
                               uint32_t seconds, const char *letters)
{
    struct file_bytes f = {0};
    add_pcap(&f, seconds, letters);
    add_file(set, folder, name, &f);
}

static inline void read_set(struct captured *all, const struct set *set)
{
    const struct capture_options options = {0};
    capture_all(all, set->given, set->count, &options, FRAMES_KEPT);
}

/* "FILE: what", where FILE is the folder's last file. */
#define assert_about(folder, text, what)                                                           \
    do {                                                                                           \
        char expected_[PATH_ROOM + 512];                                                           \
        snprintf(expected_, sizeof(expected_), "%s: %s", (folder)->file, what);                    \
        assert_string_equal(text, expected_);                                                      \
    } while (0)

#endif
