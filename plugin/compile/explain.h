/* SPDX-License-Identifier: BSD-3-Clause */
/* Explanation: what one rule became among all others: for people who ask why it is dear or never fires. */
#ifndef SHRIKE_COMPILE_EXPLAIN_H
#define SHRIKE_COMPILE_EXPLAIN_H

#include "base/arena.h"
#include "compile/compile.h"

/* Something of which one has to be seen before the condition runs. */
struct explained_gate {
    const char *kind; /* "literal", "value", "domain", "prefix", "number", "list" */
    bool is_scanned;  /* found by Hyperscan, else looked up in a set */
    enum field_id field;
    struct view key; /* bytes, or the text of a prefix or number, or a list's name */
    bool is_cased, is_at_start, is_at_end;
    unsigned bits; /* rarity: seen once in 2^bits values, roughly */
    size_t keys;   /* patterns of its database, entries of its set */
    size_t rules;  /* that it opens, this one among them */
};

/* A pattern over raw bytes. */
struct explained_pattern {
    const char *expression;
    const char *flags; /* Hyperscan's, without HS_FLAG_, separated by spaces */
    const char *direction;
    const char *part; /* "payload", "payload.head": of which bytes */
    size_t ports;     /* of its group; 0: any */
    size_t patterns;  /* of its database */
    uint64_t from, to;
    bool is_exact;      /* begins exactly at `from` */
    bool is_anchored;   /* holds at the stream's true start only */
    bool is_gate;       /* it opens the predicate, which is then asked of a window */
    const char *asks;   /* the predicate as written */
    bool has_regex;     /* its start is looked for with PCRE2 when it is shown as evidence */
    size_t asked_rules; /* of the group, by this pattern */
};

/* A predicate that is asked of bytes that are kept. */
struct explained_window {
    const char *asks; /* the predicate as written */
    uint32_t hop;     /* blocks of `len` bytes begin so far apart; 0: the first `len` bytes alone */
    uint32_t len;
    bool is_segment; /* each segment alone, and nothing is kept */
    bool is_open;    /* no pattern opens it */
};

/* A row of the condition, in the order in which it is evaluated. */
struct explained_node {
    enum node_kind kind;
    unsigned depth;
    const struct predicate *predicate; /* NODE_PREDICATE */
    unsigned cost;                     /* 1: to compare a number */
    bool is_late; /* more of the transaction or stream may turn its answer round */
};

struct explanation {
    /* given */
    const struct rule *rule;
    struct arena *arena; /* what the explanation lives in */
    /* found */
    bool is_compiled;
    bool waits;       /* decided when the answer came, or the stream ended */
    bool is_again;    /* asked again when the answer came */
    bool is_at_start; /* stream: can be true before any pattern was found */
    bool is_repeated; /* stream with marks: asked each time that a pattern is found */
    bool
        has_gate; /* else it is evaluated for every event; gates may be none when it is never true */
    unsigned bits; /* of the weakest gate */
    struct explained_gate *gates;
    size_t gate_count;
    struct explained_pattern *patterns;
    size_t pattern_count;
    struct explained_window *windows;
    size_t window_count;
    struct explained_node *nodes;
    size_t node_count;
    const struct list **lists;
    size_t list_count;
};

/* Compiles all rules, and explains one of them. -1 with `error` set when there is no set at all. */
int compile_explain(const struct rules *rules, struct explanation *explanation,
                    struct diagnostics *diagnostics, struct error *error);

#endif
