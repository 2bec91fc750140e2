/* SPDX-License-Identifier: BSD-3-Clause */
/* Reuse: see flow_reuse.h. */
#include "flow/flow_reuse.h"

#include "flow/tcp_flow.h"

enum { SYN_DATA_MAX = UINT16_MAX }; /* bytes that a SYN can carry */

static bool is_over(const struct flow *flow)
{
    const struct tcp_side *side = flow->tcp->side;
    return flow->state == FLOW_CLOSED && side[0].flags & side[1].flags & SIDE_ENDED;
}

/* Nobody took it up. */
static bool was_refused(const struct flow *flow)
{
    return flow->state == FLOW_CLOSED && !(flow->flags & FLOW_SYNACK_SEEN) &&
           !(flow->tcp->side[TO_CLIENT].flags & SIDE_HAS_NEXT);
}

/* Claims are what tcp/opening.c remembers as a rival. */
static enum flow_reuse reuse_by_syn(const struct flow *flow, const struct packet *packet,
                                    enum direction direction)
{
    const struct tcp_side *side = &flow->tcp->side[direction];
    bool is_same = side->flags & SIDE_HAS_NEXT && side->isn == packet->seq;
    bool is_again = is_same && side->flags & SIDE_HAS_SYN;

    if (!is_again && (is_over(flow) || was_refused(flow)))
        return REUSE_BEGINS;
    if (is_same && (flow->state != FLOW_CLOSED || !is_again || side->flags & SIDE_HAS_CLAIM))
        return REUSE_NONE;
    if (flow->state == FLOW_NEW && (!(side->flags & SIDE_HAS_NEXT) || side->flags & SIDE_HAS_CLAIM))
        return REUSE_NONE;
    return REUSE_CLAIMS;
}

static enum flow_reuse reuse_by_answer(const struct flow *flow, const struct packet *packet,
                                       enum direction direction)
{
    const struct tcp_side *side = &flow->tcp->side[direction];
    const struct tcp_side *other = &flow->tcp->side[direction_reverse(direction)];
    bool is_again = side->flags & SIDE_HAS_SYN && side->isn == packet->seq;

    /* Which of the first SYNs it answers is for tcp/opening.c. */
    if (flow->state == FLOW_NEW && !(flow->flags & FLOW_SYNACK_SEEN))
        return REUSE_NONE;
    /* Refused, and the same SYN was sent again: one connection that took two attempts. */
    if (was_refused(flow) && direction == TO_CLIENT && packet->ack == other->isn + 1)
        return REUSE_NONE;
    if (other->flags & SIDE_HAS_RIVAL) {
        uint32_t taken = packet->ack - (other->rival + 1);
        if (taken == 0 && (!is_again || is_over(flow)))
            return REUSE_FOLLOWS;
        if (taken <= SYN_DATA_MAX && !is_again && other->rival != other->isn)
            return REUSE_FOLLOWS;
        if (other->flags & SIDE_HAS_MORE && !is_again && packet->ack != other->isn + 1)
            return REUSE_FOLLOWS;
    }
    return is_over(flow) && !is_again ? REUSE_BEGINS : REUSE_NONE;
}

/* In a closed flow the other side was captured, but perhaps before the capture lost the SYN+ACK. */
static enum flow_reuse reuse_by_segment(const struct flow *flow, const struct packet *packet,
                                        enum direction direction)
{
    const struct tcp_side *side = &flow->tcp->side[direction];
    const struct tcp_side *other = &flow->tcp->side[direction_reverse(direction)];
    bool is_closed = flow->state == FLOW_CLOSED && packet->seq != side->next;

    if (!(side->flags & SIDE_HAS_RIVAL) || flow->state == FLOW_NEW || side->rival == side->isn)
        return REUSE_NONE;
    if ((other->flags & SIDE_HAS_NEXT && !is_closed) || packet->seq != side->rival + 1)
        return REUSE_NONE;
    return REUSE_FOLLOWS;
}

enum flow_reuse flow_reuse(const struct flow *flow, const struct packet *packet,
                           enum direction direction, bool is_unread)
{
    bool has_syn = (packet->tcp_flags & TCP_SYN) != 0, has_ack = (packet->tcp_flags & TCP_ACK) != 0;

    if (packet->tcp_flags & TCP_RST)
        return REUSE_NONE;
    if (has_syn && !has_ack && is_unread)
        return REUSE_BEGINS;
    if (flow->tcp == NULL)
        return has_syn && !has_ack && flow->state == FLOW_CLOSED ? REUSE_BEGINS : REUSE_NONE;
    if (!has_syn)
        return has_ack ? reuse_by_segment(flow, packet, direction) : REUSE_NONE;
    return has_ack ? reuse_by_answer(flow, packet, direction)
                   : reuse_by_syn(flow, packet, direction);
}
