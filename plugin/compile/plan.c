/* SPDX-License-Identifier: BSD-3-Clause */
/* Plan: for each rule the gates without which it cannot be true.
 *
 * Idea       a rule's condition runs only when one of its gates was seen in the event: a literal
 *            in a field, a value in a set, an address in a prefix. AND takes its best child, OR
 *            needs a gate from every child, NOT has none. "Best" is the rarest by a guess at how
 *            many bits of surprise it carries (literal.c): of an OR, its weakest member.
 * Sound      a gate may let through what the condition refuses, never the other way round; the
 *            test tests/unit/match_property_test.c holds the gated matcher against plain
 *            evaluation.
 * Literals   at least four bytes (shorter ones cost Hyperscan two to three times as much), or two
 *            when they are tied to the value's start or end. At most LITERAL_MAX: more adds no
 *            rarity.
 * Without    a rule with no gate is evaluated for every event of its type: note "no-gate".
 */
#include "compile/builder.h"

#include <assert.h>

enum { LITERAL_MAX = 32, ANCHORED_MIN = 2, ANCHOR_BITS = 4, LABEL_BITS = 6, NAME_BITS = 4 };

/* Fields with so few usual values that one of them says little. */
static const enum field_id FEW_VALUES[] = {
    FIELD_PROTO,
    FIELD_APP_PROTO,
    FIELD_DIRECTION,
    FIELD_HTTP_METHOD,
    FIELD_HTTP_PROTOCOL,
    FIELD_HTTP_CONNECTION,
    FIELD_HTTP_ACCEPT,
    FIELD_HTTP_ACCEPT_ENC,
    FIELD_HTTP_STAT_CODE,
    FIELD_HTTP_STAT_MSG,
    FIELD_DNS_RRTYPE,
    FIELD_DNS_RRTYPE_NUM,
    FIELD_DNS_RCODE,
    FIELD_DNS_RCODE_NUM,
    FIELD_DNS_OPCODE,
    FIELD_TLS_VERSION,
    FIELD_TLS_CLIENT_VERSION,
    FIELD_TLS_ALPN,
    FIELD_FLOW_STATE,
    FIELD_FLOW_REASON,
    FIELD_ANOMALY_LAYER,
    FIELD_PACKET_IP_PROTO,
    FIELD_PACKET_IP_VERSION,
    FIELD_PACKET_IP_TTL,
    FIELD_PACKET_TCP_FLAGS,
    FIELD_DNS_Z,
};

static bool has_few_values(enum field_id field)
{
    for (size_t i = 0; i < sizeof(FEW_VALUES) / sizeof(FEW_VALUES[0]); i++) {
        if (FEW_VALUES[i] == field)
            return true;
    }
    return false;
}

static void add_gate(struct gate_plan *plan, const struct gate *gate)
{
    vector_push(&plan->gates, gate);
    if (!plan->is_found || gate->bits < plan->bits)
        plan->bits = gate->bits;
    plan->is_found = true;
}

static struct gate_plan no_plan(void)
{
    struct gate_plan plan = {.bits = 0, .is_found = false};
    vector_init(&plan.gates, sizeof(struct gate));
    return plan;
}

void plan_clear(struct gate_plan *plan)
{
    memory_free(plan->gates.rows);
    *plan = no_plan();
}

static bool is_unbounded(const struct offsets *offsets)
{
    return offsets->from == 0 && offsets->to == SIZE_MAX && !offsets->is_exact;
}

static struct view folded(struct arena *arena, struct view bytes)
{
    uint8_t *copy = arena_alloc(arena, bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++)
        copy[i] = byte_fold(bytes.data[i]);
    return view_make(copy, bytes.len);
}

static struct gate literal_gate(struct builder *b, const struct predicate *p, struct view bytes,
                                bool is_cased, unsigned anchors)
{
    struct view best = literal_best(bytes, LITERAL_MAX, is_cased);
    bool is_whole = best.len == bytes.len;
    struct gate gate = {.kind = GATE_LITERAL, .field = p->field};

    gate.key = is_cased ? best : folded(b->arena, best);
    gate.flags = (is_cased ? GATE_CASED : 0) | (is_whole ? anchors : 0);
    gate.bits = literal_bits(best, is_cased);
    if (gate.flags & (GATE_AT_START | GATE_AT_END))
        gate.bits += ANCHOR_BITS;
    return gate;
}

/* The best literal piece of a glob. */
static void plan_pieces(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    bool can_anchor = is_unbounded(&p->offsets) && p->header_name.len == 0;
    struct gate best = {.bits = 0};

    for (size_t i = 0; i < p->piece_count; i++) {
        const struct glob_piece *piece = &p->pieces[i];
        if (piece->kind != GLOB_LITERAL)
            continue;
        unsigned anchors = 0;
        if (can_anchor && i == 0)
            anchors |= GATE_AT_START;
        if (can_anchor && i + 1 == p->piece_count)
            anchors |= GATE_AT_END;
        if (piece->bytes.len < (anchors ? ANCHORED_MIN : GATE_LITERAL_MIN))
            continue;
        struct gate gate = literal_gate(b, p, piece->bytes, p->is_cased, anchors);
        if (gate.bits > best.bits)
            best = gate;
    }
    if (best.bits > 0)
        add_gate(plan, &best);
}

static void plan_glob(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    bool is_exact_value =
        p->piece_count == 0 || (p->piece_count == 1 && p->pieces[0].kind == GLOB_LITERAL);
    if (!is_exact_value || !is_unbounded(&p->offsets) || p->header_name.len > 0) {
        plan_pieces(b, p, plan);
        return;
    }
    struct view value = p->piece_count ? p->pieces[0].bytes : view_make("", 0);
    struct gate gate = {.kind = GATE_TEXT, .field = p->field, .key = folded(b->arena, value)};
    gate.bits = has_few_values(p->field) ? 2 : literal_bits(value, false) + 2 * ANCHOR_BITS;
    add_gate(plan, &gate);
}

/* The best run of bytes that all count. */
static void plan_hex(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    struct gate best = {.bits = 0};

    for (size_t begin = 0; begin < p->bytes.len;) {
        size_t end = begin;
        while (end < p->bytes.len && (p->mask.len == 0 || p->mask.data[end] == 0xff))
            end++;
        if (end - begin >= GATE_LITERAL_MIN) {
            struct view run = view_slice(p->bytes, begin, end);
            struct gate gate = literal_gate(b, p, run, p->is_cased, 0);
            if (gate.bits > best.bits)
                best = gate;
        }
        begin = end + 1;
    }
    if (best.bits > 0)
        add_gate(plan, &best);
}

static void plan_regex(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    struct literal_set literals;

    if (!regex_literals(b->arena, p->bytes, p->regex_flags, &literals))
        return;
    for (size_t i = 0; i < literals.count; i++) {
        struct gate gate = literal_gate(b, p, literals.items[i], literals.is_cased, 0);
        add_gate(plan, &gate);
    }
}

/* The best of the steps that must hold. A value without any of their literals has no place for them. */
static void plan_sequence(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    struct gate_plan best = no_plan();

    for (size_t i = 0; i < p->step_count; i++) {
        const struct step *step = &p->steps[i];
        struct predicate one = {.field = p->field,
                                .header_name = p->header_name,
                                .is_cased = step->is_cased,
                                .bytes = step->bytes,
                                .mask = step->mask,
                                .regex_flags = step->regex_flags,
                                .offsets = {.to = SIZE_MAX}};
        struct gate_plan of_step = no_plan();
        if (!step->is_negated && step->kind == STEP_BYTES)
            plan_hex(b, &one, &of_step);
        else if (!step->is_negated && step->kind == STEP_REGEX)
            plan_regex(b, &one, &of_step);
        bool is_better = of_step.is_found && (!best.is_found || of_step.bits > best.bits);
        plan_clear(is_better ? &best : &of_step);
        if (is_better)
            best = of_step;
    }
    *plan = best;
}

static void plan_domain(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    struct gate gate = {.kind = GATE_DOMAIN, .field = p->field, .key = folded(b->arena, p->bytes)};
    gate.bits = LABEL_BITS;
    for (size_t i = 0; i < p->bytes.len; i++)
        gate.bits += p->bytes.data[i] == '.' ? LABEL_BITS * 3 : 1;
    add_gate(plan, &gate);
}

static void plan_prefix(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    uint8_t key[17];
    size_t len = sets_address_key(&p->address, p->prefix_bits, key);
    struct gate gate = {.kind = GATE_PREFIX, .field = p->field};

    gate.key = arena_copy(b->arena, view_make(key, len));
    bool is_v4 = address_is_v4(&p->address) && p->prefix_bits >= 96;
    gate.bits = is_v4 ? p->prefix_bits - 96 : p->prefix_bits / 2;
    add_gate(plan, &gate);
}

static void plan_number(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    if (p->compare != COMPARE_EQ)
        return;
    struct gate gate = {.kind = GATE_NUMBER, .field = p->field};
    gate.key = arena_copy(b->arena, view_make(&p->number, sizeof(p->number)));
    gate.bits = 8;
    if (has_few_values(p->field) || field_get(p->field)->type == TYPE_BOOL)
        gate.bits = 3;
    if ((p->field == FIELD_DST_PORT || p->field == FIELD_SRC_PORT) &&
        (p->number == 53 || p->number == 80 || p->number == 443))
        gate.bits = 2;
    add_gate(plan, &gate);
}

static void plan_list(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    uint32_t set = sets_add_list(b, p->list);
    struct gate gate = {.kind = GATE_LIST, .field = p->field, .bits = 4 * LABEL_BITS};
    gate.key = arena_copy(b->arena, view_make(&set, sizeof(set)));
    add_gate(plan, &gate);
}

/* A question about http.header.NAME whose value has no gate: the name has to stand in the block of headers. It says little,
 * since most names are in every request: any other gate of the rule is better. */
static void plan_header_name(struct builder *b, const struct predicate *p, struct gate_plan *plan)
{
    if (p->header_name.len < GATE_LITERAL_MIN || (p->op == MATCH_EXISTS && !p->wanted))
        return;
    struct gate gate = literal_gate(b, p, p->header_name, false, 0);
    gate.bits = NAME_BITS;
    add_gate(plan, &gate);
}

static struct gate_plan plan_predicate(struct builder *b, const struct predicate *p)
{
    struct gate_plan plan = no_plan();

    if (p->is_negated || p->of != OF_VALUE || p->transforms != 0)
        return plan; /* what stands in a variant need not stand in the field */
    bool is_part = p->header_name.len > 0; /* of a field: only its bytes can be looked for */
    switch (p->op) {
    case MATCH_GLOB:
        plan_glob(b, p, &plan);
        break;
    case MATCH_HEX:
        plan_hex(b, p, &plan);
        break;
    case MATCH_REGEX:
        plan_regex(b, p, &plan);
        break;
    case MATCH_SEQUENCE:
        plan_sequence(b, p, &plan);
        break;
    case MATCH_DOMAIN:
        if (!is_part)
            plan_domain(b, p, &plan);
        break;
    case MATCH_PREFIX:
        if (!is_part)
            plan_prefix(b, p, &plan);
        break;
    case MATCH_NUMBER:
        if (!is_part)
            plan_number(b, p, &plan);
        break;
    case MATCH_LIST:
        if (!is_part)
            plan_list(b, p, &plan);
        break;
    case MATCH_EXISTS:
    case MATCH_FIELD:
    case MATCH_MARK:
        break;
    }
    if (is_part && !plan.is_found)
        plan_header_name(b, p, &plan);
    return plan;
}

/* Of an AND: the rarest; of equal ones, the one with fewer gates. */
static struct gate_plan plan_best(struct builder *b, const struct node *node)
{
    struct gate_plan best = no_plan();

    for (size_t i = 0; i < node->count; i++) {
        struct gate_plan plan = plan_gates(b, node->children[i]);
        bool is_better =
            plan.is_found && (!best.is_found || plan.bits > best.bits ||
                              (plan.bits == best.bits && plan.gates.count < best.gates.count));
        if (is_better) {
            plan_clear(&best);
            best = plan;
        } else {
            plan_clear(&plan);
        }
    }
    return best;
}

/* Of an OR: all of them, or none when one child has none. */
static struct gate_plan plan_union(struct builder *b, const struct node *node)
{
    struct gate_plan all = no_plan();

    for (size_t i = 0; i < node->count; i++) {
        struct gate_plan plan = plan_gates(b, node->children[i]);
        if (!plan.is_found) {
            plan_clear(&plan);
            plan_clear(&all);
            return all;
        }
        for (size_t g = 0; g < plan.gates.count; g++)
            vector_push(&all.gates, vector_at(&plan.gates, g));
        if (i == 0 || plan.bits < all.bits)
            all.bits = plan.bits;
        plan_clear(&plan);
    }
    all.is_found = true; /* an empty OR is never true: no gate opens it */
    return all;
}

struct gate_plan plan_gates(struct builder *b, const struct node *condition)
{
    struct gate_plan plan = no_plan();

    switch (condition->kind) {
    case NODE_AND:
        return plan_best(b, condition);
    case NODE_OR:
        return plan_union(b, condition);
    case NODE_PREDICATE:
        return plan_predicate(b, condition->predicate);
    case NODE_FALSE:
        plan.is_found = true;
        plan.bits = UINT32_MAX;
        return plan;
    case NODE_NOT:
    case NODE_TRUE:
        return plan;
    }
    return plan;
}

/* The table that gates of this event, kind, field (and list) go to. */
static uint32_t table_for(struct builder *b, enum event_type event, const struct gate *gate)
{
    uint32_t key[4] = {event, gate->kind, gate->field, NO_INDEX};

    if (gate->kind == GATE_LIST)
        memcpy(&key[3], gate->key.data, sizeof(key[3]));
    uint32_t *known = index_find(&b->table_index, view_make(key, sizeof(key)));
    if (*known == NO_INDEX) {
        struct gate_table table = {
            .event = event, .kind = gate->kind, .field = gate->field, .set = key[3]};
        vector_init(&table.keys, sizeof(struct gate_key));
        index_init(&table.by_key, b->arena);
        *known = vector_push(&b->gate_tables, &table);
    }
    return *known;
}

struct gate_use plan_place(struct builder *b, enum event_type event, const struct gate *gate)
{
    uint32_t number = table_for(b, event, gate);
    struct gate_table *table = vector_at(&b->gate_tables, number);
    uint8_t *flagged = arena_alloc(b->arena, gate->key.len + 1);

    if (gate->key.len > 0)
        memcpy(flagged, gate->key.data, gate->key.len);
    flagged[gate->key.len] = (uint8_t)gate->flags;
    uint32_t *local = index_find(&table->by_key, view_make(flagged, gate->key.len + 1));
    if (*local == NO_INDEX) {
        struct gate_key key = {gate->key, gate->flags, NO_INDEX};
        *local = vector_push(&table->keys, &key);
    }
    return (struct gate_use){number, *local, NO_INDEX};
}

void plan_register(struct builder *b, uint32_t rule, enum event_type event,
                   const struct gate_plan *plan)
{
    const struct rule_row *row = vector_at(&b->rules, rule);

    assert(plan->is_found);
    for (size_t i = 0; i < plan->gates.count; i++) {
        struct gate_use use = plan_place(b, event, vector_at(&plan->gates, i));
        struct gate_table *table = vector_at(&b->gate_tables, use.table);
        struct gate_key *key = vector_at(&table->keys, use.local);
        table->is_again |= (row->flags & RULE_AGAIN) != 0;
        if (key->last_rule == rule) /* several values may rest on one gate */
            continue;
        key->last_rule = use.rule = rule;
        vector_push(&b->gate_uses, &use);
    }
}
