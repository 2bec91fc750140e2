/* SPDX-License-Identifier: BSD-3-Clause */
/* Value: one value of a selection, asked as its question says, becomes predicates. */
#ifndef SHRIKE_VALUE_VALUE_H
#define SHRIKE_VALUE_VALUE_H

#include "rule/tree.h"
#include "value/question.h"

enum { PREDICATES_MAX = 100000 }; /* of one rule */

/* `scalar` is a single value. NULL after an error or a refusal; so below. */
struct node *value_node(struct loader *l, const struct question *q, const struct yaml_node *scalar);

/* --- for bytes.c and number.c -------------------------------------------------------------------- */

struct node *value_bytes(struct loader *l, const struct question *q,
                         const struct yaml_node *scalar);
/* An address or a prefix, of bytes and address fields. */
struct node *value_cidr(struct loader *l, const struct question *q, const struct yaml_node *scalar);
/* Number, bool and time fields. */
struct node *value_number(struct loader *l, const struct question *q,
                          const struct yaml_node *scalar);
/* len, count, entropy of any field. */
struct node *value_measure(struct loader *l, const struct question *q,
                           const struct yaml_node *scalar);
struct node *value_address(struct loader *l, const struct question *q,
                           const struct yaml_node *scalar);

/* The name of a mark (mark.c). */
struct node *value_mark(struct loader *l, const struct question *q, const struct yaml_node *scalar);

/* A predicate with all that the question says; the caller adds the operands. */
struct predicate *value_predicate(struct loader *l, const struct question *q,
                                  const struct yaml_node *scalar, enum predicate_op op);
struct node *value_exists(struct loader *l, const struct question *q,
                          const struct yaml_node *scalar, bool wanted);
/* "16 03 ??": bytes and a mask, which is empty when all count; false when it is anything else. */
bool value_parse_hex(struct loader *l, struct view text, struct view *bytes, struct view *mask);
/* A regular expression that PCRE2 takes; else false, and told. */
bool value_check_regex(struct loader *l, const struct yaml_node *scalar);
/* "`value` is not a domain name": always NULL. */
struct node *value_wrong(struct loader *l, const struct yaml_node *scalar, const char *id,
                         const char *help, const char *what);

enum predicate_of question_of(const struct question *q); /* what is compared of the value */
enum field_type question_type(const struct question *q); /* keywords are bytes */
bool question_is_lower(const struct question *q);        /* the field comes in lower case */
bool question_has_offsets(const struct question *q);
const char *question_compare(const struct question *q); /* "lt", "lte", ...; NULL when none */

#endif
