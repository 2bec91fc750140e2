/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: conditions that hold of everything or of nothing, whatever their selections ask.
 *
 * Opposite   `a and not a` never holds, `a or not a` always does. A selection that a condition names twice is one node
 *            (rule/tree.h), and what an AND joins was taken in by the AND around it; so a NOT is compared by address
 *            with its brothers, and where it denies several at once, each of these is.
 * Filters    one that holds of everything silences all the rules that it applies to.
 */
#include "lint/lint.h"

static bool is_among(const struct node *node, const struct node *wanted)
{
    for (size_t i = 0; i < node->count; i++) {
        if (node->children[i] == wanted)
            return true;
    }
    return false;
}

/* In an AND: `denied` holds whenever its brothers do. In an OR: whenever none of them does. A node of the kind of `node`
 * was taken in by it, so all its children have to stand there; of the other kind one is enough. */
static bool is_opposite(const struct node *node, const struct node *denied)
{
    size_t found = 0;

    if (is_among(node, denied))
        return true;
    if (denied->kind != NODE_AND && denied->kind != NODE_OR)
        return false;
    for (size_t i = 0; i < denied->count; i++)
        found += is_among(node, denied->children[i]);
    return denied->kind == node->kind ? found == denied->count : found > 0;
}

/* The first predicate below, for its place. */
static const struct predicate *first_of(const struct node *node)
{
    const struct predicate *found = node->kind == NODE_PREDICATE ? node->predicate : NULL;

    for (size_t i = 0; found == NULL && i < node->count; i++)
        found = first_of(node->children[i]);
    return found;
}

void lint_opposite(struct lint *lint, const struct node *node)
{
    bool is_and = node->kind == NODE_AND;

    if (!is_and && node->kind != NODE_OR)
        return;
    for (size_t i = 0; i < node->count; i++) {
        const struct node *child = node->children[i];
        if (child->kind != NODE_NOT || !is_opposite(node, child->children[0]))
            continue;
        const struct predicate *p = first_of(child);
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING,
                        is_and ? "never-matches" : "matches-everything",
                        p != NULL ? p->place : lint->rule->place, NULL,
                        is_and ? "the condition asks for this and for its opposite: it never holds"
                               : "the condition is content with this and with its opposite: it "
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
