/* SPDX-License-Identifier: BSD-3-Clause */
/* Builder: what the compiler's files share while a rule set grows.
 *
 * Idea       every table is a vector that only grows; at the end its rows become the rule set's.
 *            Equal things (texts, predicates, regexes, lists, gates) are found again by an index
 *            over their bytes, so that a thousand rules that ask `http.method: POST` hold one
 *            predicate.
 * Memory     `arena` is scratch and dies with the builder; nothing in the rule set points into it.
 */
#ifndef SHRIKE_COMPILE_BUILDER_H
#define SHRIKE_COMPILE_BUILDER_H

#include "base/arena.h"
#include "base/memory.h"
#include "compile/compile.h"
#include "fields/event.h"
#include "rule/rule.h"
#include "ruleset/tables.h"

/* Rows of one size in one block of memory. */
struct vector {
    void *rows;
    size_t count, capacity, size;
};

static inline void vector_init(struct vector *vector, size_t size)
{
    *vector = (struct vector){.size = size};
}

/* Room for `count` more rows, not cleared; returns the first. */
void *vector_grow(struct vector *vector, size_t count);
/* Copies one row; returns its index. */
uint32_t vector_push(struct vector *vector, const void *row);

static inline void *vector_at(const struct vector *vector, size_t index)
{
    return (uint8_t *)vector->rows + index * vector->size;
}

/* From bytes to a number: open addressing, keys copied to an arena. */
struct index_entry {
    uint64_t hash;
    struct view key;
    uint32_t value;
    bool is_used;
};
struct index {
    struct arena *arena;
    struct index_entry *entries;
    size_t count, capacity;
};

void index_init(struct index *index, struct arena *arena);
void index_clear(struct index *index);
/* The number that stands for `key`, NO_INDEX for a new key; valid until the next call. */
uint32_t *index_find(struct index *index, struct view key);

/* What a gate is looked for with. */
enum gate_kind { GATE_LITERAL, GATE_TEXT, GATE_DOMAIN, GATE_PREFIX, GATE_NUMBER, GATE_LIST };
enum gate_flags { GATE_CASED = 1, GATE_AT_START = 2, GATE_AT_END = 4 };

struct gate {
    enum gate_kind kind;
    unsigned flags; /* GATE_LITERAL */
    enum field_id field;
    struct view key; /* what is looked for; GATE_LIST: the set's number */
    unsigned bits;   /* rarity: seen once in 2^bits values, roughly */
};

/* Gates of one event, field and kind become one database or set. */
struct gate_table {
    enum event_type event;
    enum gate_kind kind;
    enum field_id field;
    uint32_t set;  /* GATE_LIST */
    bool is_again; /* opens a RULE_AGAIN rule */
    uint32_t first_gate;
    struct vector keys; /* struct gate_key */
    struct index by_key;
};
struct gate_key {
    struct view key;
    unsigned flags;
    uint32_t last_rule; /* that was entered; NO_INDEX: none yet */
};

/* gate `local` of table `table` opens rule `rule` */
struct gate_use {
    uint32_t table, local, rule;
};

/* A stream pattern before its database is built. */
struct stream_pattern {
    const char *expression;
    unsigned flags; /* HS_FLAG_* */
    uint32_t group;
    enum stream_part part;
    struct vector watches; /* struct watch_row; predicate: number within the group's predicates */
};

struct group_builder {
    enum direction direction;
    struct view ports;        /* the sorted ports as bytes; empty: any */
    struct vector rules;      /* uint32_t rule */
    struct vector predicates; /* struct group_use */
    struct index by_predicate;
};
struct group_use {
    uint32_t predicate;
    uint32_t length;
    uint32_t regex;      /* NO_INDEX: none */
    bool is_repeated;    /* a rule that is RULE_REPEATS asks it */
    struct vector rules; /* uint32_t: number within the group */
    struct window_row window;
};

struct builder {
    struct ruleset *set;
    struct arena *arena;
    struct diagnostics *diagnostics;
    struct compile_stats *stats;
    const struct rules *given;
    const struct rule *rule; /* at hand */
    uint32_t rule_number;    /* of it, in the rules given */
    bool has_failed;         /* the rule at hand cannot be compiled */
    bool *left_out;          /* by number in the rules given: Hyperscan cannot take it in */
    bool has_culprit;        /* one was added to them: compile again */

    struct vector sources; /* uint32_t, one a row of `rules`: its number in the rules given */
    struct vector rules, nodes, predicates, pieces, steps, ports, blob, regexes, info, probes,
        rule_lists;
    struct vector sets, slots, bloom, ends, fact_of, facts, notes, bytes;
    struct index texts, predicate_index, regex_index, list_index, table_index, group_index,
        pattern_index, glob_index, tested_index, step_index, resolved_index;
    struct vector silencers, filter_ends, filter_info;
    uint32_t
        *filter_nodes; /* by filter and event: root of what it asks; NO_INDEX: not compiled yet */
    struct vector gate_tables;       /* struct gate_table */
    struct vector gate_uses;         /* struct gate_use */
    struct vector ungated;           /* uint32_t rule */
    struct port_plan *port_plans[2]; /* by direction; ports.c */
    struct vector groups;            /* struct group_builder */
    struct vector patterns;          /* struct stream_pattern */
    struct vector databases;         /* hs_database_t * */
    struct vector mark_changes, mark_names;
    struct vector variants; /* struct variant_row: few, each once */
    struct index mark_index;
};

/* An error at a predicate of the rule at hand: the rule will be left out. */
void builder_refuse(struct builder *b, const char *id, struct place place, const char *help,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));
/* What the author wrote, short enough for a message. */
const char *builder_shown(struct builder *b, const struct predicate *p);
/* Bytes into the blob, each text once; always followed by a NUL. */
struct text builder_text(struct builder *b, struct view bytes);
uint32_t builder_string(struct builder *b, const char *text);

/* literal.c */
enum { GATE_LITERAL_MIN = 4, LITERALS_MAX = 64 };
/* Roughly how many bits of surprise these bytes are in HTTP-like traffic. */
unsigned literal_bits(struct view bytes, bool is_cased);
/* The window of at most `max` bytes that surprises most. */
struct view literal_best(struct view bytes, size_t max, bool is_cased);
/* required.c */
struct literal_set {
    struct view items[LITERALS_MAX];
    size_t count;
    bool is_cased;
};
/* Literals of which at least one occurs in everything that the expression matches; false when none
 * can be told. Views live in the arena. */
bool regex_literals(struct arena *arena, struct view expression, unsigned flags,
                    struct literal_set *out);
/* The greatest upper bound of a counted repeat, 0 when there is none. */
unsigned regex_largest_repeat(struct view expression);
/* Does it hold an anchor to the start (`^`, \A, \G)? */
bool regex_is_anchored(struct view expression);

/* plan.c: at least one of `gates` is seen in every event for which the condition is true. */
struct gate_plan {
    struct vector gates; /* struct gate */
    unsigned bits;       /* of the weakest */
    bool is_found;
};
struct gate_plan plan_gates(struct builder *b, const struct node *condition);
void plan_clear(struct gate_plan *plan);
/* Table and number of a gate, made when it is new. */
struct gate_use plan_place(struct builder *b, enum event_type event, const struct gate *gate);
/* Enters the plan's gates for the rule, each once. */
void plan_register(struct builder *b, uint32_t rule, enum event_type event,
                   const struct gate_plan *plan);

/* program.c */
uint32_t program_predicate(struct builder *b, const struct predicate *asked);
/* A compiled expression, each once; `flags` are REGEX_*. NO_INDEX when it is wrong: *code and *offset say why. */
uint32_t program_regex(struct builder *b, struct view expression, unsigned flags, int *code,
                       size_t *offset);
/* Refuses the rule for what PCRE2 says of its expression. */
void program_regex_failed(struct builder *b, const struct predicate *p, int code, size_t offset);
uint32_t program_compile(struct builder *b, const struct node *condition);
/* RULE_* flags of the rule at hand. */
unsigned program_flags(const struct rule *rule);
/* What it costs to evaluate all of it; 1 is the comparison of a number. */
unsigned program_cost(const struct node *node);
/* Its children as they are evaluated. In the arena. */
const struct node **program_order(struct builder *b, const struct node *node);
/* May more of the transaction or stream turn an answer round that is true (`is_positive`) or false? */
bool program_is_late(const struct node *node, enum event_type event, bool is_positive);

/* marks.c */
/* Number of the mark of this name. */
uint32_t marks_number(struct builder *b, struct view name);
/* Rows of what the rule at hand does to marks. */
struct span marks_add(struct builder *b);
bool marks_are_read(const struct node *condition);
/* The order in which rules are compiled, and so judged: their numbers. In the arena. */
const uint32_t *marks_order(struct arena *arena, const struct rules *rules);

/* filters.c */
void filters_begin(struct builder *b);
/* Rows of the rule at hand. */
struct span filters_compile(struct builder *b);

/* explain.c */
struct explanation;
void explain_rule(struct builder *b, struct explanation *explanation);

/* sets.c */
uint32_t sets_add_list(struct builder *b, const struct list *list);
struct set_key {
    struct view bytes;
};
/* Keys in their stored form; equal keys become one entry, so entries number distinct keys in order.
 */
uint32_t sets_build(struct builder *b, enum set_kind kind, const struct set_key *keys,
                    size_t count);
size_t sets_address_key(const struct address *address, unsigned bits, uint8_t out[17]);

/* steps.c */
/* Rows of the steps of a MATCH_SEQUENCE predicate; known ones are found again. */
struct span steps_add(struct builder *b, const struct predicate *predicate);
/* Where a step that counts from the value's start ends at the latest; SIZE_MAX: anywhere. */
uint64_t step_end(const struct step *step);

/* windows.c */
/* One predicate, or one gate of it, as a pattern. */
struct stream_query {
    const char *expression;
    unsigned flags;
    enum stream_part part;
    uint32_t length; /* of every match; 0 when it varies */
    unsigned watch;  /* WATCH_* */
    uint64_t from, to;
};
/* As it is asked of raw bytes: an expression that Hyperscan cannot follow is a sequence of one step. In the arena. */
const struct predicate *windows_resolve(struct builder *b, const struct predicate *p);
/* Is a hit not enough to answer it? */
bool windows_take(const struct predicate *p);
/* Of which bytes it is asked. Refuses the rule when they lie too far apart. */
struct window_row windows_plan(struct builder *b, const struct predicate *p);
/* Patterns of which one is seen wherever the sequence holds; sets window->is_open when there are none. In the arena. */
struct stream_query *windows_gates(struct builder *b, const struct predicate *p,
                                   struct window_row *window, size_t *count);

/* Tells what it costs, or refuses the rule. */
void windows_check(struct builder *b, const struct predicate *p);
unsigned stream_regex_flags(unsigned regex_flags); /* HS_FLAG_* */

/* ports.c */
/* Which lists of ports become groups; before the first rule is compiled. */
void ports_plan(struct builder *b);
/* The ports of the group to which the rule at hand belongs, sorted uint16_t as bytes; empty: any. */
struct view ports_of_group(struct builder *b, enum direction direction);

/* streams.c */
void streams_add_rule(struct builder *b, uint32_t rule);

/* groups.c */
int groups_finish(struct builder *b, struct error *error);

/* databases.c */
/* Bytes as \xHH after `out`'s present text. */
void expression_escape(struct buf *out, struct view bytes);
hs_database_t *database_build(struct builder *b, const char *const *expressions,
                              const unsigned *flags, const unsigned *ids, size_t count,
                              unsigned mode, struct error *error);
int databases_finish(struct builder *b, struct error *error);
/* Of patterns that do not compile together: the first that cannot join those before it. */
size_t database_culprit(const char *const *expressions, const unsigned *flags, size_t count,
                        unsigned mode);

/* selftest.c: can this machine and this library be trusted? */
int selftest_run(struct error *error);

#endif
