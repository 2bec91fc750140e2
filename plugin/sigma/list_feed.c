/* SPDX-License-Identifier: BSD-3-Clause */
/* List feed: the readers of import/ fill a list. What is of another kind than the list holds is passed over,
 * counted by kind and told in one note; so are the entries that carry a date past which they say nothing. */
#include "sigma/list_feed.h"

#include <time.h>

#include "import/feed.h"

struct taker {
    const struct list_feed *feed;
    size_t others[INDICATOR_KINDS];
    size_t skipped, rules, expiring, taken;
    const char *reason; /* of the first that was skipped */
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

static const char *day_of(struct arena *arena, int64_t time_us)
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm parts;
    char text[16] = "";

    if (gmtime_r(&seconds, &parts) != NULL && strftime(text, sizeof(text), "%Y-%m-%d", &parts) > 0)
        return arena_string(arena, text);
    return "";
}

/* "relay, https://..., first seen 2024-01-09, confidence 80"; NULL when nothing is known. */
static const char *note_of(struct arena *arena, const struct indicator *i)
{
    const char *text = arena_format(arena, "%.*s", (int)i->note.len, (const char *)i->note.data);
    int64_t first = i->first_seen_us ? i->first_seen_us : i->valid_from_us;

    if (i->reference.len > 0)
        text = arena_format(arena, "%s%s%.*s", text, *text ? ", " : "", (int)i->reference.len,
                            (const char *)i->reference.data);
    if (first > 0)
        text =
            arena_format(arena, "%s%sfirst seen %s", text, *text ? ", " : "", day_of(arena, first));
    if (i->confidence >= 0)
        text = arena_format(arena, "%s%sconfidence %d", text, *text ? ", " : "", i->confidence);
    return *text ? text : NULL;
}

static void take(void *context, const struct indicator *i)
{
    struct taker *taker = context;
    struct list_entry entry = {.confidence = (int16_t)i->confidence};

    if (!suits(taker->feed, i->kind)) {
        taker->others[i->kind]++;
        return;
    }
    entry.note = note_of(taker->feed->l->arena, i);
    if (i->valid_until_us > 0 && i->valid_until_us / 1000000 <= UINT32_MAX) {
        entry.valid_until_s = (uint32_t)(i->valid_until_us / 1000000);
        taker->expiring++;
    }
    taker->taken++;
    taker->feed->add(taker->feed->context, i->value, entry, i->place);
}

static void skip(void *context, const char *reason, struct view value, struct place place)
{
    struct taker *taker = context;

    (void)value;
    (void)place;
    if (taker->skipped++ == 0)
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
        return feed_detect(feed->text);
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

/* What a value is of which the file does not tell the kind. */
static enum indicator_kind kind_of_type(const char *type)
{
    enum indicator_kind kind = indicator_kind_named(view_from_string(type));
    return kind == INDICATOR_JA3 || kind == INDICATOR_STRING ? kind : INDICATOR_NONE;
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
    if (taker->expiring > 0)
        loader_warn(l, taker->feed->place, "unsupported-key", "give the list an `expires:`",
                    "%zu entries have a `valid_until`, which is not evaluated by this version",
                    taker->expiring);
}

void list_feed_read(const struct list_feed *feed)
{
    const struct feed *format = feed_of(feed);
    struct taker taker = {.feed = feed};
    struct indicator_sink sink = {&taker, take, skip, NULL, take_draft};
    struct feed_input input = {.file = feed->path,
                               .text = feed->text,
                               .arena = feed->l->arena,
                               .diagnostics = feed->l->diagnostics,
                               .kind = kind_of_type(feed->type)};

    if (format == NULL)
        return;
    if (format->read(&input, &sink) != 0)
        loader_error(feed->l, feed->place, "list-file", NULL,
                     "the list's file is not good as %s: %s", format->name, feed->path);
    tell(&taker);
}
