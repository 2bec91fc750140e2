/* SPDX-License-Identifier: BSD-3-Clause */
/* Reuse: whether a TCP packet on addresses and ports that have a flow begins another connection.
 *
 * Idea       a SYN is cheap to forge, and the end of a connection can be missed. So a SYN alone begins a
 *            flow only where the old one is over beyond doubt: both FINs acknowledged, or refused
 *            before anything was answered. Anywhere else tcp/opening.c remembers it as a rival, and what
 *            shows that it was taken begins the flow: the SYN+ACK for it, or, where the other side was
 *            never captured, its sender's next segment. Until then the old connection goes on.
 * Claim      meanwhile such SYNs are counted on a record of their own, outside the table. It becomes the flow
 *            that begins, which so has its first packet, number and time; where nothing proves them, the old
 *            flow takes their counts when it ends.
 */
#ifndef SHRIKE_FLOW_FLOW_REUSE_H
#define SHRIKE_FLOW_FLOW_REUSE_H

#include "flow/flow.h"

enum flow_reuse {
    REUSE_NONE,    /* the packet belongs to the flow */
    REUSE_CLAIMS,  /* a SYN that may begin another */
    REUSE_BEGINS,  /* another flow begins with it */
    REUSE_FOLLOWS, /* another flow begins with it, and its SYN was seen before */
};

/* `is_unread`: the flow is midstream and such flows are refused. */
enum flow_reuse flow_reuse(const struct flow *flow, const struct packet *packet,
                           enum direction direction, bool is_unread);

#endif
