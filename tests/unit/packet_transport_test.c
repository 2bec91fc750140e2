/* SPDX-License-Identifier: BSD-3-Clause */
/* Transport headers and checksums. */
#include "unit/test.h"

#include "packet/decoder.h"
#include "unit/frame_bytes.h"

enum { IPV4_LEN = 20, IPV6_LEN = 40 };

static void tcp_over(struct frame_bytes *b, bool is_v4, struct view payload, struct view options)
{
    frame_begin(b, payload);
    wrap_tcp(b, 1111, 80, TCP_PSH | TCP_ACK, options);
    if (is_v4)
        wrap_ipv4(b, IP_TCP);
    else
        wrap_ipv6(b, IP_TCP);
}

static int set_up_dropping(void **state)
{
    const struct decode_options options = {.drop_bad_checksums = true};
    *state = decoded_new(&options);
    return 0;
}

static int set_up_ignoring(void **state)
{
    const struct decode_options options = {.ignore_checksums = true};
    *state = decoded_new(&options);
    return 0;
}

/* ---- TCP ------------------------------------------------------------------------------------------------- */

static void every_field_of_a_tcp_header_is_read(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    for (int is_v4 = 0; is_v4 < 2; is_v4++) {
        tcp_over(&b, is_v4, VIEW("GET"), VIEW("\x02\x04\x05\xb4\x01\x01\x01\x00"));
        decode(r, LINK_RAW, &b);
        assert_int_equal(r->anomaly_count, 0);
        assert_int_equal(r->count, 1);
        const struct packet *p = &r->packets[0];
        assert_int_equal(p->ip_proto, IP_TCP);
        assert_int_equal(p->src_port, 1111);
        assert_int_equal(p->dst_port, 80);
        assert_int_equal(p->seq, 0x01020304);
        assert_int_equal(p->ack, 0x05060708);
        assert_int_equal(p->tcp_flags, TCP_PSH | TCP_ACK);
        assert_int_equal(p->window, 0x1234);
        assert_int_equal(p->urgent, 0x5678);
        assert_int_equal(p->flags, PACKET_HAS_TRANSPORT);
        assert_payload(p, "GET");
    }
    assert_int_equal(r->stats->tcp, 2);
}

static void odd_tcp_options_are_anomalies_but_the_packet_is_read(void **state)
{
    static const struct {
        const char *anomaly;
        const char *bytes;
        size_t len;
    } cases[] = {
        {NULL, "\x01\x01\x08\x0a\0\0\0\1\0\0\0\2", 12},
        {NULL, "\x02\x04\x05\xb4\x04\x02\x08\x0a\0\0\0\1\0\0\0\0\x01\x03\x03\x07", 20},
        {NULL, "\x01\x01\x05\x12\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4", 20},
        {NULL, "\x22\x02\x01\x01", 4},
        {NULL, "\xfe\x04\xf9\x89", 4},
        {NULL, "\x1c\x03\x01\x00", 4}, /* a kind without a form */
        {NULL, "\x00\xff\xff\xff", 4}, /* nothing counts behind the end */
        {"tcp.opt_invalid_len", "\x03\x04\x07\x00", 4},
        {"tcp.opt_invalid_len", "\x08\x04\x00\x00", 4},
        {"tcp.opt_invalid_len", "\x05\x0b\0\0\0\0\0\0\0\0\0\x00", 12},
        {"tcp.opt_invalid_len", "\x13\x04\x00\x00", 4},
        {"tcp.opt_invalid_len", "\x02\x05\x05\xb4", 4}, /* longer than the header */
        {"tcp.opt_invalid_len", "\x02\x01\x05\xb4", 4},
        {"tcp.opt_duplicate", "\x02\x04\x05\xb4\x02\x04\x05\xb4", 8},
        {"tcp.opt_duplicate", "\x22\x02\xfe\x04\xf9\x89\x01\x01", 8},
    };
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tcp_over(&b, i % 2, VIEW("GET"), view_make(cases[i].bytes, cases[i].len));
        decode(r, LINK_RAW, &b);
        assert_int_equal(r->count, 1);
        assert_payload(&r->packets[0], "GET");
        if (cases[i].anomaly != NULL)
            assert_anomaly(r, cases[i].anomaly);
        else
            assert_int_equal(r->anomaly_count, 0);
    }
    assert_int_equal(r->stats->malformed, 8);
    assert_int_equal(r->stats->invalid, 2); /* behind a length that cannot be nothing is read */
}

static void each_malformed_tcp_header_has_its_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ipv4(frame_begin(&b, VIEW("nineteen bytes here")), IP_TCP);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "tcp.pkt_too_small");
    tcp_over(&b, true, VIEW(""), VIEW(""));
    *byte_of(&b, IPV4_LEN + 12) = 0x60; /* 24 bytes; 20 are there */
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "tcp.hlen_too_small");
    *byte_of(&b, IPV4_LEN + 12) = 0x40; /* as Suricata has it: options of minus four bytes */
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "tcp.invalid_optlen");
    assert_int_equal(r->count, 0);
}

/* ---- UDP ------------------------------------------------------------------------------------------------- */

static void bytes_behind_the_udp_length_are_no_payload(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    frame_begin(&b, VIEW("hello"));
    wrap_udp(&b, 1111, 2222);
    seal_transport(&b, IP_UDP, V4_ADDRESSES);
    pad_after(&b, 7);
    wrap_ipv4_part(&b, IP_UDP, 1, 0, VIEW(""));
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
}

static void each_malformed_udp_header_has_its_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ipv4(frame_begin(&b, VIEW("7 bytes")), IP_UDP);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "udp.hlen_too_small");
    assert_int_equal(r->count, 0);
    sample_v4(&b);
    *byte_of(&b, IPV4_LEN + 5) = 7;
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "udp.len_invalid");
    assert_int_equal(r->count, 0);
    sample_v4(&b);
    *byte_of(&b, IPV4_LEN + 5) = 14; /* one more than there is */
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "udp.pkt_too_small");
    assert_int_equal(r->count, 0);
    assert_int_equal(r->stats->discarded, 2);
}

static void a_udp_length_of_zero_is_a_jumbograms(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v6(&b);
    put_u16(byte_of(&b, IPV6_LEN + 4), 0);
    put_u16(byte_of(&b, IPV6_LEN + 6), 0);
    decode(r, LINK_RAW, &b);
    assert_sample(r, 6);
    sample_v4(&b);
    put_u16(byte_of(&b, IPV4_LEN + 4), 0);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "udp.len_invalid");
}

/* ---- ICMP, SCTP --------------------------------------------------------------------------------------- */

static void icmp_that_nobody_registered_is_an_anomaly(void **state)
{
    static const struct {
        uint8_t type, code;
        bool is_v4;
        const char *anomaly;
    } cases[] = {
        {8, 0, true, NULL},
        {3, 15, true, "icmpv4.ipv4_trunc_pkt"}, /* what it is about is not there */
        {13, 0, true, "icmpv4.ipv4_trunc_pkt"},
        {1, 0, false, "icmpv6.ipv6_trunc_pkt"},
        {131, 0, false, "icmpv6.mld_message_with_invalid_hl"},
        {8, 1, true, "icmpv4.unknown_code"},
        {77, 0, true, "icmpv4.unknown_type"},
        {135, 0, false, NULL},
        {135, 1, false, "icmpv6.unknown_code"},
        {99, 0, false, "icmpv6.unassigned_type"},
        {200, 9, false, "icmpv6.experimentation_type"},
    };
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wrap_icmp(frame_begin(&b, VIEW("data")), cases[i].type, cases[i].code, 0, cases[i].is_v4);
        if (cases[i].is_v4)
            wrap_ipv4(&b, IP_ICMP);
        else
            wrap_ipv6(&b, IP_ICMPV6);
        decode(r, LINK_RAW, &b);
        assert_int_equal(r->count, 1); /* read all the same */
        if (cases[i].anomaly != NULL)
            assert_anomaly(r, cases[i].anomaly);
        else
            assert_int_equal(r->anomaly_count, 0);
    }
}

static void echo_requests_have_type_code_and_identifier(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_icmp(frame_begin(&b, VIEW("ping")), 8, 3, 0xbeef, true);
    wrap_ipv4(&b, IP_ICMP);
    decode(r, LINK_RAW, &b);
    const struct packet *p = &r->packets[0];
    assert_int_equal(r->count, 1);
    assert_int_equal(p->icmp_type, 8);
    assert_int_equal(p->icmp_code, 3);
    assert_int_equal(p->icmp_id, 0xbeef);
    assert_int_equal(p->flags, PACKET_HAS_TRANSPORT);
    assert_int_equal(p->src_port + p->dst_port, 0);
    assert_payload(p, "ping");
    wrap_icmp(frame_begin(&b, VIEW("pong")), 129, 0, 0xcafe, false);
    wrap_ipv6(&b, IP_ICMPV6);
    decode(r, LINK_RAW, &b);
    assert_int_equal(p->icmp_type, 129);
    assert_int_equal(p->icmp_id, 0xcafe);
    assert_int_equal(p->flags, PACKET_HAS_TRANSPORT);
    assert_payload(p, "pong");
    wrap_ipv4(frame_begin(&b, VIEW("\x08\x00\xf7")), IP_ICMP);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "icmpv4.pkt_too_small");
    wrap_ipv6_part(frame_begin(&b, VIEW("\x80\x00\xf7")), IP_ICMPV6);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "icmpv6.pkt_too_small");
    assert_int_equal(r->stats->icmpv4, 2);
    assert_int_equal(r->stats->icmpv6, 2);
}

static void sctp_has_ports(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_sctp(frame_begin(&b, VIEW("chunk")), 2905, 2906);
    wrap_ipv4(&b, IP_SCTP);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->packets[0].src_port, 2905);
    assert_int_equal(r->packets[0].dst_port, 2906);
    assert_int_equal(r->packets[0].flags, PACKET_HAS_TRANSPORT);
    assert_payload(&r->packets[0], "chunk");
    wrap_ipv4(frame_begin(&b, VIEW("eleven long")), IP_SCTP);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "sctp.pkt_too_small");
    assert_int_equal(r->stats->sctp, 2);
}

/* ---- checksums ------------------------------------------------------------------------------------------- */

static void the_fast_sum_is_the_plain_one_for_every_length_and_place(void **state)
{
    uint8_t bytes[80];
    uint32_t random = 1;
    (void)state;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)((random = random * 1103515245 + 12345) >> 16);
    memset(bytes + 40, 0xff, 24); /* many carries */
    for (size_t from = 0; from < 9; from++) {
        for (size_t len = 0; len <= sizeof(bytes) - from; len++) {
            struct view view = view_make(bytes + from, len);
            assert_int_equal(checksum_add(0, view), naive_sum(0, view));
            assert_int_equal(checksum_add(0xfffe, view), naive_sum(0xfffe, view));
        }
    }
    assert_true(checksum_is_right(0xffff));
    assert_false(checksum_is_right(0));
}

static void a_wrong_checksum_is_marked_and_counted(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    *byte_of(&b, 10) ^= 1;
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->packets[0].flags, PACKET_HAS_TRANSPORT | PACKET_BAD_CHECKSUM);
    assert_int_equal(r->stats->bad_ipv4_checksum, 1);
    tcp_over(&b, true, VIEW("odd"), VIEW(""));
    *byte_of(&b, frame_view(&b).len - 1) ^= 0x80;
    decode(r, LINK_RAW, &b);
    assert_true(r->packets[0].flags & PACKET_BAD_CHECKSUM);
    tcp_over(&b, false, VIEW("GET"), VIEW(""));
    *byte_of(&b, 39) ^= 1; /* the destination is part of it */
    decode(r, LINK_RAW, &b);
    assert_true(r->packets[0].flags & PACKET_BAD_CHECKSUM);
    sample_v6(&b);
    *byte_of(&b, IPV6_LEN + 1) ^= 2;
    decode(r, LINK_RAW, &b);
    assert_true(r->packets[0].flags & PACKET_BAD_CHECKSUM);
    wrap_icmp(frame_begin(&b, VIEW("ping")), 8, 0, 1, true);
    *byte_of(&b, 0) = 0;
    wrap_ipv4(&b, IP_ICMP);
    decode(r, LINK_RAW, &b);
    assert_true(r->packets[0].flags & PACKET_BAD_CHECKSUM);
    assert_int_equal(r->stats->bad_ipv4_checksum, 1);
    assert_int_equal(r->stats->bad_tcp_checksum, 2);
    assert_int_equal(r->stats->bad_udp_checksum, 1);
    assert_int_equal(r->stats->bad_icmp_checksum, 1);
    assert_int_equal(r->stats->invalid, 0);
}

static void a_udp_checksum_of_zero_is_none(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    put_u16(byte_of(&b, IPV4_LEN + 6), 0);
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
    assert_int_equal(r->stats->bad_udp_checksum, 0);
}

static void what_was_cut_off_cannot_be_verified(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    tcp_over(&b, true, VIEW("a longer payload"), VIEW(""));
    *byte_of(&b, IPV4_LEN + 16) ^= 1;
    decode_cut(r, LINK_RAW, &b, IPV4_LEN + 20 + 4);
    assert_int_equal(r->packets[0].flags, PACKET_HAS_TRANSPORT | PACKET_CUT);
    assert_payload(&r->packets[0], "a lo");
    assert_int_equal(r->stats->bad_tcp_checksum, 0);
}

static void packets_with_wrong_checksums_are_dropped_when_asked_for(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    decode(r, LINK_RAW, sample_v4(&b));
    assert_sample(r, 4);
    *byte_of(&b, 10) ^= 1;
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 0);
    sample_v6(&b);
    *byte_of(&b, IPV6_LEN + 6) ^= 1;
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 0);
    assert_int_equal(r->stats->bad_ipv4_checksum, 1);
    assert_int_equal(r->stats->bad_udp_checksum, 1);
}

static void what_a_dropped_packet_carries_is_dropped_with_it(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    wrap_vxlan(&b, 5);
    wrap_udp(&b, 50000, 4789);
    wrap_ipv4(&b, IP_UDP);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 2);
    *byte_of(&b, IPV4_LEN + 6) ^= 1;
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 0);
    wrap_ipv4(sample_v4(&b), IP_IPIP);
    *byte_of(&b, 10) ^= 1;
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 0);
    wrap_ipv4_part(frame_begin(&b, VIEW("fragment")), IP_UDP, 7, 0x2000, VIEW(""));
    *byte_of(&b, 10) ^= 1;
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->stats->fragments, 0);
}

static void checksums_can_be_left_alone(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    *byte_of(&b, 10) ^= 1;
    *byte_of(&b, IPV4_LEN + 6) ^= 1;
    decode(r, LINK_RAW, &b);
    assert_sample(r, 4);
    assert_int_equal(r->stats->bad_ipv4_checksum + r->stats->bad_udp_checksum, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DECODER_TEST(every_field_of_a_tcp_header_is_read),
        DECODER_TEST(odd_tcp_options_are_anomalies_but_the_packet_is_read),
        DECODER_TEST(each_malformed_tcp_header_has_its_anomaly),
        DECODER_TEST(bytes_behind_the_udp_length_are_no_payload),
        DECODER_TEST(each_malformed_udp_header_has_its_anomaly),
        DECODER_TEST(a_udp_length_of_zero_is_a_jumbograms),
        DECODER_TEST(echo_requests_have_type_code_and_identifier),
        DECODER_TEST(sctp_has_ports),
        cmocka_unit_test(the_fast_sum_is_the_plain_one_for_every_length_and_place),
        DECODER_TEST(a_wrong_checksum_is_marked_and_counted),
        DECODER_TEST(icmp_that_nobody_registered_is_an_anomaly),
        DECODER_TEST(a_udp_checksum_of_zero_is_none),
        DECODER_TEST(what_was_cut_off_cannot_be_verified),
        cmocka_unit_test_setup_teardown(packets_with_wrong_checksums_are_dropped_when_asked_for,
                                        set_up_dropping, tear_down_decoder),
        cmocka_unit_test_setup_teardown(what_a_dropped_packet_carries_is_dropped_with_it,
                                        set_up_dropping, tear_down_decoder),
        cmocka_unit_test_setup_teardown(checksums_can_be_left_alone, set_up_ignoring,
                                        tear_down_decoder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
