/* SPDX-License-Identifier: BSD-3-Clause */
/* EVE's objects for transactions and flows: what follows the envelope, in alerts and in records alike. */
#ifndef SHRIKE_OUTPUT_EVE_RECORDS_H
#define SHRIKE_OUTPUT_EVE_RECORDS_H

#include "fields/event.h"
#include "flow/flow.h"
#include "output/json.h"

void eve_http(struct buf *line, const struct event *event);
/* Records of their own have the message's members at the top; in an alert a query stands in an array
 * and an answer in an object, as Suricata 7 has it. */
void eve_dns(struct buf *line, const struct event *event, bool is_alert);
void eve_tls(struct buf *line, const struct event *event);
void eve_anomaly(struct buf *line, const struct event *event);
/* Counters, as in alerts; with `event` (of type FLOW) also end, age, state, reason, and the tcp object. */
void eve_flow(struct buf *line, const struct flow *flow, const struct event *event);

/* "2026-11-23T10:15:00.000001+0000" with its quotes. */
void eve_time(struct buf *line, int64_t time_us);

#endif
