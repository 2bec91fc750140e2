/* SPDX-License-Identifier: BSD-3-Clause */
/* Closing: FIN and RST, and whether they were meant.
 *
 * Both can be forged, or sent so that they never arrive, and an endpoint that drops one goes on talking.
 *
 * FIN        ends a direction for the consumers when its receiver has acknowledged it and nothing behind it.
 *            Bytes behind it wait until then. Acknowledged themselves, they show that the FIN was none: it
 *            is forgotten. Where nobody answers (one direction captured), the sender's going on shows it,
 *            and the direction ends with the flow.
 * RST        with the number that its receiver expects (RFC 5961, 3.2) closes the flow for the flow table,
 *            but takes nothing from the consumers: segments that were on their way are still read, and one
 *            from the side that had sent the RST shows that it was none of its own. What waits for
 *            missing bytes is handed on when the closed flow times out. With another number near it, as
 *            after a loss in the capture, it changes only how the flow's end is told.
 * Timeouts   both FINs reached make a flow's state closed, acknowledged or not: that is the flow table's
 *            business, and reversible.
 */
#include "tcp/closing.h"

#include "tcp/opening.h"

/* ---- RST -------------------------------------------------------------------------------------------- */

static bool is_near(uint32_t a, uint32_t b)
{
    int32_t distance = seq_diff(a, b);
    return distance >= -NEAR && distance <= NEAR;
}

enum rst_trust { RST_FORGED, RST_NEAR, RST_EXACT };

/* The answer to a SYN that nobody listens for: its number is 0, its ACK is for the SYN. */
static enum rst_trust judge_first_rst(const struct tcp_side *other, const struct packet *packet)
{
    if (!(packet->tcp_flags & TCP_ACK) || !(other->flags & SIDE_HAS_NEXT))
        return RST_EXACT;
    if (packet->ack == other->next || packet->ack == other->edge)
        return RST_EXACT;
    return is_near(packet->ack, other->next) || is_near(packet->ack, other->edge) ? RST_NEAR
                                                                                  : RST_FORGED;
}

static enum rst_trust judge_rst(const struct tcp_side *side, const struct packet *packet)
{
    bool has_ack = (side->flags & SIDE_HAS_ACK) != 0;

    if (packet->seq == side->next || (side->flags & SIDE_HAS_FIN && packet->seq == side->fin + 1))
        return RST_EXACT;
    /* Hosts also answer with the number that the other side expects. */
    if (has_ack && packet->seq == side->acked)
        return RST_EXACT;
    if (is_near(packet->seq, side->next) || is_near(packet->seq, side->edge) ||
        (has_ack && is_near(packet->seq, side->acked)))
        return RST_NEAR;
    return RST_FORGED;
}

void closing_take_rst(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                      enum direction direction)
{
    struct tcp_side *side = &flow->tcp->side[direction];
    bool is_known = (side->flags & SIDE_HAS_NEXT) != 0;

    tcp->stats.rst++;
    if (packet->payload_len > 0)
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_RST_WITH_DATA);
    enum rst_trust trust =
        is_known ? judge_rst(side, packet)
                 : judge_first_rst(&flow->tcp->side[direction_reverse(direction)], packet);
    if (trust == RST_FORGED) {
        tcp_anomaly(tcp, flow, packet,
                    is_known ? ANOMALY_STREAM_SUSPECTED_RST_INJECT
                             : ANOMALY_STREAM_RST_INVALID_ACK);
        return;
    }
    flow->flags |= FLOW_RST_SEEN;
    side->flags |= SIDE_HAS_RST;
    if (trust == RST_EXACT)
        flow_set_state(tcp->table, flow, FLOW_CLOSED);
}

void closing_doubt_rst(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                       enum direction direction)
{
    struct tcp_side *side = &flow->tcp->side[direction], *server = &flow->tcp->side[TO_CLIENT];
    bool is_synack = (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
    bool is_next =
        side->flags & SIDE_HAS_NEXT && packet->payload_len > 0 && is_near(packet->seq, side->next);

    if (!(side->flags & SIDE_HAS_RST) || !(is_synack || is_next))
        return;
    side->flags &= (uint16_t)~SIDE_HAS_RST;
    tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_SUSPECTED_RST_INJECT);
    if (flow->state == FLOW_CLOSED)
        flow_set_state(tcp->table, flow,
                       server->flags & SIDE_HAS_NEXT ? FLOW_ESTABLISHED : FLOW_NEW);
}

void closing_settle_rst(struct flow *flow)
{
    const struct tcp_side *side = flow->tcp->side;

    if ((side[0].flags | side[1].flags) & SIDE_HAS_RST)
        flow->state = FLOW_CLOSED;
}

/* ---- FIN -------------------------------------------------------------------------------------------- */

void closing_take_fin(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                      enum direction direction, uint32_t fin)
{
    struct tcp_side *side = &flow->tcp->side[direction];

    if (side->flags & SIDE_ENDED)
        return;
    int32_t ahead = seq_diff(fin, side->next);
    if (ahead < 0)
        return; /* an old one */
    if (ahead > SEQ_AHEAD_MAX) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_FIN_OUT_OF_WINDOW);
        return;
    }
    if (side->flags & SIDE_HAS_FIN && side->fin != fin) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_FIN1_FIN_WRONG_SEQ);
        if (is_doubted(flow, direction, packet))
            return;
    }
    side->fin = fin;
    side->flags |= SIDE_HAS_FIN;
    if (seq_diff(fin + 1, side->edge) > 0)
        side->edge = fin + 1;
    closing_check_fin(tcp, flow, direction, packet);
}

/* Its sender goes on. */
static void forget_fin(struct tcp *tcp, struct flow *flow, enum direction direction,
                       const struct packet *packet)
{
    flow->tcp->side[direction].flags &= (uint16_t)~SIDE_HAS_FIN;
    if (packet == NULL) /* the flow's end */
        return;
    if (flow->state == FLOW_CLOSED && !(flow->flags & FLOW_RST_SEEN))
        flow_set_state(tcp->table, flow, FLOW_ESTABLISHED);
}

/* Its receiver has acknowledged the FIN's number: its own, or that of a byte that stands there? Where bytes
 * wait at it, only more acknowledgements tell, and at the flow's end that there were none; a single byte is
 * then believed, since a FIN takes nothing away. */
static void settle_fin(struct tcp *tcp, struct flow *flow, enum direction direction,
                       const struct packet *packet)
{
    const struct tcp_side *side = &flow->tcp->side[direction];
    bool has_byte = side->waiting != NULL && waiting_first(side->waiting)->seq == side->fin;

    if (has_byte && packet != NULL)
        return;
    if (has_byte && waiting_first(side->waiting)->len == 1)
        forget_fin(tcp, flow, direction, packet);
    else
        reassembly_end(tcp, flow, direction, packet);
}

void closing_check_fin(struct tcp *tcp, struct flow *flow, enum direction direction,
                       const struct packet *packet)
{
    const struct tcp_side *side = &flow->tcp->side[direction];

    if ((side->flags & (SIDE_HAS_FIN | SIDE_ENDED)) != SIDE_HAS_FIN)
        return;
    bool is_answered = (side->flags & SIDE_HAS_ACK) != 0;
    int32_t beyond = seq_diff(side->next, side->fin);
    int32_t acked = seq_diff(side->acked, side->fin + 1);
    if (beyond > 0 || (is_answered && acked > 0))
        forget_fin(tcp, flow, direction, packet);
    else if (beyond == 0 && is_answered && acked == 0)
        settle_fin(tcp, flow, direction, packet);
}

static bool is_through(const struct tcp_side *side)
{
    return side->flags & SIDE_ENDED || (side->flags & SIDE_HAS_FIN && side->next == side->fin);
}

void closing_check_end(struct tcp *tcp, struct flow *flow)
{
    const struct tcp_side *side = flow->tcp->side;

    if (flow->state != FLOW_CLOSED && is_through(&side[0]) && is_through(&side[1]))
        flow_set_state(tcp->table, flow, FLOW_CLOSED);
}
