/* SPDX-License-Identifier: BSD-3-Clause */
/* Several files as one stream: order, faults between them, folders, filters, pipes. */
#include "unit/test.h"

#include <fcntl.h>
#include <pthread.h>

#include "unit/capture_files.h"
#include "unit/frame_bytes.h"

enum { SET_MAX = 8 };

struct set {
    char paths[SET_MAX][PATH_ROOM];
    const char *given[SET_MAX];
    size_t count;
};

static void add_path(struct set *set, const char *path)
{
    snprintf(set->paths[set->count], PATH_ROOM, "%s", path);
    set->given[set->count] = set->paths[set->count];
    set->count++;
}

static void add_file(struct set *set, struct capture_folder *folder, const char *name,
                     struct file_bytes *f)
{
    write_file(folder, name, f);
    add_path(set, folder->file);
}

static void add_letters(struct set *set, struct capture_folder *folder, const char *name,
                        uint32_t seconds, const char *letters)
{
    struct file_bytes f = {0};
    add_pcap(&f, seconds, letters);
    add_file(set, folder, name, &f);
}

static void read_set(struct captured *all, const struct set *set)
{
    const struct capture_options options = {0};
    capture_all(all, set->given, set->count, &options, FRAMES_KEPT);
}

/* ---- order ------------------------------------------------------------------------------------------------- */

static void files_come_in_the_order_of_their_first_packet(void **state)
{
    struct capture_folder *folder = *state;
    struct set set = {.count = 0};
    struct captured all;

    add_letters(&set, folder, "1.pcap", 300, "ef");
    add_letters(&set, folder, "2.pcap", 100, "ab");
    add_letters(&set, folder, "3.pcap", 200, "cd");
    read_set(&all, &set);
    assert_string_equal(all.first_bytes, "abcdef");
    for (uint64_t i = 0; i < 6; i++)
        assert_int_equal(all.frames[i].number, i + 1);
    assert_int_equal(all.frames[1].file, 0);
    assert_int_equal(all.frames[2].file, 1);
    assert_int_equal(all.frames[5].file, 2);
    assert_int_equal(all.progress.file_count, 3);
    assert_int_equal(all.progress.file, 3);
    assert_int_equal(all.progress.bytes_read, 3 * (24 + 2 * 17));
    assert_int_equal(all.progress.bytes_total, 3 * (24 + 2 * 17));
}

static void ties_stay_as_they_were_named_and_formats_mix(void **state)
{
    struct capture_folder *folder = *state;
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;

    add_letters(&set, folder, "z.pcap", 100, "a");
    add_section(&f);
    add_interface_block(&f, 113, 0, VIEW(""));
    add_packet_block(&f, 0, UINT64_C(100000000), 1, VIEW("b"));
    add_file(&set, folder, "y.pcapng", &f);
    add_letters(&set, folder, "x.pcap", 100, "c");
    read_set(&all, &set);
    assert_string_equal(all.first_bytes, "abc");
    assert_int_equal(all.frames[1].link_type, 113);
    assert_int_equal(all.frames[2].link_type, 1);
}

static void names_belong_to_the_indexes_that_frames_carry(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    struct set set = {.count = 0};
    struct error error;

    add_letters(&set, folder, "late.pcap", 200, "b");
    add_letters(&set, folder, "early.pcap", 100, "a");
    struct capture *capture = capture_open_files(set.given, set.count, &options, &error);
    assert_non_null(capture);
    assert_string_equal(capture_file_name(capture, 0), set.paths[1]);
    assert_string_equal(capture_file_name(capture, 1), set.paths[0]);
    assert_string_equal(capture_file_name(capture, 2), "");
    capture_close(capture);
    capture_close(NULL);
}

/* A ring of files as tcpdump -C writes it: a connection that goes on in the next file. */
static void a_flow_goes_on_over_the_border_of_rotated_files(void **state)
{
    static const char *const names[] = {"ring.pcap2", "ring.pcap0", "ring.pcap1"};
    static const uint32_t parts[] = {2, 0, 1};
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    struct decoded *r = decoded_new(&(struct decode_options){0});
    struct frame frames[FRAMES_KEPT];
    struct set set = {.count = 0};
    struct frame_bytes b;
    struct error error;
    char text[16] = "";
    size_t count;

    for (size_t i = 0; i < 3; i++) {
        struct file_bytes f = {0};
        add_pcap_header(&f, PCAP_MICRO, LINK_RAW);
        for (uint32_t k = 0; k < 2; k++) {
            uint8_t letter = (uint8_t)('a' + parts[i] * 2 + k);
            frame_begin(&b, view_make(&letter, 1));
            wrap_tcp(&b, 1111, 80, TCP_ACK, VIEW(""));
            wrap_ipv4(&b, IP_TCP);
            add_pcap_record(&f, 100 + parts[i] * 10 + k, 0, (uint32_t)frame_view(&b).len,
                            frame_view(&b));
        }
        add_file(&set, folder, names[i], &f);
    }
    struct capture *capture = capture_open_files(set.given, set.count, &options, &error);
    while (capture_next(capture, frames, FRAMES_KEPT, &count, &error) == CAPTURE_FRAMES) {
        for (size_t i = 0; i < count; i++) {
            r->count = 0;
            decoder_frame(r->decoder, &frames[i]);
            assert_int_equal(r->count, 1);
            assert_int_equal(r->packets[0].src_port, 1111);
            strncat(text, (const char *)r->packets[0].payload, 1);
        }
    }
    assert_string_equal(text, "abcdef");
    assert_int_equal(r->stats->pkts, 6);
    capture_close(capture);
    decoded_free(r);
}

static void bytes_of_mapped_files_stay_until_the_capture_is_closed(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    struct set set = {.count = 0};
    struct frame first, other;
    struct error error;
    size_t count;

    add_letters(&set, folder, "1.pcap", 100, "a");
    add_letters(&set, folder, "2.pcap", 200, "b");
    struct capture *capture = capture_open_files(set.given, set.count, &options, &error);
    assert_int_equal(capture_next(capture, &first, 1, &count, &error), CAPTURE_FRAMES);
    assert_true(capture_is_stable(capture));
    assert_int_equal(capture_next(capture, &other, 1, &count, &error), CAPTURE_FRAMES);
    assert_int_equal(capture_next(capture, &other, 1, &count, &error), CAPTURE_END);
    assert_true(capture_is_stable(capture));
    assert_int_equal(first.data[0], 'a');
    capture_close(capture);
}

/* ---- faults -------------------------------------------------------------------------------------------------- */

static void a_fault_in_one_file_does_not_stop_the_others(void **state)
{
    struct capture_folder *folder = *state;
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;
    char text[PATH_ROOM + 100];

    add_pcap(&f, 100, "abX");
    f.len -= 5;
    add_file(&set, folder, "cut.pcap", &f);
    add_letters(&set, folder, "good.pcap", 200, "cd");
    name_file(folder, "nowhere.pcap");
    add_path(&set, folder->file);
    read_set(&all, &set);
    assert_string_equal(all.first_bytes, "abcd");
    assert_int_equal(all.frames[3].number, 4);
    assert_int_equal(all.fault_count, 2);
    snprintf(text, sizeof(text), "%s: byte 0: cannot be opened: No such file or directory",
             set.paths[2]);
    assert_string_equal(all.faults[0], text); /* of no known time: the first */
    snprintf(text, sizeof(text), "%s: byte 58: the file is cut within a packet", set.paths[0]);
    assert_string_equal(all.faults[1], text);
}

static void an_unknown_link_type_is_told_of_each_file(void **state)
{
    struct capture_folder *folder = *state;
    struct set set = {.count = 0};
    struct captured all;

    for (uint32_t i = 0; i < 2; i++) {
        struct file_bytes f = {0};
        add_pcap_header(&f, PCAP_MICRO, 189);
        add_pcap_record(&f, i, 0, 1, VIEW("u"));
        add_file(&set, folder, i ? "1.pcap" : "0.pcap", &f);
    }
    add_letters(&set, folder, "2.pcap", 100, "a");
    read_set(&all, &set);
    assert_string_equal(all.first_bytes, "uua");
    assert_int_equal(all.fault_count, 2);
}

static void nothing_to_read_is_an_error(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    const char *path = folder->path;
    struct error error;

    assert_null(capture_open_files(&path, 1, &options, &error)); /* an empty folder */
    assert_string_equal(error.text, "there is no capture to read");
    assert_null(capture_open_files(NULL, 0, &options, &error));
    assert_string_equal(error.text, "there is no capture to read");
}

/* ---- folders --------------------------------------------------------------------------------------------- */

static void a_folder_gives_its_captures_and_passes_over_the_rest(void **state)
{
    struct capture_folder *folder = *state;
    struct capture_options options = {0};
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;
    const char *path = folder->path;
    char text[PATH_ROOM + 100];

    add_letters(&set, folder, "b.pcap", 100, "b");
    add_letters(&set, folder, "a.pcap", 200, "c");
    add_letters(&set, folder, ".hidden.pcap", 300, "h");
    name_file(folder, "deeper");
    assert_int_equal(mkdir(folder->file, 0700), 0);
    add_letters(&set, folder, "deeper/a.pcap", 50, "a");
    add_bytes(&f, VIEW("not a capture"));
    write_file(folder, "README", &f);
    capture_all(&all, &path, 1, &options, FRAMES_KEPT);
    assert_string_equal(all.first_bytes, "bc");
    assert_int_equal(all.fault_count, 0);
    assert_int_equal(all.warning_count, 1);
    snprintf(text, sizeof(text), "%s: not a capture: skipped", folder->file);
    assert_string_equal(all.warnings[0], text);
    options.recurse = true;
    capture_all(&all, &path, 1, &options, FRAMES_KEPT);
    assert_string_equal(all.first_bytes, "abc");
}

/* ---- filters --------------------------------------------------------------------------------------------- */

static void add_sample(struct file_bytes *f, uint32_t seconds, uint16_t port, uint16_t type)
{
    struct frame_bytes b;
    frame_begin(&b, VIEW("hello"));
    wrap_udp(&b, 1111, port);
    wrap_ipv4(&b, IP_UDP);
    if (type != 0)
        wrap_ethernet(&b, type);
    add_pcap_record(f, seconds, 0, (uint32_t)frame_view(&b).len, frame_view(&b));
}

static void a_filter_keeps_what_it_says_on_every_link_and_numbers_count_on(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {.filter = "udp port 53"};
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;

    add_pcap_header(&f, PCAP_MICRO, 1);
    add_sample(&f, 1, 80, 0x0800);
    add_sample(&f, 2, 53, 0x0800);
    add_file(&set, folder, "ethernet.pcap", &f);
    add_pcap_header(&f, PCAP_MICRO, 101);
    add_sample(&f, 3, 80, 0);
    add_sample(&f, 4, 53, 0);
    add_sample(&f, 5, 80, 0);
    add_file(&set, folder, "raw.pcap", &f);
    for (size_t max = 1; max < 4; max++) {
        capture_all(&all, set.given, set.count, &options, max);
        assert_int_equal(all.count, 2);
        assert_int_equal(all.frames[0].number, 2);
        assert_int_equal(all.frames[1].number, 4);
        assert_int_equal(all.frames[1].link_type, 101);
        assert_int_equal(all.fault_count + all.warning_count, 0);
    }
}

static void a_filter_that_is_wrong_is_an_error(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {.filter = "udp prot 53"};
    struct set set = {.count = 0};
    struct error error = {{0}};

    add_letters(&set, folder, "a.pcap", 100, "a");
    assert_null(capture_open_files(set.given, set.count, &options, &error));
    assert_true(strncmp(error.text, "filter 'udp prot 53': ", 22) == 0);
    assert_true(strlen(error.text) > 22);
}

static void a_filter_that_a_link_cannot_have_is_told(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {.filter = "udp port 53"};
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;

    add_pcap_header(&f, PCAP_MICRO, 189); /* USB has no UDP */
    for (uint32_t i = 0; i < 3; i++)
        add_pcap_record(&f, i, 0, 1, VIEW("u"));
    add_file(&set, folder, "usb.pcap", &f);
    capture_all(&all, set.given, set.count, &options, FRAMES_KEPT);
    assert_int_equal(all.count, 0);
    assert_int_equal(all.fault_count, 1); /* though no frame of the file is handed on */
    assert_non_null(strstr(all.faults[0], "link type 189 (USB) cannot be decoded"));
    assert_int_equal(all.warning_count, 1);
    assert_non_null(strstr(all.warnings[0], "link type 189: filter 'udp port 53': "));
}

/* ---- pipes --------------------------------------------------------------------------------------------------- */

struct writer {
    const char *path;
    struct file_bytes bytes;
};

/* In small pieces, so that the reader finds half a packet. */
static void *write_pipe(void *argument)
{
    struct writer *writer = argument;
    int fd = open(writer->path, O_WRONLY);
    for (size_t at = 0; fd >= 0 && at < writer->bytes.len; at += 5) {
        struct view piece =
            view_slice(view_make(writer->bytes.data, writer->bytes.len), at, at + 5);
        if (write(fd, piece.data, piece.len) != (ssize_t)piece.len)
            break;
    }
    close(fd);
    return NULL;
}

static void a_named_pipe_is_read_as_it_comes(void **state)
{
    struct capture_folder *folder = *state;
    struct writer writer = {0};
    struct captured all;
    pthread_t thread;

    name_file(folder, "pipe");
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    writer.path = folder->file;
    add_pcap(&writer.bytes, 100, "abcdefgh");
    add_bytes(&writer.bytes, VIEW("cut"));
    assert_int_equal(pthread_create(&thread, NULL, write_pipe, &writer), 0);
    capture_one(&all, folder->file);
    pthread_join(thread, NULL);
    assert_string_equal(all.first_bytes, "abcdefgh");
    assert_int_equal(all.progress.bytes_total, 0);
    assert_int_equal(all.fault_count, 0);
    assert_int_equal(all.warning_count, 1);
    assert_about(folder, all.warnings[0], "byte 160: 3 stray byte(s) after the last packet");
    forget_bytes(&writer.bytes);
}

static void standard_input_is_named_by_a_dash(void **state)
{
    struct capture_folder *folder = *state;
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;

    add_letters(&set, folder, "late.pcap", 300, "x");
    add_path(&set, "-");
    add_letters(&set, folder, "early.pcap", 100, "y");
    add_pcap(&f, 200, "ab");
    f.len -= 9;
    write_file(folder, "input.pcap", &f);
    int saved = dup(STDIN_FILENO), fd = open(folder->file, O_RDONLY);
    assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) >= 0);
    read_set(&all, &set);
    if (saved >= 0)
        dup2(saved, STDIN_FILENO);
    close(saved);
    close(fd);
    assert_string_equal(all.first_bytes, "xay"); /* it cannot be looked into: all as named */
    assert_int_equal(all.fault_count, 1);
    assert_string_equal(all.faults[0], "standard input: byte 41: the file is cut within a packet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURE_TEST(files_come_in_the_order_of_their_first_packet),
        CAPTURE_TEST(ties_stay_as_they_were_named_and_formats_mix),
        CAPTURE_TEST(names_belong_to_the_indexes_that_frames_carry),
        CAPTURE_TEST(a_flow_goes_on_over_the_border_of_rotated_files),
        CAPTURE_TEST(bytes_of_mapped_files_stay_until_the_capture_is_closed),
        CAPTURE_TEST(a_fault_in_one_file_does_not_stop_the_others),
        CAPTURE_TEST(an_unknown_link_type_is_told_of_each_file),
        CAPTURE_TEST(nothing_to_read_is_an_error),
        CAPTURE_TEST(a_folder_gives_its_captures_and_passes_over_the_rest),
        CAPTURE_TEST(a_filter_keeps_what_it_says_on_every_link_and_numbers_count_on),
        CAPTURE_TEST(a_filter_that_is_wrong_is_an_error),
        CAPTURE_TEST(a_filter_that_a_link_cannot_have_is_told),
        CAPTURE_TEST(a_named_pipe_is_read_as_it_comes),
        CAPTURE_TEST(standard_input_is_named_by_a_dash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
