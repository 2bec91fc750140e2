/* SPDX-License-Identifier: BSD-3-Clause */
/* Link layers: from a frame's first byte to the network layer. LINKTYPE values:
 * https://www.tcpdump.org/linktypes.html */
#include "packet/decoder.h"

enum {
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPP_MPLS = 0x0281,
    NFLOG_PAYLOAD = 9,
};

/* IEEE 802.2 LLC; with SNAP (aa aa 03) an organisation and an Ethernet type. */
void decode_llc(struct decoder *d, struct packet *p, struct view left)
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

/* Network protocols (0x0021 to 0x004f and a few), their control protocols 0x8000 higher, and those of the link. */
static bool is_ppp_known(uint16_t proto)
{
    static const uint16_t link[] = {0x00fd, 0xc021, 0xc023, 0xc025, 0xc029, 0xc223, 0x80fd};
    uint16_t network = proto & 0x7fff;

    for (size_t i = 0; i < sizeof(link) / sizeof(link[0]); i++) {
        if (proto == link[i])
            return true;
    }
    return (network >= 0x0021 && network <= 0x004f) || network == 0x0057 || network == 0x0201 ||
           network == 0x0231 || network == 0x0233 || network == 0x0281 || network == 0x0283;
}

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
        decode_ethertype(d, p, left, ETHERTYPE_MPLS);
    else if (!is_ppp_known(proto)) /* control and other networks are nothing odd */
        decode_anomaly(d, p, ANOMALY_PPP_WRONG_TYPE);
}

void decode_raw_ip(struct decoder *d, struct packet *p, struct view left)
{
    unsigned version = left.len > 0 ? left.data[0] >> 4 : 4;

    d->stats.raw++;
    if (version == 6)
        decode_ipv6(d, p, left);
    else if (version == 4 || left.len < 20) /* too short for either */
        decode_ipv4(d, p, left);
    else
        decode_anomaly(d, p, ANOMALY_IPRAW_INVALID_IP_VERSION);
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
    uint16_t ethertype = (uint16_t)family;
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
    default: /* an Ethernet type in the lower half (Nokia IPSO), or nothing we know */
        if (ethertype == ETHERTYPE_IPV4 || ethertype == ETHERTYPE_IPV6)
            decode_ethertype(d, p, rest, ethertype);
        else
            decode_anomaly(d, p, ANOMALY_LTNULL_UNSUPPORTED_TYPE);
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
            p->flags |=
                PACKET_CUT; /* the kernel copies as much as it was asked to, and says nowhere how much */
            decode_raw_ip(d, p, value);
            return;
        }
        cursor_skip(&c, (4 - len % 4) % 4);
    }
}

/* Token Ring (IEEE 802.5): addresses, a route when the source's first bit is set, LLC. */
static void decode_token_ring(struct decoder *d, struct packet *p, struct view left)
{
    size_t header = 14;

    if (left.len > header && left.data[8] & 0x80)
        header += left.data[14] & 0x1f;
    decode_llc(d, p, view_skip(left, header));
}

/* FDDI: frame control, addresses, LLC. */
static void decode_fddi(struct decoder *d, struct packet *p, struct view left)
{
    if (left.len > 0 && (left.data[0] & 0xf0) == 0x50) /* LLC, not management */
        decode_llc(d, p, view_skip(left, 13));
}

/* LLC after a header of fixed size: RFC 1483 over ATM, RFC 2625 over Fibre Channel. */
static void decode_atm(struct decoder *d, struct packet *p, struct view left)
{
    decode_llc(d, p, left);
}

static void decode_fibre_channel(struct decoder *d, struct packet *p, struct view left)
{
    decode_llc(d, p, view_skip(left, 16));
}

/* Frame Relay (RFC 2427): an address of two to four bytes, control 3, perhaps a pad, a protocol identifier. */
static void decode_frame_relay(struct decoder *d, struct packet *p, struct view left)
{
    size_t address = 0;

    while (address < 4 && address < left.len && !(left.data[address] & 1))
        address++;
    left = view_skip(left, address + 1);
    if (view_starts(left, VIEW("\x03")))
        left = view_skip(left, left.len > 1 && left.data[1] == 0 ? 2 : 1);
    else if (left.len >= 2) { /* Cisco's form: an Ethernet type at once */
        decode_ethertype(d, p, view_skip(left, 2), (uint16_t)(left.data[0] << 8 | left.data[1]));
        return;
    }
    if (view_starts(left, VIEW("\xcc")))
        decode_ipv4(d, p, view_skip(left, 1));
    else if (view_starts(left, VIEW("\x8e")))
        decode_ipv6(d, p, view_skip(left, 1));
    else if (view_starts(left, VIEW("\x80")) && left.len >= 6) /* SNAP */
        decode_ethertype(d, p, view_skip(left, 6), (uint16_t)(left.data[4] << 8 | left.data[5]));
    else
        d->stats.unknown_ethertype++;
}

/* BSD/OS's sixteen bytes of direction and compressed header, then the packet. */
static void decode_slip(struct decoder *d, struct packet *p, struct view left)
{
    decode_raw_ip(d, p, view_skip(left, 16));
}

/* Juniper: "MGC", flags, and where the highest says so a length and as many bytes of extension. */
static void decode_juniper_ethernet(struct decoder *d, struct packet *p, struct view left)
{
    struct cursor c = cursor_over(left);

    cursor_skip(&c, 3);
    if (cursor_u8(&c) & 0x80)
        cursor_skip(&c, cursor_u16(&c));
    if (!c.overrun && view_starts(left, VIEW("MGC")))
        decode_ethernet(d, p, cursor_rest(&c));
}

static void decode_raw_v6(struct decoder *d, struct packet *p, struct view left)
{
    d->stats.raw++;
    decode_ipv6(d, p, left);
}

static void decode_sll(struct decoder *d, struct packet *p, struct view left)
{
    d->stats.sll++;
    decode_cooked(d, p, left, 14, 16);
}

static void decode_sll2(struct decoder *d, struct packet *p, struct view left)
{
    d->stats.sll2++;
    decode_cooked(d, p, left, 0, 20);
}

/* ---- the table --------------------------------------------------------------------------------------- */

static const struct link {
    int type;
    void (*decode)(struct decoder *, struct packet *, struct view);
} LINKS[] = {
    {1, decode_ethernet},           /* Ethernet */
    {101, decode_raw_ip},           /* raw IP */
    {113, decode_sll},              /* Linux cooked */
    {276, decode_sll2},             /* Linux cooked v2 */
    {0, decode_null},               /* BSD loopback */
    {108, decode_null},             /* OpenBSD loopback */
    {12, decode_raw_ip},            /* raw IP */
    {14, decode_raw_ip},            /* raw IP */
    {228, decode_raw_ip},           /* raw IPv4 */
    {229, decode_raw_v6},           /* raw IPv6 */
    {105, decode_80211},            /* 802.11 */
    {127, decode_radiotap},         /* 802.11 with radiotap */
    {192, decode_ppi},              /* PPI */
    {119, decode_prism},            /* 802.11 with Prism header */
    {163, decode_avs},              /* 802.11 with AVS header */
    {9, decode_ppp_hdlc},           /* PPP */
    {50, decode_ppp_hdlc},          /* PPP in HDLC-like framing */
    {51, decode_pppoe},             /* PPPoE */
    {104, decode_chdlc},            /* Cisco HDLC */
    {239, decode_nflog},            /* nflog */
    {6, decode_token_ring},         /* Token Ring */
    {8, decode_slip},               /* SLIP */
    {10, decode_fddi},              /* FDDI */
    {100, decode_atm},              /* ATM RFC 1483 */
    {107, decode_frame_relay},      /* Frame Relay */
    {122, decode_fibre_channel},    /* IP over Fibre Channel */
    {178, decode_juniper_ethernet}, /* Juniper Ethernet */
};

static const struct link *find_link(int type)
{
    for (size_t i = 0; i < sizeof(LINKS) / sizeof(LINKS[0]); i++) {
        if (LINKS[i].type == type)
            return &LINKS[i];
    }
    return NULL;
}

bool decode_link_supported(int link_type)
{
    return find_link(link_type) != NULL;
}

void decode_link(struct decoder *d, struct packet *p, struct view left, int link_type)
{
    const struct link *link = find_link(link_type);

    if (link != NULL)
        link->decode(d, p, left);
    else
        decode_anomaly(d, p, ANOMALY_LINK_TYPE_UNSUPPORTED);
}
