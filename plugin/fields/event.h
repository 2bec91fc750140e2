/* SPDX-License-Identifier: BSD-3-Clause */
/* Event: the values of one thing that happened, set by a parser, read by the matcher and outputs.
 *
 * Idea       an event is a flat array of value lists, one slot a field of its type, plus a pool the
 *            values live in. One event object a worker is reused for every event: no allocation.
 * Lifetime   views point into the packet, into a parser's buffer or into event text (event_text());
 *            all are valid only until the emit callback returns.
 * Absent     a field with no value is absent (`null`); an empty value is present with length 0.
 * Bounds     EVENT_VALUES_MAX values and EVENT_TEXT_MAX bytes of made-up text an event; what does
 *            not fit is left out and `truncated` counts it.
 * Envelope   fields of EVENT_ANY are not stored here: match/ and output/ ask the flow and packet.
 */
#ifndef SHRIKE_FIELDS_EVENT_H
#define SHRIKE_FIELDS_EVENT_H

#include "base/address.h"
#include "fields/fields.h"

enum { EVENT_SLOTS_MAX = 72, EVENT_VALUES_MAX = 2048, EVENT_TEXT_MAX = 256 * 1024 };

enum direction { TO_SERVER, TO_CLIENT };

/* What a value is stands in its field's type; TYPE_BOOL and TYPE_TIME are numbers. */
union value {
    struct view bytes;
    int64_t number;
    struct address ip;
};

struct value_list {
    const union value *items;
    uint32_t count;
};

struct flow;
struct packet;

struct event {
    enum event_type type;
    enum direction direction;
    enum field_id first; /* field_first(type), so that slot = id - first */
    bool is_reversed;    /* who asks is the flow's server: direction is that of the protocol */
    bool is_complete;    /* false: the request or query alone; its answer will be a second event */
    bool is_second;      /* that second event: all but what the answer brings was in the first */
    uint64_t tx_id;      /* transaction number within the flow, from 0 */
    int64_t time_us;     /* packet time of the packet that completed it */
    struct flow *flow;   /* NULL for a packet that belongs to none */
    const struct packet *packet; /* the packet that completed it; NULL at a timeout or shutdown */
    uint64_t last_number;        /* flow events: frame of the flow's last packet; else 0 */
    size_t last_file;            /* likewise: its capture file */
    const struct field_set
        *wanted; /* what loaded rules and logs read; derived fields only if in it */
    uint32_t truncated;
    uint32_t value_count;
    uint32_t text_len;
    struct value_list slots[EVENT_SLOTS_MAX];
    union value values[EVENT_VALUES_MAX];
    uint8_t *text; /* EVENT_TEXT_MAX bytes, owned by the event's owner */
};

/* Requests count, and are logged, when they are answered; DNS messages each on its own, as in EVE: not again when
 * no answer came. */
static inline bool event_is_record(const struct event *event)
{
    if (event->type == EVENT_DNS)
        return !event->is_second || event->direction == TO_CLIENT;
    return event->is_complete;
}

/* Storage for one event with its text; never NULL. */
struct event *event_new(void);
void event_free(struct event *event); /* accepts NULL */

/* Starts over as an event of `type`: all fields absent. Keeps `wanted`. */
void event_begin(struct event *event, enum event_type type, enum direction direction,
                 struct flow *flow, const struct packet *packet);

static inline bool event_wants(const struct event *event, enum field_id id)
{
    return field_set_has(event->wanted, id);
}

/* Adds a value. Values of one field must be added without another field's between them. */
void event_add_bytes(struct event *event, enum field_id id, struct view bytes);
void event_add_number(struct event *event, enum field_id id, int64_t number);
void event_add_ip(struct event *event, enum field_id id, const struct address *ip);

/* Room for text that the packet does not hold as it should read; NULL when it does not fit (counted).
 * Shrink with event_text_trim() when less was needed than asked for. */
uint8_t *event_text(struct event *event, size_t len);
/* Gives the last `unused` bytes of the newest event_text() back. */
void event_text_trim(struct event *event, size_t unused);

/* The values of a field of this event's type; count 0 when absent. */
static inline struct value_list event_get(const struct event *event, enum field_id id)
{
    return event->slots[id - event->first];
}

/* First value of a bytes field, or an empty view with data NULL when absent. */
static inline struct view event_bytes(const struct event *event, enum field_id id)
{
    struct value_list list = event_get(event, id);
    return list.count ? list.items[0].bytes : (struct view){NULL, 0};
}

/* First value of a number field, or `absent`. */
static inline int64_t event_number(const struct event *event, enum field_id id, int64_t absent)
{
    struct value_list list = event_get(event, id);
    return list.count ? list.items[0].number : absent;
}

/* Where parsers hand finished events: the engine's matcher and logs. */
struct event_sink {
    void (*emit)(void *context, struct event *event);
    void *context;
};

#endif
