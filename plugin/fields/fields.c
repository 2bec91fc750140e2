/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields: the table, its look-up by name and alias, and suggestions by edit distance. */
#include "fields/fields.h"

#define ANY       EVENT_ANY
#define MULTI     FIELD_MULTI
#define LOWER     FIELD_LOWER
#define DERIVED   FIELD_DERIVED
#define STREAMING FIELD_STREAMING
#define ANSWER    FIELD_ANSWER
#define LATE      FIELD_LATE
#define KEPT      FIELD_KEPT
#define HOSTNAME  FIELD_HOSTNAME
#define JOINED    FIELD_JOINED
static const struct field FIELDS[FIELD_COUNT] = {
#define FIELD(id, name, event, type, flags, aliases, eve, description)                             \
    [FIELD_##id] = {name, EVENT_##event, TYPE_##type, flags, aliases, eve, description},
#include "fields/fields.def"
#undef FIELD
};
#undef ANY
#undef MULTI
#undef LOWER
#undef DERIVED
#undef STREAMING
#undef ANSWER
#undef LATE
#undef KEPT
#undef HOSTNAME
#undef JOINED

static const char *const EVENT_NAMES[EVENT_COUNT] = {"any",  "packet", "stream", "flow",
                                                     "http", "dns",    "tls",    "anomaly"};

static const char *const TYPE_NAMES[] = {"bytes", "number", "bool", "ip", "time"};

const struct field *field_get(enum field_id id)
{
    return &FIELDS[id];
}

bool field_holds_names(enum field_id id)
{
    return id != FIELD_NONE && (FIELDS[id].flags & FIELD_HOSTNAME) != 0;
}

static bool has_alias(const struct field *field, struct view name)
{
    struct view rest = view_from_string(field->aliases);
    while (rest.len > 0) {
        size_t space = view_find_byte(rest, ' ');
        if (view_equal_fold(view_slice(rest, 0, space), name))
            return true;
        rest = space == VIEW_NOT_FOUND ? view_slice(rest, 0, 0) : view_skip(rest, space + 1);
    }
    return false;
}

static enum field_id find_in(enum event_type event, struct view name, bool by_alias)
{
    for (enum field_id id = field_first(event); id < field_end(event); id++) {
        const struct field *field = &FIELDS[id];
        if (by_alias ? has_alias(field, name) : view_equal(view_from_string(field->name), name))
            return id;
    }
    return FIELD_NONE;
}

enum field_id field_find(enum event_type event, struct view name)
{
    enum field_id id = find_in(event, name, false);
    if (id == FIELD_NONE)
        id = find_in(EVENT_ANY, name, false);
    if (id == FIELD_NONE)
        id = find_in(event, name, true);
    if (id == FIELD_NONE)
        id = find_in(EVENT_ANY, name, true);
    return id;
}

enum { NAME_MAX_LEN = 40 };

/* Levenshtein distance of two short names, case ignored. */
static size_t distance(struct view a, struct view b)
{
    size_t row[NAME_MAX_LEN + 1];

    if (a.len > NAME_MAX_LEN || b.len > NAME_MAX_LEN)
        return NAME_MAX_LEN;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            size_t best = diagonal + (byte_fold(a.data[i - 1]) != byte_fold(b.data[j - 1]));
            if (above + 1 < best)
                best = above + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[b.len];
}

/* The field whose place in EVE is `name`, or stands below it: what people read in alerts they write in
 * rules. */
static const char *field_of_eve_path(enum event_type event, struct view name)
{
    for (enum field_id id = 0; id < FIELD_COUNT; id++) {
        struct view path = view_from_string(FIELDS[id].eve);
        if (FIELDS[id].event != event || name.len == 0 || path.len < name.len)
            continue;
        bool is_whole = path.len == name.len || path.data[name.len] == '.';
        if (is_whole && view_starts_fold(path, name))
            return FIELDS[id].name;
    }
    return NULL;
}

const char *field_suggest(enum event_type event, struct view name)
{
    const char *best = field_of_eve_path(event, name);
    size_t least = name.len / 3 + 2; /* further than that is another word */

    if (best != NULL)
        return best;

    for (enum field_id id = 0; id < FIELD_COUNT; id++) {
        if (FIELDS[id].event != event && FIELDS[id].event != EVENT_ANY)
            continue;
        size_t d = distance(name, view_from_string(FIELDS[id].name));
        if (d < least) {
            least = d;
            best = FIELDS[id].name;
        }
    }
    return best;
}

const char *event_type_name(enum event_type type)
{
    return EVENT_NAMES[type];
}

enum event_type event_type_find(struct view name)
{
    enum event_type type = EVENT_PACKET;
    while (type < EVENT_COUNT && !view_equal(name, view_from_string(EVENT_NAMES[type])))
        type++;
    return type;
}

const char *field_type_name(enum field_type type)
{
    return TYPE_NAMES[type];
}

enum field_id field_first(enum event_type event)
{
    enum field_id id = 0;
    while (id < FIELD_COUNT && FIELDS[id].event != event)
        id++;
    return id;
}

enum field_id field_end(enum event_type event)
{
    enum field_id id = field_first(event);
    while (id < FIELD_COUNT && FIELDS[id].event == event)
        id++;
    return id;
}

void field_set_add_event(struct field_set *set, enum event_type event)
{
    for (enum field_id id = field_first(event); id < field_end(event); id++) {
        if ((FIELDS[id].flags & FIELD_KEPT) == 0)
            field_set_add(set, id);
    }
}

enum field_id field_kept_from(enum field_id kept)
{
    static const enum event_type SOURCES[] = {EVENT_HTTP, EVENT_DNS, EVENT_TLS};
    enum field_id source = FIELD_NONE;

    for (size_t i = 0; i < 3 && source == FIELD_NONE; i++)
        source = find_in(SOURCES[i], view_from_string(FIELDS[kept].name), false);
    return source;
}

void field_set_add_sources(struct field_set *set)
{
    for (enum field_id id = 0; id < FIELD_COUNT; id++) {
        if (FIELDS[id].flags & FIELD_KEPT && field_set_has(set, id))
            field_set_add(set, field_kept_from(id));
    }
}
