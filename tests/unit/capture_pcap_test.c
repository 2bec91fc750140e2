/* SPDX-License-Identifier: BSD-3-Clause */
/* The pcap format: both resolutions, both byte orders, and where a file breaks; compressed files. */
#include "unit/test.h"

#include <zlib.h>
#include <zstd.h>

#include "unit/capture_files.h"

/* ---- the format -------------------------------------------------------------------------------------------- */

static void every_magic_is_read(void **state)
{
    static const struct {
        int magic;
        bool is_swapped;
    } rows[] = {{PCAP_MICRO, false}, {PCAP_MICRO, true}, {PCAP_NANO, false}, {PCAP_NANO, true}};
    struct capture_folder *folder = *state;
    struct captured all;

    for (size_t i = 0; i < 4; i++) {
        struct file_bytes f = {.is_swapped = rows[i].is_swapped};
        add_pcap_header(&f, rows[i].magic, 113);
        add_pcap_record(&f, 1700000000, rows[i].magic == PCAP_NANO ? 123456789 : 123456, 90,
                        VIEW("abc"));
        add_pcap_record(&f, 1700000001, 999999, 2, VIEW("de")); /* ns: 999 us */
        write_file(folder, "a.pcap", &f);
        capture_one(&all, folder->file);
        assert_int_equal(all.fault_count + all.warning_count, 0);
        assert_int_equal(all.count, 2);
        assert_string_equal(all.first_bytes, "ad");
        assert_true(all.frames[0].time_us == INT64_C(1700000000123456));
        assert_true(
            all.frames[1].time_us ==
            (rows[i].magic == PCAP_NANO ? INT64_C(1700000001000999) : INT64_C(1700000001999999)));
        assert_int_equal(all.frames[0].len, 3);
        assert_int_equal(all.frames[0].wire_len, 90);
        assert_int_equal(all.frames[0].link_type, 113);
        assert_int_equal(all.frames[0].number, 1);
        assert_int_equal(all.frames[1].number, 2);
        assert_int_equal(all.frames[0].file, 0);
    }
}

static void a_checksum_length_above_the_link_type_is_not_part_of_it(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    add_pcap_header(&f, PCAP_MICRO, 0x24000001);
    add_pcap_record(&f, 1, 0, 1, VIEW("a"));
    write_file(folder, "a.pcap", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.count, 1);
    assert_int_equal(all.frames[0].link_type, 1);
    assert_int_equal(all.fault_count, 0);
}

static void a_wire_length_below_the_captured_one_is_raised_to_it(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    add_pcap_header(&f, PCAP_MICRO, 1);
    add_pcap_record(&f, 1, 0, 0, VIEW("abcd"));
    add_pcap_record(&f, 2, 0, 7, VIEW(""));
    write_file(folder, "a.pcap", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.count, 2);
    assert_int_equal(all.frames[0].wire_len, 4);
    assert_int_equal(all.frames[1].len, 0);
    assert_int_equal(all.frames[1].wire_len, 7);
}

/* As libpcap's sf-pcap.c: before 2.3 the length on the wire comes first, in 2.3 perhaps. */
static void lengths_of_old_versions_stand_as_their_writers_put_them(void **state)
{
    static const struct {
        uint16_t minor;
        bool is_wire_first;
    } rows[] = {{0, true}, {2, true}, {3, true}, {3, false}, {4, false}, {5, false}};
    struct capture_folder *folder = *state;
    struct captured all;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct file_bytes f = {0};
        add_pcap_header_of(&f, PCAP_MICRO, 2, rows[i].minor, 1);
        for (uint32_t k = 0; k < 2; k++) {
            add_u32(&f, 100 + k);
            add_u32(&f, 0);
            add_u32(&f, rows[i].is_wire_first ? 90 : 3);
            add_u32(&f, rows[i].is_wire_first ? 3 : 90);
            add_bytes(&f, VIEW("abc"));
        }
        write_file(folder, "old.pcap", &f);
        capture_one(&all, folder->file);
        assert_int_equal(all.fault_count + all.warning_count, 0);
        assert_string_equal(all.first_bytes, "aa");
        assert_int_equal(all.frames[1].len, 3);
        assert_int_equal(all.frames[1].wire_len, 90);
    }
}

static void a_version_that_is_not_known_is_refused(void **state)
{
    static const uint16_t rows[][2] = {{99, 1}, {3, 4}, {1, 4}};
    struct capture_folder *folder = *state;
    struct captured all;
    char text[100];

    for (size_t i = 0; i < 3; i++) {
        struct file_bytes f = {0};
        add_pcap_header_of(&f, PCAP_MICRO, rows[i][0], rows[i][1], 1);
        add_pcap_record(&f, 1, 0, 1, VIEW("a"));
        write_file(folder, "a.pcap", &f);
        capture_one(&all, folder->file);
        assert_int_equal(all.count, 0);
        assert_int_equal(all.fault_count, 1);
        snprintf(text, sizeof(text), "byte 4: pcap version %u.%u: only 2.x can be read", rows[i][0],
                 rows[i][1]);
        assert_about(folder, all.faults[0], text);
    }
}

static void batches_do_not_change_what_is_read(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    struct file_bytes f = {0};
    struct captured all;

    add_pcap(&f, 100, "abcdefg");
    write_file(folder, "a.pcap", &f);
    const char *path = folder->file;
    for (size_t max = 1; max <= 8; max++) {
        capture_all(&all, &path, 1, &options, max);
        assert_string_equal(all.first_bytes, "abcdefg");
        assert_int_equal(all.frames[6].number, 7);
        assert_int_equal(all.progress.bytes_read, 24 + 7 * 17);
        assert_int_equal(all.progress.bytes_total, 24 + 7 * 17);
    }
}

/* ---- where it breaks ---------------------------------------------------------------------------------------- */

static void a_file_that_is_cut_gives_all_before_the_cut(void **state)
{
    struct capture_folder *folder = *state;
    struct captured all;
    const size_t whole = 24 + 2 * 17;

    for (size_t cut = 1; cut < 17; cut++) {
        struct file_bytes f = {0};
        add_pcap(&f, 100, "abc");
        f.len -= cut;
        write_file(folder, "a.pcap", &f);
        capture_one(&all, folder->file);
        assert_string_equal(all.first_bytes, "ab");
        if (17 - cut < 16) { /* too little to be a packet's beginning */
            char text[80];
            snprintf(text, sizeof(text), "byte 58: %zu stray byte(s) after the last packet",
                     17 - cut);
            assert_int_equal(all.fault_count, 0);
            assert_int_equal(all.warning_count, 1);
            assert_about(folder, all.warnings[0], text);
        } else {
            assert_int_equal(all.fault_count, 1);
            assert_int_equal(all.warning_count, 0);
            assert_about(folder, all.faults[0], "byte 58: the file is cut within a packet");
        }
    }
    assert_int_equal(whole, 58);
}

/* tcpdump's ring begins a file anew, a disk fails: what was not read yet is gone, and that is told. */
static void a_file_that_shrinks_while_it_is_read_is_a_fault(void **state)
{
    enum { FRAMES = 40, FRAME_BYTES = 60000 };
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    struct frame frames[FRAMES_KEPT];
    struct file_bytes f = {0};
    uint8_t *bytes = memory_new(FRAME_BYTES, 1);
    struct error error = {{0}};
    size_t count, read = 0;

    add_pcap_header(&f, PCAP_MICRO, 1);
    for (uint32_t i = 0; i < FRAMES; i++)
        add_pcap_record(&f, i, 0, FRAME_BYTES, view_make(bytes, FRAME_BYTES));
    write_file(folder, "ring.pcap", &f);
    const char *path = folder->file;
    struct capture *capture = capture_open_files(&path, 1, &options, &error);
    assert_int_equal(capture_next(capture, frames, 1, &read, &error), CAPTURE_FRAMES);
    assert_int_equal(truncate(path, 0), 0);
    enum capture_result result;
    while ((result = capture_next(capture, frames, FRAMES_KEPT, &count, &error)) == CAPTURE_FRAMES)
        read += count;
    assert_int_equal(result, CAPTURE_BROKEN);
    assert_in_range(read, 1, FRAMES - 1);
    assert_non_null(strstr(error.text, "the file has become shorter while it was read"));
    assert_int_equal(capture_next(capture, frames, 1, &count, &error), CAPTURE_END);
    capture_close(capture);
    memory_free(bytes);
}

static void a_length_that_cannot_be_is_a_fault_with_its_place(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    add_pcap(&f, 100, "a");
    add_u32(&f, 101);
    add_u32(&f, 0);
    add_u32(&f, 0x7fffffff);
    add_u32(&f, 0x7fffffff);
    add_bytes(&f, VIEW("whatever follows"));
    write_file(folder, "a.pcap", &f);
    capture_one(&all, folder->file);
    assert_string_equal(all.first_bytes, "a");
    assert_int_equal(all.fault_count, 1);
    assert_about(folder, all.faults[0], "byte 41: a packet claims an impossible length");
}

static void what_is_no_capture_is_said_with_its_first_bytes(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    write_file(folder, "empty.pcap", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.count, 0);
    assert_int_equal(all.fault_count, 1);
    assert_about(folder, all.faults[0], "byte 0: the file is empty");
    add_bytes(&f, VIEW("#!/bin/sh\n"));
    write_file(folder, "script", &f);
    capture_one(&all, folder->file);
    assert_about(folder, all.faults[0], "byte 0: not a capture file (it begins with 23 21 2f 62)");
    add_pcap_header(&f, PCAP_MICRO, 1);
    f.len = 23;
    write_file(folder, "short.pcap", &f);
    capture_one(&all, folder->file);
    assert_about(folder, all.faults[0], "byte 0: the file ends within its header");
    name_file(folder, "nowhere.pcap");
    capture_one(&all, folder->file);
    assert_about(folder, all.faults[0], "byte 0: cannot be opened: No such file or directory");
    add_pcap_header(&f, PCAP_MICRO, 1);
    write_file(folder, "header.pcap", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.fault_count + all.warning_count + all.count, 0);
}

static void an_unknown_link_type_is_named_once_and_its_frames_are_given(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    struct file_bytes f = {0};
    struct captured all;

    add_pcap_header(&f, PCAP_MICRO, 189);
    for (uint32_t i = 0; i < 5; i++)
        add_pcap_record(&f, i, 0, 1, VIEW("u"));
    write_file(folder, "usb.pcap", &f);
    const char *path = folder->file;
    capture_all(&all, &path, 1, &options, 2);
    assert_int_equal(all.count, 5);
    assert_int_equal(all.fault_count, 1);
    assert_about(folder, all.faults[0],
                 "byte 24: link type 189 (USB with Linux header) cannot be decoded");
}

/* ---- compressed ---------------------------------------------------------------------------------------------- */

static void gzip_bytes(struct file_bytes *out, const struct file_bytes *in)
{
    z_stream z = {.next_in = in->data, .avail_in = (uInt)in->len};
    uint8_t *room = memory_new(in->len + 1000, 1);

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = room;
    z.avail_out = (uInt)in->len + 1000;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    add_bytes(out, view_make(room, z.total_out));
    deflateEnd(&z);
    memory_free(room);
}

static void zstd_bytes(struct file_bytes *out, const struct file_bytes *in)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t max = ZSTD_compressBound(in->len);
    uint8_t *room = memory_new(max, 1);

    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t len = ZSTD_compress2(context, room, max, in->data, in->len);
    assert_false(ZSTD_isError(len));
    add_bytes(out, view_make(room, len));
    ZSTD_freeCCtx(context);
    memory_free(room);
}

typedef void compress_fn(struct file_bytes *out, const struct file_bytes *in);
static compress_fn *const COMPRESSIONS[] = {gzip_bytes, zstd_bytes};

static void compressed_files_are_read_in_one_part_and_in_several(void **state)
{
    struct capture_folder *folder = *state;
    struct captured all;

    for (size_t i = 0; i < 2; i++) {
        struct file_bytes plain = {0}, packed = {0}, rest = {0};
        add_pcap(&plain, 100, "abc");
        add_pcap_record(&rest, 200, 0, 1, VIEW("d"));
        COMPRESSIONS[i](&packed, &plain);
        COMPRESSIONS[i](&packed, &rest); /* a second member */
        size_t stored = packed.len;
        write_file(folder, "a.pcap.z", &packed);
        capture_one(&all, folder->file);
        assert_int_equal(all.fault_count, 0);
        assert_string_equal(all.first_bytes, "abcd");
        assert_true(all.frames[3].time_us == INT64_C(200000000));
        assert_int_equal(all.progress.bytes_total, stored);
        assert_int_equal(all.progress.bytes_read, stored);
        forget_bytes(&plain);
        forget_bytes(&rest);
    }
}

/* As gzip(1) does it; a member that is begun has to be whole. */
static void what_follows_a_gzip_stream_is_a_warning_or_a_broken_member(void **state)
{
    static const struct {
        struct view tail;
        size_t zeros; /* behind it */
        bool is_fault;
    } rows[] = {
        {VIEW("x"), 0, false},
        {VIEW("\x1f"), 0, false},
        {VIEW("\x1f\x8c"), 0, false},
        {VIEW("\0"), 1000000, false},
        {VIEW("\x1f\x8b"), 0, true},
        {VIEW("\x1f\x8b\x08\0"), 0, true},
        {VIEW("\x1f\x8b\x09\0"), 100, true},
    };
    struct capture_folder *folder = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct file_bytes plain = {0}, packed = {0};
        struct captured all;
        char text[80];
        add_pcap(&plain, 100, "abc");
        gzip_bytes(&packed, &plain);
        add_bytes(&packed, rows[i].tail);
        for (size_t k = 0; k < rows[i].zeros; k++)
            add_bytes(&packed, VIEW("\0"));
        size_t stored = packed.len;
        write_file(folder, "a.pcap.gz", &packed);
        capture_one(&all, folder->file);
        assert_string_equal(all.first_bytes, "abc");
        assert_int_equal(all.fault_count, rows[i].is_fault);
        assert_int_equal(all.warning_count, !rows[i].is_fault);
        snprintf(text, sizeof(text), "%zu byte(s) after the gzip stream are no part of it: ignored",
                 rows[i].tail.len + rows[i].zeros);
        if (!rows[i].is_fault) {
            assert_about(folder, all.warnings[0], text);
            assert_int_equal(all.progress.bytes_read, stored);
        }
        forget_bytes(&plain);
    }
}

/* RFC 8878, 3.1.2; pzstd begins its files so. */
static void zstd_may_begin_with_a_frame_to_be_skipped(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes plain = {0}, packed = {0};
    struct captured all;

    add_pcap(&plain, 100, "abc");
    add_bytes(&packed, VIEW("\x5a\x2a\x4d\x18\x04\0\0\0skip"));
    zstd_bytes(&packed, &plain);
    write_file(folder, "a.pcap.zst", &packed);
    capture_one(&all, folder->file);
    assert_int_equal(all.fault_count, 0);
    assert_string_equal(all.first_bytes, "abc");
    forget_bytes(&plain);
}

static void what_a_broken_compressed_file_held_before_is_given(void **state)
{
    static const char *const faults[] = {"gzip: incorrect data check",
                                         "zstd: Restored data doesn't match checksum"};
    struct capture_folder *folder = *state;
    struct captured all;
    char text[128];

    for (size_t i = 0; i < 2; i++) {
        struct file_bytes plain = {0}, packed = {0};
        add_pcap(&plain, 100, "abc");
        size_t len = plain.len;
        COMPRESSIONS[i](&packed, &plain);
        packed.data[packed.len - (i == 0 ? 8 : 1)] ^= 1; /* its checksum */
        write_file(folder, "a.pcap.z", &packed);
        capture_one(&all, folder->file);
        assert_string_equal(all.first_bytes, "abc");
        assert_int_equal(all.fault_count, 1);
        snprintf(text, sizeof(text), "byte %zu: %s", len, faults[i]);
        assert_about(folder, all.faults[0], text);
        COMPRESSIONS[i](&packed, &plain);
        packed.len -= 4;
        write_file(folder, "cut.pcap.z", &packed);
        capture_one(&all, folder->file);
        assert_string_equal(all.first_bytes, "abc");
        snprintf(text, sizeof(text), "byte %zu: the compressed data is cut off", len);
        assert_int_equal(all.fault_count, 1);
        assert_about(folder, all.faults[0], text);
        forget_bytes(&plain);
    }
}

/* Above what the window over a compressed file holds at once. */
static void a_filter_that_keeps_nothing_reads_a_long_compressed_file_to_its_end(void **state)
{
    enum { FRAMES = 200, FRAME_BYTES = 60000 };
    struct capture_folder *folder = *state;
    const struct capture_options options = {.filter = "udp port 53"};
    struct file_bytes plain = {0}, packed = {0};
    uint8_t *frame = memory_new(FRAME_BYTES, 1);
    struct captured all;

    add_pcap_header(&plain, PCAP_MICRO, 1);
    for (uint32_t i = 0; i < FRAMES; i++)
        add_pcap_record(&plain, i, 0, FRAME_BYTES, view_make(frame, FRAME_BYTES));
    memcpy(frame,
           "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0\x45\0\0\x1c\0\1\0\0\x40\x11\0\0"
           "\x0a\0\0\x01\x0a\0\0\x02\x10\0\x00\x35\0\x08\0\0",
           42);
    add_pcap_record(&plain, FRAMES, 0, 42, view_make(frame, 42));
    gzip_bytes(&packed, &plain);
    write_file(folder, "long.pcap.gz", &packed);
    const char *path = folder->file;
    capture_all(&all, &path, 1, &options, FRAMES_KEPT);
    assert_int_equal(all.fault_count, 0);
    assert_int_equal(all.count, 1);
    assert_int_equal(all.frames[0].number, FRAMES + 1);
    forget_bytes(&plain);
    memory_free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURE_TEST(every_magic_is_read),
        CAPTURE_TEST(a_checksum_length_above_the_link_type_is_not_part_of_it),
        CAPTURE_TEST(a_wire_length_below_the_captured_one_is_raised_to_it),
        CAPTURE_TEST(lengths_of_old_versions_stand_as_their_writers_put_them),
        CAPTURE_TEST(a_version_that_is_not_known_is_refused),
        CAPTURE_TEST(batches_do_not_change_what_is_read),
        CAPTURE_TEST(a_file_that_shrinks_while_it_is_read_is_a_fault),
        CAPTURE_TEST(a_file_that_is_cut_gives_all_before_the_cut),
        CAPTURE_TEST(a_length_that_cannot_be_is_a_fault_with_its_place),
        CAPTURE_TEST(what_is_no_capture_is_said_with_its_first_bytes),
        CAPTURE_TEST(an_unknown_link_type_is_named_once_and_its_frames_are_given),
        CAPTURE_TEST(compressed_files_are_read_in_one_part_and_in_several),
        CAPTURE_TEST(what_follows_a_gzip_stream_is_a_warning_or_a_broken_member),
        CAPTURE_TEST(zstd_may_begin_with_a_frame_to_be_skipped),
        CAPTURE_TEST(what_a_broken_compressed_file_held_before_is_given),
        CAPTURE_TEST(a_filter_that_keeps_nothing_reads_a_long_compressed_file_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
