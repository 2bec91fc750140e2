/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: parts of a condition that exclude each other.
 *
 * Exclusive   a field that has one value at most is asked for two: different whole values, numbers of which none keeps both
 *             bounds, ranges of addresses apart from each other. Only what an AND joins directly is compared.
 * Cost        of what is joined the first COMPARED_MAX parts.
 */
#include "lint/implied.h"
#include "lint/lint.h"

enum { COMPARED_MAX = 64 };

/* One value at most, and that one compared as a whole. */
static bool is_single(const struct predicate *p)
{
    if (p->field == FIELD_NONE || p->is_negated || p->header_name.len > 0 || p->offsets.from != 0 ||
        p->offsets.to != SIZE_MAX || p->offsets.is_exact)
        return false;
    return p->of == OF_COUNT || (field_get(p->field)->flags & (FIELD_MULTI | FIELD_STREAMING)) == 0;
}

static bool are_apart(const struct predicate *x, const struct predicate *y)
{
    int64_t x_least, x_most, y_least, y_most;

    number_bounds(x, &x_least, &x_most);
    number_bounds(y, &y_least, &y_most);
    return x_most < y_least || y_most < x_least;
}

static bool is_whole_value(const struct predicate *p)
{
    return p->piece_count == 1 && p->pieces[0].kind == GLOB_LITERAL;
}

/* Both of one field, one operation, one measure. */
static bool exclude(const struct predicate *x, const struct predicate *y)
{
    if (x->op == MATCH_NUMBER)
        return are_apart(x, y);
    if (x->op == MATCH_GLOB && is_whole_value(x) && is_whole_value(y))
        return !view_equal_fold(x->pieces[0].bytes, y->pieces[0].bytes);
    if (x->op == MATCH_PREFIX && field_get(x->field)->type == TYPE_IP) {
        unsigned bits = x->prefix_bits < y->prefix_bits ? x->prefix_bits : y->prefix_bits;
        return !address_in_prefix(&x->address, &y->address, bits);
    }
    return false;
}

static bool lint_pair(struct lint *lint, const struct predicate *x, const struct predicate *y)
{
    if (!predicates_ask_alike(x, y) || x->op != y->op || x->of != y->of || !is_single(x) ||
        !is_single(y) || !exclude(x, y))
        return false;
    diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "never-matches", y->place,
                    "let one of them be enough, or take one out",
                    "`%s` and `%s` never hold together: `%s` has one value", x->text, y->text,
                    field_get(x->field)->name);
    return true;
}

static void lint_exclusive(struct lint *lint, const struct node *node, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t before = 0; before < i; before++) {
            const struct node *x = node->children[before], *y = node->children[i];
            if (x->kind == NODE_PREDICATE && y->kind == NODE_PREDICATE &&
                lint_pair(lint, x->predicate, y->predicate))
                return; /* one message is enough: the rest follows from it */
        }
    }
}

void lint_contradictions(struct lint *lint, const struct node *node)
{
    size_t count = node->count < COMPARED_MAX ? node->count : COMPARED_MAX;

    if (node->kind == NODE_AND)
        lint_exclusive(lint, node, count);
    for (size_t i = 0; i < node->count; i++)
        lint_contradictions(lint, node->children[i]);
}
