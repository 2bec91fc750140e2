/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow table: look-up, timeouts in packet time, eviction.
 *
 * Idea       a keyed hash over a direction-free key; buckets of one cache line (tags + record
 *            indexes), probe length capped by the key's secrecy. Records lie in a growing pool under
 *            the flow budget.
 * Time       flow_table_tick() is called at fixed points of the whole input (engine/), so that what
 *            times out when does not depend on the number of workers. A wheel of one-second slots
 *            holds each flow by a deadline that is only ever checked lazily; flows that end in one
 *            tick end in order of their first packet's number.
 * Eviction   when the budget is spent, the flow whose deadline is nearest goes (deterministic: never by
 *            bucket order), with FLOW_REASON_EVICTED and a counter.
 * Order      nothing that the keyed hash decides ever reaches a callback's order.
 */
#ifndef SHRIKE_FLOW_FLOW_TABLE_H
#define SHRIKE_FLOW_FLOW_TABLE_H

#include "flow/flow.h"

/* Seconds without a packet, by transport and state; Suricata 7's defaults:
 * tcp 60/600/60, udp 30/300/-, icmp 30/300/-, other 30/300/0. */
struct flow_timeouts {
    uint32_t tcp_new, tcp_established, tcp_closed;
    uint32_t udp_new, udp_established;
    uint32_t icmp_new, icmp_established;
    uint32_t other_new, other_established;
};

struct flow_table_options {
    struct budget *budget;         /* for records and buckets; not owned */
    struct flow_timeouts timeouts; /* zero members: the defaults */
    bool refuse_midstream;         /* a TCP flow begins only with SYN */
    bool joins_vlans;              /* packets of one flow may come from several VLANs */
};

struct flow_stats {
    uint64_t total, tcp, udp, icmpv4, icmpv6, sctp, other;
    uint64_t active, peak;
    uint64_t timed_out, closed, evicted, shutdown, midstream;
    uint64_t
        refused; /* packets that got no flow: the budget was spent and nothing could be evicted */
};

/* Called once for each flow that ends, before its record is reused. Must release flow->tcp,
 * flow->protocol and flow->match. `time_us`, `number`: the tick's. */
typedef void flow_end_fn(void *context, struct flow *flow, enum flow_reason reason);

struct flow_table;

struct flow_table *flow_table_new(const struct flow_table_options *options, flow_end_fn *end,
                                  void *context);
/* False when the budget is too small for any flow: flow_table_packet() then gives none. */
bool flow_table_is_ready(const struct flow_table *table);
/* Does not call `end`: use flow_table_finish() first. */
void flow_table_free(struct flow_table *table);

/* Looks up buckets ahead of use, for a batch of packets. */
void flow_table_prefetch(struct flow_table *table, const struct packet *packet);

/* The packet's flow, made when it is new; counts the packet into it, and sets *direction. NULL for
 * packets without a flow (no transport header, or the budget is spent). A packet that shows that a TCP
 * flow's ports are used anew (flow_reuse.h) ends that one (FLOW_REASON_CLOSED) and begins another; a SYN
 * that may be such a packet is given with the old flow, but counted on its claim. */
struct flow *flow_table_packet(struct flow_table *table, const struct packet *packet,
                               enum direction *direction);

/* The flow that may follow `flow`, counting its SYNs so far; NULL when there is none. Not in the table yet. */
const struct flow *flow_table_claim(const struct flow_table *table, const struct flow *flow);

/* State change: the deadline is set anew. */
void flow_set_state(struct flow_table *table, struct flow *flow, enum flow_state state);

/* Ends all flows whose deadline is at or before `now_us`. */
void flow_table_tick(struct flow_table *table, int64_t now_us);
/* Ends all flows, in order of their first packet's number. */
void flow_table_finish(struct flow_table *table);

const struct flow_stats *flow_table_stats(const struct flow_table *table);

/* The option, for tcp.c: bytes of flows without SYN are not to be looked at. */
bool flow_table_refuses_midstream(const struct flow_table *table);

#endif
