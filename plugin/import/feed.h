/* SPDX-License-Identifier: BSD-3-Clause */
/* Feed: the way in to the readers of foreign files; one row of feed.def is one format. */
#ifndef SHRIKE_IMPORT_FEED_H
#define SHRIKE_IMPORT_FEED_H

#include "import/indicator.h"

/* Columns of CSV files that a user can name. */
enum feed_column {
#define FEED_COLUMN(id, name) FEED_##id,
#include "import/feed_column.def"
    FEED_COLUMNS
};
extern const char *const FEED_COLUMN_NAMES[FEED_COLUMNS];

struct feed_input {
    const char *file; /* in messages */
    struct view text;
    struct arena *arena; /* what indicators point into, besides the text */
    struct diagnostics *diagnostics;
    const char *columns[FEED_COLUMNS]; /* CSV: name or number; NULL: known by its usual name */
    enum indicator_kind kind; /* of values whose kind nobody tells; INDICATOR_NONE: guessed */
    bool takes_all;           /* MISP: what is not meant for detection (to_ids: false) too */
};

/* Gives all that is in the text to the sink. -1 when it is not of this format or broken: the fault stands in
 * input->diagnostics, what came before it was given. */
typedef int feed_reader(const struct feed_input *input, const struct indicator_sink *sink);

struct feed {
    const char *name;
    feed_reader *read;
    bool (*detect)(struct view text);
    const char *description;
};

extern const struct feed FEEDS[]; /* ends with name NULL */

const struct feed *feed_find(struct view name); /* NULL when there is none */
/* By its content; never NULL: what is nothing else is text. */
const struct feed *feed_detect(struct view text);

/* For readers: the parts of a line between `separator`, at most `most`; returns how many. The last one keeps the rest. */
size_t feed_split(struct view line, uint8_t separator, struct view *parts, size_t most);
/* Offers a value that a feed calls `name`; the kind is guessed when the word is not known. */
void feed_offer_named(const struct feed_input *input, const struct indicator_sink *sink,
                      struct indicator indicator, struct view name);
void feed_fault(const struct feed_input *input, struct place place, const char *help,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

#define FEED(id, name, reader, detector, description)                                              \
    feed_reader reader;                                                                            \
    bool detector(struct view text);
#include "import/feed.def"

#endif
