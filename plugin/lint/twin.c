/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: rules that ask the same (twins), and rules that ask all that another asks and more (shadows).
 *
 * Idea       a condition becomes a digest that does not depend on the order of what it joins; the digests of what an
 *            AND joins stand for the rule. Equal rows of digests are twins. A rule is in the shadow of another of its
 *            event, direction, ports and level when its row holds all of the other's: both alert on the same events.
 * Cost       rules are found by the rarest of their digests, so a rule meets only those that can shadow it; of those
 *            that share one, the first COMPARED_MAX.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "lint/digest.h"
#include "lint/lint.h"

enum { COMPARED_MAX = 256 };

/* A rule as what it joins. A rule that changes marks, or says nothing, makes no other one needless. */
struct row {
    const struct rule *rule;
    struct digest scope; /* event, direction, ports */
    struct digest *parts;
    size_t count;
    struct digest rarest;
};

static struct row row_of(struct lint *lint, const struct rule *rule)
{
    const struct node *root = rule->condition;
    struct row row = {.rule = rule};
    struct view ports = view_make(rule->ports, rule->port_count * sizeof(*rule->ports));

    row.scope = digest_of(ports, (uint64_t)rule->event << 8 | (uint64_t)rule->direction);
    if (rule->mark_count > 0) /* whatever else it is for, it is not there for the alert alone */
        row.scope.b ^= hash_mix((uint64_t)(uintptr_t)rule);
    row.parts = arena_array(lint->arena, root->count + 1, sizeof(*row.parts));
    if (root->kind == NODE_AND) {
        row.count = child_digests(root, row.parts);
    } else {
        row.parts[0] = node_digest(root);
        row.count = 1;
    }
    return row;
}

/* ---- finding -------------------------------------------------------------------------------------------- */

/* All parts of all rules in order, for counting how common each is. */
struct parts {
    struct digest *items;
    size_t count;
};

static size_t first_at_least(const struct parts *all, const struct digest *wanted)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_digests(&all->items[middle], wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t how_common(const struct parts *all, const struct digest *part)
{
    const struct digest next = {part->a + (part->b == UINT64_MAX), part->b + 1};

    return first_at_least(all, &next) - first_at_least(all, part);
}

static void find_rarest(struct lint *lint, struct row *rows, size_t count)
{
    struct parts all = {.count = 0};
    size_t most = 0;

    for (size_t i = 0; i < count; i++)
        most += rows[i].count;
    all.items = arena_array(lint->arena, most + 1, sizeof(*all.items));
    for (size_t i = 0; i < count; i++) {
        for (size_t p = 0; p < rows[i].count; p++)
            all.items[all.count++] = rows[i].parts[p];
    }
    if (all.count > 1)
        qsort(all.items, all.count, sizeof(*all.items), compare_digests);
    for (size_t i = 0; i < count; i++) {
        size_t least = SIZE_MAX;
        for (size_t p = 0; p < rows[i].count; p++) {
            size_t common = how_common(&all, &rows[i].parts[p]);
            if (common < least) {
                least = common;
                rows[i].rarest = rows[i].parts[p];
            }
        }
    }
}

/* By their rarest part; in the order of the files where it is the same. */
static int compare_rows(const void *left, const void *right)
{
    const struct row *x = *(const struct row *const *)left, *y = *(const struct row *const *)right;
    int order = compare_digests(&x->rarest, &y->rarest);
    return order != 0 ? order : x < y ? -1 : x > y;
}

static bool holds_all(const struct row *more, const struct row *less)
{
    size_t at = 0;
    for (size_t i = 0; i < less->count; i++) {
        while (at < more->count && compare_digests(&more->parts[at], &less->parts[i]) < 0)
            at++;
        if (at == more->count || compare_digests(&more->parts[at], &less->parts[i]) != 0)
            return false;
    }
    return true;
}

/* Tells and returns true when `other` asks the same as `row`, or less. */
static bool tell(struct lint *lint, const struct row *row, const struct row *other)
{
    const struct rule *rule = row->rule, *twin = other->rule;
    bool is_same = other->count == row->count && other < row;

    if (other == row || twin->is_silent || compare_digests(&row->scope, &other->scope) != 0 ||
        (!is_same && (other->count >= row->count || twin->level != rule->level)) ||
        !holds_all(row, other))
        return false;
    const char *title = text_shown(lint->arena, view_from_string(twin->title));
    if (is_same)
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "duplicate-rule", rule->place,
                        "remove one of them",
                        "the rule asks the same of the same event as `%s` in %s, line %u", title,
                        twin->place.file, twin->place.line);
    else
        diagnostics_add(lint->diagnostics, SEVERITY_NOTE, "shadowed-rule", rule->place,
                        "remove it, or give it a higher level",
                        "whatever this rule matches, `%s` in %s, line %u matches, too", title,
                        twin->place.file, twin->place.line);
    return true;
}

static void compare_with_others(struct lint *lint, const struct row *row,
                                const struct row *const *sorted, size_t count)
{
    for (size_t p = 0; p < row->count; p++) {
        size_t low = 0, high = count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (compare_digests(&sorted[middle]->rarest, &row->parts[p]) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        for (size_t i = low; i < count && i < low + COMPARED_MAX; i++) {
            if (compare_digests(&sorted[i]->rarest, &row->parts[p]) != 0)
                break;
            if (tell(lint, row, sorted[i]))
                return;
        }
    }
}

void lint_twins(struct lint *lint)
{
    size_t count = lint->rules->count;
    struct row *rows = arena_array(lint->arena, count + 1, sizeof(*rows));
    const struct row **sorted = arena_array(lint->arena, count + 1, sizeof(struct row *));

    for (size_t i = 0; i < count; i++) {
        rows[i] = row_of(lint, lint->rules->items[i]);
        sorted[i] = &rows[i];
    }
    find_rarest(lint, rows, count);
    if (count > 1)
        qsort(sorted, count, sizeof(struct row *), compare_rows);
    for (size_t i = 0; i < count; i++)
        compare_with_others(lint, &rows[i], sorted, count);
}
