/* SPDX-License-Identifier: BSD-3-Clause */
/* Decoder: captured frames to packets.
 *
 * Idea       link layer -> (VLAN, MPLS, PPPoE ...) -> IP -> (fragments) -> transport; a tunnel starts
 *            again at its inner layer, at most DECODE_DEPTH_MAX times. Outer UDP packets of tunnels
 *            (VXLAN, Geneve, GTP-U, Teredo) are handed on as packets of their own, before the inner.
 * Promises   no allocation a packet, except fragments under a budget; every malformed layer is
 *            reported through `anomaly` and counted; bytes outside the frame are never read.
 * Threads    one decoder belongs to one thread.
 */
#ifndef SHRIKE_PACKET_DECODE_H
#define SHRIKE_PACKET_DECODE_H

#include "base/anomaly.h"
#include "base/memory.h"
#include "packet/packet.h"

enum {
    DECODE_DEPTH_MAX = 6,
    DECODE_ANOMALIES_MAX =
        15, /* a packet, as in Suricata; a header of a few bytes may be at fault each */
};

struct block;

/* A frame as captured. */
struct frame {
    const uint8_t *data;
    struct block *block; /* that holds `data`: whoever needs it for longer retains it; NULL: none */
    uint32_t len;        /* captured */
    uint32_t wire_len;   /* on the wire */
    int64_t time_us;
    uint64_t number;
    int link_type; /* LINKTYPE_ value (the file's, not DLT) */
    uint16_t file;
    uint16_t time_ns; /* nanoseconds beyond time_us, below 1000 */
};

enum overlap_policy { OVERLAP_LINUX, OVERLAP_FIRST, OVERLAP_LAST, OVERLAP_WINDOWS };

struct decode_options {
    enum overlap_policy fragment_policy;
    size_t fragment_budget_bytes; /* 0: 32 MiB */
    int64_t fragment_timeout_us;  /* 0: 60 s */
    bool drop_bad_checksums;      /* such packets are counted, not handed on */
    bool ignore_checksums;        /* they are not even computed */
    bool joins_vlans;             /* fragments of one datagram may come from several VLANs */
};

/* Counters, as EVE's stats.decoder names them where it can. */
struct decode_stats {
    uint64_t pkts, bytes; /* frames, captured bytes */
    uint64_t invalid;     /* frames whose decoding was given up (invalid.c) */
    uint64_t malformed;   /* frames with at least one anomaly */
    uint64_t ethernet, raw, null, sll, sll2, ppp, pppoe, chdlc, ieee80211, nflog;
    uint64_t vlan, vlan_qinq, mpls, arp, unknown_ethertype;
    uint64_t ipv4, ipv6, tcp, udp, icmpv4, icmpv6, sctp, esp, other_ip;
    uint64_t ipv4_in_ipv6, ipv6_in_ipv4, ipip, gre, erspan, vxlan, geneve, gtp, teredo;
    uint64_t fragments, fragments6, reassembled, reassembled6; /* of IPv4, of IPv6 */
    uint64_t fragment_timeouts, fragment_timeouts6;            /* datagrams */
    uint64_t fragment_overlaps;
    uint64_t fragment_drops; /* fragments that no memory was left for */
    uint64_t
        fragment_cuts; /* fragments that the snap length cut: their datagrams never become whole */
    uint64_t bad_ipv4_checksum, bad_tcp_checksum, bad_udp_checksum, bad_icmp_checksum;
    uint64_t tunnel_too_deep, cut_by_snaplen;
    uint64_t
        discarded; /* packets that hosts throw away: longer than what came, options that cannot be read */
    uint64_t max_pkt_size;
    uint64_t anomalies_left_out; /* beyond DECODE_ANOMALIES_MAX */
    uint64_t anomalies[ANOMALY_COUNT];
};

/* Where the decoder hands its results; all are called before decoder_frame() returns. */
struct decode_sink {
    void (*packet)(void *context, const struct packet *packet);
    /* `packet` holds what was decoded before the fault (addresses when they were readable). */
    void (*anomaly)(void *context, const struct packet *packet, enum anomaly anomaly);
    void *context;
    /* May be NULL. Fragments were joined in frame `number`: those that spoke to the datagram, in order. */
    void (*datagram)(void *context, uint64_t number, const uint64_t *frames, size_t count);
};

struct decoder;

struct decoder *decoder_new(const struct decode_options *options, const struct decode_sink *sink);
void decoder_free(struct decoder *decoder); /* accepts NULL */

/* Decodes one frame. Reassembled payloads stay valid until decoder_release(). */
void decoder_frame(struct decoder *decoder, const struct frame *frame);
/* Buffers of datagrams reassembled so far may be reused: call when no packet is in use any more. */
void decoder_release(struct decoder *decoder);
const struct decode_stats *decoder_stats(const struct decoder *decoder);

/* True when frames of this link type can be decoded. */
bool decode_link_supported(int link_type);

#endif
