/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields: identifiers, types and look-up, all made from fields.def.
 *
 * A field belongs to one event type; the same name may stand in two events (tls.sni of a TLS
 * handshake, tls.sni of a finished flow) and is then two fields. Envelope fields belong to EVENT_ANY.
 */
#ifndef SHRIKE_FIELDS_FIELDS_H
#define SHRIKE_FIELDS_FIELDS_H

#include "base/view.h"

enum event_type {
    EVENT_ANY, /* the envelope; no event is of this type */
    EVENT_PACKET,
    EVENT_STREAM,
    EVENT_FLOW,
    EVENT_HTTP,
    EVENT_DNS,
    EVENT_TLS,
    EVENT_ANOMALY,
    EVENT_COUNT
};

enum field_type { TYPE_BYTES, TYPE_NUMBER, TYPE_BOOL, TYPE_IP, TYPE_TIME };

enum field_flags {
    FIELD_MULTI = 1,
    FIELD_LOWER = 2,
    FIELD_DERIVED = 4,
    FIELD_STREAMING = 8,
    FIELD_ANSWER = 16,
    FIELD_LATE = 32,
    FIELD_KEPT = 64,
    FIELD_HOSTNAME = 128,
    FIELD_JOINED = 256,
};

enum field_id {
#define FIELD(id, name, event, type, flags, aliases, eve, description) FIELD_##id,
#include "fields/fields.def"
#undef FIELD
    FIELD_COUNT,
    FIELD_NONE = FIELD_COUNT
};

struct field {
    const char *name;
    enum event_type event;
    enum field_type type;
    unsigned flags;
    const char *aliases;
    const char *eve;
    const char *description;
};

/* Never fails for id < FIELD_COUNT. */
const struct field *field_get(enum field_id id);

/* The field that `name` means in `event`: its own name or an alias, event fields before envelope
 * fields, ASCII case ignored for aliases only. FIELD_NONE when there is none. */
enum field_id field_find(enum event_type event, struct view name);

/* For "did you mean": the field of `event` whose path in EVE this is, or the name of `event` (or the
 * envelope) nearest to a misspelt one; NULL when nothing is near. */
const char *field_suggest(enum event_type event, struct view name);

const char *event_type_name(enum event_type type); /* "http" */
enum event_type event_type_find(struct view name); /* EVENT_COUNT when there is none */
const char *field_type_name(enum field_type type); /* "bytes" */

/* First field of an event and one past its last; the rows of an event stand together. */
enum field_id field_first(enum event_type event);
enum field_id field_end(enum event_type event);

/* Does it hold names of hosts? False of FIELD_NONE. */
bool field_holds_names(enum field_id id);

/* Does a keyword look into it? */
static inline bool field_is_searched(enum field_id id)
{
    return field_get(id)->type == TYPE_BYTES && (field_get(id)->flags & FIELD_JOINED) == 0;
}

/* A set of fields. */
struct field_set {
    uint64_t words[(FIELD_COUNT + 63) / 64];
};

static inline void field_set_add(struct field_set *set, enum field_id id)
{
    set->words[(unsigned)id / 64] |= UINT64_C(1) << (unsigned)id % 64;
}

static inline bool field_set_has(const struct field_set *set, enum field_id id)
{
    return (set->words[(unsigned)id / 64] >> (unsigned)id % 64 & 1) != 0;
}

static inline void field_set_unite(struct field_set *set, const struct field_set *other)
{
    for (size_t i = 0; i < sizeof(set->words) / sizeof(set->words[0]); i++)
        set->words[i] |= other->words[i];
}

/* Adds every field of an event (for event logs), less those that are kept for rules alone. */
void field_set_add_event(struct field_set *set, enum event_type event);

/* The HTTP, DNS or TLS field whose last values a KEPT field of the flow's event has. */
enum field_id field_kept_from(enum field_id kept);
/* Adds to each KEPT field of the set the one that its values are kept from. */
void field_set_add_sources(struct field_set *set);

#endif
