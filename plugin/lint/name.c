/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: indicators that are names of many.
 *
 * The commonest false alarm of indicator feeds is a name that an attacker used and everybody else uses, too. So a
 * domain counts when the rule rests on it: on it alone, or on it among alternatives. What is asked besides it (`and`)
 * may well make it a good rule, and is not told; nor are rules of the levels low and informational, which watch
 * rather than accuse. Of a list the first names are shown, and how many there are.
 */
#include <string.h>

#include "lint/lint.h"
#include "lint/shared_name.h"
#include "rule/list.h"

enum { SHOWN_MAX = 3 };

static const enum field_id NAME_FIELDS[] = {
    FIELD_HTTP_HOST,     FIELD_HTTP_HOST_RAW,  FIELD_DNS_QUERY,
    FIELD_DNS_QUERY_RAW, FIELD_DNS_CNAME,      FIELD_TLS_SNI,
    FIELD_FLOW_TLS_SNI,  FIELD_FLOW_HTTP_HOST, FIELD_FLOW_DNS_QUERY};

static bool holds_names(enum field_id field)
{
    for (size_t i = 0; i < sizeof(NAME_FIELDS) / sizeof(NAME_FIELDS[0]); i++) {
        if (NAME_FIELDS[i] == field)
            return true;
    }
    return false;
}

static const char HELP[] =
    "ask for something else as well: the path, the full name, what comes back";

static void check_predicate(struct lint *lint, const struct predicate *p)
{
    const char *what = NULL;
    struct view name = p->bytes;

    if (p->is_negated || p->of != OF_VALUE)
        return;
    if (p->op == MATCH_DOMAIN) {
        what = shared_name(name);
    } else if (p->op == MATCH_GLOB && holds_names(p->field) && p->piece_count > 0 &&
               p->pieces[p->piece_count - 1].kind == GLOB_LITERAL) {
        name = p->pieces[p->piece_count - 1].bytes;
        bool is_under = p->piece_count == 2 && p->pieces[0].kind == GLOB_ANY;
        if (is_under && name.len > 0 && name.data[0] == '.')
            what = shared_name(name = view_skip(name, 1));
        else if (p->piece_count == 1)
            what = shared_name(name);
    }
    if (what != NULL)
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "shared-name", p->place, HELP,
                        "the rule rests on `%.*s`, which is %s", (int)name.len,
                        (const char *)name.data, what);
}

/* Many rules may rest on one list. */
static bool is_first(struct lint *lint, const struct list *list)
{
    size_t at = 0;

    while (at < lint->rules->list_count && lint->rules->lists[at] != list)
        at++;
    bool was_told = lint->told_lists[at];
    lint->told_lists[at] = true;
    return !was_told;
}

static void check_list(struct lint *lint, const struct predicate *p)
{
    const struct list *list = p->list;
    const char *shown = "";
    size_t count = 0;

    if (p->is_negated || list->type != LIST_DOMAIN || !is_first(lint, list))
        return;
    for (size_t i = 0; i < list->count; i++) {
        struct view name = list_key(list, i);
        const char *what = shared_name(name);
        if (what != NULL && count++ < SHOWN_MAX)
            shown = arena_format(lint->arena, "%s%s`%.*s` (%s)", shown, shown[0] ? ", " : "",
                                 (int)name.len, (const char *)name.data, what);
    }
    if (count > 0)
        diagnostics_add(
            lint->diagnostics, SEVERITY_WARNING, "shared-name", list->place,
            "take them out, or ask for something else as well",
            "a rule rests on the list `%s`, which holds %s%s", list->name, shown,
            count > SHOWN_MAX ? arena_format(lint->arena, " and %zu more", count - SHOWN_MAX) : "");
}

/* What the condition is true by alone. */
static void walk(struct lint *lint, const struct node *node)
{
    if (node->kind == NODE_PREDICATE && node->predicate->op == MATCH_LIST)
        check_list(lint, node->predicate);
    else if (node->kind == NODE_PREDICATE)
        check_predicate(lint, node->predicate);
    else if (node->kind == NODE_OR) {
        for (size_t i = 0; i < node->count; i++)
            walk(lint, node->children[i]);
    }
}

void lint_names(struct lint *lint)
{
    if (lint->rule->level >= LEVEL_MEDIUM)
        walk(lint, lint->rule->condition);
}
