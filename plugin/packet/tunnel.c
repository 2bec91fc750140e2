/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels: GRE (RFC 2784, 2890, 2637), ERSPAN I to III, VXLAN (RFC 7348) and its GPE form, Geneve (RFC 8926), GTP-U
 * (3GPP TS 29.281), Teredo (RFC 4380), LISP (RFC 9300), AYIYA (draft-massar-v6ops-ayiya), CAPWAP (RFC 5415), PIM
 * registers (RFC 7761). Each begins a packet one level deeper, whose tunnel_id is part of the
 * flow's key: the same inner addresses in two tunnels are two conversations. */
#include "packet/decoder.h"

#include "base/hash.h"

enum {
    PORT_GTPU = 2152,
    PORT_GTP0 = 3386,
    PORT_TEREDO = 3544,
    PORT_LISP = 4341,
    PORT_LISP_CONTROL = 4342,
    PORT_AYIYA = 5072,
    PORT_CAPWAP_DATA = 5247,
    PORT_VXLAN = 4789,
    PORT_VXLAN_OLD = 8472,
    PORT_VXLAN_GPE = 4790,
    PORT_GRE = 4754,
    PORT_GENEVE = 6081,
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_STRICT_ROUTE = 0x0800,
    GRE_RECURSION = 0x0700,
    GRE_RESERVED = 0x0078,
    GRE_ACK = 0x0080,
    GRE_ROUTES_MAX = 16,
    GTP_GPDU = 255,
};

bool tunnel_enter(struct decoder *d, const struct packet *outer, struct packet *inner,
                  uint32_t kind, uint32_t id, struct view frame)
{
    if (outer->depth + 1 >= DECODE_DEPTH_MAX) {
        d->stats.tunnel_too_deep++;
        decode_anomaly(d, outer, ANOMALY_GENERIC_TOO_MANY_LAYERS);
        return false;
    }
    uint64_t pair = packet_pair_hash(outer);
    uint64_t words[] = {pair, outer->tunnel_id, (uint64_t)kind << 32 | id};
    uint32_t tunnel_id = (uint32_t)hash_plain(words, sizeof(words));
    *inner = (struct packet){
        .time_us = outer->time_us,
        .number = outer->number,
        .frame = outer->frame,
        .frame_len = outer->frame_len,
        .wire_len = (uint32_t)frame.len + outer->cut,
        .cut = outer->cut,
        .file = outer->file,
        .depth = outer->depth + 1,
        .tunnel_id = tunnel_id ? tunnel_id : 1,
        .flags = (uint8_t)((outer->flags & PACKET_CUT) | PACKET_TUNNELLED),
    };
    return true;
}

/* ERSPAN: type I has no header of its own, II has 8 bytes, III has 12 and perhaps 8 more. */
static void decode_erspan(struct decoder *d, const struct packet *outer, struct view left,
                          uint16_t proto, bool has_sequence)
{
    enum { CUT_BY_MIRROR = 4 };
    struct packet inner;
    size_t header = proto == ETHERTYPE_ERSPAN3 ? 12 : has_sequence ? 8 : 0;

    d->stats.erspan++;
    if (left.len < header) {
        decode_anomaly(d, outer, ANOMALY_ERSPAN_HEADER_TOO_SMALL);
        return;
    }
    if (header > 0 && left.data[0] >> 4 != (header == 12 ? 2 : 1))
        decode_anomaly(d, outer, ANOMALY_ERSPAN_UNSUPPORTED_VERSION);
    if (header == 12 && left.data[11] & 1)
        header += 8;
    uint32_t session = header >= 8 ? (uint32_t)(left.data[2] & 3) << 8 | left.data[3] : 0;
    if (!tunnel_enter(d, outer, &inner, proto, session, view_skip(left, header)))
        return;
    if (header >= 8 && left.data[2] & CUT_BY_MIRROR)
        inner.flags |= PACKET_CUT;
    decode_ethernet(d, &inner, view_skip(left, header));
}

/* Flags that a version does not have. What they mean is stepped over all the same: a receiver that ignores
 * them would read the packet. */
static enum anomaly gre_fault(uint16_t flags, uint16_t proto)
{
    static const struct {
        uint16_t mask;
        enum anomaly version0, version1;
    } rows[] = {
        {GRE_CHECKSUM, ANOMALY_NONE, ANOMALY_GRE_VERSION1_CHKSUM},
        {GRE_ROUTING, ANOMALY_NONE, ANOMALY_GRE_VERSION1_ROUTE},
        {GRE_STRICT_ROUTE, ANOMALY_NONE, ANOMALY_GRE_VERSION1_SSR},
        {GRE_RECURSION, ANOMALY_GRE_VERSION0_RECUR, ANOMALY_GRE_VERSION1_RECUR},
        {GRE_RESERVED, ANOMALY_GRE_VERSION0_FLAGS, ANOMALY_GRE_VERSION1_FLAGS},
    };
    bool is_v1 = (flags & 7) == 1;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum anomaly fault = is_v1 ? rows[i].version1 : rows[i].version0;
        if (flags & rows[i].mask && fault != ANOMALY_NONE)
            return fault;
    }
    if (is_v1 && proto != ETHERTYPE_PPP)
        return ANOMALY_GRE_VERSION1_WRONG_PROTOCOL;
    return is_v1 && !(flags & GRE_KEY) ? ANOMALY_GRE_VERSION1_NO_KEY : ANOMALY_NONE;
}

static void skip_gre_routes(struct cursor *c)
{
    for (int i = 0; i < GRE_ROUTES_MAX && !c->overrun; i++) {
        uint16_t family = cursor_u16(c);
        cursor_skip(c, 1);
        uint8_t len = cursor_u8(c);
        if (family == 0 && len == 0)
            return;
        cursor_skip(c, len);
    }
}

void decode_gre(struct decoder *d, const struct packet *outer, struct view left)
{
    struct cursor c = cursor_over(left);
    struct packet inner;
    uint16_t flags = cursor_u16(&c), proto = cursor_u16(&c);
    unsigned version = flags & 7;

    d->stats.gre++;
    if (c.overrun) {
        decode_anomaly(d, outer, ANOMALY_GRE_PKT_TOO_SMALL);
        return;
    }
    if (version > 1) {
        decode_anomaly(d, outer, ANOMALY_GRE_WRONG_VERSION);
        return;
    }
    enum anomaly fault = gre_fault(flags, proto);
    if (fault != ANOMALY_NONE)
        decode_anomaly(d, outer, fault);
    if (flags & (GRE_CHECKSUM | GRE_ROUTING))
        cursor_skip(&c, 4);
    if (flags & GRE_KEY)
        cursor_skip(&c,
                    4); /* no part of the flow's key: the two directions may have different ones */
    if (flags & GRE_SEQUENCE)
        cursor_skip(&c, 4);
    if (version == 1 && flags & GRE_ACK)
        cursor_skip(&c, 4);
    fault = version == 1 ? ANOMALY_GRE_VERSION1_HDR_TOO_BIG : ANOMALY_GRE_VERSION0_HDR_TOO_BIG;
    if (flags & GRE_ROUTING && !c.overrun) {
        skip_gre_routes(&c);
        fault = ANOMALY_GRE_VERSION0_MALFORMED_SRE_HDR;
    }
    if (c.overrun) {
        decode_anomaly(d, outer, fault);
        return;
    }
    struct view rest = cursor_rest(&c);
    if (rest.len == 0)
        return;
    if (proto == ETHERTYPE_ERSPAN2 || proto == ETHERTYPE_ERSPAN3)
        decode_erspan(d, outer, rest, proto, (flags & GRE_SEQUENCE) != 0);
    else if (!tunnel_enter(d, outer, &inner, IP_GRE, 0, rest))
        return;
    else if (proto >= ETHERTYPE_ARUBA_FIRST && proto <= ETHERTYPE_ARUBA_LAST && proto % 16 == 0)
        decode_80211(d, &inner, rest);
    else
        decode_ethertype(d, &inner, rest, proto);
}

static void decode_vxlan(struct decoder *d, const struct packet *outer, struct view left)
{
    struct packet inner;

    if (left.len < 8 + 14 || !(left.data[0] & 0x08))
        return;
    d->stats.vxlan++;
    uint32_t network = (uint32_t)left.data[4] << 16 | (uint32_t)left.data[5] << 8 | left.data[6];
    uint64_t unknown = d->stats.unknown_ethertype;
    if (tunnel_enter(d, outer, &inner, PORT_VXLAN, network, view_skip(left, 8)))
        decode_ethernet(d, &inner, view_skip(left, 8));
    if (d->stats.unknown_ethertype != unknown)
        decode_anomaly(d, outer, ANOMALY_VXLAN_UNKNOWN_PAYLOAD_TYPE);
}

/* VXLAN with a next protocol (draft-ietf-nvo3-vxlan-gpe): 1 IPv4, 2 IPv6, 3 Ethernet. */
static void decode_vxlan_gpe(struct decoder *d, const struct packet *outer, struct view left)
{
    static const uint16_t types[] = {0, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_TEB};
    struct packet inner;

    /* Not all senders set the flag that says there is a next protocol. */
    if (left.len <= 8 || !(left.data[0] & 0x08) || left.data[3] == 0 || left.data[3] > 3)
        return;
    d->stats.vxlan++;
    uint32_t network = (uint32_t)left.data[4] << 16 | (uint32_t)left.data[5] << 8 | left.data[6];
    if (tunnel_enter(d, outer, &inner, PORT_VXLAN_GPE, network, view_skip(left, 8)))
        decode_ethertype(d, &inner, view_skip(left, 8), types[left.data[3]]);
}

static void decode_geneve(struct decoder *d, const struct packet *outer, struct view left)
{
    struct cursor c = cursor_over(left);
    struct packet inner;
    uint8_t first = cursor_u8(&c);

    cursor_skip(&c, 1);
    uint16_t proto = cursor_u16(&c);
    uint32_t network = cursor_u32(&c) >> 8;
    cursor_skip(&c, (size_t)(first & 0x3f) * 4);
    if (c.overrun || first >> 6 != 0)
        return;
    struct view rest = cursor_rest(&c);
    d->stats.geneve++;
    uint64_t unknown = d->stats.unknown_ethertype;
    if (tunnel_enter(d, outer, &inner, PORT_GENEVE, network, rest))
        decode_ethertype(d, &inner, rest, proto);
    if (d->stats.unknown_ethertype != unknown)
        decode_anomaly(d, outer, ANOMALY_GENEVE_UNKNOWN_PAYLOAD_TYPE);
}

static bool is_ip(struct view left)
{
    return left.len > 0 && (left.data[0] >> 4 == 4 || left.data[0] >> 4 == 6);
}

static void decode_inner_ip(struct decoder *d, const struct packet *outer, struct view left,
                            uint32_t kind)
{
    struct packet inner;

    if (!is_ip(left) || !tunnel_enter(d, outer, &inner, kind, 0, left))
        return;
    if (left.data[0] >> 4 == 6)
        decode_ipv6(d, &inner, left);
    else
        decode_ipv4(d, &inner, left);
}

/* GTPv1-U: 8 bytes, 4 more when any of the flags E, S, PN is set, then extension headers. */
static void decode_gtpu(struct decoder *d, const struct packet *outer, struct view left)
{
    struct cursor c = cursor_over(left);
    uint8_t flags = cursor_u8(&c), type = cursor_u8(&c);

    cursor_skip(&c, 6);
    if (flags >> 4 != 3 || type != GTP_GPDU)
        return;
    if (flags & 7) {
        cursor_skip(&c, 3);
        for (uint8_t next = cursor_u8(&c); next != 0 && flags & 4 && !c.overrun;) {
            size_t units = cursor_u8(&c);
            if (units == 0)
                return;
            cursor_skip(&c, units * 4 - 2);
            next = cursor_u8(&c);
        }
    }
    struct view rest = cursor_rest(&c);
    if (c.overrun || !is_ip(rest))
        return;
    d->stats.gtp++;
    /* The two directions have different tunnel endpoint identifiers: they are no part of the key. */
    decode_inner_ip(d, outer, rest, PORT_GTPU);
}

/* GTP version 0 (3GPP TS 09.60): a header of twenty bytes. */
static void decode_gtp0(struct decoder *d, const struct packet *outer, struct view left)
{
    if (left.len <= 20 || left.data[0] >> 5 != 0 || left.data[1] != GTP_GPDU)
        return;
    d->stats.gtp++;
    decode_inner_ip(d, outer, view_skip(left, 20), PORT_GTP0);
}

/* Nothing, or trailers (RFC 6081, 4): a kind, a length, data. */
static bool are_trailers(struct view left)
{
    while (left.len >= 2 && left.len >= (size_t)2 + left.data[1])
        left = view_skip(left, (size_t)2 + left.data[1]);
    return left.len == 0;
}

/* An IPv6 packet, after an authentication or origin indication if there is one, and before trailers. */
static void decode_teredo(struct decoder *d, const struct packet *outer, struct view left)
{
    struct packet inner;

    if (left.len >= 4 && left.data[0] == 0 && left.data[1] == 1)
        left = view_skip(left, (size_t)13 + left.data[2] + left.data[3]);
    if (left.len >= 8 && left.data[0] == 0 && left.data[1] == 0)
        left = view_skip(left, 8);
    if (left.len < 40 || left.data[0] >> 4 != 6)
        return;
    size_t len = 40 + ((size_t)left.data[4] << 8 | left.data[5]);
    if (len > left.len || !are_trailers(view_skip(left, len)))
        return;
    left = view_slice(left, 0, len);
    d->stats.teredo++;
    if (tunnel_enter(d, outer, &inner, PORT_TEREDO, 0, left))
        decode_ipv6(d, &inner, left);
}

static void decode_lisp(struct decoder *d, const struct packet *outer, struct view left)
{
    decode_inner_ip(d, outer, view_skip(left, 8), PORT_LISP);
}

/* An encapsulated control message holds the packet that a map server was asked about. */
static void decode_lisp_control(struct decoder *d, const struct packet *outer, struct view left)
{
    if (left.len > 4 && left.data[0] >> 4 == 8)
        decode_inner_ip(d, outer, view_skip(left, 4), PORT_LISP);
}

/* Lengths of identity (a power of two) and signature (words), methods, what to do, next header, time. */
static void decode_ayiya(struct decoder *d, const struct packet *outer, struct view left)
{
    if (left.len < 8 || (left.data[2] & 15) != 1 || left.data[3] != IP_IPV6)
        return;
    size_t identity = (size_t)1 << (left.data[0] >> 4), signature = (size_t)(left.data[1] >> 4) * 4;
    decode_inner_ip(d, outer, view_skip(left, 8 + identity + signature), PORT_AYIYA);
}

/* Frames between access points and their controller, 802.3 or 802.11; neither encrypted nor fragmented
 * ones. Cisco's controllers exchange the bytes of 802.11's frame control: no data frame reads the same
 * both ways, as one side of the distribution system is always named. */
static void decode_capwap(struct decoder *d, const struct packet *outer, struct view left)
{
    enum { TYPE_CLEAR = 0, NATIVE = 1, FRAGMENT = 0x80, WBID_80211 = 1 };
    struct packet inner;

    if (left.len < 8 || left.data[0] != TYPE_CLEAR || left.data[3] & FRAGMENT)
        return;
    bool is_native = left.data[2] & NATIVE;
    unsigned binding = left.data[2] >> 1 & 31;
    struct view frame = view_skip(left, (size_t)(left.data[1] >> 3) * 4);
    if (frame.len < 2 || (is_native && binding != WBID_80211) ||
        !tunnel_enter(d, outer, &inner, PORT_CAPWAP_DATA, 0, frame))
        return;
    if (!is_native)
        decode_ethernet(d, &inner, frame);
    else if ((frame.data[0] & 0x0f) == 8) /* version 0, data */
        decode_80211(d, &inner, frame);
    else
        decode_80211_as(d, &inner, frame, frame.data[1], frame.data[0], false);
}

void decode_pim(struct decoder *d, const struct packet *outer, struct view left)
{
    enum { REGISTER = 0x21, NULL_REGISTER = 0x40 };

    if (left.len > 8 && left.data[0] == REGISTER && !(left.data[4] & NULL_REGISTER))
        decode_inner_ip(d, outer, view_skip(left, 8), IP_PIM);
}

void decode_ethernet_in_ip(struct decoder *d, const struct packet *outer, struct view left)
{
    struct packet inner;

    if (left.len > 0 && tunnel_enter(d, outer, &inner, IP_ETHERNET, 0, left))
        decode_ethernet(d, &inner, left);
}

void decode_udp_tunnel(struct decoder *d, const struct packet *outer)
{
    static const struct {
        uint16_t port;
        bool is_destination; /* only there; else on either side */
        void (*decode)(struct decoder *, const struct packet *, struct view);
    } rows[] = {
        {PORT_GTPU, false, decode_gtpu},
        {PORT_TEREDO, false, decode_teredo},
        {PORT_VXLAN, true, decode_vxlan},
        {PORT_VXLAN_OLD, true, decode_vxlan},
        {PORT_VXLAN_GPE, false, decode_vxlan_gpe},
        {PORT_GRE, true, decode_gre}, /* RFC 8086 */
        {PORT_GTP0, false, decode_gtp0},
        {PORT_GENEVE, false, decode_geneve},
        {PORT_LISP, true, decode_lisp},
        {PORT_LISP_CONTROL, true, decode_lisp_control},
        {PORT_AYIYA, false, decode_ayiya},
        {PORT_CAPWAP_DATA, false, decode_capwap},
    };

    if (outer->payload_len == 0)
        return;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool is_here = outer->dst_port == rows[i].port ||
                       (!rows[i].is_destination && outer->src_port == rows[i].port);
        if (is_here) {
            rows[i].decode(d, outer, packet_payload(outer));
            return;
        }
    }
}
