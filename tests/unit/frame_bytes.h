/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames for the tests of packet/, built from the inside: what was built so far is the payload of the next
 * header, which is put before it with the lengths and checksums that are right. A test that wants them wrong changes
 * the bytes afterwards (byte_of). `struct decoded` records what the decoder makes of one frame.
 */
#ifndef SHRIKE_TESTS_UNIT_FRAME_BYTES_H
#define SHRIKE_TESTS_UNIT_FRAME_BYTES_H

#include "base/memory.h"
#include "packet/decode.h"

enum { FRAME_ROOM = 4096, DECODED_MAX = 32 };

enum {
    LINK_ETHERNET = 1,
    LINK_RAW = 101,
};

struct frame_bytes {
    uint8_t room[FRAME_ROOM];
    size_t at; /* the frame is room[at .. FRAME_ROOM) */
};

static inline struct view frame_view(const struct frame_bytes *b)
{
    return view_make(b->room + b->at, FRAME_ROOM - b->at);
}

/* Counted from the frame's first byte. */
static inline uint8_t *byte_of(struct frame_bytes *b, size_t at)
{
    assert_true(b->at + at < FRAME_ROOM);
    return b->room + b->at + at;
}

static inline void put_u16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static inline void put_u32(uint8_t *at, uint32_t number)
{
    put_u16(at, number >> 16);
    put_u16(at + 2, number & 0xffff);
}

/* `len` zero bytes before the frame. */
static inline uint8_t *wrap_zeros(struct frame_bytes *b, size_t len)
{
    assert_true(len <= b->at);
    b->at -= len;
    memset(b->room + b->at, 0, len);
    return b->room + b->at;
}

static inline void wrap_bytes(struct frame_bytes *b, struct view bytes)
{
    uint8_t *at = wrap_zeros(b, bytes.len);
    if (bytes.len > 0)
        memcpy(at, bytes.data, bytes.len);
}

#define WRAP(b, literal) wrap_bytes((b), VIEW(literal))

/* Zero bytes behind the frame, as a network card pads it. */
static inline void pad_after(struct frame_bytes *b, size_t len)
{
    size_t old = FRAME_ROOM - b->at;
    memmove(b->room + b->at - len, b->room + b->at, old);
    b->at -= len;
    memset(b->room + FRAME_ROOM - len, 0, len);
}

static inline void cut_after(struct frame_bytes *b, size_t len)
{
    size_t kept = FRAME_ROOM - b->at - len;
    memmove(b->room + FRAME_ROOM - kept, b->room + b->at, kept);
    b->at = FRAME_ROOM - kept;
}

static inline struct frame_bytes *frame_begin(struct frame_bytes *b, struct view payload)
{
    b->at = FRAME_ROOM;
    wrap_bytes(b, payload);
    return b;
}

/* ---- checksums: two bytes at a time, as RFC 1071 writes it --------------------------------------------- */

static inline uint32_t naive_sum(uint32_t sum, struct view bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        sum += i % 2 == 0 ? (uint32_t)bytes.data[i] << 8 : bytes.data[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

static inline uint16_t naive_checksum(uint32_t sum, struct view bytes)
{
    return (uint16_t)~naive_sum(sum, bytes);
}

/* ---- transport --------------------------------------------------------------------------------------- */

static inline void wrap_udp(struct frame_bytes *b, uint16_t src, uint16_t dst)
{
    uint8_t *at = wrap_zeros(b, 8);
    put_u16(at, src);
    put_u16(at + 2, dst);
    put_u16(at + 4, frame_view(b).len);
}

/* `options` are padded by the caller. */
static inline void wrap_tcp(struct frame_bytes *b, uint16_t src, uint16_t dst, uint8_t flags,
                            struct view options)
{
    wrap_bytes(b, options);
    uint8_t *at = wrap_zeros(b, 20);
    put_u16(at, src);
    put_u16(at + 2, dst);
    put_u32(at + 4, 0x01020304);
    put_u32(at + 8, 0x05060708);
    at[12] = (uint8_t)((20 + options.len) / 4 << 4);
    at[13] = flags;
    put_u16(at + 14, 0x1234);
    put_u16(at + 18, 0x5678);
}

static inline void wrap_icmp(struct frame_bytes *b, uint8_t type, uint8_t code, uint16_t id,
                             bool is_v4)
{
    uint8_t *at = wrap_zeros(b, 8);
    at[0] = type;
    at[1] = code;
    put_u16(at + 4, id);
    if (is_v4)
        put_u16(at + 2, naive_checksum(0, frame_view(b)));
}

static inline void wrap_sctp(struct frame_bytes *b, uint16_t src, uint16_t dst)
{
    uint8_t *at = wrap_zeros(b, 12);
    put_u16(at, src);
    put_u16(at + 2, dst);
}

/* Where the checksum is that covers a pseudo header; 0: nowhere. */
static inline size_t checksum_place(uint8_t proto, bool is_v4)
{
    if (proto == IP_TCP)
        return 16;
    if (proto == IP_UDP)
        return 6;
    return proto == IP_ICMPV6 && !is_v4 ? 2 : 0;
}

static inline void seal_transport(struct frame_bytes *b, uint8_t proto, struct view addresses)
{
    size_t place = checksum_place(proto, addresses.len == 8), len = frame_view(b).len;

    if (place == 0 || len < place + 2)
        return;
    put_u16(byte_of(b, place), 0);
    uint32_t sum = naive_sum((uint32_t)(proto + len), addresses);
    put_u16(byte_of(b, place), naive_checksum(sum, frame_view(b)));
}

/* ---- IP ------------------------------------------------------------------------------------------------ */

#define V4_ADDRESSES VIEW("\x0a\x00\x00\x01\x0a\x00\x00\x02")
#define V6_ADDRESSES                                                                               \
    VIEW("\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"                        \
         "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02")

static inline void seal_ipv4(struct frame_bytes *b)
{
    size_t header = (size_t)(*byte_of(b, 0) & 15) * 4;
    put_u16(byte_of(b, 10), 0);
    put_u16(byte_of(b, 10), naive_checksum(0, view_slice(frame_view(b), 0, header)));
}

static inline void wrap_ipv4_part(struct frame_bytes *b, uint8_t proto, uint16_t id,
                                  uint16_t fragment, struct view options)
{
    wrap_bytes(b, options);
    uint8_t *at = wrap_zeros(b, 20);
    at[0] = (uint8_t)(0x40 | (20 + options.len) / 4);
    put_u16(at + 2, frame_view(b).len);
    put_u16(at + 4, id);
    put_u16(at + 6, fragment);
    at[8] = 64;
    at[9] = proto;
    memcpy(at + 12, V4_ADDRESSES.data, 8);
    seal_ipv4(b);
}

static inline void wrap_ipv4(struct frame_bytes *b, uint8_t proto)
{
    seal_transport(b, proto, V4_ADDRESSES);
    wrap_ipv4_part(b, proto, 1, 0, VIEW(""));
}

/* The fixed header alone; what follows may be extension headers. */
static inline void wrap_ipv6_part(struct frame_bytes *b, uint8_t next)
{
    size_t len = frame_view(b).len;
    uint8_t *at = wrap_zeros(b, 40);
    at[0] = 0x60;
    put_u16(at + 4, len);
    at[6] = next;
    at[7] = 63;
    memcpy(at + 8, V6_ADDRESSES.data, 32);
}

static inline void wrap_ipv6(struct frame_bytes *b, uint8_t next)
{
    seal_transport(b, next, V6_ADDRESSES);
    wrap_ipv6_part(b, next);
}

/* An extension header of 8 + 8 * units bytes. */
static inline void wrap_extension(struct frame_bytes *b, uint8_t next, uint8_t units)
{
    uint8_t *at = wrap_zeros(b, 8 + (size_t)units * 8);
    at[0] = next;
    at[1] = units;
}

/* An authentication header of 8 + 4 * words bytes. */
static inline void wrap_ah(struct frame_bytes *b, uint8_t next, uint8_t words)
{
    uint8_t *at = wrap_zeros(b, 8 + (size_t)words * 4);
    at[0] = next;
    at[1] = words;
}

static inline void wrap_fragment_header(struct frame_bytes *b, uint8_t next, size_t offset,
                                        bool has_more, uint32_t id)
{
    uint8_t *at = wrap_zeros(b, 8);
    at[0] = next;
    put_u16(at + 2, offset | has_more);
    put_u32(at + 4, id);
}

/* ---- links and tags -------------------------------------------------------------------------------------- */

static inline void wrap_ethernet(struct frame_bytes *b, uint16_t type)
{
    uint8_t *at = wrap_zeros(b, 14);
    memcpy(at, "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01", 12);
    put_u16(at + 12, type);
}

static inline void wrap_vlan(struct frame_bytes *b, uint16_t tag, uint16_t type)
{
    uint8_t *at = wrap_zeros(b, 4);
    put_u16(at, tag);
    put_u16(at + 2, type);
}

static inline void wrap_mpls(struct frame_bytes *b, uint32_t label, bool is_bottom)
{
    put_u32(wrap_zeros(b, 4), label << 12 | (uint32_t)is_bottom << 8 | 64);
}

static inline void wrap_ppp(struct frame_bytes *b, uint16_t proto)
{
    put_u16(wrap_zeros(b, 2), proto);
}

static inline void wrap_pppoe(struct frame_bytes *b)
{
    size_t len = frame_view(b).len;
    uint8_t *at = wrap_zeros(b, 6);
    at[0] = 0x11;
    put_u16(at + 4, len);
}

static inline void wrap_snap(struct frame_bytes *b, uint16_t type)
{
    uint8_t *at = wrap_zeros(b, 8);
    memcpy(at, "\xaa\xaa\x03", 3);
    put_u16(at + 6, type);
}

static inline void wrap_80211(struct frame_bytes *b, uint8_t control, uint8_t flags, size_t header)
{
    uint8_t *at = wrap_zeros(b, header);
    at[0] = control;
    at[1] = flags;
}

/* ---- tunnels ----------------------------------------------------------------------------------------------- */

static inline void wrap_gre(struct frame_bytes *b, uint16_t flags, uint16_t proto, struct view rest)
{
    wrap_bytes(b, rest);
    uint8_t *at = wrap_zeros(b, 4);
    put_u16(at, flags);
    put_u16(at + 2, proto);
}

static inline void wrap_vxlan(struct frame_bytes *b, uint32_t network)
{
    uint8_t *at = wrap_zeros(b, 8);
    at[0] = 0x08;
    put_u32(at + 4, network << 8);
}

static inline void wrap_geneve(struct frame_bytes *b, uint32_t network, uint16_t proto,
                               uint8_t option_words)
{
    uint8_t *at = wrap_zeros(b, 8 + (size_t)option_words * 4);
    at[0] = option_words;
    put_u16(at + 2, proto);
    put_u32(at + 4, network << 8);
}

/* `rest` is what the flags announce. */
static inline void wrap_gtpu(struct frame_bytes *b, uint8_t flags, uint32_t teid, struct view rest)
{
    wrap_bytes(b, rest);
    size_t len = frame_view(b).len;
    uint8_t *at = wrap_zeros(b, 8);
    at[0] = (uint8_t)(0x30 | flags);
    at[1] = 255;
    put_u16(at + 2, len);
    put_u32(at + 4, teid);
}

/* ---- the sample: "hello" in UDP from port 1111 to 2222 ------------------------------------------------- */

static inline struct frame_bytes *sample_v4(struct frame_bytes *b)
{
    frame_begin(b, VIEW("hello"));
    wrap_udp(b, 1111, 2222);
    wrap_ipv4(b, IP_UDP);
    return b;
}

static inline struct frame_bytes *sample_v6(struct frame_bytes *b)
{
    frame_begin(b, VIEW("hello"));
    wrap_udp(b, 1111, 2222);
    wrap_ipv6(b, IP_UDP);
    return b;
}

/* ---- what the decoder says of one frame -------------------------------------------------------------------- */

struct decoded {
    struct decoder *decoder;
    const struct decode_stats *stats;
    uint8_t *frame; /* a copy of exactly its length: the sanitizer sees each byte too far */
    struct packet packets[DECODED_MAX];
    enum anomaly anomalies[DECODED_MAX];
    uint64_t joined[DECODED_MAX]; /* frames of the last datagram that fragments made */
    size_t count, anomaly_count, joined_count;
    int64_t time_us;
    uint64_t number;
};

static inline void decoded_packet(void *context, const struct packet *packet)
{
    struct decoded *r = context;
    if (r->count < DECODED_MAX)
        r->packets[r->count] = *packet;
    r->count++;
}

static inline void decoded_anomaly(void *context, const struct packet *packet, enum anomaly anomaly)
{
    struct decoded *r = context;
    (void)packet;
    if (r->anomaly_count < DECODED_MAX)
        r->anomalies[r->anomaly_count] = anomaly;
    r->anomaly_count++;
}

static inline void decoded_datagram(void *context, uint64_t number, const uint64_t *frames,
                                    size_t count)
{
    struct decoded *r = context;
    assert_true(number == r->number && count <= DECODED_MAX);
    memcpy(r->joined, frames, count * sizeof(*frames));
    r->joined_count = count;
}

static inline struct decoded *decoded_new(const struct decode_options *options)
{
    struct decoded *r = memory_new(1, sizeof(*r));
    const struct decode_sink sink = {
        .packet = decoded_packet,
        .anomaly = decoded_anomaly,
        .context = r,
        .datagram = decoded_datagram,
    };
    r->decoder = decoder_new(options, &sink);
    r->stats = decoder_stats(r->decoder);
    r->time_us = 1000 * INT64_C(1000000);
    return r;
}

static inline void decoded_free(struct decoded *r)
{
    decoder_free(r->decoder);
    memory_free(r->frame);
    memory_free(r);
}

static inline void decode_view(struct decoded *r, int link_type, struct view bytes, size_t wire_len)
{
    memory_free(r->frame);
    r->frame = memory_new(bytes.len ? bytes.len : 1, 1);
    if (bytes.len > 0)
        memcpy(r->frame, bytes.data, bytes.len);
    r->count = r->anomaly_count = 0;
    const struct frame frame = {
        .data = r->frame,
        .len = (uint32_t)bytes.len,
        .wire_len = (uint32_t)wire_len,
        .time_us = r->time_us,
        .number = ++r->number,
        .link_type = link_type,
    };
    decoder_frame(r->decoder, &frame);
}

static inline void decode(struct decoded *r, int link_type, const struct frame_bytes *b)
{
    struct view bytes = frame_view(b);
    decode_view(r, link_type, bytes, bytes.len);
}

/* The first `kept` bytes, as a snap length leaves them. */
static inline void decode_cut(struct decoded *r, int link_type, const struct frame_bytes *b,
                              size_t kept)
{
    struct view bytes = frame_view(b);
    decode_view(r, link_type, view_slice(bytes, 0, kept), bytes.len);
}

#define assert_payload(packet, text)                                                               \
    do {                                                                                           \
        assert_int_equal((packet)->payload_len, sizeof(text) - 1);                                 \
        assert_memory_equal((packet)->payload, text, sizeof(text) - 1);                            \
    } while (0)

/* The frame's only anomaly. */
#define assert_anomaly(r, expected)                                                                \
    do {                                                                                           \
        assert_int_equal((r)->anomaly_count, 1);                                                   \
        assert_string_equal(anomaly_name((r)->anomalies[0]), expected);                            \
    } while (0)

static inline void assert_is_sample(const struct packet *p, uint8_t ip_version)
{
    assert_int_equal(p->ip_version, ip_version);
    assert_int_equal(p->ip_proto, IP_UDP);
    assert_int_equal(p->src_port, 1111);
    assert_int_equal(p->dst_port, 2222);
    assert_payload(p, "hello");
    assert_true(p->flags & PACKET_HAS_TRANSPORT);
    assert_false(p->flags & (PACKET_BAD_CHECKSUM | PACKET_CUT));
    assert_true(ip_version == 4 ? memcmp(p->src.bytes + 12, V4_ADDRESSES.data, 4) == 0 &&
                                      memcmp(p->dst.bytes + 12, V4_ADDRESSES.data + 4, 4) == 0
                                : memcmp(p->src.bytes, V6_ADDRESSES.data, 16) == 0 &&
                                      memcmp(p->dst.bytes, V6_ADDRESSES.data + 16, 16) == 0);
}

/* The frame held the sample and nothing else. */
static inline void assert_sample(const struct decoded *r, uint8_t ip_version)
{
    assert_int_equal(r->anomaly_count, 0);
    assert_int_equal(r->count, 1);
    assert_is_sample(&r->packets[0], ip_version);
}

static inline int set_up_decoder(void **state)
{
    const struct decode_options options = {0};
    *state = decoded_new(&options);
    return 0;
}

static inline int tear_down_decoder(void **state)
{
    decoded_free(*state);
    return 0;
}

#define DECODER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_decoder, tear_down_decoder)

#endif
