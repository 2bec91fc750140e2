/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection fed by hand, and a log of what came out of it: for tests and fuzz targets of proto/.
 *
 * The log has a line for each event ("request" or "complete", transaction, then every field that is
 * present in the order of fields.def) and one for each anomaly. */
#ifndef SHRIKE_TESTS_UNIT_HTTP_FEED_H
#define SHRIKE_TESTS_UNIT_HTTP_FEED_H

#include "base/buf.h"
#include "proto/proto.h"

struct feed {
    struct budget budget;
    struct field_set wanted;
    struct proto_context context;
    struct flow flow;
    struct packet packet;
    struct buf log;
    unsigned events;
    unsigned anomalies[ANOMALY_COUNT];
    bool hides_bodies;
};

static inline void feed_log_value(struct feed *f, enum field_id id, const union value *value)
{
    enum field_type type = field_get(id)->type;

    if (type == TYPE_BYTES) {
        for (size_t i = 0; i < value->bytes.len; i++) {
            uint8_t byte = value->bytes.data[i];
            if (byte >= ' ' && byte < 0x7f)
                buf_byte(&f->log, byte);
            else
                buf_format(&f->log, "\\x%02x", byte);
        }
    } else {
        buf_i64(&f->log, value->number);
    }
}

static inline void feed_on_event(void *context, struct event *event)
{
    struct feed *f = context;

    f->events++;
    buf_format(&f->log, "%s %s %u", event_type_name(event->type),
               event->is_complete ? "complete" : "request", (unsigned)event->tx_id);
    for (enum field_id id = field_first(event->type); id < field_end(event->type); id++) {
        struct value_list list = event_get(event, id);
        if (f->hides_bodies && (id == FIELD_HTTP_REQUEST_BODY || id == FIELD_HTTP_RESPONSE_BODY ||
                                id == FIELD_HTTP_REQUEST || id == FIELD_HTTP_RESPONSE))
            continue;
        for (uint32_t i = 0; i < list.count; i++) {
            buf_format(&f->log, " [%s=", field_get(id)->name);
            feed_log_value(f, id, &list.items[i]);
            buf_byte(&f->log, ']');
        }
    }
    buf_byte(&f->log, '\n');
}

static inline void feed_on_anomaly(void *context, struct flow *flow, const struct packet *packet,
                                   enum anomaly anomaly)
{
    struct feed *f = context;
    (void)flow;
    (void)packet;
    f->anomalies[anomaly]++;
    if (!f->hides_bodies)
        buf_format(&f->log, "anomaly %s\n", anomaly_name(anomaly));
}

/* Wants every field; a TCP flow to port 80. `limit`: of the parsers' budget, 0 for none. */
static inline struct feed *feed_new(size_t limit)
{
    struct feed *f = memory_new(1, sizeof(*f));

    f->budget.limit = limit;
    buf_init(&f->log, 64 * 1024 * 1024);
    for (enum event_type type = EVENT_ANY; type < EVENT_COUNT; type++)
        field_set_add_event(&f->wanted, type);
    f->context.budget = &f->budget;
    f->context.event = event_new();
    f->context.event->wanted = &f->wanted;
    f->context.wanted = &f->wanted;
    f->context.sink = (struct event_sink){feed_on_event, f};
    f->context.anomaly = feed_on_anomaly;
    f->context.anomaly_context = f;
    proto_context_init(&f->context);
    f->flow = (struct flow){.ip_proto = IP_TCP, .server_port = 80, .client_port = 50000};
    f->flow.server = address_from_v4((const uint8_t[]){192, 0, 2, 1});
    f->packet = (struct packet){.time_us = 1000000};
    return f;
}

static inline void feed_bytes(struct feed *f, enum direction direction, struct view bytes)
{
    if (!proto_is_done(&f->flow, direction))
        proto_stream_data(&f->context, &f->flow, direction, bytes, &f->packet);
}

static inline void feed_gap(struct feed *f, enum direction direction, uint64_t missing)
{
    f->flow.flags |= FLOW_GAP;
    if (!proto_is_done(&f->flow, direction))
        proto_stream_gap(&f->context, &f->flow, direction, missing, &f->packet);
}

static inline void feed_end(struct feed *f, enum direction direction)
{
    proto_stream_end(&f->context, &f->flow, direction, &f->packet);
}

/* Both directions and the flow end. */
static inline void feed_finish(struct feed *f)
{
    feed_end(f, TO_SERVER);
    feed_end(f, TO_CLIENT);
    proto_flow_end(&f->context, &f->flow);
}

/* Returns the bytes that the parsers did not give back: 0 unless one leaks. */
static inline size_t feed_free(struct feed *f)
{
    size_t left = f->context.recycler.live_bytes;

    proto_context_clear(&f->context);
    left += f->budget.used;
    event_free(f->context.event);
    buf_clear(&f->log);
    memory_free(f);
    return left;
}

#endif
