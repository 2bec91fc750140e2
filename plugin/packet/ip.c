/* SPDX-License-Identifier: BSD-3-Clause */
/* IP: IPv4 (RFC 791) with options, IPv6 (RFC 8200) with extension headers, and their fragments. */
#include "packet/decoder.h"

enum {
    IPV4_HEADER = 20,
    IPV6_HEADER = 40,
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_NONE = 59,
    NEXT_DESTINATION = 60,
    NEXT_MOBILITY = 135,
    NEXT_HIP = 139,
    NEXT_SHIM6 = 140,
};

static void decode_ipv6_payload(struct decoder *d, struct packet *p, struct view payload,
                                bool is_cut);

/* Longer than any link's frames: the network card joined segments or was to part them, and captures cut such
 * frames without a word. */
enum { FRAME_MAX = 16 * 1024 };

/* The header says more bytes than there are, and no snap length took them: every host throws that away. What was
 * cut is read as far as it goes. */
static bool is_longer_than_came(const struct packet *p, bool is_cut)
{
    return is_cut && !(p->flags & PACKET_CUT) && p->frame_len <= FRAME_MAX;
}

static void discard(struct decoder *d, const struct packet *p, enum anomaly anomaly)
{
    d->stats.discarded++;
    decode_anomaly(d, p, anomaly);
}

static void emit_fragment(struct decoder *d, struct packet *p, struct view bytes, bool is_cut)
{
    p->flags = (uint8_t)(is_cut ? p->flags | PACKET_CUT : p->flags & ~PACKET_CUT);
    p->flags |= PACKET_FRAGMENT;
    p->payload = bytes.data;
    p->payload_len = (uint32_t)bytes.len;
    decode_emit(d, p);
}

/* The first fragment of IPv6 has to hold all headers up to that of the upper layer (RFC 7112): hosts take no
 * other. False where that header is cut off; a chain that ends in an extension header passes, as it does in
 * Linux (ipv6frag_thdr_truncated()), where the whole datagram decides. */
static bool has_upper_header(uint8_t next, struct view bytes)
{
    struct cursor c = cursor_over(bytes);

    while (next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_DESTINATION ||
           next == IP_AH) {
        bool is_ah = next == IP_AH;
        next = cursor_u8(&c);
        size_t units = cursor_u8(&c);
        cursor_skip(&c, is_ah ? (units + 2) * 4 - 2 : units * 8 + 6);
        if (c.overrun)
            return true;
    }
    if (next == NEXT_NONE || next == NEXT_FRAGMENT)
        return true;
    size_t need = next == IP_TCP ? 20 : next == IP_UDP || next == IP_ICMPV6 ? 8 : 1;
    return cursor_left(&c) >= need;
}

/* A fragment joins the others; the datagram goes on when it is whole. One that is cut never makes it so: what
 * there is of a first fragment is decoded, a later one counts as lost. */
static void decode_fragment(struct decoder *d, struct packet *p, uint32_t id, uint32_t offset,
                            bool has_more, struct view bytes, bool is_cut)
{
    enum anomaly anomaly = ANOMALY_NONE;

    if (is_cut && offset == 0) {
        decode_ip_payload(d, p, bytes, true);
        return;
    }
    *(p->ip_version == 4 ? &d->stats.fragments : &d->stats.fragments6) += 1;
    bool is_headless = p->ip_version == 6 && offset == 0 && !has_upper_header(p->ip_proto, bytes);
    if (is_headless)
        decode_anomaly(d, p, ANOMALY_IPV6_FRAG_IGNORED);
    if (is_cut || is_headless) {
        d->stats.fragment_cuts += is_cut;
        emit_fragment(d, p, bytes, is_cut);
        return;
    }
    struct view whole = fragments_add(d->fragments, p, id, offset, has_more, bytes, &anomaly);
    if (anomaly != ANOMALY_NONE)
        decode_anomaly(d, p, anomaly);
    if (whole.data == NULL) {
        emit_fragment(d, p, bytes, false);
        return;
    }
    p->flags |= PACKET_REASSEMBLED;
    if (p->ip_version == 6)
        decode_ipv6_payload(d, p, whole, false);
    else
        decode_ip_payload(d, p, whole, false);
}

void decode_ipv4(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    uint8_t version = cursor_u8(&c);
    size_t header = (size_t)(version & 15) * 4;
    cursor_skip(&c, 1);
    size_t total = cursor_u16(&c);
    uint16_t id = cursor_u16(&c);
    uint16_t fragment = cursor_u16(&c);
    p->ttl = cursor_u8(&c);
    uint8_t proto = cursor_u8(&c);
    cursor_skip(&c, 2);
    const uint8_t *addresses = cursor_take(&c, 8);
    d->stats.ipv4++;
    if (c.overrun || version >> 4 != 4) {
        decode_anomaly(d, p,
                       c.overrun ? ANOMALY_IPV4_PKT_TOO_SMALL : ANOMALY_IPV4_WRONG_IP_VERSION);
        return;
    }
    p->ip_version = 4;
    p->ip_proto = proto;
    p->src = address_from_v4(addresses);
    p->dst = address_from_v4(addresses + 4);
    if (header < IPV4_HEADER) {
        decode_anomaly(d, p, ANOMALY_IPV4_HLEN_TOO_SMALL);
        return;
    }
    if (total == 0) /* segmentation left to the network card: the rest of the frame */
        total = left.len;
    if (total < header) {
        decode_anomaly(d, p, ANOMALY_IPV4_IPLEN_SMALLER_THAN_HLEN);
        return;
    }
    bool is_cut = total > left.len;
    if (header > left.len || is_longer_than_came(p, is_cut)) {
        discard(d, p, ANOMALY_IPV4_TRUNC_PKT);
        return;
    }
    if (!d->options.ignore_checksums &&
        !checksum_is_right(checksum_add(0, view_slice(left, 0, header)))) {
        p->flags |= PACKET_BAD_CHECKSUM;
        d->stats.bad_ipv4_checksum++;
        if (d->options.drop_bad_checksums) /* no host joins its fragments or opens its tunnels */
            return;
    }
    if (header > IPV4_HEADER && !check_ipv4_options(d, p, view_slice(left, IPV4_HEADER, header))) {
        d->stats.discarded++;
        return;
    }
    struct view payload = view_slice(left, header, total);
    uint32_t offset = (fragment & 0x1fffU) * 8;
    if (offset > 0 || fragment & 0x2000)
        decode_fragment(d, p, id, offset, (fragment & 0x2000) != 0, payload, is_cut);
    else
        decode_ip_payload(d, p, payload, is_cut);
}

/* What has been seen of a chain of extension headers, for headers that must not come twice. */
struct extensions {
    uint8_t next;
    bool is_fragment;
    uint32_t fragment; /* offset and flags */
    uint32_t id;
    uint8_t routing, hop_by_hop, destination, authentication, fragments;
};

/* A header that has come `most` times already is a fault; a sender that wants to be read sends none. */
static void count_extension(struct decoder *d, const struct packet *p, uint8_t *count, uint8_t most,
                            enum anomaly duplicate)
{
    if (*count == most)
        decode_anomaly(d, p, duplicate);
    else
        (*count)++;
}

/* Headers of eight bytes and as many units of eight more; of authentication (RFC 4302) the unit is four. */
static void skip_extension(struct decoder *d, const struct packet *p, struct cursor *c,
                           struct extensions *x)
{
    uint8_t kind = x->next;

    x->next = cursor_u8(c);
    size_t units = cursor_u8(c);
    struct view body = cursor_view(c, kind == IP_AH ? (units + 2) * 4 - 2 : units * 8 + 6);
    if (c->overrun)
        return;
    switch (kind) {
    case NEXT_ROUTING:
        if (x->routing == 0 && body.data[0] == 0) /* RFC 5095 forbids it */
            decode_anomaly(d, p, ANOMALY_IPV6_RH_TYPE_0);
        count_extension(d, p, &x->routing, 1, ANOMALY_IPV6_EXTHDR_DUPL_RH);
        break;
    case NEXT_HOP_BY_HOP:
        if (x->hop_by_hop == 0)
            check_ipv6_options(d, p, body, true);
        count_extension(d, p, &x->hop_by_hop, 1, ANOMALY_IPV6_EXTHDR_DUPL_HH);
        break;
    case NEXT_DESTINATION: /* one for the hosts on a route, one for the last */
        if (x->destination < 2)
            check_ipv6_options(d, p, body, false);
        count_extension(d, p, &x->destination, 2, ANOMALY_IPV6_EXTHDR_DUPL_DH);
        break;
    case IP_AH:
        if (body.data[0] != 0 || body.data[1] != 0)
            decode_anomaly(d, p, ANOMALY_IPV6_EXTHDR_AH_RES_NOT_NULL);
        count_extension(d, p, &x->authentication, 1, ANOMALY_IPV6_EXTHDR_DUPL_AH);
        break;
    default:
        break;
    }
}

/* True when the header says that this is a part of a datagram; an atomic one (RFC 6946) is whole. */
static bool read_fragment_header(struct decoder *d, const struct packet *p, struct cursor *c,
                                 struct extensions *x)
{
    x->next = cursor_u8(c);
    uint8_t reserved = cursor_u8(c);
    x->fragment = cursor_u16(c);
    x->id = cursor_u32(c);
    x->is_fragment = (x->fragment & 0xfff9) != 0;
    if (c->overrun)
        return false;
    if (reserved != 0)
        decode_anomaly(d, p, ANOMALY_IPV6_FH_NON_ZERO_RESERVED_FIELD);
    if (!x->is_fragment && x->fragments == 0)
        decode_anomaly(d, p, ANOMALY_IPV6_EXTHDR_USELESS_FH);
    count_extension(d, p, &x->fragments, 1, ANOMALY_IPV6_EXTHDR_DUPL_FH);
    return x->is_fragment;
}

/* The extension headers up to what cannot be stepped over; false when the packet ends here. Each takes at
 * least eight bytes, so the payload's length bounds the loop. */
static bool skip_extensions(struct decoder *d, struct packet *p, struct cursor *c,
                            struct extensions *x)
{
    for (;;) {
        switch (x->next) {
        case NEXT_HOP_BY_HOP:
        case NEXT_ROUTING:
        case NEXT_DESTINATION:
        case NEXT_MOBILITY:
        case NEXT_HIP:
        case NEXT_SHIM6:
        case IP_AH:
            skip_extension(d, p, c, x);
            break;
        case NEXT_FRAGMENT:
            if (read_fragment_header(d, p, c, x))
                return true;
            break;
        case NEXT_NONE:
            if (cursor_left(c) > 0)
                decode_anomaly(d, p, ANOMALY_IPV6_DATA_AFTER_NONE_HEADER);
            decode_emit(d, p);
            return false;
        default:
            return true;
        }
        if (c->overrun) {
            decode_anomaly(d, p, ANOMALY_IPV6_TRUNC_EXTHDR);
            return false;
        }
        p->ip_proto = x->next;
    }
}

/* From p->ip_proto on. A datagram that was put together may begin with more extension headers, but not with
 * another fragment (Linux refuses that): it is handed on as such. */
static void decode_ipv6_payload(struct decoder *d, struct packet *p, struct view payload,
                                bool is_cut)
{
    struct cursor c = cursor_over(payload);
    struct extensions x = {.next = p->ip_proto};

    if (!skip_extensions(d, p, &c, &x))
        return;
    p->ip_proto = x.next;
    struct view rest = cursor_rest(&c);
    if (!x.is_fragment)
        decode_ip_payload(d, p, rest, is_cut);
    else if (p->flags & PACKET_REASSEMBLED)
        emit_fragment(d, p, rest, false);
    else
        decode_fragment(d, p, x.id, x.fragment & 0xfff8, (x.fragment & 1) != 0, rest, is_cut);
}

void decode_ipv6(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    uint8_t version = cursor_u8(&c);
    cursor_skip(&c, 3);
    size_t length = cursor_u16(&c);
    p->ip_proto = cursor_u8(&c);
    p->ttl = cursor_u8(&c);
    const uint8_t *addresses = cursor_take(&c, 32);
    d->stats.ipv6++;
    if (c.overrun || version >> 4 != 6) {
        decode_anomaly(d, p,
                       c.overrun ? ANOMALY_IPV6_PKT_TOO_SMALL : ANOMALY_IPV6_WRONG_IP_VERSION);
        return;
    }
    p->ip_version = 6;
    p->src = address_from_v6(addresses);
    p->dst = address_from_v6(addresses + 16);
    struct view payload = view_skip(left, IPV6_HEADER);
    if (length == 0) /* a jumbogram, or segmentation left to the network card */
        length = payload.len;
    bool is_cut = length > payload.len;
    if (is_longer_than_came(p, is_cut)) {
        discard(d, p, ANOMALY_IPV6_TRUNC_PKT);
        return;
    }
    decode_ipv6_payload(d, p, view_slice(payload, 0, length), is_cut);
}
