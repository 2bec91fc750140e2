/* SPDX-License-Identifier: BSD-3-Clause */
/* Several files as one stream: order, faults between them, folders, filters. */
#include "unit/test.h"

#include "unit/capture_files.h"
#include "unit/frame_bytes.h"

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

static void bytes_of_a_retained_block_stay(void **state)
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
    assert_true(block_holds(first.block, first.data, first.len));
    block_retain(first.block);
    assert_int_equal(capture_next(capture, &other, 1, &count, &error), CAPTURE_FRAMES);
    assert_ptr_not_equal(first.block, other.block);
    assert_int_equal(capture_next(capture, &other, 1, &count, &error), CAPTURE_END);
    capture_close(capture);
    assert_int_equal(first.data[0], 'a');
    block_release(first.block);
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
    f.len -= 1;
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

static void every_unknown_link_type_is_told_once(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    struct file_bytes f = {0};
    struct captured all;
    char text[128];

    add_section(&f);
    add_interface_block(&f, 189, 0, VIEW(""));
    add_interface_block(&f, 147, 0, VIEW(""));
    add_interface_block(&f, 1, 0, VIEW(""));
    size_t place = f.len;
    for (uint32_t i = 0; i < 30; i++)
        add_packet_block(&f, i % 3, i, 1, VIEW("x"));
    write_file(folder, "a.pcapng", &f);
    const char *path = folder->file;
    for (size_t max = 1; max < 40; max += 13) {
        capture_all(&all, &path, 1, &options, max);
        assert_int_equal(all.count, 30);
        assert_int_equal(all.frames[29].number, 30);
        assert_int_equal(all.fault_count, 2);
        snprintf(text, sizeof(text),
                 "byte %zu: link type 189 (USB with Linux header) cannot be decoded", place);
        assert_about(folder, all.faults[0], text);
        snprintf(text, sizeof(text), "byte %zu: link type 147 (unknown) cannot be decoded",
                 place + 36);
        assert_about(folder, all.faults[1], text);
    }
}

static void nothing_to_read_is_an_error(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    const char *path = folder->path;
    struct error error;

    assert_null(capture_open_files(&path, 1, &options, &error)); /* an empty folder */
    assert_string_equal(error.text, "there is no capture to read");
    struct file_bytes f = {0};
    char text[PATH_ROOM + 128];
    add_bytes(&f, VIEW("notes"));
    write_file(folder, "notes.txt", &f);
    assert_null(capture_open_files(&path, 1, &options, &error)); /* and why is told */
    snprintf(text, sizeof(text),
             "there is no capture to read: %s: byte 0: not a capture file (it begins with 6e 6f 74 "
             "65): passed over (1 passed over)",
             folder->file);
    assert_string_equal(error.text, text);
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
    snprintf(text, sizeof(text),
             "%s: byte 0: not a capture file (it begins with 6e 6f 74 20): passed over",
             folder->file);
    assert_string_equal(all.warnings[0], text);
    options.recurse = true;
    capture_all(&all, &path, 1, &options, FRAMES_KEPT);
    assert_string_equal(all.first_bytes, "abc");
}

static void what_should_be_a_capture_in_a_folder_is_a_fault(void **state)
{
    static const struct {
        const char *name;
        struct view bytes;
        const char *why; /* NULL: passed over with a warning */
    } rows[] = {
        {"a.pcap.xz", VIEW("\xfd\x37zXZ"), "byte 0: this is xz;"},
        {"b.PCAPNG", VIEW("noise"), "byte 0: not a capture file"},
        {"c.pcap12", VIEW(""), "byte 0: the file is empty"},
        {"d", VIEW("\xd4\xc3\xb2\xa1\2\0\4\0"), "byte 0: the file ends within its header"},
        {"e", VIEW("\n\r\r\n\x1c\0\0\0\x4d\x3c"), "byte 0: the file ends within its header"},
        {"e.gz", VIEW("\x1f\x8b\x08\0garbage"), "byte 0: the compressed data is cut off"},
        {"f", VIEW("snoop\0\0\0"), "byte 0: this is a snoop capture"},
        {"g.capital", VIEW("noise"), NULL},
        {"h.xz", VIEW("\xfd\x37zXZ"), NULL},
        {"i", VIEW(""), NULL},
    };
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    const char *path = folder->path;
    struct file_bytes f = {0};
    struct captured all;
    size_t faults = 0;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        add_bytes(&f, rows[i].bytes);
        write_file(folder, rows[i].name, &f);
    }
    add_pcap(&f, 100, "a");
    write_file(folder, "good.pcap", &f);
    capture_all(&all, &path, 1, &options, FRAMES_KEPT);
    assert_string_equal(all.first_bytes, "a");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].why == NULL)
            continue;
        assert_non_null(strstr(all.faults[faults], rows[i].name));
        assert_non_null(strstr(all.faults[faults++], rows[i].why));
    }
    assert_int_equal(all.fault_count, faults);
    assert_int_equal(all.warning_count, 3);
}

static void folders_that_lead_in_circles_are_read_once(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {.recurse = true};
    const char *path = folder->path;
    struct file_bytes f = {0};
    struct captured all;

    add_pcap(&f, 100, "a");
    write_file(folder, "a.pcap", &f);
    name_file(folder, "deeper");
    assert_int_equal(mkdir(folder->file, 0700), 0);
    add_pcap(&f, 200, "b");
    write_file(folder, "deeper/b.pcap", &f);
    for (const char *const *name = (const char *const[]){"p", "q", "deeper/up", NULL}; *name;
         name++) {
        name_file(folder, *name);
        assert_int_equal(symlink(folder->path, folder->file), 0);
    }
    capture_all(&all, &path, 1, &options, FRAMES_KEPT);
    assert_string_equal(all.first_bytes, "ab");
    assert_int_equal(all.fault_count, 0);
    assert_int_equal(all.warning_count, 3);
    assert_non_null(strstr(all.warnings[0], "a folder that was met before: passed over"));
}

static void pipes_in_folders_are_passed_over(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {0};
    const char *path = folder->path;
    struct file_bytes f = {0};
    struct captured all;

    add_pcap(&f, 100, "a");
    write_file(folder, "a.pcap", &f);
    name_file(folder, "pipe.pcap");
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    capture_all(&all, &path, 1, &options, FRAMES_KEPT);
    assert_string_equal(all.first_bytes, "a");
    assert_int_equal(all.warning_count, 1);
    assert_about(folder, all.warnings[0], "not a plain file: passed over");
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

/* nflog has no ports for libpcap. */
static void a_filter_that_a_link_cannot_have_is_a_fault(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {.filter = "udp port 53"};
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;
    struct error error = {{0}};

    add_pcap_header(&f, PCAP_MICRO, 239);
    for (uint32_t i = 0; i < 3; i++)
        add_pcap_record(&f, i, 0, 1, VIEW("n"));
    add_file(&set, folder, "nflog.pcap", &f);
    assert_null(capture_open_files(set.given, set.count, &options, &error));
    assert_true(strncmp(error.text, "filter 'udp port 53': ", 22) == 0); /* it fits nothing here */
    add_pcap_header(&f, PCAP_MICRO, 1);
    add_sample(&f, 9, 53, 0x0800);
    add_file(&set, folder, "ethernet.pcap", &f);
    capture_all(&all, set.given, set.count, &options, FRAMES_KEPT);
    assert_int_equal(all.count, 1);
    assert_int_equal(all.frames[0].number, 4);
    assert_int_equal(all.fault_count, 1);
    assert_non_null(strstr(all.faults[0], "nflog.pcap: byte 24: the filter 'udp port 53' cannot be "
                                          "used on link type 239 ("));
}

static void a_filter_for_another_link_than_ethernet_is_taken(void **state)
{
    struct capture_folder *folder = *state;
    const struct capture_options options = {.filter = "type data"};
    struct set set = {.count = 0};
    struct file_bytes f = {0};
    struct captured all;

    add_pcap_header(&f, PCAP_MICRO, 105);
    add_pcap_record(&f, 1, 0, 30, VIEW("\x80\0abcdefghijklmnopqrstuvwxyz12")); /* a beacon */
    add_pcap_record(&f, 2, 0, 30, VIEW("\x08\0abcdefghijklmnopqrstuvwxyz12"));
    add_file(&set, folder, "wireless.pcap", &f);
    capture_all(&all, set.given, set.count, &options, FRAMES_KEPT);
    assert_int_equal(all.count, 1);
    assert_int_equal(all.frames[0].number, 2);
}

/* libpcap's number of a link type is not always the file's, and loopback frames stand in the file's byte order. */
static void a_filter_knows_links_by_the_number_in_the_file(void **state)
{
    static const struct {
        uint32_t link_type;
        bool is_swapped;
        struct view header;
    } rows[] = {
        {0, false, VIEW("\2\0\0\0")},
        {0, true, VIEW("\0\0\0\2")},
        {100, false, VIEW("\xaa\xaa\3\0\0\0\x08\0")}, /* ATM: 11 there */
        {101, false, VIEW("")},                       /* raw IP: 12 there */
        {108, false, VIEW("\0\0\0\2")},
    };
    struct capture_folder *folder = *state;
    const struct capture_options options = {.filter = "udp port 53"};
    struct captured all;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct file_bytes f = {.is_swapped = rows[i].is_swapped};
        struct frame_bytes b;
        add_pcap_header(&f, PCAP_MICRO, rows[i].link_type);
        for (uint16_t port = 52; port < 54; port++) {
            frame_begin(&b, VIEW("hello"));
            wrap_udp(&b, 1111, port);
            wrap_ipv4(&b, IP_UDP);
            wrap_bytes(&b, rows[i].header);
            add_pcap_record(&f, port, 0, (uint32_t)frame_view(&b).len, frame_view(&b));
        }
        write_file(folder, "a.pcap", &f);
        const char *path = folder->file;
        capture_all(&all, &path, 1, &options, FRAMES_KEPT);
        assert_int_equal(all.fault_count, 0);
        assert_int_equal(all.count, 1);
        assert_int_equal(all.frames[0].number, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURE_TEST(files_come_in_the_order_of_their_first_packet),
        CAPTURE_TEST(ties_stay_as_they_were_named_and_formats_mix),
        CAPTURE_TEST(names_belong_to_the_indexes_that_frames_carry),
        CAPTURE_TEST(a_flow_goes_on_over_the_border_of_rotated_files),
        CAPTURE_TEST(bytes_of_a_retained_block_stay),
        CAPTURE_TEST(a_fault_in_one_file_does_not_stop_the_others),
        CAPTURE_TEST(an_unknown_link_type_is_told_of_each_file),
        CAPTURE_TEST(every_unknown_link_type_is_told_once),
        CAPTURE_TEST(nothing_to_read_is_an_error),
        CAPTURE_TEST(a_folder_gives_its_captures_and_passes_over_the_rest),
        CAPTURE_TEST(what_should_be_a_capture_in_a_folder_is_a_fault),
        CAPTURE_TEST(folders_that_lead_in_circles_are_read_once),
        CAPTURE_TEST(pipes_in_folders_are_passed_over),
        CAPTURE_TEST(a_filter_keeps_what_it_says_on_every_link_and_numbers_count_on),
        CAPTURE_TEST(a_filter_that_is_wrong_is_an_error),
        CAPTURE_TEST(a_filter_that_a_link_cannot_have_is_a_fault),
        CAPTURE_TEST(a_filter_for_another_link_than_ethernet_is_taken),
        CAPTURE_TEST(a_filter_knows_links_by_the_number_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
