/* SPDX-License-Identifier: BSD-3-Clause */
/* Implied: conditions are compared part by part.
 *
 * Idea       an AND implies what one of its parts implies, an OR what all of them do; to imply an AND is to imply all of
 *            its parts, to imply an OR at least one. A NOT turns both conditions and their places round, so it is
 *            carried along as a sign. What remains are two predicates on one field:
 *              text       the narrower one's pattern holds the wider one's (lint/pattern.h)
 *              domains    a name under the name
 *              addresses  a range within the range
 *              numbers    bounds within the bounds
 *              exists     whatever has a value
 *              lists      what stands in them (lint/member.h)
 *            All else (expressions, sequences, other fields) implies what is the same to the last bit.
 * Unsure     values are never looked at together: `a` and `b` never imply what only both of them do.
 */
#include "lint/implied.h"

#include "lint/digest.h"
#include "lint/pattern.h"

void number_bounds(const struct predicate *p, int64_t *least, int64_t *most)
{
    *least = INT64_MIN;
    *most = INT64_MAX;
    switch (p->compare) {
    case COMPARE_EQ:
        *least = *most = p->number;
        break;
    case COMPARE_LT:
        *most = p->number > INT64_MIN ? p->number - 1 : INT64_MIN;
        break;
    case COMPARE_LTE:
        *most = p->number;
        break;
    case COMPARE_GT:
        *least = p->number < INT64_MAX ? p->number + 1 : INT64_MAX;
        break;
    case COMPARE_GTE:
        *least = p->number;
        break;
    }
}

bool predicate_is_negative(const struct predicate *p)
{
    return p->is_negated != (p->op == MATCH_EXISTS && !p->wanted);
}

bool predicates_ask_alike(const struct predicate *x, const struct predicate *y)
{
    return x->field == y->field && x->transforms == y->transforms &&
           view_equal_fold(x->header_name, y->header_name);
}

static bool is_same(const struct predicate *x, const struct predicate *y)
{
    if (x->op != y->op || x->of != y->of || x->bytes.len != y->bytes.len ||
        x->step_count != y->step_count || x->list != y->list)
        return false;
    const struct digest left = question_digest(x), right = question_digest(y);
    return compare_digests(&left, &right) == 0;
}

static bool number_implies(const struct predicate *narrow, const struct predicate *wide)
{
    int64_t least, most, wide_least, wide_most;

    if (narrow->op != MATCH_NUMBER || narrow->of != wide->of)
        return false;
    number_bounds(narrow, &least, &most);
    number_bounds(wide, &wide_least, &wide_most);
    return wide_least <= least && most <= wide_most;
}

static bool range_implies(const struct predicate *narrow, const struct predicate *wide)
{
    return narrow->op == MATCH_PREFIX && narrow->prefix_bits >= wide->prefix_bits &&
           address_in_prefix(&narrow->address, &wide->address, wide->prefix_bits);
}

/* There is a value when one of them fits; how many there are is another question. */
static bool has_value(const struct predicate *narrow)
{
    return narrow->field != FIELD_NONE && narrow->op != MATCH_MARK && narrow->of != OF_COUNT &&
           (field_get(narrow->field)->flags & FIELD_STREAMING) == 0;
}

static bool is_below(struct view name, struct view domain)
{
    return view_ends_fold(name, domain) &&
           (name.len == domain.len || name.data[name.len - domain.len - 1] == '.');
}

static bool domain_implied(const struct predicate *narrow, const struct predicate *wide)
{
    struct pattern pattern;

    if (narrow->op == MATCH_DOMAIN)
        return is_below(narrow->bytes, wide->bytes);
    return pattern_of(narrow, &pattern) && pattern_is_under(&pattern, wide->bytes);
}

/* One step of a sequence is enough. */
static bool text_implied(const struct predicate *narrow, const struct predicate *wide)
{
    struct pattern less, more;

    if (!pattern_of(wide, &less))
        return false;
    if (narrow->op != MATCH_SEQUENCE)
        return pattern_of(narrow, &more) && pattern_implies(&more, &less);
    for (size_t i = 0; i < narrow->step_count; i++) {
        if (pattern_of_step(&narrow->steps[i], &more) && pattern_implies(&more, &less))
            return true;
    }
    return false;
}

/* Members of any confidence are members. */
static bool list_implied(const struct predicate *narrow, const struct predicate *wide,
                         struct members *members)
{
    const struct confidence_range *n = &narrow->confidence, *w = &wide->confidence;

    if (narrow->op != MATCH_LIST)
        return !w->is_asked && members_hold(members, wide->list, narrow);
    return narrow->list == wide->list &&
           (!w->is_asked || (n->is_asked && n->from >= w->from && n->to <= w->to));
}

bool predicate_implies(const struct predicate *narrow, const struct predicate *wide,
                       struct members *members)
{
    if (!predicates_ask_alike(narrow, wide))
        return false;
    switch (wide->op) {
    case MATCH_GLOB:
    case MATCH_HEX:
        return text_implied(narrow, wide) || is_same(narrow, wide);
    case MATCH_DOMAIN:
        return domain_implied(narrow, wide);
    case MATCH_PREFIX:
        return range_implies(narrow, wide);
    case MATCH_NUMBER:
        return number_implies(narrow, wide);
    case MATCH_EXISTS:
        return narrow->op == MATCH_EXISTS || has_value(narrow);
    case MATCH_LIST:
        return list_implied(narrow, wide, members);
    case MATCH_REGEX:
    case MATCH_FIELD:
    case MATCH_SEQUENCE:
    case MATCH_MARK:
        return is_same(narrow, wide);
    }
    return false;
}

/* ---- conditions ------------------------------------------------------------------------------------------- */

/* `not (a or b)` is an AND of `not a` and `not b`. */
static struct claim claim_of(const struct node *node, bool is_negated)
{
    while (node->kind == NODE_NOT) {
        node = node->children[0];
        is_negated = !is_negated;
    }
    return (struct claim){node, is_negated};
}

static bool claim_joins(struct claim claim, enum node_kind kind)
{
    enum node_kind other = kind == NODE_AND ? NODE_OR : NODE_AND;
    return claim.node->kind == (claim.is_negated ? other : kind);
}

static bool is_constant(struct claim claim, bool wanted)
{
    return claim.node->kind == ((wanted != claim.is_negated) ? NODE_TRUE : NODE_FALSE);
}

static bool implies(struct claim narrow, struct claim wide, struct means *means);

/* Does each child of `claim` (when `is_all`; else one of them) imply `other`, or follow from it? */
static bool children_imply(struct claim claim, bool is_all, bool is_wide, struct claim other,
                           struct means *means)
{
    for (size_t i = 0; i < claim.node->count; i++) {
        struct claim child = claim_of(claim.node->children[i], claim.is_negated);
        if (means->budget == 0)
            return false;
        bool holds = is_wide ? implies(other, child, means) : implies(child, other, means);
        if (holds != is_all)
            return holds;
    }
    return is_all;
}

static bool leaf_implies(struct claim narrow, struct claim wide, struct means *means)
{
    const struct predicate *n = narrow.node->predicate, *w = wide.node->predicate;

    if (means->budget == 0)
        return false;
    means->budget--;
    bool is_negative = predicate_is_negative(n) != narrow.is_negated;
    if (is_negative != (predicate_is_negative(w) != wide.is_negated))
        return false;
    return is_negative ? predicate_implies(w, n, means->members)
                       : predicate_implies(n, w, means->members);
}

/* What has to hold of all children is taken apart first; then one child each is tried, of the wider one before those
 * of the narrower. */
static bool implies(struct claim narrow, struct claim wide, struct means *means)
{
    if (is_constant(wide, true) || is_constant(narrow, false))
        return true;
    if (claim_joins(wide, NODE_AND))
        return children_imply(wide, true, true, narrow, means);
    if (claim_joins(narrow, NODE_OR))
        return children_imply(narrow, true, false, wide, means);
    if (claim_joins(wide, NODE_OR) && children_imply(wide, false, true, narrow, means))
        return true;
    if (claim_joins(narrow, NODE_AND))
        return children_imply(narrow, false, false, wide, means);
    return narrow.node->kind == NODE_PREDICATE && wide.node->kind == NODE_PREDICATE &&
           leaf_implies(narrow, wide, means);
}

bool claim_implies(struct claim narrow, struct claim wide, struct means *means)
{
    return implies(claim_of(narrow.node, narrow.is_negated), claim_of(wide.node, wide.is_negated),
                   means);
}

bool condition_implies(const struct node *narrow, const struct node *wide, struct means *means)
{
    return implies(claim_of(narrow, false), claim_of(wide, false), means);
}
