/* SPDX-License-Identifier: BSD-3-Clause */
/* Rule: the model that a YAML document becomes, before anything is compiled.
 *
 * Idea       all of Sigma's surface (modifiers, wildcards, lists, maps, `1 of sel*`) is gone here: a
 *            rule is a tree of AND, OR, NOT over predicates, each predicate one question to one field.
 *            Importers of other languages produce the same tree.
 * Memory     everything lives in the arena of struct rules and dies with it.
 * Places     every rule and predicate knows file, line and column, for messages of later stages.
 */
#ifndef SHRIKE_RULE_RULE_H
#define SHRIKE_RULE_RULE_H

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"
#include "fields/fields.h"

enum predicate_op {
    MATCH_GLOB,     /* glob over bytes: equals, contains, startswith, endswith, wildcards */
    MATCH_REGEX,    /* PCRE */
    MATCH_HEX,      /* bytes with a mask, anywhere within from..to */
    MATCH_NUMBER,   /* compare a number, bool or time */
    MATCH_PREFIX,   /* address within a CIDR prefix */
    MATCH_DOMAIN,   /* the name itself or any name under it */
    MATCH_EXISTS,   /* the field has a value */
    MATCH_FIELD,    /* equal to another field of the same event, or holds its value (fieldref) */
    MATCH_LIST,     /* member of a list document; compared as the list's type says */
    MATCH_SEQUENCE, /* steps, one after the other */
    MATCH_MARK,     /* the flow has the mark of this name */
};

/* What is compared: the value, or a number computed from it. */
enum predicate_of {
    OF_VALUE,
    OF_LEN,
    OF_COUNT,
    OF_ENTROPY,
    OF_MINUTE, /* of a time, in UTC; so the next ones */
    OF_HOUR,
    OF_DAY,  /* of the month */
    OF_WEEK, /* ISO 8601 */
    OF_MONTH,
    OF_YEAR
};

enum compare { COMPARE_EQ, COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE };

/* A glob is a row of pieces; "*a?b" is ANY "a" ONE "b". Adjacent literals are one piece. */
enum glob_kind { GLOB_LITERAL, GLOB_ONE, GLOB_ANY };
struct glob_piece {
    enum glob_kind kind;
    struct view bytes; /* GLOB_LITERAL */
};

/* Offsets are unbounded when from is 0 and to is SIZE_MAX. A match must start at or after `from` and
 * end at or before `to`. */
struct offsets {
    size_t from, to;
    bool is_exact; /* it must start exactly at `from` (`at: N`) */
};

/* One step of a sequence. Steps are tried in their order over one value, and a step that has several places
 * to hold is moved on when one that counts from it does not hold. */
enum step_kind {
    STEP_BYTES,  /* bytes, with or without a mask */
    STEP_REGEX,  /* PCRE */
    STEP_NUMBER, /* a number that stands in the value, compared */
    STEP_JUMP,   /* a number that stands in the value says where the next step counts from */
    STEP_LEFT,   /* so many bytes follow */
};
enum step_compare {
    STEP_EQ,
    STEP_NE,
    STEP_LT,
    STEP_LTE,
    STEP_GT,
    STEP_GTE,
    STEP_AND,  /* some of these bits are set */
    STEP_NAND, /* none of them is */
};
enum step_origin { ORIGIN_HERE, ORIGIN_START, ORIGIN_END };

struct step {
    enum step_kind kind;
    bool is_relative; /* counts from where the step before ended; else from the value's start */
    bool is_negated, is_cased;
    bool is_at_end;   /* STEP_BYTES: ends with the value */
    int64_t distance; /* relative: begins there or later; STEP_NUMBER, STEP_JUMP: exactly there */
    size_t within;    /* relative: ends at most so far behind `distance`; SIZE_MAX: anywhere */
    struct offsets offsets;  /* absolute: as those of a predicate */
    struct view bytes, mask; /* STEP_BYTES, STEP_REGEX */
    unsigned regex_flags;
    unsigned width; /* STEP_NUMBER, STEP_JUMP: bytes that are read */
    unsigned base;  /* 0: binary; 8, 10, 16: digits */
    bool is_little;
    uint64_t number_mask; /* and-ed first, then shifted down by its trailing zeros */
    enum step_compare compare;
    uint64_t number; /* compared; STEP_LEFT: bytes */
    uint32_t multiply, align;
    int64_t add;
    enum step_origin origin;
    struct place place;
};

enum list_type {
    LIST_IP,
    LIST_DOMAIN,
    LIST_URL,
    LIST_STRING,
    LIST_JA3,
    LIST_JA4,
    LIST_SHA1,
    LIST_SHA256
};

struct list; /* rule/list.h */

/* How sure the entry of a list has to be; what nobody said is in no range. */
struct confidence_range {
    bool is_asked;
    uint8_t from, to; /* 0 to 100, both included */
};

struct predicate {
    enum predicate_op op;
    enum predicate_of of;
    enum field_id field;       /* FIELD_NONE: keyword, any bytes field of the event */
    struct view header_name;   /* http.header.NAME: which header; empty otherwise */
    uint32_t transforms;       /* transform_list (fields/transform.h) of the value; 0: none */
    bool is_cased;             /* MATCH_GLOB, MATCH_HEX, MATCH_FIELD: case counts */
    bool is_negated;           /* `neq` */
    struct glob_piece *pieces; /* MATCH_GLOB */
    size_t piece_count;
    struct view bytes; /* MATCH_REGEX: expression; MATCH_HEX: bytes; MATCH_DOMAIN: name, lower case;
                        * MATCH_MARK: name */
    struct view mask;  /* MATCH_HEX: 0xff or 0x00 a byte; empty when all count */
    unsigned regex_flags;   /* REGEX_* */
    enum compare compare;   /* MATCH_NUMBER */
    int64_t number;         /* MATCH_NUMBER; entropy in thousandths of a bit */
    struct address address; /* MATCH_PREFIX */
    unsigned prefix_bits;
    bool wanted;                /* MATCH_EXISTS: true or false asked for */
    enum field_id other;        /* MATCH_FIELD */
    bool has_before, has_after; /* MATCH_FIELD: bytes may stand before, after the other's value */
    const struct list *list;    /* MATCH_LIST; set by rules_finish() */
    struct confidence_range confidence; /* MATCH_LIST */
    struct step *steps;                 /* MATCH_SEQUENCE */
    size_t step_count;
    struct offsets offsets;
    const char *text; /* as the author wrote it, for explanations: `http.uri|contains: /news.php` */
    struct place place;
};

enum regex_flags { REGEX_CASELESS = 1, REGEX_MULTILINE = 2, REGEX_DOTALL = 4 };

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_PREDICATE, NODE_TRUE, NODE_FALSE };

struct node {
    enum node_kind kind;
    struct node **children; /* AND, OR: any number; NOT: one */
    size_t count;
    struct predicate *predicate;
};

enum level { LEVEL_INFORMATIONAL, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_CRITICAL };

/* Which alerts of one window are written. */
enum suppress_kind {
    SUPPRESS_FIRST,  /* the first N */
    SUPPRESS_EVERY,  /* every Nth */
    SUPPRESS_AFTER,  /* the Nth alone */
    SUPPRESS_BEYOND, /* all after the Nth */
};

enum rule_direction { RULE_EITHER, RULE_TO_SERVER, RULE_TO_CLIENT };

struct rule_test {
    const char *pcap; /* path, relative to the rule file */
    bool has_alerts, has_matches;
    uint64_t alerts;
    uint64_t matches; /* how often it holds, whether it says so or not */
    struct place place;
};

/* What a rule that holds does to a mark of its flow. */
enum mark_act { MARK_SET, MARK_CLEAR, MARK_TOGGLE };
struct mark_change {
    enum mark_act act;
    struct view name;
    struct place place;
};

/* As written; "" where it says nothing. */
struct log_source {
    const char *category, *product, *service;
};

struct filter;

struct rule {
    const char *id;   /* uuid as written; NULL when absent */
    const char *name; /* by which other documents may call it; NULL when absent */
    const char *title;
    const char *description; /* NULL when absent; so the next ones */
    const char *author;
    const char *status;
    const char *date;
    enum level level;
    bool has_title, has_level; /* else made up */
    const char **tags;
    size_t tag_count;
    const char **references;
    size_t reference_count;
    const char **false_positives;
    size_t false_positive_count;
    struct log_source source;
    enum event_type event;
    struct node *condition;
    const struct filter **filters; /* that apply to it; set by rules_finish() */
    size_t filter_count;
    uint32_t sid; /* from shrike: sid, else derived from id */
    uint32_t rev, gid;
    const char *category; /* NULL: by its tags */
    enum rule_direction direction;
    uint16_t *ports; /* either side's port must be one of them; none: any */
    size_t port_count;
    int64_t valid_from_us, valid_until_us; /* outside an alert is informational; 0: no bound */
    int64_t suppress_us;                   /* suppress: for; 0 when there is none */
    enum suppress_kind suppress_kind;
    uint32_t suppress_number;
    enum field_id suppress_by[4];
    size_t suppress_by_count;
    bool is_silent;            /* `alert: false`: it holds, and says nothing */
    struct mark_change *marks; /* each name once */
    size_t mark_count;
    struct rule_test *tests;
    size_t test_count;
    struct place place;
};

/* A filter document: what a site does not want to hear of. */
struct filter {
    struct rule *
        what; /* its metadata, and the condition of what it silences; event EVENT_ANY: envelope fields alone */
    int64_t expires_us;  /* from then on it silences nothing; 0: never */
    const char *expires; /* as written; NULL when absent */
    size_t rule_count;   /* that it applies to */
    uint32_t number;     /* in rules->filters */
};

/* Why a sound document is left out. */
enum refusal {
    REFUSAL_NONE,
    REFUSAL_HOST,        /* no wire shows what it needs */
    REFUSAL_CORRELATION, /* correlation documents, and aggregation in a condition */
    REFUSAL_LATER,       /* fields, events, modifiers and kinds of documents of later versions */
    REFUSAL_COUNT
};

struct rules_pending; /* what rules_finish() still has to look up (rule/loader.h) */

/* All that was loaded. */
struct rules {
    struct arena *arena;
    struct rule **items;
    size_t count;
    struct list **lists;
    size_t list_count;
    struct filter **filters;
    size_t filter_count;
    const char **list_files; /* those that lists named, whatever became of them */
    size_t list_file_count;
    struct list *made_lists;       /* these, and those that were left out */
    size_t refused[REFUSAL_COUNT]; /* documents */
    size_t documents;              /* YAML documents seen */
    size_t files;
    struct rules_pending *pending; /* the readers' own */
};

const char *level_name(enum level level); /* "high" */
unsigned
level_severity(enum level level); /* EVE: critical and high 1, medium 2, low 3, informational 4 */

#endif
