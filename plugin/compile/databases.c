/* SPDX-License-Identifier: BSD-3-Clause */
/* Databases: the gates of each event and field become one Hyperscan database or one set, and one
 * probe.
 *
 * Literals   written as \xHH for hs_compile_multi; never hs_compile_lit_multi, which in 5.4.0
 *            builds databases that fail at run time (-13) and in later versions refuses a leading
 *            NUL. One match a pattern and scan is enough for a gate: HS_FLAG_SINGLEMATCH.
 * Numbers    a pattern's id in its database is the number of its gate in the whole set, so that
 *            the callback has nothing to translate.
 */
#include "compile/builder.h"

#include <assert.h>
#include <stdlib.h>

void expression_escape(struct buf *out, struct view bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        buf_text(out, "\\x");
        buf_hex(out, view_slice(bytes, i, i + 1));
    }
}

hs_database_t *database_build(struct builder *b, const char *const *expressions,
                              const unsigned *flags, const unsigned *ids, size_t count,
                              unsigned mode, struct error *error)
{
    hs_database_t *database = NULL;
    hs_compile_error_t *failure = NULL;
    size_t size = 0;

    hs_error_t rc =
        hs_compile_multi(expressions, flags, ids, (unsigned)count, mode, NULL, &database, &failure);
    if (rc != HS_SUCCESS) {
        int at = failure ? failure->expression : -1;
        error_set(error, "Hyperscan cannot compile %zu patterns: %s%s%.200s", count,
                  failure ? failure->message : "no reason given", at >= 0 ? ": " : "",
                  at >= 0 ? expressions[at] : "");
        hs_free_compile_error(failure);
        return NULL;
    }
    rc = hs_alloc_scratch(database, &b->set->scratch);
    if (rc != HS_SUCCESS) {
        error_set(error, "Hyperscan gives no scratch space (error %d)", rc);
        hs_free_database(database);
        return NULL;
    }
    hs_database_size(database, &size);
    b->stats->databases++;
    b->stats->patterns += count;
    b->stats->database_bytes += size;
    return database;
}

static bool compiles(const char *const *expressions, const unsigned *flags, size_t count,
                     unsigned mode)
{
    hs_database_t *database = NULL;
    hs_compile_error_t *failure = NULL;
    hs_error_t rc = hs_compile_multi(expressions, flags, NULL, (unsigned)count, mode, NULL,
                                     &database, &failure);

    hs_free_compile_error(failure);
    hs_free_database(database);
    return rc == HS_SUCCESS;
}

size_t database_culprit(const char *const *expressions, const unsigned *flags, size_t count,
                        unsigned mode)
{
    size_t good = 0, bad = count; /* the first `good` compile, the first `bad` do not */

    while (bad - good > 1) {
        size_t middle = good + (bad - good) / 2;
        if (compiles(expressions, flags, middle, mode))
            good = middle;
        else
            bad = middle;
    }
    return bad - 1;
}

static hs_database_t *build_literals(struct builder *b, const struct gate_table *table,
                                     struct error *error)
{
    size_t count = table->keys.count;
    const char **expressions = arena_array(b->arena, count, sizeof(*expressions));
    unsigned *flags = arena_array(b->arena, count, sizeof(*flags));
    unsigned *ids = arena_array(b->arena, count, sizeof(*ids));
    struct buf text;

    buf_init(&text, 4096);
    for (size_t i = 0; i < count; i++) {
        const struct gate_key *key = vector_at(&table->keys, i);
        buf_reset(&text);
        if (key->flags & GATE_AT_START)
            buf_byte(&text, '^');
        expression_escape(&text, key->key);
        if (key->flags & GATE_AT_END)
            buf_text(&text, "\\z");
        expressions[i] = (const char *)arena_copy(b->arena, buf_view(&text)).data;
        flags[i] = HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL |
                   (key->flags & GATE_CASED ? 0U : (unsigned)HS_FLAG_CASELESS);
        ids[i] = table->first_gate + (unsigned)i;
    }
    buf_clear(&text);
    return database_build(b, expressions, flags, ids, count, HS_MODE_BLOCK, error);
}

static uint32_t build_set(struct builder *b, const struct gate_table *table)
{
    size_t count = table->keys.count;
    struct set_key *keys = arena_array(b->arena, count, sizeof(*keys));
    enum set_kind kind = table->kind == GATE_TEXT     ? SET_TEXT
                         : table->kind == GATE_DOMAIN ? SET_DOMAIN
                         : table->kind == GATE_PREFIX ? SET_ADDRESS
                                                      : SET_NUMBER;

    for (size_t i = 0; i < count; i++)
        keys[i].bytes = ((const struct gate_key *)vector_at(&table->keys, i))->key;
    return sets_build(b, kind, keys, count);
}

static int build_probe(struct builder *b, const struct gate_table *table, struct error *error)
{
    struct probe_row probe = {
        .is_again = table->is_again, .field = (uint16_t)table->field, .gate = table->first_gate};

    switch (table->kind) {
    case GATE_LITERAL: {
        hs_database_t *database = build_literals(b, table, error);
        if (database == NULL)
            return -1;
        probe.kind = PROBE_SCAN;
        probe.target = vector_push(&b->databases, &database);
        break;
    }
    case GATE_TEXT:
    case GATE_DOMAIN:
    case GATE_PREFIX:
    case GATE_NUMBER:
        probe.kind = PROBE_SET;
        probe.target = build_set(b, table);
        break;
    case GATE_LIST:
        probe.kind = PROBE_LIST;
        probe.target = table->set;
        break;
    }
    vector_push(&b->probes, &probe);
    return 0;
}

static int compare_tables(const void *a, const void *b)
{
    const struct gate_table *left = *(struct gate_table *const *)a;
    const struct gate_table *right = *(struct gate_table *const *)b;
    if (left->event != right->event)
        return left->event < right->event ? -1 : 1;
    if (left->field != right->field)
        return left->field < right->field ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return left->set < right->set ? -1 : left->set > right->set;
}

/* Probes of one event side by side, in field order. */
static int build_probes(struct builder *b, struct error *error)
{
    size_t count = b->gate_tables.count;
    struct gate_table **sorted = arena_array(b->arena, count + 1, sizeof(struct gate_table *));

    for (size_t i = 0; i < count; i++)
        sorted[i] = vector_at(&b->gate_tables, i);
    qsort(sorted, count, sizeof(struct gate_table *), compare_tables);
    for (size_t i = 0; i < count; i++) {
        struct span *probes = &b->set->events[sorted[i]->event].probes;
        if (probes->count++ == 0)
            probes->first = (uint32_t)b->probes.count;
        if (build_probe(b, sorted[i], error) != 0)
            return -1;
    }
    return 0;
}

/* gate_first and gate_rules by counting: the uses of gate g are gate_rules[gate_first[g]..[g + 1]).
 */
static void build_gate_rules(struct builder *b)
{
    struct ruleset *set = b->set;
    const struct gate_use *uses = b->gate_uses.rows;
    uint32_t *first = memory_new(set->gate_count + 2, sizeof(*first));

    for (size_t i = 0; i < b->gate_uses.count; i++) {
        const struct gate_table *table = vector_at(&b->gate_tables, uses[i].table);
        first[table->first_gate + uses[i].local + 2]++;
    }
    for (size_t g = 2; g < set->gate_count + 2; g++)
        first[g] += first[g - 1];
    set->gate_rules = memory_new(b->gate_uses.count, sizeof(uint32_t));
    set->gate_rule_count = b->gate_uses.count;
    for (size_t i = 0; i < b->gate_uses.count; i++) {
        const struct gate_table *table = vector_at(&b->gate_tables, uses[i].table);
        set->gate_rules[first[table->first_gate + uses[i].local + 1]++] = uses[i].rule;
    }
    set->gate_first = first;
}

static void build_ungated(struct builder *b)
{
    const struct rule_row *rules = b->rules.rows;

    for (enum event_type event = EVENT_ANY; event < EVENT_COUNT; event++) {
        struct span *span = &b->set->events[event].ungated;
        span->first = (uint32_t)b->rule_lists.count;
        for (size_t i = 0; i < b->ungated.count; i++) {
            const uint32_t *rule = vector_at(&b->ungated, i);
            if (rules[*rule].event == event) {
                vector_push(&b->rule_lists, rule);
                span->count++;
            }
        }
    }
}

int databases_finish(struct builder *b, struct error *error)
{
    for (size_t i = 0; i < b->gate_tables.count; i++) {
        struct gate_table *table = vector_at(&b->gate_tables, i);
        table->first_gate = (uint32_t)b->set->gate_count;
        b->set->gate_count += table->kind == GATE_LIST ? 1 : table->keys.count;
    }
    build_gate_rules(b);
    build_ungated(b);
    return build_probes(b, error);
}
