/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks: names become numbers, and rules that set marks come before those that read them.
 *
 * Idea       a flow's marks are a row of bits, one for each name of all rules, so that asking for one is a bit test and
 *            changing one costs no memory once the flow has a row.
 * Order      rules are judged in the order of the set, and what one does to marks is seen by those after it in the same
 *            event. So among the rules that have to do with marks (all others stay where they are): first those
 *            that only change marks, then those that read and change, last those that only read. This is Suricata's
 *            order (detect-engine-sigorder.c), where an `unset` counts as a change, too.
 * Chains     of the middle kind, who sets a mark comes before who reads it. Rules that wait for each other keep the
 *            order of their files: they are the strongly connected components of the graph rule -> marks it reads
 *            -> rules that set them (Tarjan's algorithm, which gives components in just this order). Marks are nodes
 *            of their own, so that a mark with many setters and readers makes few edges.
 */
#include "compile/builder.h"

#include <assert.h>
#include <stdlib.h>

static_assert((int)CHANGE_SET == (int)MARK_SET && (int)CHANGE_CLEAR == (int)MARK_CLEAR &&
                  (int)CHANGE_TOGGLE == (int)MARK_TOGGLE,
              "tables.h and rule.h name the same changes");

/* ---- rows ------------------------------------------------------------------------------------------------- */

uint32_t marks_number(struct builder *b, struct view name)
{
    uint32_t *known = index_find(&b->mark_index, name);

    if (*known == NO_INDEX) {
        uint32_t offset = builder_text(b, name).offset;
        *known = vector_push(&b->mark_names, &offset);
    }
    return *known;
}

struct span marks_add(struct builder *b)
{
    struct span span = {(uint32_t)b->mark_changes.count, (uint32_t)b->rule->mark_count};

    for (size_t i = 0; i < b->rule->mark_count; i++) {
        const struct mark_change *change = &b->rule->marks[i];
        struct mark_row row = {change->act, marks_number(b, change->name)};
        vector_push(&b->mark_changes, &row);
    }
    return span;
}

bool marks_are_read(const struct node *condition)
{
    if (condition->kind == NODE_PREDICATE)
        return condition->predicate->op == MATCH_MARK;
    for (size_t i = 0; i < condition->count; i++) {
        if (marks_are_read(condition->children[i]))
            return true;
    }
    return false;
}

/* ---- the graph of rules and marks ------------------------------------------------------------------------- */

/* Nodes below `rule_count` are rules, the others marks. */
struct graph {
    uint32_t rule_count, node_count;
    struct index by_name;
    struct vector edges; /* struct edge */
    uint32_t *first;     /* of each node, in `targets`; node_count + 1 */
    uint32_t *targets;
    /* Tarjan's */
    uint32_t *seen, *low; /* number of the visit, from 1; the lowest that is reached */
    uint32_t *next;       /* the next edge to follow */
    uint32_t *path, *stack;
    size_t path_len, stack_len;
    bool *is_stacked;
    uint32_t visits;
    uint32_t *out; /* rules in order */
    size_t out_len;
};

struct edge {
    uint32_t from, to;
};

static uint32_t mark_node(struct graph *g, struct view name)
{
    uint32_t *known = index_find(&g->by_name, name);

    if (*known == NO_INDEX)
        *known = g->node_count++;
    return *known;
}

static void add_reads(struct graph *g, uint32_t rule, const struct node *node)
{
    if (node->kind == NODE_PREDICATE && node->predicate->op == MATCH_MARK) {
        struct edge edge = {rule, mark_node(g, node->predicate->bytes)};
        vector_push(&g->edges, &edge);
    }
    for (size_t i = 0; i < node->count; i++)
        add_reads(g, rule, node->children[i]);
}

/* Who clears a mark need not come before who asks for it. */
static void add_sets(struct graph *g, uint32_t number, const struct rule *rule)
{
    for (size_t i = 0; i < rule->mark_count; i++) {
        if (rule->marks[i].act == MARK_CLEAR)
            continue;
        struct edge edge = {mark_node(g, rule->marks[i].name), number};
        vector_push(&g->edges, &edge);
    }
}

static void index_edges(struct arena *arena, struct graph *g)
{
    g->first = arena_array(arena, (size_t)g->node_count + 2, sizeof(*g->first));
    g->targets = arena_array(arena, g->edges.count + 1, sizeof(*g->targets));
    g->next = arena_array(arena, g->node_count, sizeof(*g->next));
    for (size_t i = 0; i < g->edges.count; i++)
        g->first[((const struct edge *)vector_at(&g->edges, i))->from + 1]++;
    for (uint32_t n = 0; n < g->node_count; n++) {
        g->first[n + 1] += g->first[n];
        g->next[n] = g->first[n];
    }
    for (size_t i = 0; i < g->edges.count; i++) {
        const struct edge *edge = vector_at(&g->edges, i);
        g->targets[g->next[edge->from]++] = edge->to;
    }
    memcpy(g->next, g->first, g->node_count * sizeof(*g->next));
}

static void enter(struct graph *g, uint32_t node)
{
    g->seen[node] = g->low[node] = ++g->visits;
    g->path[g->path_len++] = node;
    g->stack[g->stack_len++] = node;
    g->is_stacked[node] = true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* A component is whole: its rules go out in the order of their files. */
static void leave_component(struct graph *g, uint32_t root)
{
    size_t begin = g->out_len;
    uint32_t node;

    do {
        node = g->stack[--g->stack_len];
        g->is_stacked[node] = false;
        if (node < g->rule_count)
            g->out[g->out_len++] = node;
    } while (node != root);
    if (g->out_len > begin + 1)
        qsort(g->out + begin, g->out_len - begin, sizeof(*g->out), compare_numbers);
}

static void lower(struct graph *g, uint32_t node, uint32_t to)
{
    if (to < g->low[node])
        g->low[node] = to;
}

/* Everything that the rule waits for, and then the rule. */
static void visit(struct graph *g, uint32_t root)
{
    enter(g, root);
    while (g->path_len > 0) {
        uint32_t node = g->path[g->path_len - 1];
        if (g->next[node] < g->first[node + 1]) {
            uint32_t target = g->targets[g->next[node]++];
            if (g->seen[target] == 0)
                enter(g, target);
            else if (g->is_stacked[target])
                lower(g, node, g->seen[target]);
            continue;
        }
        g->path_len--;
        if (g->path_len > 0)
            lower(g, g->path[g->path_len - 1], g->low[node]);
        if (g->low[node] == g->seen[node])
            leave_component(g, node);
    }
}

/* Puts rules that read and change marks in their order; `numbers` are those of `rules`, ascending. */
static void order_chains(struct arena *arena, const struct rules *rules, uint32_t *numbers,
                         uint32_t count)
{
    struct graph g = {.rule_count = count, .node_count = count};

    index_init(&g.by_name, arena);
    vector_init(&g.edges, sizeof(struct edge));
    for (uint32_t i = 0; i < count; i++) {
        add_reads(&g, i, rules->items[numbers[i]]->condition);
        add_sets(&g, i, rules->items[numbers[i]]);
    }
    index_edges(arena, &g);
    g.seen = arena_array(arena, g.node_count, sizeof(*g.seen));
    g.low = arena_array(arena, g.node_count, sizeof(*g.low));
    g.path = arena_array(arena, g.node_count, sizeof(*g.path));
    g.stack = arena_array(arena, g.node_count, sizeof(*g.stack));
    g.is_stacked = arena_array(arena, g.node_count, sizeof(*g.is_stacked));
    g.out = arena_array(arena, count, sizeof(*g.out));
    for (uint32_t i = 0; i < count; i++) {
        if (g.seen[i] == 0)
            visit(&g, i);
    }
    assert(g.out_len == count);
    for (uint32_t i = 0; i < count; i++)
        g.out[i] = numbers[g.out[i]];
    memcpy(numbers, g.out, count * sizeof(*numbers));
    index_clear(&g.by_name);
    memory_free(g.edges.rows);
}

/* ---- the order of all rules -------------------------------------------------------------------------------- */

enum kind { KIND_CHANGES, KIND_BOTH, KIND_READS, KIND_COUNT, KIND_NONE = KIND_COUNT };

static enum kind kind_of(const struct rule *rule)
{
    bool reads = marks_are_read(rule->condition);

    if (rule->mark_count > 0)
        return reads ? KIND_BOTH : KIND_CHANGES;
    return reads ? KIND_READS : KIND_NONE;
}

const uint32_t *marks_order(struct arena *arena, const struct rules *rules)
{
    uint32_t *order = arena_array(arena, rules->count + 1, sizeof(*order));
    uint32_t *places = arena_array(arena, rules->count + 1, sizeof(*places));
    uint32_t *sorted = arena_array(arena, rules->count + 1, sizeof(*sorted));
    uint8_t *kinds = arena_alloc(arena, rules->count + 1);
    uint32_t used = 0, count = 0;

    for (uint32_t i = 0; i < rules->count; i++) {
        order[i] = i;
        kinds[i] = (uint8_t)kind_of(rules->items[i]);
        if (kinds[i] != KIND_NONE)
            places[used++] = i;
    }
    for (enum kind kind = KIND_CHANGES; kind < KIND_COUNT; kind++) {
        uint32_t begin = count;
        for (uint32_t i = 0; i < used; i++) {
            if (kinds[places[i]] == kind)
                sorted[count++] = places[i];
        }
        if (kind == KIND_BOTH && count > begin + 1)
            order_chains(arena, rules, sorted + begin, count - begin);
    }
    for (uint32_t i = 0; i < used; i++)
        order[places[i]] = sorted[i];
    return order;
}
