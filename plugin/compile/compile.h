/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiler: the rule model to the flat rule set.
 *
 * plan.c       gates: the rarest, longest literal that every match must contain; cost
 * databases.c  Hyperscan databases by field, by direction and port group
 * sets.c       exact values, domains, prefixes
 * program.c    conditions
 * explain.c    what one rule became (compile/explain.h)
 */
#ifndef SHRIKE_COMPILE_COMPILE_H
#define SHRIKE_COMPILE_COMPILE_H

#include "rule/rule.h"
#include "ruleset/ruleset.h"

struct compile_stats {
    size_t rules, ungated_rules, predicates, patterns, databases, database_bytes;
    size_t sets, set_entries, regexes, program_bytes;
    double seconds;
};

/* Compiles all rules; a rule that cannot be compiled is reported at its place and left out. NULL with
 * `error` set only when the machine cannot run Hyperscan at all (or a self-test failed). `rules` is not
 * needed afterwards. An empty set compiles to a set that matches nothing. */
struct ruleset *compile_rules(const struct rules *rules, struct diagnostics *diagnostics,
                              struct compile_stats *stats, struct error *error);

#endif
