/* SPDX-License-Identifier: BSD-3-Clause */
/* Collection: what was read from one file or several, each value once, ready to be written as YAML. */
#ifndef SHRIKE_IMPORT_COLLECTION_H
#define SHRIKE_IMPORT_COLLECTION_H

#include <stdio.h>

#include "base/buf.h"
#include "base/hash.h"
#include "import/draft.h"

enum { REASONS_MAX = 64 };

/* How many of what, over all collections of a run. */
struct tally {
    uint64_t taken[INDICATOR_KINDS];
    uint64_t rules, correlations; /* of drafts */
    struct {
        const char *reason;
        uint64_t count;
    } skipped[REASONS_MAX];
    size_t reason_count;
};

struct collection_options {
    const char *level;    /* of all rules; NULL: by confidence */
    int min_confidence;   /* what is said to be less sure is left out */
    bool takes_url_hosts; /* the host of each URL is an indicator, too */
    bool looks_back;      /* valid_from is left out: hits before it are as any other */
    FILE *verbose;        /* every value that is left out, with its reason; NULL: nobody asks */
};

struct collection {
    struct arena *arena;
    const struct collection_options *options;
    struct tally *tally;
    struct indicator *items;
    size_t count, capacity;
    uint32_t *slots; /* number of an item + 1, by its kind and value */
    size_t slot_mask;
    struct hash_key key;
    const struct draft **drafts;
    size_t draft_count, draft_capacity;
    uint32_t *draft_slots;     /* number of the first draft of an object + 1, by its name */
    struct feed_source source; /* the first that was described */
    bool has_source;
};

/* The arena holds what readers give to its sink, too. */
void collection_init(struct collection *c, struct arena *arena,
                     const struct collection_options *options, struct tally *tally);
struct indicator_sink collection_sink(struct collection *c);

/* Lists and rules as YAML documents, `name` before the lists' names, `origin` for where it comes from (a file's
 * name). -1 when `out` is full. */
int collection_write(const struct collection *c, const char *name, const char *format,
                     const char *origin, struct buf *out);

#endif
