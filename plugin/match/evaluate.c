/* SPDX-License-Identifier: BSD-3-Clause */
/* Evaluation: is this rule's condition true of the event at hand?
 *
 * Idea       the condition tree is walked in its stored order and left at the first child that
 *            decides; each predicate is answered at most once an event and remembered for other
 *            rules, but for those on marks, which rules change.
 * Values     a predicate over several values holds when one of them fits. `neq` and `not` turn the
 *            answer round, so both are true of an absent field.
 * Regexes    PCRE2 with JIT under a match limit; one that runs into it is "not confirmed", and
 *            counted.
 * Recursion  is over the rule's tree (at most NODE_DEPTH_MAX deep), never over input.
 */
#include "match/matcher.h"

#include <assert.h>
#include <math.h>
#include <time.h>

#include "base/clock.h"

static bool compares(const struct predicate_row *p, int64_t number)
{
    switch ((enum query_compare)p->compare) {
    case QUERY_EQ:
        return number == p->number;
    case QUERY_LT:
        return number < p->number;
    case QUERY_LTE:
        return number <= p->number;
    case QUERY_GT:
        return number > p->number;
    case QUERY_GTE:
        return number >= p->number;
    }
    return false;
}

/* Thousandths of a bit a byte. */
static int64_t entropy(struct view bytes)
{
    uint32_t counts[256] = {0};
    double sum = 0;

    if (bytes.len == 0)
        return 0;
    for (size_t i = 0; i < bytes.len; i++)
        counts[bytes.data[i]]++;
    for (unsigned i = 0; i < 256; i++) {
        if (counts[i] > 0)
            sum += counts[i] * log2((double)counts[i]);
    }
    double bits = log2((double)bytes.len) - sum / (double)bytes.len;
    return (int64_t)(bits * 1000 + 0.5);
}

static bool regex_holds(struct matcher *m, const struct predicate_row *p, struct view value,
                        struct place_found *found)
{
    size_t end = p->to < value.len ? (size_t)p->to : value.len;
    uint32_t options = p->flags & QUERY_AT ? PCRE2_ANCHORED : 0;

    if (p->from > end)
        return false;
    int rc = pcre2_match(m->set->regexes[p->regex], value.data ? value.data : (const uint8_t *)"",
                         end, (size_t)p->from, options, m->regex_data, m->regex_context);
    if (rc < 0) {
        if (rc != PCRE2_ERROR_NOMATCH)
            m->stats.confirm_limit_hits++;
        return false;
    }
    if (found != NULL) {
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m->regex_data);
        size_t begin = at[0] < at[1] ? at[0] : at[1]; /* \K may turn them round */
        found->offset = begin;
        found->has_offset = true;
        found->bytes = view_slice(value, begin, at[1]);
    }
    return true;
}

static bool domain_holds(struct view name, struct view domain)
{
    if (name.len > 0 && name.data[name.len - 1] == '.')
        name.len--;
    if (!view_ends_fold(name, domain))
        return false;
    return name.len == domain.len || name.data[name.len - domain.len - 1] == '.';
}

static bool prefix_holds(const struct predicate_row *p, enum field_type type,
                         const union value *value)
{
    struct address address;

    if (type == TYPE_IP)
        return address_in_prefix(&value->ip, &p->address, p->prefix_bits);
    return address_parse(value->bytes, &address) &&
           address_in_prefix(&address, &p->address, p->prefix_bits);
}

static bool list_holds(struct matcher *m, const struct predicate_row *p, enum field_type type,
                       const union value *value, struct place_found *found)
{
    const struct set_row *row = &m->set->sets[p->set];
    uint32_t members[LOOKUP_MAX];
    size_t count = lookup_value(m, row, type, value, members, row->has_facts ? LOOKUP_MAX : 1);

    return member_holds(m, p, row, members, count, found ? &found->list : NULL);
}

/* Is the value the other one, or does it hold it where the author says? Nothing holds an empty one. */
static bool bytes_agree(const struct predicate_row *p, struct view value, struct view other)
{
    bool may_be_before = (p->flags & QUERY_BEFORE) != 0,
         may_be_after = (p->flags & QUERY_AFTER) != 0;
    bool is_cased = (p->flags & QUERY_CASED) != 0;

    if (!may_be_before && !may_be_after)
        return is_cased ? view_equal(value, other) : view_equal_fold(value, other);
    if (other.len == 0)
        return false;
    if (may_be_before && may_be_after)
        return (is_cased ? view_find(value, other) : view_find_fold(value, other)) !=
               VIEW_NOT_FOUND;
    if (may_be_after)
        return is_cased ? view_starts(value, other) : view_starts_fold(value, other);
    return is_cased ? view_ends(value, other) : view_ends_fold(value, other);
}

/* fieldref: agrees with any value of the other field. */
static bool field_holds(struct matcher *m, const struct predicate_row *p, enum field_type type,
                        const union value *value)
{
    struct value_list others = values_of(m, p->other, (struct view){NULL, 0});

    for (uint32_t i = 0; i < others.count; i++) {
        const union value *other = &others.items[i];
        bool is_equal = type == TYPE_IP      ? address_equal(&value->ip, &other->ip)
                        : type != TYPE_BYTES ? value->number == other->number
                                             : bytes_agree(p, value->bytes, other->bytes);
        if (is_equal)
            return true;
    }
    return false;
}

/* A part of a time in UTC; a time that no calendar has (hostile certificates) has no parts. */
static bool time_holds(const struct predicate_row *p, int64_t time_us)
{
    time_t seconds = clock_second(time_us);
    struct tm parts;
    char week[8];

    if (gmtime_r(&seconds, &parts) == NULL || strftime(week, sizeof(week), "%V", &parts) == 0)
        return false;
    const int64_t numbers[] = {
        [0] = parts.tm_min,
        [QUERY_HOUR - QUERY_MINUTE] = parts.tm_hour,
        [QUERY_DAY - QUERY_MINUTE] = parts.tm_mday,
        [QUERY_WEEK - QUERY_MINUTE] = (week[0] - '0') * 10 + week[1] - '0',
        [QUERY_MONTH - QUERY_MINUTE] = parts.tm_mon + 1,
        [QUERY_YEAR - QUERY_MINUTE] = (int64_t)parts.tm_year + 1900,
    };
    return compares(p, numbers[p->of - QUERY_MINUTE]);
}

static bool number_holds(const struct predicate_row *p, enum field_type type,
                         const union value *value)
{
    if (p->of == QUERY_LEN)
        return compares(p, (int64_t)value->bytes.len);
    if (p->of == QUERY_ENTROPY)
        return compares(p, entropy(value->bytes));
    if (p->of >= QUERY_MINUTE)
        return time_holds(p, value->number);
    return type != TYPE_BYTES && type != TYPE_IP && compares(p, value->number);
}

bool value_holds(struct matcher *m, const struct predicate_row *p, enum field_id field,
                 const union value *value, struct place_found *found)
{
    enum field_type type = field_get(field)->type;

    if (found != NULL && type == TYPE_BYTES)
        *found = (struct place_found){.bytes = value->bytes};
    switch ((enum query_op)p->op) {
    case QUERY_GLOB:
        return glob_match(m->set, p, value->bytes, found);
    case QUERY_REGEX:
        return regex_holds(m, p, value->bytes, found);
    case QUERY_HEX:
        return hex_match(m->set, p, value->bytes, found);
    case QUERY_NUMBER:
        return number_holds(p, type, value);
    case QUERY_PREFIX:
        return prefix_holds(p, type, value);
    case QUERY_DOMAIN:
        return domain_holds(value->bytes, ruleset_text(m->set, p->bytes));
    case QUERY_EXISTS:
        return true;
    case QUERY_FIELD:
        return field_holds(m, p, type, value);
    case QUERY_LIST:
        return list_holds(m, p, type, value, found);
    case QUERY_SEQUENCE:
        return sequence_match(m, p, value->bytes, found);
    case QUERY_MARK: /* is no value: see answer() */
        return false;
    }
    return false;
}

/* --- values --------------------------------------------------------------------------------------
 */

/* The line's end (after its continuation lines, RFC 9112 5.2), from `at`. */
static size_t line_end(struct view block, size_t at)
{
    for (;;) {
        size_t newline = view_find_byte(view_skip(block, at), '\n');
        if (newline == VIEW_NOT_FOUND)
            return block.len;
        at += newline + 1;
        if (at >= block.len || !byte_is_space(block.data[at]))
            return at;
    }
}

static struct view trim_line(struct view v)
{
    while (v.len > 0 && (v.data[v.len - 1] == '\n' || v.data[v.len - 1] == '\r'))
        v.len--;
    return view_trim(v);
}

/* Values of the lines of a raw header block that have this name. */
static struct value_list header_values(struct matcher *m, struct view block, struct view name)
{
    uint32_t count = 0;

    for (size_t at = 0; at < block.len && count < EVENT_VALUES_MAX;) {
        size_t end = line_end(block, at);
        struct view line = view_slice(block, at, end);
        size_t colon = view_find_byte(line, ':');
        if (colon != VIEW_NOT_FOUND && view_equal_fold(view_trim(view_slice(line, 0, colon)), name))
            m->header_values[count++].bytes = trim_line(view_skip(line, colon + 1));
        at = end;
    }
    return (struct value_list){m->header_values, count};
}

struct value_list values_of(struct matcher *m, enum field_id field, struct view header_name)
{
    if (field_get(field)->event == EVENT_ANY)
        return envelope_get(m, field);
    if (field_get(field)->event != m->event->type ||
        ((m->reading & READ_FIRST_HALF) && (field_get(field)->flags & FIELD_ANSWER)))
        return (struct value_list){NULL, 0};
    struct value_list list = event_get(m->event, field);
    if (header_name.len == 0 || list.count == 0)
        return list;
    return header_values(m, list.items[0].bytes, header_name);
}

struct value_list values_asked(struct matcher *m, const struct predicate_row *p,
                               enum field_id field)
{
    return p->variant != NO_INDEX ? variant_values(m, p->variant)
                                  : values_of(m, field, ruleset_text(m->set, p->header_name));
}

/* --- predicates ----------------------------------------------------------------------------------
 */

static bool any_value_holds(struct matcher *m, const struct predicate_row *p, enum field_id field)
{
    struct value_list list = values_asked(m, p, field);

    for (uint32_t i = 0; i < list.count; i++) {
        if (value_holds(m, p, field, &list.items[i], NULL))
            return true;
    }
    return false;
}

/* A keyword: any bytes field of the event. */
static bool any_field_holds(struct matcher *m, const struct predicate_row *p)
{
    enum event_type type = m->event->type;

    for (enum field_id id = m->event->first; id < FIELD_COUNT && field_get(id)->event == type;
         id++) {
        if (field_get(id)->type == TYPE_BYTES && any_value_holds(m, p, id))
            return true;
    }
    return false;
}

/* Raw bytes themselves are gone: their presence and length are all that can still be told. */
static bool stream_number_holds(const struct matcher *m, const struct predicate_row *p)
{
    uint64_t len = m->side->offset;

    if (p->field == FIELD_STREAM_PAYLOAD_HEAD && len > STREAM_HEAD_LEN)
        len = STREAM_HEAD_LEN;
    if (p->op == QUERY_EXISTS)
        return (len > 0) == ((p->flags & QUERY_WANTED) != 0);
    return compares(p, p->of == QUERY_COUNT ? len > 0 : (int64_t)len);
}

static bool answer(struct matcher *m, const struct predicate_row *p, uint32_t number)
{
    if (p->op == QUERY_MARK)
        return mark_is_set(m, (uint32_t)p->number);
    if (p->flags & QUERY_STREAM)
        return stream_predicate_hit(m, number, NULL);
    if (m->group != NULL && (p->field == FIELD_STREAM_PAYLOAD ||
                             p->field == FIELD_STREAM_PAYLOAD_HEAD || p->field == FIELD_NONE))
        return stream_number_holds(m, p);
    if (p->field == FIELD_NONE)
        return any_field_holds(m, p);
    if (p->op != QUERY_EXISTS && p->of != QUERY_COUNT)
        return any_value_holds(m, p, p->field);
    uint32_t count = values_of(m, p->field, ruleset_text(m->set, p->header_name)).count;
    if (p->op == QUERY_EXISTS)
        return (count > 0) == ((p->flags & QUERY_WANTED) != 0);
    return compares(p, count);
}

bool predicate_holds(struct matcher *m, uint32_t predicate)
{
    uint32_t memo = m->predicate_memo[predicate];

    if (memo >> 1 == m->generation)
        return (memo & 1) != 0;
    const struct predicate_row *p = &m->set->predicates[predicate];
    bool holds = answer(m, p, predicate) != ((p->flags & QUERY_NEGATED) != 0);
    if (p->op != QUERY_MARK) /* the next rule may find other marks */
        m->predicate_memo[predicate] = m->generation << 1 | (holds ? 1U : 0U);
    return holds;
}

/* --- conditions ----------------------------------------------------------------------------------
 */

static bool node_holds(struct matcher *m, uint32_t at)
{
    const struct node_row *nodes = m->set->nodes;
    uint32_t end = nodes[at].next;

    switch ((enum tree_kind)nodes[at].kind) {
    case TREE_PREDICATE:
        return predicate_holds(m, nodes[at].predicate);
    case TREE_NOT:
        return !node_holds(m, at + 1);
    case TREE_AND:
        for (uint32_t child = at + 1; child < end; child = nodes[child].next) {
            if (!node_holds(m, child))
                return false;
        }
        return true;
    case TREE_OR:
        for (uint32_t child = at + 1; child < end; child = nodes[child].next) {
            if (node_holds(m, child))
                return true;
        }
        return false;
    case TREE_TRUE:
        return true;
    case TREE_FALSE:
        return false;
    }
    return false;
}

bool rule_holds(struct matcher *m, const struct rule_row *rule)
{
    return node_holds(m, rule->node);
}

/* What has expired or is not valid yet silences nothing: neither a filter nor an entry of a list that it asks for. */
uint32_t rule_silencer(struct matcher *m, const struct rule_row *rule)
{
    const struct ruleset *set = m->set;
    unsigned reading = m->reading;
    uint32_t found = NO_INDEX;

    if (rule->silencers.count == 0)
        return NO_INDEX;
    if (reading & READ_OUTDATED)
        set_reading(m, reading & ~(unsigned)READ_OUTDATED);
    for (uint32_t i = 0; i < rule->silencers.count && found == NO_INDEX; i++) {
        const struct silencer_row *silencer = &set->silencers[rule->silencers.first + i];
        int64_t end_us = set->filter_ends[silencer->filter];
        if ((end_us == 0 || m->event->time_us < end_us) && node_holds(m, silencer->node))
            found = silencer->filter;
    }
    if (reading & READ_OUTDATED)
        set_reading(m, reading);
    return found;
}
