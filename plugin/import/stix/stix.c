/* SPDX-License-Identifier: BSD-3-Clause */
/* STIX: bundles of versions 2.0 and 2.1; their indicators, with what the other objects say about them.
 *
 * indicator        pattern (import/stix/meaning.c), valid_from, valid_until, confidence, revoked
 * marking          one of the TLP's well-known objects, or one that the bundle defines
 * relationship     `indicates`: the name of the malware or group goes into the note
 * report           its name is the source's title, its references are the source's
 * identity         the name of created_by_ref is the author
 *
 * Versions         of an object that stands in the bundle several times the newest counts (`modified`); of those that are of
 *                  one time, or say none, all do
 *
 * Patterns of other languages (pattern_type: snort, yara, ...) are refused. A pattern that does not follow the
 * grammar is told with the indicator's id and the character; the others are read.
 */
#include "import/json_text.h"
#include "import/stix/meaning.h"

enum { REFERENCES_MAX = 64, TAGS_MAX = 16, NOTE_MAX = 200, FAULTS_MAX = 20, BUNDLES_DEEP_MAX = 4 };

struct reader {
    const struct feed_input *input;
    const struct indicator_sink *sink;
    struct arena *arena;
    json_t *names;    /* id -> name of malware, groups, identities */
    json_t *targets;  /* id of an indicator -> name of what it indicates */
    json_t *markings; /* id -> "tlp:amber" */
    json_t *versions; /* id -> when the newest version of the object was made, where it says so */
    struct feed_source source;
    size_t faults;
};

bool stix_detect(struct view text)
{
    return json_text_has(text, "type", "bundle") || json_text_has(text, "type", "indicator");
}

/* --- markings ------------------------------------------------------------------------------------ */

/* STIX 2.1, 7.2.1.4, and the TLP 2.0 objects of oasis-open/cti-stix-common-objects. */
static const struct {
    const char *id;
    enum marking marking;
} MARKINGS[] = {
    {"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", MARKING_CLEAR},
    {"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", MARKING_GREEN},
    {"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", MARKING_AMBER},
    {"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", MARKING_RED},
    {"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", MARKING_CLEAR},
    {"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", MARKING_GREEN},
    {"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", MARKING_AMBER},
    {"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", MARKING_AMBER},
    {"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", MARKING_RED},
};

static enum marking marking_of(const struct reader *r, const json_t *object)
{
    enum marking strictest = MARKING_NONE;
    size_t index;
    const json_t *ref;

    json_array_foreach(json_object_get(object, "object_marking_refs"), index, ref)
    {
        const char *id = json_string_value(ref);
        const char *defined = id ? json_string_value(json_object_get(r->markings, id)) : NULL;
        enum marking found = defined ? marking_named(view_from_string(defined)) : MARKING_NONE;
        for (size_t i = 0; id != NULL && i < sizeof(MARKINGS) / sizeof(MARKINGS[0]); i++)
            found = strcmp(id, MARKINGS[i].id) == 0 ? MARKINGS[i].marking : found;
        strictest = found > strictest ? found : strictest;
    }
    return strictest;
}

/* --- what else the bundle says ------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void set(json_t *map, const char *key, const char *value)
{
    if (key != NULL && value != NULL)
        (void)json_object_set_new(map, key, json_string(value));
}

/* --- versions ------------------------------------------------------------------------------------ */

static struct view fraction_of(struct view time)
{
    size_t end = 20;

    while (end < time.len && byte_is_digit(time.data[end]))
        end++;
    return view_slice(time, 20, end);
}

/* Order of two timestamps of STIX (2.1, 3.16): UTC, with any number of digits behind the second. */
static int compare_times(struct view a, struct view b)
{
    struct view left = fraction_of(a), right = fraction_of(b);
    int order = view_compare(view_slice(a, 0, 19), view_slice(b, 0, 19));

    for (size_t i = 0; order == 0 && (i < left.len || i < right.len); i++) {
        int x = i < left.len ? left.data[i] : '0', y = i < right.len ? right.data[i] : '0';
        order = x - y;
    }
    return order;
}

/* Objects that never change have but `created`. */
static struct view version_of(const json_t *object)
{
    const char *modified = text_of(object, "modified");
    const char *made = modified ? modified : text_of(object, "created");
    return made ? view_from_string(made) : view_make("", 0);
}

static void note_version(struct reader *r, const json_t *object)
{
    const char *id = text_of(object, "id");
    struct view version = version_of(object);
    const char *known = id ? json_string_value(json_object_get(r->versions, id)) : NULL;

    if (id != NULL && (known == NULL || compare_times(version, view_from_string(known)) > 0))
        set(r->versions, id, version.len > 0 ? (const char *)version.data : "");
}

static bool is_newest(const struct reader *r, const json_t *object)
{
    const char *id = text_of(object, "id");
    const char *newest = id ? json_string_value(json_object_get(r->versions, id)) : NULL;
    return newest == NULL || compare_times(version_of(object), view_from_string(newest)) >= 0;
}

static bool has_name_of_interest(const json_t *object)
{
    static const char *const TYPES[] = {"malware",  "campaign",      "intrusion-set",
                                        "tool",     "threat-actor",  "attack-pattern",
                                        "identity", "infrastructure"};

    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        if (json_text_is(object, "type", TYPES[i]))
            return true;
    }
    return false;
}

static void add_references(struct reader *r, const json_t *object)
{
    size_t index;
    const json_t *reference;

    json_array_foreach(json_object_get(object, "external_references"), index, reference)
    {
        struct view url = json_text_string(r->arena, reference, "url");
        bool is_known = url.len == 0 || r->source.reference_count == REFERENCES_MAX;
        for (size_t i = 0; i < r->source.reference_count && !is_known; i++)
            is_known = view_equal(r->source.references[i], url);
        if (!is_known)
            r->source.references[r->source.reference_count++] = url;
    }
}

static void note_object(struct reader *r, const json_t *object)
{
    if (!is_newest(r, object))
        return;
    if (has_name_of_interest(object))
        set(r->names, text_of(object, "id"), text_of(object, "name"));
    if (json_text_is(object, "type", "marking-definition")) {
        const char *name = text_of(object, "name");
        const char *tlp = text_of(json_object_get(object, "definition"), "tlp");
        set(r->markings, text_of(object, "id"), tlp ? arena_format(r->arena, "tlp:%s", tlp) : name);
    }
    if (json_text_is(object, "type", "report")) {
        if (r->source.title.len == 0)
            r->source.title = json_text_string(r->arena, object, "name");
        add_references(r, object);
    }
}

/* After all names are known. */
static void note_relationship(struct reader *r, const json_t *object)
{
    const char *source = text_of(object, "source_ref"), *target = text_of(object, "target_ref");

    if (json_text_is(object, "relationship_type", "indicates") && source != NULL &&
        target != NULL && is_newest(r, object) && !json_text_bool(object, "revoked", false))
        set(r->targets, source, text_of(r->names, target));
}

/* --- an indicator -------------------------------------------------------------------------------- */

/* The description when it is short, else the name; nothing when that only repeats the value. */
static struct view note_of(struct reader *r, const json_t *object, struct view pattern)
{
    struct view name = json_text_string(r->arena, object, "name");
    struct view description = json_text_string(r->arena, object, "description");
    const char *id = text_of(object, "id");
    const char *target = id ? json_string_value(json_object_get(r->targets, id)) : NULL;
    struct view note = description.len > 0 && description.len <= NOTE_MAX ? description : name;

    if (note.len > NOTE_MAX || (note.len > 0 && view_find_fold(pattern, note) != VIEW_NOT_FOUND))
        note = view_make("", 0);
    if (target == NULL || view_find_fold(note, view_from_string(target)) != VIEW_NOT_FOUND)
        return note;
    return view_from_string(arena_format(r->arena, "%.*s%sindicates %s", (int)note.len,
                                         (const char *)note.data, note.len ? ", " : "", target));
}

static struct view first_reference(struct reader *r, const json_t *object)
{
    return json_text_string(
        r->arena, json_array_get(json_object_get(object, "external_references"), 0), "url");
}

static struct indicator about(struct reader *r, const json_t *object)
{
    struct indicator out = {.kind = INDICATOR_NONE,
                            .value = json_text_string(r->arena, object, "pattern"),
                            .id = json_text_string(r->arena, object, "id"),
                            .reference = first_reference(r, object),
                            .marking = marking_of(r, object),
                            .confidence = -1,
                            .place = {r->input->file, 0, 0}};
    const json_t *confidence = json_object_get(object, "confidence");

    if (out.id.len == 0) /* against the standard; what is made of it still needs a name */
        out.id = out.value;
    out.note = note_of(r, object, out.value);
    if (json_is_integer(confidence) && json_integer_value(confidence) >= 0 &&
        json_integer_value(confidence) <= 100)
        out.confidence = (int)json_integer_value(confidence);
    (void)indicator_parse_time(json_text_string(r->arena, object, "valid_from"),
                               &out.valid_from_us);
    (void)indicator_parse_time(json_text_string(r->arena, object, "valid_until"),
                               &out.valid_until_us);
    return out;
}

/* attack.command-and-control of the phases of ATT&CK. */
static size_t tags_of(struct reader *r, const json_t *object, struct view tags[TAGS_MAX])
{
    size_t index, count = 0;
    const json_t *phase;

    json_array_foreach(json_object_get(object, "kill_chain_phases"), index, phase)
    {
        const char *name = text_of(phase, "phase_name");
        bool is_word = name != NULL && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name);
        if (is_word && json_text_is(phase, "kill_chain_name", "mitre-attack") && count < TAGS_MAX)
            tags[count++] = view_from_string(arena_format(r->arena, "attack.%s", name));
    }
    return count;
}

static void tell_fault(struct reader *r, const struct indicator *indicator,
                       const struct stix_fault *fault)
{
    r->sink->skip(r->sink->context, "a pattern that does not follow the grammar of STIX",
                  indicator->value, indicator->place);
    if (r->faults++ < FAULTS_MAX)
        diagnostics_add(r->input->diagnostics, SEVERITY_WARNING, "stix-pattern", indicator->place,
                        NULL, "the pattern of %.80s, character %zu: %s",
                        (const char *)indicator->id.data, fault->offset + 1, fault->text);
}

static void read_indicator(struct reader *r, const json_t *object)
{
    struct indicator indicator = about(r, object);
    const char *language = text_of(object, "pattern_type");
    struct stix_fault fault;
    const char *reason = NULL;

    if (!is_newest(r, object))
        reason = "an older version of an indicator";
    else if (json_text_bool(object, "revoked", false))
        reason = "revoked";
    else if (language != NULL && strcmp(language, "stix") != 0)
        reason = "a pattern of another language than STIX";
    if (reason != NULL) {
        r->sink->skip(r->sink->context, reason, indicator.value, indicator.place);
        return;
    }
    struct stix_node *root = stix_pattern_parse(r->arena, indicator.value, &fault);
    if (root == NULL) {
        tell_fault(r, &indicator, &fault);
        return;
    }
    struct view *tags = arena_array(r->arena, TAGS_MAX, sizeof(*tags));
    struct stix_meaning meaning = {.arena = r->arena,
                                   .sink = r->sink,
                                   .about = indicator,
                                   .title = json_text_string(r->arena, object, "name"),
                                   .description = json_text_string(r->arena, object, "description"),
                                   .tags = tags};
    meaning.tag_count = tags_of(r, object, tags);
    stix_meaning_give(&meaning, root);
}

/* --- a bundle ------------------------------------------------------------------------------------ */

typedef void object_fn(struct reader *r, const json_t *object);

static void each_object(struct reader *r, const json_t *root, object_fn *call, unsigned depth)
{
    size_t index;
    const json_t *object;

    if (json_is_array(root)) { /* some export a list of bundles or objects */
        json_array_foreach(root, index, object)
        {
            if (depth < BUNDLES_DEEP_MAX)
                each_object(r, object, call, depth + 1);
        }
        return;
    }
    const json_t *objects = json_object_get(root, "objects");
    if (objects != NULL && depth < BUNDLES_DEEP_MAX)
        each_object(r, objects, call, depth + 1);
    else if (json_is_object(root))
        call(r, root);
}

static void read_object(struct reader *r, const json_t *object)
{
    if (!json_text_is(object, "type", "indicator"))
        return;
    const char *author = text_of(object, "created_by_ref");
    author = author ? text_of(r->names, author) : NULL;
    if (author != NULL && r->source.author.len == 0)
        r->source.author = view_from_string(arena_string(r->arena, author));
    read_indicator(r, object);
}

int stix_read(const struct feed_input *input, const struct indicator_sink *sink)
{
    struct reader r = {.input = input, .sink = sink, .arena = input->arena};
    json_t *root = json_text_load(input);

    if (root == NULL)
        return -1;
    bool is_stix = json_is_array(root) || json_object_get(root, "objects") != NULL ||
                   json_text_is(root, "type", "indicator");
    r.names = json_object();
    r.targets = json_object();
    r.markings = json_object();
    r.versions = json_object();
    r.source.references = arena_array(r.arena, REFERENCES_MAX, sizeof(struct view));
    r.source.id = json_text_string(r.arena, root, "id");
    each_object(&r, root, note_version, 0);
    each_object(&r, root, note_object, 0);
    each_object(&r, root, note_relationship, 0);
    each_object(&r, root, read_object, 0);
    if (sink->describe != NULL)
        sink->describe(sink->context, &r.source);
    json_decref(r.names);
    json_decref(r.targets);
    json_decref(r.markings);
    json_decref(r.versions);
    json_decref(root);
    if (!is_stix)
        feed_fault(input, (struct place){input->file, 1, 1}, "a bundle has `objects`",
                   "this is not a STIX bundle");
    return is_stix ? 0 : -1;
}
