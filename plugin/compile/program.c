/* SPDX-License-Identifier: BSD-3-Clause */
/* Program: conditions as trees in prefix order, predicates as rows.
 *
 * Order      children of AND and OR are sorted by cost (numbers before sets before globs before
 *            regexes), since evaluation stops at the first that decides. Truth does not change by
 *            it.
 * Waiting    an http, dns or tls event comes twice: with the request alone, and again with its
 *            answer. A rule whose truth the answer may take back (`not http.stat_code: 200`, a
 *            missing answer field, a count over one) waits for the complete event: RULE_WAITS. All
 *            other rules may fire as soon as they are true, and only those that read what the
 *            answer brings are judged again with it: RULE_AGAIN.
 * Marks      a rule that reads both marks and what the answer brings is decided once, with the answer: what its
 *            marks were when the request came is not known any more. So it counts as RULE_WAITS.
 * Filters    a rule with a filter that reads the answer waits as well: what it silences is known only then.
 * Streams    predicates on raw bytes are answered by hits (streams.c), some of them confirmed (windows.c).
 *            What needs all the bytes (lists, domains, entropy, comparison with a field) is refused, with
 *            what to write instead.
 */
#include "compile/builder.h"
#include "rule/list.h"

#include <assert.h>
#include <stdlib.h>

static_assert((int)QUERY_GLOB == (int)MATCH_GLOB && (int)QUERY_REGEX == (int)MATCH_REGEX &&
                  (int)QUERY_HEX == (int)MATCH_HEX && (int)QUERY_NUMBER == (int)MATCH_NUMBER &&
                  (int)QUERY_PREFIX == (int)MATCH_PREFIX &&
                  (int)QUERY_DOMAIN == (int)MATCH_DOMAIN &&
                  (int)QUERY_EXISTS == (int)MATCH_EXISTS && (int)QUERY_FIELD == (int)MATCH_FIELD &&
                  (int)QUERY_LIST == (int)MATCH_LIST &&
                  (int)QUERY_SEQUENCE == (int)MATCH_SEQUENCE && (int)QUERY_MARK == (int)MATCH_MARK,
              "tables.h and rule.h name the same operations");
static_assert((int)QUERY_VALUE == (int)OF_VALUE && (int)QUERY_LEN == (int)OF_LEN &&
                  (int)QUERY_COUNT == (int)OF_COUNT && (int)QUERY_ENTROPY == (int)OF_ENTROPY &&
                  (int)QUERY_MINUTE == (int)OF_MINUTE && (int)QUERY_HOUR == (int)OF_HOUR &&
                  (int)QUERY_DAY == (int)OF_DAY && (int)QUERY_WEEK == (int)OF_WEEK &&
                  (int)QUERY_MONTH == (int)OF_MONTH && (int)QUERY_YEAR == (int)OF_YEAR,
              "tables.h and rule.h name the same numbers");
static_assert((int)QUERY_EQ == (int)COMPARE_EQ && (int)QUERY_LT == (int)COMPARE_LT &&
                  (int)QUERY_LTE == (int)COMPARE_LTE && (int)QUERY_GT == (int)COMPARE_GT &&
                  (int)QUERY_GTE == (int)COMPARE_GTE,
              "tables.h and rule.h name the same comparisons");
static_assert((int)PIECE_LITERAL == (int)GLOB_LITERAL && (int)PIECE_ONE == (int)GLOB_ONE &&
                  (int)PIECE_ANY == (int)GLOB_ANY,
              "tables.h and rule.h name the same pieces");
static_assert((int)TREE_AND == (int)NODE_AND && (int)TREE_OR == (int)NODE_OR &&
                  (int)TREE_NOT == (int)NODE_NOT && (int)TREE_PREDICATE == (int)NODE_PREDICATE &&
                  (int)TREE_TRUE == (int)NODE_TRUE && (int)TREE_FALSE == (int)NODE_FALSE,
              "tables.h and rule.h name the same nodes");

/* --- when a rule may be decided ------------------------------------------------------------------
 */

static bool is_flagged(enum field_id id, unsigned flags)
{
    return (field_get(id)->flags & flags) != 0;
}

/* Does it read a field of the event that has one of the flags? A keyword reads all bytes fields. */
static bool reads_flagged(const struct predicate *p, enum event_type event, unsigned flags)
{
    if (p->field != FIELD_NONE)
        return is_flagged(p->field, flags) || (p->op == MATCH_FIELD && is_flagged(p->other, flags));
    for (enum field_id id = field_first(event); id < field_end(event); id++) {
        if (field_get(id)->type == TYPE_BYTES && is_flagged(id, flags))
            return true;
    }
    return false;
}

/* Can more values make the predicate's answer, in this polarity, untrue? */
static bool predicate_waits(const struct predicate *p, enum event_type event, bool is_positive)
{
    if (reads_flagged(p, event, FIELD_LATE))
        return true;
    if (!reads_flagged(p, event, FIELD_ANSWER))
        return false;
    bool asks_absence = p->is_negated || (p->op == MATCH_EXISTS && !p->wanted);
    return p->of == OF_COUNT || asks_absence == is_positive;
}

static bool node_waits(const struct node *node, enum event_type event, bool is_positive)
{
    if (node->kind == NODE_PREDICATE)
        return predicate_waits(node->predicate, event, is_positive);
    for (size_t i = 0; i < node->count; i++) {
        if (node_waits(node->children[i], event, is_positive == (node->kind != NODE_NOT)))
            return true;
    }
    return false;
}

/* Can the answer make it true that was not true before? */
static bool node_changes(const struct node *node, enum event_type event)
{
    if (node->kind == NODE_PREDICATE)
        return node->predicate->field == FIELD_DIRECTION ||
               reads_flagged(node->predicate, event, FIELD_ANSWER | FIELD_LATE);
    for (size_t i = 0; i < node->count; i++) {
        if (node_changes(node->children[i], event))
            return true;
    }
    return false;
}

static bool is_payload(const struct predicate *p)
{
    return p->field == FIELD_STREAM_PAYLOAD || p->field == FIELD_STREAM_PAYLOAD_HEAD ||
           p->field == FIELD_STREAM_PAYLOAD_SEGMENT || p->field == FIELD_NONE;
}

/* Answered by hits. */
static bool is_stream_query(const struct predicate *p)
{
    return is_payload(p) && p->of == OF_VALUE &&
           (p->op == MATCH_GLOB || p->op == MATCH_HEX || p->op == MATCH_REGEX ||
            p->op == MATCH_SEQUENCE);
}

/* Raw bytes: false may become true at any later byte, so a `not` can only be decided at the end; a
 * length is known only then. */
static bool stream_waits(const struct node *node, bool is_positive)
{
    if (node->kind == NODE_PREDICATE) {
        const struct predicate *p = node->predicate;
        if (is_stream_query(p))
            return p->is_negated == is_positive;
        return is_payload(p) && p->of == OF_LEN;
    }
    for (size_t i = 0; i < node->count; i++) {
        if (stream_waits(node->children[i], is_positive == (node->kind != NODE_NOT)))
            return true;
    }
    return false;
}

/* Reads what changes with every packet, so that the end of the stream is worth another look. */
static bool reads_counters(const struct node *node)
{
    if (node->kind == NODE_PREDICATE) {
        enum field_id id = node->predicate->field;
        return (id >= FIELD_FLOW_BYTES_TOSERVER && id <= FIELD_FLOW_AGE) || id == FIELD_APP_PROTO;
    }
    for (size_t i = 0; i < node->count; i++) {
        if (reads_counters(node->children[i]))
            return true;
    }
    return false;
}

/* Could the condition be `wanted` while no byte predicate has been hit? */
static bool is_open_at_start(const struct node *node, bool wanted)
{
    bool is_and = node->kind == NODE_AND;

    switch (node->kind) {
    case NODE_PREDICATE:
        return !is_stream_query(node->predicate) || wanted == node->predicate->is_negated;
    case NODE_NOT:
        return is_open_at_start(node->children[0], !wanted);
    case NODE_TRUE:
        return wanted;
    case NODE_FALSE:
        return !wanted;
    case NODE_AND:
    case NODE_OR:
        /* AND is true, OR is false, when all children are so; else one is enough */
        for (size_t i = 0; i < node->count; i++) {
            if (is_open_at_start(node->children[i], wanted) != (is_and == wanted))
                return is_and != wanted;
        }
        return is_and == wanted;
    }
    return true;
}

bool program_is_late(const struct node *node, enum event_type event, bool is_positive)
{
    return event == EVENT_STREAM ? stream_waits(node, is_positive)
                                 : node_waits(node, event, is_positive);
}

/* Does a filter of the rule ask for what the answer brings? Then it is decided once, with the answer. */
static bool has_late_filter(const struct rule *rule)
{
    bool is_transaction =
        rule->event == EVENT_HTTP || rule->event == EVENT_DNS || rule->event == EVENT_TLS;

    for (size_t i = 0; is_transaction && i < rule->filter_count; i++) {
        if (node_changes(rule->filters[i]->what->condition, rule->event))
            return true;
    }
    return false;
}

/* Does it matter to `suppress` how often the rule holds? Not when the first alert alone is written. */
static bool suppress_counts(const struct rule *rule)
{
    return rule->suppress_us > 0 &&
           (rule->suppress_number > 1 || rule->suppress_kind == SUPPRESS_BEYOND);
}

unsigned program_flags(const struct rule *rule)
{
    unsigned silent = rule->is_silent ? RULE_SILENT : 0;

    if (rule->event != EVENT_STREAM) {
        bool changes = node_changes(rule->condition, rule->event);
        if (rule->direction == RULE_TO_CLIENT || (changes && marks_are_read(rule->condition)) ||
            has_late_filter(rule) || node_waits(rule->condition, rule->event, true))
            return silent | RULE_WAITS | RULE_AGAIN;
        return silent | (changes ? RULE_AGAIN : 0);
    }
    if (rule->mark_count > 0 || marks_are_read(rule->condition))
        silent |= RULE_REPEATS;
    if (suppress_counts(rule))
        silent |= RULE_REPEATS | RULE_COUNTS;
    if (stream_waits(rule->condition, true))
        return silent | RULE_WAITS | RULE_AT_END;
    return silent | (is_open_at_start(rule->condition, true) ? RULE_AT_START : 0) |
           (reads_counters(rule->condition) ? RULE_AT_END : 0);
}

/* --- predicates ----------------------------------------------------------------------------------
 */

static bool fits_type(const struct predicate *p, enum field_type type)
{
    bool is_bytes = type == TYPE_BYTES;

    if (p->of == OF_COUNT)
        return true;
    if (p->of == OF_LEN || p->of == OF_ENTROPY)
        return is_bytes;
    if (p->of != OF_VALUE)
        return type == TYPE_TIME;
    switch (p->op) {
    case MATCH_GLOB:
    case MATCH_REGEX:
    case MATCH_HEX:
    case MATCH_DOMAIN:
    case MATCH_SEQUENCE:
    case MATCH_MARK:
        return is_bytes;
    case MATCH_NUMBER:
        return type == TYPE_NUMBER || type == TYPE_BOOL || type == TYPE_TIME;
    case MATCH_PREFIX:
        return type == TYPE_IP || is_bytes;
    case MATCH_LIST:
        return is_bytes || (type == TYPE_IP && p->list->type == LIST_IP);
    case MATCH_FIELD:
        return type == field_get(p->other)->type;
    case MATCH_EXISTS:
        return true;
    }
    return false;
}

static void check_predicate(struct builder *b, const struct predicate *p)
{
    enum field_type type = p->field == FIELD_NONE ? TYPE_BYTES : field_get(p->field)->type;

    if (!fits_type(p, type))
        builder_refuse(b, "field-type", p->place, NULL,
                       "%s: a field of type %s cannot be asked this", builder_shown(b, p),
                       field_type_name(type));
    if (b->rule->event != EVENT_STREAM || !is_payload(p) || is_stream_query(p))
        return;
    bool is_counted = p->op == MATCH_EXISTS || p->of == OF_LEN || p->of == OF_COUNT;
    if (is_counted && p->field != FIELD_STREAM_PAYLOAD_SEGMENT)
        return;
    builder_refuse(b, "stream-bytes-gone", p->place,
                   "use contains, hex, re or a sequence, or a field of a parsed protocol (http.*, "
                   "dns.*, tls.*)",
                   "%s: not all bytes of a stream are kept, so only patterns and sequences can be "
                   "asked of them",
                   builder_shown(b, p));
}

void program_regex_failed(struct builder *b, const struct predicate *p, int code, size_t offset)
{
    uint8_t message[256];

    pcre2_get_error_message(code, message, sizeof(message));
    builder_refuse(b, "regex", p->place, NULL, "regular expression: %s at byte %zu of %s",
                   (const char *)message, offset, builder_shown(b, p));
}

uint32_t program_regex(struct builder *b, struct view expression, unsigned flags, int *code,
                       size_t *offset)
{
    uint8_t *key = arena_alloc(b->arena, expression.len + 1);
    if (expression.len > 0)
        memcpy(key, expression.data, expression.len);
    key[expression.len] = (uint8_t)flags;
    uint32_t *known = index_find(&b->regex_index, view_make(key, expression.len + 1));
    if (*known != NO_INDEX)
        return *known;
    uint32_t options = (flags & REGEX_CASELESS ? PCRE2_CASELESS : 0) |
                       (flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0) |
                       (flags & REGEX_DOTALL ? PCRE2_DOTALL : 0) | PCRE2_NEVER_UTF;
    pcre2_code *regex = pcre2_compile(expression.data, expression.len, options, code, offset, NULL);
    if (regex == NULL)
        return NO_INDEX;
    (void)pcre2_jit_compile(regex, PCRE2_JIT_COMPLETE); /* without JIT it is interpreted */
    *known = vector_push(&b->regexes, &regex);
    return *known;
}

static uint32_t regex_compile(struct builder *b, const struct predicate *p)
{
    int code;
    size_t offset;
    uint32_t regex = program_regex(b, p->bytes, p->regex_flags, &code, &offset);

    if (regex == NO_INDEX)
        program_regex_failed(b, p, code, offset);
    return regex;
}

static struct view fold_into(struct arena *arena, struct view bytes)
{
    uint8_t *copy = arena_alloc(arena, bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++)
        copy[i] = byte_fold(bytes.data[i]);
    return view_make(copy, bytes.len);
}

static struct span add_pieces(struct builder *b, const struct predicate *p)
{
    struct span span = {(uint32_t)b->pieces.count, 0};
    for (size_t i = 0; i < p->piece_count; i++) {
        struct view bytes = p->pieces[i].bytes;
        struct piece_row row = {.kind = p->pieces[i].kind};
        bool is_again = i > 0 && row.kind == PIECE_ANY && p->pieces[i - 1].kind == GLOB_ANY;
        if (is_again || (row.kind == PIECE_LITERAL && bytes.len == 0))
            continue;
        if (row.kind == PIECE_LITERAL)
            row.bytes = builder_text(b, p->is_cased ? bytes : fold_into(b->arena, bytes));
        vector_push(&b->pieces, &row);
        span.count++;
    }
    return span;
}

static void fill_operands(struct builder *b, const struct predicate *p, struct predicate_row *row)
{
    switch (p->op) {
    case MATCH_REGEX:
        row->bytes = builder_text(b, p->bytes);
        if (!(row->flags & QUERY_STREAM) || p->field == FIELD_STREAM_PAYLOAD_SEGMENT)
            row->regex = regex_compile(b, p);
        break;
    case MATCH_HEX:
        row->bytes = builder_text(b, p->is_cased ? p->bytes : fold_into(b->arena, p->bytes));
        row->mask = builder_text(b, p->mask);
        break;
    case MATCH_DOMAIN:
        row->bytes = builder_text(b, fold_into(b->arena, p->bytes));
        break;
    case MATCH_PREFIX:
        row->address = p->address;
        row->prefix_bits = p->prefix_bits;
        break;
    case MATCH_LIST:
        row->set = sets_add_list(b, p->list);
        row->from = p->confidence.is_asked ? p->confidence.from : 0;
        row->to = p->confidence.is_asked ? p->confidence.to : UINT64_MAX;
        break;
    case MATCH_FIELD:
        row->other = (uint16_t)p->other;
        break;
    case MATCH_SEQUENCE:
        row->pieces = steps_add(b, p);
        break;
    case MATCH_MARK:
        row->bytes = builder_text(b, p->bytes);
        row->number = marks_number(b, p->bytes);
        break;
    case MATCH_GLOB:
    case MATCH_NUMBER:
    case MATCH_EXISTS:
        break;
    }
}

/* The variant of the field that a predicate asks. */
static uint32_t add_variant(struct builder *b, const struct predicate *p)
{
    struct variant_row row;

    if (p->transforms == 0)
        return NO_INDEX;
    memset(&row, 0, sizeof(row));
    row.field = p->field;
    row.transforms = p->transforms;
    row.header_name = builder_text(b, p->header_name);
    for (uint32_t i = 0; i < b->variants.count; i++) {
        if (memcmp(vector_at(&b->variants, i), &row, sizeof(row)) == 0)
            return i;
    }
    return vector_push(&b->variants, &row);
}

/* Everything that makes two predicates one, less the pieces, which have no number before they are
 * known to be new. */
struct predicate_key {
    struct predicate_row row;
    struct text pieces;
    uint32_t regex_flags;
    uint32_t event;
};

/* Bytes that stand for a glob: kind, length, bytes. */
static struct text glob_text(struct builder *b, const struct predicate *p)
{
    struct vector text;
    vector_init(&text, 1);
    for (size_t i = 0; i < p->piece_count; i++) {
        const struct glob_piece *piece = &p->pieces[i];
        uint32_t head[2] = {piece->kind, (uint32_t)piece->bytes.len};
        memcpy(vector_grow(&text, sizeof(head)), head, sizeof(head));
        if (piece->bytes.len > 0)
            memcpy(vector_grow(&text, piece->bytes.len), piece->bytes.data, piece->bytes.len);
    }
    struct view kept = arena_copy(b->arena, view_make(text.rows, text.count));
    memory_free(text.rows);
    uint32_t *known = index_find(&b->glob_index, kept);
    if (*known == NO_INDEX)
        *known = (uint32_t)b->glob_index.count;
    return (struct text){*known, (uint32_t)kept.len};
}

uint32_t program_predicate(struct builder *b, const struct predicate *asked)
{
    struct predicate_key key;
    bool is_stream = b->rule->event == EVENT_STREAM && is_stream_query(asked);
    const struct predicate *p = is_stream ? windows_resolve(b, asked) : asked;

    memset(&key, 0, sizeof(key));
    struct predicate_row *row = &key.row;
    row->op = (uint8_t)p->op;
    row->of = (uint8_t)p->of;
    row->compare = (uint8_t)p->compare;
    row->flags = (uint8_t)((p->is_cased ? QUERY_CASED : 0) | (p->is_negated ? QUERY_NEGATED : 0) |
                           (p->wanted ? QUERY_WANTED : 0) | (p->has_before ? QUERY_BEFORE : 0) |
                           (p->has_after ? QUERY_AFTER : 0) | (p->offsets.is_exact ? QUERY_AT : 0) |
                           (is_stream ? QUERY_STREAM : 0));
    row->field = (uint16_t)p->field;
    row->regex = row->set = NO_INDEX;
    row->header_name = builder_text(b, p->header_name);
    row->written = builder_string(b, p->text);
    row->variant = add_variant(b, p);
    row->number = p->number;
    row->from = p->offsets.from;
    row->to = p->offsets.to;
    fill_operands(b, p, row);
    key.pieces = glob_text(b, p);
    key.regex_flags = p->regex_flags;
    key.event = b->rule->event;
    uint32_t *known = index_find(&b->predicate_index, view_make(&key, sizeof(key)));
    if (*known == NO_INDEX) {
        if (p->op != MATCH_SEQUENCE)
            row->pieces = add_pieces(b, p);
        *known = vector_push(&b->predicates, row);
    }
    return *known;
}

/* --- conditions ----------------------------------------------------------------------------------
 */

unsigned program_cost(const struct node *node)
{
    static const uint8_t COST[] = {
        [MATCH_GLOB] = 4,   [MATCH_REGEX] = 40,   [MATCH_HEX] = 6,    [MATCH_NUMBER] = 1,
        [MATCH_PREFIX] = 1, [MATCH_DOMAIN] = 2,   [MATCH_EXISTS] = 1, [MATCH_FIELD] = 3,
        [MATCH_LIST] = 5,   [MATCH_SEQUENCE] = 8, [MATCH_MARK] = 1};
    unsigned cost = 0;

    if (node->kind == NODE_PREDICATE) {
        const struct predicate *p = node->predicate;
        cost = COST[p->op] + (p->header_name.len ? 8U : 0U) + (p->of == OF_ENTROPY ? 30U : 0U) +
               (p->transforms != 0 ? 10U : 0U);
        return p->field == FIELD_NONE ? cost * 10 : cost;
    }
    for (size_t i = 0; i < node->count; i++)
        cost += program_cost(node->children[i]);
    return cost;
}

struct child {
    const struct node *node;
    unsigned cost;
    size_t place;
};

static int compare_children(const void *a, const void *b)
{
    const struct child *left = a;
    const struct child *right = b;
    if (left->cost != right->cost)
        return left->cost < right->cost ? -1 : 1;
    return left->place < right->place ? -1 : 1;
}

const struct node **program_order(struct builder *b, const struct node *node)
{
    struct child *children = arena_array(b->arena, node->count + 1, sizeof(*children));
    const struct node **order = arena_array(b->arena, node->count + 1, sizeof(struct node *));

    for (size_t i = 0; i < node->count; i++)
        children[i] = (struct child){node->children[i], program_cost(node->children[i]), i};
    qsort(children, node->count, sizeof(*children), compare_children);
    for (size_t i = 0; i < node->count; i++)
        order[i] = children[i].node;
    return order;
}

static void emit(struct builder *b, const struct node *node, unsigned depth)
{
    struct node_row row = {.kind = node->kind};

    if (depth > NODE_DEPTH_MAX) {
        if (!b->has_failed)
            builder_refuse(b, "condition-depth", b->rule->place, NULL,
                           "the condition is nested more than %d deep", NODE_DEPTH_MAX);
        return;
    }
    if (node->kind == NODE_PREDICATE) {
        bool had_failed = b->has_failed; /* every fault of a rule is told */
        b->has_failed = false;
        check_predicate(b, node->predicate);
        if (!b->has_failed)
            row.predicate = program_predicate(b, node->predicate);
        b->has_failed |= had_failed;
    }
    uint32_t at = vector_push(&b->nodes, &row);
    const struct node **children = program_order(b, node);
    for (size_t i = 0; i < node->count; i++)
        emit(b, children[i], depth + 1);
    ((struct node_row *)vector_at(&b->nodes, at))->next = (uint32_t)b->nodes.count;
}

uint32_t program_compile(struct builder *b, const struct node *condition)
{
    uint32_t root = (uint32_t)b->nodes.count;
    emit(b, condition, 0);
    return root;
}
