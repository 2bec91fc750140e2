/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP: what a segment's header does to its flow; reassembly.c has the bytes.
 *
 *                 SYN            ACK of the client,
 *    (no flow) ---------> NEW -------------------------> ESTABLISHED
 *        |      SYN+ACK    |    or any segment with ACK      |
 *        |                 |    where the SYN+ACK was missed |  both FINs reached in order,
 *        | any other       | RST                             |  or RST
 *        +-> ESTABLISHED   +-----------> CLOSED <------------+
 *            (midstream)
 *
 * Resets     can be forged, and an endpoint that drops one goes on talking. So a RST closes the flow for
 *            the flow table, but takes nothing from the consumers: segments that were on their way are
 *            still read, and one from the side that had sent the RST shows that it was none of its own.
 *            What waits for missing bytes is handed on when the closed flow times out.
 * Trust      a segment that the receiver would throw away must not change what we believe. What can
 *            be decided without TCP options is: a SYN+ACK or third ACK with a wrong acknowledgement, a
 *            RST that is not near the expected number, numbers more than a window ahead. Such packets
 *            are anomalies and otherwise as if they had not come.
 * SYN+ACKs   that contradict each other: the first holds, and the second is remembered until the
 *            client's ACK says which one it took.
 * SYN data   (fast open) is handed on at once; clients repeat it when the server did not take it.
 * Late       segments after both FINs belong to the flow and are ignored; only a new SYN begins another.
 */
#include "tcp/tcp.h"

#include "tcp/reassembly.h"

enum {
    SEGMENTS_DEFAULT = 4096,
    WAITING_BYTES_DEFAULT = 1024 * 1024,
    NEAR = 1024 * 1024, /* bytes around the expected number where a RST or first ACK is believed */
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

/* ---- the beginning of a direction ---------------------------------------------------------------- */

static void start_side(struct tcp_side *side, uint32_t isn, uint8_t flags)
{
    side->isn = isn;
    side->next = side->edge = isn + 1;
    side->flags = (uint8_t)(side->flags | SIDE_HAS_NEXT | flags);
    /* An acknowledgement that came first and was for something else. */
    if (side->flags & SIDE_HAS_ACK && seq_diff(side->acked, side->next) > NEAR)
        side->flags &= (uint8_t)~SIDE_HAS_ACK;
}

/* Nothing was handed on or waits: its start may still change. */
static bool is_untouched(const struct tcp_side *side)
{
    return side->next == side->isn + 1 && side->waiting == NULL && !(side->flags & SIDE_ENDED);
}

/* What a SYN that may not count is called, by state. */
static enum anomaly stray_syn(const struct flow *flow, enum direction direction, bool is_same)
{
    if (flow->state == FLOW_CLOSED)
        return ANOMALY_STREAM_SHUTDOWN_SYN_RESEND;
    bool is_new = flow->state == FLOW_NEW;
    if (direction == TO_CLIENT)
        return is_new ? ANOMALY_STREAM_3WHS_SYN_TOCLIENT_ON_SYN_RECV
                      : ANOMALY_STREAM_EST_SYN_TOCLIENT;
    if (is_same)
        return is_new ? ANOMALY_NONE : ANOMALY_STREAM_EST_SYN_RESEND;
    return is_new ? ANOMALY_STREAM_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV
                  : ANOMALY_STREAM_EST_SYN_RESEND_DIFF_SEQ;
}

/* True when the rest of the packet counts. */
static bool take_syn(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                     enum direction direction)
{
    struct tcp_side *side = &flow->tcp->side[direction];
    bool is_same = side->flags & SIDE_HAS_SYN && side->isn == packet->seq;

    tcp->stats.syn++;
    if (direction == TO_SERVER)
        flow->flags |= FLOW_SYN_SEEN;
    if (!(side->flags & SIDE_HAS_NEXT) && flow->state == FLOW_NEW) {
        if (direction == TO_CLIENT) /* simultaneous open, or somebody guesses */
            tcp_anomaly(tcp, flow, packet, stray_syn(flow, direction, false));
        start_side(side, packet->seq, SIDE_HAS_SYN);
        return true;
    }
    /* A client that tries again with another number before anybody answered. */
    if (flow->state == FLOW_NEW && !(flow->flags & FLOW_SYNACK_SEEN) && is_untouched(side)) {
        start_side(side, packet->seq, SIDE_HAS_SYN);
        return true;
    }
    enum anomaly anomaly = stray_syn(flow, direction, is_same);
    if (anomaly != ANOMALY_NONE)
        tcp_anomaly(tcp, flow, packet, anomaly);
    return is_same;
}

/* `ack` is for the SYN, or for the SYN and bytes that came with it or soon after it. */
static bool acknowledges_start(const struct tcp_side *side, uint32_t ack)
{
    int32_t beyond = seq_diff(ack, side->isn + 1);
    return beyond >= 0 && beyond <= NEAR;
}

static bool take_second_synack(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                               struct tcp_side *side)
{
    bool is_new = flow->state == FLOW_NEW, is_same = side->isn == packet->seq;

    if (is_same) {
        if (!is_new)
            tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_EST_SYNACK_RESEND);
        return true;
    }
    tcp_anomaly(tcp, flow, packet,
                is_new ? ANOMALY_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ
                       : ANOMALY_STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ);
    if (is_new && is_untouched(side) && !(side->flags & SIDE_HAS_FIN)) {
        side->fin = packet->seq;
        side->flags |= SIDE_HAS_RIVAL;
    }
    return false;
}

static bool take_synack(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                        enum direction direction)
{
    struct tcp_side *side = &flow->tcp->side[direction];
    const struct tcp_side *other = &flow->tcp->side[direction_reverse(direction)];
    bool is_new = flow->state == FLOW_NEW;

    tcp->stats.synack++;
    /* In a simultaneous open both sides answer the other's SYN with one. */
    bool is_simultaneous = side->flags & SIDE_HAS_SYN && side->isn == packet->seq && is_new;
    if (direction == TO_SERVER && !is_simultaneous) {
        tcp_anomaly(tcp, flow, packet,
                    is_new ? ANOMALY_STREAM_3WHS_SYNACK_TOSERVER_ON_SYN_RECV
                           : ANOMALY_STREAM_EST_SYNACK_TOSERVER);
        return false;
    }
    if (other->flags & SIDE_HAS_SYN && !acknowledges_start(other, packet->ack)) {
        tcp_anomaly(tcp, flow, packet,
                    is_new ? ANOMALY_STREAM_3WHS_SYNACK_WITH_WRONG_ACK
                           : ANOMALY_STREAM_EST_SYNACK_RESEND_WITH_DIFF_ACK);
        return false;
    }
    flow->flags |= FLOW_SYNACK_SEEN;
    if (side->flags & SIDE_HAS_SYN)
        return take_second_synack(tcp, flow, packet, side);
    if (side->flags & SIDE_HAS_NEXT) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_EST_SYNACK_RESEND);
        return false;
    }
    start_side(side, packet->seq, SIDE_HAS_SYN);
    return true;
}

/* ---- the third ACK --------------------------------------------------------------------------------- */

/* A segment without SYN or RST while the flow is NEW. False when the server would refuse it. */
static bool establish(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                      enum direction direction)
{
    struct tcp_side *client = &flow->tcp->side[TO_SERVER], *server = &flow->tcp->side[TO_CLIENT];

    if (direction == TO_SERVER && server->flags & SIDE_HAS_SYN) {
        if (server->flags & SIDE_HAS_RIVAL && packet->ack == server->fin + 1 &&
            is_untouched(server))
            start_side(server, server->fin, SIDE_HAS_SYN);
        if (!acknowledges_start(server, packet->ack)) {
            bool is_right_seq = client->flags & SIDE_HAS_NEXT && packet->seq == client->next;
            tcp_anomaly(tcp, flow, packet,
                        is_right_seq ? ANOMALY_STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION
                                     : ANOMALY_STREAM_3WHS_WRONG_SEQ_WRONG_ACK);
            return false;
        }
        server->flags &= (uint8_t)~SIDE_HAS_RIVAL;
    } else if (direction == TO_CLIENT && client->flags & SIDE_HAS_SYN &&
               !acknowledges_start(client, packet->ack)) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_PKT_INVALID_ACK);
        return false;
    }
    flow_set_state(tcp->table, flow, FLOW_ESTABLISHED);
    return true;
}

/* ---- acknowledgements, resets, ends ----------------------------------------------------------------- */

/* A keep-alive repeats the number of the last byte. Where it was the first that we saw of a side, the stream
 * begins one later than it said. */
static void correct_start(struct tcp_side *side, uint32_t first)
{
    const uint8_t known = SIDE_HAS_NEXT | SIDE_HAS_SYN | SIDE_HAS_FIN;

    if (first == side->next + 1 && (side->flags & known) == SIDE_HAS_NEXT && is_untouched(side))
        start_side(side, first - 1, 0);
}

/* `side` is that of the bytes that are acknowledged. */
static void take_ack(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                     struct tcp_side *side)
{
    if (side->flags & SIDE_HAS_NEXT && seq_diff(packet->ack, side->edge) > SEQ_AHEAD_MAX) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_PKT_INVALID_ACK);
        return;
    }
    correct_start(side, packet->ack);
    if (!(side->flags & SIDE_HAS_ACK) || seq_diff(packet->ack, side->acked) > 0) {
        side->acked = packet->ack;
        side->flags |= SIDE_HAS_ACK;
    }
}

static bool is_near(uint32_t a, uint32_t b)
{
    int32_t distance = seq_diff(a, b);
    return distance >= -NEAR && distance <= NEAR;
}

/* True when the receiver would believe the RST, as far as can be told. */
static bool is_credible_rst(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                            enum direction direction)
{
    const struct tcp_side *side = &flow->tcp->side[direction];
    const struct tcp_side *other = &flow->tcp->side[direction_reverse(direction)];

    if (!(side->flags & SIDE_HAS_NEXT)) {
        /* The answer to a SYN that nobody listens for: its number is 0, its ACK is for the SYN. */
        bool is_known = packet->tcp_flags & TCP_ACK && other->flags & SIDE_HAS_NEXT;
        if (is_known && !is_near(packet->ack, other->next) && !is_near(packet->ack, other->edge)) {
            tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_RST_INVALID_ACK);
            return false;
        }
        return true;
    }
    if (is_near(packet->seq, side->next) || is_near(packet->seq, side->edge))
        return true;
    /* Hosts also answer with the number that the other side expects. */
    if (side->flags & SIDE_HAS_ACK && is_near(packet->seq, side->acked))
        return true;
    tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_SUSPECTED_RST_INJECT);
    return false;
}

static void take_rst(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                     enum direction direction)
{
    tcp->stats.rst++;
    if (packet->payload_len > 0)
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_RST_WITH_DATA);
    if (!is_credible_rst(tcp, flow, packet, direction))
        return;
    flow->flags |= FLOW_RST_SEEN;
    flow->tcp->side[direction].flags |= SIDE_HAS_RST;
    flow_set_state(tcp->table, flow, FLOW_CLOSED);
}

/* A segment of a flow that a RST has closed. The side that had sent the RST and still talks did not send
 * it: the flow is open again, as it was. */
static void doubt_rst(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                      enum direction direction)
{
    struct tcp_side *side = &flow->tcp->side[direction], *server = &flow->tcp->side[TO_CLIENT];
    bool is_synack = (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
    bool is_next =
        side->flags & SIDE_HAS_NEXT && packet->payload_len > 0 && is_near(packet->seq, side->next);

    if (!(side->flags & SIDE_HAS_RST) || !(is_synack || is_next))
        return;
    side->flags &= (uint8_t)~SIDE_HAS_RST;
    tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_SUSPECTED_RST_INJECT);
    flow_set_state(tcp->table, flow, server->flags & SIDE_HAS_NEXT ? FLOW_ESTABLISHED : FLOW_NEW);
}

static void take_fin(struct tcp *tcp, struct flow *flow, const struct packet *packet,
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
        return;
    }
    side->fin = fin;
    side->flags = (uint8_t)((side->flags | SIDE_HAS_FIN) & ~SIDE_HAS_RIVAL);
    reassembly_check_fin(tcp, flow, direction, packet);
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

/* SYN, SYN+ACK, first segments. False when the packet must not count any further. */
static bool take_start(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                       enum direction direction)
{
    struct tcp_side *side = &flow->tcp->side[direction];

    if (packet->tcp_flags & TCP_SYN) {
        if (packet->tcp_flags & TCP_FIN)
            tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_FIN_SYN);
        return packet->tcp_flags & TCP_ACK ? take_synack(tcp, flow, packet, direction)
                                           : take_syn(tcp, flow, packet, direction);
    }
    if (flow->state == FLOW_NEW && !establish(tcp, flow, packet, direction))
        return false;
    if (side->flags & SIDE_HAS_NEXT)
        return true;
    /* A FIN in place of the SYN+ACK: who has just sent a SYN throws it away. */
    if (packet->tcp_flags & TCP_FIN && packet->payload_len == 0 && flow->flags & FLOW_SYN_SEEN)
        return false;
    start_side(side, packet->seq - 1, 0);
    return true;
}

static void take_payload(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                         enum direction direction)
{
    uint32_t seq = packet->seq + ((packet->tcp_flags & TCP_SYN) != 0);
    uint32_t cut = packet->flags & PACKET_CUT ? packet->cut : 0;

    if (packet->payload_len + cut > 0) {
        correct_start(&flow->tcp->side[direction], seq);
        reassembly_segment(tcp, flow, direction, packet, seq, packet_payload(packet), cut);
    }
    if (packet->tcp_flags & TCP_FIN)
        take_fin(tcp, flow, packet, direction, seq + packet->payload_len + cut);
}

void tcp_packet(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                enum direction direction)
{
    if (tcp_flow_of(tcp, flow, packet) == NULL)
        return;
    if (flow->flags & FLOW_MIDSTREAM && flow_table_refuses_midstream(tcp->table))
        return;
    enum direction reverse = direction_reverse(direction);
    struct tcp_side *side = &flow->tcp->side[direction], *other = &flow->tcp->side[reverse];

    other->unanswered = 0;
    if (side->unanswered < UINT16_MAX)
        side->unanswered++;
    if (packet->tcp_flags & TCP_RST) {
        take_rst(tcp, flow, packet, direction);
        return;
    }
    if (packet->ack != 0 && !(packet->tcp_flags & TCP_ACK))
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_PKT_BROKEN_ACK);
    /* Receivers throw segments without ACK away (RFC 9293, 3.10.7.4). */
    if (!(packet->tcp_flags & (TCP_SYN | TCP_ACK)))
        return;
    if (flow->state == FLOW_CLOSED && flow->flags & FLOW_RST_SEEN)
        doubt_rst(tcp, flow, packet, direction);
    if (!take_start(tcp, flow, packet, direction))
        return;
    if (packet->tcp_flags & TCP_ACK)
        take_ack(tcp, flow, packet, other);
    take_payload(tcp, flow, packet, direction);
    reassembly_check_gap(tcp, flow, direction, packet);
    reassembly_check_gap(tcp, flow, reverse, packet);
    if (flow->state != FLOW_CLOSED && side->flags & other->flags & SIDE_ENDED)
        flow_set_state(tcp->table, flow, FLOW_CLOSED);
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
    reassembly_flush(tcp, flow, NULL);
    assert(flow->tcp->side[TO_SERVER].waiting == NULL &&
           flow->tcp->side[TO_CLIENT].waiting == NULL);
    pool_put(&tcp->flows, flow->tcp);
    flow->tcp = NULL;
}
