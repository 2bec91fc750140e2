/* SPDX-License-Identifier: BSD-3-Clause */
/* IEEE 802.11 and the headers that sniffers put before it. */
#include "unit/test.h"

#include "unit/frame_bytes.h"

enum {
    LINK_80211 = 105,
    LINK_PRISM = 119,
    LINK_RADIOTAP = 127,
    LINK_AVS = 163,
    LINK_PPI = 192,
};

static void data_frames_of_80211_are_read_whatever_their_header(void **state)
{
    static const struct {
        uint8_t control, flags, header;
    } rows[] = {
        {0x08, 0x01, 24}, /* to the distribution system */
        {0x08, 0x02, 24}, /* from it */
        {0x08, 0x03, 30}, /* four addresses */
        {0x88, 0x01, 26}, /* QoS */
        {0x88, 0x81, 30}, /* QoS with HT control */
        {0x88, 0x03, 32}, /* QoS, four addresses */
    };
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wrap_snap(sample_v4(&b), 0x0800);
        wrap_80211(&b, rows[i].control, rows[i].flags, rows[i].header);
        decode(r, LINK_80211, &b);
        assert_sample(r, 4);
    }
}

static void beacons_and_encrypted_and_empty_frames_are_only_counted(void **state)
{
    static const uint8_t controls[][2] = {{0x80, 0x00}, {0x08, 0x41}, {0x48, 0x01}, {0xb4, 0x00}};
    struct decoded *r = *state;
    struct frame_bytes b;

    for (size_t i = 0; i < 4; i++) {
        wrap_snap(sample_v4(&b), 0x0800);
        wrap_80211(&b, controls[i][0], controls[i][1], 24);
        decode(r, LINK_80211, &b);
        assert_int_equal(r->count + r->anomaly_count, 0);
    }
    assert_int_equal(r->stats->ieee80211, 4);
}

static void radiotap_says_where_the_frame_begins_and_ends(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_snap(sample_v4(&b), 0x0800);
    wrap_80211(&b, 0x08, 0x01, 24);
    WRAP(&b, "\x00\x00\x08\x00\x00\x00\x00\x00");
    decode(r, LINK_RADIOTAP, &b);
    assert_sample(r, 4);
    /* A time stamp aligned to eight behind two words of presence; flags: a checksum ends the frame. */
    frame_begin(&b, VIEW(""));
    wrap_snap(sample_v6(&b), 0x86dd);
    wrap_80211(&b, 0x08, 0x01, 24);
    pad_after(&b, 4);
    WRAP(&b, "\x00\x00\x19\x00\x03\x00\x00\x80\x00\x00\x00\x00\0\0\0\0"
             "\x01\x02\x03\x04\x05\x06\x07\x08\x10");
    decode(r, LINK_RADIOTAP, &b);
    assert_sample(r, 6);
    *byte_of(&b, 2) = 0xff; /* a header longer than the frame */
    decode(r, LINK_RADIOTAP, &b);
    assert_int_equal(r->count + r->anomaly_count, 0);
    assert_int_equal(r->stats->ieee80211, 2);
}

static void radiotap_announces_a_padded_header(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_snap(sample_v4(&b), 0x0800);
    wrap_80211(&b, 0x88, 0x01, 28); /* 26 and two of padding */
    WRAP(&b, "\x00\x00\x09\x00\x02\x00\x00\x00\x20");
    decode(r, LINK_RADIOTAP, &b);
    assert_sample(r, 4);
    *byte_of(&b, 8) = 0;
    decode(r, LINK_RADIOTAP, &b);
    assert_int_equal(r->count, 0);
}

static void ppi_names_the_link_within(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    wrap_ethernet(sample_v4(&b), 0x0800);
    WRAP(&b, "\x00\x00\x08\x00\x01\x00\x00\x00");
    decode(r, LINK_PPI, &b);
    assert_sample(r, 4);
    WRAP(sample_v4(&b), "\x00\x00\x08\x00\xc0\x00\x00\x00"); /* itself: nobody sends that */
    decode(r, LINK_PPI, &b);
    assert_int_equal(r->count + r->anomaly_count, 0);
    WRAP(sample_v4(&b), "\x00\x00\x00\x00\x65\x00\x00\x00"); /* of no length */
    decode(r, LINK_PPI, &b);
    assert_int_equal(r->count + r->anomaly_count, 0);
}

static void aggregated_frames_are_packets_each(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b, part;

    wrap_snap(sample_v6(&b), 0x86dd);
    size_t second = frame_view(&b).len;
    put_u16(wrap_zeros(&b, 14) + 12, second);
    wrap_snap(sample_v4(&part), 0x0800);
    size_t first = frame_view(&part).len; /* 41, padded so that the next begins at four */
    pad_after(&part, (4 - (first + 14) % 4) % 4);
    put_u16(wrap_zeros(&part, 14) + 12, first);
    wrap_bytes(&b, frame_view(&part));
    WRAP(&b, "\x80\x00"); /* QoS: aggregated */
    wrap_80211(&b, 0x88, 0x01, 24);
    decode(r, LINK_80211, &b);
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, 2);
    assert_is_sample(&r->packets[0], 4);
    assert_is_sample(&r->packets[1], 6);
}

static void prism_and_avs_headers_say_their_length(void **state)
{
    struct decoded *r = *state;
    struct frame_bytes b;

    for (int is_avs = 0; is_avs < 2; is_avs++) {
        wrap_snap(sample_v4(&b), 0x0800);
        wrap_80211(&b, 0x08, 0x01, 24);
        wrap_zeros(&b, is_avs ? 56 : 136);
        if (is_avs)
            WRAP(&b, "\x80\x21\x10\x01\x00\x00\x00\x40");
        else
            WRAP(&b, "\x44\x00\x00\x00\x90\x00\x00\x00"); /* 144, in little endian */
        decode(r, is_avs ? LINK_AVS : LINK_PRISM, &b);
        assert_sample(r, 4);
        decode_cut(r, is_avs ? LINK_AVS : LINK_PRISM, &b, 7);
        assert_int_equal(r->count + r->anomaly_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DECODER_TEST(data_frames_of_80211_are_read_whatever_their_header),
        DECODER_TEST(beacons_and_encrypted_and_empty_frames_are_only_counted),
        DECODER_TEST(radiotap_says_where_the_frame_begins_and_ends),
        DECODER_TEST(radiotap_announces_a_padded_header),
        DECODER_TEST(ppi_names_the_link_within),
        DECODER_TEST(aggregated_frames_are_packets_each),
        DECODER_TEST(prism_and_avs_headers_say_their_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
