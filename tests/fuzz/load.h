/* SPDX-License-Identifier: BSD-3-Clause */
/* What an importer writes has to load without an error. */
#ifndef SHRIKE_TESTS_FUZZ_LOAD_H
#define SHRIKE_TESTS_FUZZ_LOAD_H

#include <assert.h>

#include "sigma/rules.h"

static inline void assert_loads(const struct buf *yaml)
{
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;

    diagnostics_init(&diagnostics);
    rules_load_text(rules, "fuzz.yml", buf_view(yaml), &diagnostics);
    rules_finish(rules, &diagnostics);
    if (diagnostics.errors > 0)
        diagnostics_print(&diagnostics, stderr);
    assert(diagnostics.errors == 0);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
}

#endif
