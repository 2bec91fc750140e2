/* SPDX-License-Identifier: BSD-3-Clause */
/* Collection: the sink of `shrike import`. Values that stand there already are counted and left out; so are the
 * kinds that no event shows (indicator.def) and what the user does not want. */
#include "import/collection.h"

#include "base/readable.h"

enum { SHOWN_MAX = 120, LINE_MAX_BYTES = 1 << 16, KEPT_MAX = 256 };

static void count_skip(struct collection *c, const char *reason)
{
    struct tally *tally = c->tally;
    size_t at = 0;

    while (at < tally->reason_count && strcmp(tally->skipped[at].reason, reason) != 0)
        at++;
    if (at == REASONS_MAX)
        return;
    if (at == tally->reason_count) {
        tally->skipped[at].reason = reason;
        tally->reason_count++;
    }
    tally->skipped[at].count++;
}

static void skip(void *context, const char *reason, struct view value, struct place place)
{
    struct collection *c = context;
    struct buf line;

    count_skip(c, reason);
    if (c->options->verbose == NULL)
        return;
    buf_init(&line, LINE_MAX_BYTES);
    readable_add(&line, view_from_string(place.file ? place.file : "?"));
    if (place.line > 0)
        buf_format(&line, ":%u", place.line);
    buf_text(&line, ": left out: ");
    readable_add(&line, view_slice(value, 0, SHOWN_MAX));
    buf_format(&line, ": %s\n", reason);
    fwrite(line.data, 1, line.len, c->options->verbose);
    buf_clear(&line);
}

/* --- each value once ----------------------------------------------------------------------------- */

static uint64_t hash_of(const struct collection *c, const struct indicator *item)
{
    uint8_t folded[256];
    uint64_t hash = (uint64_t)item->kind << 16 | item->port;

    for (size_t at = 0; at < item->value.len; at += sizeof(folded)) {
        struct view part = view_slice(item->value, at, at + sizeof(folded));
        for (size_t i = 0; i < part.len; i++)
            folded[i] = byte_fold(part.data[i]);
        hash = hash_mix(hash ^ hash_keyed(c->key, folded, part.len));
    }
    return hash;
}

static uint32_t *slot_of(const struct collection *c, const struct indicator *item)
{
    size_t at = hash_of(c, item) & c->slot_mask;

    for (; c->slots[at] != 0; at = (at + 1) & c->slot_mask) {
        const struct indicator *other = &c->items[c->slots[at] - 1];
        if (other->kind == item->kind && other->port == item->port &&
            view_equal_fold(other->value, item->value))
            break;
    }
    return &c->slots[at];
}

static void grow(struct collection *c)
{
    size_t capacity = c->capacity ? c->capacity * 2 : 64;
    struct indicator *items = arena_array(c->arena, capacity, sizeof(*items));

    if (c->count > 0)
        memcpy(items, c->items, c->count * sizeof(*items));
    c->items = items;
    c->capacity = capacity;
    c->slots = arena_array(c->arena, capacity * 2, sizeof(*c->slots));
    c->slot_mask = capacity * 2 - 1;
    for (size_t i = 0; i < c->count; i++)
        *slot_of(c, &c->items[i]) = (uint32_t)i + 1;
}

/* The same value again: valid as long as either says, as sure as the surer, first seen when either was. */
static void join_dates(struct indicator *known, const struct indicator *again)
{
    if (known->valid_until_us != 0 &&
        (again->valid_until_us == 0 || again->valid_until_us > known->valid_until_us))
        known->valid_until_us = again->valid_until_us;
    if (again->valid_from_us < known->valid_from_us)
        known->valid_from_us = again->valid_from_us;
    if (known->first_seen_us == 0 ||
        (again->first_seen_us != 0 && again->first_seen_us < known->first_seen_us))
        known->first_seen_us = again->first_seen_us;
}

static bool add(struct collection *c, const struct indicator *item)
{
    if (c->count == c->capacity)
        grow(c);
    uint32_t *slot = slot_of(c, item);
    if (*slot != 0) {
        struct indicator *known = &c->items[*slot - 1];
        if (known->note.len == 0)
            known->note = item->note;
        if (item->confidence > known->confidence)
            known->confidence = item->confidence;
        join_dates(known, item);
        return false;
    }
    c->items[c->count] = *item;
    if (c->options->looks_back)
        c->items[c->count].valid_from_us = 0;
    c->count++;
    *slot = (uint32_t)c->count;
    return true;
}

/* --- the sink ------------------------------------------------------------------------------------ */

static void take(void *context, const struct indicator *item);

/* "http://host:port/..." -> host */
static void take_host(struct collection *c, const struct indicator *url)
{
    struct indicator host = *url;
    struct view rest = view_skip(url->value, 7);

    host.value = view_slice(rest, 0, view_find_byte(rest, '/'));
    host.kind = INDICATOR_NONE;
    if (indicator_settle(c->arena, &host) == NULL)
        take(c, &host);
}

static void take(void *context, const struct indicator *item)
{
    struct collection *c = context;
    const char *reason = INDICATOR_ROWS[item->kind].reason;

    if (reason == NULL && item->confidence >= 0 && item->confidence < c->options->min_confidence)
        reason = "less sure than --min-confidence";
    if (reason == NULL && !add(c, item))
        reason = "the same value again";
    if (reason != NULL) {
        skip(c, reason, item->value, item->place);
        return;
    }
    c->tally->taken[item->kind]++;
    if (item->kind == INDICATOR_URL && c->options->takes_url_hosts)
        take_host(c, item);
}

static struct view *joined(struct arena *arena, const struct view *a, size_t a_count,
                           const struct view *b, size_t b_count)
{
    struct view *out = arena_array(arena, a_count + b_count + 1, sizeof(*out));

    if (a_count > 0)
        memcpy(out, a, a_count * sizeof(*out));
    if (b_count > 0)
        memcpy(out + a_count, b, b_count * sizeof(*out));
    return out;
}

/* The first one names the whole; references and tags of all are kept, up to a bound. */
static void describe(void *context, const struct feed_source *source)
{
    struct collection *c = context;
    struct feed_source *known = &c->source;

    if (!c->has_source) {
        c->source = *source;
        c->has_source = true;
        return;
    }
    known->is_filter &= source->is_filter;
    if (known->reference_count + source->reference_count <= KEPT_MAX) {
        known->references = joined(c->arena, known->references, known->reference_count,
                                   source->references, source->reference_count);
        known->reference_count += source->reference_count;
    }
    for (size_t i = 0; i < source->tag_count && known->tag_count < KEPT_MAX; i++) {
        bool is_known = false;
        for (size_t k = 0; k < known->tag_count; k++)
            is_known |= view_equal(known->tags[k], source->tags[i]);
        if (is_known)
            continue;
        known->tags = joined(c->arena, known->tags, known->tag_count, &source->tags[i], 1);
        known->tag_count++;
    }
}

static uint32_t *draft_slot(const struct collection *c, const struct draft *draft)
{
    size_t mask = c->draft_capacity * 2 - 1;
    size_t at = hash_keyed(c->key, draft->object, strlen(draft->object)) & mask;

    while (c->draft_slots[at] != 0 &&
           strcmp(c->drafts[c->draft_slots[at] - 1]->object, draft->object) != 0)
        at = (at + 1) & mask;
    return &c->draft_slots[at];
}

static void grow_drafts(struct collection *c)
{
    size_t capacity = c->draft_capacity ? c->draft_capacity * 2 : 16;
    const struct draft **drafts = arena_array(c->arena, capacity, sizeof(struct draft *));

    if (c->draft_count > 0)
        memcpy(drafts, c->drafts, c->draft_count * sizeof(struct draft *));
    c->drafts = drafts;
    c->draft_capacity = capacity;
    c->draft_slots = arena_array(c->arena, capacity * 2, sizeof(*c->draft_slots));
    for (size_t i = 0; i < c->draft_count; i++) {
        uint32_t *slot = draft_slot(c, c->drafts[i]);
        *slot = *slot == 0 ? (uint32_t)i + 1 : *slot;
    }
}

/* An object that stands in a file twice, or in two files, gives its rules once: the first time. Which time it is, is known by
 * where its pattern lies. */
static void add_draft(void *context, const struct draft *draft)
{
    struct collection *c = context;

    if (draft->about.confidence >= 0 && draft->about.confidence < c->options->min_confidence) {
        skip(c, "less sure than --min-confidence", draft->about.value, draft->about.place);
        return;
    }
    if (c->draft_count == c->draft_capacity)
        grow_drafts(c);
    uint32_t *slot = draft_slot(c, draft);
    if (*slot != 0 && c->drafts[*slot - 1]->about.value.data != draft->about.value.data) {
        skip(c, "a rule of the same object again", draft->about.value, draft->about.place);
        return;
    }
    if (*slot == 0)
        *slot = (uint32_t)c->draft_count + 1;
    c->drafts[c->draft_count++] = draft;
    c->tally->rules += draft->type == NULL;
    c->tally->correlations += draft->type != NULL;
}

void collection_init(struct collection *c, struct arena *arena,
                     const struct collection_options *options, struct tally *tally)
{
    *c = (struct collection){
        .arena = arena, .options = options, .tally = tally, .key = hash_key_random()};
}

struct indicator_sink collection_sink(struct collection *c)
{
    return (struct indicator_sink){c, take, skip, describe, add_draft};
}
