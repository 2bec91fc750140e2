/* SPDX-License-Identifier: BSD-3-Clause */
/* Trust: what a segment's receiver would say to its header, as far as the other direction tells.
 *
 * Numbers    an acknowledgement of bytes that were never sent, or older than a window, makes the receiver
 *            throw the whole segment away (RFC 9293, 3.10.7.4; RFC 5961, 5), and so does a timestamp older
 *            than one that it has accepted (RFC 7323, 5). What it accepted it gives back: so we believe the
 *            echo and not the sender, whom nothing hinders from sending bytes from the future.
 * Doubt      a capture can lack the bytes that are acknowledged, and merge two taps out of order. So what is
 *            wrong here is doubted, not dropped: it waits for the other side's word (reassembly.c), and
 *            only a segment without fault at the same place takes its place.
 */
#ifndef SHRIKE_TCP_TRUST_H
#define SHRIKE_TCP_TRUST_H

#include "tcp/waiting.h"

/* Of segments that are sent in `direction`. */
static inline struct ack_range believed_acks(const struct flow *flow, enum direction direction)
{
    const struct tcp_side *side = &flow->tcp->side[direction];
    const struct tcp_side *other = &flow->tcp->side[direction_reverse(direction)];
    struct ack_range range = {.is_known = false};

    if (!(side->flags & SIDE_HAS_ACK) || !(other->flags & SIDE_HAS_NEXT))
        return range; /* one of the two was not captured */
    range.is_known = true;
    range.newest = other->edge;
    range.oldest = other->flags & SIDE_HAS_SYN ? other->isn + 1 : other->edge - (1U << 30);
    /* Who never offered a window cannot have been sent anything. */
    if (side->window != 0 && other->flags & SIDE_HAS_ACK &&
        side->flags & other->flags & SIDE_HAS_SYN &&
        seq_diff(other->acked - side->window, range.oldest) > 0)
        range.oldest = other->acked - side->window;
    return range;
}

/* A tick of the sender's clock is forgiven, as Linux does. */
static inline bool is_stale(const struct tcp_side *side, const struct packet *packet)
{
    return side->flags & SIDE_HAS_ECHO && packet->flags & PACKET_HAS_TIMES &&
           seq_diff(side->echo, packet->time_sent) > 1;
}

static inline bool is_doubted(const struct flow *flow, enum direction direction,
                              const struct packet *packet)
{
    struct ack_range range = believed_acks(flow, direction);
    return is_stale(&flow->tcp->side[direction], packet) ||
           (packet->tcp_flags & TCP_ACK && !ack_is_within(&range, packet->ack));
}

#endif
