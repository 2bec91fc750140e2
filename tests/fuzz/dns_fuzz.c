/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS: any bytes, as a datagram and as a stream. The stream is read twice, whole and in pieces; both
 * readings must make the same events. The first byte chooses the pieces and the budget. */
#include <stdlib.h>

#include "base/hash.h"
#include "proto/proto.h"

extern const struct proto_parser dns_parser;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
    uint64_t sum; /* of all values of all events */
    uint64_t events;
};

static void add_value(struct reading *reading, const struct field *field, const union value *value)
{
    if (field->type == TYPE_BYTES)
        reading->sum = hash_mix(reading->sum ^ hash_plain(value->bytes.data, value->bytes.len));
    else if (field->type == TYPE_IP)
        reading->sum =
            hash_mix(reading->sum ^ hash_plain(value->ip.bytes, sizeof(value->ip.bytes)));
    else
        reading->sum = hash_mix(reading->sum ^ (uint64_t)value->number);
}

static void on_event(void *context, struct event *event)
{
    struct reading *reading = context;

    reading->events++;
    for (enum field_id id = field_first(event->type); id < field_end(event->type); id++) {
        struct value_list list = event_get(event, id);
        for (uint32_t i = 0; i < list.count; i++)
            add_value(reading, field_get(id), &list.items[i]);
    }
}

static struct reading read_all(struct event *event, struct view bytes, uint8_t ip_proto,
                               size_t piece, size_t limit)
{
    struct reading reading = {0};
    struct field_set wanted = {0};
    struct budget budget = {.limit = limit};
    struct flow flow = {.ip_proto = ip_proto, .client_port = 40000, .server_port = 53};
    struct proto_context context = {
        .budget = &budget,
        .event = event,
        .wanted = &wanted,
        .waits = 1u << EVENT_DNS,
        .flow = &flow,
        .sink = {.emit = on_event, .context = &reading},
    };

    field_set_add_event(&wanted, EVENT_DNS);
    event->wanted = &wanted;
    proto_context_init(&context);
    void *state = dns_parser.open(&context);
    if (state != NULL) {
        enum parse_result result = PARSE_MORE;
        for (size_t at = 0; at < bytes.len && result == PARSE_MORE; at += piece)
            result = dns_parser.data(state, &context, TO_SERVER, view_slice(bytes, at, at + piece));
        dns_parser.close(state, &context);
    }
    if (context.recycler.live_bytes != 0)
        abort();
    proto_context_clear(&context);
    if (budget.used != 0)
        abort();
    return reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct event *event = event_new();
    struct view bytes = view_make(data + 1, size - 1);
    struct flow flow = {.ip_proto = IP_UDP, .client_port = 40000, .server_port = 4000};

    (void)dns_parser.identify(bytes, TO_SERVER, &flow);
    flow.ip_proto = IP_TCP;
    (void)dns_parser.identify(bytes, TO_CLIENT, &flow);
    if (bytes.len > 0)
        read_all(event, bytes, IP_UDP, bytes.len, 0);
    read_all(event, bytes, IP_TCP, 1 + data[0] % 16, (size_t)data[0] * 16);
    struct reading whole = read_all(event, bytes, IP_TCP, bytes.len + 1, 0);
    struct reading pieces = read_all(event, bytes, IP_TCP, 1 + data[0] % 64, 0);
    if (whole.sum != pieces.sum || whole.events != pieces.events)
        abort();
    event_free(event);
    return 0;
}
