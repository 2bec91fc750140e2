/* SPDX-License-Identifier: BSD-3-Clause */
/* List feed: the readers of import/ fill a list. What is of another kind than the list holds is passed over, counted by
 * kind and told in one note; but a column that the document names holds values of the list's type and nothing else, so
 * what is none there is a fault of its line.
 * Memory: the readers' arena dies with the reading; the list copies what it keeps. */
#include "sigma/list_feed.h"

#include "import/feed.h"

struct taker {
    const struct list_feed *feed;
    struct buf note;
    size_t others[INDICATOR_KINDS];
    size_t skipped, rules, taken;
    const char *reason; /* of the first that was skipped */
    bool is_exact;      /* a column is named */
};

bool list_feed_is_one(const char *path, struct view text)
{
    struct view name = view_from_string(path);
    return view_ends_fold(name, VIEW(".json")) || view_ends_fold(name, VIEW(".intel")) ||
           maltrail_detect(text);
}

/* Addresses with ports are no addresses: the port would be lost. */
static bool suits(const struct list_feed *feed, enum indicator_kind kind)
{
    return kind != INDICATOR_ENDPOINT && kind != INDICATOR_OTHER && kind != INDICATOR_HOST &&
           strcmp(INDICATOR_ROWS[kind].list, feed->type) == 0;
}

/* "relay, https://...": views last until the next one. */
static struct view note_of(struct taker *taker, const struct indicator *i)
{
    if (i->reference.len == 0 || view_find(i->note, i->reference) != VIEW_NOT_FOUND)
        return i->note;
    if (i->note.len == 0)
        return i->reference;
    buf_reset(&taker->note);
    buf_add(&taker->note, i->note);
    buf_text(&taker->note, ", ");
    buf_add(&taker->note, i->reference);
    return buf_view(&taker->note);
}

static void take(void *context, const struct indicator *i)
{
    struct taker *taker = context;

    if (!suits(taker->feed, i->kind)) {
        taker->others[i->kind]++;
        return;
    }
    struct list_entry entry = {.note = note_of(taker, i),
                               .confidence = i->confidence,
                               .first_seen_s = list_seconds(i->first_seen_us),
                               .valid_from_s = list_seconds(i->valid_from_us),
                               .valid_until_s = list_seconds(i->valid_until_us)};
    taker->taken++;
    taker->feed->add(taker->feed->context, i->value, &entry, i->place);
}

static void skip(void *context, const char *reason, struct view value, struct place place)
{
    struct taker *taker = context;

    if (taker->is_exact)
        taker->feed->fault(taker->feed->context, value, place);
    else if (taker->skipped++ == 0)
        taker->reason = reason;
}

static void take_draft(void *context, const struct draft *draft)
{
    struct taker *taker = context;

    (void)draft;
    taker->rules++;
}

static const struct feed *feed_of(const struct list_feed *feed)
{
    struct loader *l = feed->l;
    const char *names[16];
    size_t count = 0;

    if (feed->format == NULL)
        return feed->is_csv ? feed_find(VIEW("csv")) : feed_detect(feed->text);
    const struct feed *found =
        feed->format->kind == YAML_SCALAR ? feed_find(feed->format->text) : NULL;
    if (found != NULL)
        return found;
    for (const struct feed *f = FEEDS; f->name != NULL && count < 16; f++)
        names[count++] = f->name;
    loader_error(l, feed->format->place, "list-format",
                 loader_did_you_mean(l, nearest_name(feed->format->text, names, count),
                                     "one of stix, misp, zeek-intel, maltrail, csv, text"),
                 "there is no format `%s`", loader_shown(l, feed->format->text));
    return NULL;
}

/* What a value is of which the file does not tell the kind: guessed, but where the guess is another (a JA3 looks like the
 * MD5 of a file) or the column is named. */
static enum indicator_kind kind_of_type(const char *type, bool is_exact)
{
    enum indicator_kind kind = indicator_kind_named(view_from_string(type));
    return is_exact || kind == INDICATOR_JA3 || kind == INDICATOR_STRING ? kind : INDICATOR_NONE;
}

/* --- columns ------------------------------------------------------------------------------------- */

static const char *column_name(struct loader *l, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR && node->text.len > 0 && !yaml_is_null(node))
        return (const char *)arena_copy(l->arena, node->text).data;
    loader_error(l, node->place, "list-column", "write its name as the first line has it",
                 "a column has to be a name or a number");
    return NULL;
}

static void read_columns(struct loader *l, const struct yaml_node *map,
                         const char *columns[FEED_COLUMNS])
{
    if (map->kind != YAML_MAP) {
        loader_error(l, map->place, "wrong-kind", "write `columns: {value: ioc, note: malware}`",
                     "`columns` has to be a map, here is %s", yaml_kind_name(map->kind));
        return;
    }
    for (size_t i = 0; i < map->count; i++) {
        const struct yaml_node *key = map->keys[i];
        size_t at = 0;
        while (at < FEED_COLUMNS && !view_equal(key->text, view_from_string(FEED_COLUMN_NAMES[at])))
            at++;
        if (at < FEED_COLUMNS)
            columns[at] = column_name(l, map->items[i]);
        else
            loader_error(
                l, key->place, "unknown-key",
                loader_did_you_mean(l, nearest_name(key->text, FEED_COLUMN_NAMES, FEED_COLUMNS),
                                    "one of value, note, confidence, first_seen, valid_from, "
                                    "valid_until"),
                "entries have no `%s`", loader_shown(l, key->text));
    }
}

/* False when they are wrong; told. */
static bool name_columns(const struct list_feed *feed, const struct feed *format,
                         struct feed_input *input)
{
    const struct yaml_node *first = feed->column ? feed->column : feed->columns;
    size_t before = feed->l->diagnostics->errors;

    if (first == NULL)
        return true;
    if (format->read != csv_read) {
        loader_error(feed->l, first->place, "list-column", "remove one of the two",
                     "a file of the format `%s` has no columns", format->name);
        return false;
    }
    if (feed->columns != NULL)
        read_columns(feed->l, feed->columns, input->columns);
    if (feed->column != NULL && input->columns[FEED_VALUE] != NULL)
        loader_error(feed->l, feed->column->place, "list-column", "remove one of the two",
                     "`column` and `columns` both say where the values are");
    else if (feed->column != NULL)
        input->columns[FEED_VALUE] = column_name(feed->l, feed->column);
    return feed->l->diagnostics->errors == before;
}

static void tell(const struct taker *taker)
{
    struct loader *l = taker->feed->l;
    const char *text = "";

    for (size_t i = 0; i < INDICATOR_KINDS; i++) {
        if (taker->others[i] > 0)
            text = arena_format(l->arena, "%s%s%zu %s", text, *text ? ", " : "", taker->others[i],
                                INDICATOR_ROWS[i].name);
    }
    if (taker->rules > 0)
        text = arena_format(l->arena, "%s%s%zu rules", text, *text ? ", " : "", taker->rules);
    if (taker->skipped > 0)
        text = arena_format(l->arena, "%s%s%zu that say nothing (the first: %s)", text,
                            *text ? ", " : "", taker->skipped, taker->reason);
    if (*text != '\0')
        loader_note(l, taker->feed->place, "list-passed-over",
                    "`shrike import` makes lists and rules of all kinds",
                    "%zu taken from %s; passed over: %s", taker->taken, taker->feed->path, text);
}

void list_feed_read(const struct list_feed *feed)
{
    const struct feed *format = feed_of(feed);
    struct taker taker = {.feed = feed};
    struct indicator_sink sink = {&taker, take, skip, NULL, take_draft};
    struct feed_input input = {
        .file = feed->path, .text = feed->text, .diagnostics = feed->l->diagnostics};

    if (format == NULL || !name_columns(feed, format, &input))
        return;
    taker.is_exact = input.columns[FEED_VALUE] != NULL;
    input.kind = kind_of_type(feed->type, taker.is_exact);
    input.arena = arena_new();
    buf_init(&taker.note, LIST_NOTE_MAX);
    if (format->read(&input, &sink) != 0)
        loader_error(feed->l, feed->place, "list-file", NULL,
                     "the list's file is not good as %s: %s", format->name, feed->path);
    buf_clear(&taker.note);
    arena_free(input.arena);
    tell(&taker);
}
