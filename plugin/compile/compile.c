/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiler: one rule after the other, then the tables that all share.
 *
 * Rules come in the order of their files, but for those that set or read marks (marks.c).
 * A rule goes through program.c and filters.c (conditions to rows), and then either streams.c (raw bytes:
 * patterns of its group) or plan.c (everything else: gates). When all rules are in, databases.c
 * and groups.c build the databases, and the builder's vectors become the rule set's tables.
 */
#include "compile/compile.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "compile/builder.h"
#include "compile/explain.h"

enum {
    COST_DEAR = 100
}; /* of a condition that nothing opens: some regular expressions, or one as a keyword */
enum { CULPRITS_MAX = 32 }; /* rules that Hyperscan cannot take in, before the set is given up */

static void init_vectors(struct builder *b)
{
    vector_init(&b->sources, sizeof(uint32_t));
    vector_init(&b->rules, sizeof(struct rule_row));
    vector_init(&b->nodes, sizeof(struct node_row));
    vector_init(&b->predicates, sizeof(struct predicate_row));
    vector_init(&b->pieces, sizeof(struct piece_row));
    vector_init(&b->steps, sizeof(struct step_row));
    vector_init(&b->ports, sizeof(uint16_t));
    vector_init(&b->blob, 1);
    vector_init(&b->regexes, sizeof(pcre2_code *));
    vector_init(&b->info, sizeof(struct rule_info));
    vector_init(&b->silencers, sizeof(struct silencer_row));
    vector_init(&b->filter_ends, sizeof(int64_t));
    vector_init(&b->filter_info, sizeof(struct filter_info));
    vector_init(&b->probes, sizeof(struct probe_row));
    vector_init(&b->rule_lists, sizeof(uint32_t));
    vector_init(&b->sets, sizeof(struct set_row));
    vector_init(&b->slots, sizeof(uint64_t));
    vector_init(&b->bloom, sizeof(uint64_t));
    vector_init(&b->ends, sizeof(uint32_t));
    vector_init(&b->fact_of, sizeof(uint32_t));
    vector_init(&b->facts, sizeof(struct set_facts));
    vector_init(&b->notes, 1);
    vector_init(&b->bytes, 1);
    vector_init(&b->gate_tables, sizeof(struct gate_table));
    vector_init(&b->gate_uses, sizeof(struct gate_use));
    vector_init(&b->ungated, sizeof(uint32_t));
    vector_init(&b->groups, sizeof(struct group_builder));
    vector_init(&b->patterns, sizeof(struct stream_pattern));
    vector_init(&b->databases, sizeof(hs_database_t *));
    vector_init(&b->mark_changes, sizeof(struct mark_row));
    vector_init(&b->mark_names, sizeof(uint32_t));
    vector_init(&b->variants, sizeof(struct variant_row));
}

static void init_builder(struct builder *b, struct diagnostics *diagnostics,
                         struct compile_stats *stats)
{
    *b = (struct builder){
        .set = ruleset_new(), .arena = arena_new(), .diagnostics = diagnostics, .stats = stats};
    init_vectors(b);
    struct index *const indexes[] = {&b->texts,         &b->predicate_index, &b->regex_index,
                                     &b->list_index,    &b->table_index,     &b->group_index,
                                     &b->pattern_index, &b->glob_index,      &b->tested_index,
                                     &b->step_index,    &b->resolved_index,  &b->mark_index};
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
        index_init(indexes[i], b->arena);
    builder_text(b, view_make("", 0)); /* so that the blob is never empty */
}

/* What is left after the rule set took its tables. */
static void clear_builder(struct builder *b)
{
    struct index *const indexes[] = {&b->texts,         &b->predicate_index, &b->regex_index,
                                     &b->list_index,    &b->table_index,     &b->group_index,
                                     &b->pattern_index, &b->glob_index,      &b->tested_index,
                                     &b->step_index,    &b->resolved_index,  &b->mark_index};
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
        index_clear(indexes[i]);
    for (size_t i = 0; i < b->gate_tables.count; i++) {
        struct gate_table *table = vector_at(&b->gate_tables, i);
        memory_free(table->keys.rows);
        index_clear(&table->by_key);
    }
    for (size_t i = 0; i < b->groups.count; i++) {
        struct group_builder *group = vector_at(&b->groups, i);
        for (size_t p = 0; p < group->predicates.count; p++)
            memory_free(((struct group_use *)vector_at(&group->predicates, p))->rules.rows);
        memory_free(group->predicates.rows);
        memory_free(group->rules.rows);
        index_clear(&group->by_predicate);
    }
    for (size_t i = 0; i < b->patterns.count; i++)
        memory_free(((struct stream_pattern *)vector_at(&b->patterns, i))->watches.rows);
    memory_free(b->sources.rows);
    memory_free(b->gate_tables.rows);
    memory_free(b->gate_uses.rows);
    memory_free(b->ungated.rows);
    memory_free(b->groups.rows);
    memory_free(b->patterns.rows);
    arena_free(b->arena);
}

/* --- one rule ------------------------------------------------------------------------------------
 */

/* "attack.command-and-control" -> "Command and Control"; techniques, groups and software are not
 * tactics. */
static const char *category_of(struct arena *arena, const struct rule *rule)
{
    if (rule->category != NULL)
        return arena_string(arena, rule->category);
    for (size_t i = 0; i < rule->tag_count; i++) {
        struct view tag = view_from_string(rule->tags[i]);
        if (!view_starts_fold(tag, VIEW("attack.")) || tag.len < 9)
            continue;
        if (byte_is_digit(tag.data[8]))
            continue;
        char *text = arena_string(arena, rule->tags[i] + 7);
        for (size_t at = 0; text[at] != '\0'; at++) {
            bool is_start = at == 0 || text[at - 1] == ' ';
            if (text[at] == '-' || text[at] == '_')
                text[at] = ' ';
            else if (is_start && strncmp(text + at, "and", 3) != 0 && text[at] >= 'a' &&
                     text[at] <= 'z')
                text[at] = (char)(text[at] - 'a' + 'A');
        }
        return text;
    }
    return "";
}

static const char *const *copy_strings(struct arena *arena, const char *const *strings,
                                       size_t count)
{
    const char **copies = arena_array(arena, count + 1, sizeof(*copies));
    for (size_t i = 0; i < count; i++)
        copies[i] = arena_string(arena, strings[i]);
    return copies;
}

static void add_info(struct builder *b, uint32_t index)
{
    const struct rule *rule = b->rule;
    struct arena *arena = b->set->arena;
    struct rule_info info = {
        .index = index,
        .gid = rule->gid,
        .sid = rule->sid,
        .rev = rule->rev,
        .severity = level_severity(rule->level),
        .level = level_name(rule->level),
        .id = arena_string(arena, rule->id ? rule->id : ""),
        .title = arena_string(arena, rule->title ? rule->title : ""),
        .category = category_of(arena, rule),
        .tags = copy_strings(arena, (const char *const *)rule->tags, rule->tag_count),
        .tag_count = rule->tag_count,
        .references =
            copy_strings(arena, (const char *const *)rule->references, rule->reference_count),
        .reference_count = rule->reference_count,
        .file = arena_string(arena, rule->place.file ? rule->place.file : ""),
        .line = rule->place.line,
        .event = rule->event,
        .is_silent = rule->is_silent,
        .valid_from_us = rule->valid_from_us,
        .valid_until_us = rule->valid_until_us,
    };
    vector_push(&b->info, &info);
}

static int compare_ports(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static uint32_t add_row(struct builder *b, uint32_t node, struct span silencers)
{
    const struct rule *rule = b->rule;
    struct rule_row row = {.event = (uint8_t)rule->event,
                           .side = (uint8_t)rule->direction,
                           .flags = (uint8_t)program_flags(rule),
                           .node = node,
                           .ports = {(uint32_t)b->ports.count, (uint32_t)rule->port_count},
                           .marks = marks_add(b),
                           .silencers = silencers,
                           .suppress_us = rule->suppress_us};

    static_assert((int)SIDE_TO_SERVER == (int)RULE_TO_SERVER &&
                      (int)SIDE_TO_CLIENT == (int)RULE_TO_CLIENT,
                  "tables.h and rule.h name the same directions");
    if (rule->port_count > 0) {
        uint16_t *ports = vector_grow(&b->ports, rule->port_count);
        memcpy(ports, rule->ports, rule->port_count * sizeof(*ports));
        qsort(ports, rule->port_count, sizeof(*ports), compare_ports);
    }
    static_assert(
        (int)WINDOW_FIRST == (int)SUPPRESS_FIRST && (int)WINDOW_EVERY == (int)SUPPRESS_EVERY &&
            (int)WINDOW_AFTER == (int)SUPPRESS_AFTER && (int)WINDOW_BEYOND == (int)SUPPRESS_BEYOND,
        "tables.h and rule.h name the same windows");
    if (rule->suppress_us > 0) {
        row.window_kind = (uint32_t)rule->suppress_kind;
        row.window_number = rule->suppress_number > 0 ? rule->suppress_number : 1;
        row.suppress_count = (uint8_t)rule->suppress_by_count;
        for (size_t i = 0; i < rule->suppress_by_count; i++)
            row.suppress_by[i] = (uint16_t)rule->suppress_by[i];
        b->set->has_suppress = true;
    }
    return vector_push(&b->rules, &row);
}

static void note_ungated(struct builder *b, uint32_t index)
{
    unsigned cost = program_cost(b->rule->condition);
    bool is_dear = cost >= COST_DEAR && b->rule->event != EVENT_STREAM;

    b->stats->ungated_rules++;
    diagnostics_add(
        b->diagnostics, is_dear ? SEVERITY_WARNING : SEVERITY_NOTE,
        is_dear ? "expensive-rule" : "no-gate", b->rule->place,
        "add a value of four bytes or more, a domain, an address or a list that must occur",
        "no literal or value must occur for this rule, so it is evaluated for every %s "
        "event, at a cost of %u comparisons",
        event_type_name(b->rule->event), cost);
    if (b->rule->event != EVENT_STREAM)
        vector_push(&b->ungated, &index);
}

static void compile_rule(struct builder *b, const struct rule *rule, uint32_t number)
{
    b->rule = rule;
    b->rule_number = number;
    b->has_failed = false;
    uint32_t node = program_compile(b, rule->condition);
    struct span silencers = filters_compile(b);
    if (b->has_failed)
        return;
    uint32_t index = add_row(b, node, silencers);
    if (rule->event == EVENT_STREAM) {
        streams_add_rule(b, index);
        if (b->has_failed) { /* refused before it entered a group */
            b->rules.count--;
            return;
        }
        if (((struct rule_row *)vector_at(&b->rules, index))->flags & RULE_AT_START)
            note_ungated(b, index);
    } else {
        struct gate_plan plan = plan_gates(b, rule->condition);
        if (plan.is_found)
            plan_register(b, index, rule->event, &plan);
        else
            note_ungated(b, index);
        plan_clear(&plan);
    }
    add_info(b, index);
    vector_push(&b->sources, &number);
    const struct rule_row *row = vector_at(&b->rules, index);
    b->set->events[rule->event].rules++;
    b->set->events[rule->event].waits += (row->flags & RULE_WAITS) != 0;
}

/* --- which fields are read -----------------------------------------------------------------------
 */

static void add_field(struct builder *b, enum event_type event, enum field_id field)
{
    if (field != FIELD_NONE) {
        field_set_add(&b->set->fields, field);
        return;
    }
    for (enum field_id id = field_first(event); id < field_end(event); id++) {
        if (field_is_searched(id))
            field_set_add(&b->set->fields, id);
    }
}

static void add_fields_below(struct builder *b, enum event_type event, uint32_t root)
{
    const struct node_row *nodes = b->nodes.rows;

    for (uint32_t n = root; n < nodes[root].next; n++) {
        if (nodes[n].kind != TREE_PREDICATE)
            continue;
        const struct predicate_row *p = vector_at(&b->predicates, nodes[n].predicate);
        add_field(b, event, p->field);
        if (p->op == QUERY_FIELD)
            add_field(b, event, p->other);
    }
}

static void collect_fields(struct builder *b)
{
    for (size_t r = 0; r < b->rules.count; r++) {
        const struct rule_row *rule = vector_at(&b->rules, r);
        add_fields_below(b, rule->event, rule->node);
        for (uint32_t i = 0; i < rule->silencers.count; i++) {
            const struct silencer_row *silencer =
                vector_at(&b->silencers, rule->silencers.first + i);
            add_fields_below(b, rule->event, silencer->node);
        }
        for (unsigned i = 0; i < rule->suppress_count; i++)
            add_field(b, rule->event, rule->suppress_by[i]);
    }
}

/* --- all of them ---------------------------------------------------------------------------------
 */

/* The vectors' memory becomes the set's; what databases.c and groups.c made is there already. */
static void move_tables(struct builder *b)
{
    struct ruleset *set = b->set;
#define MOVE(vector, member, count_member)                                                         \
    do {                                                                                           \
        set->member = (vector).rows;                                                               \
        set->count_member = (vector).count;                                                        \
    } while (0)
    MOVE(b->rules, rules, rule_count);
    MOVE(b->nodes, nodes, node_count);
    MOVE(b->predicates, predicates, predicate_count);
    MOVE(b->pieces, pieces, piece_count);
    MOVE(b->steps, steps, step_count);
    MOVE(b->probes, probes, probe_count);
    MOVE(b->rule_lists, rule_lists, rule_list_count);
    MOVE(b->ports, ports, port_count);
    MOVE(b->silencers, silencers, silencer_count);
    MOVE(b->filter_ends, filter_ends, filter_count);
    MOVE(b->blob, blob, blob_len);
    MOVE(b->sets, sets, set_count);
    MOVE(b->slots, set_slots, set_slot_count);
    MOVE(b->bloom, set_bloom, set_bloom_count);
    MOVE(b->ends, set_ends, set_end_count);
    MOVE(b->fact_of, set_fact_of, set_fact_of_count);
    MOVE(b->facts, set_facts, set_fact_count);
    MOVE(b->notes, set_notes, set_note_count);
    MOVE(b->bytes, set_bytes, set_byte_count);
    MOVE(b->databases, databases, database_count);
    MOVE(b->regexes, regexes, regex_count);
    MOVE(b->mark_changes, mark_changes, mark_change_count);
    MOVE(b->mark_names, mark_names, mark_count);
    MOVE(b->variants, variants, variant_count);
#undef MOVE
    set->info = b->info.rows;
    set->filter_info = b->filter_info.rows;
}

static void fill_stats(const struct builder *b)
{
    const struct ruleset *set = b->set;
    struct compile_stats *stats = b->stats;

    stats->rules = set->rule_count;
    stats->predicates = set->predicate_count;
    stats->regexes = set->regex_count;
    stats->program_bytes = set->node_count * sizeof(*set->nodes) +
                           set->predicate_count * sizeof(*set->predicates) +
                           set->piece_count * sizeof(*set->pieces) + set->blob_len;
}

static double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What is compiled, and what a try leaves for the next. */
struct attempt {
    const struct rules *rules;
    struct explanation *explanation; /* NULL: nobody asks */
    bool *left_out;                  /* by number of the rule */
    bool has_culprit;                /* longer than before: it can be tried again */
    const uint32_t *order;           /* numbers of rules */
};

/* NULL with `error` set when it fails. */
static struct ruleset *compile_once(struct attempt *attempt, struct diagnostics *diagnostics,
                                    struct compile_stats *stats, struct error *error)
{
    const struct rules *rules = attempt->rules;
    struct builder b;

    *stats = (struct compile_stats){.rules = 0};
    init_builder(&b, diagnostics, stats);
    b.given = rules;
    b.left_out = attempt->left_out;
    filters_begin(&b);
    ports_plan(&b);
    for (uint32_t i = 0; i < rules->count; i++) {
        uint32_t number = attempt->order[i];
        if (!b.left_out[number])
            compile_rule(&b, rules->items[number], number);
    }
    collect_fields(&b);
    int result = databases_finish(&b, error);
    if (result == 0)
        result = groups_finish(&b, error);
    attempt->has_culprit = b.has_culprit;
    if (result == 0 && attempt->explanation != NULL)
        explain_rule(&b, attempt->explanation);
    move_tables(&b);
    struct ruleset *set = b.set;
    fill_stats(&b);
    clear_builder(&b);
    if (result != 0) {
        ruleset_release(set);
        return NULL;
    }
    return set;
}

static struct ruleset *compile_all(const struct rules *rules, struct explanation *explanation,
                                   struct diagnostics *diagnostics, struct compile_stats *stats,
                                   struct error *error)
{
    struct attempt attempt = {.rules = rules, .explanation = explanation};
    double start = clock_seconds();
    struct ruleset *set = NULL;

    *stats = (struct compile_stats){.rules = 0};
    struct arena *arena = arena_new();
    attempt.order = marks_order(arena, rules);
    attempt.left_out = memory_new(rules->count + 1, sizeof(*attempt.left_out));
    if (selftest_run(error) == 0)
        set = compile_once(&attempt, diagnostics, stats, error);
    for (int i = 0; set == NULL && attempt.has_culprit && i < CULPRITS_MAX; i++) {
        struct diagnostics again; /* all but new culprits has been said */
        diagnostics_init(&again);
        set = compile_once(&attempt, &again, stats, error);
        diagnostics_take(diagnostics, &again, "stream-pattern");
    }
    memory_free(attempt.left_out);
    arena_free(arena);
    stats->seconds = clock_seconds() - start;
    return set;
}

struct ruleset *compile_rules(const struct rules *rules, struct diagnostics *diagnostics,
                              struct compile_stats *stats, struct error *error)
{
    struct compile_stats unused;

    return compile_all(rules, NULL, diagnostics, stats ? stats : &unused, error);
}

int compile_explain(const struct rules *rules, struct explanation *explanation,
                    struct diagnostics *diagnostics, struct error *error)
{
    struct compile_stats unused;
    struct ruleset *set = compile_all(rules, explanation, diagnostics, &unused, error);

    ruleset_release(set);
    return set != NULL ? 0 : -1;
}
