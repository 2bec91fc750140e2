/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables: the layout of a compiled rule set, for compile/ (writes) and match/ (reads) alone.
 *
 * Idea       rows are plain numbers: indexes into other tables and offsets into two blobs, never
 *            pointers, so that a set can later be saved by writing its arrays and mapped again by
 *            reading them. What cannot be flat (Hyperscan databases, PCRE2 code, the strings
 *            shown to outputs) stands apart, at the end of struct ruleset.
 * Structure
 *   event -> probes -> gates -> rules -> nodes -> predicates -> pieces, sets, regexes, blob
 *
 *   probe      one question asked of every event of a type: scan this field in that database, or
 *              look its values up in that set. A hit names a gate.
 *   gate       something that must be seen before a rule can be true; gate_rules lists those rules.
 *   node       a condition tree in prefix order; `next` is the row after the subtree.
 *   group      stream rules of one direction and one list of ports; its patterns watch raw bytes.
 *
 * Promises   a set is immutable once compile_rules() returned it; workers share it without locks.
 */
#ifndef SHRIKE_RULESET_TABLES_H
#define SHRIKE_RULESET_TABLES_H

#include <hs/hs.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdatomic.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/key.h"
#include "ruleset/ruleset.h"

enum {
    GROUP_MAX = 64,         /* stream groups: a bit each in a 64-bit mask */
    STREAM_HEAD_LEN = 4096, /* payload.head */
    WINDOW_HOP = 4096,      /* of predicates without a bound: what spans no more is in one block */
    WINDOW_HOP_MIN = 512,
    WINDOW_HOP_MAX = 16384,
    NODE_DEPTH_MAX = 64, /* nesting of conditions; bounds recursion in match/evaluate.c */
    SET_LENGTHS = 129,   /* prefix lengths 0..128 */
};
#define NO_INDEX UINT32_MAX

/* Rows [first, first + count) of another table. */
struct span {
    uint32_t first, count;
};

/* Bytes of the blob. */
struct text {
    uint32_t offset, len;
};

struct piece_row {
    uint32_t kind;     /* enum glob_kind of rule/rule.h */
    struct text bytes; /* folded when the predicate ignores case */
};

/* The values of these enums are those of rule/rule.h (checked in compile/program.c), repeated
 * because this room may not include it. */
enum query_op {
    QUERY_GLOB,
    QUERY_REGEX,
    QUERY_HEX,
    QUERY_NUMBER,
    QUERY_PREFIX,
    QUERY_DOMAIN,
    QUERY_EXISTS,
    QUERY_FIELD,
    QUERY_LIST,
    QUERY_SEQUENCE,
    QUERY_MARK, /* `number`: of the mark; `bytes`: its name */
};
enum query_of {
    QUERY_VALUE,
    QUERY_LEN,
    QUERY_COUNT,
    QUERY_ENTROPY,
    QUERY_MINUTE,
    QUERY_HOUR,
    QUERY_DAY,
    QUERY_WEEK,
    QUERY_MONTH,
    QUERY_YEAR
};
enum query_compare { QUERY_EQ, QUERY_LT, QUERY_LTE, QUERY_GT, QUERY_GTE };
enum query_piece { PIECE_LITERAL, PIECE_ONE, PIECE_ANY };

enum query_flags {
    QUERY_CASED = 1,
    QUERY_NEGATED = 2, /* the answer is turned round; an absent field then answers true */
    QUERY_WANTED = 4,  /* QUERY_EXISTS: true asked for */
    QUERY_AT = 8,      /* must start exactly at `from` */
    QUERY_BEFORE = 32, /* QUERY_FIELD: bytes may stand before the other field's value, */
    QUERY_AFTER = 64,  /* and after it */
    QUERY_STREAM = 16, /* asked of raw bytes: answered by the stream's hits, not by a value */
};

struct predicate_row {
    uint8_t op, of, compare, flags;
    uint16_t field, other;
    uint32_t prefix_bits;
    uint32_t regex, set; /* NO_INDEX when there is none */
    struct span pieces;  /* QUERY_SEQUENCE: rows of `steps` */
    struct text bytes, mask, header_name;
    uint32_t written; /* blob offset of the author's text, NUL-terminated */
    uint32_t variant; /* row of `variants` that is asked; NO_INDEX: the field itself */
    int64_t number;
    uint64_t from, to; /* QUERY_LIST: how sure an entry has to be; `to` above 100: not asked */
    struct address address;
};

/* What transforms make of a field's values (fields/transform.h); of one header's when it has a name. */
struct variant_row {
    uint32_t field, transforms;
    struct text header_name;
};

/* The values of `kind`, `compare` and `origin` are those of rule/rule.h (checked in compile/steps.c). */
enum query_step {
    QUERY_STEP_BYTES,
    QUERY_STEP_REGEX,
    QUERY_STEP_NUMBER,
    QUERY_STEP_JUMP,
    QUERY_STEP_LEFT
};
enum query_step_compare {
    QUERY_STEP_EQ,
    QUERY_STEP_NE,
    QUERY_STEP_LT,
    QUERY_STEP_LTE,
    QUERY_STEP_GT,
    QUERY_STEP_GTE,
    QUERY_STEP_AND,
    QUERY_STEP_NAND,
};
enum query_step_origin { QUERY_ORIGIN_HERE, QUERY_ORIGIN_START, QUERY_ORIGIN_END };

enum step_flags {
    STEP_IS_RELATIVE = 1,
    STEP_IS_NEGATED = 2,
    STEP_IS_CASED = 4,
    STEP_IS_AT_END = 8, /* ends with the value, or is an expression that can ask for its end */
    STEP_IS_EXACT = 16, /* begins exactly at `from` */
    STEP_IS_LITTLE = 32,
    STEP_HAS_FOLLOWER = 64, /* the next step counts from this one: another place may help it */
};

struct step_row {
    uint8_t kind, flags, width, base;
    uint8_t compare, origin, shift; /* shift: trailing zeros of number_mask */
    uint8_t reserved;
    uint32_t regex; /* NO_INDEX when there is none */
    uint32_t multiply, align;
    struct text bytes, mask;
    int64_t distance, add;
    uint64_t within, from, to;
    uint64_t number, number_mask;
};

enum tree_kind { TREE_AND, TREE_OR, TREE_NOT, TREE_PREDICATE, TREE_TRUE, TREE_FALSE };

struct node_row {
    uint32_t kind;      /* enum tree_kind */
    uint32_t predicate; /* TREE_PREDICATE */
    uint32_t next;      /* first row after this subtree */
};

enum rule_flags {
    RULE_WAITS = 1,    /* an answer may still make it untrue: only complete events are asked */
    RULE_AGAIN = 8,    /* the answer may make it true: asked again when it came */
    RULE_AT_END = 2,   /* stream: can become true without a new hit, decided when the stream ends */
    RULE_AT_START = 4, /* stream: can be true before any hit */
    RULE_SILENT = 16,  /* it holds and says nothing */
    RULE_REPEATS =
        32,           /* stream with marks, or RULE_COUNTS: asked whenever a pattern occurs again */
    RULE_COUNTS = 64, /* stream whose `suppress` counts: alerts each time that it holds */
};

enum rule_side { SIDE_EITHER, SIDE_TO_SERVER, SIDE_TO_CLIENT };

struct rule_row {
    uint8_t event, side, flags, suppress_count;
    uint16_t suppress_by[4];
    uint32_t node; /* root */
    struct span ports;
    struct span marks;     /* in mark_changes */
    struct span silencers; /* of its filters, in their order */
    uint32_t window_kind, window_number;
    int64_t suppress_us;
};

/* What a rule that holds does to its flow. The values of `act` are those of rule/rule.h (checked in compile/marks.c). */
enum change_act { CHANGE_SET, CHANGE_CLEAR, CHANGE_TOGGLE };
struct mark_row {
    uint32_t act, mark;
};

/* A filter at a rule: what it asks, as a condition of its own, for events of the rule's type. */
struct silencer_row {
    uint32_t node; /* root */
    uint32_t filter;
};

/* The values of rule/rule.h (checked in compile/compile.c). */
enum window_kind { WINDOW_FIRST, WINDOW_EVERY, WINDOW_AFTER, WINDOW_BEYOND };

enum probe_kind { PROBE_SCAN, PROBE_SET, PROBE_LIST };

struct probe_row {
    uint8_t kind;
    uint8_t is_again; /* opens a RULE_AGAIN rule */
    uint16_t field;   /* FIELD_NONE: every bytes field of the event */
    uint32_t target;  /* PROBE_SCAN: database; else set */
    uint32_t gate;    /* of pattern or entry 0; PROBE_LIST: of every entry */
};

struct event_row {
    struct span probes;
    struct span ungated; /* in rule_lists */
    uint32_t rules;
    uint32_t waits; /* rules that are RULE_WAITS */
};

enum set_kind { SET_TEXT, SET_DOMAIN, SET_URL, SET_DIGEST, SET_ADDRESS, SET_NUMBER };

/* Open addressing over 64-bit slots (fingerprint << 32 | entry + 1; 0 is free), behind a blocked
 * Bloom filter when there are many entries. Keys are those of base/key.h and lie one behind the other: where each ends
 * stands in set_ends, but for kinds whose keys are all of one length. What is said of entries (set_facts) stands apart, and
 * only for sets in which something is. */
struct set_row {
    uint32_t kind;
    uint32_t slot_mask;
    uint64_t slots; /* first, in set_slots */
    uint64_t bloom; /* first 64-byte block, in set_bloom */
    uint32_t bloom_mask;
    uint32_t has_bloom;
    uint64_t bytes;   /* its first key, in set_bytes */
    uint64_t ends;    /* first, in set_ends: offsets from `bytes` */
    uint32_t key_len; /* of every key; 0: they differ, see `ends` */
    uint32_t entry_count;
    uint32_t max_len; /* longest key: longer text cannot be a member */
    uint32_t min_len;
    uint32_t name;             /* blob offset; NO_INDEX when it is no list of the author */
    uint32_t source, tlp;      /* blob offsets; NO_INDEX when not said */
    uint32_t has_facts;        /* 0: nothing is said of any entry */
    uint64_t fact_of;          /* first, in set_fact_of: row of the set's facts, one an entry */
    uint64_t facts;            /* first, in set_facts; the first says nothing */
    uint64_t notes;            /* first byte, in set_notes */
    int64_t expires_us;        /* 0: never */
    int64_t date_us, decay_us; /* 0: not said */
    uint8_t length_count;      /* SET_ADDRESS: prefix lengths present, longest first */
    uint8_t lengths[SET_LENGTHS];
};

/* Dates are seconds since 1970, 0 when nobody said. */
struct set_facts {
    uint32_t note; /* offset into the set's notes; 0: none */
    uint32_t first_seen_s, valid_from_s, valid_until_s;
    int32_t confidence; /* 0 to 100; -1: nobody said */
};

enum stream_part { PART_WHOLE, PART_HEAD, PART_COUNT };

/* Pattern number n of any group's databases: what a hit of it means. */
struct pattern_row {
    struct span watches;
};

enum watch_flags {
    WATCH_AT = 1, /* must start exactly at `from` */
    WATCH_ANCHORED =
        2, /* holds only where the stream's true start was scanned: ignored after a gap */
    WATCH_REPEATS = 4, /* a rule that is RULE_REPEATS wants to know of every occurrence */
    WATCH_GATE =
        8, /* a hit only says where the predicate may hold: it is asked of a window there */
};

struct watch_row {
    uint32_t predicate; /* row of group_predicates */
    uint32_t flags;
    uint32_t length; /* of every match; 0 when it varies (then `from` is 0) */
    uint32_t reserved;
    uint64_t from, to;
};

/* A predicate whose hits are confirmed is asked of blocks [k * hop, k * hop + len) of the direction's bytes, each half over
 * the next one, up to block `last`; `hop` 0: of the first `len` bytes alone. `len` 0 and no segment: a hit is the answer. */
struct window_row {
    uint32_t hop, len;
    uint32_t is_segment;  /* it is asked of each segment alone, and `hop` and `len` are 0 */
    uint32_t is_value;    /* the first `len` bytes are a value of their own (payload.head) */
    uint32_t is_open;     /* nothing opens it: it is asked of every block */
    uint32_t is_repeated; /* asked on after it held: see RULE_REPEATS */
    uint64_t last;
};

struct group_predicate_row {
    uint32_t predicate;
    uint32_t length;   /* for the excerpt: of every match; 0 when it varies */
    uint32_t regex;    /* that finds the match's start then; NO_INDEX when there is none */
    struct span rules; /* in rule_lists: rules of the group by their number within it */
    struct window_row window;
};

struct group_row {
    uint32_t direction;
    struct span ports;      /* empty: any */
    struct span rules;      /* in rule_lists */
    struct span predicates; /* in group_predicates, ascending by predicate */
    struct span start;      /* in rule_lists, numbers within the group: RULE_AT_START */
    struct span end;        /* RULE_AT_END */
    struct span every;      /* RULE_AT_START and RULE_REPEATS: asked with every packet */
    struct span open;       /* in rule_lists, rows of group_predicates: `is_open` ones */
    uint32_t keep;          /* bytes of a direction that its windows reach back; 0: none are kept */
    uint32_t keep_first;    /* bytes from the start on that are kept until so many came */
};

struct port_row {
    uint64_t groups; /* bit n: group n wants this port */
    uint16_t port;
};

/* What cannot be flat. NULL members: no pattern. */
struct group_databases {
    hs_database_t *stream[PART_COUNT];
    size_t stream_size[PART_COUNT]; /* bytes of an open stream */
};

struct ruleset {
    atomic_uint references;

    struct rule_row *rules;
    size_t rule_count;
    struct node_row *nodes;
    size_t node_count;
    struct predicate_row *predicates;
    size_t predicate_count;
    struct variant_row *variants;
    size_t variant_count;
    struct piece_row *pieces;
    size_t piece_count;
    struct step_row *steps;
    size_t step_count;
    struct probe_row *probes;
    size_t probe_count;
    uint32_t *gate_first; /* gate_count + 1 offsets into gate_rules */
    size_t gate_count;
    uint32_t *gate_rules;
    size_t gate_rule_count;
    uint32_t *rule_lists;
    size_t rule_list_count;
    uint16_t *ports;
    size_t port_count;
    struct mark_row *mark_changes;
    size_t mark_change_count;
    uint32_t *mark_names; /* blob offsets, one a mark */
    size_t mark_count;
    struct silencer_row *silencers;
    size_t silencer_count;
    int64_t *filter_ends; /* one a filter: when it expires; 0: never */
    size_t filter_count;
    struct event_row events[EVENT_COUNT];
    uint8_t *blob;
    size_t blob_len;

    struct set_row *sets;
    size_t set_count;
    uint64_t *set_slots;
    size_t set_slot_count;
    uint64_t *set_bloom; /* blocks of 8 words */
    size_t set_bloom_count;
    uint32_t *set_ends;
    size_t set_end_count;
    uint32_t *set_fact_of;
    size_t set_fact_of_count;
    struct set_facts *set_facts;
    size_t set_fact_count;
    char *set_notes; /* strings; the first of each set is empty */
    size_t set_note_count;
    uint8_t *set_bytes;
    size_t set_byte_count;
    struct hash_key key;
    uint32_t fold_max; /* longest text key of all sets */

    struct group_row *groups;
    size_t group_count;
    struct group_predicate_row *group_predicates;
    size_t group_predicate_count;
    struct pattern_row *patterns;
    size_t pattern_count;
    struct watch_row *watches;
    size_t watch_count;
    struct port_row *port_groups; /* ascending by port */
    size_t port_group_count;
    uint64_t any_port_groups; /* groups without ports */
    uint64_t direction_groups[2];

    struct field_set fields;
    bool has_suppress;

    /* not flat */
    struct rule_info *info;
    struct filter_info *filter_info;
    struct arena *arena; /* strings of `info` and `filter_info` */
    hs_database_t **databases;
    size_t database_count;
    pcre2_code **regexes;
    size_t regex_count;
    struct group_databases *group_databases; /* one a group */
    hs_scratch_t *scratch; /* fits every database; workers clone it; NULL: no database */
};

/* An empty set with one reference. For compile/ and tests. */
struct ruleset *ruleset_new(void);

static inline const char *ruleset_string(const struct ruleset *set, uint32_t offset)
{
    return (const char *)set->blob + offset;
}

static inline struct view ruleset_text(const struct ruleset *set, struct text text)
{
    return view_make(set->blob + text.offset, text.len);
}

/* The six bits of a Bloom block that a hash stands for: nine bits of the mixed hash each. */
static inline uint32_t set_bloom_block(const struct set_row *row, uint64_t hash)
{
    return (uint32_t)(hash >> 7) & row->bloom_mask;
}

static inline void set_bloom_add(uint64_t *block, uint64_t hash)
{
    uint64_t bits = hash_mix(hash);
    for (int i = 0; i < 6; i++, bits >>= 9)
        block[bits >> 6 & 7] |= UINT64_C(1) << (bits & 63);
}

static inline bool set_bloom_has(const uint64_t *block, uint64_t hash)
{
    uint64_t bits = hash_mix(hash);
    for (int i = 0; i < 6; i++, bits >>= 9) {
        if ((block[bits >> 6 & 7] >> (bits & 63) & 1) == 0)
            return false;
    }
    return true;
}

static inline struct view set_entry_key(const struct ruleset *set, const struct set_row *row,
                                        uint32_t entry)
{
    const uint8_t *bytes = set->set_bytes + row->bytes;
    if (row->key_len > 0)
        return view_make(bytes + (size_t)entry * row->key_len, row->key_len);
    const uint32_t *ends = set->set_ends + row->ends;
    uint32_t begin = entry > 0 ? ends[entry - 1] : 0;
    return view_make(bytes + begin, ends[entry] - begin);
}

/* Number of the entry that has this key; NO_INDEX when none has. The one place that walks slots. */
static inline uint32_t set_find_key(const struct ruleset *set, const struct set_row *row,
                                    struct view key)
{
    uint64_t hash = hash_keyed(set->key, key.data, key.len);
    if (row->has_bloom &&
        !set_bloom_has(set->set_bloom + (row->bloom + set_bloom_block(row, hash)) * 8, hash))
        return NO_INDEX;
    const uint64_t *slots = set->set_slots + row->slots;
    for (uint32_t at = (uint32_t)hash & row->slot_mask; slots[at] != 0;
         at = (at + 1) & row->slot_mask) {
        if (slots[at] >> 32 != hash >> 32)
            continue;
        uint32_t entry = (uint32_t)slots[at] - 1;
        if (view_equal(set_entry_key(set, row, entry), key))
            return entry;
    }
    return NO_INDEX;
}

#endif
