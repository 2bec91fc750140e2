/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: rules in the shadow of another one, which matches all that they match and more.
 *
 * Shadow     same event and level; the other one's condition is implied (lint/implied.h), it looks at least in the
 *            directions and at the ports that this one looks at, and no filter silences it that does not silence this one.
 * Not told   of rules that are there for more than their alert (they change marks, or say nothing). None is in the shadow
 *            of a rule that says nothing, suppresses some of its alerts, or asks what two rules may find different
 *            on one event, since other rules or the time change it: marks, and what streams only tell while they run.
 * Both       where each implies the other, the later one is told.
 * Cost       rules meet through keys (lint/shadow_key.h): linear in the bytes of all conditions but for the rules that
 *            share the rarest key of one. Of those a rule is compared with MET_MAX under each key, and all rules
 *            together compare ALL_MIN + EACH predicates a rule. Beyond, nothing is told.
 */
#include "base/memory.h"
#include "lint/implied.h"
#include "lint/lint.h"
#include "lint/shadow_key.h"

enum {
    MET_MAX = 256,
    KEYS_MAX = 4096,
    FILED_MAX = 200000,
    PAIR_MAX = 20000,
    ALL_MIN = 1000000,
    EACH = 100
};

#define NONE UINT32_MAX

/* A rule under one of its keys; chains are in the order of the files. */
struct filed {
    uint64_t key;
    uint32_t rule, next;
};

struct shelf {
    struct key_plan plan;
    struct filed *filed;
    size_t count, capacity;
    uint32_t *heads; /* by the low bits of the key */
    uint64_t mask;
    uint32_t *met; /* a rule: the last one that was compared with it, plus 1 */
    size_t budget; /* predicates that may still be compared */
};

/* ---- which rules ------------------------------------------------------------------------------------------ */

static bool is_steady(const struct predicate *p, enum event_type event)
{
    if (p->op == MATCH_MARK || p->field == FIELD_FLOW_MARK)
        return false;
    if (event != EVENT_STREAM)
        return true;
    if (p->field == FIELD_NONE)
        return p->op == MATCH_GLOB || p->op == MATCH_HEX || p->op == MATCH_REGEX;
    if (field_get(p->field)->flags & FIELD_STREAMING)
        return p->op != MATCH_NUMBER && p->op != MATCH_EXISTS && p->op != MATCH_FIELD;
    return (field_get(p->field)->flags & FIELD_LATE) == 0 && p->field != FIELD_APP_PROTO &&
           p->op != MATCH_FIELD;
}

static bool all_steady(const struct node *node, enum event_type event)
{
    if (node->kind == NODE_PREDICATE)
        return is_steady(node->predicate, event);
    for (size_t i = 0; i < node->count; i++) {
        if (!all_steady(node->children[i], event))
            return false;
    }
    return true;
}

static bool is_for_alert(const struct rule *rule)
{
    return !rule->is_silent && rule->mark_count == 0;
}

static bool may_cast(const struct rule *rule)
{
    return is_for_alert(rule) && rule->suppress_us == 0 && all_steady(rule->condition, rule->event);
}

static bool has_port(const struct rule *rule, uint16_t port)
{
    for (size_t i = 0; i < rule->port_count; i++) {
        if (rule->ports[i] == port)
            return true;
    }
    return false;
}

static bool has_filter(const struct rule *rule, const struct filter *filter)
{
    for (size_t i = 0; i < rule->filter_count; i++) {
        if (rule->filters[i] == filter)
            return true;
    }
    return false;
}

/* Is `wide` asked wherever `narrow` is, and heard wherever that is? */
static bool covers(const struct rule *wide, const struct rule *narrow)
{
    bool holds = wide->event == narrow->event && wide->level == narrow->level &&
                 (wide->direction == RULE_EITHER || wide->direction == narrow->direction) &&
                 (wide->port_count == 0 || narrow->port_count > 0);

    for (size_t i = 0; holds && wide->port_count > 0 && i < narrow->port_count; i++)
        holds = has_port(wide, narrow->ports[i]);
    for (size_t i = 0; holds && i < wide->filter_count; i++)
        holds = has_filter(narrow, wide->filters[i]);
    return holds;
}

/* ---- the shelf -------------------------------------------------------------------------------------------- */

static void shelf_put(struct shelf *shelf, uint64_t key, uint32_t rule)
{
    if (shelf->count == shelf->capacity) {
        shelf->capacity = shelf->capacity ? shelf->capacity * 2 : 1024;
        shelf->filed = memory_resize(shelf->filed, shelf->capacity, sizeof(*shelf->filed));
    }
    shelf->filed[shelf->count++] = (struct filed){key, rule, NONE};
}

/* From the last to the first, so that chains begin with the first. */
static void shelf_link(struct shelf *shelf)
{
    size_t size = 1024;

    while (size < shelf->count * 2)
        size *= 2;
    shelf->mask = size - 1;
    shelf->heads = memory_new(size, sizeof(*shelf->heads));
    for (size_t i = 0; i < size; i++)
        shelf->heads[i] = NONE;
    for (size_t i = shelf->count; i-- > 0;) {
        uint32_t *head = &shelf->heads[shelf->filed[i].key & shelf->mask];
        shelf->filed[i].next = *head;
        *head = (uint32_t)i;
    }
}

/* How often each key is looked for, then each rule under the rarest of its keys. */
static void shelf_fill(struct shelf *shelf, const struct rules *rules, const bool *casts,
                       struct keys *keys)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (!is_for_alert(rules->items[i]))
            continue;
        narrow_keys(&shelf->plan, rules->items[i], keys);
        for (size_t k = 0; k < keys->count; k++)
            ++*key_asked(&shelf->plan, keys->items[k]);
    }
    keys->most = FILED_MAX;
    for (size_t i = 0; i < rules->count; i++) {
        if (!casts[i] || !wide_keys(&shelf->plan, rules->items[i], keys))
            continue;
        for (size_t k = 0; k < keys->count; k++)
            shelf_put(shelf, keys->items[k], (uint32_t)i);
    }
    keys->most = KEYS_MAX;
    shelf_link(shelf);
}

/* ---- comparing -------------------------------------------------------------------------------------------- */

static bool implies(struct shelf *shelf, const struct rule *narrow, const struct rule *wide)
{
    size_t most = shelf->budget < PAIR_MAX ? shelf->budget : PAIR_MAX;
    struct means means = {most, shelf->plan.members};
    bool holds =
        covers(wide, narrow) && condition_implies(narrow->condition, wide->condition, &means);

    shelf->budget -= most - means.budget;
    return holds;
}

/* Does the rule stand in the other one's shadow? */
static bool is_shadowed(struct shelf *shelf, const struct rules *rules, const bool *casts,
                        size_t rule, size_t other)
{
    const struct rule *narrow = rules->items[rule], *wide = rules->items[other];

    return implies(shelf, narrow, wide) &&
           (other < rule || !casts[rule] || !implies(shelf, wide, narrow));
}

static void tell(struct lint *lint, const struct rule *rule, const struct rule *wide)
{
    diagnostics_add(lint->diagnostics, SEVERITY_NOTE, "shadowed-rule", rule->place,
                    "remove it, or give it a higher level",
                    "whatever `%s` matches, `%s` in %s, line %u matches, too",
                    text_shown(lint->arena, view_from_string(rule->title)),
                    text_shown(lint->arena, view_from_string(wide->title)), wide->place.file,
                    wide->place.line);
}

/* Through the rules that are filed under the key; true when one casts its shadow. */
static bool look_under(struct lint *lint, struct shelf *shelf, const bool *casts, uint64_t key,
                       size_t rule)
{
    size_t met = 0;
    uint32_t next = NONE;

    for (uint32_t at = shelf->heads[key & shelf->mask]; at != NONE && met < MET_MAX; at = next) {
        const struct filed *filed = &shelf->filed[at];
        next = filed->next;
        if (filed->key != key || filed->rule == rule || shelf->met[filed->rule] == rule + 1)
            continue;
        shelf->met[filed->rule] = (uint32_t)rule + 1;
        met++;
        if (!is_shadowed(shelf, lint->rules, casts, rule, filed->rule))
            continue;
        tell(lint, lint->rules->items[rule], lint->rules->items[filed->rule]);
        return true;
    }
    return false;
}

void lint_shadows(struct lint *lint)
{
    const struct rules *rules = lint->rules;
    bool *casts = arena_array(lint->arena, rules->count + 1, sizeof(*casts));
    struct keys keys = {.most = KEYS_MAX};
    struct shelf shelf = {.budget = ALL_MIN + EACH * rules->count};

    shelf.plan.members = members_new();
    shelf.plan.asked_bits = 12;
    while (shelf.plan.asked_bits < 20 && (size_t)1 << shelf.plan.asked_bits < rules->count * 8)
        shelf.plan.asked_bits++;
    shelf.plan.asked = memory_new((size_t)1 << shelf.plan.asked_bits, sizeof(uint32_t));
    shelf.met = memory_new(rules->count + 1, sizeof(*shelf.met));
    for (size_t i = 0; i < rules->count; i++) {
        casts[i] = may_cast(rules->items[i]);
        if (casts[i])
            key_plan_add(&shelf.plan, rules->items[i]->condition);
    }
    shelf_fill(&shelf, rules, casts, &keys);
    for (size_t i = 0; i < rules->count; i++) {
        if (lint->is_twin[i] || !is_for_alert(rules->items[i]))
            continue;
        bool is_told = false;
        narrow_keys(&shelf.plan, rules->items[i], &keys);
        for (size_t k = 0; k < keys.count && !is_told; k++)
            is_told = look_under(lint, &shelf, casts, keys.items[k], i);
    }
    keys_clear(&keys);
    members_free(shelf.plan.members);
    memory_free(shelf.plan.asked);
    memory_free(shelf.met);
    memory_free(shelf.heads);
    memory_free(shelf.filed);
}
