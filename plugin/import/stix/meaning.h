/* SPDX-License-Identifier: BSD-3-Clause */
/* The meaning of a STIX pattern: indicators, rules, correlations, or why it is none of them. */
#ifndef SHRIKE_IMPORT_STIX_MEANING_H
#define SHRIKE_IMPORT_STIX_MEANING_H

#include "import/draft.h"
#include "import/stix/pattern.h"

struct stix_meaning {
    struct arena *arena;
    const struct indicator_sink *sink;
    struct indicator about; /* what is said of all that comes of the pattern */
    struct view title, description;
    const struct view *tags;
    size_t tag_count;
    unsigned parts;   /* rules made so far: they are numbered */
    bool is_choice;   /* the parts of an OR are taken or left out each by itself */
    struct view part; /* the one at hand; empty: the whole pattern */
};

void stix_meaning_give(struct stix_meaning *m, const struct stix_node *root);

/* One test of a comparison as a key and its values. */
const char *stix_selection(struct arena *arena, const struct stix_test *test, const char *service,
                           struct draft_selection *out);
/* Whether `service` has what the test asks for; NULL `service`: whether any has. */
bool stix_has(const struct stix_test *test, const char *service);
/* The kind of indicator that an equality with the property is. */
enum indicator_kind stix_kind_of(const struct stix_test *test);
/* Why nothing shows it. */
const char *stix_reason(const struct stix_test *test);

#endif
