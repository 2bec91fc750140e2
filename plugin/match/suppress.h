/* SPDX-License-Identifier: BSD-3-Clause */
/* Suppression: of the alerts of a rule and key in a span of time only some, and a count. See suppress.c. */
#ifndef SHRIKE_MATCH_SUPPRESS_H
#define SHRIKE_MATCH_SUPPRESS_H

#include <stdbool.h>

#include "base/memory.h"

/* What an alert asks. */
struct suppression {
    uint64_t key;      /* of the rule and the values of its `suppress: by` fields */
    int64_t window_us; /* suppress: for */
    int64_t time_us;   /* of the alert */
    uint32_t rule;     /* index in the rule set */
    uint32_t kind;     /* enum window_kind of ruleset/tables.h */
    uint32_t number;   /* its N */
};

struct suppressor;

struct suppressor *suppressor_new(struct budget *budget);
void suppressor_free(struct suppressor *suppressor); /* accepts NULL */
/* True when the alert is to be written, after `left_out` alerts that were not. Ask in the order of alerts. */
bool suppressor_allows(struct suppressor *suppressor, const struct suppression *alert,
                       uint64_t *left_out);

#endif
