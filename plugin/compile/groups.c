/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups: what stream rules of one direction and list of ports share, as rows and databases of the rule set.
 *
 * Idea       while rules are added a group grows rules, predicates and patterns (streams.c); at the end its predicates
 *            are sorted by number, so that the matcher finds one by halving, and each part's patterns become a database.
 * Culprits   what only fails in company (patterns add up) is searched for, its rules are told and left out, and the set is
 *            compiled again without them.
 */
#include "compile/builder.h"

#include <stdlib.h>

struct sorted_use {
    const struct group_use *use;
    uint32_t local;
};

static int compare_uses(const void *a, const void *b)
{
    const struct sorted_use *left = a;
    const struct sorted_use *right = b;
    return left->use->predicate < right->use->predicate ? -1 : 1;
}

static struct span add_list(struct builder *b, const struct vector *numbers)
{
    struct span span = {(uint32_t)b->rule_lists.count, (uint32_t)numbers->count};
    for (size_t i = 0; i < numbers->count; i++)
        vector_push(&b->rule_lists, vector_at(numbers, i));
    return span;
}

/* Numbers, within the group, of the rules that have all the flags. */
static struct span add_flagged(struct builder *b, const struct group_builder *group, unsigned flags)
{
    struct span span = {(uint32_t)b->rule_lists.count, 0};
    for (uint32_t i = 0; i < group->rules.count; i++) {
        const struct rule_row *rule =
            vector_at(&b->rules, *(uint32_t *)vector_at(&group->rules, i));
        if ((rule->flags & flags) == flags) {
            vector_push(&b->rule_lists, &i);
            span.count++;
        }
    }
    return span;
}

/* Rows of the group's predicates, ascending; new_place[local] tells where each went. */
static struct span add_group_predicates(struct builder *b, const struct group_builder *group,
                                        struct vector *rows, uint32_t *new_place)
{
    size_t count = group->predicates.count;
    struct span span = {(uint32_t)rows->count, (uint32_t)count};
    struct sorted_use *sorted = arena_array(b->arena, count + 1, sizeof(*sorted));

    for (uint32_t i = 0; i < count; i++)
        sorted[i] = (struct sorted_use){vector_at(&group->predicates, i), i};
    qsort(sorted, count, sizeof(*sorted), compare_uses);
    for (uint32_t i = 0; i < count; i++) {
        struct group_predicate_row row = {.predicate = sorted[i].use->predicate,
                                          .length = sorted[i].use->length,
                                          .regex = sorted[i].use->regex,
                                          .window = sorted[i].use->window,
                                          .rules = add_list(b, &sorted[i].use->rules)};
        new_place[sorted[i].local] = vector_push(rows, &row);
    }
    return span;
}

static void add_patterns(struct builder *b, uint32_t group, const uint32_t *new_place,
                         struct pattern_row *patterns, struct vector *watches)
{
    for (size_t i = 0; i < b->patterns.count; i++) {
        const struct stream_pattern *pattern = vector_at(&b->patterns, i);
        if (pattern->group != group)
            continue;
        patterns[i].watches =
            (struct span){(uint32_t)watches->count, (uint32_t)pattern->watches.count};
        for (size_t w = 0; w < pattern->watches.count; w++) {
            struct watch_row watch = *(struct watch_row *)vector_at(&pattern->watches, w);
            watch.predicate = new_place[watch.predicate];
            vector_push(watches, &watch);
        }
    }
}

/* The rules that ask this pattern will be missing when the set is compiled again. */
static void leave_out_rules(struct builder *b, const struct stream_pattern *pattern,
                            const struct error *error)
{
    const struct group_builder *group = vector_at(&b->groups, pattern->group);

    for (size_t w = 0; w < pattern->watches.count; w++) {
        const struct watch_row *watch = vector_at(&pattern->watches, w);
        const struct group_use *use = vector_at(&group->predicates, watch->predicate);
        for (size_t i = 0; i < use->rules.count; i++) {
            const uint32_t *number = vector_at(&use->rules, i);
            const uint32_t *row = vector_at(&group->rules, *number);
            const struct rule_info *info = vector_at(&b->info, *row);
            b->left_out[*(uint32_t *)vector_at(&b->sources, *row)] = true;
            b->has_culprit = true;
            diagnostics_add(b->diagnostics, SEVERITY_ERROR, "stream-pattern",
                            (struct place){info->file, info->line, 1},
                            "make the value shorter, or give the rule `ports:` of its own",
                            "with this rule Hyperscan cannot search streams: %s", error->text);
        }
    }
}

static int build_part(struct builder *b, uint32_t group, enum stream_part part, struct error *error)
{
    struct group_databases *databases = &b->set->group_databases[group];
    const char **expressions = arena_array(b->arena, b->patterns.count + 1, sizeof(*expressions));
    unsigned *flags = arena_array(b->arena, b->patterns.count + 1, sizeof(*flags));
    unsigned *ids = arena_array(b->arena, b->patterns.count + 1, sizeof(*ids));
    size_t count = 0;

    for (unsigned i = 0; i < b->patterns.count; i++) {
        const struct stream_pattern *pattern = vector_at(&b->patterns, i);
        if (pattern->group != group || pattern->part != part)
            continue;
        expressions[count] = pattern->expression;
        flags[count] = pattern->flags;
        ids[count++] = i;
    }
    if (count == 0)
        return 0;
    databases->stream[part] =
        database_build(b, expressions, flags, ids, count, HS_MODE_STREAM, error);
    if (databases->stream[part] == NULL) {
        size_t culprit = database_culprit(expressions, flags, count, HS_MODE_STREAM);
        leave_out_rules(b, vector_at(&b->patterns, ids[culprit]), error);
        return -1;
    }
    hs_error_t rc = hs_stream_size(databases->stream[part], &databases->stream_size[part]);
    return rc == HS_SUCCESS ? 0 : error_set(error, "hs_stream_size fails (error %d)", rc);
}

static int compare_port_rows(const void *a, const void *b)
{
    return (int)((const struct port_row *)a)->port - (int)((const struct port_row *)b)->port;
}

static void add_port_groups(struct builder *b, struct vector *rows)
{
    struct ruleset *set = b->set;
    struct index by_port;

    index_init(&by_port, b->arena);
    for (uint32_t g = 0; g < b->groups.count; g++) {
        const struct group_builder *group = vector_at(&b->groups, g);
        uint64_t bit = UINT64_C(1) << g;
        set->direction_groups[group->direction] |= bit;
        if (group->ports.len == 0)
            set->any_port_groups |= bit;
        for (size_t i = 0; i + 2 <= group->ports.len; i += 2) {
            struct port_row row = {.groups = 0};
            memcpy(&row.port, group->ports.data + i, sizeof(row.port));
            uint32_t *known = index_find(&by_port, view_make(&row.port, sizeof(row.port)));
            if (*known == NO_INDEX)
                *known = vector_push(rows, &row);
            ((struct port_row *)vector_at(rows, *known))->groups |= bit;
        }
    }
    index_clear(&by_port);
    if (rows->count > 0)
        qsort(rows->rows, rows->count, sizeof(struct port_row), compare_port_rows);
}

/* What the group's windows need. */
static void add_windows(struct builder *b, const struct vector *predicates, struct group_row *row)
{
    row->open = (struct span){(uint32_t)b->rule_lists.count, 0};
    for (uint32_t i = 0; i < row->predicates.count; i++) {
        uint32_t number = row->predicates.first + i;
        const struct group_predicate_row *predicate = vector_at(predicates, number);
        const struct window_row *window = &predicate->window;
        uint32_t *keep = window->hop > 0 ? &row->keep : &row->keep_first;
        *keep = window->len > *keep ? window->len : *keep;
        if (window->is_open) {
            vector_push(&b->rule_lists, &number);
            row->open.count++;
        }
    }
}

static void add_group_rows(struct builder *b, struct vector *rows, struct vector *predicates,
                           struct vector *watches)
{
    for (uint32_t g = 0; g < b->groups.count; g++) {
        const struct group_builder *group = vector_at(&b->groups, g);
        uint32_t *new_place =
            arena_array(b->arena, group->predicates.count + 1, sizeof(*new_place));
        struct group_row row = {.direction = group->direction};
        row.ports = (struct span){(uint32_t)b->ports.count, (uint32_t)(group->ports.len / 2)};
        if (group->ports.len > 0)
            memcpy(vector_grow(&b->ports, row.ports.count), group->ports.data, group->ports.len);
        row.rules = add_list(b, &group->rules);
        row.predicates = add_group_predicates(b, group, predicates, new_place);
        row.start = add_flagged(b, group, RULE_AT_START);
        row.end = add_flagged(b, group, RULE_AT_END);
        row.every = add_flagged(b, group, RULE_AT_START | RULE_REPEATS);
        add_windows(b, predicates, &row);
        vector_push(rows, &row);
        add_patterns(b, g, new_place, b->set->patterns, watches);
    }
}

/* Every occurrence is told where a rule wants to know. Of a pattern of varying length that could be every byte: there
 * only the first is. */
static void repeat_watches(struct builder *b)
{
    for (size_t i = 0; i < b->patterns.count; i++) {
        struct stream_pattern *pattern = vector_at(&b->patterns, i);
        const struct group_builder *group = vector_at(&b->groups, pattern->group);
        for (size_t w = 0; w < pattern->watches.count; w++) {
            struct watch_row *watch = vector_at(&pattern->watches, w);
            const struct group_use *use = vector_at(&group->predicates, watch->predicate);
            if (!use->is_repeated || (watch->length == 0 && !(watch->flags & WATCH_GATE)))
                continue;
            pattern->flags &= ~(unsigned)HS_FLAG_SINGLEMATCH;
            watch->flags |= WATCH_REPEATS;
        }
    }
}

int groups_finish(struct builder *b, struct error *error)
{
    struct ruleset *set = b->set;
    struct vector rows, predicates, watches, ports;

    vector_init(&rows, sizeof(struct group_row));
    vector_init(&predicates, sizeof(struct group_predicate_row));
    vector_init(&watches, sizeof(struct watch_row));
    vector_init(&ports, sizeof(struct port_row));
    set->patterns = memory_new(b->patterns.count, sizeof(*set->patterns));
    set->pattern_count = b->patterns.count;
    set->group_databases = memory_new(b->groups.count, sizeof(*set->group_databases));
    repeat_watches(b);
    add_group_rows(b, &rows, &predicates, &watches);
    add_port_groups(b, &ports);
    set->groups = rows.rows;
    set->group_count = rows.count;
    set->group_predicates = predicates.rows;
    set->group_predicate_count = predicates.count;
    set->watches = watches.rows;
    set->watch_count = watches.count;
    set->port_groups = ports.rows;
    set->port_group_count = ports.count;
    for (uint32_t g = 0; g < b->groups.count; g++) {
        if (build_part(b, g, PART_WHOLE, error) != 0 || build_part(b, g, PART_HEAD, error) != 0)
            return -1;
    }
    return 0;
}
