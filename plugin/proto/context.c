/* SPDX-License-Identifier: BSD-3-Clause */
/* Context: what a worker's parsers share, and what they call: events, anomalies.
 *
 * A parser is awake when a loaded rule or a log reads a field of its event (the event of the protocol's
 * name), be it by what is kept for the finished flow, or anomalies, since only a parser sees what is odd.
 */
#include "proto/identify.h"
#include "proto/kept.h"

static bool wants_event(const struct field_set *wanted, enum event_type type)
{
    for (enum field_id id = field_first(type); id < field_end(type); id++) {
        if (field_set_has(wanted, id))
            return true;
    }
    return false;
}

static bool is_wanted(const struct field_set *wanted, enum proto_id id)
{
    struct view name = view_from_string(proto_name(id));
    enum event_type type = event_type_find(name);

    return (type != EVENT_COUNT && wants_event(wanted, type)) || wants_event(wanted, EVENT_ANOMALY);
}

void proto_context_init(struct proto_context *context)
{
    struct proto_limits *limits = &context->limits;

    limits->header_bytes = limits->header_bytes ? limits->header_bytes : 64 * 1024;
    limits->request_body_bytes =
        limits->request_body_bytes ? limits->request_body_bytes : 100 * 1024;
    limits->response_body_bytes =
        limits->response_body_bytes ? limits->response_body_bytes : 100 * 1024;
    recycler_init(&context->recycler, context->budget);
    context->awake = 0;
    for (enum proto_id id = PROTO_FAILED + 1; id < PROTO_COUNT; id++) {
        if (is_wanted(context->wanted, id))
            context->awake |= 1u << id;
    }
    kept_init(context);
    context->is_restarting = false;
}

void proto_context_clear(struct proto_context *context)
{
    recycler_clear(&context->recycler);
}

/* ---- for parsers ----------------------------------------------------------------------------------- */

void proto_anomaly(struct proto_context *context, enum anomaly anomaly)
{
    if (context->anomaly != NULL)
        context->anomaly(context->anomaly_context, context->flow, context->packet, anomaly);
}

void proto_count(const struct proto_context *context, uint64_t *all, uint64_t *udp,
                 enum proto_id id)
{
    all[id]++;
    udp[id] += context->flow->ip_proto == IP_UDP;
}

void proto_emit(struct proto_context *context, enum proto_id id)
{
    const struct protocol_flow *p = context->flow->protocol;

    context->event->is_reversed = p != NULL && p->is_reversed;
    if (event_is_record(context->event))
        proto_count(context, context->stats.transactions, context->stats.udp_transactions, id);
    if (context->kept_count > 0 && p != NULL)
        kept_take(context, context->flow->protocol, context->event);
    context->sink.emit(context->sink.context, context->event);
}

void proto_restart(struct proto_context *context, struct view to_server, struct view to_client)
{
    context->is_restarting = true;
    context->restart[TO_SERVER] = to_server;
    context->restart[TO_CLIENT] = to_client;
}
