/* SPDX-License-Identifier: BSD-3-Clause */
/* Explanation: read off the builder when all rules are in, before its tables become the set's. So it tells what was
 * built, not what would be: the sharing of databases and sets, and which rules a gate opens. */
#include "compile/explain.h"

#include "compile/builder.h"

/* ---- gates -------------------------------------------------------------------------------------------- */

static struct view key_text(struct builder *b, struct arena *arena, const struct gate *gate)
{
    struct buf text;
    struct view key = gate->key;
    int64_t number;

    buf_init(&text, 256);
    if (gate->kind == GATE_NUMBER) {
        memcpy(&number, key.data, sizeof(number));
        buf_i64(&text, number);
        key = buf_view(&text);
    } else if (gate->kind == GATE_PREFIX) {
        struct address address;
        unsigned bits = key.data[16];
        memcpy(address.bytes, key.data, sizeof(address.bytes));
        address_write(&text, &address);
        buf_format(&text, "/%u", address_is_v4(&address) && bits >= 96 ? bits - 96 : bits);
        key = buf_view(&text);
    } else if (gate->kind == GATE_LIST) {
        uint32_t set;
        memcpy(&set, key.data, sizeof(set));
        const struct set_row *row = vector_at(&b->sets, set);
        key = view_from_string((const char *)b->blob.rows + row->name);
    }
    struct view kept = arena_copy(arena, key);
    buf_clear(&text);
    return kept;
}

static void explain_gate(struct builder *b, struct explanation *e, const struct gate *gate,
                         const struct gate_use *use)
{
    static const char *const KINDS[] = {
        [GATE_LITERAL] = "literal", [GATE_TEXT] = "value",    [GATE_DOMAIN] = "domain",
        [GATE_PREFIX] = "prefix",   [GATE_NUMBER] = "number", [GATE_LIST] = "list"};
    const struct gate_table *table = vector_at(&b->gate_tables, use->table);
    uint32_t number = table->first_gate + (gate->kind == GATE_LIST ? 0 : use->local);
    size_t keys = table->keys.count;

    if (gate->kind == GATE_LIST)
        keys = ((const struct set_row *)vector_at(&b->sets, table->set))->entry_count;
    e->gates[e->gate_count++] = (struct explained_gate){
        .kind = KINDS[gate->kind],
        .is_scanned = gate->kind == GATE_LITERAL,
        .field = gate->field,
        .key = key_text(b, e->arena, gate),
        .is_cased = (gate->flags & GATE_CASED) != 0,
        .is_at_start = (gate->flags & GATE_AT_START) != 0,
        .is_at_end = (gate->flags & GATE_AT_END) != 0,
        .bits = gate->bits,
        .keys = keys,
        .rules = b->set->gate_first[number + 1] - b->set->gate_first[number],
    };
}

/* The plan once more gives the rarities. */
static void explain_gates(struct builder *b, struct explanation *e)
{
    struct gate_plan plan = plan_gates(b, e->rule->condition);
    struct index seen;

    index_init(&seen, b->arena);
    e->has_gate = plan.is_found;
    e->bits = plan.is_found && plan.gates.count > 0 ? plan.bits : 0;
    e->gates = arena_array(e->arena, plan.gates.count + 1, sizeof(*e->gates));
    for (size_t i = 0; i < plan.gates.count; i++) {
        const struct gate *gate = vector_at(&plan.gates, i);
        struct gate_use use = plan_place(b, e->rule->event, gate);
        uint32_t key[2] = {use.table, use.local};
        uint32_t *known = index_find(&seen, view_make(key, sizeof(key)));
        bool is_again = *known != NO_INDEX; /* several values may rest on one gate */
        *known = 0;
        if (!is_again)
            explain_gate(b, e, gate, &use);
    }
    index_clear(&seen);
    plan_clear(&plan);
}

/* ---- patterns of raw bytes ------------------------------------------------------------------------------ */

static const char *flag_names(struct arena *arena, unsigned flags)
{
    static const struct {
        unsigned flag;
        const char *name;
    } NAMES[] = {{HS_FLAG_CASELESS, "CASELESS"},
                 {HS_FLAG_DOTALL, "DOTALL"},
                 {HS_FLAG_MULTILINE, "MULTILINE"},
                 {HS_FLAG_SINGLEMATCH, "SINGLEMATCH"},
                 {HS_FLAG_PREFILTER, "PREFILTER"}};
    const char *all = "";

    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (flags & NAMES[i].flag)
            all = arena_format(arena, "%s%s%s", all, all[0] ? " " : "", NAMES[i].name);
    }
    return all;
}

static bool has_number(const struct vector *numbers, uint32_t number)
{
    for (size_t i = 0; i < numbers->count; i++) {
        if (*(const uint32_t *)vector_at(numbers, i) == number)
            return true;
    }
    return false;
}

static size_t database_size(const struct builder *b, const struct stream_pattern *like)
{
    size_t count = 0;

    for (size_t i = 0; i < b->patterns.count; i++) {
        const struct stream_pattern *pattern = vector_at(&b->patterns, i);
        count += pattern->group == like->group && pattern->part == like->part;
    }
    return count;
}

static void explain_watch(struct builder *b, struct explanation *e,
                          const struct stream_pattern *pattern, const struct watch_row *watch)
{
    const struct group_builder *group = vector_at(&b->groups, pattern->group);
    const struct group_use *use = vector_at(&group->predicates, watch->predicate);
    const struct predicate_row *row = vector_at(&b->predicates, use->predicate);

    e->patterns[e->pattern_count++] = (struct explained_pattern){
        .expression = arena_string(e->arena, pattern->expression),
        .flags = flag_names(e->arena, pattern->flags),
        .direction = group->direction == TO_SERVER ? "to_server" : "to_client",
        .part = pattern->part == PART_HEAD ? "payload.head" : "payload",
        .ports = group->ports.len / sizeof(uint16_t),
        .patterns = database_size(b, pattern),
        .from = watch->from,
        .to = watch->to,
        .is_exact = (watch->flags & WATCH_AT) != 0,
        .is_anchored = (watch->flags & WATCH_ANCHORED) != 0,
        .is_gate = (watch->flags & WATCH_GATE) != 0,
        .asks = arena_string(e->arena, (const char *)b->blob.rows + row->written),
        .has_regex = use->regex != NO_INDEX,
        .asked_rules = use->rules.count,
    };
}

static void explain_patterns(struct builder *b, struct explanation *e, uint32_t row)
{
    size_t most = 0;

    for (size_t i = 0; i < b->patterns.count; i++)
        most += ((const struct stream_pattern *)vector_at(&b->patterns, i))->watches.count;
    e->patterns = arena_array(e->arena, most + 1, sizeof(*e->patterns));
    for (size_t i = 0; i < b->patterns.count; i++) {
        const struct stream_pattern *pattern = vector_at(&b->patterns, i);
        const struct group_builder *group = vector_at(&b->groups, pattern->group);
        for (size_t w = 0; w < pattern->watches.count; w++) {
            const struct watch_row *watch = vector_at(&pattern->watches, w);
            const struct group_use *use = vector_at(&group->predicates, watch->predicate);
            for (size_t r = 0; r < group->rules.count; r++) {
                if (*(const uint32_t *)vector_at(&group->rules, r) == row &&
                    has_number(&use->rules, (uint32_t)r))
                    explain_watch(b, e, pattern, watch);
            }
        }
    }
}

/* ---- predicates that are asked of windows ---------------------------------------------------------------- */

static void explain_window(struct builder *b, struct explanation *e, const struct group_use *use,
                           struct index *seen)
{
    uint32_t *known = index_find(seen, view_make(&use->predicate, sizeof(use->predicate)));
    const struct predicate_row *row = vector_at(&b->predicates, use->predicate);

    if (*known != NO_INDEX) /* of the other direction */
        return;
    *known = 0;
    e->windows[e->window_count++] = (struct explained_window){
        .asks = arena_string(e->arena, (const char *)b->blob.rows + row->written),
        .hop = use->window.hop,
        .len = use->window.len,
        .is_segment = use->window.is_segment != 0,
        .is_open = use->window.is_open != 0,
    };
}

static void explain_windows(struct builder *b, struct explanation *e, uint32_t row)
{
    struct index seen;

    index_init(&seen, b->arena);
    e->windows = arena_array(e->arena, b->predicates.count + 1, sizeof(*e->windows));
    for (size_t g = 0; g < b->groups.count; g++) {
        const struct group_builder *group = vector_at(&b->groups, g);
        uint32_t number = 0;
        while (number < group->rules.count &&
               *(const uint32_t *)vector_at(&group->rules, number) != row)
            number++;
        for (size_t p = 0; p < group->predicates.count; p++) {
            const struct group_use *use = vector_at(&group->predicates, p);
            if ((use->window.len > 0 || use->window.is_segment) && has_number(&use->rules, number))
                explain_window(b, e, use, &seen);
        }
    }
    index_clear(&seen);
}

/* ---- the condition --------------------------------------------------------------------------------------- */

static size_t count_nodes(const struct node *node)
{
    size_t count = 1;

    for (size_t i = 0; i < node->count; i++)
        count += count_nodes(node->children[i]);
    return count;
}

static void add_list(struct explanation *e, const struct list *list)
{
    for (size_t i = 0; i < e->list_count; i++) {
        if (e->lists[i] == list)
            return;
    }
    e->lists[e->list_count++] = list;
}

static void explain_node(struct builder *b, struct explanation *e, const struct node *node,
                         unsigned depth, bool is_positive)
{
    e->nodes[e->node_count++] = (struct explained_node){
        .kind = node->kind,
        .depth = depth,
        .predicate = node->kind == NODE_PREDICATE ? node->predicate : NULL,
        .cost = program_cost(node),
        .is_late = program_is_late(node, e->rule->event, is_positive),
    };
    if (node->kind == NODE_PREDICATE && node->predicate->op == MATCH_LIST)
        add_list(e, node->predicate->list);
    const struct node **children = program_order(b, node);
    for (size_t i = 0; i < node->count; i++)
        explain_node(b, e, children[i], depth + 1, is_positive == (node->kind != NODE_NOT));
}

void explain_rule(struct builder *b, struct explanation *e)
{
    const struct rule *rule = e->rule;
    size_t count = count_nodes(rule->condition);
    uint32_t row = 0;

    while (row < b->sources.count &&
           b->given->items[*(const uint32_t *)vector_at(&b->sources, row)] != rule)
        row++;
    if (row == b->sources.count) /* it could not be compiled, which was told */
        return;
    unsigned flags = ((const struct rule_row *)vector_at(&b->rules, row))->flags;
    e->is_compiled = true;
    e->waits = (flags & RULE_WAITS) != 0;
    e->is_again = (flags & RULE_AGAIN) != 0;
    e->is_at_start = (flags & RULE_AT_START) != 0;
    e->is_repeated = (flags & RULE_REPEATS) != 0;
    b->rule = rule;
    if (rule->event == EVENT_STREAM) {
        explain_patterns(b, e, row);
        explain_windows(b, e, row);
    } else {
        explain_gates(b, e);
    }
    e->nodes = arena_array(e->arena, count, sizeof(*e->nodes));
    e->lists = arena_array(e->arena, count, sizeof(struct list *));
    explain_node(b, e, rule->condition, 0, true);
}
