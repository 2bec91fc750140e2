/* SPDX-License-Identifier: BSD-3-Clause */
/* Plain evaluation of a condition, written to be obviously right and never fast: what the gated
 * matcher is held against. */
#ifndef SHRIKE_TESTS_UNIT_NAIVE_MATCH_H
#define SHRIKE_TESTS_UNIT_NAIVE_MATCH_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "unit/build_rules.h"

static inline bool naive_byte(uint8_t a, uint8_t b, bool is_cased)
{
    return is_cased ? a == b : byte_fold(a) == byte_fold(b);
}

/* Do pieces match all of value? */
static inline bool naive_pieces(const struct glob_piece *pieces, size_t count, struct view value,
                                bool is_cased)
{
    if (count == 0)
        return value.len == 0;
    if (pieces->kind == GLOB_ANY) {
        for (size_t skip = 0; skip <= value.len; skip++) {
            if (naive_pieces(pieces + 1, count - 1, view_skip(value, skip), is_cased))
                return true;
        }
        return false;
    }
    size_t len = pieces->kind == GLOB_ONE ? 1 : pieces->bytes.len;
    if (value.len < len)
        return false;
    for (size_t i = 0; pieces->kind == GLOB_LITERAL && i < len; i++) {
        if (!naive_byte(value.data[i], pieces->bytes.data[i], is_cased))
            return false;
    }
    return naive_pieces(pieces + 1, count - 1, view_skip(value, len), is_cased);
}

static inline bool naive_glob(const struct predicate *p, struct view value)
{
    struct glob_piece pieces[32];
    size_t count = 0;
    if (p->offsets.from > value.len)
        return false;
    struct view part = view_slice(value, p->offsets.from, p->offsets.to);
    size_t first = p->offsets.is_exact && p->piece_count && p->pieces[0].kind == GLOB_ANY ? 1 : 0;
    for (size_t i = first; i < p->piece_count; i++)
        pieces[count++] = p->pieces[i];
    return naive_pieces(pieces, count, part, p->is_cased);
}

static inline bool naive_hex(const struct predicate *p, struct view value)
{
    size_t end = p->offsets.to < value.len ? p->offsets.to : value.len;
    for (size_t at = p->offsets.from; at + p->bytes.len <= end; at++) {
        bool fits = !p->offsets.is_exact || at == p->offsets.from;
        for (size_t i = 0; fits && i < p->bytes.len; i++)
            fits = (p->mask.len > 0 && p->mask.data[i] == 0) ||
                   naive_byte(value.data[at + i], p->bytes.data[i], p->is_cased);
        if (fits)
            return true;
    }
    return false;
}

static inline bool naive_regex(const struct predicate *p, struct view value)
{
    int code;
    size_t at;
    uint32_t options = (p->regex_flags & REGEX_CASELESS ? PCRE2_CASELESS : 0) |
                       (p->regex_flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0) |
                       (p->regex_flags & REGEX_DOTALL ? PCRE2_DOTALL : 0);
    pcre2_code *regex_code = pcre2_compile(p->bytes.data, p->bytes.len, options, &code, &at, NULL);
    assert_non_null(regex_code);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    int rc = pcre2_match(regex_code, value.data ? value.data : (const uint8_t *)"", value.len, 0, 0,
                         match, NULL);
    pcre2_match_data_free(match);
    pcre2_code_free(regex_code);
    return rc >= 0; /* 0: more groups than the match data holds */
}

static inline bool naive_domain(struct view name, struct view domain_name)
{
    if (name.len > 0 && name.data[name.len - 1] == '.')
        name.len--;
    if (view_equal_fold(name, domain_name))
        return true;
    return name.len > domain_name.len &&
           view_equal_fold(view_skip(name, name.len - domain_name.len), domain_name) &&
           name.data[name.len - domain_name.len - 1] == '.';
}

static inline bool naive_list(const struct list *list, const union value *value)
{
    for (size_t i = 0; i < list->count; i++) {
        struct view key = list_key(list, i);
        bool is_member =
            list->type == LIST_IP
                ? address_in_prefix(&value->ip, (const struct address *)key.data, key.data[16])
            : list->type == LIST_DOMAIN ? naive_domain(value->bytes, key)
                                        : view_equal_fold(value->bytes, key);
        if (is_member)
            return true;
    }
    return false;
}

static inline bool naive_compare(const struct predicate *p, int64_t value)
{
    return p->compare == COMPARE_EQ    ? value == p->number
           : p->compare == COMPARE_LT  ? value < p->number
           : p->compare == COMPARE_LTE ? value <= p->number
           : p->compare == COMPARE_GT  ? value > p->number
                                       : value >= p->number;
}

static inline bool naive_value(const struct predicate *p, const union value *value)
{
    switch (p->op) {
    case MATCH_GLOB:
        return naive_glob(p, value->bytes);
    case MATCH_REGEX:
        return naive_regex(p, value->bytes);
    case MATCH_HEX:
        return naive_hex(p, value->bytes);
    case MATCH_NUMBER:
        return naive_compare(p, p->of == OF_LEN ? (int64_t)value->bytes.len : value->number);
    case MATCH_PREFIX:
        return address_in_prefix(&value->ip, &p->address, p->prefix_bits);
    case MATCH_DOMAIN:
        return naive_domain(value->bytes, p->bytes);
    case MATCH_LIST:
        return naive_list(p->list, value);
    case MATCH_SEQUENCE: /* these have tests of their own */
    case MATCH_MARK:
    case MATCH_EXISTS:
    case MATCH_FIELD:
        return true;
    }
    return false;
}

/* Values of a field, as the test set them. */
typedef struct value_list naive_get(void *context, const struct predicate *p, enum field_id field);

static inline bool naive_predicate(const struct predicate *p, enum event_type event, naive_get *get,
                                   void *context)
{
    bool holds = false;
    enum field_id first = p->field == FIELD_NONE ? field_first(event) : p->field;
    enum field_id end = p->field == FIELD_NONE ? field_end(event) : p->field + 1;
    for (enum field_id id = first; id < end; id++) {
        if (p->field == FIELD_NONE && !field_is_searched(id))
            continue;
        struct value_list list = get(context, p, id);
        if (p->op == MATCH_EXISTS)
            return (list.count > 0) == p->wanted;
        for (uint32_t i = 0; i < list.count; i++)
            holds = holds || naive_value(p, &list.items[i]);
    }
    return holds != p->is_negated;
}

static inline bool naive_node(const struct node *node, enum event_type event, naive_get *get,
                              void *context)
{
    bool all = true;
    bool any = false;
    if (node->kind == NODE_PREDICATE)
        return naive_predicate(node->predicate, event, get, context);
    for (size_t i = 0; i < node->count; i++) {
        bool holds = naive_node(node->children[i], event, get, context);
        all = all && holds;
        any = any || holds;
    }
    return node->kind == NODE_AND   ? all
           : node->kind == NODE_OR  ? any
           : node->kind == NODE_NOT ? !all
                                    : node->kind == NODE_TRUE;
}

/* The condition, for a test that fails. */
static inline void naive_print(const struct node *node)
{
    static const char *const KINDS[] = {"and", "or", "not", "", "true", "false"};
    fprintf(stderr, "%s(", KINDS[node->kind]);
    if (node->kind == NODE_PREDICATE) {
        const struct predicate *p = node->predicate;
        fprintf(stderr,
                "%s op=%d of=%d %s '%s' bytes='%.*s' cased=%d neg=%d at=%d [%zu,%zu] flags=%u",
                p->field == FIELD_NONE ? "any" : field_get(p->field)->name, p->op, p->of,
                p->header_name.len ? "header" : "", p->text, (int)p->bytes.len,
                p->bytes.data ? (const char *)p->bytes.data : "", p->is_cased, p->is_negated,
                p->offsets.is_exact, p->offsets.from, p->offsets.to, p->regex_flags);
    }
    for (size_t i = 0; i < node->count; i++)
        naive_print(node->children[i]);
    fprintf(stderr, ")");
}

#endif
