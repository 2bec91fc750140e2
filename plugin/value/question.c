/* SPDX-License-Identifier: BSD-3-Clause */
/* Question: reading `field|modifier|modifier`.
 *
 * Idea       modifiers are rows of modifier.def with a class each; which of them go together is a matter of
 *            classes, so a new modifier needs a row and its meaning in value.c.
 * Order      Sigma applies modifiers from the left. All that order can change is an encoding, and those
 *            are kept in order; a position after which something is still encoded is an error.
 * Places     messages point at the modifier itself, not at the key.
 */
#include "value/question.h"

#include "fields/transform.h"

enum class {
    CLASS_POSITION,
    CLASS_MATCHER,
    CLASS_COMPARE,
    CLASS_NUMBER,
    CLASS_ENCODING,
    CLASS_FLAG,
    CLASS_LOGIC,
    CLASS_PLACE,
    CLASS_TRANSFORM,
};

static const char *const NAMES[] = {
#define MODIFIER(id, name, class) name,
#include "value/modifier.def"
#undef MODIFIER
};

static const uint8_t CLASSES[] = {
#define MODIFIER(id, name, class) CLASS_##class,
#include "value/modifier.def"
#undef MODIFIER
};

enum reason { REASON_HOST, REASON_VERDICT, REASON_LATER };

static const struct unavailable {
    const char *name;
    enum reason reason;
} UNAVAILABLE_FIELDS[] = {
#define UNAVAILABLE(name, reason) {name, REASON_##reason},
#include "value/unavailable.def"
#undef UNAVAILABLE
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t bit(enum modifier modifier)
{
    return UINT64_C(1) << (unsigned)modifier;
}

static uint64_t class_bits(enum class class)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < LENGTH(CLASSES); i++)
        bits |= CLASSES[i] == class ? UINT64_C(1) << i : 0;
    return bits;
}

/* The name of one modifier among `bits`. */
static const char *name_among(uint64_t bits)
{
    size_t at = 0;
    while (at + 1 < LENGTH(NAMES) && (bits >> at & 1) == 0)
        at++;
    return NAMES[at];
}

static enum modifier find_modifier(struct view name)
{
    size_t at = 0;
    while (at < LENGTH(NAMES) && !view_equal(name, view_from_string(NAMES[at])))
        at++;
    return (enum modifier)at;
}

/* --- fields -------------------------------------------------------------------------------------- */

/* http.header.NAME and http.response_header.NAME. */
static bool find_header(enum event_type event, struct view name, struct question *q)
{
    static const struct {
        const char *prefix;
        enum field_id field;
    } KINDS[] = {{"http.header.", FIELD_HTTP_HEADER_RAW},
                 {"http.response_header.", FIELD_HTTP_RESPONSE_HEADER_RAW}};

    for (size_t i = 0; i < LENGTH(KINDS); i++) {
        struct view prefix = view_from_string(KINDS[i].prefix);
        if (event == EVENT_HTTP && view_starts(name, prefix) && name.len > prefix.len) {
            q->field = KINDS[i].field;
            q->header_name = view_skip(name, prefix.len);
            return true;
        }
    }
    return false;
}

static void refuse_unavailable(struct loader *l, struct place place,
                               const struct unavailable *field)
{
    switch (field->reason) {
    case REASON_HOST:
        loader_refuse(l, REFUSAL_HOST, place, "not-on-the-wire",
                      "leave the rule to a sensor on the host, or ask for what the traffic shows",
                      "only the host knows `%s`: no packet carries it", field->name);
        break;
    case REASON_VERDICT:
        loader_refuse(l, REFUSAL_HOST, place, "not-on-the-wire",
                      "drop the field: what crossed this wire was not blocked before it",
                      "`%s` is the verdict of another device: no packet carries it", field->name);
        break;
    case REASON_LATER:
        loader_refuse(l, REFUSAL_LATER, place, "unsupported-field",
                      "see `shrike fields` for what there is",
                      "the field `%s` comes with a later version", field->name);
        break;
    }
}

/* The name in other events, "http, tls"; "" when it is nowhere. */
static const char *events_with(struct loader *l, struct view name)
{
    const char *events = "";
    for (enum event_type event = EVENT_PACKET; event < EVENT_COUNT; event++) {
        if (field_find(event, name) != FIELD_NONE)
            events = arena_format(l->arena, "%s%s%s", events, *events ? ", " : "",
                                  event_type_name(event));
    }
    return events;
}

/* A rule on flows that asks for what is not kept of their events. */
static const char *why_not_kept(enum event_type event, struct view name)
{
    enum field_id id = FIELD_NONE;

    for (enum event_type other = EVENT_HTTP; other <= EVENT_TLS && id == FIELD_NONE; other++)
        id = event == EVENT_FLOW ? field_find(other, name) : FIELD_NONE;
    if (id == FIELD_NONE)
        return "set `service:` to the event that has the field, or use a field of this one";
    return "headers, bodies and certificates are not kept until the flow ends: mark the flow with "
           "a rule on that "
           "event (`shrike: {marks: ...}`), or use one of `shrike fields flow`";
}

/* Of the names that are known and cannot be asked: the message about the right one says why. */
static const char *nearest_unavailable(struct view name)
{
    const char *names[LENGTH(UNAVAILABLE_FIELDS)];

    for (size_t i = 0; i < LENGTH(UNAVAILABLE_FIELDS); i++)
        names[i] = UNAVAILABLE_FIELDS[i].name;
    return nearest_name(name, names, LENGTH(UNAVAILABLE_FIELDS));
}

static void explain_unknown(struct loader *l, struct place place, struct view name)
{
    bool is_of_all =
        l->rule->event == EVENT_ANY; /* a filter for all: it has what all events have */
    const char *event = is_of_all ? "all" : event_type_name(l->rule->event);

    for (size_t i = 0; i < LENGTH(UNAVAILABLE_FIELDS); i++) {
        if (view_equal_fold(name, view_from_string(UNAVAILABLE_FIELDS[i].name))) {
            refuse_unavailable(l, place, &UNAVAILABLE_FIELDS[i]);
            return;
        }
    }
    const char *others = events_with(l, name);
    if (*others != '\0') {
        loader_error(
            l, place, "wrong-event", why_not_kept(l->rule->event, name),
            is_of_all
                ? "the field `%s` belongs to events of type %s; this filter is about %s events"
                : "the field `%s` belongs to events of type %s; this rule looks at %s events",
            loader_shown(l, name), others, event);
        return;
    }
    const char *nearest = name.len > 0 ? field_suggest(l->rule->event, name) : NULL;
    if (nearest == NULL)
        nearest = nearest_unavailable(name);
    loader_error(l, place, "unknown-field",
                 loader_did_you_mean(l, nearest, "`shrike fields` lists all names"),
                 is_of_all ? "events (%s of them) have no field `%s`"
                           : "%s events have no field `%s`",
                 event, loader_shown(l, name));
}

static bool find_field(struct loader *l, const struct yaml_node *key, struct view name,
                       struct question *q)
{
    q->field = field_find(l->rule->event, name);
    if (q->field != FIELD_NONE || find_header(l->rule->event, name, q)) {
        q->header_name = arena_copy(l->arena, q->header_name);
        return true;
    }
    explain_unknown(l, key->place, name);
    return false;
}

/* --- modifiers ----------------------------------------------------------------------------------- */

/* Variants are made of values that are at hand whole, and ahead of all questions. */
static bool add_transform(struct loader *l, struct place place, enum modifier modifier,
                          struct question *q)
{
    const char *name = NAMES[modifier];
    const struct field *field = q->field != FIELD_NONE ? field_get(q->field) : NULL;

    if (q->modifiers != 0) {
        loader_error(l, place, "modifier-order", "write it right behind the field",
                     "`%s` changes the field's value and stands before `%s`", name,
                     name_among(q->modifiers));
        return false;
    }
    if (field == NULL || field->type != TYPE_BYTES || (field->flags & FIELD_STREAMING) ||
        q->field == FIELD_FLOW_MARK) {
        loader_error(l, place, "field-type", "name a field of bytes of a parsed protocol or packet",
                     field == NULL ? "`%s` needs a field"
                                   : "`%s` makes a variant of a field of bytes, which `%s` is not",
                     name, field == NULL ? "" : field->name);
        return false;
    }
    if (transform_list_add(&q->transforms, transform_find(view_from_string(name))))
        return true;
    loader_error(l, place, "modifiers", NULL, "more than %d transforms", TRANSFORMS_MAX);
    return false;
}

static bool add_modifier(struct loader *l, struct place place, struct view name, struct question *q)
{
    enum modifier modifier = find_modifier(name);

    if (modifier == MODIFIER_COUNT_OF) {
        loader_error(l, place, "unknown-modifier",
                     loader_did_you_mean(l, nearest_name(name, NAMES, LENGTH(NAMES)), NULL),
                     "there is no modifier `%s`", loader_shown(l, name));
        return false;
    }
    if (CLASSES[modifier] == CLASS_TRANSFORM)
        return add_transform(l, place, modifier, q);
    if (question_has(q, modifier) && CLASSES[modifier] != CLASS_ENCODING) {
        loader_error(l, place, "modifiers", "write it once", "`%s` stands here a second time",
                     NAMES[modifier]);
        return false;
    }
    switch ((enum class)CLASSES[modifier]) {
    case CLASS_PLACE:
        loader_error(
            l, place, "place-modifier",
            "write a map as the value: `payload: [{contains: \"cmd=\", from: 20, to: 400}]`",
            "`%s` belongs to the value, not to the key", NAMES[modifier]);
        return false;
    case CLASS_ENCODING:
        if (q->encoding_count == ENCODINGS_MAX) {
            loader_error(l, place, "modifiers", NULL, "more than %d encodings", ENCODINGS_MAX);
            return false;
        }
        if (q->modifiers & class_bits(CLASS_POSITION)) {
            loader_error(l, place, "modifier-order",
                         arena_format(l->arena, "write `%s` before `%s`", NAMES[modifier],
                                      name_among(q->modifiers & class_bits(CLASS_POSITION))),
                         "`%s` would encode the wildcards of `%s`", NAMES[modifier],
                         name_among(q->modifiers & class_bits(CLASS_POSITION)));
            return false;
        }
        q->encodings[q->encoding_count++] = modifier;
        break;
    case CLASS_FLAG:
        if (!question_has(q, MODIFIER_RE)) {
            loader_error(l, place, "modifiers", "write `re|i`",
                         "`%s` is a flag of regular expressions and stands after `re`",
                         NAMES[modifier]);
            return false;
        }
        break;
    case CLASS_POSITION:
    case CLASS_MATCHER:
    case CLASS_COMPARE:
    case CLASS_NUMBER:
    case CLASS_LOGIC:
    case CLASS_TRANSFORM:
        break;
    }
    q->modifiers |= bit(modifier);
    return true;
}

/* windash changes text, not its encoding, and has no meaning after one; Sigma's rules also write it
 * after contains, where it means the same. */
static bool add_windash(struct loader *l, struct place place, struct question *q)
{
    if (q->encoding_count > 0) {
        loader_error(l, place, "modifier-order", "write `windash` first",
                     "`windash` after an encoding finds no dashes");
        return false;
    }
    q->modifiers |= bit(MODIFIER_WINDASH);
    return true;
}

static bool has_two(uint64_t bits)
{
    return (bits & (bits - 1)) != 0;
}

static bool conflict(struct loader *l, struct question *q, uint64_t left, uint64_t right)
{
    uint64_t a = q->modifiers & left;
    uint64_t b = q->modifiers & right;
    bool is_conflict = left == right ? has_two(a) : a != 0 && b != 0;

    if (is_conflict)
        loader_error(l, q->place, "modifiers", "ask two questions in two keys",
                     "`%s` and `%s` cannot be combined", name_among(a),
                     left == right ? name_among(a & (a - 1)) : name_among(b));
    return is_conflict;
}

/* Which classes exclude each other. */
static bool is_consistent(struct loader *l, struct question *q)
{
    uint64_t position = class_bits(CLASS_POSITION);
    uint64_t matcher = class_bits(CLASS_MATCHER);
    uint64_t compare = class_bits(CLASS_COMPARE);
    uint64_t number = class_bits(CLASS_NUMBER);
    uint64_t encoding = class_bits(CLASS_ENCODING);
    uint64_t expand_cidr = bit(MODIFIER_EXPAND) | bit(MODIFIER_CIDR);
    bool is_expand_cidr = (q->modifiers & matcher) == expand_cidr;

    if (conflict(l, q, position, position) ||
        (!is_expand_cidr && conflict(l, q, matcher, matcher)) || conflict(l, q, compare, compare) ||
        conflict(l, q, number, number))
        return false;
    uint64_t placed =
        matcher & ~(bit(MODIFIER_HEX) | bit(MODIFIER_FIELDREF) | bit(MODIFIER_EXPAND));
    uint64_t case_is_given = bit(MODIFIER_RE) | bit(MODIFIER_CIDR) | bit(MODIFIER_EXISTS) |
                             bit(MODIFIER_DOMAIN) | bit(MODIFIER_EXPAND);
    return !conflict(l, q, position, placed) && !conflict(l, q, position, compare | number) &&
           !conflict(l, q, matcher, compare | number) && !conflict(l, q, matcher, encoding) &&
           !conflict(l, q, compare | number, encoding) &&
           !conflict(l, q, bit(MODIFIER_CASED), case_is_given) &&
           !conflict(l, q, bit(MODIFIER_EXISTS), bit(MODIFIER_ALL)) &&
           !conflict(l, q, bit(MODIFIER_CASED), compare | number);
}

static bool suits_variant(struct loader *l, const struct question *q)
{
    uint64_t whole = q->modifiers & (bit(MODIFIER_EXISTS) | bit(MODIFIER_COUNT));

    if (q->transforms == 0 || whole == 0)
        return true;
    loader_error(l, q->place, "modifiers", "leave the transform out",
                 "`%s` asks for the field, whatever becomes of its value", name_among(whole));
    return false;
}

/* The part of `key` from byte `at` on, which is empty or begins with `|`. */
static bool parse_chain(struct loader *l, const struct yaml_node *key, size_t at,
                        struct question *q)
{
    while (at < key->text.len) {
        at++; /* the bar */
        struct view rest = view_skip(key->text, at);
        size_t end = view_find_byte(rest, '|');
        struct view name = view_slice(rest, 0, end);
        struct place place = yaml_place_in(key, at);
        bool is_windash = view_equal(name, VIEW("windash"));
        if (is_windash ? !add_windash(l, place, q) : !add_modifier(l, place, name, q))
            return false;
        at += name.len;
    }
    return is_consistent(l, q) && suits_variant(l, q);
}

struct question question_keyword(struct loader *l, struct place place, const char *label)
{
    return (struct question){.field = FIELD_NONE,
                             .offsets = {.to = SIZE_MAX},
                             .before = arena_format(l->arena, "%s: ", label),
                             .after = "",
                             .place = place};
}

/* Keywords are looked for in many fields of many lengths: only text can be asked. */
static bool suits_keyword(struct loader *l, struct question *q)
{
    uint64_t allowed = class_bits(CLASS_LOGIC) | class_bits(CLASS_ENCODING) |
                       class_bits(CLASS_FLAG) | bit(MODIFIER_CONTAINS) | bit(MODIFIER_RE) |
                       bit(MODIFIER_HEX);

    if ((q->modifiers & ~allowed) == 0)
        return true;
    loader_error(l, q->place, "keyword-modifier", "write a field before the `|`",
                 "`%s` needs a field", name_among(q->modifiers & ~allowed));
    return false;
}

bool question_parse(struct loader *l, const struct yaml_node *key, const char *label,
                    struct question *q)
{
    size_t bar = view_find_byte(key->text, '|');
    struct view name = view_slice(key->text, 0, bar);
    bool is_keyword = name.len == 0 && bar != VIEW_NOT_FOUND;

    *q = question_keyword(l, key->place, label);
    q->before = arena_format(l->arena, "%s%.*s: ", is_keyword ? label : "", (int)key->text.len,
                             (const char *)key->text.data);
    if (!is_keyword && !find_field(l, key, name, q))
        return false;
    if (!parse_chain(l, key, bar == VIEW_NOT_FOUND ? key->text.len : bar, q))
        return false;
    return !is_keyword || suits_keyword(l, q);
}

/* --- the map form -------------------------------------------------------------------------------- */

static bool parse_offset(struct loader *l, const struct yaml_node *node, const char *key,
                         size_t *out)
{
    int64_t number;

    if (node->kind == YAML_SCALAR && loader_parse_number(node->text, &number) && number >= 0 &&
        number <= UINT32_MAX) {
        *out = (size_t)number;
        return true;
    }
    loader_error(l, node->place, "offset", "count bytes from 0, the first one",
                 "`%s` has to be a number of bytes", key);
    return false;
}

static bool parse_within(struct loader *l, const struct yaml_node *node, struct offsets *offsets)
{
    if (node->kind != YAML_LIST || node->count != 2) {
        loader_error(l, node->place, "offset", "write `within: [20, 400]`",
                     "`within` has to be a list of two offsets");
        return false;
    }
    return parse_offset(l, node->items[0], "within", &offsets->from) &&
           parse_offset(l, node->items[1], "within", &offsets->to);
}

/* `confidence|gte: 50`; several make a range. */
static bool parse_confidence(struct loader *l, const struct yaml_node *key,
                             const struct yaml_node *node, struct question *q)
{
    struct view compare = view_skip(key->text, VIEW("confidence").len);
    struct confidence_range *range = &q->confidence;
    int64_t number;

    if (node->kind != YAML_SCALAR || !loader_parse_number(node->text, &number) || number < 0 ||
        number > 100) {
        loader_error(l, node->place, "confidence", "write `confidence|gte: 50`",
                     "`confidence` has to be a number between 0 and 100");
        return false;
    }
    if (!range->is_asked)
        *range = (struct confidence_range){true, 0, 100};
    int64_t from = 0, to = 100;
    if (view_equal(compare, VIEW("|gte")))
        from = number;
    else if (view_equal(compare, VIEW("|gt")))
        from = number + 1;
    else if (view_equal(compare, VIEW("|lte")))
        to = number;
    else if (view_equal(compare, VIEW("|lt")))
        to = number - 1;
    else {
        loader_error(l, key->place, "confidence", "write `confidence|gte: 50`",
                     "`confidence` is compared with gte, gt, lte or lt");
        return false;
    }
    from = from > range->from ? from : range->from;
    to = to < range->to ? to : range->to;
    if (from > to) {
        loader_error(l, node->place, "confidence", "turn the two numbers round",
                     "no entry can be as sure as this asks");
        return false;
    }
    range->from = (uint8_t)from;
    range->to = (uint8_t)to;
    return true;
}

/* What the map adds to the value goes with the value that it has. */
static bool map_is_consistent(struct loader *l, const struct yaml_node *map,
                              const struct question *q)
{
    bool is_list = question_has(q, MODIFIER_EXPAND);

    if (q->confidence.is_asked && !is_list) {
        loader_error(l, map->place, "confidence",
                     "write `{expand: '%relays%', confidence|gte: 50}`",
                     "`confidence` is that of a list's entry and goes with `expand`");
        return false;
    }
    if (is_list && (q->offsets.from != 0 || q->offsets.to != SIZE_MAX || q->offsets.is_exact)) {
        loader_error(l, map->place, "offset", "leave the offsets out",
                     "`expand` compares whole values, not parts of them");
        return false;
    }
    return true;
}

/* One key of the map form; a key that is no offset names the modifiers of the value. */
static bool parse_entry(struct loader *l, const struct yaml_node *key, const struct yaml_node *node,
                        struct question *q, const struct yaml_node **value)
{
    size_t end = view_find_byte(key->text, '|');
    struct view name = view_slice(key->text, 0, end);

    if (view_equal(name, VIEW("confidence")))
        return parse_confidence(l, key, node, q);
    if (view_equal(key->text, VIEW("within")))
        return parse_within(l, node, &q->offsets);
    if (view_equal(key->text, VIEW("from")))
        return parse_offset(l, node, "from", &q->offsets.from);
    if (view_equal(key->text, VIEW("to")))
        return parse_offset(l, node, "to", &q->offsets.to);
    if (view_equal(key->text, VIEW("at"))) {
        q->offsets.is_exact = true;
        return parse_offset(l, node, "at", &q->offsets.from);
    }
    if (*value != NULL) {
        loader_error(l, key->place, "two-values", "write two maps, each with its offsets",
                     "a map that is a value holds one value, here is a second");
        return false;
    }
    *value = node;
    if (view_equal(key->text, VIEW("equals")))
        return true;
    bool is_windash = view_equal(name, VIEW("windash"));
    if (is_windash ? !add_windash(l, key->place, q) : !add_modifier(l, key->place, name, q))
        return false;
    return parse_chain(l, key, end == VIEW_NOT_FOUND ? key->text.len : end, q);
}

/* What the author wrote before and after the value. */
static void write_around(struct loader *l, const struct yaml_node *map,
                         const struct yaml_node *value, struct question *q)
{
    const char *before = arena_format(l->arena, "%s{", q->before);
    const char *after = "";

    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *key = map->keys[i];
        const struct yaml_node *node = map->items[i];
        if (node == value)
            before = arena_format(l->arena, "%s%s: ", before, (const char *)key->text.data);
        else if (node->kind == YAML_LIST) /* within */
            after = arena_format(l->arena, "%s, within: [%zu, %zu]", after, q->offsets.from,
                                 q->offsets.to);
        else
            after = arena_format(l->arena, "%s, %s: %s", after, (const char *)key->text.data,
                                 (const char *)node->text.data);
    }
    q->before = before;
    q->after = arena_format(l->arena, "%s}", after);
}

bool question_parse_map(struct loader *l, const struct yaml_node *map, struct question *q,
                        const struct yaml_node **value)
{
    *value = NULL;
    q->place = map->place;
    if (yaml_get(map, "at") && (yaml_get(map, "from") || yaml_get(map, "within"))) {
        loader_error(l, map->place, "offset", "`at` is exact; `from` and `to` are a range",
                     "`at` and a range of offsets at once");
        return false;
    }
    for (size_t i = 0; i < map->count; i++) {
        if (!parse_entry(l, map->keys[i], map->items[i], q, value))
            return false;
    }
    if (*value == NULL) {
        loader_error(
            l, map->place, "no-value", "write `{hex: \"16 03 01\", at: 0}`",
            "a map that is a value needs `hex`, `contains`, `equals`, `re` or another modifier");
        return false;
    }
    if (q->offsets.to < q->offsets.from || q->offsets.to == 0) {
        loader_error(l, map->place, "offset", "`to` is the offset after the last byte",
                     "the range of offsets is empty: from %zu to %zu", q->offsets.from,
                     q->offsets.to);
        return false;
    }
    if (!map_is_consistent(l, map, q))
        return false;
    write_around(l, map, *value, q);
    return true;
}
