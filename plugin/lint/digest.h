/* SPDX-License-Identifier: BSD-3-Clause */
/* Digests of conditions: what asks the same has the same, whatever the order of what it joins.
 *
 * 128 bits, unkeyed: a collision would be a wrong message and nothing else. */
#ifndef SHRIKE_LINT_DIGEST_H
#define SHRIKE_LINT_DIGEST_H

#include "rule/rule.h"

struct digest {
    uint64_t a, b;
};

/* For qsort(). */
int compare_digests(const void *left, const void *right);
struct digest digest_of(struct view bytes, uint64_t seed);
/* Of a predicate without its negation. */
struct digest question_digest(const struct predicate *p);
struct digest node_digest(const struct node *node);
/* Of the children, in order and each once, into an array that has room for all; returns how many. */
size_t child_digests(const struct node *node, struct digest *out);

#endif
