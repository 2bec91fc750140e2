/* SPDX-License-Identifier: BSD-3-Clause */
/* Transport: TCP (RFC 9293), UDP (RFC 768), ICMP (RFC 792, RFC 4443), SCTP (RFC 9260), and what else the IP
 * protocol number may say. */
#include "packet/decoder.h"

enum { TCP_HEADER = 20, UDP_HEADER = 8, ICMP_HEADER = 4, SCTP_HEADER = 12 };

static void set_payload(struct packet *p, struct view payload)
{
    p->payload = payload.data;
    p->payload_len = (uint32_t)payload.len;
}

/* Verifies the checksum over `bytes` when the capture has all of them. */
static void verify(struct decoder *d, struct packet *p, struct view bytes, bool is_cut,
                   bool has_pseudo_header, uint64_t *bad)
{
    if (is_cut || d->options.ignore_checksums)
        return;
    uint32_t sum = has_pseudo_header ? checksum_pseudo(p, bytes.len) : 0;
    if (checksum_is_right(checksum_add(sum, bytes)))
        return;
    p->flags |= PACKET_BAD_CHECKSUM;
    (*bad)++;
}

static void decode_tcp(struct decoder *d, struct packet *p, struct view left, bool is_cut)
{
    struct cursor c = cursor_over(left);

    d->stats.tcp++;
    p->src_port = cursor_u16(&c);
    p->dst_port = cursor_u16(&c);
    p->seq = cursor_u32(&c);
    p->ack = cursor_u32(&c);
    size_t header = (size_t)(cursor_u8(&c) >> 4) * 4;
    p->tcp_flags = cursor_u8(&c);
    p->window = cursor_u16(&c);
    cursor_skip(&c, 2);
    p->urgent = cursor_u16(&c);
    if (c.overrun) {
        decode_anomaly(d, p, ANOMALY_TCP_PKT_TOO_SMALL);
        return;
    }
    if (header < TCP_HEADER || header > left.len) {
        decode_anomaly(
            d, p, header < TCP_HEADER ? ANOMALY_TCP_INVALID_OPTLEN : ANOMALY_TCP_HLEN_TOO_SMALL);
        return;
    }
    p->window_scale = 0;
    p->flags &= (uint8_t)~PACKET_HAS_TIMES;
    if (header > TCP_HEADER)
        read_tcp_options(d, p, view_slice(left, TCP_HEADER, header));
    set_payload(p, view_skip(left, header));
    p->flags |= PACKET_HAS_TRANSPORT;
    verify(d, p, left, is_cut, true, &d->stats.bad_tcp_checksum);
    decode_emit(d, p);
}

static void decode_udp(struct decoder *d, struct packet *p, struct view left, bool is_cut)
{
    struct cursor c = cursor_over(left);

    d->stats.udp++;
    p->src_port = cursor_u16(&c);
    p->dst_port = cursor_u16(&c);
    size_t length = cursor_u16(&c);
    uint16_t checksum = cursor_u16(&c);
    if (c.overrun) {
        decode_anomaly(d, p, ANOMALY_UDP_HLEN_TOO_SMALL);
        return;
    }
    if (length == 0 && p->ip_version == 6) /* a jumbogram's length is the IP payload's (RFC 2675) */
        length = left.len;
    if (length < UDP_HEADER || (length > left.len && !is_cut)) {
        d->stats.discarded++;
        decode_anomaly(d, p,
                       length < UDP_HEADER ? ANOMALY_UDP_LEN_INVALID : ANOMALY_UDP_PKT_TOO_SMALL);
        return;
    }
    left = view_slice(left, 0, length);
    set_payload(p, view_skip(left, UDP_HEADER));
    p->flags |= PACKET_HAS_TRANSPORT;
    if (checksum != 0 && left.len == length)
        verify(d, p, left, is_cut, true, &d->stats.bad_udp_checksum);
    if (decode_emit(d, p))
        decode_udp_tunnel(d, p);
}

/* What RFC 4443 keeps for experiments and for itself. */
static bool is_icmp_experiment(uint8_t type)
{
    return type == 100 || type == 101 || type == 200 || type == 201;
}

/* A type or code that nobody has registered: a covert channel, or a fault. */
static enum anomaly icmp_fault(bool is_v6, uint8_t type, uint8_t code)
{
    static const int16_t highest[2][256] = {
#define ICMP_CODE(version, type, code) [(version) == 6][type] = (code) + 1,
#include "packet/icmp_code.def"
#undef ICMP_CODE
    };

    if (highest[is_v6][type] == 0 && is_v6 && is_icmp_experiment(type))
        return ANOMALY_ICMPV6_EXPERIMENTATION_TYPE;
    if (highest[is_v6][type] == 0)
        return is_v6 ? ANOMALY_ICMPV6_UNASSIGNED_TYPE : ANOMALY_ICMPV4_UNKNOWN_TYPE;
    if (code >= highest[is_v6][type])
        return is_v6 ? ANOMALY_ICMPV6_UNKNOWN_CODE : ANOMALY_ICMPV4_UNKNOWN_CODE;
    return ANOMALY_NONE;
}

/* The start of the packet that an error is about, and what else a message of its type must have. */
static enum anomaly icmp_content_fault(const struct packet *p, struct view left, bool is_v6)
{
    enum { FIRST_LISTENER = 130, LAST_LISTENER = 132, TIMESTAMP = 13, TIMESTAMP_REPLY = 14 };
    uint8_t type = p->icmp_type;
    bool is_error =
        is_v6 ? type >= 1 && type <= 4 : (type >= 3 && type <= 5) || type == 11 || type == 12;

    if (is_v6 && type >= FIRST_LISTENER && type <= LAST_LISTENER && p->ttl != 1)
        return ANOMALY_ICMPV6_MLD_MESSAGE_WITH_INVALID_HL;
    if (!is_v6 && (type == TIMESTAMP || type == TIMESTAMP_REPLY) && left.len < 20)
        return ANOMALY_ICMPV4_IPV4_TRUNC_PKT;
    if (!is_error || (left.len <= 8 && !is_v6))
        return ANOMALY_NONE;
    struct view inner = view_skip(left, 8);
    if (inner.len < (is_v6 ? 40 : 20))
        return is_v6 ? ANOMALY_ICMPV6_IPV6_TRUNC_PKT : ANOMALY_ICMPV4_IPV4_TRUNC_PKT;
    if (inner.data[0] >> 4 != (is_v6 ? 6 : 4))
        return is_v6 ? ANOMALY_ICMPV6_IPV6_UNKNOWN_VERSION : ANOMALY_ICMPV4_IPV4_UNKNOWN_VER;
    return ANOMALY_NONE;
}

static void decode_icmp(struct decoder *d, struct packet *p, struct view left, bool is_cut,
                        bool is_v6)
{
    struct cursor c = cursor_over(left);

    *(is_v6 ? &d->stats.icmpv6 : &d->stats.icmpv4) += 1;
    p->icmp_type = cursor_u8(&c);
    p->icmp_code = cursor_u8(&c);
    cursor_skip(&c, 2);
    if (c.overrun) {
        decode_anomaly(d, p, is_v6 ? ANOMALY_ICMPV6_PKT_TOO_SMALL : ANOMALY_ICMPV4_PKT_TOO_SMALL);
        return;
    }
    if (is_v6 != (p->ip_version == 6)) /* read all the same, as tshark does */
        decode_anomaly(d, p, is_v6 ? ANOMALY_IPV4_ICMPV6 : ANOMALY_IPV6_ICMPV4);
    enum anomaly fault = icmp_fault(is_v6, p->icmp_type, p->icmp_code);
    if (fault == ANOMALY_NONE && !is_cut)
        fault = icmp_content_fault(p, left, is_v6);
    if (fault != ANOMALY_NONE)
        decode_anomaly(d, p, fault);
    size_t header = left.len < 8 ? left.len : 8;
    p->icmp_id = header == 8 ? cursor_u16(&c) : 0;
    set_payload(p, view_skip(left, header));
    p->flags |= PACKET_HAS_TRANSPORT;
    verify(d, p, left, is_cut, is_v6, &d->stats.bad_icmp_checksum);
    decode_emit(d, p);
}

static void decode_sctp(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    d->stats.sctp++;
    p->src_port = cursor_u16(&c);
    p->dst_port = cursor_u16(&c);
    cursor_skip(&c, 8);
    if (c.overrun) {
        decode_anomaly(d, p, ANOMALY_SCTP_PKT_TOO_SMALL);
        return;
    }
    set_payload(p, view_skip(left, SCTP_HEADER));
    p->flags |= PACKET_HAS_TRANSPORT;
    decode_emit(d, p);
}

static void decode_ip_in_ip(struct decoder *d, const struct packet *p, struct view left)
{
    struct packet inner;
    bool is_v6 = p->ip_proto == IP_IPV6;

    decode_emit(d, p);
    if (!tunnel_enter(d, p, &inner, p->ip_proto, 0, left))
        return;
    if (is_v6 && p->ip_version == 4)
        d->stats.ipv6_in_ipv4++;
    else if (!is_v6 && p->ip_version == 6)
        d->stats.ipv4_in_ipv6++;
    else
        d->stats.ipip++;
    if (is_v6)
        decode_ipv6(d, &inner, left);
    else
        decode_ipv4(d, &inner, left);
}

/* An authentication header (RFC 4302) in IPv4: what it protects follows in clear. */
static void decode_authenticated(struct decoder *d, struct packet *p, struct view left, bool is_cut)
{
    size_t header = left.len >= 2 ? ((size_t)left.data[1] + 2) * 4 : left.len + 1;

    if (header > left.len) {
        decode_anomaly(d, p, ANOMALY_IPV4_TRUNC_AH);
        return;
    }
    p->ip_proto = left.data[0];
    if (p->ip_proto == IP_AH) /* one in another: no host sends that */
        decode_emit(d, p);
    else
        decode_ip_payload(d, p, view_skip(left, header), is_cut);
}

void decode_ip_payload(struct decoder *d, struct packet *p, struct view left, bool is_cut)
{
    p->flags = (uint8_t)(is_cut ? p->flags | PACKET_CUT : p->flags & ~PACKET_CUT);
    set_payload(p, left);
    switch (p->ip_proto) {
    case IP_TCP:
        decode_tcp(d, p, left, is_cut);
        return;
    case IP_UDP:
        decode_udp(d, p, left, is_cut);
        return;
    case IP_ICMP:
        decode_icmp(d, p, left, is_cut, false);
        return;
    case IP_ICMPV6:
        decode_icmp(d, p, left, is_cut, true);
        return;
    case IP_SCTP:
        decode_sctp(d, p, left);
        return;
    case IP_IPIP:
    case IP_IPV6:
        decode_ip_in_ip(d, p, left);
        return;
    case IP_AH:
        decode_authenticated(d, p, left, is_cut);
        return;
    case IP_GRE:
        decode_emit(d, p);
        decode_gre(d, p, left);
        return;
    case IP_PIM:
        decode_emit(d, p);
        decode_pim(d, p, left);
        return;
    case IP_ETHERNET:
        decode_emit(d, p);
        decode_ethernet_in_ip(d, p, left);
        return;
    case IP_ESP:
        d->stats.esp++;
        if (left.len < 8)
            decode_anomaly(d, p, ANOMALY_ESP_PKT_TOO_SMALL);
        decode_emit(d, p);
        return;
    default:
        d->stats.other_ip++;
        if (p->ip_version == 6)
            decode_anomaly(d, p, ANOMALY_IPV6_UNKNOWN_NEXT_HEADER);
        decode_emit(d, p);
    }
}
