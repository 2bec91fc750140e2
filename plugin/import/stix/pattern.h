/* SPDX-License-Identifier: BSD-3-Clause */
/* STIX patterns (STIX 2.1, part 9; 2.0's part 5): a text becomes a tree.
 *
 *   pattern      [ comparison ] joined by AND OR FOLLOWEDBY, with WITHIN REPEATS START STOP behind
 *   comparison   object:path = 'value' joined by AND OR
 */
#ifndef SHRIKE_IMPORT_STIX_PATTERN_H
#define SHRIKE_IMPORT_STIX_PATTERN_H

#include "base/arena.h"

enum { STIX_DEPTH_MAX = 64, STIX_NODES_MAX = 16384, STIX_PATTERN_MAX = 1 << 20 };

enum stix_op {
    STIX_EQ,
    STIX_LT,
    STIX_LTE,
    STIX_GT,
    STIX_GTE,
    STIX_IN,
    STIX_LIKE,
    STIX_MATCHES,
    STIX_ISSUBSET,
    STIX_ISSUPERSET,
    STIX_EXISTS
};

enum stix_literal_kind {
    STIX_STRING,
    STIX_INTEGER,
    STIX_FLOAT,
    STIX_BOOL,
    STIX_TIMESTAMP, /* t'2024-01-09T11:52:30Z' */
    STIX_HEX,       /* h'...' */
    STIX_BINARY     /* b'...', base64 */
};

struct stix_literal {
    enum stix_literal_kind kind;
    struct view text; /* without quotes and escapes; numbers and bools as written */
};

struct stix_test {
    enum stix_op op;
    bool is_negated;    /* NOT before the operator, or != */
    struct view object; /* "network-traffic" */
    struct view
        path; /* steps joined by dots, without quotes: "extensions.http-request-ext.request_method" */
    struct stix_literal *values;
    size_t count;
};

enum stix_kind {
    STIX_TEST, /* of a comparison expression */
    STIX_AND,  /* both of comparisons and of observations */
    STIX_OR,
    STIX_FOLLOWEDBY,
    STIX_OBSERVATION, /* [...]: one child, a comparison */
};

struct stix_node {
    enum stix_kind kind;
    struct stix_node **children;
    size_t count;
    struct stix_test *test;
    /* qualifiers of observations; 0 or empty when there is none */
    int64_t within_us;
    uint64_t repeats;
    bool has_start_stop;
};

struct stix_fault {
    size_t offset; /* in the pattern */
    char text[128];
};

/* NULL and a fault when the pattern does not follow the grammar. */
struct stix_node *stix_pattern_parse(struct arena *arena, struct view text,
                                     struct stix_fault *fault);

#endif
