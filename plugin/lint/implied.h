/* SPDX-License-Identifier: BSD-3-Clause */
/* Implied: does one condition hold whenever another does? */
#ifndef SHRIKE_LINT_IMPLIED_H
#define SHRIKE_LINT_IMPLIED_H

#include "lint/member.h"

/* The numbers that a comparison holds of: from *least to *most, both included. */
void number_bounds(const struct predicate *p, int64_t *least, int64_t *most);
/* `neq` and `exists: false` are the opposite of a question that asks for something. */
bool predicate_is_negative(const struct predicate *p);
/* A question to the same field, or the same header. */
bool predicates_ask_alike(const struct predicate *x, const struct predicate *y);
/* Whenever a value fits `narrow`, one fits `wide`; both taken without their negation. `members` may be NULL: nothing is
 * looked up in lists. */
bool predicate_implies(const struct predicate *narrow, const struct predicate *wide,
                       struct members *members);
/* A condition or its opposite. */
struct claim {
    const struct node *node;
    bool is_negated;
};

/* What a proof may use. */
struct means {
    size_t budget; /* predicates that may still be compared */
    struct members *members;
};

/* True is a proof: whatever event `narrow` holds of, `wide` holds of it. False says nothing: there is none that is looked
 * for, or the budget ran out. */
bool claim_implies(struct claim narrow, struct claim wide, struct means *means);
bool condition_implies(const struct node *narrow, const struct node *wide, struct means *means);

#endif
