/* SPDX-License-Identifier: BSD-3-Clause */
/* Expression: is this a regular expression that a rule may have? One answer for rules and for what imports write. */
#ifndef SHRIKE_RULE_EXPRESSION_H
#define SHRIKE_RULE_EXPRESSION_H

#include "base/view.h"

struct expression_fault {
    char reason[256]; /* in PCRE2's words */
    size_t offset;    /* in the expression */
};

/* False when PCRE2 does not take it for bytes; `fault` may be NULL. */
bool expression_is_good(struct view expression, struct expression_fault *fault);

#endif
