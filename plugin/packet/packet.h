/* SPDX-License-Identifier: BSD-3-Clause */
/* Packet: one decoded packet, in two cache lines.
 *
 * Idea       the decoder turns a captured frame into packets: the one it carries and one more for
 *            each tunnel layer inside it. Everything later (flow, protocols, rules) reads only this.
 * Lifetime   pointers lead into the captured frame or, for reassembled datagrams, into the decoder's
 *            buffer; both live until the batch that holds the packet is given back.
 * Addresses  as on the wire; which side is the client is the flow's knowledge, not the packet's.
 */
#ifndef SHRIKE_PACKET_PACKET_H
#define SHRIKE_PACKET_PACKET_H

#include <assert.h>

#include "base/address.h"

enum { PACKET_VLAN_MAX = 3 };

enum packet_flags {
    PACKET_HAS_TRANSPORT = 1, /* TCP, UDP, SCTP or ICMP header decoded: it belongs to a flow */
    PACKET_REASSEMBLED = 2,   /* from fragments */
    PACKET_FRAGMENT = 4,      /* a fragment of a datagram that is not whole yet */
    PACKET_BAD_CHECKSUM = 8,  /* IPv4 header or transport checksum is wrong */
    PACKET_CUT = 16,          /* the capture's snap length cut payload off */
    PACKET_TUNNELLED = 32,    /* from inside a tunnel */
    PACKET_TICK = 64,         /* no packet: only time and number count (see engine/) */
    PACKET_HAS_TIMES = 128,   /* TCP timestamps (RFC 7323): time_sent, time_echoed */
};

enum tcp_flags {
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_RST = 4,
    TCP_PSH = 8,
    TCP_ACK = 16,
    TCP_URG = 32,
    TCP_ECE = 64,
    TCP_CWR = 128,
};

enum ip_protocol {
    IP_ICMP = 1,
    IP_IPIP = 4,
    IP_TCP = 6,
    IP_UDP = 17,
    IP_IPV6 = 41,
    IP_GRE = 47,
    IP_PIM = 103,
    IP_ETHERNET = 143,
    IP_ESP = 50,
    IP_AH = 51,
    IP_ICMPV6 = 58,
    IP_SCTP = 132,
};

struct packet {
    int64_t time_us; /* microseconds since 1970 */
    uint64_t number; /* of the captured frame, from 1, over all files of a run (pcap_cnt) */
    const uint8_t *frame;
    const uint8_t *payload; /* after the transport header */
    uint32_t frame_len;     /* captured bytes */
    uint32_t wire_len;      /* bytes on the wire; within a tunnel: of the packet inside */
    uint32_t payload_len;   /* captured payload bytes, without link padding */
    uint32_t
        tunnel_id; /* hash of the tunnel layers around it; 0 outside tunnels: part of the flow key */
    struct address src;
    struct address dst;
    uint16_t src_port; /* TCP, UDP, SCTP; 0 otherwise */
    uint16_t dst_port;
    uint8_t ip_version; /* 4, 6, or 0 when it is no IP packet */
    uint8_t ip_proto;
    uint8_t ttl;
    uint8_t tcp_flags;
    /* second half: read only for TCP, ICMP, VLAN */
    uint32_t seq;
    uint32_t ack;
    uint16_t window;
    uint16_t urgent;
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint16_t icmp_id; /* echo identifier */
    uint16_t vlan
        [PACKET_VLAN_MAX]; /* identifiers (12 bits), outermost first; tunnel's own for inner packets */
    uint8_t vlan_count;
    uint8_t flags;  /* enum packet_flags */
    uint16_t file;  /* index of the capture file in the run */
    uint16_t cut;   /* bytes that the snap length took from the frame's end, at most UINT16_MAX */
    uint16_t depth; /* 0: outermost packet of the frame, 1: inside one tunnel, ... */
    uint8_t window_scale; /* of a TCP SYN, plus one; 0: without that option */
    uint32_t time_sent, time_echoed;
};

static_assert(sizeof(struct packet) <= 128, "a packet fits two cache lines");

static inline struct view packet_payload(const struct packet *packet)
{
    return view_make(packet->payload, packet->payload_len);
}

/* Which worker owns a packet: symmetric in the two addresses, unkeyed, the same on every machine. */
uint64_t packet_pair_hash(const struct packet *packet);

#endif
