/* SPDX-License-Identifier: BSD-3-Clause */
/* Context: what a worker's parsers share, and what they call: events, anomalies, notes on their flow.
 *
 * A parser is awake when a loaded rule or a log reads a field of its event (the event of the protocol's
 * name), a field of the finished flow of its name (tls.sni), or anomalies, since only a parser sees what is odd.
 */
#include "proto/identify.h"

struct note {
    struct note *next;
    uint32_t size; /* of the block */
    uint16_t field;
    uint8_t len;
    uint8_t bytes[];
};

static bool wants_event(const struct field_set *wanted, enum event_type type)
{
    for (enum field_id id = field_first(type); id < field_end(type); id++) {
        if (field_set_has(wanted, id))
            return true;
    }
    return false;
}

/* A field of the flow's event that this protocol notes: its name begins with the protocol's. */
static bool wants_note(const struct field_set *wanted, struct view protocol)
{
    for (enum field_id id = field_first(EVENT_FLOW); id < field_end(EVENT_FLOW); id++) {
        struct view name = view_from_string(field_get(id)->name);
        if (field_set_has(wanted, id) && view_starts(name, protocol) && name.len > protocol.len &&
            name.data[protocol.len] == '.')
            return true;
    }
    return false;
}

static bool is_wanted(const struct field_set *wanted, enum proto_id id)
{
    struct view name = view_from_string(proto_name(id));
    enum event_type type = event_type_find(name);

    return (type != EVENT_COUNT && wants_event(wanted, type)) || wants_note(wanted, name) ||
           wants_event(wanted, EVENT_ANOMALY);
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
    context->sink.emit(context->sink.context, context->event);
}

void proto_restart(struct proto_context *context, struct view to_server, struct view to_client)
{
    context->is_restarting = true;
    context->restart[TO_SERVER] = to_server;
    context->restart[TO_CLIENT] = to_client;
}

static struct note *find_note(const struct protocol_flow *p, enum field_id field)
{
    struct note *note = p->notes;
    while (note != NULL && note->field != field)
        note = note->next;
    return note;
}

static struct note *new_note(struct proto_context *context, struct protocol_flow *p,
                             enum field_id field)
{
    size_t size = sizeof(struct note) + PROTO_NOTE_MAX;
    struct note *note = recycler_get(&context->recycler, &size);

    if (note == NULL)
        return NULL;
    *note = (struct note){.next = p->notes, .size = (uint32_t)size, .field = (uint16_t)field};
    p->notes = note;
    return note;
}

void proto_note(struct proto_context *context, enum field_id field, struct view value)
{
    struct protocol_flow *p = context->flow->protocol;

    if (p == NULL || !field_set_has(context->wanted, field))
        return;
    struct note *note = find_note(p, field);
    if (note == NULL)
        note = new_note(context, p, field);
    if (note == NULL)
        return;
    value = view_slice(value, 0, PROTO_NOTE_MAX);
    note->len = (uint8_t)value.len;
    if (value.len > 0)
        memcpy(note->bytes, value.data, value.len);
}

struct view proto_flow_note(const struct flow *flow, enum field_id field)
{
    const struct note *note = flow->protocol ? find_note(flow->protocol, field) : NULL;
    return note ? view_make(note->bytes, note->len) : (struct view){NULL, 0};
}

void proto_forget_notes(struct protocol_flow *p, struct recycler *recycler)
{
    while (p->notes != NULL) {
        struct note *next = p->notes->next;
        recycler_put(recycler, p->notes, p->notes->size);
        p->notes = next;
    }
}
