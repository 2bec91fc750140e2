/* SPDX-License-Identifier: BSD-3-Clause */
/* The pcapng format: sections, interfaces with clocks of their own, kinds of packet block, damage. */
#include "unit/test.h"

#include "unit/capture_files.h"

/* A pcapng with one Ethernet interface in microseconds. */
static void begin_pcapng(struct file_bytes *f)
{
    add_section(f);
    add_interface_block(f, 1, 0, VIEW(""));
}

static void both_byte_orders_are_read(void **state)
{
    struct capture_folder *folder = *state;
    struct captured all;

    for (int is_swapped = 0; is_swapped < 2; is_swapped++) {
        struct file_bytes f = {.is_swapped = is_swapped};
        begin_pcapng(&f);
        add_packet_block(&f, 0, UINT64_C(1700000000123456), 90, VIEW("abc"));
        add_packet_block(&f, 0, UINT64_C(1700000001000000), 1, VIEW("d"));
        write_file(folder, "a.pcapng", &f);
        capture_one(&all, folder->file);
        assert_int_equal(all.fault_count + all.warning_count, 0);
        assert_string_equal(all.first_bytes, "ad");
        assert_true(all.frames[0].time_us == INT64_C(1700000000123456));
        assert_int_equal(all.frames[0].len, 3);
        assert_int_equal(all.frames[0].wire_len, 90);
        assert_int_equal(all.frames[0].link_type, 1);
        assert_int_equal(all.frames[1].number, 2);
    }
}

static void every_interface_has_its_link_type_and_its_clock(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    add_section(&f);
    add_interface_block(&f, 1, 0, VIEW(""));
    add_interface_block(&f, 113, 0, VIEW("\x09\x00\x01\x00\x09\0\0\0\0\0\0\0")); /* nanoseconds */
    add_interface_block(&f, 101, 0, VIEW("\x09\x00\x01\x00\x03\0\0\0"));         /* milliseconds */
    add_interface_block(&f, 276, 0, VIEW("\x09\x00\x01\x00\x8a\0\0\0"));         /* 1/1024 s */
    add_interface_block(&f, 1, 0, /* seconds, and an offset of a thousand of them; behind a name */
                        VIEW("\x02\x00\x03\x00"
                             "en0\0\x09\x00\x01\x00\x00\0\0\0"
                             "\x0e\x00\x08\x00\xe8\x03\0\0\0\0\0\0\0\0\0\0"));
    add_packet_block(&f, 0, UINT64_C(1500000), 1, VIEW("a"));
    add_packet_block(&f, 1, UINT64_C(1700000000123456789), 1, VIEW("b"));
    add_packet_block(&f, 2, UINT64_C(1700000000123), 1, VIEW("c"));
    add_packet_block(&f, 3, UINT64_C(5) << 10 | 512, 1, VIEW("d"));
    add_packet_block(&f, 4, 7, 1, VIEW("e"));
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.fault_count, 0);
    assert_string_equal(all.first_bytes, "abcde");
    assert_true(all.frames[0].time_us == INT64_C(1500000));
    assert_true(all.frames[1].time_us == INT64_C(1700000000123456));
    assert_true(all.frames[2].time_us == INT64_C(1700000000123000));
    assert_true(all.frames[3].time_us == INT64_C(5500000));
    assert_true(all.frames[4].time_us == INT64_C(1007000000));
    assert_int_equal(all.frames[1].link_type, 113);
    assert_int_equal(all.frames[2].link_type, 101);
    assert_int_equal(all.frames[3].link_type, 276);
}

static void simple_and_obsolete_blocks_are_packets_too(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0}, body = {0};
    struct captured all;

    add_section(&f);
    add_interface_block(&f, 1, 4, VIEW("")); /* a snap length of four */
    add_u32(&body, 9);
    add_bytes(&body, VIEW("simp"));
    add_block(&f, 3, &body);
    forget_bytes(&body);
    add_u32(&body, 2); /* shorter than the snap length: two bytes of padding */
    add_bytes(&body, VIEW("ti\0\0"));
    add_block(&f, 3, &body);
    forget_bytes(&body);
    add_u16(&body, 0); /* interface */
    add_u16(&body, 3); /* drops */
    add_u32(&body, 0);
    add_u32(&body, 2000001);
    add_u32(&body, 3);
    add_u32(&body, 8);
    add_bytes(&body, VIEW("old"));
    add_block(&f, 2, &body);
    forget_bytes(&body);
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.fault_count, 0);
    assert_string_equal(all.first_bytes, "sto");
    assert_int_equal(all.frames[0].len, 4);
    assert_int_equal(all.frames[0].wire_len, 9);
    assert_true(all.frames[0].time_us == 0);
    assert_int_equal(all.frames[1].len, 2);
    assert_int_equal(all.frames[2].len, 3);
    assert_int_equal(all.frames[2].wire_len, 8);
    assert_true(all.frames[2].time_us == INT64_C(2000001));
}

/* It has none of its own; at any other time flows would end around it. */
static void a_simple_packet_comes_at_the_time_of_the_last_one(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0}, body = {0};
    struct captured all;

    begin_pcapng(&f);
    add_packet_block(&f, 0, UINT64_C(1700000000123456), 1, VIEW("a"));
    add_u32(&body, 4);
    add_bytes(&body, VIEW("simp"));
    add_block(&f, 3, &body);
    forget_bytes(&body);
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_string_equal(all.first_bytes, "as");
    assert_true(all.frames[1].time_us == INT64_C(1700000000123456));
}

static void add_zeros(struct file_bytes *f, size_t count)
{
    uint8_t *zeros = memory_new(count, 1);
    add_bytes(f, view_make(zeros, count));
    memory_free(zeros);
}

static void blocks_of_any_length_are_stepped_over_and_large_packets_read(void **state)
{
    enum { LARGE = 5 * 1024 * 1024 };
    struct capture_folder *folder = *state;
    struct file_bytes f = {0}, body = {0}, packet = {0};
    struct captured all;

    begin_pcapng(&f);
    add_zeros(&body, LARGE);
    for (int i = 0; i < 4; i++) /* together more than is held at once */
        add_block(&f, 10, &body);
    add_bytes(&packet, VIEW("p"));
    add_zeros(&packet, LARGE);
    add_packet_block(&f, 0, 1, LARGE + 1, view_make(packet.data, packet.len));
    add_packet_block(&f, 0, 2, 1, VIEW("a"));
    add_block(&f, 0xbad, &body);
    size_t place = f.len;
    add_block(&f, 0xbad, &body);
    f.data[f.len - 2] ^= 1;
    add_packet_block(&f, 0, 2, 1, VIEW("b"));
    forget_bytes(&body);
    forget_bytes(&packet);
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_string_equal(all.first_bytes, "pa");
    assert_int_equal(all.frames[0].len, LARGE + 1);
    assert_int_equal(all.fault_count, 1);
    char text[100];
    snprintf(text, sizeof(text), "byte %zu: the two lengths of a block differ", place);
    assert_about(folder, all.faults[0], text);
}

static void blocks_that_are_no_packets_are_stepped_over(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0}, body = {0};
    struct captured all;

    begin_pcapng(&f);
    add_bytes(&body, VIEW("names, statistics, secrets of TLS"));
    add_block(&f, 4, &body);
    add_block(&f, 5, &body);
    add_block(&f, 10, &body);
    add_block(&f, 0x80000001, &body);
    add_packet_block(&f, 0, 1, 1, VIEW("a"));
    add_block(&f, 5, &body);
    forget_bytes(&body);
    add_block(&f, 0xbad, &body); /* shorter than any packet, and the last */
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.fault_count + all.warning_count, 0);
    assert_string_equal(all.first_bytes, "a");
}

static void a_new_section_forgets_the_interfaces_and_may_change_the_order(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    begin_pcapng(&f);
    add_packet_block(&f, 0, 1, 1, VIEW("a"));
    f.is_swapped = true;
    add_section(&f);
    add_interface_block(&f, 113, 0, VIEW(""));
    add_packet_block(&f, 0, 2, 1, VIEW("b"));
    f.is_swapped = false;
    add_section(&f);
    size_t place = f.len;
    add_packet_block(&f, 0, 3, 1, VIEW("c")); /* of an interface that is not there */
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_string_equal(all.first_bytes, "ab");
    assert_int_equal(all.frames[0].link_type, 1);
    assert_int_equal(all.frames[1].link_type, 113);
    assert_true(all.frames[1].time_us == 2);
    assert_int_equal(all.fault_count, 1);
    char text[100];
    snprintf(text, sizeof(text), "byte %zu: a packet block that contradicts itself", place);
    assert_about(folder, all.faults[0], text);
}

static void one_unknown_link_type_does_not_hide_the_other_interfaces(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    begin_pcapng(&f);
    add_interface_block(&f, 189, 0, VIEW(""));
    add_packet_block(&f, 0, 1, 1, VIEW("a"));
    size_t place = f.len;
    add_packet_block(&f, 1, 2, 1, VIEW("u"));
    add_packet_block(&f, 1, 3, 1, VIEW("v"));
    add_packet_block(&f, 0, 4, 1, VIEW("b"));
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_string_equal(all.first_bytes, "auvb");
    assert_int_equal(all.fault_count, 1);
    char text[100];
    snprintf(text, sizeof(text),
             "byte %zu: link type 189 (USB with Linux header) cannot be decoded", place);
    assert_about(folder, all.faults[0], text);
}

static void a_file_that_is_cut_gives_all_before_the_cut(void **state)
{
    struct capture_folder *folder = *state;
    struct captured all;
    char text[100];

    for (size_t cut = 1; cut < 36; cut++) {
        struct file_bytes f = {0};
        begin_pcapng(&f);
        add_packet_block(&f, 0, 1, 1, VIEW("a"));
        size_t place = f.len;
        add_packet_block(&f, 0, 2, 1, VIEW("b"));
        f.len -= cut;
        size_t left = f.len - place;
        write_file(folder, "a.pcapng", &f);
        capture_one(&all, folder->file);
        assert_string_equal(all.first_bytes, "a");
        if (left < 16) { /* shorter than any packet block */
            assert_int_equal(all.fault_count, 0);
            assert_int_equal(all.warning_count, 1);
            snprintf(text, sizeof(text), "byte %zu: %zu stray byte(s) after the last packet", place,
                     left);
            assert_about(folder, all.warnings[0], text);
        } else {
            assert_int_equal(all.fault_count, 1);
            snprintf(text, sizeof(text), "byte %zu: the file is cut within a block", place);
            assert_about(folder, all.faults[0], text);
        }
    }
}

static void damage_is_told_with_its_place(void **state)
{
    static const struct {
        size_t at; /* from the second packet block */
        uint32_t value;
        const char *what;
    } rows[] = {
        {4, 8, "a block claims an impossible length"},
        {4, 0x7fffffff, "a block claims an impossible length"},
        {8, 1, "a packet block that contradicts itself"},   /* an interface that is not there */
        {20, 99, "a packet block that contradicts itself"}, /* more bytes than the block has */
        {32, 40, "the two lengths of a block differ"},
    };
    struct capture_folder *folder = *state;
    struct captured all;
    char text[100];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct file_bytes f = {0};
        begin_pcapng(&f);
        add_packet_block(&f, 0, 1, 1, VIEW("a"));
        size_t place = f.len;
        add_packet_block(&f, 0, 2, 1, VIEW("b"));
        memcpy(f.data + place + rows[i].at, &rows[i].value, 4);
        write_file(folder, "a.pcapng", &f);
        capture_one(&all, folder->file);
        assert_string_equal(all.first_bytes, "a");
        assert_int_equal(all.fault_count, 1);
        snprintf(text, sizeof(text), "byte %zu: %s", place, rows[i].what);
        assert_about(folder, all.faults[0], text);
    }
}

static void a_section_must_say_its_order_and_version(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    begin_pcapng(&f);
    f.data[8] ^= 1;
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.fault_count, 1);
    assert_about(folder, all.faults[0], "byte 0: a section header without its byte-order mark");
    begin_pcapng(&f);
    f.data[12] = 2;
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_int_equal(all.fault_count, 1);
    assert_about(folder, all.faults[0], "byte 0: a section of a version other than 1");
}

static void a_resolution_is_the_power_that_it_says(void **state)
{
    static const struct {
        const char *option;
        uint64_t ticks;
        int64_t time_us;
    } rows[] = {
        {"\x09\x00\x01\x00\x12\0\0", UINT64_C(3500000000000000000), 3500000}, /* 10^-18 */
        {"\x09\x00\x01\x00\x13\0\0", UINT64_C(15000000000000000000), 1500000},
        {"\x09\x00\x01\x00\x14\0\0", UINT64_C(15000000000000000000), 150000},
        {"\x09\x00\x01\x00\x20\0\0", UINT64_MAX, 0},
        {"\x09\x00\x01\x00\xbb\0\0", UINT64_C(3) << 58, 1500000}, /* 2^-59 */
        {"\x09\x00\x01\x00\xbe\0\0", UINT64_C(3) << 61, 1500000},
        {"\x09\x00\x01\x00\xbf\0\0", UINT64_C(3) << 62, 1500000},
        {"\x09\x00\x01\x00\xc0\0\0", UINT64_C(3) << 62, 750000},
        {"\x09\x00\x01\x00\xff\0\0", UINT64_MAX, 0},
    };
    struct capture_folder *folder = *state;
    struct captured all;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct file_bytes f = {0};
        add_section(&f);
        add_interface_block(&f, 1, 0, view_make(rows[i].option, 8));
        add_packet_block(&f, 0, rows[i].ticks, 1, VIEW("a"));
        write_file(folder, "a.pcapng", &f);
        capture_one(&all, folder->file);
        assert_int_equal(all.count, 1);
        assert_true(all.frames[0].time_us == rows[i].time_us);
    }
}

static void a_resolution_of_nonsense_does_no_harm(void **state)
{
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    add_section(&f);
    add_interface_block(&f, 1, 0, VIEW("\x09\x00\x01\x00\x7f\0\0\0")); /* 10^-127 s */
    add_interface_block(&f, 1, 0, VIEW("\x09\x00\x01\x00\xff\0\0\0")); /* 2^-127 s */
    add_interface_block(&f, 1, 0, VIEW("\x0e\x00\x08\x00\xff\xff\xff\xff\xff\xff\xff\x7f"));
    add_interface_block(&f, 1, 0, VIEW("\x09\x00\xff\xff\x03\0\0\0")); /* longer than its block */
    for (uint32_t i = 0; i < 4; i++)
        add_packet_block(&f, i, UINT64_MAX - 1, 1, VIEW("x"));
    add_packet_block(&f, 3, 1500000, 1, VIEW("y"));
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_string_equal(all.first_bytes, "xxxxy");
    assert_int_equal(all.fault_count, 0);
    assert_true(all.frames[4].time_us == INT64_C(1500000));
}

static void many_interfaces_are_kept_apart(void **state)
{
    enum { INTERFACES = 300 };
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    add_section(&f);
    for (uint16_t i = 0; i < INTERFACES; i++)
        add_interface_block(&f, i % 2 ? 113 : 1, 0, VIEW(""));
    add_packet_block(&f, 0, 1, 1, VIEW("a"));
    add_packet_block(&f, INTERFACES - 1, 2, 1, VIEW("b"));
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_string_equal(all.first_bytes, "ab");
    assert_int_equal(all.frames[0].link_type, 1);
    assert_int_equal(all.frames[1].link_type, 113);
}

static void too_many_interfaces_are_told(void **state)
{
    enum { INTERFACES = 65536 };
    struct capture_folder *folder = *state;
    struct file_bytes f = {0};
    struct captured all;

    add_section(&f);
    for (size_t i = 0; i < INTERFACES; i++)
        add_interface_block(&f, 1, 0, VIEW(""));
    add_packet_block(&f, INTERFACES - 1, 2, 1, VIEW("a"));
    size_t place = f.len;
    add_interface_block(&f, 1, 0, VIEW(""));
    add_packet_block(&f, INTERFACES, 2, 1, VIEW("b"));
    write_file(folder, "a.pcapng", &f);
    capture_one(&all, folder->file);
    assert_string_equal(all.first_bytes, "a");
    assert_int_equal(all.fault_count, 1);
    char text[100];
    snprintf(text, sizeof(text), "byte %zu: a section has more than 65,536 interfaces", place);
    assert_about(folder, all.faults[0], text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURE_TEST(both_byte_orders_are_read),
        CAPTURE_TEST(every_interface_has_its_link_type_and_its_clock),
        CAPTURE_TEST(simple_and_obsolete_blocks_are_packets_too),
        CAPTURE_TEST(a_simple_packet_comes_at_the_time_of_the_last_one),
        CAPTURE_TEST(blocks_of_any_length_are_stepped_over_and_large_packets_read),
        CAPTURE_TEST(blocks_that_are_no_packets_are_stepped_over),
        CAPTURE_TEST(a_new_section_forgets_the_interfaces_and_may_change_the_order),
        CAPTURE_TEST(one_unknown_link_type_does_not_hide_the_other_interfaces),
        CAPTURE_TEST(a_file_that_is_cut_gives_all_before_the_cut),
        CAPTURE_TEST(damage_is_told_with_its_place),
        CAPTURE_TEST(a_section_must_say_its_order_and_version),
        CAPTURE_TEST(a_resolution_is_the_power_that_it_says),
        CAPTURE_TEST(a_resolution_of_nonsense_does_no_harm),
        CAPTURE_TEST(many_interfaces_are_kept_apart),
        CAPTURE_TEST(too_many_interfaces_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
