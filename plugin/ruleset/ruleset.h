/* SPDX-License-Identifier: BSD-3-Clause */
/* Rule set: the compiled form, flat and immutable, shared by all workers.
 *
 * Two wings meet here: compile/ writes it, match/ reads it, and this room includes neither. What
 * others may know of a rule is struct rule_info; the rest (databases, sets, programs) is laid out in
 * ruleset/tables.h for those two rooms alone.
 */
#ifndef SHRIKE_RULESET_RULESET_H
#define SHRIKE_RULESET_RULESET_H

#include "base/error.h"
#include "fields/fields.h"

struct ruleset;

/* What an output says of a rule. Strings live as long as the set. */
struct rule_info {
    uint32_t index; /* in the set, from 0 */
    uint32_t gid;   /* EVE's generator: 1 for rules */
    uint32_t sid;
    uint32_t rev;
    unsigned severity; /* EVE: 1..4 */
    const char *level; /* "high" */
    const char *id;    /* uuid; "" when absent */
    const char *title;
    const char *category; /* EVE's alert.category: the rule's ATT&CK tactic, or "" */
    const char *const *tags;
    size_t tag_count;
    const char *const *references;
    size_t reference_count;
    const char *file; /* where it was written */
    unsigned line;
    enum event_type event;
    bool is_silent;         /* `alert: false` */
    int64_t valid_from_us;  /* an alert before is told as early; 0: none is */
    int64_t valid_until_us; /* one from then on as expired; 0: none is */
};

/* What an output says of a filter. Strings live as long as the set. */
struct filter_info {
    const char *id; /* "" when absent; so the others */
    const char *title;
    const char *reason;  /* its description */
    const char *expires; /* as written */
    const char *file;
    unsigned line;
};

size_t ruleset_count(const struct ruleset *set);
const struct rule_info *ruleset_rule(const struct ruleset *set, size_t index);
size_t ruleset_filter_count(const struct ruleset *set);
const struct filter_info *ruleset_filter(const struct ruleset *set, size_t index);
/* All fields that loaded rules read. */
const struct field_set *ruleset_fields(const struct ruleset *set);
/* Does any rule look at this type of event? */
bool ruleset_wants(const struct ruleset *set, enum event_type type);
/* Does a rule wait for the answer of such a transaction? Then one that stays without must be told complete. */
bool ruleset_waits(const struct ruleset *set, enum event_type type);

/* Reference count; atomic. A new set has one. release() frees at zero and accepts NULL. */
struct ruleset *ruleset_retain(struct ruleset *set);
void ruleset_release(struct ruleset *set);

#endif
