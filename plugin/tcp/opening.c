/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening: how a connection begins, and which of several beginnings is the true one.
 *
 *                 SYN            ACK of the client,
 *    (no flow) ---------> NEW -------------------------> ESTABLISHED
 *        |      SYN+ACK    |    or any segment with ACK      |
 *        |                 |    where the SYN+ACK was missed |  both FINs reached in order,
 *        | any other       | RST                             |  or RST
 *        +-> ESTABLISHED   +-----------> CLOSED <------------+
 *            (midstream)
 *
 * Claims     a SYN's number is a claim until it is answered. Of several that contradict each other the
 *            latest and one rival are kept; the SYN+ACK says which one the server took, or, where none
 *            was captured, the client's next segment. If there were still more, the answer is believed
 *            whichever it is for. A SYN with FIN is a SYN for some hosts and nothing for others: a claim
 *            like any other, and its FIN counts for nobody.
 * SYN data   (fast open) waits with the claim. As far as the SYN+ACK acknowledges it, it is handed on; the
 *            rest is dropped, since the client sends it again.
 * SYN+ACKs   that contradict each other: the first holds, and the second is remembered until the
 *            client's ACK says which one it took. What they carry waits as well.
 * Rivals     a SYN later than that is thrown away by a host that has the connection (RFC 5961, 4), data
 *            and all, but may be what begins another where the end of this one was missed. It is
 *            remembered, and what proves it begins another flow (flow/flow_reuse.c).
 * Midstream  is a connection whose SYN was not seen; where it comes late, the flow is none from then on.
 */
#include "tcp/opening.h"

enum { SCALE_MAX = 14 }; /* RFC 7323, 2.3 */

/* ---- the beginning of a direction ---------------------------------------------------------------- */

static void start_side(struct tcp_side *side, uint32_t isn, uint16_t flags)
{
    side->isn = isn;
    side->next = side->edge = isn + 1;
    side->flags = (uint16_t)(side->flags | SIDE_HAS_NEXT | flags);
    /* An acknowledgement that came first and was for something else. */
    if (side->flags & SIDE_HAS_ACK && seq_diff(side->acked, side->next) > 0)
        side->flags &= (uint16_t)~SIDE_HAS_ACK;
}

/* Nothing was handed on or waits: its start may still change. */
static bool is_untouched(const struct tcp_side *side)
{
    return side->next == side->isn + 1 && side->waiting == NULL && !(side->flags & SIDE_ENDED);
}

void opening_correct(struct tcp_side *side, uint32_t first)
{
    const unsigned known = SIDE_HAS_NEXT | SIDE_HAS_SYN | SIDE_HAS_FIN;

    if (first == side->next + 1 && (side->flags & known) == SIDE_HAS_NEXT && is_untouched(side))
        start_side(side, first - 1, 0);
}

static void note_scale(struct tcp_side *side, uint8_t scale)
{
    side->flags |= SIDE_HAS_SCALE;
    if (scale > side->scale) /* of several SYNs, until it is known which one counts */
        side->scale = scale;
}

static void note_options(struct tcp_side *side, const struct packet *packet)
{
    if (packet->window_scale > 0)
        note_scale(side, (uint8_t)(packet->window_scale - 1));
    if (packet->window > side->window)
        side->window = packet->window;
}

/* ---- SYN ---------------------------------------------------------------------------------------------- */

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

static void remember_rival(struct tcp_side *side, uint32_t isn)
{
    if (side->flags & SIDE_HAS_RIVAL && side->rival != isn)
        side->flags |= SIDE_HAS_MORE;
    side->rival = isn;
    side->flags |= SIDE_HAS_RIVAL;
}

/* Another SYN before the answer: the latest is the likeliest, but data that waits keeps its place unless the
 * new one has some. True when it is now the first choice. */
static bool take_claim(struct tcp *tcp, struct tcp_side *side, const struct packet *packet)
{
    if (side->waiting != NULL && packet->payload_len == 0) {
        remember_rival(side, packet->seq);
        return false;
    }
    waiting_drop_all(&tcp->store, &side->waiting);
    if (side->flags & SIDE_HAS_RIVAL && side->rival == packet->seq)
        side->rival = side->isn;
    else
        remember_rival(side, side->isn);
    start_side(side, packet->seq, 0);
    return true;
}

/* The SYN of a flow that began without it. */
static void take_late_syn(struct flow *flow, struct tcp_side *side, enum direction direction)
{
    side->flags |= SIDE_HAS_SYN;
    if (direction == TO_SERVER)
        flow->flags &= (uint16_t)~FLOW_MIDSTREAM;
}

/* True when the rest of the packet counts. */
static bool take_syn(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                     enum direction direction)
{
    struct tcp_side *side = &flow->tcp->side[direction];
    bool is_same = side->flags & SIDE_HAS_NEXT && side->isn == packet->seq;

    tcp->stats.syn++;
    if (direction == TO_SERVER)
        flow->flags |= FLOW_SYN_SEEN;
    if (!(side->flags & SIDE_HAS_NEXT) && flow->state == FLOW_NEW) {
        if (direction == TO_CLIENT) /* simultaneous open, or somebody guesses */
            tcp_anomaly(tcp, flow, packet, stray_syn(flow, direction, false));
        note_options(side, packet);
        start_side(side, packet->seq, SIDE_HAS_SYN | SIDE_HAS_CLAIM);
        return true;
    }
    if (flow->state == FLOW_NEW && side->flags & SIDE_HAS_CLAIM) {
        note_options(side, packet);
        return is_same || take_claim(tcp, side, packet);
    }
    if (is_same && !(side->flags & SIDE_HAS_SYN)) {
        note_options(side, packet);
        take_late_syn(flow, side, direction);
        return false;
    }
    enum anomaly anomaly = stray_syn(flow, direction, is_same);
    if (anomaly != ANOMALY_NONE)
        tcp_anomaly(tcp, flow, packet, anomaly);
    /* With the number of the connection that is there, or was refused, it is that one's, sent again. */
    if (!is_same || (flow->state == FLOW_CLOSED && !(side->flags & SIDE_HAS_CLAIM)))
        remember_rival(side, packet->seq);
    return false;
}

/* ---- the answer to a SYN ------------------------------------------------------------------------------- */

/* `ack` is for the SYN, or for the SYN and bytes that came with it or soon after it. */
static bool acknowledges(uint32_t isn, uint32_t ack)
{
    int32_t beyond = seq_diff(ack, isn + 1);
    return beyond >= 0 && beyond <= NEAR;
}

static void change_claim(struct tcp *tcp, struct tcp_side *side, uint32_t isn)
{
    waiting_drop_all(&tcp->store, &side->waiting);
    start_side(side, isn, 0);
}

/* `end` is the number behind the SYN, and what it carried as far as it was taken: the claim that it fits is
 * the true one. False when it fits none. */
static bool settle_claim(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                         enum direction direction, uint32_t end)
{
    struct tcp_side *side = &flow->tcp->side[direction];
    bool has_rival = (side->flags & SIDE_HAS_RIVAL) != 0;

    if (!(side->flags & SIDE_HAS_CLAIM))
        return acknowledges(side->isn, end);
    /* An exact number goes before one that would cover data, too. */
    bool is_own = end == side->isn + 1 || acknowledges(side->isn, end);
    bool is_rival = has_rival && (end == side->rival + 1 || acknowledges(side->rival, end));
    if (is_rival && (end == side->rival + 1 || !is_own))
        change_claim(tcp, side, side->rival);
    else if (!is_own && side->flags & SIDE_HAS_MORE)
        change_claim(tcp, side, end - 1);
    else if (!is_own)
        return false;
    side->flags &= (uint16_t) ~(SIDE_HAS_RIVAL | SIDE_HAS_MORE);
    reassembly_confirm(tcp, flow, direction, packet, end);
    return true;
}

static bool take_second_synack(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                               struct tcp_side *side)
{
    bool is_new = flow->state == FLOW_NEW, is_same = side->isn == packet->seq;

    if (is_same) {
        if (!is_new)
            tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_EST_SYNACK_RESEND);
        return is_new;
    }
    tcp_anomaly(tcp, flow, packet,
                is_new ? ANOMALY_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ
                       : ANOMALY_STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ);
    if (is_new && side->flags & SIDE_HAS_CLAIM) {
        side->rival = packet->seq;
        side->flags |= SIDE_HAS_RIVAL_ACK;
    }
    return false;
}

static bool take_synack(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                        enum direction direction)
{
    enum direction reverse = direction_reverse(direction);
    struct tcp_side *side = &flow->tcp->side[direction], *other = &flow->tcp->side[reverse];
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
    if (other->flags & SIDE_HAS_SYN && !settle_claim(tcp, flow, packet, reverse, packet->ack)) {
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
    note_options(side, packet);
    start_side(side, packet->seq, SIDE_HAS_SYN | (is_new ? SIDE_HAS_CLAIM : 0));
    /* The SYN was missed, or began a rival of the flow before this one. */
    if (!(other->flags & SIDE_HAS_NEXT)) {
        note_scale(other, SCALE_MAX);
        start_side(other, packet->ack - 1, flow->flags & FLOW_SYN_SEEN ? SIDE_HAS_SYN : 0);
    }
    return true;
}

/* ---- the third ACK --------------------------------------------------------------------------------- */

static bool establish_by_client(struct tcp *tcp, struct flow *flow, const struct packet *packet)
{
    struct tcp_side *client = &flow->tcp->side[TO_SERVER], *server = &flow->tcp->side[TO_CLIENT];

    if (server->flags & SIDE_HAS_SYN) {
        if (server->flags & SIDE_HAS_RIVAL_ACK && packet->ack == server->rival + 1)
            change_claim(tcp, server, server->rival);
        if (!acknowledges(server->isn, packet->ack)) {
            bool is_right_seq = client->flags & SIDE_HAS_NEXT && packet->seq == client->next;
            tcp_anomaly(tcp, flow, packet,
                        is_right_seq ? ANOMALY_STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION
                                     : ANOMALY_STREAM_3WHS_WRONG_SEQ_WRONG_ACK);
            return false;
        }
        server->flags &= (uint16_t)~SIDE_HAS_RIVAL_ACK;
        reassembly_confirm(tcp, flow, TO_CLIENT, packet, packet->ack);
    }
    /* No SYN+ACK was captured: it is for the client to say where it stands. */
    if (client->flags & SIDE_HAS_CLAIM &&
        !settle_claim(tcp, flow, packet, TO_SERVER, packet->seq)) {
        client->flags &= (uint16_t) ~(SIDE_HAS_RIVAL | SIDE_HAS_MORE);
        reassembly_confirm(tcp, flow, TO_SERVER, packet, client->isn + 1);
    }
    return true;
}

static bool establish_by_server(struct tcp *tcp, struct flow *flow, const struct packet *packet)
{
    const struct tcp_side *client = &flow->tcp->side[TO_SERVER];
    struct tcp_side *server = &flow->tcp->side[TO_CLIENT];

    if (client->flags & SIDE_HAS_SYN && !settle_claim(tcp, flow, packet, TO_SERVER, packet->ack)) {
        tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_PKT_INVALID_ACK);
        return false;
    }
    if (server->flags & SIDE_HAS_CLAIM) {
        server->flags &= (uint16_t)~SIDE_HAS_RIVAL_ACK;
        reassembly_confirm(tcp, flow, TO_CLIENT, packet, packet->seq);
    }
    return true;
}

bool opening_take(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                  enum direction direction)
{
    struct tcp_side *side = &flow->tcp->side[direction];

    if (packet->tcp_flags & TCP_SYN) {
        if (packet->tcp_flags & TCP_FIN)
            tcp_anomaly(tcp, flow, packet, ANOMALY_STREAM_FIN_SYN);
        return packet->tcp_flags & TCP_ACK ? take_synack(tcp, flow, packet, direction)
                                           : take_syn(tcp, flow, packet, direction);
    }
    if (flow->state == FLOW_NEW) {
        if (direction == TO_SERVER ? !establish_by_client(tcp, flow, packet)
                                   : !establish_by_server(tcp, flow, packet))
            return false;
        flow_set_state(tcp->table, flow, FLOW_ESTABLISHED);
    }
    if (side->flags & SIDE_HAS_NEXT)
        return true;
    bool has_syn = flow->flags & FLOW_SYN_SEEN;
    /* A FIN in place of the SYN+ACK: who has just sent a SYN throws it away. */
    if (packet->tcp_flags & TCP_FIN && packet->payload_len == 0 && has_syn &&
        direction == TO_CLIENT)
        return false;
    start_side(side, packet->seq - 1, has_syn && direction == TO_SERVER ? SIDE_HAS_SYN : 0);
    return true;
}
