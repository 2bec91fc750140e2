/* SPDX-License-Identifier: BSD-3-Clause */
/* MISP: events with attributes and objects, and warninglists.
 *
 *   {"Event": {...}}   {"response": [{"Event": {...}}, ...]}   [{"Event": {...}}, ...]   an event by itself
 *   {"name": ..., "type": "cidr", "list": [...]}               a warninglist: values known to be harmless
 *
 * to_ids     an attribute that is not meant for detection is left out, unless all are asked for
 * deleted    is left out
 * A|B        a composite attribute is two: `domain|ip` a domain and an address, `ip-dst|port` an endpoint
 * ip-port    an object: each of its addresses with each of its ports
 * Tags       tlp:* marks what may be passed on; misp:confidence-level says how sure one was; the number of an
 *            ATT&CK technique at the end of a galaxy's tag is kept
 * References links of the event
 */
#include "import/json_text.h"

enum { TAGS_MAX = 32, REFERENCES_MAX = 64, PORTS_MAX = 16, DEEP_MAX = 8 };

struct reader {
    const struct feed_input *input;
    const struct indicator_sink *sink;
    struct arena *arena;
    struct view info;
    enum marking marking;
    int confidence;
    struct view tags[TAGS_MAX];
    size_t tag_count;
    struct view references[REFERENCES_MAX];
    size_t reference_count;
    uint16_t ports[PORTS_MAX]; /* of the object being read */
    size_t port_count;
};

bool misp_detect(struct view text)
{
    return json_text_has(text, "Event", NULL) || json_text_has(text, "to_ids", NULL) ||
           json_text_has(text, "matching_attributes", NULL) ||
           (json_text_has(text, "list", NULL) && json_text_has(text, "version", NULL)) ||
           (json_text_has(text, "values", NULL) && json_text_has(text, "authors", NULL));
}

/* --- tags ---------------------------------------------------------------------------------------- */

static int confidence_named(struct view tag)
{
    static const struct {
        const char *word;
        int confidence;
    } LEVELS[] = {{"\"completely-confident\"", 100},
                  {"\"usually-confident\"", 75},
                  {"\"fairly-confident\"", 50},
                  {"\"rarely-confident\"", 25},
                  {"\"unconfident\"", 0}};

    if (!view_starts(tag, VIEW("misp:confidence-level=")))
        return -1;
    for (size_t i = 0; i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++) {
        if (view_ends(tag, view_from_string(LEVELS[i].word)))
            return LEVELS[i].confidence;
    }
    return -1;
}

/* misp-galaxy:mitre-attack-pattern="Remote Access Software - T1219" -> attack.t1219; empty when it is none. */
static struct view technique_of(struct arena *arena, struct view tag)
{
    size_t at = tag.len;

    if (view_find(tag, VIEW("attack")) == VIEW_NOT_FOUND || !view_ends(tag, VIEW("\"")))
        return view_make("", 0);
    struct view name = view_slice(tag, 0, tag.len - 1);
    while (at > 0 && (at > name.len || name.data[at - 1] != ' '))
        at--;
    struct view number = view_skip(name, at);
    if (number.len < 5 || number.data[0] != 'T')
        return view_make("", 0);
    for (size_t i = 1; i < number.len; i++) {
        if (!byte_is_digit(number.data[i]) && !(i == 5 && number.data[i] == '.'))
            return view_make("", 0);
    }
    return view_from_string(
        arena_format(arena, "attack.t%.*s", (int)number.len - 1, (const char *)number.data + 1));
}

static void add_tag(struct reader *r, struct view tag)
{
    for (size_t i = 0; i < r->tag_count; i++) {
        if (view_equal(r->tags[i], tag))
            return;
    }
    if (tag.len > 0 && r->tag_count < TAGS_MAX)
        r->tags[r->tag_count++] = tag;
}

static void read_tags(struct reader *r, const json_t *owner, enum marking *marking, int *confidence)
{
    size_t index;
    const json_t *tag;

    json_array_foreach(json_object_get(owner, "Tag"), index, tag)
    {
        struct view name = json_text_string(r->arena, tag, "name");
        enum marking found = marking_named(name);
        int sure = confidence_named(name);
        if (found > *marking)
            *marking = found;
        if (sure >= 0)
            *confidence = sure;
        add_tag(r, technique_of(r->arena, name));
    }
}

/* --- attributes ---------------------------------------------------------------------------------- */

static void add_reference(struct reader *r, struct view url)
{
    if (r->reference_count < REFERENCES_MAX && view_starts(url, VIEW("http")))
        r->references[r->reference_count++] = url;
}

static void offer(struct reader *r, struct indicator indicator, struct view type)
{
    enum indicator_kind kind = indicator_kind_named(type);

    indicator.kind = kind == INDICATOR_NONE ? INDICATOR_OTHER : kind;
    if (kind == INDICATOR_IP && r->port_count > 0) {
        indicator.kind = INDICATOR_ENDPOINT;
        for (size_t i = 0; i < r->port_count; i++) {
            indicator.port = r->ports[i];
            (void)indicator_offer(r->arena, r->sink, indicator);
        }
        return;
    }
    (void)indicator_offer(r->arena, r->sink, indicator);
}

/* "ip-dst|port" with "192.0.2.1|443": a port belongs to the address before it, other halves are of their own;
 * a file's name beside its hash says nothing more. */
static void offer_halves(struct reader *r, struct indicator indicator, struct view type, size_t bar)
{
    struct view types[2] = {view_slice(type, 0, bar), view_skip(type, bar + 1)};
    struct view value = indicator.value;
    size_t middle = view_find_byte(value, '|');
    struct view second = middle == VIEW_NOT_FOUND ? view_make("", 0) : view_skip(value, middle + 1);
    uint64_t port;

    indicator.value = view_slice(value, 0, middle);
    if (view_equal(types[1], VIEW("port"))) {
        indicator.kind = indicator_kind_named(types[0]);
        if (indicator.kind == INDICATOR_IP && view_parse_u64(second, &port) && port > 0 &&
            port <= UINT16_MAX) {
            indicator.kind = INDICATOR_ENDPOINT;
            indicator.port = (uint16_t)port;
        }
        (void)indicator_offer(r->arena, r->sink, indicator);
        return;
    }
    if (!view_equal(types[0], VIEW("filename")))
        offer(r, indicator, types[0]);
    indicator.value = second;
    offer(r, indicator, types[1]);
}

static bool is_for_detection(const struct reader *r, const json_t *attribute)
{
    return r->input->takes_all || json_text_bool(attribute, "to_ids", false);
}

static void read_attribute(struct reader *r, const json_t *attribute)
{
    struct view type = json_text_string(r->arena, attribute, "type");
    struct indicator indicator = {.value = json_text_string(r->arena, attribute, "value"),
                                  .note = json_text_string(r->arena, attribute, "comment"),
                                  .id = json_text_string(r->arena, attribute, "uuid"),
                                  .marking = r->marking,
                                  .confidence = r->confidence,
                                  .place = {r->input->file, 0, 0}};
    size_t bar = view_find_byte(type, '|');
    bool is_link =
        view_equal(type, VIEW("link")) ||
        (view_equal(type, VIEW("url")) && json_text_is(attribute, "category", "External analysis"));

    if (json_text_bool(attribute, "deleted", false)) {
        r->sink->skip(r->sink->context, "deleted", indicator.value, indicator.place);
        return;
    }
    if (is_link)
        add_reference(r, indicator.value);
    read_tags(r, attribute, &indicator.marking, &indicator.confidence);
    if (indicator.note.len == 0)
        indicator.note = r->info;
    (void)indicator_parse_time(json_text_string(r->arena, attribute, "first_seen"),
                               &indicator.first_seen_us);
    bool is_known = bar != VIEW_NOT_FOUND || indicator_kind_named(type) != INDICATOR_NONE;
    if (is_link || !is_known)
        offer(r, indicator, VIEW("other"));
    else if (!is_for_detection(r, attribute))
        r->sink->skip(r->sink->context, "not meant for detection (to_ids is false)",
                      indicator.value, indicator.place);
    else if (bar != VIEW_NOT_FOUND && !view_equal(type, VIEW("regkey|value")))
        offer_halves(r, indicator, type, bar);
    else
        offer(r, indicator, type);
}

static void read_attributes(struct reader *r, const json_t *owner)
{
    size_t index;
    const json_t *attribute;

    json_array_foreach(json_object_get(owner, "Attribute"), index, attribute)
    {
        read_attribute(r, attribute);
    }
}

static void read_object(struct reader *r, const json_t *object)
{
    size_t index;
    const json_t *attribute;
    bool has_ports = json_text_is(object, "name", "ip-port") ||
                     json_text_is(object, "name", "network-connection");

    if (json_text_bool(object, "deleted", false))
        return;
    json_array_foreach(json_object_get(object, "Attribute"), index, attribute)
    {
        uint64_t port;
        if (has_ports && json_text_is(attribute, "object_relation", "dst-port") &&
            r->port_count < PORTS_MAX &&
            view_parse_u64(json_text_string(r->arena, attribute, "value"), &port) && port > 0 &&
            port <= UINT16_MAX)
            r->ports[r->port_count++] = (uint16_t)port;
    }
    read_attributes(r, object);
    r->port_count = 0;
}

/* --- events and lists ---------------------------------------------------------------------------- */

static void describe(struct reader *r, struct feed_source source)
{
    source.tags = arena_array(r->arena, r->tag_count + 1, sizeof(struct view));
    source.references = arena_array(r->arena, r->reference_count + 1, sizeof(struct view));
    memcpy(source.tags, r->tags, r->tag_count * sizeof(struct view));
    memcpy(source.references, r->references, r->reference_count * sizeof(struct view));
    source.tag_count = r->tag_count;
    source.reference_count = r->reference_count;
    if (r->sink->describe != NULL)
        r->sink->describe(r->sink->context, &source);
}

static void read_event(const struct feed_input *input, const struct indicator_sink *sink,
                       const json_t *event)
{
    struct arena *arena = input->arena;
    struct reader *r = arena_alloc(arena, sizeof(*r));
    size_t index;
    const json_t *object;

    *r = (struct reader){.input = input, .sink = sink, .arena = arena, .confidence = -1};
    r->info = json_text_string(arena, event, "info");
    read_tags(r, event, &r->marking, &r->confidence);
    read_attributes(r, event);
    json_array_foreach(json_object_get(event, "Object"), index, object)
    {
        read_object(r, object);
    }
    describe(r, (struct feed_source){
                    .id = json_text_string(arena, event, "uuid"),
                    .title = r->info,
                    .author = json_text_string(arena, json_object_get(event, "Orgc"), "name"),
                    .date = json_text_string(arena, event, "date")});
}

/* "string" lists hold domains or addresses; "regex" and "substring" hold neither. */
static void read_warninglist(const struct feed_input *input, const struct indicator_sink *sink,
                             const json_t *root)
{
    struct arena *arena = input->arena;
    struct indicator indicator = {.confidence = -1, .place = {input->file, 0, 0}};
    struct feed_source source = {.title = json_text_string(arena, root, "name"),
                                 .description = json_text_string(arena, root, "description"),
                                 .id = json_text_string(arena, root, "name"),
                                 .is_filter = true};
    bool is_text = json_text_is(root, "type", "regex") || json_text_is(root, "type", "substring");
    size_t index;
    const json_t *value;

    json_array_foreach(json_object_get(root, "list"), index, value)
    {
        indicator.value = json_text_of(arena, value);
        indicator.kind = input->kind;
        if (is_text)
            sink->skip(sink->context, "a part of a value or a regular expression", indicator.value,
                       indicator.place);
        else
            (void)indicator_offer(arena, sink, indicator);
    }
    if (sink->describe != NULL)
        sink->describe(sink->context, &source);
}

/* True when something was found that is MISP's. */
static bool read_root(const struct feed_input *input, const struct indicator_sink *sink,
                      const json_t *root, unsigned depth)
{
    size_t index;
    const json_t *item;
    bool is_misp = false;

    if (depth > DEEP_MAX)
        return false;
    if (json_is_array(root)) {
        json_array_foreach(root, index, item)
        {
            is_misp |= read_root(input, sink, item, depth + 1);
        }
        return is_misp;
    }
    if (json_object_get(root, "response") != NULL)
        return read_root(input, sink, json_object_get(root, "response"), depth + 1);
    if (json_object_get(root, "Event") != NULL)
        return read_root(input, sink, json_object_get(root, "Event"), depth + 1);
    if (json_object_get(root, "Attribute") != NULL || json_object_get(root, "Object") != NULL) {
        read_event(input, sink, root);
        return true;
    }
    if (json_is_array(json_object_get(root, "list"))) {
        read_warninglist(input, sink, root);
        return true;
    }
    return false;
}

int misp_read(const struct feed_input *input, const struct indicator_sink *sink)
{
    json_t *root = json_text_load(input);

    if (root == NULL)
        return -1;
    bool is_galaxy = json_is_array(json_object_get(root, "values"));
    bool is_misp = read_root(input, sink, root, 0);
    json_decref(root);
    if (!is_misp)
        feed_fault(input, (struct place){input->file, 1, 1},
                   "export the event as JSON, or name a warninglist's list.json",
                   is_galaxy ? "a MISP galaxy: it describes groups and holds no indicators"
                             : "neither a MISP event nor a warninglist");
    return is_misp ? 0 : -1;
}
