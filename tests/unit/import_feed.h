/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of import/ share: a reader's gifts, one a line. */
#ifndef SHRIKE_TESTS_UNIT_IMPORT_FEED_H
#define SHRIKE_TESTS_UNIT_IMPORT_FEED_H

#include "unit/test.h"

#include "base/buf.h"
#include "import/draft.h"
#include "import/feed.h"

struct fed {
    struct arena *arena;
    struct diagnostics diagnostics;
    struct feed_source source;
    struct buf text;
    int result;
};

static inline void fed_take(void *context, const struct indicator *i)
{
    struct fed *fed = context;

    buf_format(&fed->text, "%s %.*s", INDICATOR_ROWS[i->kind].name, (int)i->value.len,
               (const char *)i->value.data);
    if (i->port != 0)
        buf_format(&fed->text, " port %u", i->port);
    if (i->note.len > 0)
        buf_format(&fed->text, " note=%.*s", (int)i->note.len, (const char *)i->note.data);
    if (i->reference.len > 0)
        buf_format(&fed->text, " ref=%.*s", (int)i->reference.len, (const char *)i->reference.data);
    if (i->confidence >= 0)
        buf_format(&fed->text, " confidence=%d", i->confidence);
    if (i->marking != MARKING_NONE)
        buf_format(&fed->text, " %s", marking_tag(i->marking));
    if (i->first_seen_us != 0)
        buf_format(&fed->text, " first=%lld", (long long)(i->first_seen_us / 1000000));
    if (i->valid_from_us != 0)
        buf_format(&fed->text, " from=%lld", (long long)(i->valid_from_us / 1000000));
    if (i->valid_until_us != 0)
        buf_format(&fed->text, " until=%lld", (long long)(i->valid_until_us / 1000000));
    if (i->place.line > 1)
        buf_format(&fed->text, " line=%u", i->place.line);
    buf_byte(&fed->text, '\n');
}

static inline void fed_skip(void *context, const char *reason, struct view value,
                            struct place place)
{
    struct fed *fed = context;
    (void)place;
    (void)value;
    buf_format(&fed->text, "- %s\n", reason);
}

static inline void fed_describe(void *context, const struct feed_source *source)
{
    struct fed *fed = context;
    fed->source = *source;
}

static inline void fed_draft(void *context, const struct draft *d)
{
    struct fed *fed = context;

    if (d->type != NULL) {
        buf_format(&fed->text, "%s of %zu rules in %lld s", d->type, d->rule_count,
                   (long long)(d->timespan_us / 1000000));
        if (d->at_least > 0)
            buf_format(&fed->text, " gte %llu", (unsigned long long)d->at_least);
        buf_byte(&fed->text, '\n');
        return;
    }
    buf_format(&fed->text, "%s%s:", d->is_part ? "part " : "rule ", d->service);
    for (size_t i = 0; i < d->selection_count; i++) {
        const struct draft_selection *s = &d->selections[i];
        buf_format(&fed->text, " %s%s=", s->fields, s->modifiers);
        for (size_t k = 0; k < s->count; k++)
            buf_format(&fed->text, "%s%.*s", k ? "," : "", (int)s->values[k].len,
                       (const char *)s->values[k].data);
    }
    buf_format(&fed->text, " (%s)\n", d->condition);
}

static inline struct indicator_sink fed_sink(struct fed *fed)
{
    return (struct indicator_sink){fed, fed_take, fed_skip, fed_describe, fed_draft};
}

static inline void fed_begin(struct fed *fed)
{
    *fed = (struct fed){.arena = arena_new()};
    diagnostics_init(&fed->diagnostics);
    buf_init(&fed->text, 1 << 20);
}

static inline struct fed feed_options(const char *format, const char *text, struct feed_input input)
{
    struct fed fed;
    const struct feed *feed = feed_find(view_from_string(format));

    fed_begin(&fed);
    input.text = view_from_string(text);
    input.arena = fed.arena;
    input.diagnostics = &fed.diagnostics;
    if (input.file == NULL)
        input.file = "test";
    struct indicator_sink sink = fed_sink(&fed);
    fed.result = feed->read(&input, &sink);
    return fed;
}

static inline struct fed feed_text(const char *format, const char *text)
{
    return feed_options(format, text, (struct feed_input){.kind = INDICATOR_NONE});
}

static inline const char *fed_text(struct fed *fed)
{
    buf_byte(&fed->text, '\0');
    fed->text.len--;
    return (const char *)fed->text.data;
}

static inline void fed_end(struct fed *fed)
{
    diagnostics_clear(&fed->diagnostics);
    buf_clear(&fed->text);
    arena_free(fed->arena);
}

/* The whole of what a text gives. */
static inline void assert_gives(const char *format, const char *text, const char *expected)
{
    struct fed fed = feed_text(format, text);

    assert_string_equal(fed_text(&fed), expected);
    assert_int_equal(fed.result, 0);
    fed_end(&fed);
}

#endif
