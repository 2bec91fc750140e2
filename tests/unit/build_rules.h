/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules built by hand, for tests of compile/ and match/ that want no YAML in between. */
#ifndef SHRIKE_TESTS_UNIT_BUILD_RULES_H
#define SHRIKE_TESTS_UNIT_BUILD_RULES_H

#include <stdlib.h>

#include "base/arena.h"
#include "compile/compile.h"
#include "match/match.h"
#include "rule/list.h"

struct bench {
    struct arena *arena;
    struct rules rules;
    struct diagnostics diagnostics;
    struct compile_stats stats;
    struct ruleset *set;
    struct matcher *matcher;
    struct budget budget;
    struct error error;
    /* what the sink got */
    size_t alerts, expired, early, evidence_left_out;
    uint32_t sids[256];
    uint64_t suppressed;
    struct evidence evidence[EVIDENCE_MAX];
    size_t evidence_count;
    char excerpt[EXCERPT_MAX + 1];
};

static inline void bench_begin(struct bench *b)
{
    memset(b, 0, sizeof(*b));
    b->arena = arena_new();
    diagnostics_init(&b->diagnostics);
    b->rules.arena = b->arena;
    b->rules.items = arena_array(b->arena, 20000, sizeof(struct rule *));
}

static inline void bench_end(struct bench *b)
{
    matcher_free(b->matcher);
    ruleset_release(b->set);
    diagnostics_clear(&b->diagnostics);
    lists_clear(&b->rules);
    arena_free(b->arena);
}

static inline struct rule *bench_rule(struct bench *b, enum event_type event,
                                      struct node *condition)
{
    struct rule *rule = arena_alloc(b->arena, sizeof(*rule));
    rule->title = "test";
    rule->event = event;
    rule->condition = condition;
    rule->sid = (uint32_t)b->rules.count + 1;
    rule->rev = 1;
    rule->place = (struct place){"test.yml", (unsigned)b->rules.count + 1, 1};
    b->rules.items[b->rules.count++] = rule;
    return rule;
}

static inline void bench_sink(void *context, const struct alert *alert)
{
    struct bench *b = context;
    if (b->alerts < 256)
        b->sids[b->alerts] = alert->rule->sid;
    b->alerts++;
    b->expired += alert->is_expired;
    b->early += alert->is_early;
    b->evidence_left_out += alert->evidence_left_out;
    b->suppressed = alert->suppressed;
    b->evidence_count = alert->evidence_count;
    memcpy(b->evidence, alert->evidence, alert->evidence_count * sizeof(*b->evidence));
    b->excerpt[0] = '\0';
    if (alert->evidence_count > 0) {
        struct view first = alert->evidence[0].excerpt;
        if (first.len > 0)
            memcpy(b->excerpt, first.data, first.len);
        b->excerpt[first.len] = '\0';
    }
}

static inline void bench_compile(struct bench *b)
{
    struct alert_sink sink = {bench_sink, b};
    b->set = compile_rules(&b->rules, &b->diagnostics, &b->stats, &b->error);
    if (b->set == NULL)
        fprintf(stderr, "%s\n", b->error.text);
    assert_non_null(b->set);
    b->matcher = matcher_new(b->set, &b->budget, 0, &sink, &b->error);
    assert_non_null(b->matcher);
}

static inline struct node *node_of(struct bench *b, enum node_kind kind, struct node *first,
                                   struct node *second)
{
    struct node *node = arena_alloc(b->arena, sizeof(*node));
    node->kind = kind;
    node->children = arena_array(b->arena, 2, sizeof(struct node *));
    node->children[0] = first;
    node->children[1] = second;
    node->count = first == NULL ? 0 : second == NULL ? 1 : 2;
    return node;
}

static inline struct predicate *predicate_of(struct bench *b, enum predicate_op op,
                                             enum field_id field)
{
    struct predicate *p = arena_alloc(b->arena, sizeof(*p));
    p->op = op;
    p->field = field;
    p->offsets.to = SIZE_MAX;
    p->text = "test";
    p->place = (struct place){"test.yml", 1, 1};
    return p;
}

static inline struct node *node_from(struct bench *b, struct predicate *p)
{
    struct node *node = node_of(b, NODE_PREDICATE, NULL, NULL);
    node->predicate = p;
    return node;
}

/* "*ab?c" with no escapes: a glob. */
static inline struct predicate *glob(struct bench *b, enum field_id field, const char *pattern)
{
    struct predicate *p = predicate_of(b, MATCH_GLOB, field);
    size_t len = strlen(pattern);
    p->pieces = arena_array(b->arena, len + 1, sizeof(*p->pieces));
    for (size_t i = 0; i < len;) {
        struct glob_piece *piece = &p->pieces[p->piece_count++];
        if (pattern[i] == '*' || pattern[i] == '?') {
            piece->kind = pattern[i++] == '*' ? GLOB_ANY : GLOB_ONE;
            continue;
        }
        size_t end = i + strcspn(pattern + i, "*?");
        piece->kind = GLOB_LITERAL;
        piece->bytes = arena_copy(b->arena, view_make(pattern + i, end - i));
        i = end;
    }
    p->text = arena_string(b->arena, pattern);
    return p;
}

static inline struct predicate *regex(struct bench *b, enum field_id field, const char *expression,
                                      unsigned flags)
{
    struct predicate *p = predicate_of(b, MATCH_REGEX, field);
    p->bytes = arena_copy(b->arena, view_from_string(expression));
    p->regex_flags = flags;
    p->text = arena_string(b->arena, expression);
    return p;
}

static inline struct predicate *hex(struct bench *b, enum field_id field, const char *bytes,
                                    size_t len, const char *mask)
{
    struct predicate *p = predicate_of(b, MATCH_HEX, field);
    p->is_cased = true;
    p->bytes = arena_copy(b->arena, view_make(bytes, len));
    if (mask != NULL)
        p->mask = arena_copy(b->arena, view_make(mask, len));
    return p;
}

static inline struct predicate *number(struct bench *b, enum field_id field, enum compare compare,
                                       int64_t value)
{
    struct predicate *p = predicate_of(b, MATCH_NUMBER, field);
    p->compare = compare;
    p->number = value;
    return p;
}

static inline struct predicate *domain(struct bench *b, enum field_id field, const char *name)
{
    struct predicate *p = predicate_of(b, MATCH_DOMAIN, field);
    p->bytes = arena_copy(b->arena, view_from_string(name));
    return p;
}

static inline struct predicate *prefix(struct bench *b, enum field_id field, const char *text)
{
    struct predicate *p = predicate_of(b, MATCH_PREFIX, field);
    assert_true(address_parse_prefix(view_from_string(text), &p->address, &p->prefix_bits));
    return p;
}

static inline struct list *list_of(struct bench *b, enum list_type type, const char *const *values,
                                   size_t count)
{
    struct list *list = list_new(&b->rules, type);
    list->name = "names";
    for (size_t i = 0; i < count; i++)
        assert_true(list_add(list, view_from_string(values[i]), NULL));
    return list;
}

static inline struct predicate *member(struct bench *b, enum field_id field,
                                       const struct list *list)
{
    struct predicate *p = predicate_of(b, MATCH_LIST, field);
    p->list = list;
    return p;
}

static inline void flow_of(struct flow *flow, const char *client, const char *server, uint16_t port)
{
    memset(flow, 0, sizeof(*flow));
    assert_true(address_parse(view_from_string(client), &flow->client));
    assert_true(address_parse(view_from_string(server), &flow->server));
    flow->client_port = 40000;
    flow->server_port = port;
    flow->ip_proto = IP_TCP;
    flow->ip_version = 4;
}

#endif
