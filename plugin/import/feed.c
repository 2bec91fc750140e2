/* SPDX-License-Identifier: BSD-3-Clause */
/* Feed: the table of formats, and what readers of lines share. */
#include "import/feed.h"

#include <stdarg.h>

const struct feed FEEDS[] = {
#define FEED(id, name, reader, detector, description) {name, reader, detector, description},
#include "import/feed.def"
    {NULL, NULL, NULL, NULL},
};

const struct feed *feed_find(struct view name)
{
    for (const struct feed *feed = FEEDS; feed->name != NULL; feed++) {
        if (view_equal_fold(name, view_from_string(feed->name)))
            return feed;
    }
    return NULL;
}

const struct feed *feed_detect(struct view text)
{
    const struct feed *feed = FEEDS;

    if (view_starts(text, VIEW("\xef\xbb\xbf"))) /* byte order mark */
        text = view_skip(text, 3);
    while (!feed->detect(text))
        feed++;
    return feed;
}

size_t feed_split(struct view line, uint8_t separator, struct view *parts, size_t most)
{
    size_t count = 0;

    while (count + 1 < most) {
        size_t end = view_find_byte(line, separator);
        parts[count++] = view_slice(line, 0, end);
        if (end == VIEW_NOT_FOUND)
            return count;
        line = view_skip(line, end + 1);
    }
    parts[count++] = line;
    return count;
}

void feed_offer_named(const struct feed_input *input, const struct indicator_sink *sink,
                      struct indicator indicator, struct view name)
{
    indicator.kind = indicator_kind_named(name);
    if (indicator.kind == INDICATOR_NONE)
        indicator.kind = input->kind;
    (void)indicator_offer(input->arena, sink, indicator);
}

void feed_fault(const struct feed_input *input, struct place place, const char *help,
                const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    diagnostics_add(input->diagnostics, SEVERITY_ERROR, "feed", place, help, "%s", text);
}
