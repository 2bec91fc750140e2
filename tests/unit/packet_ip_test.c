/* SPDX-License-Identifier: BSD-3-Clause */
/* IP: headers, options, extension headers, and what is wrong with them. */
#include "unit/test.h"

#include "unit/frame_bytes.h"

/* The sample with `options` in its IPv4 header. */
static void with_options(struct frame_bytes *b, struct view options)
{
    frame_begin(b, VIEW("hello"));
    wrap_udp(b, 1111, 2222);
    seal_transport(b, IP_UDP, V4_ADDRESSES);
    wrap_ipv4_part(b, IP_UDP, 1, 0, options);
}

/* The sample with one byte of its IPv4 header set; the checksum is right again. */
static void with_byte(struct frame_bytes *b, size_t at, uint8_t value)
{
    sample_v4(b);
    *byte_of(b, at) = value;
    if ((*byte_of(b, 0) & 15) >= 5 && (size_t)(*byte_of(b, 0) & 15) * 4 <= frame_view(b).len)
        seal_ipv4(b);
}

/* UDP with "hello" whose checksum is right for IPv6, for extension headers to be put before it. */
static struct frame_bytes *udp_in_v6(struct frame_bytes *b)
{
    frame_begin(b, VIEW("hello"));
    wrap_udp(b, 1111, 2222);
    seal_transport(b, IP_UDP, V6_ADDRESSES);
    return b;
}

/* ---- IPv4 ------------------------------------------------------------------------------------------------ */

static void ipv4_options_are_stepped_over(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    with_options(&b, VIEW("\x94\x04\x00\x00")); /* router alert */
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
    with_options(&b, VIEW("\x01\x01\x01\x00")); /* no operation, end */
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
    with_options(&b,
                 VIEW("\x07\x27\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                      "\0\0\0\0\0\x00")); /* record route, all of the forty bytes */
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
    with_options(&b, VIEW("\x00\xff\xff\xff")); /* nothing counts behind the end */
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
}

/* What is refused is what Linux refuses: tests/kernel/ip.py. */
static void odd_ipv4_options_are_anomalies_and_some_refuse_the_packet(void **state)
{
    static const struct {
        const char *anomaly;
        struct view options;
        bool is_refused;
    } cases[] = {
        {NULL, {(const uint8_t *)"\x94\x04\x00\x00", 4}, false},
        {"ipv4.opt_invalid_len", {(const uint8_t *)"\x94\x05\x00\x00", 4}, true},
        {"ipv4.opt_invalid_len", {(const uint8_t *)"\x94\x01\x00\x00", 4}, true},
        {"ipv4.opt_invalid_len", {(const uint8_t *)"\x94\x00\x00\x00", 4}, true},
        {"ipv4.opt_invalid_len", {(const uint8_t *)"\x88\x03\x00\x01", 4}, false},
        {"ipv4.opt_eol_required", {(const uint8_t *)"\x01\x01\x01\x94", 4}, true},
        {"ipv4.opt_invalid_len", {(const uint8_t *)"\x94\x02\x00\x00", 4}, true},
        {"ipv4.opt_malformed", {(const uint8_t *)"\x07\x07\x03\x00\x00\x00\x00\x00", 8}, true},
        {"ipv4.opt_malformed", {(const uint8_t *)"\x44\x05\x06\xf0\x00\x00\x00\x00", 8}, true},
        {"ipv4.opt_duplicate", {(const uint8_t *)"\x07\x03\x04\x07\x03\x04\x00\x00", 8}, true},
        {"ipv4.opt_invalid", {(const uint8_t *)"\x2a\x04\x00\x00", 4}, false},
        {"ipv4.opt_duplicate", {(const uint8_t *)"\x94\x04\x00\x00\x94\x04\x00\x00", 8}, false},
        {NULL, {(const uint8_t *)"\x07\x07\x04\x00\x00\x00\x00\x00", 8}, false},
        {NULL, {(const uint8_t *)"\x07\x07\x08\x01\x02\x03\x04\x00", 8}, false}, /* full */
        {"ipv4.opt_malformed", {(const uint8_t *)"\x07\x07\x05\x00\x00\x00\x00\x00", 8}, true},
        {"ipv4.opt_malformed", {(const uint8_t *)"\x83\x07\x0c\x00\x00\x00\x00\x00", 8}, false},
        {NULL, {(const uint8_t *)"\x44\x0c\x05\x01\0\0\0\0\0\0\0\0", 12}, false},
        {"ipv4.opt_malformed", {(const uint8_t *)"\x44\x0c\x09\x01\0\0\0\0\0\0\0\0", 12}, true},
        {NULL, {(const uint8_t *)"\x44\x0c\x09\x00\0\0\0\0\0\0\0\0", 12}, false},
        {NULL, {(const uint8_t *)"\x86\x0a\0\0\0\x01\x01\x04\0\x01\0\0", 12}, false},
        {"ipv4.opt_malformed",
         {(const uint8_t *)"\x86\x0a\0\0\0\x01\x03\x04\0\x01\0\0", 12},
         false},
        {"ipv4.opt_malformed",
         {(const uint8_t *)"\x86\x0a\0\0\0\x01\x01\x05\0\x01\0\0", 12},
         false},
        {"ipv4.opt_malformed",
         {(const uint8_t *)"\x86\x0a\0\0\0\x01\x01\x04\x01\x01\0\0", 12},
         false},
    };
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        with_options(&b, cases[i].options);
        decode(r, LINK_RAW, &b);
        assert_int_equal(r->count, cases[i].is_refused ? 0 : 1);
        if (cases[i].anomaly != NULL)
            assert_anomaly(r, cases[i].anomaly);
        else
            assert_int_equal(r->anomaly_count, 0);
    }
}

static void each_malformed_ipv4_header_has_its_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    decode_view(r, LINK_RAW, view_slice(frame_view(&b), 0, 19), 19);
    assert_anomaly(r, "ipv4.pkt_too_small");
    wrap_ethernet(sample_v6(&b), 0x0800);
    decode(r, LINK_ETHERNET, &b);
    assert_anomaly(r, "ipv4.wrong_ip_version");
    with_byte(&b, 0, 0x44);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.hlen_too_small");
    with_byte(&b, 3, 19);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.iplen_smaller_than_hlen");
    with_byte(&b, 0, 0x4f); /* a header of sixty bytes in a frame of 33 */
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.iplen_smaller_than_hlen");
    put_u16(byte_of(&b, 2), 100);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.trunc_pkt");
    assert_int_equal(r->count, 0);
    assert_int_equal(r->stats->invalid, 6);
    assert_int_equal(r->stats->anomalies[ANOMALY_IPV4_TRUNC_PKT], 1);
}

static void a_frame_is_invalid_when_it_is_given_up_not_when_it_is_odd(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    with_options(&b, VIEW("\x94\x04\x00\x00\x94\x04\x00\x00"));
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.opt_duplicate");
    assert_int_equal(r->stats->malformed, 1);
    assert_int_equal(r->stats->invalid, 0);
    with_byte(&b, 0, 0x44);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.hlen_too_small");
    assert_int_equal(r->stats->malformed, 2);
    assert_int_equal(r->stats->invalid, 1);
}

static void a_datagram_longer_than_its_frame_is_thrown_away(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    with_byte(&b, 3, 60);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.trunc_pkt");
    assert_int_equal(r->count, 0);
    assert_int_equal(r->stats->discarded, 1);
}

/* Segments that the network card joined: captures cut them at their buffer and do not say so. */
static void a_frame_longer_than_any_link_has_may_be_cut_silently(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;
    static uint8_t large[20000];

    sample_v4(&b);
    struct view small = frame_view(&b);
    memcpy(large, small.data, small.len);
    large[2] = 22000 >> 8;
    large[3] = 22000 & 0xff;
    decode_view(r, LINK_RAW, view_make(large, sizeof(large)), sizeof(large));
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, 1);
}

static void anomalies_of_a_packet_are_bounded(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    udp_in_v6(&b);
    for (int i = 0; i < 20; i++) /* destination options, one after the other */
        wrap_extension(&b, i == 0 ? IP_UDP : 60, 0);
    wrap_ipv6_part(&b, 60);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->anomaly_count, DECODE_ANOMALIES_MAX);
    assert_int_equal(r->stats->anomalies[ANOMALY_IPV6_EXTHDR_DUPL_DH], 18);
    assert_true(r->stats->anomalies_left_out >= 3);
    assert_int_equal(r->count, 1);
    sample_v4(&b);
    *byte_of(&b, 0) = 0x44;
    decode(r, LINK_RAW, &b); /* the next frame counts anew */
    assert_anomaly(r, "ipv4.hlen_too_small");
}

static void what_the_snap_length_cut_off_is_no_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    decode_cut(r, LINK_ETHERNET, &b, 14 + 20 + 8 + 2);
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, 1);
    assert_payload(&r->packets[0], "he");
    assert_int_equal(r->packets[0].flags, PACKET_HAS_TRANSPORT | PACKET_CUT);
    assert_int_equal(r->packets[0].wire_len, 47);
    assert_int_equal(r->stats->cut_by_snaplen, 1);
    wrap_ethernet(sample_v6(&b), 0x86dd);
    decode_cut(r, LINK_ETHERNET, &b, 14 + 40 + 8 + 4);
    assert_int_equal(r->anomaly_count, 0);
    assert_payload(&r->packets[0], "hell");
    pad_after(&b, 30); /* only padding is cut */
    decode_cut(r, LINK_ETHERNET, &b, 14 + 40 + 8 + 10);
    assert_sample(r, 6);
}

static void a_total_length_of_zero_means_the_rest_of_the_frame(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    with_byte(&b, 3, 0);
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
    sample_v6(&b);
    put_u16(byte_of(&b, 4), 0);
    decode(r, LINK_RAW, &b);
    assert_sample(r, 6);
}

static void protocols_without_a_decoder_are_handed_on_with_their_payload(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ipv4(frame_begin(&b, VIEW("secret")), IP_ESP);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->packets[0].ip_proto, IP_ESP);
    assert_int_equal(r->packets[0].flags, 0);
    assert_payload(&r->packets[0], "secret");
    wrap_ipv6(frame_begin(&b, VIEW("ospf")), 89);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv6.unknown_next_header");
    assert_int_equal(r->packets[0].ip_proto, 89);
    assert_payload(&r->packets[0], "ospf");
    assert_int_equal(r->stats->esp, 1);
    assert_int_equal(r->stats->other_ip, 1);
}

static void authentication_headers_are_stepped_over(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    frame_begin(&b, VIEW("hello"));
    wrap_udp(&b, 1111, 2222);
    seal_transport(&b, IP_UDP, V4_ADDRESSES);
    wrap_ah(&b, IP_UDP, 4);
    wrap_ipv4(&b, IP_AH);
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
    *byte_of(&b, 21) = 200; /* longer than what is there */
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.trunc_ah");
    wrap_ipv4(frame_begin(&b, VIEW("\x11")), IP_AH);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv4.trunc_ah");
    wrap_ah(udp_in_v6(&b), IP_UDP, 4);
    wrap_ipv6(&b, IP_AH);
    decode(r, LINK_RAW, &b);
    assert_sample(r, 6);
}

/* ---- IPv6 ------------------------------------------------------------------------------------------------ */

static void every_extension_header_is_stepped_over(void **state)
{
    static const uint8_t kinds[] = {0, 43, 60, 135, 139, 140};
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(kinds); i++) {
        wrap_extension(udp_in_v6(&b), IP_UDP, (uint8_t)(i % 3));
        wrap_ipv6_part(&b, kinds[i]);
        decode(r, LINK_RAW, &b);
        assert_int_equal(r->count, 1);
        assert_is_sample(&r->packets[0], 6);
    }
    udp_in_v6(&b);
    for (size_t i = 0; i < sizeof(kinds); i++)
        wrap_extension(&b, i == 0 ? IP_UDP : kinds[i - 1], 0);
    wrap_ipv6_part(&b, 140);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 1);
    assert_is_sample(&r->packets[0], 6);
}

static void a_chain_of_many_headers_ends(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    udp_in_v6(&b);
    for (size_t i = 0; i < 400; i++)
        wrap_extension(&b, i == 0 ? IP_UDP : 135, 0);
    wrap_ipv6_part(&b, 135);
    decode(r, LINK_RAW, &b);
    assert_sample(r, 6);
}

static void odd_extension_headers_are_anomalies_but_the_packet_is_read(void **state)
{
    static const struct {
        const char *bytes; /* eight of them, after them UDP */
        uint8_t next;
        const char *anomaly;
    } cases[] = {
        {"\x11\x00\x05\x02\x00\x00\x00\x00", 0, NULL}, /* a router alert and padding */
        {"\x11\x00\x01\x04\x00\x00\x00\x00", 0, "ipv6.hopopts_only_padding"},
        {"\x11\x00\x01\x04\x00\x00\x00\x00", 60, "ipv6.dstopts_only_padding"},
        {"\x11\x00\x05\x02\x00\x00\x01\x00", 60, "ipv6.zero_len_padn"},
        {"\x11\x00\xc2\x09\x00\x00\x00\x00", 60, "ipv6.exthdr_invalid_optlen"},
        {"\x11\x00\xc2\x03\x00\x00\x00\x00", 60, "ipv6.exthdr_invalid_optlen"},
        {"\x11\x00\x3e\x04\x00\x00\x00\x00", 0, "ipv6.hopopts_unknown_opt"},
        {"\x11\x00\x3e\x04\x00\x00\x00\x00", 60, "ipv6.dstopts_unknown_opt"},
        {"\x11\x00\x00\x01\x00\x00\x00\x00", 43, "ipv6.rh_type_0"},
        {"\x11\x00\x04\x01\x00\x00\x00\x00", 43, NULL},
        {"\x11\x00\x00\x01\x00\x00\x00\x00", 51, "ipv6.exthdr_ah_res_not_null"},
        {"\x11\x00\x00\x00\x00\x00\x00\x07", 44, "ipv6.exthdr_useless_fh"},
    };
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wrap_bytes(udp_in_v6(&b), view_make(cases[i].bytes, 8));
        wrap_ipv6(&b, cases[i].next);
        decode(r, LINK_RAW, &b);
        assert_int_equal(r->count, 1);
        assert_int_equal(r->packets[0].ip_proto, IP_UDP);
        if (cases[i].anomaly != NULL)
            assert_anomaly(r, cases[i].anomaly);
        else
            assert_int_equal(r->anomaly_count, 0);
    }
}

static void headers_that_must_not_come_twice_are_anomalies(void **state)
{
    static const struct {
        uint8_t kind, times;
        struct view bytes;
        const char *anomaly;
    } cases[] = {
        {0, 2, {(const uint8_t *)"\x00\x00\x05\x02\x00\x00\x00\x00", 8}, "ipv6.exthdr_dupl_hh"},
        {43, 2, {(const uint8_t *)"\x00\x00\x04\x00\x00\x00\x00\x00", 8}, "ipv6.exthdr_dupl_rh"},
        {51, 2, {(const uint8_t *)"\x00\x00\x00\x00\x00\x00\x00\x00", 8}, "ipv6.exthdr_dupl_ah"},
        {60, 3, {(const uint8_t *)"\x00\x00\x05\x02\x00\x00\x00\x00", 8}, "ipv6.exthdr_dupl_dh"},
    };
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        udp_in_v6(&b);
        for (uint8_t k = 0; k < cases[i].times; k++) {
            wrap_bytes(&b, cases[i].bytes);
            *byte_of(&b, 0) = k == 0 ? IP_UDP : cases[i].kind;
        }
        wrap_ipv6(&b, cases[i].kind);
        decode(r, LINK_RAW, &b);
        assert_int_equal(r->count, 1);
        assert_is_sample(&r->packets[0], 6);
        assert_anomaly(r, cases[i].anomaly);
    }
}

static void an_extension_header_beyond_the_packet_is_an_anomaly(void **state)
{
    static const uint8_t kinds[] = {0, 43, 44, 51, 60, 135};
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(kinds); i++) {
        wrap_ipv6_part(frame_begin(&b, VIEW("\x11\x00\x01")), kinds[i]);
        decode(r, LINK_RAW, &b);
        assert_anomaly(r, "ipv6.trunc_exthdr");
        assert_int_equal(r->count, 0);
    }
    wrap_extension(udp_in_v6(&b), IP_UDP, 0);
    *byte_of(&b, 1) = 2; /* 24 bytes; 21 are there */
    wrap_ipv6_part(&b, 60);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv6.trunc_exthdr");
}

static void no_next_header_ends_the_packet(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_extension(frame_begin(&b, VIEW("ignored")), 59, 0);
    wrap_ipv6_part(&b, 0);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->anomaly_count, 2); /* padding alone, and what it ignores */
    assert_string_equal(anomaly_name(r->anomalies[1]), "ipv6.data_after_none_header");
    assert_int_equal(r->packets[0].ip_proto, 59);
    assert_int_equal(r->packets[0].payload_len, 0);
    assert_int_equal(r->packets[0].flags, 0);
}

static void a_fragment_that_is_a_whole_datagram_is_no_fragment(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_fragment_header(udp_in_v6(&b), IP_UDP, 0, false, 9);
    wrap_ipv6_part(&b, 44);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 1);
    assert_is_sample(&r->packets[0], 6);
    assert_anomaly(r, "ipv6.exthdr_useless_fh");
    assert_int_equal(r->stats->fragments, 0);
}

static void each_malformed_ipv6_header_has_its_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v6(&b);
    decode_view(r, LINK_RAW, view_slice(frame_view(&b), 0, 39), 39);
    assert_anomaly(r, "ipv6.pkt_too_small");
    wrap_ethernet(sample_v6(&b), 0x86dd);
    *byte_of(&b, 14) = 0x40;
    decode(r, LINK_ETHERNET, &b);
    assert_anomaly(r, "ipv6.wrong_ip_version");
    assert_int_equal(r->count, 0);
    sample_v6(&b);
    put_u16(byte_of(&b, 4), 14);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "ipv6.trunc_pkt");
    assert_int_equal(r->count, 0);
    assert_int_equal(r->stats->discarded, 1);
}

static void the_hash_of_a_pair_is_the_same_from_both_sides(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    decode(r, LINK_RAW, sample_v4(&b));
    struct packet back = r->packets[0];
    back.src = r->packets[0].dst;
    back.dst = r->packets[0].src;
    assert_true(packet_pair_hash(&back) == packet_pair_hash(&r->packets[0]));
    back.dst.bytes[15] ^= 1;
    assert_true(packet_pair_hash(&back) != packet_pair_hash(&r->packets[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DECODER_TEST(ipv4_options_are_stepped_over),
        DECODER_TEST(odd_ipv4_options_are_anomalies_and_some_refuse_the_packet),
        DECODER_TEST(each_malformed_ipv4_header_has_its_anomaly),
        DECODER_TEST(a_frame_is_invalid_when_it_is_given_up_not_when_it_is_odd),
        DECODER_TEST(a_datagram_longer_than_its_frame_is_thrown_away),
        DECODER_TEST(a_frame_longer_than_any_link_has_may_be_cut_silently),
        DECODER_TEST(anomalies_of_a_packet_are_bounded),
        DECODER_TEST(what_the_snap_length_cut_off_is_no_anomaly),
        DECODER_TEST(a_total_length_of_zero_means_the_rest_of_the_frame),
        DECODER_TEST(protocols_without_a_decoder_are_handed_on_with_their_payload),
        DECODER_TEST(authentication_headers_are_stepped_over),
        DECODER_TEST(every_extension_header_is_stepped_over),
        DECODER_TEST(a_chain_of_many_headers_ends),
        DECODER_TEST(odd_extension_headers_are_anomalies_but_the_packet_is_read),
        DECODER_TEST(headers_that_must_not_come_twice_are_anomalies),
        DECODER_TEST(an_extension_header_beyond_the_packet_is_an_anomaly),
        DECODER_TEST(no_next_header_ends_the_packet),
        DECODER_TEST(a_fragment_that_is_a_whole_datagram_is_no_fragment),
        DECODER_TEST(each_malformed_ipv6_header_has_its_anomaly),
        DECODER_TEST(the_hash_of_a_pair_is_the_same_from_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
