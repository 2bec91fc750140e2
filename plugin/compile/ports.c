/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports: on which ports a rule of raw streams can hold at all, and which rules share a group for that.
 *
 * Idea       a stream is scanned once for each group that fits its ports, so a rule that says its ports costs nothing on
 *            all others. It says them in `shrike: ports`, or in its condition: of what is joined by AND one side is
 *            enough, of what is joined by OR every side has to say some. Only the positive counts, and at
 *            most PORTS_MOST ports: more are as good as any.
 * Groups     lists that share a port become one group, so that a stream has at most one group for each of its two
 *            ports and direction beside the one without ports: a second list would be a second scan of the same bytes.
 *            GROUP_MAX is respected: the lists with most rules have groups, the rules of all others join the group
 *            without ports.
 * Measured   935 stream rules of ET Open, instructions in match_stream_data: HTTP on port 80 161 M before, 27 M now; SMB,
 *            whose ports have a group of their own beside the one without, 14 M before and 17 M now.
 * Not here   whether the rule holds: its condition is asked all the same.
 */
#include "compile/builder.h"

#include <stdlib.h>

enum { PORT_COUNT = 65536, PORTS_MOST = 1024 };

/* A bit each; NULL stands for any port. */
typedef uint64_t port_bit;
enum { PORT_WORDS = PORT_COUNT / 64 };

/* Ports of the client, of the server, and of which one of the two has to be: each is true by itself. */
enum port_side { PORT_CLIENT, PORT_SERVER, PORT_EITHER, PORT_SIDES };
struct port_sides {
    port_bit *of[PORT_SIDES];
};

/* --- what a condition says --------------------------------------------------------------------- */

static size_t count_ports(const port_bit *ports)
{
    size_t count = 0;
    for (size_t i = 0; i < PORT_WORDS; i++)
        count += (size_t)__builtin_popcountll(ports[i]);
    return count;
}

static void add_port(port_bit *ports, size_t port)
{
    ports[port / 64] |= UINT64_C(1) << port % 64;
}

static bool has_port(const port_bit *ports, size_t port)
{
    return ports[port / 64] >> port % 64 & 1;
}

static struct port_sides ports_of_predicate(struct arena *arena, const struct predicate *p)
{
    struct port_sides sides = {{NULL}};
    bool is_port = p->field == FIELD_SRC_PORT || p->field == FIELD_DST_PORT;
    int64_t low = 0, high = PORT_COUNT - 1;

    if (!is_port || p->op != MATCH_NUMBER || p->of != OF_VALUE || p->is_negated || p->number < 0 ||
        p->number >= PORT_COUNT)
        return sides;
    if (p->compare == COMPARE_EQ || p->compare == COMPARE_GTE || p->compare == COMPARE_GT)
        low = p->number + (p->compare == COMPARE_GT);
    if (p->compare == COMPARE_EQ || p->compare == COMPARE_LTE || p->compare == COMPARE_LT)
        high = p->number - (p->compare == COMPARE_LT);
    port_bit *ports = arena_array(arena, PORT_WORDS, sizeof(*ports));
    for (int64_t port = low; port <= high; port++)
        add_port(ports, (size_t)port);
    sides.of[p->field == FIELD_SRC_PORT ? PORT_CLIENT : PORT_SERVER] = ports;
    return sides;
}

/* The fewest of what it says. */
static port_bit *fewest(const struct port_sides *sides)
{
    port_bit *best = NULL;
    size_t least = 0;

    for (enum port_side side = PORT_CLIENT; side < PORT_SIDES; side++) {
        size_t count = sides->of[side] != NULL ? count_ports(sides->of[side]) : 0;
        if (sides->of[side] == NULL || (best != NULL && count >= least))
            continue;
        best = sides->of[side];
        least = count;
    }
    return best;
}

/* A port of the client is in both lists; one of either may be another of the two in each. */
static void join_and(struct port_sides *all, struct port_sides *one)
{
    for (enum port_side side = PORT_CLIENT; side < PORT_EITHER; side++) {
        for (size_t i = 0; all->of[side] != NULL && one->of[side] != NULL && i < PORT_WORDS; i++)
            all->of[side][i] &= one->of[side][i];
        if (all->of[side] == NULL)
            all->of[side] = one->of[side];
    }
    struct port_sides both = {{all->of[PORT_EITHER], one->of[PORT_EITHER]}};
    all->of[PORT_EITHER] = fewest(&both);
}

static void join_or(struct port_sides *all, struct port_sides *one)
{
    for (enum port_side side = PORT_CLIENT; side < PORT_SIDES; side++) {
        for (size_t i = 0; all->of[side] != NULL && one->of[side] != NULL && i < PORT_WORDS; i++)
            all->of[side][i] |= one->of[side][i];
        if (one->of[side] == NULL)
            all->of[side] = NULL;
    }
}

static port_bit *copy_ports(struct arena *arena, const port_bit *ports)
{
    port_bit *copy = ports != NULL ? arena_array(arena, PORT_WORDS, sizeof(*copy)) : NULL;
    if (copy != NULL)
        memcpy(copy, ports, PORT_WORDS * sizeof(*copy));
    return copy;
}

static struct port_sides ports_below(struct arena *arena, const struct node *node)
{
    struct port_sides all = {{NULL}};

    if (node->kind == NODE_PREDICATE)
        return ports_of_predicate(arena, node->predicate);
    if (node->kind != NODE_AND && node->kind != NODE_OR)
        return all;
    for (size_t i = 0; i < node->count; i++) {
        struct port_sides one = ports_below(arena, node->children[i]);
        if (node->kind == NODE_OR)
            one.of[PORT_EITHER] = copy_ports(arena, fewest(&one));
        if (i == 0)
            all = one;
        else if (node->kind == NODE_AND)
            join_and(&all, &one);
        else
            join_or(&all, &one);
    }
    return all;
}

/* NULL: any. */
static port_bit *ports_of_rule(struct arena *arena, const struct rule *rule)
{
    struct port_sides sides;
    port_bit *ports = NULL;

    if (rule->port_count > 0) {
        ports = arena_array(arena, PORT_WORDS, sizeof(*ports));
        for (size_t i = 0; i < rule->port_count; i++)
            add_port(ports, rule->ports[i]);
        return ports;
    }
    sides = ports_below(arena, rule->condition);
    ports = fewest(&sides);
    size_t count = ports != NULL ? count_ports(ports) : 0;
    return count > 0 && count <= PORTS_MOST ? ports : NULL;
}

/* --- which of them are one group ----------------------------------------------------------------- */

/* Ports that are asked for together have the same root. */
struct port_plan {
    uint32_t root[PORT_COUNT];  /* of the port; itself: a root */
    uint32_t rules[PORT_COUNT]; /* by root */
    bool is_asked[PORT_COUNT];
    uint32_t *first_port; /* by rule's number; PORT_COUNT: it asks for none */
    struct view lists[GROUP_MAX];
    uint32_t list_root[GROUP_MAX];
    size_t list_count;
};

static uint32_t root_of(struct port_plan *plan, uint32_t port)
{
    while (plan->root[port] != port)
        port = plan->root[port] = plan->root[plan->root[port]];
    return port;
}

static bool goes(const struct rule *rule, enum direction direction)
{
    return rule->direction == RULE_EITHER ||
           (rule->direction == RULE_TO_SERVER) == (direction == TO_SERVER);
}

/* Returns its first port. */
static uint32_t plan_rule(struct port_plan *plan, const port_bit *ports)
{
    uint32_t first = PORT_COUNT, lowest = PORT_COUNT;

    for (uint32_t port = 0; port < PORT_COUNT; port++) {
        if (!has_port(ports, port))
            continue;
        plan->is_asked[port] = true;
        lowest = lowest == PORT_COUNT ? port : lowest;
        first = first == PORT_COUNT ? root_of(plan, port) : first;
        uint32_t other = root_of(plan, port);
        if (other == first)
            continue;
        plan->root[other] = first;
        plan->rules[first] += plan->rules[other];
    }
    plan->rules[first]++;
    return lowest;
}

struct port_choice {
    struct port_plan *plan;
    uint32_t root;
};

static int compare_choices(const void *a, const void *b)
{
    const struct port_choice *x = a, *y = b;
    uint32_t left = x->plan->rules[x->root], right = y->plan->rules[y->root];

    if (left != right)
        return left > right ? -1 : 1;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    return x->plan < y->plan ? -1 : 1;
}

static struct view list_of(struct builder *b, struct port_plan *plan, uint32_t root)
{
    struct vector list;

    vector_init(&list, sizeof(uint16_t));
    for (uint32_t port = 0; port < PORT_COUNT; port++) {
        if (plan->is_asked[port] && root_of(plan, port) == root)
            vector_push(&list, &(uint16_t){(uint16_t)port});
    }
    struct view kept = arena_copy(b->arena, view_make(list.rows, list.count * sizeof(uint16_t)));
    memory_free(list.rows);
    return kept;
}

/* The lists that most rules ask for; two places stay free for the groups without ports. */
static void choose_groups(struct builder *b)
{
    struct vector choices;

    vector_init(&choices, sizeof(struct port_choice));
    for (enum direction direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
        struct port_plan *plan = b->port_plans[direction];
        for (uint32_t port = 0; port < PORT_COUNT; port++) {
            if (plan->is_asked[port] && plan->root[port] == port)
                vector_push(&choices, &(struct port_choice){plan, port});
        }
    }
    if (choices.count > 0)
        qsort(choices.rows, choices.count, sizeof(struct port_choice), compare_choices);
    for (size_t i = 0; i < choices.count && i < GROUP_MAX - 2; i++) {
        const struct port_choice *choice = vector_at(&choices, i);
        size_t at = choice->plan->list_count++;
        choice->plan->list_root[at] = choice->root;
        choice->plan->lists[at] = list_of(b, choice->plan, choice->root);
    }
    memory_free(choices.rows);
}

static void begin_plans(struct builder *b)
{
    for (enum direction direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
        struct port_plan *plan = arena_alloc(b->arena, sizeof(*plan));
        plan->first_port = arena_array(b->arena, b->given->count + 1, sizeof(uint32_t));
        for (uint32_t port = 0; port < PORT_COUNT; port++)
            plan->root[port] = port;
        b->port_plans[direction] = plan;
    }
}

void ports_plan(struct builder *b)
{
    begin_plans(b);
    for (uint32_t i = 0; i < b->given->count; i++) {
        const struct rule *rule = b->given->items[i];
        if (rule->event != EVENT_STREAM || b->left_out[i])
            continue;
        struct arena *arena = arena_new();
        const port_bit *ports = ports_of_rule(arena, rule);
        for (enum direction direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
            struct port_plan *plan = b->port_plans[direction];
            plan->first_port[i] =
                goes(rule, direction) && ports != NULL ? plan_rule(plan, ports) : PORT_COUNT;
        }
        arena_free(arena);
    }
    choose_groups(b);
}

struct view ports_of_group(struct builder *b, enum direction direction)
{
    struct port_plan *plan = b->port_plans[direction];
    uint32_t port = plan->first_port[b->rule_number];

    for (size_t i = 0; port < PORT_COUNT && i < plan->list_count; i++) {
        if (plan->list_root[i] == root_of(plan, port))
            return plan->lists[i];
    }
    return view_make("", 0);
}
