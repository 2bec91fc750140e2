/* SPDX-License-Identifier: BSD-3-Clause */
/* Model: a Suricata rule as its options say it, before it is said in our language.
 *
 * chain      what is asked of one buffer, in the order in which Suricata inspects it
 * piece      one question of a chain: a content, an expression, a number, a length
 * ask        a question to a number of the packet or the flow
 *
 * A rule that has no equal keeps the first reason in `refusal`. */
#ifndef SHRIKE_IMPORT_SURICATA_READ_MODEL_H
#define SHRIKE_IMPORT_SURICATA_READ_MODEL_H

#include "fields/transform.h"
#include "import/suricata/read/rule_text.h"
#include "import/suricata/read/variables.h"

enum { CHAINS_MAX = 24, PIECES_MAX = 48, ASKS_MAX = 16, BITS_MAX = 16, BIT_NAMES_MAX = 8 };

enum comparison { IS_EQ, IS_NE, IS_LT, IS_LTE, IS_GT, IS_GTE, HAS_BITS, HAS_NO_BITS };

enum piece_kind {
    PIECE_CONTENT,
    PIECE_REGEX,
    PIECE_NUMBER, /* byte_test */
    PIECE_JUMP,   /* byte_jump */
    PIECE_LEFT,   /* isdataat, relative */
    PIECE_SIZE,   /* bsize, urilen, isdataat: the length of the whole buffer */
};

enum jump_origin { JUMP_HERE, JUMP_START, JUMP_END };

struct piece {
    enum piece_kind kind;
    bool is_negated, is_nocase, is_at_start, is_at_end;
    bool has_offset, has_depth, has_distance, has_within;
    int64_t offset, depth, distance, within;
    struct view bytes; /* content, expression */
    bool is_caseless, is_multiline, is_dotall;
    bool is_relative; /* expression, number, jump */
    uint64_t width;   /* number, jump */
    unsigned base;    /* 0: binary */
    bool is_little;
    uint64_t mask; /* 0: none */
    enum comparison compare;
    uint64_t number; /* compared; PIECE_LEFT, PIECE_SIZE: bytes */
    uint64_t multiply, align;
    int64_t add;
    enum jump_origin origin;
};

struct buffer; /* buffer.h */

struct chain {
    const struct buffer *buffer; /* NULL: the payload */
    transform_list transforms;   /* of the buffer, before it is looked into */
    struct piece *pieces;        /* room for PIECES_MAX */
    size_t count;
};

/* `field: value`, `field|gt: value`; all of them hold, the negated ones do not. */
struct ask {
    const char *key, *value;
    bool is_negated;
    bool is_text; /* in quotes where YAML needs it */
};

enum flow_option {
    FLOW_TO_SERVER = 1,
    FLOW_TO_CLIENT = 2,
    FLOW_ESTABLISHED = 4,
    FLOW_ONLY_STREAM = 8,
    FLOW_NO_STREAM = 16,
};

enum bit_operation { BIT_SET, BIT_UNSET, BIT_TOGGLE, BIT_ISSET, BIT_ISNOTSET };

struct bit {
    enum bit_operation operation;
    const char *names[BIT_NAMES_MAX]; /* more than one: any of them is set */
    size_t count;
};

enum track { TRACK_NONE, TRACK_SOURCE, TRACK_TARGET, TRACK_BOTH, TRACK_RULE, TRACK_FLOW };

struct threshold {
    enum track track; /* TRACK_NONE: there is no threshold */
    const char *kind; /* "first", "every", "after", "beyond" */
    uint64_t count, seconds;
};

struct pair_text {
    struct view name, value;
};

struct model {
    const struct rule_text *text;
    struct view message, classtype;
    uint64_t sid, rev, gid, priority; /* priority 0: by the classtype */
    struct pair_text *references, *metadata;
    size_t reference_count, metadata_count;
    unsigned flow; /* enum flow_option */
    bool needs_packet;
    bool wants_growth; /* a stream_size that may come to hold after the contents */
    bool is_silent;    /* noalert */
    bool leaves_more;  /* xbits or flowint, which no rule here reads */
    struct chain *chains;
    size_t chain_count;
    struct ask asks[ASKS_MAX];
    size_t ask_count;
    struct bit bits[BITS_MAX];
    size_t bit_count;
    struct threshold threshold;
    const char *refusal; /* why it has no equal; NULL when it has */
    struct place refusal_place;
};

#endif
