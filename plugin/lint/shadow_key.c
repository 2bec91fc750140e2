/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys of shadows: 64 bits over the event, the level, the field and what the kind of key says. A collision is a comparison
 * too many and nothing else. */
#include "lint/shadow_key.h"

#include "base/hash.h"
#include "base/memory.h"
#include "lint/digest.h"
#include "lint/implied.h"
#include "lint/pattern.h"

enum { ROW_MAX = 4 };

#define NO_FILE     UINT64_MAX
#define DENIED_COST (UINT64_C(1) << 32)

enum key_kind {
    KEY_ROW,
    KEY_WHOLE = ROW_MAX + 1,
    KEY_DOMAIN,
    KEY_PREFIX,
    KEY_RANGE,
    KEY_NUMBER,
    KEY_EXISTS,
    KEY_LIST,
    KEY_SAME,
    KEY_NOT
};

/* What goes down while a condition is walked. */
struct walk {
    const struct key_plan *plan;
    uint64_t seed; /* of the rule's event and level */
    struct keys *out;
};

void keys_clear(struct keys *keys)
{
    memory_free(keys->items);
    *keys = (struct keys){.most = keys->most};
}

static void push(struct keys *keys, uint64_t key)
{
    if (keys->count == keys->most)
        return;
    if (keys->count == keys->capacity) {
        keys->capacity = keys->capacity ? keys->capacity * 2 : 256;
        keys->items = memory_resize(keys->items, keys->capacity, sizeof(*keys->items));
    }
    keys->items[keys->count++] = key;
}

static uint64_t key_base(const struct walk *walk, const struct predicate *p)
{
    uint64_t base = walk->seed ^ (uint64_t)p->field << 8 ^ (uint64_t)p->transforms << 24;

    for (size_t i = 0; i < p->header_name.len; i++)
        base = (base ^ byte_fold(p->header_name.data[i])) * UINT64_C(0x9e3779b97f4a7c15);
    return hash_mix(base);
}

static uint64_t key_of(uint64_t base, unsigned kind, uint64_t what)
{
    return hash_mix((base + kind) ^ what * UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t key_of_bytes(uint64_t base, unsigned kind, struct view bytes)
{
    uint64_t sum = bytes.len;

    for (size_t i = 0; i < bytes.len; i++)
        sum = (sum ^ byte_fold(bytes.data[i])) * UINT64_C(0x100000001b3);
    return key_of(base, kind, sum);
}

static uint64_t key_of_whole(uint64_t base, const struct pattern *pattern)
{
    uint64_t sum = pattern->count;

    for (size_t i = 0; i < pattern->count; i++)
        sum = (sum ^ byte_fold((uint8_t)pattern->symbols[i])) * UINT64_C(0x100000001b3);
    return key_of(base, KEY_WHOLE, sum);
}

static uint64_t key_of_prefix(uint64_t base, const struct address *address, unsigned bits)
{
    struct address masked = *address;

    for (unsigned i = 0; i < sizeof(masked.bytes); i++) {
        unsigned kept = bits > i * 8 ? bits - i * 8 : 0;
        masked.bytes[i] &= kept >= 8 ? 0xff : (uint8_t)(0xff00U >> kept);
    }
    return key_of(base, KEY_PREFIX, hash_plain(masked.bytes, sizeof(masked.bytes)) + bits);
}

/* The bytes of a pattern from `at` on, as far as a row reaches. */
static size_t run_len(const struct pattern *pattern, size_t at)
{
    size_t len = 0;

    while (len < ROW_MAX && at + len < pattern->count && pattern->symbols[at + len] < 256)
        len++;
    return len;
}

static uint64_t key_of_row(uint64_t base, const struct pattern *pattern, size_t at, size_t len)
{
    uint64_t row = 0;

    for (size_t i = 0; i < len; i++)
        row = row << 8 | byte_fold((uint8_t)pattern->symbols[at + i]);
    return key_of(base, KEY_ROW + (unsigned)len, row);
}

/* ---- what is asked for by any rule ------------------------------------------------------------------------ */

/* By rows of how many bytes a wide pattern is found: its longest run's, at most ROW_MAX. */
static size_t row_len(const struct pattern *pattern)
{
    size_t longest = 0;

    for (size_t at = 0; at < pattern->count && longest < ROW_MAX; at++) {
        size_t len = run_len(pattern, at);
        longest = len > longest ? len : longest;
    }
    return longest;
}

/* The list's place in the plan; list_count when it has none. */
static size_t list_at(const struct key_plan *plan, const struct predicate *p)
{
    size_t at = 0;

    while (at < plan->list_count &&
           (plan->lists[at].list != p->list || plan->lists[at].field != p->field))
        at++;
    return at;
}

static void plan_list(struct key_plan *plan, const struct predicate *p)
{
    if (plan->list_count == LISTS_MAX || list_at(plan, p) < plan->list_count)
        return;
    plan->lists[plan->list_count].field = p->field;
    plan->lists[plan->list_count++].list = p->list;
}

void key_plan_add(struct key_plan *plan, const struct node *wide)
{
    const struct predicate *p = wide->predicate;
    struct pattern pattern;

    for (size_t i = 0; i < wide->count; i++)
        key_plan_add(plan, wide->children[i]);
    if (wide->kind != NODE_PREDICATE)
        return;
    if (p->op == MATCH_DOMAIN)
        plan->has_domain[p->field] = true;
    else if (p->op == MATCH_EXISTS)
        plan->has_exists[p->field] = true;
    else if (p->op == MATCH_PREFIX)
        plan->has_prefix[p->prefix_bits] = true;
    else if (p->op == MATCH_LIST)
        plan_list(plan, p);
    else if ((p->op == MATCH_GLOB || p->op == MATCH_HEX) && pattern_of(p, &pattern) &&
             !pattern_is_whole(&pattern))
        plan->rows[p->field] |= (uint8_t)(1U << row_len(&pattern));
}

uint32_t *key_asked(const struct key_plan *plan, uint64_t key)
{
    return &plan->asked[key >> (64 - plan->asked_bits)];
}

/* ---- narrow ----------------------------------------------------------------------------------------------- */

static void push_rows(const struct walk *walk, uint64_t base, unsigned lengths,
                      const struct pattern *pattern)
{
    for (size_t at = 0; at < pattern->count; at++) {
        size_t left = run_len(pattern, at);
        for (size_t len = 1; len <= left; len++) {
            if (lengths >> len & 1)
                push(walk->out, key_of_row(base, pattern, at, len));
        }
    }
}

/* The name, and what stands behind each of its dots. */
static void push_names(const struct walk *walk, uint64_t base, struct view name)
{
    push(walk->out, key_of_bytes(base, KEY_DOMAIN, name));
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '.')
            push(walk->out, key_of_bytes(base, KEY_DOMAIN, view_skip(name, i + 1)));
    }
}

static void push_pattern(const struct walk *walk, const struct predicate *p, uint64_t base,
                         const struct pattern *pattern)
{
    uint8_t tail[PATTERN_MAX];
    size_t len = 0, begin = pattern->count;

    if (pattern_is_whole(pattern))
        push(walk->out, key_of_whole(base, pattern));
    push_rows(walk, base, walk->plan->rows[p->field], pattern);
    if (!walk->plan->has_domain[p->field] || !pattern->is_tied_end)
        return;
    while (begin > 0 && pattern->symbols[begin - 1] < 256)
        begin--;
    for (size_t i = begin; i < pattern->count; i++)
        tail[len++] = (uint8_t)pattern->symbols[i];
    len -= len > 0 && tail[len - 1] == '.';
    push_names(walk, base, view_make(tail, len));
}

static void push_same(const struct walk *walk, const struct predicate *p, unsigned kind)
{
    push(walk->out, key_of(walk->seed, kind, question_digest(p).a));
}

static void push_steps(const struct walk *walk, const struct predicate *p, uint64_t base)
{
    struct pattern pattern;

    for (size_t i = 0; i < p->step_count; i++) {
        if (pattern_of_step(&p->steps[i], &pattern))
            push_pattern(walk, p, base, &pattern);
    }
}

static void push_lists(const struct walk *walk, const struct predicate *p, uint64_t base)
{
    const struct key_plan *plan = walk->plan;

    for (size_t i = 0; i < plan->list_count; i++) {
        if (plan->lists[i].field == p->field &&
            (p->op == MATCH_LIST ? p->list == plan->lists[i].list
                                 : members_hold(plan->members, plan->lists[i].list, p)))
            push(walk->out, key_of(base, KEY_LIST, i));
    }
}

static void push_predicate(const struct walk *walk, const struct predicate *p)
{
    const struct key_plan *plan = walk->plan;
    uint64_t base = key_base(walk, p);
    struct pattern pattern;

    if (plan->has_exists[p->field])
        push(walk->out, key_of(base, KEY_EXISTS, 0));
    push_lists(walk, p, base);
    if (pattern_of(p, &pattern))
        push_pattern(walk, p, base, &pattern);
    else if (p->op == MATCH_GLOB || p->op == MATCH_HEX)
        push_same(walk, p, KEY_SAME);
    if (p->op == MATCH_DOMAIN) {
        push_names(walk, base, p->bytes);
    } else if (p->op == MATCH_PREFIX) {
        for (unsigned bits = 0; bits <= p->prefix_bits; bits++) {
            if (plan->has_prefix[bits])
                push(walk->out, key_of_prefix(base, &p->address, bits));
        }
    } else if (p->op == MATCH_NUMBER) {
        push(walk->out, key_of(base, KEY_RANGE, p->of));
        if (p->compare == COMPARE_EQ)
            push(walk->out, key_of(base + p->of, KEY_NUMBER, (uint64_t)p->number));
    } else if (p->op == MATCH_SEQUENCE) {
        push_steps(walk, p, base);
    }
    if (p->op != MATCH_GLOB && p->op != MATCH_HEX)
        push_same(walk, p, KEY_SAME);
}

/* All parts of an AND; of an OR one is enough, since each of them has to imply what the OR does. */
static void push_narrow(const struct walk *walk, const struct node *node, bool is_negated)
{
    if (node->kind == NODE_NOT) {
        push_narrow(walk, node->children[0], !is_negated);
    } else if (node->kind == NODE_PREDICATE) {
        if (predicate_is_negative(node->predicate) == is_negated)
            push_predicate(walk, node->predicate);
        else
            push_same(walk, node->predicate, KEY_NOT);
    } else if (node->kind == NODE_AND || node->kind == NODE_OR) {
        bool is_all = (node->kind == NODE_AND) != is_negated;
        for (size_t i = 0; i < node->count && (is_all || i == 0); i++)
            push_narrow(walk, node->children[i], is_negated);
    }
}

static uint64_t seed_of(const struct rule *rule)
{
    return hash_mix((uint64_t)rule->event << 4 | (uint64_t)rule->level);
}

void narrow_keys(const struct key_plan *plan, const struct rule *rule, struct keys *out)
{
    struct walk walk = {plan, seed_of(rule), out};

    out->count = 0;
    push_narrow(&walk, rule->condition, false);
}

/* ---- wide ------------------------------------------------------------------------------------------------- */

static uint64_t rarest_row(const struct walk *walk, uint64_t base, const struct pattern *pattern)
{
    size_t len = row_len(pattern);
    uint64_t best = 0;
    uint32_t least = UINT32_MAX;

    for (size_t at = 0; at < pattern->count; at++) {
        if (run_len(pattern, at) < len)
            continue;
        uint64_t key = key_of_row(base, pattern, at, len);
        if (*key_asked(walk->plan, key) < least) {
            least = *key_asked(walk->plan, key);
            best = key;
        }
    }
    return best;
}

static void file_predicate(const struct walk *walk, const struct predicate *p)
{
    uint64_t base = key_base(walk, p);
    struct pattern pattern;

    if (p->op == MATCH_DOMAIN)
        push(walk->out, key_of_bytes(base, KEY_DOMAIN, p->bytes));
    else if (p->op == MATCH_EXISTS)
        push(walk->out, key_of(base, KEY_EXISTS, 0));
    else if (p->op == MATCH_PREFIX)
        push(walk->out, key_of_prefix(base, &p->address, p->prefix_bits));
    else if (p->op == MATCH_LIST && list_at(walk->plan, p) < walk->plan->list_count)
        push(walk->out, key_of(base, KEY_LIST, list_at(walk->plan, p)));
    else if (p->op == MATCH_NUMBER && p->compare == COMPARE_EQ)
        push(walk->out, key_of(base + p->of, KEY_NUMBER, (uint64_t)p->number));
    else if (p->op == MATCH_NUMBER)
        push(walk->out, key_of(base, KEY_RANGE, p->of));
    else if ((p->op != MATCH_GLOB && p->op != MATCH_HEX) || !pattern_of(p, &pattern))
        push_same(walk, p, KEY_SAME);
    else if (pattern_is_whole(&pattern))
        push(walk->out, key_of_whole(base, &pattern));
    else
        push(walk->out, rarest_row(walk, base, &pattern));
}

/* How often its keys are looked for; NO_FILE when it can be filed under none. */
static uint64_t file(const struct walk *walk, const struct node *node, bool is_negated);

/* An OR under all its parts. */
static uint64_t file_each(const struct walk *walk, const struct node *node, bool is_negated)
{
    uint64_t sum = node->count > 0 ? 0 : NO_FILE;

    for (size_t i = 0; i < node->count; i++) {
        uint64_t asked = file(walk, node->children[i], is_negated);
        if (asked == NO_FILE)
            return NO_FILE;
        sum += asked;
    }
    return sum;
}

/* An AND under the part that is looked for least. */
static uint64_t file_best(const struct walk *walk, const struct node *node, bool is_negated)
{
    struct keys *out = walk->out;
    size_t begin = out->count, kept = 0;
    uint64_t least = NO_FILE;

    for (size_t i = 0; i < node->count; i++) {
        size_t from = begin + kept;
        out->count = from;
        uint64_t asked = file(walk, node->children[i], is_negated);
        if (asked >= least)
            continue;
        least = asked;
        kept = out->count - from;
        memmove(&out->items[begin], &out->items[from], kept * sizeof(*out->items));
    }
    out->count = begin + kept;
    return least;
}

/* What is denied finds only what is denied in the same words: the last resort. */
static uint64_t file_leaf(const struct walk *walk, const struct predicate *p, bool is_negated)
{
    struct keys *out = walk->out;

    if (out->count == out->most)
        return NO_FILE;
    bool is_denied = predicate_is_negative(p) != is_negated;
    if (is_denied)
        push_same(walk, p, KEY_NOT);
    else
        file_predicate(walk, p);
    return *key_asked(walk->plan, out->items[out->count - 1]) + (is_denied ? DENIED_COST : 0);
}

static uint64_t file(const struct walk *walk, const struct node *node, bool is_negated)
{
    switch (node->kind) {
    case NODE_NOT:
        return file(walk, node->children[0], !is_negated);
    case NODE_AND:
    case NODE_OR:
        return (node->kind == NODE_AND) != is_negated ? file_best(walk, node, is_negated)
                                                      : file_each(walk, node, is_negated);
    case NODE_PREDICATE:
        return file_leaf(walk, node->predicate, is_negated);
    case NODE_TRUE:
    case NODE_FALSE:
        break;
    }
    return NO_FILE;
}

bool wide_keys(const struct key_plan *plan, const struct rule *rule, struct keys *out)
{
    struct walk walk = {plan, seed_of(rule), out};

    out->count = 0;
    return file(&walk, rule->condition, false) != NO_FILE;
}
