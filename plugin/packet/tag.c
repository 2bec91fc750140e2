/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands between an Ethernet type and the network layer: VLAN tags (IEEE 802.1Q), label stacks (RFC
 * 3032), PPPoE (RFC 2516), and the tags of fabrics: E-tag (802.1BR), Cisco FabricPath and metadata, MACsec
 * (802.1AE) where it protects without hiding, service function chains (NSH, RFC 8300). They say where a frame was
 * on its way, not who talks to whom: the packet stays the same packet. */
#include "packet/decoder.h"

enum {
    VLANS_MAX = 8,
    LABELS_MAX = 16,
    LAYERS_MAX = 32, /* each calls the next: the stack bounds them, not the frame */
    ETAG_BYTES = 6,
    MACSEC_HIDES = 0x0c,   /* encrypted, changed */
    MACSEC_HAS_SCI = 0x20, /* a secure channel identifier of 8 bytes */
    MACSEC_ICV = 16,
};

static void decode_vlan(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);
    uint16_t tag = cursor_u16(&c), ethertype = cursor_u16(&c);

    if (c.overrun) {
        decode_anomaly(d, p, ANOMALY_VLAN_HEADER_TOO_SMALL);
        return;
    }
    *(p->vlan_count == 0 ? &d->stats.vlan : &d->stats.vlan_qinq) += p->vlan_count < 2;
    if (p->vlan_count < PACKET_VLAN_MAX)
        p->vlan[p->vlan_count++] = tag & 0xfff;
    if (d->vlan_layers == VLANS_MAX) {
        decode_anomaly(d, p, ANOMALY_VLAN_TOO_MANY_LAYERS);
        return;
    }
    d->vlan_layers++;
    decode_ethertype(d, p, cursor_rest(&c), ethertype);
    d->vlan_layers--;
}

/* Labels below 16 have a meaning of their own (RFC 3032): of those only explicit nulls end a stack. */
static void check_label(struct decoder *d, const struct packet *p, uint32_t label)
{
    enum { NULL_IPV4 = 0, ROUTER_ALERT = 1, NULL_IPV6 = 2, IMPLICIT_NULL = 3, RESERVED = 15 };

    if (label == ROUTER_ALERT)
        decode_anomaly(d, p, ANOMALY_MPLS_BAD_LABEL_ROUTER_ALERT);
    else if (label == IMPLICIT_NULL)
        decode_anomaly(d, p, ANOMALY_MPLS_BAD_LABEL_IMPLICIT_NULL);
    else if (label < RESERVED && label != NULL_IPV4 && label != NULL_IPV6)
        decode_anomaly(d, p, ANOMALY_MPLS_BAD_LABEL_RESERVED);
}

/* Below the label stack the protocol is not named (RFC 3032): a version nibble tells IP, a zero nibble a
 * pseudowire's control word, anything else is taken for Ethernet. */
static void decode_mpls(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);
    uint32_t label = 0;
    int count = 0;

    d->stats.mpls++;
    do {
        label = cursor_u32(&c);
    } while (!c.overrun && !(label & 0x100) && ++count < LABELS_MAX);
    if (c.overrun || count == LABELS_MAX || cursor_left(&c) == 0) {
        bool is_whole = !c.overrun && count < LABELS_MAX;
        decode_anomaly(d, p, is_whole ? ANOMALY_MPLS_PKT_TOO_SMALL : ANOMALY_MPLS_HEADER_TOO_SMALL);
        return;
    }
    struct view rest = cursor_rest(&c);
    check_label(d, p, label >> 12);
    switch (rest.data[0] >> 4) {
    case 4:
        decode_ipv4(d, p, rest);
        break;
    case 6:
        decode_ipv6(d, p, rest);
        break;
    case 0:
        decode_ethernet(d, p, view_skip(rest, 4));
        break;
    default:
        decode_ethernet(d, p, rest);
    }
}

/* Version 0, a length that the kind of metadata allows (kind 1 is of fixed size), and something behind it. */
static enum anomaly nsh_fault(struct view left, size_t header)
{
    enum { FIXED = 1, VARIABLE = 2, EXPERIMENT = 15 };
    uint8_t kind = left.data[2] & 15;

    if (left.data[0] >> 6 != 0)
        return ANOMALY_NSH_UNSUPPORTED_VERSION;
    if (header < 8 || header >= left.len || (kind == FIXED && header != 24))
        return ANOMALY_NSH_BAD_HEADER_LENGTH;
    if (kind == 0 || kind == EXPERIMENT)
        return ANOMALY_NSH_RESERVED_TYPE;
    return kind > VARIABLE ? ANOMALY_NSH_UNSUPPORTED_TYPE : ANOMALY_NONE;
}

/* NSH: version and TTL, length in words, kind of metadata, next protocol. */
static void decode_nsh(struct decoder *d, struct packet *p, struct view left)
{
    static const uint16_t types[] = {0, ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_TEB,
                                     0, ETHERTYPE_MPLS};

    if (left.len < 8) {
        decode_anomaly(d, p, ANOMALY_NSH_HEADER_TOO_SMALL);
        return;
    }
    size_t header = (size_t)(left.data[1] & 0x3f) * 4;
    enum anomaly fault = nsh_fault(left, header);
    if (fault != ANOMALY_NONE)
        decode_anomaly(d, p, fault);
    if (fault == ANOMALY_NSH_UNSUPPORTED_VERSION || fault == ANOMALY_NSH_BAD_HEADER_LENGTH)
        return;
    uint8_t next = left.data[3];
    if (next < sizeof(types) / sizeof(types[0]) && types[next] != 0)
        decode_ethertype(d, p, view_skip(left, header), types[next]);
    else
        decode_anomaly(d, p, ANOMALY_NSH_UNKNOWN_PAYLOAD);
}

/* A tag of `bytes` before the next Ethernet type. */
static void decode_tag(struct decoder *d, struct packet *p, struct view left, size_t bytes)
{
    struct cursor c = cursor_over(left);

    cursor_skip(&c, bytes);
    uint16_t ethertype = cursor_u16(&c);
    if (c.overrun)
        decode_anomaly(d, p, ANOMALY_VNTAG_HEADER_TOO_SMALL);
    else
        decode_ethertype(d, p, cursor_rest(&c), ethertype);
}

static void decode_vntag(struct decoder *d, struct packet *p, struct view left)
{
    uint64_t unknown = d->stats.unknown_ethertype;

    decode_tag(d, p, left, 4);
    if (d->stats.unknown_ethertype != unknown)
        decode_anomaly(d, p, ANOMALY_VNTAG_UNKNOWN_TYPE);
}

static void decode_macsec(struct decoder *d, struct packet *p, struct view left)
{
    uint8_t control = left.len > 0 ? left.data[0] : MACSEC_HIDES;
    size_t tag = control & MACSEC_HAS_SCI ? 14 : 6;

    if (control & MACSEC_HIDES || left.len < tag + 2 + MACSEC_ICV)
        return;
    left.len -= MACSEC_ICV;
    decode_tag(d, p, left, tag);
}

struct pppoe {
    uint8_t code;
    size_t length; /* that it claims of `rest` */
    struct view rest;
};

/* Version and type, code, session, length. False (an anomaly) when they are cut. */
static bool read_pppoe(struct decoder *d, const struct packet *p, struct view left,
                       struct pppoe *out)
{
    struct cursor c = cursor_over(left);

    d->stats.pppoe++;
    cursor_skip(&c, 1);
    out->code = cursor_u8(&c);
    cursor_skip(&c, 2);
    out->length = cursor_u16(&c);
    if (c.overrun)
        decode_anomaly(d, p, ANOMALY_PPPOE_PKT_TOO_SMALL);
    out->rest = cursor_rest(&c);
    return !c.overrun;
}

void decode_pppoe(struct decoder *d, struct packet *p, struct view left)
{
    struct pppoe pppoe;

    if (!read_pppoe(d, p, left, &pppoe))
        return;
    if (pppoe.code == 0)
        decode_ppp(d, p, view_slice(pppoe.rest, 0, pppoe.length));
    else
        decode_anomaly(d, p, ANOMALY_PPPOE_WRONG_CODE);
}

/* Discovery has an Ethernet type of its own: a code, and tags that a length counts. */
static void decode_pppoe_discovery(struct decoder *d, const struct packet *p, struct view left)
{
    static const uint8_t codes[] = {0x07, 0x09, 0x19, 0x65,
                                    0xa7}; /* PADO, PADI, PADR, PADS, PADT */
    struct pppoe pppoe;

    if (!read_pppoe(d, p, left, &pppoe))
        return;
    if (memchr(codes, pppoe.code, sizeof(codes)) == NULL)
        decode_anomaly(d, p, ANOMALY_PPPOE_WRONG_CODE);
    else if (pppoe.length > pppoe.rest.len && !(p->flags & PACKET_CUT))
        decode_anomaly(d, p, ANOMALY_PPPOE_MALFORMED_TAGS);
}

static void decode_by_type(struct decoder *d, struct packet *p, struct view left,
                           uint16_t ethertype)
{
    switch (ethertype) {
    case ETHERTYPE_IPV4:
        decode_ipv4(d, p, left);
        break;
    case ETHERTYPE_IPV6:
        decode_ipv6(d, p, left);
        break;
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
        decode_vlan(d, p, left);
        break;
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
        decode_mpls(d, p, left);
        break;
    case ETHERTYPE_PPPOE_SESSION:
        decode_pppoe(d, p, left);
        break;
    case ETHERTYPE_PPPOE_DISCOVERY:
        decode_pppoe_discovery(d, p, left);
        break;
    case ETHERTYPE_PPP:
        decode_ppp(d, p, left);
        break;
    case ETHERTYPE_NSH:
        decode_nsh(d, p, left);
        break;
    case ETHERTYPE_ETAG:
        decode_tag(d, p, left, ETAG_BYTES);
        break;
    case ETHERTYPE_VNTAG:
        decode_vntag(d, p, left);
        break;
    case ETHERTYPE_CISCO_METADATA:
        decode_tag(d, p, left, 6);
        break;
    case ETHERTYPE_FABRICPATH: /* a forwarding tag and a time to live, then the frame itself */
        decode_ethernet(d, p, view_skip(left, 2));
        break;
    case ETHERTYPE_MACSEC:
        decode_macsec(d, p, left);
        break;
    case ETHERTYPE_TEB:
        decode_ethernet(d, p, left);
        break;
    case ETHERTYPE_ARP:
        d->stats.arp++;
        break;
    default:
        d->stats.unknown_ethertype++;
        if (p->vlan_count > 0)
            decode_anomaly(d, p, ANOMALY_VLAN_UNKNOWN_TYPE);
    }
}

void decode_ethertype(struct decoder *d, struct packet *p, struct view left, uint16_t ethertype)
{
    if (d->layers == LAYERS_MAX) {
        decode_anomaly(d, p, ANOMALY_GENERIC_TOO_MANY_LAYERS);
        return;
    }
    d->layers++;
    decode_by_type(d, p, left, ethertype);
    d->layers--;
}
