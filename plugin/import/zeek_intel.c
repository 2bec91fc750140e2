/* SPDX-License-Identifier: BSD-3-Clause */
/* Zeek intelligence: the file of its intelligence framework (base/frameworks/intel/input.zeek).
 *
 *   #fields<TAB>indicator<TAB>indicator_type<TAB>meta.source<TAB>meta.desc<TAB>meta.url
 *   203.0.113.7<TAB>Intel::ADDR<TAB>report<TAB>relay<TAB>https://...
 *
 * The #fields line names the columns, in any order; "-" means that there is no value. Zeek's URLs have no
 * scheme. A line with other columns than the header's is a fault of that line alone.
 */
#include "import/feed.h"

enum { HEAD_MAX = 4096, COLUMNS_MAX = 64 };

enum column { VALUE, TYPE, SOURCE, DESC, URL_OF, CONFIDENCE, COLUMNS };

static const char *const NAMES[COLUMNS] = {"indicator", "indicator_type", "meta.source",
                                           "meta.desc", "meta.url",       "meta.confidence"};

bool zeek_intel_detect(struct view text)
{
    struct view rest = view_slice(text, 0, HEAD_MAX), line;

    while (view_take_line(&rest, &line)) {
        if (view_starts(line, VIEW("#fields")))
            return view_find(line, VIEW("indicator_type")) != VIEW_NOT_FOUND;
        if (line.len > 0 && line.data[0] != '#')
            return false;
    }
    return false;
}

struct table {
    size_t columns[COLUMNS]; /* where each stands; SIZE_MAX: nowhere */
    size_t count;
};

static int read_header(const struct feed_input *input, struct table *table, struct view line,
                       struct place place)
{
    struct view cells[COLUMNS_MAX];

    table->count = feed_split(line, '\t', cells, COLUMNS_MAX) - 1; /* the word #fields */
    for (size_t i = 0; i < COLUMNS; i++) {
        table->columns[i] = SIZE_MAX;
        for (size_t k = 0; k < table->count; k++) {
            if (view_equal(view_trim(cells[k + 1]), view_from_string(NAMES[i])))
                table->columns[i] = k;
        }
    }
    if (table->columns[VALUE] != SIZE_MAX && table->columns[TYPE] != SIZE_MAX)
        return 0;
    feed_fault(input, place, "separate the names by tabs: #fields indicator indicator_type",
               "the #fields line names no column `indicator` or `indicator_type`");
    return -1;
}

static struct view cell_of(const struct table *table, const struct view *cells, enum column column)
{
    size_t at = table->columns[column];
    struct view cell = at == SIZE_MAX ? view_make(NULL, 0) : view_trim(cells[at]);
    return view_equal(cell, VIEW("-")) ? view_make(NULL, 0) : cell;
}

static void read_row(const struct feed_input *input, const struct indicator_sink *sink,
                     const struct table *table, struct view line, struct place place)
{
    struct view cells[COLUMNS_MAX];
    struct indicator indicator = {.kind = INDICATOR_OTHER, .confidence = -1, .place = place};
    uint64_t confidence;

    if (feed_split(line, '\t', cells, COLUMNS_MAX) != table->count) {
        sink->skip(sink->context, "a line with other columns than #fields names", line, place);
        return;
    }
    struct view type = cell_of(table, cells, TYPE), source = cell_of(table, cells, SOURCE);
    struct view note = cell_of(table, cells, DESC);
    indicator.value = cell_of(table, cells, VALUE);
    indicator.reference = cell_of(table, cells, URL_OF);
    if (view_parse_u64(cell_of(table, cells, CONFIDENCE), &confidence) && confidence <= 100)
        indicator.confidence = (int)confidence;
    indicator.note = note.len > 0 ? note : source;
    if (note.len > 0 && source.len > 0)
        indicator.note = view_from_string(arena_format(input->arena, "%.*s (%.*s)", (int)note.len,
                                                       (const char *)note.data, (int)source.len,
                                                       (const char *)source.data));
    if (view_starts(type, VIEW("Intel::")))
        type = view_skip(type, 7);
    enum indicator_kind kind = indicator_kind_named(type);
    indicator.kind = kind == INDICATOR_NONE ? INDICATOR_OTHER : kind;
    (void)indicator_offer(input->arena, sink, indicator);
}

int zeek_intel_read(const struct feed_input *input, const struct indicator_sink *sink)
{
    struct table table = {.count = 0};
    struct view rest = input->text, line;
    struct place place = {input->file, 1, 1};

    for (; view_take_line(&rest, &line); place.line++) {
        if (view_starts(line, VIEW("#fields"))) {
            if (read_header(input, &table, line, place) != 0)
                return -1;
        } else if (line.len > 0 && line.data[0] != '#') {
            if (table.count == 0) {
                feed_fault(input, place, "begin with #fields, its names separated by tabs",
                           "a value before the #fields line");
                return -1;
            }
            read_row(input, sink, &table, line, place);
        }
    }
    return 0;
}
