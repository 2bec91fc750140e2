/* SPDX-License-Identifier: BSD-3-Clause */
/* What an importer writes has to load without an error, and to compile. */
#ifndef SHRIKE_TESTS_FUZZ_LOAD_H
#define SHRIKE_TESTS_FUZZ_LOAD_H

#include <assert.h>

#include "compile/compile.h"
#include "sigma/rules.h"

enum load_depth { LOAD_ONLY, LOAD_AND_COMPILE };

static inline void compile_and_drop(const struct rules *rules, struct diagnostics *diagnostics)
{
    struct compile_stats stats;
    struct error error;
    struct ruleset *set = compile_rules(rules, diagnostics, &stats, &error);

    assert(set != NULL);
    ruleset_release(set);
}

static inline void assert_loads(const struct buf *yaml, enum load_depth depth)
{
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;

    diagnostics_init(&diagnostics);
    rules_load_text(rules, "fuzz.yml", buf_view(yaml), &diagnostics);
    rules_finish(rules, &diagnostics);
    if (diagnostics.errors == 0 && depth == LOAD_AND_COMPILE)
        compile_and_drop(rules, &diagnostics);
    if (diagnostics.errors > 0)
        diagnostics_print(&diagnostics, stderr);
    assert(diagnostics.errors == 0);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
}

#endif
