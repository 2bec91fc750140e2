/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: marks that a rule asks for and no rule sets, or that rules set and none asks for. Each name is told once, at its first
 * place: a misspelt name makes both. */
#include <stdlib.h>

#include "base/memory.h"
#include "lint/lint.h"
#include "rule/loader.h"

/* A place where a mark is named. */
struct use {
    struct view name;
    struct place place;
    bool is_set, is_read;
    size_t number; /* in the order of the files */
};

struct uses {
    struct use *items;
    size_t count, capacity;
};

static void add_use(struct uses *uses, struct use use)
{
    if (uses->count == uses->capacity) {
        uses->capacity = uses->capacity ? uses->capacity * 2 : 64;
        uses->items = memory_resize(uses->items, uses->capacity, sizeof(*uses->items));
    }
    use.number = uses->count;
    uses->items[uses->count++] = use;
}

static void add_reads(struct uses *uses, const struct node *node)
{
    if (node->kind == NODE_PREDICATE && node->predicate->op == MATCH_MARK)
        add_use(uses, (struct use){.name = node->predicate->bytes,
                                   .place = node->predicate->place,
                                   .is_read = true});
    for (size_t i = 0; i < node->count; i++)
        add_reads(uses, node->children[i]);
}

/* Who only clears a mark neither sets it nor asks for it. */
static void add_changes(struct uses *uses, const struct rule *rule)
{
    for (size_t i = 0; i < rule->mark_count; i++)
        add_use(uses, (struct use){.name = rule->marks[i].name,
                                   .place = rule->marks[i].place,
                                   .is_set = rule->marks[i].act != MARK_CLEAR});
}

static int compare_uses(const void *left, const void *right)
{
    const struct use *x = left, *y = right;
    int order = view_compare(x->name, y->name);
    return order != 0 ? order : (x->number > y->number) - (x->number < y->number);
}

static int compare_numbers(const void *left, const void *right)
{
    const struct use *x = left, *y = right;
    return (x->number > y->number) - (x->number < y->number);
}

/* Of each name its first use, that says what all are. */
static void join(struct uses *uses)
{
    size_t kept = 0;

    if (uses->count > 1)
        qsort(uses->items, uses->count, sizeof(*uses->items), compare_uses);
    for (size_t i = 0; i < uses->count; i++) {
        struct use *last = kept > 0 ? &uses->items[kept - 1] : NULL;
        if (last == NULL || !view_equal(last->name, uses->items[i].name)) {
            uses->items[kept++] = uses->items[i];
            continue;
        }
        last->is_set |= uses->items[i].is_set;
        last->is_read |= uses->items[i].is_read;
    }
    uses->count = kept;
    if (kept > 1)
        qsort(uses->items, kept, sizeof(*uses->items), compare_numbers);
}

/* The nearest name that lacks just what this one has. */
static const char *counterpart(struct lint *lint, const struct uses *uses, const struct use *use)
{
    const char **names = arena_array(lint->arena, uses->count + 1, sizeof(*names));
    size_t count = 0;

    for (size_t i = 0; i < uses->count; i++) {
        const struct use *other = &uses->items[i];
        if (other->is_set == use->is_read && other->is_read == use->is_set)
            names[count++] = arena_format(lint->arena, "%.*s", (int)other->name.len,
                                          (const char *)other->name.data);
    }
    const char *nearest = nearest_name(use->name, names, count);
    return nearest != NULL ? arena_format(lint->arena, "did you mean `%s`?", nearest) : NULL;
}

static void tell(struct lint *lint, const struct uses *uses, const struct use *use)
{
    enum { SHOWN_MAX = 72 };
    int len = use->name.len < SHOWN_MAX ? (int)use->name.len : SHOWN_MAX;
    const char *name = (const char *)use->name.data;
    const char *help = use->is_set != use->is_read ? counterpart(lint, uses, use) : NULL;

    if (use->is_read && !use->is_set)
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "mark-unset", use->place, help,
                        "no rule sets the mark `%.*s`", len, name);
    else if (!use->is_read)
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "mark-unread", use->place, help,
                        "no rule asks for the mark `%.*s`", len, name);
}

void lint_marks(struct lint *lint)
{
    struct uses uses = {.count = 0};

    for (size_t i = 0; i < lint->rules->count; i++) {
        add_changes(&uses, lint->rules->items[i]);
        add_reads(&uses, lint->rules->items[i]->condition);
    }
    join(&uses);
    for (size_t i = 0; i < uses.count; i++)
        tell(lint, &uses, &uses.items[i]);
    memory_free(uses.items);
}
