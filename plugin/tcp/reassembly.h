/* SPDX-License-Identifier: BSD-3-Clause */
/* Reassembly: the part of the TCP room that hands bytes on. See reassembly.c. */
#ifndef SHRIKE_TCP_REASSEMBLY_H
#define SHRIKE_TCP_REASSEMBLY_H

#include "tcp/tcp.h"
#include "tcp/trust.h"
#include "tcp/waiting.h"

/* The farthest that a sequence number can be ahead: the greatest window (RFC 7323, 2.3). */
enum { SEQ_AHEAD_MAX = 1 << 30 };

struct tcp {
    struct flow_table *table;
    struct stream_sink sink;
    struct tcp_stats stats;
    struct pool flows;
    struct waiting_store store;
    uint32_t segments_max, waiting_bytes_max;
};

/* Bytes of one segment, `cut` of them missing at its end (snap length). The side's `next` is known. */
void reassembly_segment(struct tcp *tcp, struct flow *flow, enum direction direction,
                        const struct packet *packet, uint32_t seq, struct view bytes, uint32_t cut);
/* The bytes that came with a SYN: its receiver took those before `end`. They and what follows are handed on. */
void reassembly_confirm(struct tcp *tcp, struct flow *flow, enum direction direction,
                        const struct packet *packet, uint32_t end);
/* No more bytes will come. */
void reassembly_end(struct tcp *tcp, struct flow *flow, enum direction direction,
                    const struct packet *packet);
/* After each packet of the flow: gives up what the receiver has acknowledged and we never saw, and holds no
 * longer what waited for it. */
void reassembly_check_gap(struct tcp *tcp, struct flow *flow, enum direction direction,
                          const struct packet *packet);
/* Hands out all that waits in both directions, and the missing tails, and ends both. `packet` may be NULL. */
void reassembly_flush(struct tcp *tcp, struct flow *flow, const struct packet *packet);

static inline void tcp_anomaly(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                               enum anomaly anomaly)
{
    if (tcp->sink.anomaly != NULL)
        tcp->sink.anomaly(tcp->sink.context, flow, packet, anomaly);
}

#endif
