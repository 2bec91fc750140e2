/* SPDX-License-Identifier: BSD-3-Clause */
/* Link layers: from a frame's first byte to the network layer. LINKTYPE values:
 * https://www.tcpdump.org/linktypes.html */
#include "packet/decoder.h"

enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_RAW_BSD = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_PPP_HDLC = 50,
    LINK_PPP_ETHER = 51,
    LINK_RAW = 101,
    LINK_CHDLC = 104,
    LINK_80211 = 105,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_RADIOTAP = 127,
    LINK_PPI = 192,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_NFLOG = 239,
    LINK_SLL2 = 276,
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPP_MPLS = 0x0281,
    VLANS_MAX = 8,
    LABELS_MAX = 16,
    NFLOG_PAYLOAD = 9,
};

static const struct {
    int type;
    const char *name;
} UNSUPPORTED[] = {
    {8, "SLIP"},
    {6, "Token Ring"},
    {7, "ARCNET"},
    {10, "FDDI"},
    {100, "ATM RFC 1483"},
    {107, "Frame Relay"},
    {119, "802.11 with Prism header"},
    {122, "IP over Fibre Channel"},
    {163, "802.11 with AVS header"},
    {187, "Bluetooth H4"},
    {189, "USB"},
    {195, "802.15.4"},
    {220, "USB, padded"},
    {227, "CAN"},
    {249, "USBPcap"},
    {251, "Bluetooth LE"},
};

bool decode_link_supported(int link_type)
{
    switch (link_type) {
    case LINK_NULL:
    case LINK_ETHERNET:
    case LINK_PPP:
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_PPP_HDLC:
    case LINK_PPP_ETHER:
    case LINK_RAW:
    case LINK_CHDLC:
    case LINK_80211:
    case LINK_LOOP:
    case LINK_SLL:
    case LINK_RADIOTAP:
    case LINK_PPI:
    case LINK_IPV4:
    case LINK_IPV6:
    case LINK_NFLOG:
    case LINK_SLL2:
        return true;
    default:
        return false;
    }
}

int decode_link_check(int link_type, struct error *error)
{
    const char *name = "unknown";

    if (decode_link_supported(link_type))
        return 0;
    for (size_t i = 0; i < sizeof(UNSUPPORTED) / sizeof(UNSUPPORTED[0]); i++) {
        if (UNSUPPORTED[i].type == link_type)
            name = UNSUPPORTED[i].name;
    }
    return error_set(error, "link type %d (%s) cannot be decoded", link_type, name);
}

/* ---- Ethernet and what follows its type -------------------------------------------------------------- */

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
        p->vlan[p->vlan_count] = tag & 0xfff;
    if (p->vlan_count == VLANS_MAX) {
        decode_anomaly(d, p, ANOMALY_VLAN_TOO_MANY_LAYERS);
        return;
    }
    p->vlan_count++;
    decode_ethertype(d, p, cursor_rest(&c), ethertype);
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
        decode_anomaly(d, p, ANOMALY_MPLS_HEADER_TOO_SMALL);
        return;
    }
    struct view rest = cursor_rest(&c);
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

static void decode_pppoe(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    d->stats.pppoe++;
    cursor_skip(&c, 4);
    size_t length = cursor_u16(&c);
    if (c.overrun) {
        decode_anomaly(d, p, ANOMALY_PPPOE_PKT_TOO_SMALL);
        return;
    }
    struct view rest = cursor_rest(&c);
    decode_ppp(d, p, view_slice(rest, 0, length));
}

void decode_ethertype(struct decoder *d, struct packet *p, struct view left, uint16_t ethertype)
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
        d->stats.pppoe++;
        break;
    case ETHERTYPE_PPP:
        decode_ppp(d, p, left);
        break;
    case ETHERTYPE_TEB:
        decode_ethernet(d, p, left);
        break;
    case ETHERTYPE_ARP:
        d->stats.arp++;
        break;
    default:
        d->stats.unknown_ethertype++;
    }
}

/* IEEE 802.2 LLC; with SNAP (aa aa 03) an organisation and an Ethernet type. */
static void decode_llc(struct decoder *d, struct packet *p, struct view left)
{
    if (view_starts(left, VIEW("\xaa\xaa\x03")) && left.len >= 8)
        decode_ethertype(d, p, view_skip(left, 8), (uint16_t)(left.data[6] << 8 | left.data[7]));
    else
        d->stats.unknown_ethertype++;
}

void decode_ethernet(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    d->stats.ethernet++;
    cursor_skip(&c, 12);
    uint16_t type = cursor_u16(&c);
    if (c.overrun) {
        decode_anomaly(d, p, ANOMALY_ETHERNET_PKT_TOO_SMALL);
        return;
    }
    struct view rest = cursor_rest(&c);
    if (type < 0x600) /* IEEE 802.3: a length */
        decode_llc(d, p, view_slice(rest, 0, type));
    else
        decode_ethertype(d, p, rest, type);
}

/* ---- other links ------------------------------------------------------------------------------------- */

/* RFC 1661, with RFC 1662's address and control bytes when they are there; the protocol may be one byte. */
void decode_ppp(struct decoder *d, struct packet *p, struct view left)
{
    d->stats.ppp++;
    if (view_starts(left, VIEW("\xff\x03")))
        left = view_skip(left, 2);
    if (left.len < 2) {
        decode_anomaly(d, p, ANOMALY_PPP_PKT_TOO_SMALL);
        return;
    }
    bool is_short = left.data[0] & 1;
    uint16_t proto = (uint16_t)(is_short ? left.data[0] : left.data[0] << 8 | left.data[1]);
    left = view_skip(left, is_short ? 1 : 2);
    if (proto == PPP_IPV4)
        decode_ipv4(d, p, left);
    else if (proto == PPP_IPV6)
        decode_ipv6(d, p, left);
    else if (proto == PPP_MPLS)
        decode_mpls(d, p, left);
}

void decode_raw_ip(struct decoder *d, struct packet *p, struct view left)
{
    d->stats.raw++;
    if (left.len > 0 && left.data[0] >> 4 == 6)
        decode_ipv6(d, p, left);
    else
        decode_ipv4(d, p, left);
}

/* Four bytes of address family: in the capturing host's order (NULL), in network order (LOOP). */
static void decode_null(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);
    uint32_t family = cursor_u32(&c);

    d->stats.null++;
    if (c.overrun) {
        decode_anomaly(d, p, ANOMALY_LTNULL_PKT_TOO_SMALL);
        return;
    }
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    struct view rest = cursor_rest(&c);
    switch (family) {
    case 2:
        decode_ipv4(d, p, rest);
        break;
    case 10: /* Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        decode_ipv6(d, p, rest);
        break;
    default:
        d->stats.unknown_ethertype++;
    }
}

static void decode_cooked(struct decoder *d, struct packet *p, struct view left, size_t type_at,
                          size_t header)
{
    if (left.len < header) {
        decode_anomaly(d, p, ANOMALY_SLL_PKT_TOO_SMALL);
        return;
    }
    uint16_t type = (uint16_t)(left.data[type_at] << 8 | left.data[type_at + 1]);
    if (type < 0x600)
        decode_llc(d, p, view_skip(left, header));
    else
        decode_ethertype(d, p, view_skip(left, header), type);
}

static void decode_chdlc(struct decoder *d, struct packet *p, struct view left)
{
    d->stats.chdlc++;
    if (left.len < 4)
        decode_anomaly(d, p, ANOMALY_CHDLC_PKT_TOO_SMALL);
    else
        decode_ethertype(d, p, view_skip(left, 4), (uint16_t)(left.data[2] << 8 | left.data[3]));
}

/* PPP in HDLC-like framing; an address byte of 0x0f or 0x8f says Cisco HDLC instead. */
static void decode_ppp_hdlc(struct decoder *d, struct packet *p, struct view left)
{
    bool is_cisco =
        left.len >= 2 && (left.data[0] == 0x0f || left.data[0] == 0x8f) && left.data[1] == 0;
    if (is_cisco)
        decode_chdlc(d, p, left);
    else
        decode_ppp(d, p, left);
}

/* IEEE 802.11 data frames; what is encrypted is only counted. */
static void decode_80211(struct decoder *d, struct packet *p, struct view left)
{
    d->stats.ieee80211++;
    if (left.len < 24)
        return;
    uint8_t control = left.data[0], flags = left.data[1];
    bool is_data = (control & 0x0c) == 0x08, has_data = !(control & 0x40),
         is_encrypted = flags & 0x40;
    size_t header = (flags & 3) == 3 ? 30 : 24;
    if (control & 0x80) /* QoS, with the HT control field when the order bit is set */
        header += flags & 0x80 ? 6 : 2;
    if (is_data && has_data && !is_encrypted && left.len > header)
        decode_llc(d, p, view_skip(left, header));
}

/* A header that says its own length, in little endian at byte 2. */
static struct view skip_sized_header(struct view left)
{
    if (left.len < 4)
        return view_slice(left, 0, 0);
    return view_skip(left, (size_t)left.data[2] | (size_t)left.data[3] << 8);
}

/* Radiotap's flags field (present bit 1) says whether the frame ends in a checksum and is padded. */
static void decode_radiotap(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);
    cursor_skip(&c, 4);
    uint32_t present = cursor_u32_le(&c), first = present;
    while (!c.overrun && present & 0x80000000)
        present = cursor_u32_le(&c);
    if (first & 1) { /* TSFT, aligned to eight */
        cursor_skip(&c, (8 - c.at % 8) % 8);
        cursor_skip(&c, 8);
    }
    uint8_t flags = first & 2 ? cursor_u8(&c) : 0;
    struct view inner = skip_sized_header(left);
    if (!c.overrun && flags & 0x10 && inner.len >= 4)
        inner.len -= 4;
    decode_80211(d, p, inner);
}

static void decode_ppi(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);
    cursor_skip(&c, 4);
    uint32_t link_type = cursor_u32_le(&c);
    struct view inner = skip_sized_header(left);
    if (!c.overrun && link_type != LINK_PPI && inner.len < left.len)
        decode_link(d, p, inner, (int)link_type);
}

/* Netlink log: family, version, resource, then TLVs padded to four; the payload is raw IP. */
static void decode_nflog(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    d->stats.nflog++;
    cursor_skip(&c, 4);
    while (cursor_left(&c) >= 4) {
        size_t len = cursor_u16_le(&c);
        uint16_t type = cursor_u16_le(&c) & 0x7fff;
        if (len < 4)
            return;
        struct view value = cursor_view(&c, len - 4);
        if (c.overrun)
            return;
        if (type == NFLOG_PAYLOAD) {
            decode_raw_ip(d, p, value);
            return;
        }
        cursor_skip(&c, (4 - len % 4) % 4);
    }
}

void decode_link(struct decoder *d, struct packet *p, struct view left, int link_type)
{
    switch (link_type) {
    case LINK_ETHERNET:
        decode_ethernet(d, p, left);
        break;
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_RAW:
    case LINK_IPV4:
        decode_raw_ip(d, p, left);
        break;
    case LINK_IPV6:
        d->stats.raw++;
        decode_ipv6(d, p, left);
        break;
    case LINK_NULL:
    case LINK_LOOP:
        decode_null(d, p, left);
        break;
    case LINK_SLL:
        d->stats.sll++;
        decode_cooked(d, p, left, 14, 16);
        break;
    case LINK_SLL2:
        d->stats.sll2++;
        decode_cooked(d, p, left, 0, 20);
        break;
    case LINK_PPP:
    case LINK_PPP_HDLC:
        decode_ppp_hdlc(d, p, left);
        break;
    case LINK_PPP_ETHER:
        decode_pppoe(d, p, left);
        break;
    case LINK_CHDLC:
        decode_chdlc(d, p, left);
        break;
    case LINK_80211:
        decode_80211(d, p, left);
        break;
    case LINK_RADIOTAP:
        decode_radiotap(d, p, left);
        break;
    case LINK_PPI:
        decode_ppi(d, p, left);
        break;
    case LINK_NFLOG:
        decode_nflog(d, p, left);
        break;
    default:
        decode_anomaly(d, p, ANOMALY_LINK_TYPE_UNSUPPORTED);
    }
}
