/* SPDX-License-Identifier: BSD-3-Clause */
/* Decoder: what the files of this room share. Others see decode.h.
 *
 * A walk is one frame's way inwards: `p` is the packet being filled, `left` the bytes not decoded yet.
 * Each layer takes its header off `left` and calls the next; a tunnel begins a new packet one level deeper.
 */
#ifndef SHRIKE_PACKET_DECODER_H
#define SHRIKE_PACKET_DECODER_H

#include "base/cursor.h"
#include "packet/decode.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_TEB = 0x6558, /* Ethernet within GRE, Geneve */
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_PPP = 0x880b,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    ETHERTYPE_PPPOE_DISCOVERY = 0x8863,
    ETHERTYPE_PPPOE_SESSION = 0x8864,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_QINQ_OLD = 0x9100,
    ETHERTYPE_ETAG = 0x893f,
    ETHERTYPE_VNTAG = 0x8926,
    ETHERTYPE_CISCO_METADATA = 0x8909,
    ETHERTYPE_FABRICPATH = 0x8903,
    ETHERTYPE_MACSEC = 0x88e5,
    ETHERTYPE_NSH = 0x894f,
    ETHERTYPE_ARUBA_FIRST = 0x8200, /* 802.11 within GRE, by priority */
    ETHERTYPE_ARUBA_LAST = 0x8370,
    ETHERTYPE_ERSPAN2 = 0x88be,
    ETHERTYPE_ERSPAN3 = 0x22eb,
};

struct fragments;

struct decoder {
    struct decode_options options;
    struct decode_sink sink;
    struct decode_stats stats;
    struct budget budget;
    struct fragments *fragments;
    const struct frame *frame;
    bool is_malformed;                /* the frame at hand had an anomaly */
    bool is_invalid;                  /* its decoding was given up */
    uint8_t raised[DECODE_DEPTH_MAX]; /* anomalies about the frame's packets, by depth */
    uint8_t layers;                   /* Ethernet types within each other at this point */
    uint8_t vlan_layers;              /* VLAN tags; packet.h keeps PACKET_VLAN_MAX of them */
};

/* Raises an anomaly about `p` and counts it. */
void decode_anomaly(struct decoder *d, const struct packet *p, enum anomaly anomaly);
/* invalid.c: decoding of `p` was given up, which counts for the outermost packet of a frame. */
void decode_invalid(struct decoder *d, const struct packet *p);
/* The anomaly is raised where decoding is given up. */
bool anomaly_is_invalid(enum anomaly anomaly);
/* Hands a packet on, unless its checksum is wrong and such packets are dropped: then false. */
bool decode_emit(struct decoder *d, const struct packet *p);

/* link.c */
void decode_link(struct decoder *d, struct packet *p, struct view left, int link_type);
void decode_ethernet(struct decoder *d, struct packet *p, struct view left);
void decode_llc(struct decoder *d, struct packet *p, struct view left);
void decode_ppp(struct decoder *d, struct packet *p, struct view left);
/* Raw IP of either version, by its first nibble. */
void decode_raw_ip(struct decoder *d, struct packet *p, struct view left);

/* tag.c: all that an Ethernet type can announce */
void decode_ethertype(struct decoder *d, struct packet *p, struct view left, uint16_t ethertype);
void decode_pppoe(struct decoder *d, struct packet *p, struct view left);

/* wireless.c */
void decode_80211(struct decoder *d, struct packet *p, struct view left);
/* With frame control bytes other than those of the frame. */
void decode_80211_as(struct decoder *d, struct packet *p, struct view left, uint8_t control,
                     uint8_t flags, bool is_padded);
void decode_radiotap(struct decoder *d, struct packet *p, struct view left);
void decode_ppi(struct decoder *d, struct packet *p, struct view left);
void decode_prism(struct decoder *d, struct packet *p, struct view left);
void decode_avs(struct decoder *d, struct packet *p, struct view left);

/* ip.c */
void decode_ipv4(struct decoder *d, struct packet *p, struct view left);
void decode_ipv6(struct decoder *d, struct packet *p, struct view left);

/* options.c: faults of options, as anomalies; `options` is all that the header leaves for them. False when no
 * host reads on. */
bool check_ipv4_options(struct decoder *d, const struct packet *p, struct view options);
void check_ipv6_options(struct decoder *d, const struct packet *p, struct view options,
                        bool is_hop_by_hop);
void read_tcp_options(struct decoder *d, struct packet *p, struct view options);

/* transport.c: what the IP protocol number says; `left` is the IP payload, `is_cut` by the snap length. */
void decode_ip_payload(struct decoder *d, struct packet *p, struct view left, bool is_cut);
/* A packet with this protocol was seen, but is not decoded any further. */
void count_transport(struct decoder *d, uint8_t ip_proto);

/* tunnel.c */
void decode_gre(struct decoder *d, const struct packet *outer, struct view left);
/* PIM register (RFC 7761, 4.9.3): `left` begins with the PIM header. */
void decode_pim(struct decoder *d, const struct packet *outer, struct view left);
/* An Ethernet frame as an IP payload (RFC 8986: next header 143). */
void decode_ethernet_in_ip(struct decoder *d, const struct packet *outer, struct view left);
/* Layers in UDP by port; the outer packet was emitted. */
void decode_udp_tunnel(struct decoder *d, const struct packet *outer);
/* A packet one level deeper, which begins with `frame`, or false (counted) when that is too deep. */
bool tunnel_enter(struct decoder *d, const struct packet *outer, struct packet *inner,
                  uint32_t kind, uint32_t id, struct view frame);

/* fragment.c */
struct fragments *fragments_new(struct budget *budget, const struct decode_options *options,
                                const struct decode_sink *sink, struct decode_stats *stats);
void fragments_free(struct fragments *fragments);
/* Takes a fragment: `offset` and `bytes` of the datagram, `has_more` after it, `id`. When that makes the
 * datagram whole its payload is returned, valid until fragments_release(), p->ip_proto is what the
 * first fragment says (RFC 8200 section 4.5) and p->wire_len that fragment's headers and the payload; else
 * an empty view. */
struct view fragments_add(struct fragments *fragments, struct packet *p, uint32_t id,
                          uint32_t offset, bool has_more, struct view bytes, enum anomaly *anomaly);
void fragments_release(struct fragments *fragments);

/* checksum.c: ones' complement sum of the bytes as big-endian words (RFC 1071); folded, not inverted. */
uint32_t checksum_add(uint32_t start, struct view bytes);
bool checksum_is_right(uint32_t sum); /* the sum over data and its checksum field */
/* Of the pseudo header (RFC 793, RFC 8200 section 8.1). */
uint32_t checksum_pseudo(const struct packet *p, size_t len);

#endif
