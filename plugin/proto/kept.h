/* SPDX-License-Identifier: BSD-3-Clause */
/* Kept: what HTTP, DNS and TLS events said last, for the flow's own event. See kept.c. */
#ifndef SHRIKE_PROTO_KEPT_H
#define SHRIKE_PROTO_KEPT_H

#include "proto/identify.h"

enum { KEPT_BYTES_MAX = 512 }; /* of all values of a field, with their lengths */

/* Which fields are to be kept, from context->wanted; once. */
void kept_init(struct proto_context *context);
/* Keeps what the event says, in place of what earlier ones said. */
void kept_take(struct proto_context *context, struct protocol_flow *p, const struct event *event);
/* Adds what was kept to the flow's event; valid until proto_flow_end(). */
void kept_add(const struct proto_context *context, const struct flow *flow, struct event *event);
void kept_forget(struct protocol_flow *p, struct recycler *recycler);

#endif
