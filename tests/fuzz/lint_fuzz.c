/* SPDX-License-Identifier: BSD-3-Clause */
/* Lints: any bytes as a rule file, and what is told of the rules that load. No lint takes a rule away, and what is told is
 * told at a place. */
#include <assert.h>
#include <string.h>

#include "sigma/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rules *rules = rules_new();
    struct diagnostics diagnostics;

    diagnostics_init(&diagnostics);
    rules_load_text(rules, "fuzz.yml", view_make(data, size), &diagnostics);
    rules_finish(rules, &diagnostics);
    size_t before = diagnostics.count, count = rules->count;
    rules_lint(rules, &diagnostics);
    assert(rules->count == count);
    for (size_t i = before; i < diagnostics.count; i++) {
        const struct diagnostic *d = &diagnostics.items[i];
        assert(d->severity != SEVERITY_ERROR && d->line > 0 && d->text[0] != '\0');
    }
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    return 0;
}
