/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: rules that ask the same (twins). A condition becomes a digest that does not depend on the order of what it joins;
 * rules of one event, direction, ports and suppression, and silenced by the same filters, with equal digests are twins. */
#include <stdlib.h>

#include "base/hash.h"
#include "lint/digest.h"
#include "lint/lint.h"

/* A rule that changes marks has a scope of its own: whatever else it is for, it is not there for the alert alone. */
struct row {
    const struct rule *rule;
    struct digest scope, condition;
    size_t number; /* in the order of the files */
};

static struct digest scope_of(const struct rule *rule)
{
    struct view ports = view_make(rule->ports, rule->port_count * sizeof(*rule->ports));
    struct digest scope = digest_of(ports, (uint64_t)rule->event << 8 | (uint64_t)rule->direction);
    uint64_t suppressed = (uint64_t)rule->suppress_us;

    if (rule->suppress_us != 0) {
        suppressed = hash_mix(suppressed ^ (uint64_t)rule->suppress_number << 8 ^
                              (uint64_t)rule->suppress_kind);
        for (size_t i = 0; i < rule->suppress_by_count; i++)
            suppressed = hash_mix(suppressed ^ (uint64_t)rule->suppress_by[i]);
    }
    scope.a ^= suppressed;
    for (size_t i = 0; i < rule->filter_count; i++)
        scope.a = hash_mix(scope.a ^ (uint64_t)(uintptr_t)rule->filters[i]);
    if (rule->mark_count > 0)
        scope.b ^= hash_mix((uint64_t)(uintptr_t)rule);
    return scope;
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *x = left, *y = right;
    int order = compare_digests(&x->condition, &y->condition);

    if (order == 0)
        order = compare_digests(&x->scope, &y->scope);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static bool are_twins(const struct row *x, const struct row *y)
{
    return compare_digests(&x->condition, &y->condition) == 0 &&
           compare_digests(&x->scope, &y->scope) == 0;
}

static void tell(struct lint *lint, const struct row *row, const struct rule *twin)
{
    lint->is_twin[row->number] = true;
    diagnostics_add(
        lint->diagnostics, SEVERITY_WARNING, "duplicate-rule", row->rule->place,
        "remove one of them", "the rule asks the same of the same event as `%s` in %s, line %u",
        text_shown(lint->arena, view_from_string(twin->title)), twin->place.file, twin->place.line);
}

/* Of rows that are in order: the first twin that says something stays, those behind it are told. */
void lint_twins(struct lint *lint)
{
    size_t count = lint->rules->count;
    struct row *rows = arena_array(lint->arena, count + 1, sizeof(*rows));
    const struct row *kept = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct rule *rule = lint->rules->items[i];
        rows[i] = (struct row){rule, scope_of(rule), node_digest(rule->condition), i};
    }
    if (count > 1)
        qsort(rows, count, sizeof(*rows), compare_rows);
    for (size_t i = 0; i < count; i++) {
        if (kept != NULL && are_twins(kept, &rows[i]))
            tell(lint, &rows[i], kept->rule);
        else
            kept = rows[i].rule->is_silent ? NULL : &rows[i];
    }
}
