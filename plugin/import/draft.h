/* SPDX-License-Identifier: BSD-3-Clause */
/* Draft: a rule or a correlation that a reader made, ready to be written as YAML. Indicators become entries of
 * lists; a draft is for what a list cannot say. All of it lives in the reader's arena. */
#ifndef SHRIKE_IMPORT_DRAFT_H
#define SHRIKE_IMPORT_DRAFT_H

#include "import/indicator.h"

enum { DRAFT_SELECTIONS_MAX = 32, DRAFT_RULES_MAX = 16 };

/* fields, blanks between them: one of them has to hold */
struct draft_selection {
    const char *name;
    const char *fields;
    const char *modifiers; /* "|re" */
    const struct view *values;
    size_t count;
    bool is_plain; /* numbers and bools: without quotes */
};

struct draft {
    struct indicator
        about; /* its id, note, confidence, marking, times and place; the value is the pattern */
    struct view title, description;
    const char *object; /* the foreign object that it was made of, by a name that is its own */
    const char *name;   /* by which correlations find it; NULL when none does */
    bool is_part;       /* of a correlation: by itself it says nothing */
    /* a rule */
    const char *service;
    struct draft_selection selections[DRAFT_SELECTIONS_MAX];
    size_t selection_count;
    const char *condition;
    /* a correlation, when `type` is not NULL */
    const char *type;
    const char *rules[DRAFT_RULES_MAX];
    size_t rule_count;
    int64_t timespan_us;
    uint64_t at_least; /* event_count */
    const struct view *tags;
    size_t tag_count;
};

#endif
