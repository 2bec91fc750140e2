/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP: from segments to the bytes that the application read.
 *
 * Idea       keep only what is out of order; in-order bytes are handed on at once, straight from the
 *            packet, and never copied. What is out of order waits, copied, in bounded memory.
 * Gaps       bytes that never come are given up when the receiver acknowledges beyond them, when the
 *            memory or segment bound is reached, or at the flow's end: gap() says how many are missing,
 *            then data goes on.
 * Midstream  without SYN the first segment's sequence number is taken as the start.
 * Trust      what a receiver would throw away changes nothing; what cannot be told at once is a claim
 *            that the peer's acknowledgements decide (docs/decisions/0008).
 * Policy     overlaps of waiting segments follow `policy`; bytes already handed on never change, and a
 *            retransmission with other bytes (as far as they still wait) is an anomaly.
 */
#ifndef SHRIKE_TCP_TCP_H
#define SHRIKE_TCP_TCP_H

#include "base/anomaly.h"
#include "flow/flow_table.h"
#include "packet/decode.h"

struct tcp_options {
    enum overlap_policy policy;
    struct budget *budget;      /* for waiting segments; not owned */
    uint32_t segments_max;      /* waiting segments a direction; 0: 4096 */
    uint32_t waiting_bytes_max; /* waiting bytes a direction; 0: 1 MiB */
};

struct tcp_stats {
    uint64_t sessions, syn, synack, rst, midstream;
    uint64_t segments_out_of_order, segments_retransmitted, segments_waiting_peak;
    uint64_t overlaps, overlaps_different;
    uint64_t gaps, gap_bytes, dropped_segments; /* dropped: over the memory bound */
};

/* Consumer of reassembled bytes. `packet` is the packet that made them available; NULL at flow end. */
struct stream_sink {
    void (*data)(void *context, struct flow *flow, enum direction direction, struct view bytes,
                 const struct packet *packet);
    void (*gap)(void *context, struct flow *flow, enum direction direction, uint64_t missing,
                const struct packet *packet);
    /* No more bytes will come in this direction (FIN reached and acknowledged, or flow end); once. */
    void (*end)(void *context, struct flow *flow, enum direction direction,
                const struct packet *packet);
    void (*anomaly)(void *context, struct flow *flow, const struct packet *packet,
                    enum anomaly anomaly);
    void *context;
};

struct tcp; /* the reassembler of one worker */

struct tcp *tcp_new(const struct tcp_options *options, struct flow_table *table,
                    const struct stream_sink *sink);
void tcp_free(struct tcp *tcp); /* accepts NULL */

/* Takes one packet of a TCP flow: state, sequence, data. */
void tcp_packet(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                enum direction direction);
/* Nobody wants this direction's bytes any more: they are counted and dropped, nothing waits. */
void tcp_ignore(struct tcp *tcp, struct flow *flow, enum direction direction);
/* Hands out what waits (with gaps), calls end() for open directions, releases flow->tcp. */
void tcp_finish(struct tcp *tcp, struct flow *flow);
const struct tcp_stats *tcp_stats(const struct tcp *tcp);

#endif
