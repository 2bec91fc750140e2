/* SPDX-License-Identifier: BSD-3-Clause */
/* Rule set: life, reference count, and what others may ask of it. The layout is in tables.h. */
#include "ruleset/ruleset.h"

#include <assert.h>

#include "base/memory.h"
#include "ruleset/tables.h"

struct ruleset *ruleset_new(void)
{
    struct ruleset *set = memory_new(1, sizeof(*set));
    atomic_init(&set->references, 1);
    set->arena = arena_new();
    set->key = hash_key_random();
    return set;
}

size_t ruleset_count(const struct ruleset *set)
{
    return set->rule_count;
}

const struct rule_info *ruleset_rule(const struct ruleset *set, size_t index)
{
    assert(index < set->rule_count);
    return &set->info[index];
}

size_t ruleset_filter_count(const struct ruleset *set)
{
    return set->filter_count;
}

const struct filter_info *ruleset_filter(const struct ruleset *set, size_t index)
{
    assert(index < set->filter_count);
    return &set->filter_info[index];
}

const struct field_set *ruleset_fields(const struct ruleset *set)
{
    return &set->fields;
}

bool ruleset_wants(const struct ruleset *set, enum event_type type)
{
    return set->events[type].rules > 0;
}

bool ruleset_waits(const struct ruleset *set, enum event_type type)
{
    return set->events[type].waits > 0;
}

struct ruleset *ruleset_retain(struct ruleset *set)
{
    unsigned before = atomic_fetch_add_explicit(&set->references, 1, memory_order_relaxed);
    assert(before > 0);
    (void)before;
    return set;
}

static void free_runtime(struct ruleset *set)
{
    for (size_t i = 0; i < set->database_count; i++)
        hs_free_database(set->databases[i]);
    for (size_t i = 0; i < set->regex_count; i++)
        pcre2_code_free(set->regexes[i]);
    for (size_t i = 0; set->group_databases != NULL && i < set->group_count; i++) {
        for (int part = 0; part < PART_COUNT; part++)
            hs_free_database(set->group_databases[i].stream[part]);
    }
    hs_free_scratch(set->scratch);
    memory_free(set->databases);
    memory_free(set->regexes);
    memory_free(set->group_databases);
    memory_free(set->info);
    memory_free(set->filter_info);
    arena_free(set->arena);
}

static void free_tables(struct ruleset *set)
{
    void *const tables[] = {
        set->rules,      set->nodes,       set->predicates,  set->pieces,    set->probes,
        set->gate_first, set->gate_rules,  set->rule_lists,  set->ports,     set->blob,
        set->sets,       set->set_slots,   set->set_bloom,   set->set_notes, set->set_ends,
        set->set_facts,  set->set_fact_of, set->set_bytes,   set->groups,    set->group_predicates,
        set->patterns,   set->watches,     set->port_groups, set->steps,     set->mark_changes,
        set->mark_names, set->silencers,   set->filter_ends, set->variants,
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        memory_free(tables[i]);
}

void ruleset_release(struct ruleset *set)
{
    if (set == NULL || atomic_fetch_sub_explicit(&set->references, 1, memory_order_acq_rel) != 1)
        return;
    free_runtime(set);
    free_tables(set);
    memory_free(set);
}
