/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP: a packet's way through the room.
 *
 *    opening.c     SYN, SYN+ACK, the third ACK: where a direction begins
 *    here          acknowledgements, windows, timestamps: what the sender says about the other direction
 *    reassembly.c  bytes in order, with waiting.c for those that are not
 *    closing.c     FIN and RST
 *
 * Trust      a segment that the receiver would throw away must not change what we believe. Where that
 *            cannot be told at once, what it says is a claim, and the evidence that comes later decides:
 *            what the peer acknowledges, and what the sender itself goes on to send. trust.h has what a
 *            header alone tells. Such packets are anomalies.
 * Late       segments behind an acknowledged FIN belong to the flow and are ignored.
 */
#include "tcp/tcp.h"

#include "tcp/closing.h"
#include "tcp/opening.h"

enum {
    SEGMENTS_DEFAULT = 4096,
    WAITING_BYTES_DEFAULT = 1024 * 1024,
};

struct tcp *tcp_new(const struct tcp_options *options, struct flow_table *table,
                    const struct stream_sink *sink)
{
    struct tcp *tcp = memory_new(1, sizeof(*tcp));

    assert(options->budget != NULL && sink->data != NULL && sink->gap != NULL && sink->end != NULL);
    tcp->table = table;
    tcp->sink = *sink;
    tcp->segments_max = options->segments_max ? options->segments_max : SEGMENTS_DEFAULT;
    tcp->waiting_bytes_max =
        options->waiting_bytes_max ? options->waiting_bytes_max : WAITING_BYTES_DEFAULT;
    pool_init(&tcp->flows, options->budget, sizeof(struct tcp_flow));
    waiting_store_init(&tcp->store, options->budget, options->policy, tcp->segments_max);
    return tcp;
}

void tcp_free(struct tcp *tcp)
{
    if (tcp == NULL)
        return;
    waiting_store_clear(&tcp->store);
    pool_clear(&tcp->flows);
    memory_free(tcp);
}

const struct tcp_stats *tcp_stats(const struct tcp *tcp)
{
    return &tcp->stats;
}

/* ---- what a segment says about the other direction -------------------------------------------------- */

/* False when the receiver of the segment would not believe its acknowledgement. */
static bool take_ack(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                     enum direction direction)
{
    struct tcp_side *other = &flow->tcp->side[direction_reverse(direction)];
    int32_t ahead = seq_diff(packet->ack, other->edge);

    if (other->flags & SIDE_HAS_NEXT && ahead > NEAR) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_PKT_INVALID_ACK);
        return false;
    }
    if (!(other->flags & SIDE_HAS_CLAIMED) || seq_diff(packet->ack, other->claimed) > 0) {
        other->claimed = packet->ack;
        other->flags |= SIDE_HAS_CLAIMED;
    }
    if (other->flags & SIDE_HAS_NEXT && ahead > 0)
        return false; /* the capture may lack what it is for */
    if (!(other->flags & SIDE_HAS_ACK) || seq_diff(packet->ack, other->acked) >= 0) {
        other->acked = packet->ack;
        other->flags |= SIDE_HAS_ACK;
        return true;
    }
    struct ack_range believed = believed_acks(flow, direction);
    if (ack_is_within(&believed, packet->ack))
        return true;
    tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_PKT_INVALID_ACK);
    return false;
}

/* The greatest window. Without both SYNs its scale is not known. */
static void take_window(struct tcp_side *side, const struct tcp_side *other,
                        const struct packet *packet)
{
    unsigned both = side->flags & other->flags;
    uint32_t window = packet->window;

    if (!(both & SIDE_HAS_SYN) || packet->tcp_flags & TCP_SYN)
        return;
    if (both & SIDE_HAS_SCALE)
        window <<= side->scale;
    if (window > side->window)
        side->window = window;
}

static void take_echo(struct tcp_side *other, const struct packet *packet)
{
    if (!(packet->flags & PACKET_HAS_TIMES) || packet->time_echoed == 0)
        return;
    if (!(other->flags & SIDE_HAS_ECHO) || seq_diff(packet->time_echoed, other->echo) > 0) {
        other->echo = packet->time_echoed;
        other->flags |= SIDE_HAS_ECHO;
    }
}

static void take_header(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                        enum direction direction)
{
    enum direction reverse = direction_reverse(direction);
    struct tcp_side *side = &flow->tcp->side[direction], *other = &flow->tcp->side[reverse];

    if (is_stale(side, packet)) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_PKT_INVALID_TIMESTAMP);
        return;
    }
    opening_correct(other, packet->ack);
    if (!take_ack(tcp, flow, packet, direction))
        return;
    take_window(side, other, packet);
    take_echo(other, packet);
    if (other->flags & SIDE_HAS_FIN)
        closing_check_fin(tcp, flow, reverse, packet);
}

/* ---- a packet ----------------------------------------------------------------------------------------- */

/* The flow's TCP state, made at its first packet; NULL when the budget is spent. */
static struct tcp_flow *tcp_flow_of(struct tcp *tcp, struct flow *flow, const struct packet *packet)
{
    if (flow->tcp != NULL)
        return flow->tcp;
    flow->tcp = pool_get(&tcp->flows);
    if (flow->tcp == NULL) {
        tcp->stats.dropped_segments++;
        return NULL;
    }
    *flow->tcp = (struct tcp_flow){0};
    tcp->stats.sessions++;
    tcp->stats.midstream += (flow->flags & FLOW_MIDSTREAM) != 0;
    if (packet->tcp_flags & TCP_RST)
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_RST_BUT_NO_SESSION);
    else if (packet->tcp_flags & TCP_FIN && !(packet->tcp_flags & TCP_SYN))
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_FIN_BUT_NO_SESSION);
    return flow->tcp;
}

static void take_payload(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                         enum direction direction)
{
    uint32_t seq = packet->seq + ((packet->tcp_flags & TCP_SYN) != 0);
    uint32_t cut = packet->flags & PACKET_CUT ? packet->cut : 0;

    if (packet->payload_len + cut > 0) {
        opening_correct(&flow->tcp->side[direction], seq);
        reassembly_segment(tcp, flow, direction, packet, seq, packet_payload(packet), cut);
    }
    if ((packet->tcp_flags & (TCP_FIN | TCP_SYN)) == TCP_FIN)
        closing_take_fin(tcp, flow, packet, direction, seq + packet->payload_len + cut);
}

void tcp_packet(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                enum direction direction)
{
    if (tcp_flow_of(tcp, flow, packet) == NULL)
        return;
    if (flow->flags & FLOW_MIDSTREAM && flow_table_refuses_midstream(tcp->table))
        return;
    if (packet->tcp_flags & TCP_RST) {
        closing_take_rst(tcp, flow, packet, direction);
        return;
    }
    if (packet->ack != 0 && !(packet->tcp_flags & TCP_ACK))
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_PKT_BROKEN_ACK);
    /* Receivers throw segments without ACK away (RFC 9293, 3.10.7.4). */
    if (!(packet->tcp_flags & (TCP_SYN | TCP_ACK)))
        return;
    if (flow->flags & FLOW_RST_SEEN)
        closing_doubt_rst(tcp, flow, packet, direction);
    bool is_open = flow->state != FLOW_NEW && flow->tcp->side[direction].flags & SIDE_HAS_NEXT;
    if ((!is_open || packet->tcp_flags & TCP_SYN) && !opening_take(tcp, flow, packet, direction))
        return;
    if (packet->tcp_flags & TCP_ACK)
        take_header(tcp, flow, packet, direction);
    take_payload(tcp, flow, packet, direction);
    reassembly_check_gap(tcp, flow, direction, packet);
    reassembly_check_gap(tcp, flow, direction_reverse(direction), packet);
    closing_check_end(tcp, flow);
}

void tcp_ignore(struct tcp *tcp, struct flow *flow, enum direction direction)
{
    if (flow->tcp == NULL)
        return;
    struct tcp_side *side = &flow->tcp->side[direction];
    side->flags |= SIDE_IGNORED;
    waiting_drop_all(&tcp->store, &side->waiting);
}

void tcp_finish(struct tcp *tcp, struct flow *flow)
{
    if (flow->tcp == NULL)
        return;
    closing_settle_rst(flow);
    reassembly_flush(tcp, flow, NULL);
    assert(flow->tcp->side[TO_SERVER].waiting == NULL &&
           flow->tcp->side[TO_CLIENT].waiting == NULL);
    pool_put(&tcp->flows, flow->tcp);
    flow->tcp = NULL;
}
