/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragments: order, overlaps by policy, time, memory; what an attacker says and a host would believe. */
#include "unit/test.h"

#include "unit/frame_bytes.h"

#define SECOND INT64_C(1000000)

enum { MORE = 0x2000 };

static struct decoded *decoder_with(enum overlap_policy policy, size_t budget, int64_t timeout_us)
{
    const struct decode_options options = {.fragment_policy = policy,
                                           .fragment_budget_bytes = budget,
                                           .fragment_timeout_us = timeout_us};
    return decoded_new(&options);
}

static int set_up_first(void **state)
{
    *state = decoder_with(OVERLAP_FIRST, 0, 0);
    return 0;
}

static int set_up_last(void **state)
{
    *state = decoder_with(OVERLAP_LAST, 0, 0);
    return 0;
}

static int set_up_windows(void **state)
{
    *state = decoder_with(OVERLAP_WINDOWS, 0, 0);
    return 0;
}

static int set_up_small(void **state)
{
    *state = decoder_with(OVERLAP_LINUX, 4096, 5 * SECOND);
    return 0;
}

/* Protocol 253 (RFC 3692: for experiments), so that the payload is the datagram and nothing more. */
static void send_v4(struct decoded *r, uint16_t id, size_t offset, bool has_more, struct view bytes)
{
    struct frame_bytes b;
    wrap_ipv4_part(frame_begin(&b, bytes), 253, id, (uint16_t)(offset / 8 | (has_more ? MORE : 0)),
                   VIEW(""));
    decode(r, LINK_RAW, &b);
}

static void send_v4_wide(struct decoded *r, uint32_t id, size_t offset, bool has_more,
                         struct view bytes)
{
    send_v4(r, (uint16_t)id, offset, has_more, bytes);
}

static void send_v6_as(struct decoded *r, uint8_t next, uint32_t id, size_t offset, bool has_more,
                       struct view bytes)
{
    struct frame_bytes b;
    wrap_fragment_header(frame_begin(&b, bytes), next, offset, has_more, id);
    wrap_ipv6_part(&b, 44);
    decode(r, LINK_RAW, &b);
}

static void send_v6(struct decoded *r, uint32_t id, size_t offset, bool has_more, struct view bytes)
{
    send_v6_as(r, 253, id, offset, has_more, bytes);
}

#define assert_part(r)                                                                             \
    do {                                                                                           \
        assert_int_equal((r)->count, 1);                                                           \
        assert_true((r)->packets[0].flags &PACKET_FRAGMENT);                                       \
        assert_false((r)->packets[0].flags &PACKET_REASSEMBLED);                                   \
    } while (0)

#define assert_whole(r, text)                                                                      \
    do {                                                                                           \
        assert_int_equal((r)->count, 1);                                                           \
        assert_true((r)->packets[0].flags &PACKET_REASSEMBLED);                                    \
        assert_false((r)->packets[0].flags &PACKET_FRAGMENT);                                      \
        assert_payload(&(r)->packets[0], text);                                                    \
    } while (0)

/* ---- order ----------------------------------------------------------------------------------------------- */

static void fragments_are_joined_in_every_order(void **state)
{
    static const size_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct decoded *r = *state;
    const struct view whole = VIEW("aaaaaaaabbbbbbbbccc");

    for (uint16_t i = 0; i < 6; i++) {
        for (int is_v6 = 0; is_v6 < 2; is_v6++) {
            for (size_t k = 0; k < 3; k++) {
                size_t at = orders[i][k] * 8;
                struct view bytes = view_slice(whole, at, at + 8);
                if (is_v6)
                    send_v6(r, i, at, at < 16, bytes);
                else
                    send_v4(r, i, at, at < 16, bytes);
                if (k < 2)
                    assert_part(r);
            }
            assert_whole(r, "aaaaaaaabbbbbbbbccc");
        }
    }
    assert_int_equal(r->stats->fragments, 18);
    assert_int_equal(r->stats->fragments6, 18);
    assert_int_equal(r->stats->reassembled, 6);
    assert_int_equal(r->stats->reassembled6, 6);
    assert_int_equal(r->stats->malformed, 6); /* of IPv6: nobody knows protocol 253 */
    assert_int_equal(r->stats->fragment_drops, 0);
}

static void a_reassembled_udp_datagram_has_ports_and_a_right_checksum(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b, part;

    frame_begin(&b, VIEW("hello, this is longer than one fragment"));
    wrap_udp(&b, 1111, 2222);
    seal_transport(&b, IP_UDP, V4_ADDRESSES);
    struct view udp = frame_view(&b);
    wrap_ipv4_part(frame_begin(&part, view_slice(udp, 0, 16)), IP_UDP, 3, MORE, VIEW(""));
    decode(r, LINK_RAW, &part);
    assert_part(r);
    assert_int_equal(r->packets[0].src_port, 0);
    wrap_ipv4_part(frame_begin(&part, view_skip(udp, 16)), IP_UDP, 3, 2, VIEW(""));
    decode(r, LINK_RAW, &part);
    assert_whole(r, "hello, this is longer than one fragment");
    assert_int_equal(r->packets[0].src_port, 1111);
    assert_int_equal(r->packets[0].flags, PACKET_HAS_TRANSPORT | PACKET_REASSEMBLED);
    decoder_release(r->decoder);
}

static void datagrams_with_other_keys_are_kept_apart(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaa"));
    send_v4(r, 2, 8, false, VIEW("bbb"));
    assert_part(r);
    wrap_ipv4_part(frame_begin(&b, VIEW("ccc")), 254, 1, 1, VIEW("")); /* another protocol */
    decode(r, LINK_RAW, &b);
    assert_part(r);
    wrap_ipv4_part(frame_begin(&b, VIEW("ddd")), 253, 1, 1, VIEW("")); /* another VLAN */
    wrap_vlan(&b, 9, 0x0800);
    wrap_ethernet(&b, 0x8100);
    decode(r, LINK_ETHERNET, &b);
    assert_part(r);
    send_v6(r, 1, 8, false, VIEW("eee"));
    assert_part(r);
    send_v4(r, 1, 8, false, VIEW("fff"));
    assert_whole(r, "aaaaaaaafff");
}

/* ---- overlaps -------------------------------------------------------------------------------------------- */

static void an_exact_repeat_changes_nothing(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaabbbbbbbb"));
    send_v4(r, 1, 8, true, VIEW("bbbbbbbb"));
    send_v4(r, 1, 0, true, VIEW("aaaaaaaabbbbbbbb"));
    assert_int_equal(r->anomaly_count, 0);
    send_v4(r, 1, 16, false, VIEW("c"));
    assert_whole(r, "aaaaaaaabbbbbbbbc");
    assert_int_equal(r->stats->fragment_overlaps, 0);
}

/* tests/kernel/ip.py has all of these cases, and a kernel to say what is right. */
static void linux_ignores_what_lies_within_a_run_whatever_its_bytes(void **state)
{
    struct decoded *r = *state;

    for (int is_v6 = 0; is_v6 < 2; is_v6++) {
        void (*send)(struct decoded *, uint32_t, size_t, bool, struct view) =
            is_v6 ? send_v6 : send_v4_wide;
        send(r, 1, 0, true, VIEW("aaaaaaaa"));
        send(r, 1, 8, true, VIEW("bbbbbbbb"));
        send(r, 1, 0, true, VIEW("XXXXXXXXYYYYYYYY")); /* over both: they came in order */
        assert_anomaly(r, is_v6 ? "ipv6.frag_overlap" : "ipv4.frag_overlap");
        send(r, 1, 16, false, VIEW("c"));
        assert_whole(r, "aaaaaaaabbbbbbbbc");
        send(r, 2, 8, true, VIEW("bbbbbbbb"));
        send(r, 2, 0, true, VIEW("aaaaaaaa"));
        send(r, 2, 0, true, VIEW("aaaaaaaabbbbbbbb")); /* they did not */
        assert_anomaly(r, is_v6 ? "ipv6.frag_overlap" : "ipv4.frag_overlap");
        send(r, 2, 16, false, VIEW("c"));
        assert_part(r);
    }
    assert_int_equal(r->stats->fragment_overlaps, 4);
}

static void linux_forgets_a_datagram_after_a_fragment_of_no_bytes(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaa"));
    send_v4(r, 1, 8, true, VIEW(""));
    assert_anomaly(r, "ipv4.frag_ignored");
    send_v4(r, 1, 8, false, VIEW("b"));
    assert_part(r);
    send_v4(r, 2, 0, true, VIEW("aaaaaaaa"));
    send_v4(r, 2, 8, true, VIEW("odd")); /* nothing is left of it */
    send_v4(r, 2, 8, false, VIEW("b"));
    assert_part(r);
    send_v6(r, 3, 0, true, VIEW("aaaaaaaa"));
    send_v6(r, 3, 8, true, VIEW(""));
    assert_anomaly(r, "ipv6.frag_invalid_length");
    send_v6(r, 3, 8, false, VIEW("b"));
    assert_part(r);
}

static void linux_finds_a_datagram_too_long_when_it_is_whole(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaa"));
    send_v4(r, 1, 65528, true, VIEW("bbbbbbbb"));
    assert_anomaly(r, "ipv4.frag_pkt_too_large");
    send_v4(r, 1, 8, false, VIEW("c")); /* what came lies beyond this end */
    assert_anomaly(r, "ipv4.frag_overlap");
    assert_part(r);
    send_v4(r, 1, 0, true, VIEW("AAAAAAAA"));
    send_v4(r, 1, 8, false, VIEW("C"));
    assert_whole(r, "AAAAAAAAC");
}

static void the_frames_of_a_datagram_are_told_and_its_length_is_that_of_all(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 8, true, VIEW("bbbbbbbb"));
    send_v4(r, 2, 0, true, VIEW("........"));
    send_v4(r, 1, 8, true, VIEW("BBBBBBBB")); /* ignored, but it spoke to the datagram */
    send_v4(r, 1, 16, false, VIEW("c"));
    send_v4(r, 1, 0, true, VIEW("aaaaaaaa"));
    assert_whole(r, "aaaaaaaabbbbbbbbc");
    assert_int_equal(r->packets[0].wire_len, 20 + 17);
    assert_int_equal(r->joined_count, 4);
    static const uint64_t frames[] = {1, 3, 4, 5};
    assert_memory_equal(r->joined, frames, sizeof(frames));
}

static void linux_drops_an_overlapped_datagram_and_begins_anew(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaabbbbbbbb"));
    send_v4(r, 1, 8, true, VIEW("BBBBBBBBcccccccc"));
    assert_anomaly(r, "ipv4.frag_overlap");
    assert_part(r);
    send_v4(r, 1, 24, false, VIEW("d"));
    assert_part(r);
    send_v4(r, 1, 8, true, VIEW("BBBBBBBBcccccccc")); /* the second sending is clean */
    send_v4(r, 1, 0, true, VIEW("AAAAAAAA"));
    assert_whole(r, "AAAAAAAABBBBBBBBccccccccd");
    assert_int_equal(r->stats->fragment_overlaps, 1);
}

static void linux_drops_a_datagram_with_two_ends(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 16, false, VIEW("end"));
    send_v4(r, 1, 8, false, VIEW("early end"));
    assert_anomaly(r, "ipv4.frag_overlap");
    send_v4(r, 2, 16, false, VIEW("end"));
    send_v4(r, 2, 24, true, VIEW("beyond.."));
    assert_anomaly(r, "ipv4.frag_overlap");
    send_v4(r, 3, 24, true, VIEW("beyond.."));
    send_v4(r, 3, 16, false, VIEW("end"));
    assert_anomaly(r, "ipv4.frag_overlap");
    send_v4(r, 2, 0, true, VIEW("aaaaaaaabbbbbbbb"));
    assert_part(r);
    assert_int_equal(r->stats->reassembled, 0);
}

static void overlap_with_first(struct decoded *r, uint16_t id)
{
    send_v4(r, id, 8, true, VIEW("bbbbbbbb"));
    send_v4(r, id, 24, true, VIEW("dddddddd"));
    send_v4(r, id, 0, true, VIEW("AAAAAAAABBBBBBBBCCCCCCCCDDDDDDDDEEEEEEEE"));
    assert_anomaly(r, "ipv4.frag_overlap");
    send_v4(r, id, 40, false, VIEW("f"));
}

static void first_bytes_stay_when_the_policy_says_so(void **state)
{
    struct decoded *r = *state;
    overlap_with_first(r, 1);
    assert_whole(r, "AAAAAAAAbbbbbbbbCCCCCCCCddddddddEEEEEEEEf");
}

static void last_bytes_win_when_the_policy_says_so(void **state)
{
    struct decoded *r = *state;
    overlap_with_first(r, 1);
    assert_whole(r, "AAAAAAAABBBBBBBBCCCCCCCCDDDDDDDDEEEEEEEEf");
    send_v4(r, 2, 0, true, VIEW("aaaaaaaabbbbbbbbcccccccc"));
    send_v4(r, 2, 8, true, VIEW("BBBBBBBB"));
    send_v4(r, 2, 24, false, VIEW("d"));
    assert_whole(r, "aaaaaaaaBBBBBBBBccccccccd");
}

static void ipv6_overlaps_are_dropped_whatever_the_policy(void **state)
{
    struct decoded *r = *state;

    send_v6(r, 1, 0, true, VIEW("aaaaaaaabbbbbbbb"));
    send_v6(r, 1, 8, true, VIEW("BBBBBBBBcccccccc"));
    assert_anomaly(r, "ipv6.frag_overlap");
    send_v6(r, 1, 24, false, VIEW("d"));
    assert_part(r);
    assert_int_equal(r->stats->reassembled6, 0);
    assert_int_equal(r->stats->fragment_overlaps, 1);
}

/* ---- lengths ------------------------------------------------------------------------------------------- */

static void linux_ignores_only_the_odd_bytes_of_a_middle_fragment(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaaXXX"));
    assert_anomaly(r, "ipv4.frag_ignored");
    send_v4(r, 1, 8, false, VIEW("b"));
    assert_whole(r, "aaaaaaaab");
    send_v6(r, 3, 0, true, VIEW("aaaaaaaaXXX"));
    assert_anomaly(r, "ipv6.frag_invalid_length");
    send_v6(r, 3, 8, false, VIEW("b"));
    assert_part(r);
}

static void others_ignore_a_middle_fragment_of_odd_length(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaaXXX"));
    assert_anomaly(r, "ipv4.frag_ignored");
    send_v4(r, 1, 8, false, VIEW("b"));
    assert_part(r);
    send_v4(r, 1, 0, true, VIEW("AAAAAAAA"));
    assert_whole(r, "AAAAAAAAb");
}

static void a_datagram_above_65535_bytes_is_refused(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 65528, false, VIEW("1234567"));
    assert_int_equal(r->anomaly_count, 0);
    send_v4(r, 2, 65528, false, VIEW("12345678"));
    assert_anomaly(r, "ipv4.frag_pkt_too_large");
    send_v6(r, 3, 65528, false, VIEW("12345678"));
    assert_anomaly(r, "ipv6.frag_pkt_too_large");
}

static void a_fragment_that_was_cut_never_makes_a_datagram_whole(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaa"));
    wrap_ipv4_part(frame_begin(&b, VIEW("bbbbbbbb")), 253, 1, 1, VIEW(""));
    decode_cut(r, LINK_RAW, &b, 20 + 3);
    assert_part(r);
    assert_payload(&r->packets[0], "bbb");
    assert_true(r->packets[0].flags & PACKET_CUT);
    assert_int_equal(r->stats->fragment_cuts, 1);
    send_v4(r, 1, 8, false, VIEW("bbbbbbbb"));
    assert_whole(r, "aaaaaaaabbbbbbbb");
    wrap_ipv4_part(frame_begin(&b, VIEW("aaaaaaaa")), 253, 2, MORE, VIEW(""));
    decode_cut(r, LINK_RAW, &b, 20 + 3); /* the first: what there is is decoded */
    assert_int_equal(r->packets[0].flags, PACKET_CUT);
    assert_payload(&r->packets[0], "aaa");
    wrap_fragment_header(frame_begin(&b, VIEW("bbbbbbbb")), 253, 8, true, 1);
    wrap_ipv6_part(&b, 44);
    decode_cut(r, LINK_RAW, &b, 40 + 8 + 3);
    assert_part(r);
    assert_int_equal(r->stats->malformed, 0);
}

/* ---- IPv6: what follows ----------------------------------------------------------------------------------- */

static void the_first_fragment_says_what_follows(void **state)
{
    struct decoded *r = *state;

    send_v6_as(r, 253, 1, 0, true, VIEW("aaaaaaaa"));
    send_v6_as(r, 59, 1, 8, false, VIEW("b"));
    assert_whole(r, "aaaaaaaab");
    assert_int_equal(r->packets[0].ip_proto, 253);
    send_v6_as(r, 59, 2, 8, false, VIEW("b"));
    send_v6_as(r, 253, 2, 0, true, VIEW("aaaaaaaa"));
    assert_whole(r, "aaaaaaaab");
    assert_int_equal(r->packets[0].ip_proto, 253);
}

static void extension_headers_within_a_reassembled_datagram_are_stepped_over(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    frame_begin(&b, VIEW("hello"));
    wrap_udp(&b, 1111, 2222);
    seal_transport(&b, IP_UDP, V6_ADDRESSES);
    wrap_extension(&b, IP_UDP, 1); /* destination options that hide the UDP header */
    struct view bytes = frame_view(&b);
    send_v6_as(r, 60, 1, 0, true, view_slice(bytes, 0, 24));
    send_v6_as(r, 60, 1, 24, false, view_skip(bytes, 24));
    assert_int_equal(r->count, 1);
    assert_is_sample(&r->packets[0], 6);
    assert_true(r->packets[0].flags & PACKET_REASSEMBLED);
}

/* RFC 7112. Were it taken, the one that hosts take would overlap it. */
static void a_first_fragment_without_its_upper_header_is_ignored(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    frame_begin(&b, VIEW("hello, somewhat longer"));
    wrap_udp(&b, 1111, 2222);
    seal_transport(&b, IP_UDP, V6_ADDRESSES);
    wrap_extension(&b, IP_UDP, 1);
    struct view bytes = frame_view(&b);
    send_v6_as(r, 60, 1, 0, true, view_slice(bytes, 0, 16));
    assert_anomaly(r, "ipv6.frag_ignored");
    assert_part(r);
    send_v6_as(r, 60, 1, 0, true, view_slice(bytes, 0, 32));
    send_v6_as(r, 60, 1, 32, false, view_skip(bytes, 32));
    assert_whole(r, "hello, somewhat longer");
    send_v6_as(r, IP_TCP, 2, 0, true, VIEW("sixteen bytes ..")); /* twenty make a header */
    assert_anomaly(r, "ipv6.frag_ignored");
}

static void a_fragment_within_a_fragment_is_not_joined(void **state)
{
    struct decoded *r = *state;

    send_v6_as(r, 44, 1, 0, true, VIEW("\xfd\x00\x00\x01\x00\x00\x00\x09"));
    send_v6_as(r, 44, 1, 8, false, VIEW("innerpart"));
    assert_int_equal(r->count, 1);
    assert_int_equal(r->packets[0].flags, PACKET_REASSEMBLED | PACKET_FRAGMENT);
    assert_payload(&r->packets[0], "innerpart");
    assert_int_equal(r->stats->fragments6, 2);
}

/* ---- time and memory -------------------------------------------------------------------------------------- */

static void datagrams_that_are_not_whole_in_time_are_forgotten(void **state)
{
    struct decoded *r = *state;

    send_v4(r, 1, 0, true, VIEW("aaaaaaaa"));
    r->time_us += 5 * SECOND;
    send_v4(r, 2, 0, true, VIEW("bbbbbbbb")); /* not yet too late */
    assert_int_equal(r->stats->fragment_timeouts, 0);
    r->time_us += 1;
    send_v4(r, 1, 8, false, VIEW("late"));
    assert_part(r);
    assert_int_equal(r->stats->fragment_timeouts, 1);
    send_v4(r, 2, 8, false, VIEW("in time"));
    assert_whole(r, "bbbbbbbbin time");
}

static void the_oldest_datagrams_make_room_when_memory_is_spent(void **state)
{
    struct decoded *r = *state;
    uint8_t bytes[800] = {0};

    for (uint16_t id = 1; id <= 20; id++)
        send_v4(r, id, 0, true, view_make(bytes, sizeof(bytes)));
    assert_int_equal(r->anomaly_count, 0);
    assert_true(r->stats->fragment_drops >= 15 && r->stats->fragment_drops < 20);
    send_v4(r, 1, 800, false, VIEW("."));
    assert_part(r);
    decoder_release(r->decoder);
    send_v4(r, 20, 800, false, VIEW("."));
    assert_int_equal(r->count, 1);
    assert_int_equal(r->packets[0].payload_len, 801);
}

static void one_datagram_above_the_budget_is_given_up_and_counted(void **state)
{
    struct decoded *r = *state;
    uint8_t bytes[1000] = {0};

    for (size_t i = 0; i < 3; i++)
        send_v4(r, 1, i * 1000, true, view_make(bytes, sizeof(bytes)));
    send_v4(r, 1, 3000, false, VIEW(".")); /* no room to join them */
    assert_part(r);
    assert_int_equal(r->stats->fragment_drops, 4);
    assert_int_equal(r->stats->reassembled, 0);
    send_v4(r, 2, 0, true, VIEW("aaaaaaaa"));
    send_v4(r, 2, 8, false, VIEW("b"));
    assert_whole(r, "aaaaaaaab");
}

static void a_datagram_has_a_most_number_of_fragments(void **state)
{
    struct decoded *r = *state;

    for (size_t i = 0; i < 1025; i++)
        send_v4(r, 1, i * 16, true, VIEW("aaaaaaaa")); /* holes between them */
    assert_int_equal(r->stats->fragment_drops, 1);
}

#define WITH(set_up, name) cmocka_unit_test_setup_teardown(name, set_up, tear_down_decoder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DECODER_TEST(fragments_are_joined_in_every_order),
        DECODER_TEST(a_reassembled_udp_datagram_has_ports_and_a_right_checksum),
        DECODER_TEST(datagrams_with_other_keys_are_kept_apart),
        DECODER_TEST(an_exact_repeat_changes_nothing),
        DECODER_TEST(linux_drops_an_overlapped_datagram_and_begins_anew),
        DECODER_TEST(linux_drops_a_datagram_with_two_ends),
        WITH(set_up_first, first_bytes_stay_when_the_policy_says_so),
        WITH(set_up_windows, first_bytes_stay_when_the_policy_says_so),
        WITH(set_up_last, last_bytes_win_when_the_policy_says_so),
        DECODER_TEST(ipv6_overlaps_are_dropped_whatever_the_policy),
        WITH(set_up_first, ipv6_overlaps_are_dropped_whatever_the_policy),
        WITH(set_up_last, ipv6_overlaps_are_dropped_whatever_the_policy),
        DECODER_TEST(linux_ignores_what_lies_within_a_run_whatever_its_bytes),
        DECODER_TEST(linux_forgets_a_datagram_after_a_fragment_of_no_bytes),
        DECODER_TEST(linux_finds_a_datagram_too_long_when_it_is_whole),
        DECODER_TEST(the_frames_of_a_datagram_are_told_and_its_length_is_that_of_all),
        DECODER_TEST(a_first_fragment_without_its_upper_header_is_ignored),
        DECODER_TEST(linux_ignores_only_the_odd_bytes_of_a_middle_fragment),
        WITH(set_up_first, others_ignore_a_middle_fragment_of_odd_length),
        DECODER_TEST(a_datagram_above_65535_bytes_is_refused),
        DECODER_TEST(a_fragment_that_was_cut_never_makes_a_datagram_whole),
        DECODER_TEST(the_first_fragment_says_what_follows),
        DECODER_TEST(extension_headers_within_a_reassembled_datagram_are_stepped_over),
        DECODER_TEST(a_fragment_within_a_fragment_is_not_joined),
        WITH(set_up_small, datagrams_that_are_not_whole_in_time_are_forgotten),
        WITH(set_up_small, the_oldest_datagrams_make_room_when_memory_is_spent),
        WITH(set_up_small, one_datagram_above_the_budget_is_given_up_and_counted),
        DECODER_TEST(a_datagram_has_a_most_number_of_fragments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
