/* SPDX-License-Identifier: BSD-3-Clause */
/* Closing: the part of the TCP room that reads FIN and RST. See closing.c. */
#ifndef SHRIKE_TCP_CLOSING_H
#define SHRIKE_TCP_CLOSING_H

#include "tcp/reassembly.h"

void closing_take_rst(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                      enum direction direction);
/* Any other packet of a flow that has seen a RST. */
void closing_doubt_rst(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                       enum direction direction);
/* At the flow's end: a RST that nobody has spoken against closed it. */
void closing_settle_rst(struct flow *flow);

void closing_take_fin(struct tcp *tcp, struct flow *flow, const struct packet *packet,
                      enum direction direction, uint32_t fin);
/* After bytes were handed on, or acknowledged: is the FIN reached and believed, or was it none? */
void closing_check_fin(struct tcp *tcp, struct flow *flow, enum direction direction,
                       const struct packet *packet);
/* After each packet: both directions are through. */
void closing_check_end(struct tcp *tcp, struct flow *flow);

#endif
