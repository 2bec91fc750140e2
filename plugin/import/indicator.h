/* SPDX-License-Identifier: BSD-3-Clause */
/* Indicator: one value that somebody published as a sign of an adversary, with what was said about it.
 *
 * Idea       every reader of foreign files gives the same: indicators to a sink, or a reason why a thing is
 *            none. What becomes of them (rules and lists as YAML, entries of a list) is the sink's business.
 * Views      point into the file's text or the reader's arena: a sink that keeps them says how long those live.
 */
#ifndef SHRIKE_IMPORT_INDICATOR_H
#define SHRIKE_IMPORT_INDICATOR_H

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"

enum indicator_kind {
#define INDICATOR(id, name, list, suffix, words, reason) INDICATOR_##id,
#include "import/indicator.def"
    INDICATOR_KINDS,
    INDICATOR_NONE = INDICATOR_KINDS /* not told */
};

/* One row of indicator.def. */
struct indicator_row {
    const char *name, *list, *suffix, *words, *reason;
};

struct indicator_use {
    enum indicator_kind kind;
    const char *service, *field, *words;
};

extern const struct indicator_row INDICATOR_ROWS[INDICATOR_KINDS];
extern const struct indicator_use INDICATOR_USES[]; /* ends with kind INDICATOR_NONE */

/* How far it may be passed on, the Traffic Light Protocol's word; from free to strict. */
enum marking { MARKING_NONE, MARKING_CLEAR, MARKING_GREEN, MARKING_AMBER, MARKING_RED };

struct indicator {
    enum indicator_kind kind;
    struct view value;
    uint16_t port; /* INDICATOR_ENDPOINT */
    struct view note, reference, id;
    int confidence; /* 0 to 100; -1 when nobody said */
    enum marking marking;
    int64_t first_seen_us, valid_from_us, valid_until_us; /* 0 when nobody said */
    struct place place;
};

struct draft; /* a rule that an indicator is too narrow for (import/draft.h) */

/* What is said about all of a file. */
struct feed_source {
    struct view id, title, author, date, description;
    struct view *references, *tags;
    size_t reference_count, tag_count;
    bool is_filter; /* values that are known to be harmless: no rule is made of them */
};

/* Who takes what a reader finds. `describe` and `draft` may be NULL. */
struct indicator_sink {
    void *context;
    void (*take)(void *context, const struct indicator *indicator);
    /* `reason` is static text. */
    void (*skip)(void *context, const char *reason, struct view value, struct place place);
    void (*describe)(void *context, const struct feed_source *source);
    void (*draft)(void *context, const struct draft *draft);
};

/* The kind that a feed's word means; INDICATOR_NONE when it is not known. */
enum indicator_kind indicator_kind_named(struct view name);
/* The kind that a text looks like, after refanging; INDICATOR_NONE when it is none. 32 hex digits are MD5. */
enum indicator_kind indicator_guess(struct view text);
/* hxxp://a[.]b becomes http://a.b; the same view when there is nothing to mend. */
struct view indicator_refang(struct arena *arena, struct view text);
/* Mends the value, tells its kind where that is INDICATOR_NONE, brings it into the form that lists compare.
 * NULL when it is good, else why it is not (static text). */
const char *indicator_settle(struct arena *arena, struct indicator *indicator);
/* Settles it and gives it to the sink, or its fault. True when it was taken. */
bool indicator_offer(struct arena *arena, const struct indicator_sink *sink,
                     struct indicator indicator);

/* A domain name, one label or more. One beyond ASCII may still have no form on the wire, which settling tells. */
bool indicator_is_domain(struct view text);
/* "tlp:amber", "TLP:AMBER+STRICT", "tlp.white"; MARKING_NONE when it is no marking. */
enum marking marking_named(struct view text);
/* "tlp.amber"; NULL for none. */
const char *marking_tag(enum marking marking);
/* RFC 3339 with fraction and offset, a date alone, or seconds since 1970; false when it is none. */
bool indicator_parse_time(struct view text, int64_t *out_us);

#endif
