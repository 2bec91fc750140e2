/* SPDX-License-Identifier: BSD-3-Clause */
/* Question: what a key of a selection asks: a field, its modifiers, and where in the value to look. */
#ifndef SHRIKE_VALUE_QUESTION_H
#define SHRIKE_VALUE_QUESTION_H

#include "rule/loader.h"

enum modifier {
#define MODIFIER(id, name, class) MODIFIER_##id,
#include "value/modifier.def"
#undef MODIFIER
    MODIFIER_COUNT_OF
};

enum { ENCODINGS_MAX = 4 };

struct question {
    enum field_id field;     /* FIELD_NONE: a keyword */
    struct view header_name; /* http.header.NAME */
    uint64_t modifiers;      /* a bit each; of transforms none */
    uint32_t transforms;     /* transform_list (fields/transform.h): ahead of all questions */
    enum modifier encodings[ENCODINGS_MAX];
    size_t encoding_count;
    struct offsets offsets;
    struct confidence_range confidence; /* of the list entry that `expand` hits */
    const char *before, *after; /* what the author wrote around the value, for explanations */
    struct place place;
};

static inline bool question_has(const struct question *q, enum modifier modifier)
{
    return (q->modifiers >> (unsigned)modifier & 1) != 0;
}

/* Reads `field|modifier|...` in the event of the rule being read; `label` stands for the field of
 * keywords. False when it was refused or is wrong. */
bool question_parse(struct loader *l, const struct yaml_node *key, const char *label,
                    struct question *q);
/* A keyword without key. */
struct question question_keyword(struct loader *l, struct place place, const char *label);
/* Reads `{hex: "16 03 01", at: 0}`: modifiers, offsets and confidence are added to those of the key; `value` receives
 * the node that holds the value. */
bool question_parse_map(struct loader *l, const struct yaml_node *map, struct question *q,
                        const struct yaml_node **value);

#endif
