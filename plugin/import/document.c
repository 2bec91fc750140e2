/* SPDX-License-Identifier: BSD-3-Clause */
/* Document: a collection as YAML that `shrike check` accepts.
 *
 * Lists      one for each kind of value and, where feeds say how sure they are, for each level that follows from
 *            it: 75 and more is high, under 40 low, the rest medium. Entries are plain where nothing is known of
 *            them, else maps.
 * Rules      one for each event that shows the kind (indicator.def), looking the field up in the list.
 * Endpoints  addresses with ports: a list of the addresses is the cheap gate, and the rule then wants one of
 *            the pairs, which are grouped by port.
 * Filters    (MISP's warninglists) are lists without rules.
 * Ids        UUIDs made of the source's id (or the list's name), the kind and the event: an import done again
 *            gives the same.
 */
#include "import/collection.h"

#include <stdlib.h>

#include "base/memory.h"
#include "import/uuid.h"
#include "rule/loader.h"
#include "yaml/emit.h"

enum { TITLE_MAX = 200, NOTE_MAX = 400, TEXT_MAX = 4000, REFERENCES_MAX = 20, HIGH = 75, LOW = 40 };

enum band { BAND_LOW, BAND_MEDIUM, BAND_HIGH, BANDS };
static const char *const BAND_LEVELS[BANDS] = {"low", "medium", "high"};

struct writer {
    const struct collection *c;
    struct emitter *e;
    struct arena *arena;
    const char *name, *format, *origin;
    const struct indicator **group; /* what one list holds */
    size_t count;
    enum indicator_kind kind;
    const char *level, *list;
    enum marking marking;
};

/* --- small parts --------------------------------------------------------------------------------- */

/* Not within a character. */
static struct view cut(struct view text, size_t most)
{
    if (text.len <= most)
        return text;
    while (most > 0 && (text.data[most] & 0xc0) == 0x80)
        most--;
    return view_slice(text, 0, most);
}

static struct view join(struct arena *arena, struct view a, const char *between, struct view b)
{
    if (a.len == 0 || b.len == 0)
        return a.len == 0 ? b : a;
    return view_from_string(arena_format(arena, "%.*s%s%.*s", (int)a.len, (const char *)a.data,
                                         between, (int)b.len, (const char *)b.data));
}

static void put_id(struct writer *w, const char *what)
{
    char uuid[UUID_TEXT_MAX];
    struct view source = w->c->source.id.len > 0 ? w->c->source.id : view_from_string(w->name);

    emit_key(w->e, "id");
    emit_plain(w->e, view_from_string(
                         uuid_of_name(join(w->arena, source, "/", view_from_string(what)), uuid)));
}

static void put_strings(struct writer *w, const char *key, const struct view *texts, size_t count)
{
    if (count == 0)
        return;
    emit_key(w->e, key);
    emit_list(w->e, EMIT_BLOCK);
    for (size_t i = 0; i < count; i++)
        emit_text(w->e, texts[i]);
    emit_end(w->e);
}

/* References of the source, then of the entries, each once. */
static void put_references(struct writer *w, const struct view *first, size_t count)
{
    struct view known[REFERENCES_MAX];
    size_t found = 0;

    for (size_t i = 0; i < count + w->count && found < REFERENCES_MAX; i++) {
        struct view one = i < count ? first[i] : w->group[i - count]->reference;
        bool is_new = view_starts(one, VIEW("http"));
        for (size_t k = 0; k < found && is_new; k++)
            is_new = !view_equal(known[k], one);
        if (is_new)
            known[found++] = one;
    }
    put_strings(w, "references", known, found);
}

static void put_tags(struct writer *w, const struct view *tags, size_t count, enum marking marking)
{
    const char *tlp = marking_tag(marking);

    if (count == 0 && tlp == NULL)
        return;
    emit_key(w->e, "tags");
    emit_list(w->e, EMIT_BLOCK);
    for (size_t i = 0; i < count; i++)
        emit_text(w->e, tags[i]);
    if (tlp != NULL)
        emit_text(w->e, view_from_string(tlp));
    emit_end(w->e);
}

/* "misp: mozi.json, Who killed Mozi? (15ebb496-...)" */
static struct view source_text(const struct writer *w)
{
    const struct feed_source *source = &w->c->source;
    struct view text = view_from_string(arena_format(w->arena, "%s: %s", w->format, w->origin));
    text = join(w->arena, text, ", ", cut(source->title, TITLE_MAX));
    if (source->id.len > 0 && !view_equal(source->id, source->title))
        text = view_from_string(arena_format(w->arena, "%.*s (%.*s)", (int)text.len,
                                             (const char *)text.data, (int)cut(source->id, 120).len,
                                             (const char *)source->id.data));
    return text;
}

static void put_time(struct writer *w, const char *key, int64_t time_us)
{
    char text[TIME_TEXT_MAX];

    if (!loader_time_text(time_us, text))
        return;
    emit_key(w->e, key);
    emit_plain(w->e, view_from_string(text));
}

/* --- lists --------------------------------------------------------------------------------------- */

static struct view note_of(struct writer *w, const struct indicator *item)
{
    struct view note = cut(item->note, NOTE_MAX), reference = item->reference;

    if (item->kind == INDICATOR_ENDPOINT)
        note = join(w->arena, view_from_string(arena_format(w->arena, "port %u", item->port)), ", ",
                    note);
    if (reference.len > 0 && view_find(note, reference) == VIEW_NOT_FOUND)
        note = join(w->arena, note, "; ", cut(reference, NOTE_MAX));
    return note;
}

static bool is_address_kind(enum indicator_kind kind)
{
    return kind == INDICATOR_IP || kind == INDICATOR_IP_SOURCE || kind == INDICATOR_ENDPOINT;
}

static void put_value(struct writer *w, struct view value)
{
    if (is_address_kind(w->kind) && view_find(value, VIEW("::")) == VIEW_NOT_FOUND)
        emit_plain(w->e, value);
    else
        emit_text(w->e, value);
}

static void put_entry(struct writer *w, const struct indicator *item)
{
    struct view note = note_of(w, item);

    if (note.len == 0 && item->confidence < 0 && item->first_seen_us <= 0 &&
        item->valid_from_us <= 0 && item->valid_until_us <= 0) {
        put_value(w, item->value);
        return;
    }
    emit_map(w->e, EMIT_FLOW);
    emit_key(w->e, "value");
    put_value(w, item->value);
    emit_pair(w->e, "note", note);
    if (item->confidence >= 0) {
        emit_key(w->e, "confidence");
        emit_number(w->e, (uint64_t)item->confidence);
    }
    put_time(w, "first_seen", item->first_seen_us);
    put_time(w, "valid_from", item->valid_from_us);
    put_time(w, "valid_until", item->valid_until_us);
    emit_end(w->e);
}

/* The group's entries by address and port, so that equal addresses stand together. */
static int compare_items(const void *a, const void *b)
{
    const struct indicator *x = *(const struct indicator *const *)a;
    const struct indicator *y = *(const struct indicator *const *)b;
    int order = x->port < y->port ? -1 : x->port > y->port;
    return order ? order : view_compare(x->value, y->value);
}

static int compare_values(const void *a, const void *b)
{
    const struct indicator *x = *(const struct indicator *const *)a;
    const struct indicator *y = *(const struct indicator *const *)b;
    int order = view_compare(x->value, y->value);
    return order ? order : compare_items(a, b);
}

static void put_entries(struct writer *w)
{
    bool has_ports = w->kind == INDICATOR_ENDPOINT;

    if (has_ports)
        qsort(w->group, w->count, sizeof(struct indicator *), compare_values);
    emit_key(w->e, "values");
    emit_list(w->e, EMIT_BLOCK);
    for (size_t i = 0; i < w->count; i++) {
        if (!has_ports || i == 0 || !view_equal(w->group[i]->value, w->group[i - 1]->value))
            put_entry(w, w->group[i]);
    }
    emit_end(w->e);
}

static void put_list(struct writer *w)
{
    const struct feed_source *source = &w->c->source;
    const struct indicator_row *row = &INDICATOR_ROWS[w->kind];

    emit_document(w->e);
    emit_map(w->e, EMIT_BLOCK);
    emit_pair(w->e, "list", view_from_string(w->list));
    put_id(w, arena_format(w->arena, "list/%s/%s", row->name, w->level));
    emit_pair(w->e, "type", view_from_string(row->list));
    emit_pair(w->e, "source", source_text(w));
    emit_pair(w->e, "description", cut(source->description, TEXT_MAX));
    emit_pair(w->e, "author", cut(source->author, TITLE_MAX));
    put_references(w, source->references, source->reference_count);
    put_tags(w, source->tags, source->tag_count, w->marking);
    put_entries(w);
    emit_end(w->e);
    emit_document_end(w->e);
}

/* --- rules that look lists up -------------------------------------------------------------------- */

static void put_logsource(struct writer *w, const char *service)
{
    emit_key(w->e, "logsource");
    emit_map(w->e, EMIT_FLOW);
    emit_pair(w->e, "product", VIEW("shrike"));
    emit_pair(w->e, "service", view_from_string(service));
    emit_end(w->e);
}

static void put_look_up(struct writer *w, const char *field)
{
    emit_map(w->e, EMIT_BLOCK);
    emit_key(w->e, arena_format(w->arena, "%s|expand", field));
    emit_text(w->e, view_from_string(arena_format(w->arena, "%%%s%%", w->list)));
    emit_end(w->e);
}

static bool has_prefix(const struct indicator *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (view_find_byte(items[i]->value, '/') != VIEW_NOT_FOUND)
            return true;
    }
    return false;
}

static void put_pairs(struct writer *w)
{
    qsort(w->group, w->count, sizeof(struct indicator *), compare_items);
    emit_key(w->e, "pairs");
    emit_list(w->e, EMIT_BLOCK);
    for (size_t i = 0, end = 0; i < w->count;) {
        uint16_t port = w->group[i]->port;
        while (end < w->count && w->group[end]->port == port)
            end++;
        emit_map(w->e, EMIT_BLOCK);
        emit_key(w->e, "dst_port");
        emit_number(w->e, port);
        emit_key(w->e, has_prefix(w->group + i, end - i) ? "dst_ip|cidr" : "dst_ip");
        emit_list(w->e, EMIT_FLOW);
        for (; i < end; i++)
            put_value(w, w->group[i]->value);
        emit_end(w->e);
        emit_end(w->e);
    }
    emit_end(w->e);
}

static void put_rule(struct writer *w, const struct indicator_use *use)
{
    const struct feed_source *source = &w->c->source;
    struct view title =
        source->title.len > 0 ? cut(source->title, TITLE_MAX) : view_from_string(w->name);

    emit_document(w->e);
    emit_map(w->e, EMIT_BLOCK);
    emit_pair(w->e, "title", join(w->arena, view_from_string(use->words), ": ", title));
    put_id(w, arena_format(w->arena, "%s/%s/%s", INDICATOR_ROWS[w->kind].name, w->level,
                           use->service));
    emit_pair(w->e, "status", VIEW("experimental"));
    emit_pair(
        w->e, "description",
        cut(join(w->arena, view_from_string("Imported from "), "", source_text(w)), TEXT_MAX));
    put_references(w, source->references, source->reference_count);
    emit_pair(w->e, "author", cut(source->author, TITLE_MAX));
    put_tags(w, source->tags, source->tag_count, w->marking);
    put_logsource(w, use->service);
    emit_key(w->e, "detection");
    emit_map(w->e, EMIT_BLOCK);
    emit_key(w->e, "listed");
    put_look_up(w, use->field);
    if (w->kind == INDICATOR_ENDPOINT)
        put_pairs(w);
    emit_pair(w->e, "condition",
              w->kind == INDICATOR_ENDPOINT ? VIEW("listed and pairs") : VIEW("listed"));
    emit_end(w->e);
    emit_pair(w->e, "level", view_from_string(w->level));
    emit_end(w->e);
    emit_document_end(w->e);
}

static enum band band_of(const struct indicator *item)
{
    return item->confidence < 0       ? BAND_MEDIUM
           : item->confidence >= HIGH ? BAND_HIGH
           : item->confidence < LOW   ? BAND_LOW
                                      : BAND_MEDIUM;
}

/* A list and its rules for one kind and one level. */
static void put_group(struct writer *w, enum indicator_kind kind, int band)
{
    w->kind = kind;
    w->count = 0;
    w->marking = MARKING_NONE;
    for (size_t i = 0; i < w->c->count; i++) {
        const struct indicator *item = &w->c->items[i];
        if (item->kind != kind || (band >= 0 && band_of(item) != (enum band)band))
            continue;
        w->group[w->count++] = item;
        w->marking = item->marking > w->marking ? item->marking : w->marking;
    }
    if (w->count == 0)
        return;
    w->level = band < 0 ? w->c->options->level : BAND_LEVELS[band];
    bool is_named = band >= 0 && band != BAND_MEDIUM;
    w->list = arena_format(w->arena, "%s_%s%s%s", w->name, INDICATOR_ROWS[kind].suffix,
                           is_named ? "_" : "", is_named ? w->level : "");
    put_list(w);
    for (const struct indicator_use *use = INDICATOR_USES;
         use->kind != INDICATOR_NONE && !w->c->source.is_filter; use++) {
        if (use->kind == kind)
            put_rule(w, use);
    }
}

/* --- drafts -------------------------------------------------------------------------------------- */

static void put_values(struct writer *w, const struct draft_selection *s)
{
    if (s->count > 1)
        emit_list(w->e, s->count > 8 ? EMIT_BLOCK : EMIT_FLOW);
    for (size_t i = 0; i < s->count; i++) {
        if (s->is_plain)
            emit_plain(w->e, s->values[i]);
        else
            emit_text(w->e, s->values[i]);
    }
    if (s->count > 1)
        emit_end(w->e);
}

/* A map, or a list of maps when one of several fields has to hold. */
static void put_selection(struct writer *w, const struct draft_selection *s)
{
    struct view rest = view_from_string(s->fields);
    bool is_choice = view_find_byte(rest, ' ') != VIEW_NOT_FOUND;

    emit_key(w->e, s->name);
    if (is_choice)
        emit_list(w->e, EMIT_BLOCK);
    while (rest.len > 0) {
        size_t end = view_find_byte(rest, ' ');
        struct view field = view_slice(rest, 0, end);
        rest = view_skip(rest, end == VIEW_NOT_FOUND ? rest.len : end + 1);
        emit_map(w->e, EMIT_BLOCK);
        emit_key(w->e, arena_format(w->arena, "%.*s%s", (int)field.len, (const char *)field.data,
                                    s->modifiers));
        put_values(w, s);
        emit_end(w->e);
    }
    if (is_choice)
        emit_end(w->e);
}

static void put_correlation(struct writer *w, const struct draft *draft)
{
    emit_key(w->e, "correlation");
    emit_map(w->e, EMIT_BLOCK);
    emit_pair(w->e, "type", view_from_string(draft->type));
    emit_key(w->e, "rules");
    emit_list(w->e, EMIT_BLOCK);
    for (size_t i = 0; i < draft->rule_count; i++)
        emit_text(w->e, view_from_string(draft->rules[i]));
    emit_end(w->e);
    emit_key(w->e, "group-by");
    emit_list(w->e, EMIT_FLOW);
    emit_text(w->e, VIEW("src_ip"));
    emit_end(w->e);
    emit_key(w->e, "timespan");
    emit_plain(w->e, view_from_string(arena_format(
                         w->arena, "%llds", (long long)((draft->timespan_us + 999999) / 1000000))));
    if (draft->at_least > 0) {
        emit_key(w->e, "condition");
        emit_map(w->e, EMIT_FLOW);
        emit_key(w->e, "gte");
        emit_number(w->e, draft->at_least);
        emit_end(w->e);
    }
    emit_end(w->e);
}

static void put_detection(struct writer *w, const struct draft *draft)
{
    put_logsource(w, draft->service);
    emit_key(w->e, "detection");
    emit_map(w->e, EMIT_BLOCK);
    for (size_t i = 0; i < draft->selection_count; i++)
        put_selection(w, &draft->selections[i]);
    emit_pair(w->e, "condition", view_from_string(draft->condition));
    emit_end(w->e);
}

static struct view draft_description(struct writer *w, const struct draft *draft)
{
    struct view text = cut(draft->description, TEXT_MAX);

    text = join(w->arena, text, " ",
                join(w->arena, VIEW("STIX pattern: "), "", cut(draft->about.value, TEXT_MAX)));
    if (!view_equal(draft->about.note, draft->description))
        text = join(w->arena, text, " Note: ", cut(draft->about.note, NOTE_MAX));
    return text;
}

/* Rules have what lists say of their entries; correlations have no such key, their rules have it. */
static void put_validity(struct writer *w, const struct draft *draft)
{
    int64_t from_us = w->c->options->looks_back ? 0 : draft->about.valid_from_us;
    int64_t until_us = draft->about.valid_until_us;

    if (draft->type != NULL || (from_us <= 0 && until_us <= 0))
        return;
    emit_key(w->e, "shrike");
    emit_map(w->e, EMIT_FLOW);
    put_time(w, "valid_from", from_us);
    put_time(w, "valid_until", until_us);
    emit_end(w->e);
}

static void put_draft(struct writer *w, const struct draft *draft)
{
    const struct feed_source *source = &w->c->source;
    const char *level = draft->is_part         ? "informational"
                        : w->c->options->level ? w->c->options->level
                                               : BAND_LEVELS[band_of(&draft->about)];
    struct view title = draft->title.len > 0 ? draft->title : draft->about.value;
    const char *id = arena_format(w->arena, "%.*s/%s", (int)draft->about.id.len,
                                  (const char *)draft->about.id.data,
                                  draft->service ? draft->service : draft->type);
    char uuid[UUID_TEXT_MAX];

    w->count = 0;
    emit_document(w->e);
    emit_map(w->e, EMIT_BLOCK);
    emit_pair(w->e, "title", cut(title, TITLE_MAX));
    emit_key(w->e, "id");
    emit_plain(w->e, view_from_string(uuid_of_name(view_from_string(id), uuid)));
    if (draft->name != NULL)
        emit_pair(w->e, "name", view_from_string(draft->name));
    emit_pair(w->e, "status", VIEW("experimental"));
    emit_pair(w->e, "description", draft_description(w, draft));
    put_references(w, draft->about.reference.len > 0 ? &draft->about.reference : source->references,
                   draft->about.reference.len > 0 ? 1 : source->reference_count);
    emit_pair(w->e, "author", cut(source->author, TITLE_MAX));
    put_tags(w, draft->tags, draft->tag_count, draft->about.marking);
    if (draft->type != NULL)
        put_correlation(w, draft);
    else
        put_detection(w, draft);
    emit_pair(w->e, "level", view_from_string(level));
    put_validity(w, draft);
    emit_end(w->e);
    emit_document_end(w->e);
}

int collection_write(const struct collection *c, const char *name, const char *format,
                     const char *origin, struct buf *out)
{
    struct arena *arena = arena_new();
    struct writer w = {.c = c,
                       .arena = arena,
                       .name = name,
                       .format = format,
                       .origin = origin,
                       .e = emit_open(out),
                       .group = arena_array(arena, c->count + 1, sizeof(struct indicator *))};

    for (enum indicator_kind kind = 0; kind < INDICATOR_KINDS; kind++) {
        for (int band = c->options->level ? -1 : BANDS - 1; band >= (c->options->level ? -1 : 0);
             band--)
            put_group(&w, kind, band);
    }
    for (size_t i = 0; i < c->draft_count; i++)
        put_draft(&w, c->drafts[i]);
    int result = emit_close(w.e);
    arena_free(arena);
    return result;
}
