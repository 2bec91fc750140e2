/* SPDX-License-Identifier: BSD-3-Clause */
/* STIX patterns: any bytes as a pattern. A tree or a fault within the text, never both; a meaning in bounds. */
#include <assert.h>

#include "import/stix/meaning.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *context, const struct indicator *indicator)
{
    (void)context;
    assert(indicator->kind < INDICATOR_KINDS && indicator->value.len > 0);
}

static void skip(void *context, const char *reason, struct view value, struct place place)
{
    (void)context;
    (void)value;
    (void)place;
    assert(reason != NULL);
}

static void check_draft(void *context, const struct draft *draft)
{
    (void)context;
    assert((draft->type != NULL) != (draft->service != NULL));
    assert(draft->type == NULL || (draft->rule_count > 0 && draft->timespan_us > 0));
    assert(draft->type != NULL || (draft->selection_count > 0 && draft->condition[0] != '\0'));
    for (size_t i = 0; i < draft->selection_count; i++)
        assert(draft->selections[i].count > 0 && draft->selections[i].fields[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct stix_fault fault;
    struct stix_node *root = stix_pattern_parse(arena, view_make(data, size), &fault);

    if (root == NULL) {
        assert(fault.text[0] != '\0' && fault.offset <= size);
    } else {
        struct indicator_sink sink = {NULL, take, skip, NULL, check_draft};
        struct stix_meaning meaning = {
            .arena = arena, .sink = &sink, .about = {.confidence = -1, .id = VIEW("indicator--1")}};
        stix_meaning_give(&meaning, root);
    }
    arena_free(arena);
    return 0;
}
