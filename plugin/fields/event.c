/* SPDX-License-Identifier: BSD-3-Clause */
/* Event: beginning one, and adding values to its slots. */
#include "fields/event.h"

#include <assert.h>

#include "base/memory.h"

/* field_first() walks the table; the answers do not change. */
static const enum field_id FIRST[EVENT_COUNT + 1] = {
    [EVENT_ANY] = FIELD_SRC_IP,
    [EVENT_PACKET] = FIELD_PACKET_IP_TTL,
    [EVENT_STREAM] = FIELD_STREAM_PAYLOAD,
    [EVENT_FLOW] = FIELD_FLOW_STATE,
    [EVENT_HTTP] = FIELD_HTTP_METHOD,
    [EVENT_DNS] = FIELD_DNS_QUERY,
    [EVENT_TLS] = FIELD_TLS_SNI,
    [EVENT_ANOMALY] = FIELD_ANOMALY_TYPE,
    [EVENT_COUNT] = FIELD_COUNT,
};

static_assert(FIELD_HTTP_METHOD - FIELD_FLOW_STATE <= EVENT_SLOTS_MAX, "a slot a flow field");
static_assert(FIELD_DNS_QUERY - FIELD_HTTP_METHOD <= EVENT_SLOTS_MAX, "a slot an HTTP field");
static_assert(FIELD_TLS_SNI - FIELD_DNS_QUERY <= EVENT_SLOTS_MAX, "a slot a DNS field");
static_assert(FIELD_ANOMALY_TYPE - FIELD_TLS_SNI <= EVENT_SLOTS_MAX, "a slot a TLS field");

struct event *event_new(void)
{
    struct event *event = memory_new(1, sizeof(*event));
    event->text = memory_new(1, EVENT_TEXT_MAX);
    return event;
}

void event_free(struct event *event)
{
    if (event == NULL)
        return;
    memory_free(event->text);
    memory_free(event);
}

void event_begin(struct event *event, enum event_type type, enum direction direction,
                 struct flow *flow, const struct packet *packet)
{
    event->type = type;
    event->direction = direction;
    event->first = FIRST[type];
    event->is_reversed = false;
    event->is_complete = true;
    event->is_second = false;
    event->tx_id = 0;
    event->time_us = 0;
    event->flow = flow;
    event->packet = packet;
    event->last_number = 0;
    event->last_file = 0;
    event->truncated = 0;
    event->value_count = 0;
    event->text_len = 0;
    memset(event->slots, 0, (size_t)(FIRST[type + 1] - FIRST[type]) * sizeof(event->slots[0]));
}

static union value *add(struct event *event, enum field_id id)
{
    assert(field_get(id)->event == event->type);
    struct value_list *list = &event->slots[id - event->first];
    if (event->value_count == EVENT_VALUES_MAX) {
        event->truncated++;
        return NULL;
    }
    union value *value = &event->values[event->value_count++];
    if (list->count == 0)
        list->items = value;
    assert(list->items + list->count == value); /* values of one field stand together */
    list->count++;
    return value;
}

void event_add_bytes(struct event *event, enum field_id id, struct view bytes)
{
    union value *value = add(event, id);
    if (value != NULL)
        value->bytes = bytes;
}

void event_add_number(struct event *event, enum field_id id, int64_t number)
{
    union value *value = add(event, id);
    if (value != NULL)
        value->number = number;
}

void event_add_ip(struct event *event, enum field_id id, const struct address *ip)
{
    union value *value = add(event, id);
    if (value != NULL)
        value->ip = *ip;
}

uint8_t *event_text(struct event *event, size_t len)
{
    if (len > EVENT_TEXT_MAX - event->text_len) {
        event->truncated++;
        return NULL;
    }
    uint8_t *text = event->text + event->text_len;
    event->text_len += (uint32_t)len;
    return text;
}

void event_text_trim(struct event *event, size_t unused)
{
    assert(unused <= event->text_len);
    event->text_len -= (uint32_t)unused;
}
