/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels: what is inside is a packet of its own, one level deeper, and the levels are bounded. */
#include "unit/test.h"

#include "unit/frame_bytes.h"

/* What was built so far is carried in UDP over IPv4 to the tunnel's port, and decoded. */
static void decode_in_udp(struct decoded *r, struct frame_bytes *b, uint16_t src, uint16_t dst)
{
    wrap_udp(b, src, dst);
    wrap_ipv4(b, IP_UDP);
    decode(r, LINK_RAW, b);
}

static void decode_in_gre(struct decoded *r, struct frame_bytes *b, uint16_t flags, uint16_t proto,
                          struct view rest)
{
    wrap_gre(b, flags, proto, rest);
    wrap_ipv4(b, IP_GRE);
    decode(r, LINK_RAW, b);
}

/* The outer packet first, then the sample, marked as what it is. */
static void assert_tunnelled(const struct decoded *r, uint8_t outer_proto, uint8_t inner_version)
{
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, 2);
    assert_int_equal(r->packets[0].ip_proto, outer_proto);
    assert_int_equal(r->packets[0].depth, 0);
    assert_int_equal(r->packets[0].tunnel_id, 0);
    assert_is_sample(&r->packets[1], inner_version);
    assert_int_equal(r->packets[1].depth, 1);
    assert_true(r->packets[1].tunnel_id != 0);
    assert_int_equal(r->packets[1].flags, PACKET_HAS_TRANSPORT | PACKET_TUNNELLED);
    assert_int_equal(r->packets[1].number, r->packets[0].number);
}

/* Only the packet that is no tunnel. */
static void assert_not_tunnelled(const struct decoded *r)
{
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->packets[0].depth, 0);
}

/* ---- IP in IP ---------------------------------------------------------------------------------------- */

static void ip_is_carried_in_ip_in_all_four_ways(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ipv4(sample_v4(&b), IP_IPIP);
    decode(r, LINK_RAW, &b);
    assert_tunnelled(r, IP_IPIP, 4);
    wrap_ipv4(sample_v6(&b), IP_IPV6);
    decode(r, LINK_RAW, &b);
    assert_tunnelled(r, IP_IPV6, 6);
    wrap_ipv6(sample_v4(&b), IP_IPIP);
    decode(r, LINK_RAW, &b);
    assert_tunnelled(r, IP_IPIP, 4);
    wrap_ipv6(sample_v6(&b), IP_IPV6);
    decode(r, LINK_RAW, &b);
    assert_tunnelled(r, IP_IPV6, 6);
    assert_int_equal(r->stats->ipip, 2);
    assert_int_equal(r->stats->ipv6_in_ipv4, 1);
    assert_int_equal(r->stats->ipv4_in_ipv6, 1);
}

static void levels_are_bounded(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    for (int i = 0; i < DECODE_DEPTH_MAX - 1; i++)
        wrap_ipv4(&b, IP_IPIP);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, DECODE_DEPTH_MAX);
    assert_is_sample(&r->packets[DECODE_DEPTH_MAX - 1], 4);
    wrap_ipv4(&b, IP_IPIP);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "too_many_layers");
    assert_int_equal(r->count, DECODE_DEPTH_MAX);
    assert_int_equal(r->packets[DECODE_DEPTH_MAX - 1].depth, DECODE_DEPTH_MAX - 1);
    assert_int_equal(r->stats->tunnel_too_deep, 1);
}

/* ---- GRE ------------------------------------------------------------------------------------------------- */

static void gre_is_read_with_all_its_options(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    decode_in_gre(r, sample_v4(&b), 0, 0x0800, VIEW(""));
    assert_tunnelled(r, IP_GRE, 4);
    decode_in_gre(r, sample_v6(&b), 0xb000, 0x86dd, VIEW("\0\0\0\0\0\0\0\x07\0\0\0\x01"));
    assert_tunnelled(r, IP_GRE, 6);
    decode_in_gre(r, sample_v4(&b), 0x4000, 0x0800,
                  VIEW("\0\0\0\0\x08\x00\x00\x04\x0a\0\0\x09\x00\x00\x00\x00")); /* a route */
    assert_tunnelled(r, IP_GRE, 4);
    wrap_vlan(sample_v4(&b), 33, 0x0800);
    wrap_ethernet(&b, 0x8100);
    decode_in_gre(r, &b, 0, 0x6558, VIEW(""));
    assert_tunnelled(r, IP_GRE, 4);
    assert_int_equal(r->packets[1].vlan[0], 33);
    assert_int_equal(r->packets[0].vlan_count, 0);
    wrap_mpls(sample_v4(&b), 16, true);
    decode_in_gre(r, &b, 0, 0x8847, VIEW(""));
    assert_tunnelled(r, IP_GRE, 4);
    assert_int_equal(r->stats->gre, 5);
}

static void pptp_carries_ppp_under_one_identifier(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    WRAP(sample_v4(&b), "\xff\x03\x00\x21");
    decode_in_gre(r, &b, 0x3081, 0x880b, VIEW("\x00\x29\x00\x07\0\0\0\x01\0\0\0\x02"));
    assert_tunnelled(r, IP_GRE, 4);
    uint32_t id = r->packets[1].tunnel_id;
    WRAP(sample_v4(&b), "\xff\x03\x00\x21");
    decode_in_gre(r, &b, 0x2001, 0x880b, VIEW("\x00\x29\x00\x09"));
    assert_tunnelled(r, IP_GRE, 4);
    assert_int_equal(r->packets[1].tunnel_id, id);
    decode_in_gre(r, frame_begin(&b, VIEW("")), 0x2081, 0x880b, VIEW("\0\0\0\x07\0\0\0\x02"));
    assert_not_tunnelled(r); /* an acknowledgement alone */
}

static void a_short_gre_header_is_an_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ipv4(frame_begin(&b, VIEW("\x00\x00\x08")), IP_GRE);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "gre.pkt_too_small");
    decode_in_gre(r, frame_begin(&b, VIEW("")), 0xb000, 0x0800, VIEW("\0\0\0\0\0\0\0\0"));
    assert_anomaly(r, "gre.version0_hdr_too_big");
    decode_in_gre(r, frame_begin(&b, VIEW("")), 0x4000, 0x0800, VIEW("\0\0\0\0\x08\0\0\xff"));
    assert_anomaly(r, "gre.version0_malformed_sre_hdr");
    decode_in_gre(r, frame_begin(&b, VIEW("")), 0x3081, 0x880b, VIEW("\0\0\0\0"));
    assert_anomaly(r, "gre.version1_hdr_too_big");
    assert_int_equal(r->count, 1);
}

static void gre_flags_that_a_version_lacks_are_anomalies(void **state)
{
    static const struct {
        uint16_t flags, proto;
        const char *anomaly;
    } cases[] = {
        {0x0100, 0x0800, "gre.version0_recur"},  {0x0008, 0x0800, "gre.version0_flags"},
        {0x2009, 0x880b, "gre.version1_flags"},  {0x2101, 0x880b, "gre.version1_recur"},
        {0x2801, 0x880b, "gre.version1_ssr"},    {0x2001, 0x0800, "gre.version1_wrong_protocol"},
        {0x0001, 0x880b, "gre.version1_no_key"}, {0xa001, 0x880b, "gre.version1_chksum"},
        {0x6001, 0x880b, "gre.version1_route"},  {0x0002, 0x880b, "gre.wrong_version"},
    };
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        decode_in_gre(r, frame_begin(&b, VIEW("")), cases[i].flags, cases[i].proto,
                      VIEW("\0\0\0\0\0\0\0\0\0\0\0\0"));
        assert_true(r->anomaly_count > 0);
        assert_string_equal(anomaly_name(r->anomalies[0]), cases[i].anomaly);
    }
}

static void erspan_is_read_in_its_three_types(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    decode_in_gre(r, &b, 0, 0x88be, VIEW(""));
    assert_tunnelled(r, IP_GRE, 4);
    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "\x10\x00\x00\x2a\x00\x00\x00\x00");
    decode_in_gre(r, &b, 0x1000, 0x88be, VIEW("\0\0\0\x01"));
    assert_tunnelled(r, IP_GRE, 4);
    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "\x20\x00\x00\x2a\0\0\0\0\0\0\0\0");
    decode_in_gre(r, &b, 0x1000, 0x22eb, VIEW("\0\0\0\x01"));
    assert_tunnelled(r, IP_GRE, 4);
    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "\x20\x00\x00\x2a\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0"); /* eight bytes more */
    decode_in_gre(r, &b, 0x1000, 0x22eb, VIEW("\0\0\0\x01"));
    assert_tunnelled(r, IP_GRE, 4);
    wrap_ethernet(sample_v4(&b), 0x0800);
    put_u16(byte_of(&b, 14 + 2), 500);
    WRAP(&b, "\x10\x00\x04\x2a\x00\x00\x00\x00"); /* cut by the mirror, and it says so */
    decode_in_gre(r, &b, 0x1000, 0x88be, VIEW("\0\0\0\x01"));
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, 2);
    assert_true(r->packets[1].flags & PACKET_CUT);
    assert_int_equal(r->stats->erspan, 5);
    decode_in_gre(r, frame_begin(&b, VIEW("short")), 0x1000, 0x88be, VIEW("\0\0\0\x01"));
    assert_anomaly(r, "erspan.header_too_small");
}

/* ---- UDP --------------------------------------------------------------------------------------------------- */

static void vxlan_is_read_on_both_its_ports(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;
    static const uint16_t ports[] = {4789, 8472};

    for (size_t i = 0; i < 2; i++) {
        wrap_ethernet(sample_v4(&b), 0x0800);
        wrap_vxlan(&b, 5000);
        decode_in_udp(r, &b, 50000, ports[i]);
        assert_tunnelled(r, IP_UDP, 4);
        assert_int_equal(r->packets[0].dst_port, ports[i]);
    }
    wrap_ethernet(sample_v4(&b), 0x0800);
    wrap_vxlan(&b, 5000);
    *byte_of(&b, 0) = 0; /* no valid network */
    decode_in_udp(r, &b, 50000, 4789);
    assert_not_tunnelled(r);
    wrap_vxlan(sample_v4(&b), 7);
    *byte_of(&b, 0) = 0x0c; /* the generic form: IPv4 follows */
    *byte_of(&b, 3) = 1;
    decode_in_udp(r, &b, 50000, 4790);
    assert_tunnelled(r, IP_UDP, 4);
    assert_int_equal(r->stats->vxlan, 3);
}

static void geneve_options_are_stepped_over(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v6(&b), 0x86dd);
    wrap_geneve(&b, 9, 0x6558, 3);
    decode_in_udp(r, &b, 50000, 6081);
    assert_tunnelled(r, IP_UDP, 6);
    wrap_geneve(sample_v4(&b), 9, 0x0800, 0);
    decode_in_udp(r, &b, 50000, 6081);
    assert_tunnelled(r, IP_UDP, 4);
    wrap_geneve(frame_begin(&b, VIEW("x")), 9, 0x0800, 0);
    *byte_of(&b, 0) = 0x3f; /* options beyond the packet */
    decode_in_udp(r, &b, 50000, 6081);
    assert_not_tunnelled(r);
    wrap_geneve(sample_v4(&b), 9, 0x0800, 0);
    *byte_of(&b, 0) = 0x40; /* a version that there is not */
    decode_in_udp(r, &b, 50000, 6081);
    assert_not_tunnelled(r);
}

static void gtp_user_packets_are_read_with_their_extensions(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_gtpu(sample_v4(&b), 0, 7, VIEW(""));
    decode_in_udp(r, &b, 2152, 2152);
    assert_tunnelled(r, IP_UDP, 4);
    uint32_t id = r->packets[1].tunnel_id;
    wrap_gtpu(sample_v6(&b), 2, 9, VIEW("\x00\x01\x00\x00"));
    decode_in_udp(r, &b, 50000, 2152);
    assert_tunnelled(r, IP_UDP, 6);
    assert_int_equal(r->packets[1].tunnel_id, id); /* endpoints differ by direction */
    wrap_gtpu(sample_v4(&b), 4, 7, VIEW("\0\0\0\x85\x01\x10\x00\x85\x02\0\0\0\0\0\0\x00"));
    decode_in_udp(r, &b, 50000, 2152);
    assert_tunnelled(r, IP_UDP, 4);
    wrap_gtpu(sample_v4(&b), 4, 7, VIEW("\0\0\0\x85\x00\x10\x00\x85")); /* of no length */
    decode_in_udp(r, &b, 50000, 2152);
    assert_not_tunnelled(r);
    wrap_gtpu(sample_v4(&b), 0, 7, VIEW(""));
    *byte_of(&b, 1) = 1; /* an echo request */
    decode_in_udp(r, &b, 50000, 2152);
    assert_not_tunnelled(r);
    assert_int_equal(r->stats->gtp, 3);
}

static void teredo_is_read_behind_its_indications(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    decode_in_udp(r, sample_v6(&b), 3544, 50000);
    assert_tunnelled(r, IP_UDP, 6);
    WRAP(sample_v6(&b), "\0\0\x12\x34\x01\x02\x03\x04");
    decode_in_udp(r, &b, 50000, 3544);
    assert_tunnelled(r, IP_UDP, 6);
    WRAP(sample_v6(&b), "\0\0\x12\x34\x01\x02\x03\x04");
    WRAP(&b, "\x00\x01\x02\x01idA12345678\x00");
    decode_in_udp(r, &b, 50000, 3544);
    assert_tunnelled(r, IP_UDP, 6);
    pad_after(sample_v6(&b), 1); /* not of just the right length: something else */
    decode_in_udp(r, &b, 50000, 3544);
    assert_not_tunnelled(r);
    pad_after(sample_v6(&b), 2 + 6); /* trailers (RFC 6081): an empty one, a nonce of four bytes */
    memcpy(byte_of(&b, frame_view(&b).len - 8), "\x05\x00\x01\x04nonc", 8);
    decode_in_udp(r, &b, 50000, 3544);
    assert_tunnelled(r, IP_UDP, 6);
    *byte_of(&b, frame_view(&b).len - 5) = 5; /* longer than what is there */
    decode_in_udp(r, &b, 50000, 3544);
    assert_not_tunnelled(r);
    assert_int_equal(r->stats->teredo, 4);
}

static void gre_is_carried_in_udp(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_gre(sample_v4(&b), 0, 0x0800, VIEW(""));
    decode_in_udp(r, &b, 50000, 4754);
    assert_tunnelled(r, IP_UDP, 4);
}

static void lisp_ayiya_and_capwap_are_read(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_zeros(sample_v4(&b), 8);
    decode_in_udp(r, &b, 50000, 4341);
    assert_tunnelled(r, IP_UDP, 4);
    wrap_zeros(sample_v6(&b), 16 + 20); /* identity, signature */
    WRAP(&b, "\x42\x52\x11\x29\0\0\0\0");
    decode_in_udp(r, &b, 50000, 5072);
    assert_tunnelled(r, IP_UDP, 6);
    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "\x00\x10\x02\x00\0\0\0\0");
    decode_in_udp(r, &b, 50000, 5247);
    assert_tunnelled(r, IP_UDP, 4);
    wrap_snap(sample_v4(&b), 0x0800);
    wrap_80211(&b, 0x08, 0x01, 24);
    WRAP(&b, "\x00\x10\x03\x00\0\0\0\0");
    decode_in_udp(r, &b, 50000, 5247);
    assert_tunnelled(r, IP_UDP, 4);
    wrap_snap(sample_v4(&b), 0x0800);
    wrap_80211(&b, 0x01, 0x08, 24); /* with its two control bytes exchanged */
    WRAP(&b, "\x00\x10\x03\x00\0\0\0\0");
    decode_in_udp(r, &b, 5247, 50000);
    assert_tunnelled(r, IP_UDP, 4);
    WRAP(sample_v4(&b), "\x01\x00\x00\x00"); /* encrypted */
    decode_in_udp(r, &b, 50000, 5247);
    assert_not_tunnelled(r);
}

static void pim_registers_and_ethernet_in_ip_are_read(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    WRAP(sample_v4(&b), "\x21\0\0\0\0\0\0\0");
    wrap_ipv4(&b, IP_PIM);
    decode(r, LINK_RAW, &b);
    assert_tunnelled(r, IP_PIM, 4);
    WRAP(sample_v4(&b), "\x21\0\0\0\x40\0\0\0"); /* says only that the source lives */
    wrap_ipv4(&b, IP_PIM);
    decode(r, LINK_RAW, &b);
    assert_not_tunnelled(r);
    wrap_ethernet(sample_v4(&b), 0x0800);
    wrap_ipv6(&b, IP_ETHERNET);
    decode(r, LINK_RAW, &b);
    assert_tunnelled(r, IP_ETHERNET, 4);
}

/* ---- identity ---------------------------------------------------------------------------------------------- */

static uint32_t id_in_vxlan(struct decoded *r, uint32_t network, uint8_t outer_address)
{
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    wrap_vxlan(&b, network);
    wrap_udp(&b, 50000, 4789);
    put_u16(byte_of(&b, 6), 0);
    wrap_ipv4_part(&b, IP_UDP, 1, 0, VIEW(""));
    *byte_of(&b, 19) = outer_address;
    seal_ipv4(&b);
    decode(r, LINK_RAW, &b);
    assert_int_equal(r->count, 2);
    return r->packets[1].tunnel_id;
}

static void two_tunnels_are_two_identities(void **state)
{
    struct decoded *r = *state;
    uint32_t id = id_in_vxlan(r, 5000, 2);

    assert_int_equal(id_in_vxlan(r, 5000, 2), id);
    assert_int_not_equal(id_in_vxlan(r, 5001, 2), id);
    assert_int_not_equal(id_in_vxlan(r, 5000, 3), id);
}

static void what_the_snap_length_cut_is_marked_within_the_tunnel_too(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    wrap_vxlan(&b, 1);
    wrap_udp(&b, 50000, 4789);
    wrap_ipv4(&b, IP_UDP);
    decode_cut(r, LINK_RAW, &b, frame_view(&b).len - 2);
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, 2);
    assert_payload(&r->packets[1], "hel");
    assert_int_equal(r->packets[1].flags, PACKET_HAS_TRANSPORT | PACKET_TUNNELLED | PACKET_CUT);
}

static void a_fault_within_a_tunnel_does_not_make_the_frame_invalid(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    *byte_of(&b, 0) = 0x44;
    decode_in_gre(r, &b, 0, 0x0800, VIEW(""));
    assert_anomaly(r, "ipv4.hlen_too_small");
    assert_int_equal(r->stats->malformed, 1);
    assert_int_equal(r->stats->invalid, 0);
    decode_in_gre(r, sample_v4(&b), 0x0004, 0x0800, VIEW("")); /* the outer packet's */
    assert_anomaly(r, "gre.wrong_version");
    assert_int_equal(r->stats->invalid, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DECODER_TEST(ip_is_carried_in_ip_in_all_four_ways),
        DECODER_TEST(levels_are_bounded),
        DECODER_TEST(gre_is_read_with_all_its_options),
        DECODER_TEST(pptp_carries_ppp_under_one_identifier),
        DECODER_TEST(a_short_gre_header_is_an_anomaly),
        DECODER_TEST(gre_flags_that_a_version_lacks_are_anomalies),
        DECODER_TEST(erspan_is_read_in_its_three_types),
        DECODER_TEST(vxlan_is_read_on_both_its_ports),
        DECODER_TEST(geneve_options_are_stepped_over),
        DECODER_TEST(gtp_user_packets_are_read_with_their_extensions),
        DECODER_TEST(teredo_is_read_behind_its_indications),
        DECODER_TEST(gre_is_carried_in_udp),
        DECODER_TEST(lisp_ayiya_and_capwap_are_read),
        DECODER_TEST(pim_registers_and_ethernet_in_ip_are_read),
        DECODER_TEST(two_tunnels_are_two_identities),
        DECODER_TEST(a_fault_within_a_tunnel_does_not_make_the_frame_invalid),
        DECODER_TEST(what_the_snap_length_cut_is_marked_within_the_tunnel_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
