/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys by which rules that may stand in each other's shadow find each other.
 *
 * Idea       a wide condition is filed under few keys, a narrow one is looked for under many: whenever predicate_implies()
 *            says that one predicate implies another, the key of the wide one is among those of the narrow one.
 *              text       wide: four of its bytes in a row (all, when it has fewer); narrow: all such rows
 *              whole      wide and narrow: the value
 *              domains    wide: the name; narrow: the name, and each name that it lies under
 *              addresses  wide: its range; narrow: the ranges of all lengths that are asked for
 *              numbers    wide: that a range of this field is asked for, or its one number; narrow: both
 *              exists     wide: the field; narrow: any question to the field
 *              lists      wide: the list; narrow: the lists in which it stands (of the first LISTS_MAX)
 *              others     wide and narrow: their digest; so what is denied, which is filed when there is nothing else
 *            Of its rows of four bytes a wide text takes the one that the fewest narrow ones have, and of what an AND
 *            joins it takes one part; so how often each key is looked for has to be known before one is filed.
 */
#ifndef SHRIKE_LINT_SHADOW_KEY_H
#define SHRIKE_LINT_SHADOW_KEY_H

#include "lint/member.h"

/* Keys in an array that grows; more than `most` are left out. */
struct keys {
    uint64_t *items;
    size_t count, capacity, most;
};

void keys_clear(struct keys *keys);

enum { LISTS_MAX = 64 };

/* What is asked for by any rule at all: narrow conditions make no other keys. */
struct key_plan {
    uint8_t rows[FIELD_COUNT + 1]; /* bit n: rows of n bytes */
    bool has_domain[FIELD_COUNT + 1], has_exists[FIELD_COUNT + 1];
    bool has_prefix[129];
    struct {
        enum field_id field;
        const struct list *list;
    } lists[LISTS_MAX];
    size_t list_count;
    struct members *members;
    uint32_t *asked; /* how often each key is looked for, by some of its bits */
    unsigned asked_bits;
};

/* Adds what the condition may be filed under. */
void key_plan_add(struct key_plan *plan, const struct node *wide);
/* All that the rule is looked for under. */
void narrow_keys(const struct key_plan *plan, const struct rule *rule, struct keys *out);
/* How often one of the keys was counted. */
uint32_t *key_asked(const struct key_plan *plan, uint64_t key);
/* What the rule is filed under; false when it cannot be filed. */
bool wide_keys(const struct key_plan *plan, const struct rule *rule, struct keys *out);

#endif
