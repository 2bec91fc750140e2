/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams: predicates on raw bytes become patterns of streaming databases.
 *
 * Idea       bytes are scanned as they come, so every predicate of a stream rule is told by the scan
 *            itself, or, when more has to be known than that a pattern is there, by a window of the bytes
 *            around a hit (windows.c). A rule belongs to a group, which is a direction and a list of ports (ports.c);
 *            a group has two databases, for the whole stream and for its first 4096 bytes
 *            (payload.head, and every predicate on payload that cannot hold later). Datagrams use
 *            the same ones.
 * Watches    a pattern's hit answers a predicate when it lies where the author wants it. `at: N`
 *            for a small N becomes an anchor; other offsets are compared with the hit's end less
 *            the pattern's length, so they need a pattern of fixed length and all of its hits.
 * Marks      a rule that reads or changes marks is asked at each occurrence of its values, since the marks may have
 *            changed since the last; their patterns tell every hit (WATCH_REPEATS).
 * Gaps       the scan starts over after one; anchored patterns then no longer count.
 * Cost       every regex and every long value is compiled alone first: told when slow, refused with
 *            Hyperscan's reason.
 * Not here   the groups' tables and databases (groups.c).
 */
#include "compile/builder.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum { ANCHOR_MAX = 64, REPEAT_MAX = 1000, EXPRESSION_MAX = 256 * 1024, SIMPLE_MAX = 1024 };
#define SLOW_SECONDS 0.1

static void refuse_offsets(struct builder *b, const struct predicate *p)
{
    builder_refuse(b, "stream-offsets", p->place,
                   "use a hex or contains value without wildcards, or drop `from`",
                   "%s: on raw streams a start offset needs a pattern of fixed length",
                   builder_shown(b, p));
}

/* Pieces [begin, end) of a glob; returns the fixed length, 0 when it varies. */
static uint32_t write_pieces(struct buf *out, const struct predicate *p, size_t begin, size_t end)
{
    size_t length = 0;
    bool is_fixed = true;

    for (size_t i = begin; i < end; i++) {
        const struct glob_piece *piece = &p->pieces[i];
        if (piece->kind == GLOB_LITERAL) {
            expression_escape(out, piece->bytes);
            length += piece->bytes.len;
        } else if (piece->kind == GLOB_ONE) {
            buf_byte(out, '.');
            length++;
        } else {
            buf_text(out, ".*");
            is_fixed = false;
        }
    }
    return is_fixed ? (uint32_t)length : 0;
}

/* Puts `at: N` into the expression where it can stand there. */
static void write_start(struct builder *b, const struct predicate *p, struct stream_query *q,
                        struct buf *out, bool is_anchored, bool is_fixed)
{
    size_t from = p->offsets.from;

    if (p->offsets.is_exact && from <= (is_fixed ? (size_t)ANCHOR_MAX : (size_t)REPEAT_MAX)) {
        if (from > 0)
            buf_format(out, "^.{%zu}", from);
        else
            buf_byte(out, '^');
        q->watch |= WATCH_ANCHORED;
        return;
    }
    if (is_anchored) {
        buf_byte(out, '^');
        q->watch |= WATCH_ANCHORED;
    }
    if (!p->offsets.is_exact && from == 0)
        return;
    if (!is_fixed)
        refuse_offsets(b, p);
    q->from = from;
    q->watch |= p->offsets.is_exact ? WATCH_AT : 0;
}

static void query_glob(struct builder *b, const struct predicate *p, struct stream_query *q,
                       struct buf *out)
{
    size_t begin = 0;
    size_t end = p->piece_count;
    struct buf core;

    while (begin < end && p->pieces[begin].kind == GLOB_ANY)
        begin++;
    while (end > begin && p->pieces[end - 1].kind == GLOB_ANY)
        end--;
    buf_init(&core, EXPRESSION_MAX);
    q->length = write_pieces(&core, p, begin, end);
    if (core.len == 0)
        builder_refuse(b, "stream-empty", p->place, "use `exists: true` for a stream with bytes",
                       "%s: an empty value cannot be looked for in a stream", builder_shown(b, p));
    write_start(b, p, q, out, begin == 0, q->length > 0);
    buf_add(out, buf_view(&core));
    if (end == p->piece_count)
        buf_text(out, "\\z");
    bool is_at_start = (q->watch & WATCH_ANCHORED) != 0 && q->length > 0;
    if (is_at_start && end < p->piece_count && p->offsets.from + q->length <= STREAM_HEAD_LEN)
        q->part = PART_HEAD; /* it ends where it must, or nowhere */
    if (q->to <= STREAM_HEAD_LEN && end < p->piece_count)
        q->part = PART_HEAD;
    buf_clear(&core);
}

static void query_hex(struct builder *b, const struct predicate *p, struct stream_query *q,
                      struct buf *out)
{
    q->length = (uint32_t)p->bytes.len;
    write_start(b, p, q, out, false, true);
    for (size_t i = 0; i < p->bytes.len; i++) {
        if (p->mask.len > 0 && p->mask.data[i] == 0)
            buf_byte(out, '.');
        else
            expression_escape(out, view_slice(p->bytes, i, i + 1));
    }
    bool is_at_start = (q->watch & WATCH_ANCHORED) != 0;
    if (q->to <= STREAM_HEAD_LEN || (is_at_start && p->offsets.from + q->length <= STREAM_HEAD_LEN))
        q->part = PART_HEAD;
}

static void query_regex(const struct predicate *p, struct stream_query *q, struct buf *out)
{
    if (regex_is_anchored(p->bytes))
        q->watch |= WATCH_ANCHORED;
    buf_add(out, p->bytes);
    q->flags = stream_regex_flags(p->regex_flags);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)(now.tv_sec - start->tv_sec) + 1e-9 * (double)(now.tv_nsec - start->tv_nsec);
}

static void note_cost(struct builder *b, const struct predicate *p)
{
    struct literal_set literals;
    bool has_literal = regex_literals(b->arena, p->bytes, p->regex_flags, &literals);

    diagnostics_add(
        b->diagnostics, has_literal ? SEVERITY_NOTE : SEVERITY_WARNING, "stream-regex-cost",
        p->place, has_literal ? NULL : "write some bytes that have to occur, four or more",
        has_literal ? "%s: a regular expression over raw streams costs every byte"
                    : "%s: without a literal Hyperscan follows this expression through every "
                      "byte of every stream",
        builder_shown(b, p));
}

/* What an author wrote is compiled alone before it meets the others. */
static void test_alone(struct builder *b, const struct predicate *p, const struct stream_query *q)
{
    hs_database_t *database = NULL;
    hs_compile_error_t *failure = NULL;
    struct timespec start;
    struct view key = view_make(q->expression, strlen(q->expression));
    uint32_t *known = index_find(&b->tested_index, key);

    if (*known == q->flags)
        return;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start); /* a busy machine is not the pattern's fault */
    if (hs_compile(q->expression, q->flags, HS_MODE_STREAM, NULL, &database, &failure) !=
        HS_SUCCESS) {
        builder_refuse(b, "stream-length", p->place, "a part of it is enough: some hundred bytes",
                       "%s: Hyperscan cannot search a stream for it: %s", builder_shown(b, p),
                       failure ? failure->message : "no reason");
        hs_free_compile_error(failure);
        return;
    }
    hs_free_database(database);
    *index_find(&b->tested_index, key) = q->flags;
    double seconds = seconds_since(&start);
    if (seconds >= SLOW_SECONDS)
        diagnostics_add(b->diagnostics, SEVERITY_WARNING, "slow-pattern", p->place,
                        "give it a longer fixed part, or smaller repeats",
                        "%s: compiling it alone took %.1f s", builder_shown(b, p), seconds);
    else if (p->op == MATCH_REGEX)
        note_cost(b, p);
}

/* A regex may be anything; of other values only long ones can be slow, or too much for Hyperscan. */
static bool is_simple(const struct predicate *p, const struct stream_query *q)
{
    size_t any_bytes = 0;

    for (size_t i = 0; i < p->piece_count; i++)
        any_bytes += p->pieces[i].kind != GLOB_LITERAL;
    return p->op != MATCH_REGEX && strlen(q->expression) <= SIMPLE_MAX && any_bytes <= ANCHOR_MAX;
}

/* false when it was refused. */
static bool make_query(struct builder *b, const struct predicate *p, struct stream_query *q)
{
    struct buf text;
    bool had_failed = b->has_failed;

    b->has_failed = false;
    *q = (struct stream_query){.to = p->offsets.to, .part = PART_WHOLE};
    q->flags = HS_FLAG_DOTALL | (p->is_cased ? 0U : (unsigned)HS_FLAG_CASELESS);
    if (p->field == FIELD_STREAM_PAYLOAD_HEAD) {
        q->part = PART_HEAD;
        q->to = q->to < STREAM_HEAD_LEN ? q->to : STREAM_HEAD_LEN;
    }
    buf_init(&text, EXPRESSION_MAX);
    if (p->op == MATCH_GLOB)
        query_glob(b, p, q, &text);
    else if (p->op == MATCH_HEX)
        query_hex(b, p, q, &text);
    else
        query_regex(p, q, &text);
    if (text.is_full)
        builder_refuse(b, "stream-length", p->place, NULL, "%s: the value is too long",
                       builder_shown(b, p));
    q->expression = (const char *)arena_copy(b->arena, buf_view(&text)).data;
    buf_clear(&text);
    bool is_anywhere = q->from == 0 && (q->watch & WATCH_AT) == 0 &&
                       (q->to == SIZE_MAX || (q->part == PART_HEAD && q->to >= STREAM_HEAD_LEN));
    if (is_anywhere)
        q->flags |=
            HS_FLAG_SINGLEMATCH; /* one hit answers it; otherwise every hit's place counts */
    if (!b->has_failed && !is_simple(p, q))
        test_alone(b, p, q);
    bool is_good = !b->has_failed;
    b->has_failed |= had_failed;
    return is_good;
}

/* --- groups --------------------------------------------------------------------------------------
 */

static uint32_t group_for(struct builder *b, enum direction direction)
{
    struct view ports = ports_of_group(b, direction);
    size_t len = sizeof(uint16_t) + ports.len;
    uint16_t *key = arena_alloc(b->arena, len);

    key[0] = (uint16_t)direction;
    if (ports.len > 0)
        memcpy(key + 1, ports.data, ports.len);
    uint32_t *known = index_find(&b->group_index, view_make(key, len));
    if (*known == NO_INDEX) {
        struct group_builder group = {.direction = direction, .ports = ports};
        vector_init(&group.rules, sizeof(uint32_t));
        vector_init(&group.predicates, sizeof(struct group_use));
        index_init(&group.by_predicate, b->arena);
        *known = vector_push(&b->groups, &group);
    }
    assert(*known < GROUP_MAX);
    return *known;
}

static void add_watch(struct builder *b, uint32_t group, uint32_t local,
                      const struct stream_query *q)
{
    size_t len = strlen(q->expression);
    uint32_t *key = arena_alloc(b->arena, 3 * sizeof(*key) + len);
    key[0] = group;
    key[1] = q->part;
    key[2] = q->flags;
    memcpy(key + 3, q->expression, len);
    uint32_t *known = index_find(&b->pattern_index, view_make(key, 3 * sizeof(*key) + len));
    if (*known == NO_INDEX) {
        struct stream_pattern pattern = {
            .expression = q->expression, .flags = q->flags, .group = group, .part = q->part};
        vector_init(&pattern.watches, sizeof(struct watch_row));
        *known = vector_push(&b->patterns, &pattern);
    }
    struct watch_row watch = {
        .predicate = local, .flags = q->watch, .length = q->length, .from = q->from, .to = q->to};
    vector_push(&((struct stream_pattern *)vector_at(&b->patterns, *known))->watches, &watch);
}

/* For evidence: the same expression, to find where a match of varying length began. */
static uint32_t start_regex(struct builder *b, const struct stream_query *q)
{
    unsigned flags = (q->flags & HS_FLAG_CASELESS ? REGEX_CASELESS : 0U) |
                     (q->flags & HS_FLAG_MULTILINE ? REGEX_MULTILINE : 0U) |
                     (q->flags & HS_FLAG_DOTALL ? REGEX_DOTALL : 0U);
    size_t offset;
    int code;

    return program_regex(b, view_from_string(q->expression), flags, &code, &offset);
}

/* A predicate that is confirmed, and what opens it; its number within the group. */
static uint32_t add_window(struct builder *b, uint32_t number, const struct predicate *p,
                           uint32_t predicate)
{
    struct group_builder *group = vector_at(&b->groups, number);
    struct group_use use = {
        .predicate = predicate, .regex = NO_INDEX, .window = windows_plan(b, p)};
    size_t count;
    const struct stream_query *gates = windows_gates(b, p, &use.window, &count);

    vector_init(&use.rules, sizeof(uint32_t));
    uint32_t local = vector_push(&group->predicates, &use);
    for (size_t i = 0; i < count; i++)
        add_watch(b, number, local, &gates[i]);
    return local;
}

static void add_predicate(struct builder *b, uint32_t number, const struct predicate *p,
                          uint32_t rule)
{
    struct stream_query query;
    uint32_t predicate = program_predicate(b, p);
    struct group_builder *group = vector_at(&b->groups, number);
    uint32_t *local = index_find(&group->by_predicate, view_make(&predicate, sizeof(predicate)));

    if (*local == NO_INDEX && windows_take(p)) {
        *local = add_window(b, number, p, predicate);
    } else if (*local == NO_INDEX) {
        if (!make_query(b, p, &query))
            return;
        struct group_use use = {.predicate = predicate,
                                .length = query.length,
                                .regex = query.length > 0 ? NO_INDEX : start_regex(b, &query)};
        vector_init(&use.rules, sizeof(uint32_t));
        *local = vector_push(&group->predicates, &use);
        add_watch(b, number, *local, &query);
    }
    struct group_use *use = vector_at(&group->predicates, *local);
    const uint32_t *row = vector_at(&group->rules, rule);
    if (((const struct rule_row *)vector_at(&b->rules, *row))->flags & RULE_REPEATS) {
        use->is_repeated = true;
        use->window.is_repeated = true;
    }
    size_t count = use->rules.count;
    if (count == 0 || *(uint32_t *)vector_at(&use->rules, count - 1) != rule)
        vector_push(&use->rules, &rule);
}

static bool is_stream_query(const struct predicate *p)
{
    return (p->field == FIELD_STREAM_PAYLOAD || p->field == FIELD_STREAM_PAYLOAD_HEAD ||
            p->field == FIELD_STREAM_PAYLOAD_SEGMENT || p->field == FIELD_NONE) &&
           p->of == OF_VALUE &&
           (p->op == MATCH_GLOB || p->op == MATCH_HEX || p->op == MATCH_REGEX ||
            p->op == MATCH_SEQUENCE);
}

/* Calls add_predicate() for every byte predicate; with group NO_INDEX only tries their patterns. */
static void walk(struct builder *b, const struct node *node, uint32_t group, uint32_t rule)
{
    struct stream_query query;

    if (node->kind == NODE_PREDICATE && is_stream_query(node->predicate)) {
        const struct predicate *p = windows_resolve(b, node->predicate);
        if (group != NO_INDEX)
            add_predicate(b, group, p, rule);
        else if (windows_take(p))
            windows_check(b, p);
        else
            (void)make_query(b, p, &query);
    }
    for (size_t i = 0; i < node->count; i++)
        walk(b, node->children[i], group, rule);
}

void streams_add_rule(struct builder *b, uint32_t rule)
{
    walk(b, b->rule->condition, NO_INDEX, 0);
    if (b->has_failed)
        return;
    for (enum direction direction = TO_SERVER; direction <= TO_CLIENT; direction++) {
        if ((b->rule->direction == RULE_TO_SERVER && direction == TO_CLIENT) ||
            (b->rule->direction == RULE_TO_CLIENT && direction == TO_SERVER))
            continue;
        uint32_t number = group_for(b, direction);
        struct group_builder *group = vector_at(&b->groups, number);
        uint32_t local = vector_push(&group->rules, &rule);
        walk(b, b->rule->condition, number, local);
    }
}
