/* SPDX-License-Identifier: BSD-3-Clause */
/* Links and tags: every link type leads to the packet, and says so when it cannot. */
#include "unit/test.h"

#include "unit/frame_bytes.h"

enum {
    LINK_NULL = 0,
    LINK_PPP = 9,
    LINK_PPP_HDLC = 50,
    LINK_PPP_ETHER = 51,
    LINK_CHDLC = 104,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_NFLOG = 239,
    LINK_SLL2 = 276,
    LINK_USB = 189,
};

/* ---- Ethernet, tags ------------------------------------------------------------------------------------ */

static void ethernet_leads_to_both_versions_of_ip(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
    assert_int_equal(r->packets[0].ttl, 64);
    assert_int_equal(r->packets[0].number, 1);
    assert_int_equal(r->packets[0].frame_len, 14 + 20 + 8 + 5);
    wrap_ethernet(sample_v6(&b), 0x86dd);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 6);
    assert_int_equal(r->packets[0].ttl, 63);
    assert_int_equal(r->stats->ethernet, 2);
    assert_int_equal(r->stats->pkts, 2);
    assert_int_equal(r->stats->invalid, 0);
}

static void link_padding_is_no_payload(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    pad_after(&b, 13);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
}

static void a_type_below_0x600_is_a_length_and_llc_follows(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_snap(sample_v4(&b), 0x0800);
    wrap_ethernet(&b, (uint16_t)frame_view(&b).len);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
    frame_begin(&b, VIEW("\x42\x42\x03spanning tree"));
    wrap_ethernet(&b, 16);
    decode(r, LINK_ETHERNET, &b);
    assert_int_equal(r->count, 0);
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->stats->unknown_ethertype, 1);
}

static void a_short_ethernet_header_is_an_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    decode_cut(r, LINK_ETHERNET, &b, 13);
    assert_anomaly(r, "ethernet.pkt_too_small");
    assert_int_equal(r->count, 0);
    decode_view(r, LINK_ETHERNET, VIEW(""), 0);
    assert_anomaly(r, "ethernet.pkt_too_small");
    assert_int_equal(r->stats->invalid, 2);
}

static void arp_and_unknown_types_are_counted(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(frame_begin(&b, VIEW("who has")), 0x0806);
    decode(r, LINK_ETHERNET, &b);
    wrap_ethernet(frame_begin(&b, VIEW("?")), 0x1234);
    decode(r, LINK_ETHERNET, &b);
    assert_int_equal(r->stats->arp, 1);
    assert_int_equal(r->stats->unknown_ethertype, 1);
    assert_int_equal(r->stats->invalid, 0);
}

static void vlan_identifiers_are_kept_outermost_first(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_vlan(sample_v4(&b), 0x2000 | 100, 0x0800);
    wrap_vlan(&b, 0xf000 | 200, 0x8100);
    wrap_ethernet(&b, 0x88a8);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
    assert_int_equal(r->packets[0].vlan_count, 2);
    assert_int_equal(r->packets[0].vlan[0], 200);
    assert_int_equal(r->packets[0].vlan[1], 100);
    assert_int_equal(r->stats->vlan, 1);
    assert_int_equal(r->stats->vlan_qinq, 1);
    wrap_vlan(sample_v6(&b), 4095, 0x86dd);
    wrap_ethernet(&b, 0x9100);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 6);
    assert_int_equal(r->packets[0].vlan[0], 4095);
}

static void more_tags_than_a_packet_holds_are_stepped_over(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    for (uint16_t i = 8; i > 0; i--)
        wrap_vlan(&b, i, i == 8 ? 0x0800 : 0x8100);
    wrap_ethernet(&b, 0x8100);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
    assert_int_equal(r->packets[0].vlan_count, PACKET_VLAN_MAX);
    assert_int_equal(r->packets[0].vlan[0], 1);
    assert_int_equal(r->packets[0].vlan[2], 3);
}

static void a_ninth_tag_is_an_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    for (uint16_t i = 9; i > 0; i--)
        wrap_vlan(&b, i, i == 9 ? 0x0800 : 0x8100);
    wrap_ethernet(&b, 0x8100);
    decode(r, LINK_ETHERNET, &b);
    assert_anomaly(r, "vlan.too_many_layers");
    assert_int_equal(r->count, 0);
    wrap_vlan(sample_v4(&b), 7, 0x0800);
    wrap_ethernet(&b, 0x8100);
    decode_cut(r, LINK_ETHERNET, &b, 17);
    assert_anomaly(r, "vlan.header_too_small");
}

static void a_label_stack_is_followed_to_ip_or_ethernet(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_mpls(sample_v4(&b), 17, true);
    wrap_mpls(&b, 16, false);
    wrap_ethernet(&b, 0x8847);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
    wrap_mpls(sample_v6(&b), 17, true);
    wrap_ethernet(&b, 0x8848);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 6);
    wrap_ethernet(sample_v4(&b), 0x0800);
    wrap_zeros(&b, 4); /* a pseudowire's control word */
    wrap_mpls(&b, 17, true);
    wrap_ethernet(&b, 0x8847);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
    wrap_ethernet(sample_v4(&b), 0x0800);
    *byte_of(&b, 0) = 0x82;
    wrap_mpls(&b, 17, true);
    wrap_ethernet(&b, 0x8847);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
    assert_int_equal(r->stats->mpls, 4);
}

static void a_label_stack_without_end_is_an_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    sample_v4(&b);
    for (int i = 0; i < 20; i++)
        wrap_mpls(&b, 16, i == 0);
    wrap_ethernet(&b, 0x8847);
    decode(r, LINK_ETHERNET, &b);
    assert_anomaly(r, "mpls.header_too_small");
    wrap_mpls(frame_begin(&b, VIEW("")), 16, true);
    wrap_ethernet(&b, 0x8847);
    decode(r, LINK_ETHERNET, &b);
    assert_anomaly(r, "mpls.pkt_too_small");
    decode_cut(r, LINK_ETHERNET, &b, 16);
    assert_anomaly(r, "mpls.header_too_small");
    assert_int_equal(r->count, 0);
}

static void pppoe_sessions_carry_ppp(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ppp(sample_v4(&b), 0x0021);
    wrap_pppoe(&b);
    wrap_ethernet(&b, 0x8864);
    pad_after(&b, 9);
    decode(r, LINK_ETHERNET, &b);
    assert_sample(r, 4);
    assert_int_equal(r->stats->pppoe, 1);
    assert_int_equal(r->stats->ppp, 1);
    decode_cut(r, LINK_ETHERNET, &b, 19);
    assert_anomaly(r, "pppoe.pkt_too_small");
    decode_cut(r, LINK_ETHERNET, &b, 21);
    assert_anomaly(r, "ppp.pkt_too_small");
    wrap_ethernet(frame_begin(&b, VIEW("\x11\x09\0\0\0\0")), 0x8863);
    decode(r, LINK_ETHERNET, &b);
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->stats->pppoe, 4);
}

static void layers_within_each_other_are_bounded(void **state)
{
    enum { HEADERS = 70000 };
    struct decoded *r = *state;
    uint8_t *bytes = memory_new(HEADERS, 14);

    for (size_t i = 0; i < HEADERS; i++)
        put_u16(bytes + i * 14 + 12, 0x6558); /* Ethernet in Ethernet */
    decode_view(r, LINK_ETHERNET, view_make(bytes, HEADERS * (size_t)14), HEADERS * (size_t)14);
    memory_free(bytes);
    assert_anomaly(r, "too_many_layers");
    assert_true(r->stats->ethernet < 100);
}

/* ---- other links ------------------------------------------------------------------------------------- */

static void raw_ip_is_told_by_its_first_nibble(void **state)
{
    static const int links[] = {12, 14, 101, 228};
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        decode(r, links[i], sample_v4(&b));
        assert_sample(r, 4);
        decode(r, links[i], sample_v6(&b));
        assert_sample(r, 6);
    }
    decode(r, 229, sample_v6(&b));
    assert_sample(r, 6);
    assert_int_equal(r->stats->raw, 9);
    decode_view(r, LINK_RAW, VIEW(""), 0);
    assert_anomaly(r, "ipv4.pkt_too_small");
    decode(r, 229, sample_v4(&b));
    assert_anomaly(r, "ipv6.pkt_too_small");
}

static void loopback_families_are_read_in_either_order(void **state)
{
    static const uint8_t families[] = {10, 24, 28, 30};
    struct decoded *r = *state;
    struct frame_bytes b;

    WRAP(sample_v4(&b), "\x02\x00\x00\x00");
    decode(r, LINK_NULL, &b);
    assert_sample(r, 4);
    WRAP(sample_v4(&b), "\x00\x00\x00\x02");
    decode(r, LINK_LOOP, &b);
    assert_sample(r, 4);
    for (size_t i = 0; i < sizeof(families); i++) {
        wrap_zeros(sample_v6(&b), 4)[i % 2 ? 0 : 3] = families[i];
        decode(r, LINK_NULL, &b);
        assert_sample(r, 6);
    }
    decode_cut(r, LINK_NULL, &b, 3);
    assert_anomaly(r, "ltnull.pkt_too_small");
    WRAP(sample_v4(&b), "\x00\x00\x00\x63");
    decode(r, LINK_NULL, &b);
    assert_int_equal(r->count, 0);
    assert_anomaly(r, "ltnull.unsupported_type");
    assert_int_equal(r->stats->null, 8);
}

static void cooked_captures_of_both_versions_are_read(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    put_u16(wrap_zeros(sample_v4(&b), 16) + 14, 0x0800);
    decode(r, LINK_SLL, &b);
    assert_sample(r, 4);
    decode_cut(r, LINK_SLL, &b, 15);
    assert_anomaly(r, "sll.pkt_too_small");
    put_u16(wrap_zeros(sample_v6(&b), 20), 0x86dd);
    decode(r, LINK_SLL2, &b);
    assert_sample(r, 6);
    decode_cut(r, LINK_SLL2, &b, 19);
    assert_anomaly(r, "sll.pkt_too_small");
    wrap_vlan(sample_v4(&b), 42, 0x0800);
    put_u16(wrap_zeros(&b, 16) + 14, 0x8100);
    decode(r, LINK_SLL, &b);
    assert_sample(r, 4);
    assert_int_equal(r->packets[0].vlan[0], 42);
    wrap_snap(sample_v4(&b), 0x0800);
    put_u16(wrap_zeros(&b, 16) + 14, 4);
    decode(r, LINK_SLL, &b);
    assert_sample(r, 4);
    assert_int_equal(r->stats->sll, 4);
    assert_int_equal(r->stats->sll2, 2);
}

static void ppp_comes_with_and_without_its_address_and_with_short_protocols(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ppp(sample_v4(&b), 0x0021);
    decode(r, LINK_PPP, &b);
    assert_sample(r, 4);
    wrap_ppp(sample_v6(&b), 0x0057);
    WRAP(&b, "\xff\x03");
    decode(r, LINK_PPP_HDLC, &b);
    assert_sample(r, 6);
    WRAP(sample_v4(&b), "\xff\x03\x21");
    decode(r, LINK_PPP, &b);
    assert_sample(r, 4);
    wrap_mpls(sample_v4(&b), 16, true);
    wrap_ppp(&b, 0x0281);
    decode(r, LINK_PPP, &b);
    assert_sample(r, 4);
    wrap_ppp(frame_begin(&b, VIEW("\x01\x00\x00\x04")), 0xc021);
    decode(r, LINK_PPP, &b);
    assert_int_equal(r->count + r->anomaly_count, 0);
    wrap_ppp(frame_begin(&b, VIEW("\x01\x00\x00\x04")), 0x1234);
    decode(r, LINK_PPP, &b);
    assert_anomaly(r, "ppp.wrong_type");
    decode_view(r, LINK_PPP, VIEW("\xff\x03\x00"), 3);
    assert_anomaly(r, "ppp.pkt_too_small");
    wrap_ppp(sample_v4(&b), 0x0021);
    wrap_pppoe(&b);
    decode(r, LINK_PPP_ETHER, &b);
    assert_sample(r, 4);
}

static void cisco_hdlc_is_read_under_its_own_and_under_ppps_link_type(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    WRAP(sample_v4(&b), "\x0f\x00\x08\x00");
    decode(r, LINK_CHDLC, &b);
    assert_sample(r, 4);
    decode(r, LINK_PPP_HDLC, &b);
    assert_sample(r, 4);
    WRAP(sample_v6(&b), "\x8f\x00\x86\xdd");
    decode(r, LINK_PPP_HDLC, &b);
    assert_sample(r, 6);
    decode_cut(r, LINK_CHDLC, &b, 3);
    assert_anomaly(r, "chdlc.pkt_too_small");
    assert_int_equal(r->stats->chdlc, 4);
    assert_int_equal(r->stats->ppp, 0);
}

static void nflog_payload_is_found_among_its_attributes(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    size_t len = frame_view(sample_v4(&b)).len + 4;
    uint8_t *head = wrap_zeros(&b, 4);
    head[0] = (uint8_t)len;
    head[2] = 9;
    WRAP(&b, "\x07\x00\x0a\x00p: \x00"); /* a prefix of seven bytes, padded to eight */
    WRAP(&b, "\x02\x00\x00\x00");
    decode(r, LINK_NFLOG, &b);
    assert_sample(r, 4);
    put_u16(byte_of(&b, 16 + 2), 500); /* as far as the kernel was asked to copy */
    decode(r, LINK_NFLOG, &b);
    assert_int_equal(r->anomaly_count, 0);
    assert_true(r->packets[0].flags & PACKET_CUT);
    decode_view(r, LINK_NFLOG, VIEW("\x02\0\0\0\x03\0\x09\0E"), 9);
    assert_int_equal(r->count + r->anomaly_count, 0);
    decode_view(r, LINK_NFLOG, VIEW("\x02\0\0\0\xff\0\x09\0E"), 9);
    assert_int_equal(r->count + r->anomaly_count, 0);
    assert_int_equal(r->stats->nflog, 4);
}

static void an_unknown_link_type_is_an_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    decode(r, LINK_USB, sample_v4(&b));
    assert_anomaly(r, "link.type_unsupported");
    assert_false(decode_link_supported(LINK_USB));
    assert_false(decode_link_supported(9999));
    assert_true(decode_link_supported(LINK_SLL2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DECODER_TEST(ethernet_leads_to_both_versions_of_ip),
        DECODER_TEST(link_padding_is_no_payload),
        DECODER_TEST(a_type_below_0x600_is_a_length_and_llc_follows),
        DECODER_TEST(a_short_ethernet_header_is_an_anomaly),
        DECODER_TEST(arp_and_unknown_types_are_counted),
        DECODER_TEST(vlan_identifiers_are_kept_outermost_first),
        DECODER_TEST(more_tags_than_a_packet_holds_are_stepped_over),
        DECODER_TEST(a_ninth_tag_is_an_anomaly),
        DECODER_TEST(a_label_stack_is_followed_to_ip_or_ethernet),
        DECODER_TEST(a_label_stack_without_end_is_an_anomaly),
        DECODER_TEST(pppoe_sessions_carry_ppp),
        DECODER_TEST(layers_within_each_other_are_bounded),
        DECODER_TEST(raw_ip_is_told_by_its_first_nibble),
        DECODER_TEST(loopback_families_are_read_in_either_order),
        DECODER_TEST(cooked_captures_of_both_versions_are_read),
        DECODER_TEST(ppp_comes_with_and_without_its_address_and_with_short_protocols),
        DECODER_TEST(cisco_hdlc_is_read_under_its_own_and_under_ppps_link_type),
        DECODER_TEST(nflog_payload_is_found_among_its_attributes),
        DECODER_TEST(an_unknown_link_type_is_an_anomaly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
