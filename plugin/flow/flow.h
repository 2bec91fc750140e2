/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow: the record of one conversation, both directions in one entry.
 *
 * Key        protocol, both addresses and ports, VLAN identifiers, tunnel; ICMP by type, code
 *            and identifier pair. The client is the side that opened the flow: the SYN's sender, the
 *            receiver of a SYN+ACK, else the first packet's sender (midstream TCP: the side with the
 *            lower well-known port is the server).
 * Memory     one record from a pool; TCP reassembly and protocol state are taken only when needed.
 *            sizeof(struct flow) is held by a static_assert.
 * Time       packet time of the worker's ticks, nowhere a wall clock (flow_table.h).
 */
#ifndef SHRIKE_FLOW_FLOW_H
#define SHRIKE_FLOW_FLOW_H

#include "base/memory.h"
#include "fields/event.h"
#include "packet/packet.h"

enum flow_state { FLOW_NEW, FLOW_ESTABLISHED, FLOW_CLOSED };
enum flow_reason {
    FLOW_REASON_TIMEOUT,
    FLOW_REASON_CLOSED,
    FLOW_REASON_EVICTED,
    FLOW_REASON_SHUTDOWN
};

enum flow_flags {
    FLOW_MIDSTREAM = 1, /* its start was not seen */
    FLOW_GAP = 2,       /* bytes are missing */
    FLOW_ALERTED = 4,
    FLOW_SYN_SEEN = 8,
    FLOW_SYNACK_SEEN = 16,
    FLOW_RST_SEEN = 32,
    FLOW_PROTO_MISMATCH = 64, /* content and well-known port disagree */
    FLOW_IS_SWAPPED = 128,    /* key order: the client is the greater endpoint */
};

/* What each direction has counted. */
struct flow_side {
    uint64_t bytes;   /* of frames, from the link layer up */
    uint64_t payload; /* application bytes: TCP in sequence space, UDP as they come */
    uint32_t pkts;
    uint32_t tcp_flags : 8;    /* all that were seen */
    uint32_t last_number : 24; /* a half of the flow's: flow_last_number() */
};

struct tcp_flow; /* flow/tcp_flow.h: sequence state of both directions; NULL for other protocols */
struct protocol_flow; /* proto/proto.h: which protocol, its parser */
struct match_flow;    /* match/match.h: streaming state */

struct flow {
    /* first line: the key, compared on look-up, and what TCP needs */
    struct address client;
    struct address server;
    uint16_t client_port;
    uint16_t server_port;
    uint16_t vlan[PACKET_VLAN_MAX];
    uint16_t flags; /* enum flow_flags */
    uint32_t tunnel_id;
    uint32_t icmp_key; /* type pair and identifier (flow_key.h); 0 for other protocols */
    uint8_t ip_proto;
    uint8_t ip_version;
    uint8_t state; /* enum flow_state */
    uint8_t vlan_count;
    struct tcp_flow *tcp;
    /* second line: written for every packet */
    int64_t last_us;           /* time of the last packet */
    struct flow_side side[2];  /* by enum direction */
    uint32_t hash, timer_slot; /* table's own, as are the next two */
    /* third line */
    uint32_t timer_next, timer_prev;
    struct protocol_flow *protocol;
    struct match_flow *match;
    int64_t start_us;
    uint64_t start_number; /* packet number of its first packet */
    uint64_t id; /* EVE's flow_id: below 2^53, from key and start time, the same on every run */
    uint64_t next_tx;             /* transactions so far */
    uint8_t icmp_type, icmp_code; /* of the first packet */
    uint8_t spare[2];             /* to the end of the line */
    uint32_t claim;               /* table's own: a flow that may follow this one (flow_reuse.h) */
};

static_assert(sizeof(struct flow) == 192, "an idle flow costs three cache lines");
static_assert(offsetof(struct flow, last_us) == 64, "what every packet writes begins a line");
static_assert(offsetof(struct flow, timer_next) == 128, "what few packets need comes last");

/* Number of the frame of the flow's last packet, 48 bits that share a line with what every packet writes. */
static inline uint64_t flow_last_number(const struct flow *flow)
{
    return (uint64_t)flow->side[TO_CLIENT].last_number << 24 | flow->side[TO_SERVER].last_number;
}

static inline void flow_set_last_number(struct flow *flow, uint64_t number)
{
    flow->side[TO_SERVER].last_number = number & 0xffffff;
    flow->side[TO_CLIENT].last_number = number >> 24 & 0xffffff;
}

static inline enum direction direction_reverse(enum direction direction)
{
    return direction == TO_SERVER ? TO_CLIENT : TO_SERVER;
}

/* Both ends of a conversation: who opened it, or, where `is_reversed`, who asks in it. */
struct flow_ends {
    const struct address *client, *server;
    uint16_t client_port, server_port;
};

static inline struct flow_ends flow_ends(const struct flow *flow, bool is_reversed)
{
    if (is_reversed)
        return (struct flow_ends){&flow->server, &flow->client, flow->server_port,
                                  flow->client_port};
    return (struct flow_ends){&flow->client, &flow->server, flow->client_port, flow->server_port};
}

/* Direction of a packet of this flow, by endpoints. */
enum direction flow_direction(const struct flow *flow, const struct packet *packet);

/* The ICMP type that answers `type` (or that `type` answers), or -1 when messages of this type go one
 * way. `ip_proto`: IP_ICMP or IP_ICMPV6. */
int icmp_counterpart(uint8_t ip_proto, uint8_t type);

/* Names as EVE has them: "new", "established", "closed"; "timeout", "closed", "evicted", "shutdown". */
const char *flow_state_name(enum flow_state state);
const char *flow_reason_name(enum flow_reason reason);

/* Transport name in upper case as EVE's proto ("TCP", "UDP", "ICMP", "IPv6-ICMP", "SCTP", or a number). */
const char *flow_proto_name(uint8_t ip_proto, char scratch[4]);

enum { COMMUNITY_ID_MAX = 64 };
/* Community ID v1 ("1:base64") of a flow into `out`, with the site's seed; returns its length.
 * https://github.com/corelight/community-id-spec */
size_t community_id(const struct flow *flow, uint16_t seed, char out[COMMUNITY_ID_MAX]);

#endif
