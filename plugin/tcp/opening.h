/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening: the part of the TCP room that reads handshakes. See opening.c. */
#ifndef SHRIKE_TCP_OPENING_H
#define SHRIKE_TCP_OPENING_H

#include "tcp/reassembly.h"

enum {
    NEAR = 1024 * 1024
}; /* bytes around the expected number where a RST or first ACK is believed */

/* SYN, SYN+ACK, first segments. False when the packet must not count any further. */
bool opening_take(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                  enum direction direction);

/* A keep-alive repeats the number of the last byte. Where it was the first that we saw of a side, the stream
 * begins one later than it said. `first` is the first byte by what comes later. */
void opening_correct(struct tcp_side *side, uint32_t first);

#endif
