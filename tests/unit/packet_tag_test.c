/* SPDX-License-Identifier: BSD-3-Clause */
/* The rarer links and tags: fabrics, service chains, old networks. */
#include "unit/test.h"

#include "unit/frame_bytes.h"

enum {
    LINK_TOKEN_RING = 6,
    LINK_SLIP = 8,
    LINK_FDDI = 10,
    LINK_ATM = 100,
    LINK_FRAME_RELAY = 107,
    LINK_FIBRE_CHANNEL = 122,
    LINK_JUNIPER_ETHERNET = 178,
};

static void decode_as_ethernet(struct decoded *r, struct frame_bytes *b, uint16_t type)
{
    wrap_ethernet(b, type);
    decode(r, LINK_ETHERNET, b);
}

static void service_chains_carry_ip_ethernet_and_labels(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    WRAP(sample_v4(&b), "\x0f\xc2\x02\x01\0\0\x01\xff");
    decode_as_ethernet(r, &b, 0x894f);
    assert_sample(r, 4);
    WRAP(sample_v6(&b), "\x0f\xc6\x01\x02\0\0\x01\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    decode_as_ethernet(r, &b, 0x894f);
    assert_sample(r, 6);
    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "\x0f\xc2\x02\x03\0\0\x01\xff");
    decode_as_ethernet(r, &b, 0x894f);
    assert_sample(r, 4);
    wrap_mpls(sample_v4(&b), 16, true);
    WRAP(&b, "\x0f\xc2\x02\x05\0\0\x01\xff");
    decode_as_ethernet(r, &b, 0x894f);
    assert_sample(r, 4);
}

static void each_malformed_service_header_has_its_anomaly(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    decode_as_ethernet(r, frame_begin(&b, VIEW("\x0f\xc2\x02\x01\0\0\x01")), 0x894f);
    assert_anomaly(r, "nsh.header_too_small");
    WRAP(sample_v4(&b), "\x0f\xff\x02\x01\0\0\x01\xff");
    decode_as_ethernet(r, &b, 0x894f);
    assert_anomaly(r, "nsh.bad_header_length");
    WRAP(sample_v4(&b), "\x0f\xc2\x02\x04\0\0\x01\xff");
    decode_as_ethernet(r, &b, 0x894f);
    assert_anomaly(r, "nsh.unknown_payload");
    assert_int_equal(r->count, 0);
}

static void tags_of_fabrics_are_stepped_over(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    WRAP(sample_v4(&b), "\x00\x00\x00\x01\x00\x00\x08\x00"); /* E-tag */
    decode_as_ethernet(r, &b, 0x893f);
    assert_sample(r, 4);
    WRAP(sample_v4(&b), "\x00\x01\x00\x00\x08\x00"); /* VN-tag */
    decode_as_ethernet(r, &b, 0x8926);
    assert_sample(r, 4);
    WRAP(sample_v6(&b), "\x01\x01\x00\x01\x00\x10\x86\xdd"); /* Cisco metadata */
    decode_as_ethernet(r, &b, 0x8909);
    assert_sample(r, 6);
    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "\x04\x20"); /* FabricPath */
    decode_as_ethernet(r, &b, 0x8903);
    assert_sample(r, 4);
    decode_as_ethernet(r, frame_begin(&b, VIEW("\x00\x01\x00\x00\x08")), 0x8926);
    assert_anomaly(r, "vntag.header_too_small");
}

static void macsec_is_read_where_it_only_protects(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    WRAP(sample_v4(&b), "\x00\x00\x00\x00\x00\x01\x08\x00");
    pad_after(&b, 16);
    decode_as_ethernet(r, &b, 0x88e5);
    assert_sample(r, 4);
    WRAP(sample_v4(&b), "\x20\x00\x00\x00\x00\x01\x02\0\0\0\0\x01\0\x01\x08\x00");
    pad_after(&b, 16);
    decode_as_ethernet(r, &b, 0x88e5);
    assert_sample(r, 4);
    WRAP(sample_v4(&b), "\x0c\x00\x00\x00\x00\x01\x08\x00"); /* encrypted */
    pad_after(&b, 16);
    decode_as_ethernet(r, &b, 0x88e5);
    assert_int_equal(r->count + r->anomaly_count, 0);
}

static void old_networks_carry_llc(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_snap(sample_v4(&b), 0x0800);
    decode(r, LINK_ATM, &b);
    assert_sample(r, 4);
    wrap_zeros(&b, 16);
    decode(r, LINK_FIBRE_CHANNEL, &b);
    assert_sample(r, 4);
    wrap_snap(sample_v4(&b), 0x0800);
    WRAP(&b, "\x50\0\0\0\0\0\0\0\0\0\0\0\0");
    decode(r, LINK_FDDI, &b);
    assert_sample(r, 4);
    *byte_of(&b, 0) = 0x41; /* management */
    decode(r, LINK_FDDI, &b);
    assert_int_equal(r->count, 0);
    wrap_snap(sample_v4(&b), 0x0800);
    WRAP(&b, "\x10\x40\0\0\0\0\0\0\0\0\0\0\0\0");
    decode(r, LINK_TOKEN_RING, &b);
    assert_sample(r, 4);
    wrap_snap(sample_v4(&b), 0x0800);
    WRAP(&b, "\x10\x40\0\0\0\0\0\0\x80\0\0\0\0\0\x06\x30\x00\x1f\x00\x20"); /* a route of six */
    decode(r, LINK_TOKEN_RING, &b);
    assert_sample(r, 4);
}

static void frame_relay_is_read_in_its_forms(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    WRAP(sample_v4(&b), "\x18\x41\x03\xcc");
    decode(r, LINK_FRAME_RELAY, &b);
    assert_sample(r, 4);
    WRAP(sample_v6(&b), "\x18\x40\x40\x41\x03\x8e"); /* an address of four bytes */
    decode(r, LINK_FRAME_RELAY, &b);
    assert_sample(r, 6);
    WRAP(sample_v4(&b), "\x18\x41\x03\x00\x80\x00\x00\x00\x08\x00"); /* SNAP, padded */
    decode(r, LINK_FRAME_RELAY, &b);
    assert_sample(r, 4);
    WRAP(sample_v4(&b), "\x18\x41\x08\x00"); /* Cisco's */
    decode(r, LINK_FRAME_RELAY, &b);
    assert_sample(r, 4);
    decode_view(r, LINK_FRAME_RELAY, VIEW("\x18\x40\x40\x40"), 4);
    assert_int_equal(r->count + r->anomaly_count, 0);
}

static void slip_and_juniper_headers_are_stepped_over(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_zeros(sample_v4(&b), 16);
    decode(r, LINK_SLIP, &b);
    assert_sample(r, 4);
    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "MGC\x00");
    decode(r, LINK_JUNIPER_ETHERNET, &b);
    assert_sample(r, 4);
    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "MGC\x80\x00\x06\x01\x02\x03\x04\x05\x06");
    decode(r, LINK_JUNIPER_ETHERNET, &b);
    assert_sample(r, 4);
    *byte_of(&b, 5) = 0xff; /* an extension beyond the frame */
    decode(r, LINK_JUNIPER_ETHERNET, &b);
    assert_int_equal(r->count, 0);
}

static void every_link_type_that_is_supported_survives_every_short_frame(void **state)
{
    struct decoded *r = *state;
    uint8_t bytes[64];

    for (int type = 0; type < 300; type++) {
        if (!decode_link_supported(type))
            continue;
        for (int fill = 0; fill < 256; fill += 15) {
            memset(bytes, fill, sizeof(bytes));
            for (size_t len = 0; len <= sizeof(bytes); len++)
                decode_view(r, type, view_make(bytes, len), len);
        }
    }
    assert_int_equal(r->stats->tcp + r->stats->udp, 0);
    assert_true(r->stats->pkts > 1000);
}

static void tags_that_lead_nowhere_are_anomalies(void **state)
{
    static const struct {
        uint32_t label;
        const char *anomaly;
    } labels[] = {{0, NULL},
                  {2, NULL},
                  {1, "mpls.bad_label_router_alert"},
                  {3, "mpls.bad_label_implicit_null"},
                  {9, "mpls.bad_label_reserved"},
                  {16, NULL}};
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        wrap_mpls(sample_v4(&b), labels[i].label, true);
        wrap_ethernet(&b, 0x8847);
        decode(r, LINK_ETHERNET, &b);
        assert_int_equal(r->count, 1); /* read all the same */
        if (labels[i].anomaly != NULL)
            assert_anomaly(r, labels[i].anomaly);
        else
            assert_int_equal(r->anomaly_count, 0);
    }
    wrap_vlan(sample_v4(&b), 7, 0x1234);
    wrap_ethernet(&b, 0x8100);
    decode(r, LINK_ETHERNET, &b);
    assert_anomaly(r, "vlan.unknown_type");
    wrap_ppp(sample_v4(&b), 0x0021);
    wrap_pppoe(&b);
    *byte_of(&b, 1) = 9;
    wrap_ethernet(&b, 0x8864);
    decode(r, LINK_ETHERNET, &b);
    assert_anomaly(r, "pppoe.wrong_code");
    wrap_gre(sample_v4(&b), 2, 0x0800, VIEW(""));
    wrap_ipv4(&b, IP_GRE);
    decode(r, LINK_RAW, &b);
    assert_anomaly(r, "gre.wrong_version");
    assert_int_equal(r->count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DECODER_TEST(service_chains_carry_ip_ethernet_and_labels),
        DECODER_TEST(each_malformed_service_header_has_its_anomaly),
        DECODER_TEST(tags_of_fabrics_are_stepped_over),
        DECODER_TEST(macsec_is_read_where_it_only_protects),
        DECODER_TEST(old_networks_carry_llc),
        DECODER_TEST(frame_relay_is_read_in_its_forms),
        DECODER_TEST(slip_and_juniper_headers_are_stepped_over),
        DECODER_TEST(tags_that_lead_nowhere_are_anomalies),
        DECODER_TEST(every_link_type_that_is_supported_survives_every_short_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
