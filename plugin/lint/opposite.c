/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: conditions that hold of everything or of nothing, whatever their selections ask.
 *
 * Opposite   `a and not a` never holds, `a or not a` always does. So does `a and not b` when b holds wherever a does, and
 *            `b or not a`: what a NOT (or `neq`) denies is held against its brothers (lint/implied.h).
 * Filters    one that holds of everything silences all the rules that it applies to.
 */
#include "lint/implied.h"
#include "lint/lint.h"

enum { COMPARED_MAX = 10000 }; /* predicates, for one node */

static bool is_denial(const struct node *node)
{
    return node->kind == NODE_NOT ||
           (node->kind == NODE_PREDICATE && predicate_is_negative(node->predicate));
}

/* Does an AND ask for what its child `denial` denies, or is an OR content with that? */
static bool is_opposite(const struct node *node, const struct node *denial, struct means *means)
{
    const struct claim all = {node, false}, denied = {denial, true};

    return node->kind == NODE_AND ? claim_implies(all, denied, means)
                                  : claim_implies(denied, all, means);
}

/* The first predicate below, for its place. */
static const struct predicate *first_of(const struct node *node)
{
    const struct predicate *found = node->kind == NODE_PREDICATE ? node->predicate : NULL;

    for (size_t i = 0; found == NULL && i < node->count; i++)
        found = first_of(node->children[i]);
    return found;
}

/* Of several things that are denied at once, each of which is enough, the one that it is. */
static const struct node *culprit(const struct node *node, const struct node *denial,
                                  struct means *means)
{
    const struct node *denied = denial->kind == NODE_NOT ? denial->children[0] : denial;
    const struct claim all = {node, false};

    for (size_t i = 0; denied->kind == NODE_OR && i < denied->count; i++) {
        if (claim_implies(all, (struct claim){denied->children[i], false}, means))
            return denied->children[i];
    }
    return denied;
}

void lint_opposite(struct lint *lint, const struct node *node)
{
    bool is_and = node->kind == NODE_AND;
    struct means means = {.budget = COMPARED_MAX};

    if (!is_and && node->kind != NODE_OR)
        return;
    for (size_t i = 0; i < node->count && means.budget > 0; i++) {
        const struct node *child = node->children[i];
        if (!is_denial(child) || !is_opposite(node, child, &means))
            continue;
        const struct predicate *p = first_of(is_and ? culprit(node, child, &means) : child);
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING,
                        is_and ? "never-matches" : "matches-everything",
                        p != NULL ? p->place : lint->rule->place, NULL,
                        is_and ? "the condition asks for what it denies here: it never holds"
                               : "the condition is content with what it denies here, too: it "
                                 "always holds");
        return;
    }
}

/* What every event has: flows have two addresses and a protocol. */
static bool holds_always(const struct node *node)
{
    const struct predicate *p = node->predicate;
    bool is_all = node->count > 0;

    switch (node->kind) {
    case NODE_TRUE:
        return true;
    case NODE_PREDICATE:
        return p->op == MATCH_EXISTS && p->wanted && !p->is_negated &&
               (p->field == FIELD_SRC_IP || p->field == FIELD_DST_IP || p->field == FIELD_PROTO ||
                p->field == FIELD_FLOW_START);
    case NODE_AND:
        for (size_t i = 0; i < node->count; i++)
            is_all &= holds_always(node->children[i]);
        return is_all;
    case NODE_OR:
        for (size_t i = 0; i < node->count; i++) {
            if (holds_always(node->children[i]))
                return true;
        }
        return false;
    case NODE_NOT:
    case NODE_FALSE:
        break;
    }
    return false;
}

void lint_everything(struct lint *lint)
{
    if (holds_always(lint->rule->condition))
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "matches-everything",
                        lint->rule->place, "ask for what tells these events from others",
                        "the condition holds of every event that the rule looks at");
}

void lint_filters(struct lint *lint)
{
    for (size_t i = 0; i < lint->rules->filter_count; i++) {
        const struct rule *what = lint->rules->filters[i]->what;
        if (holds_always(what->condition))
            diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "matches-everything", what->place,
                            "say which events are not to be heard of",
                            "the filter `%s` silences every alert of the rules it applies to",
                            what->title);
    }
}
