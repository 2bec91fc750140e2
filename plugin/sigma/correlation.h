/* SPDX-License-Identifier: BSD-3-Clause */
/* Correlation: a document about many matches in time. It is read and checked whole; nothing evaluates it yet. */
#ifndef SHRIKE_SIGMA_CORRELATION_H
#define SHRIKE_SIGMA_CORRELATION_H

#include "sigma/names.h"

enum correlation_flags {
    CORRELATION_CONDITION = 1,
    CORRELATION_FIELD = 2,
    CORRELATION_NUMBER = 4,
    CORRELATION_DECIMAL = 8,
    CORRELATION_SEVERAL = 16,
    CORRELATION_BEHAVIOUR = 32, /* not Sigma's: what its keys mean is not known here */
};

struct correlation_kind {
    const char *name;
    unsigned flags;
};

/* `alias: {rule: field}`: one field by the name of each rule. */
struct alias_field {
    struct reference rule;
    const struct yaml_node *field;
};

struct alias {
    struct reference name;
    struct alias_field *fields;
    size_t count;
    bool is_used;
};

/* Read, and to be checked against the rules that it names. */
struct pending_correlation {
    struct pending_correlation *next;
    struct rule *rule; /* its metadata */
    const struct correlation_kind *kind;
    struct place type_place;
    struct reference *rules;
    const struct known_document **targets; /* of `rules`; NULL where there is none */
    size_t rule_count;
    const struct yaml_node **group_by; /* kept */
    size_t group_count;
    const struct yaml_node **fields; /* of the condition; kept */
    size_t field_count;
    struct alias *aliases;
    size_t alias_count;
    unsigned events; /* types of the events at the end of its chain, a bit each */
    bool is_bad, is_entered, is_left;
};

/* Reads one and keeps it for correlations_finish(). */
void correlation_read(struct loader *l, const struct yaml_node *root);
/* When all documents were read: checks what they name, and counts them as not evaluated (correlation_check.c). */
void correlations_finish(struct loader *l);

/* Has every event of these types (a bit each) the field? Faults are told at the key. */
bool correlation_field(struct loader *l, const struct yaml_node *key, unsigned events,
                       bool is_number);

#endif
