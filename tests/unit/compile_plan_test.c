/* SPDX-License-Identifier: BSD-3-Clause */
/* What the compiler makes of rules: gates, sets, refusals, flags. */
#include "unit/test.h"

#include "unit/build_rules.h"

#include "ruleset/tables.h"

static const struct diagnostic *find_diagnostic(const struct bench *b, const char *id)
{
    for (size_t i = 0; i < b->diagnostics.count; i++) {
        if (strcmp(b->diagnostics.items[i].id, id) == 0)
            return &b->diagnostics.items[i];
    }
    return NULL;
}

static void an_empty_set_compiles_and_wants_nothing(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    bench_compile(&b);
    assert_int_equal(ruleset_count(b.set), 0);
    for (enum event_type type = EVENT_PACKET; type < EVENT_COUNT; type++)
        assert_false(ruleset_wants(b.set, type));
    bench_end(&b);
}

static void an_and_is_gated_by_its_rarest_child(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    bench_rule(&b, EVENT_HTTP,
               node_of(&b, NODE_AND,
                       node_from(&b, glob(&b, FIELD_HTTP_USER_AGENT, "*Mozilla/5.0*")),
                       node_from(&b, glob(&b, FIELD_HTTP_URI, "*qz7Kx*"))));
    bench_compile(&b);
    assert_int_equal(b.set->probe_count, 1);
    assert_int_equal(b.set->probes[0].field, FIELD_HTTP_URI);
    assert_int_equal(b.stats.ungated_rules, 0);
    bench_end(&b);
}

static struct node *header_exists(struct bench *b, const char *name, bool wanted)
{
    struct predicate *p = predicate_of(b, MATCH_EXISTS, FIELD_HTTP_HEADER_RAW);
    p->header_name = view_from_string(name);
    p->wanted = wanted;
    return node_from(b, p);
}

static void a_headers_presence_is_gated_by_its_name(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    bench_rule(&b, EVENT_HTTP, header_exists(&b, "X-Odd", true));
    bench_rule(&b, EVENT_HTTP,
               node_of(&b, NODE_AND, header_exists(&b, "User-Agent", true),
                       node_from(&b, glob(&b, FIELD_HTTP_URI, "*qz7Kx*"))));
    bench_rule(&b, EVENT_HTTP, header_exists(&b, "X-Odd", false));
    bench_rule(&b, EVENT_HTTP, header_exists(&b, "TE", true)); /* too short for a literal */
    bench_compile(&b);
    assert_int_equal(b.stats.ungated_rules, 2);
    assert_int_equal(b.set->gate_count, 2);
    assert_int_equal(b.set->probe_count, 2);
    bench_end(&b);
}

static void an_or_needs_a_gate_from_every_child(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    struct node *uri = node_from(&b, glob(&b, FIELD_HTTP_URI, "*qz7Kx*"));
    struct node *host = node_from(&b, glob(&b, FIELD_HTTP_HOST, "evil.example"));
    struct node *code = node_from(&b, number(&b, FIELD_HTTP_STAT_CODE, COMPARE_GT, 400));
    bench_rule(&b, EVENT_HTTP, node_of(&b, NODE_OR, uri, host));
    bench_rule(&b, EVENT_HTTP, node_of(&b, NODE_OR, uri, code));
    bench_compile(&b);
    assert_int_equal(b.stats.ungated_rules, 1);
    assert_int_equal(find_diagnostic(&b, "no-gate")->line, 2);
    bench_end(&b);
}

/* Two values that rest on one literal: the rule stands at its gate once. */
static void a_rule_enters_a_gate_once(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    for (int i = 0; i < 2; i++) {
        struct node *one = node_from(&b, glob(&b, FIELD_HTTP_URI, "*/qz7Kx/a?*"));
        struct node *other = node_from(&b, glob(&b, FIELD_HTTP_URI, "*?/qz7Kx/a*"));
        bench_rule(&b, EVENT_HTTP, node_of(&b, NODE_OR, one, other));
    }
    bench_compile(&b);
    assert_int_equal(b.set->gate_count, 1);
    assert_int_equal(b.set->gate_rule_count, 2);
    assert_int_equal(b.set->gate_first[1], 2);
    bench_end(&b);
}

static void what_stands_under_not_is_no_gate(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    struct node *uri = node_from(&b, glob(&b, FIELD_HTTP_URI, "*qz7Kx*"));
    bench_rule(&b, EVENT_HTTP, node_of(&b, NODE_NOT, uri, NULL));
    bench_compile(&b);
    assert_int_equal(b.stats.ungated_rules, 1);
    bench_end(&b);
}

static void equal_predicates_and_literals_are_kept_once(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    for (int i = 0; i < 50; i++)
        bench_rule(&b, EVENT_HTTP, node_from(&b, glob(&b, FIELD_HTTP_URI, "*qz7Kx*")));
    bench_compile(&b);
    assert_int_equal(b.stats.predicates, 1);
    assert_int_equal(b.stats.patterns, 1);
    assert_int_equal(b.set->gate_rule_count, 50);
    bench_end(&b);
}

static void a_rule_waits_for_what_the_answer_may_take_back(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    struct node *uri = node_from(&b, glob(&b, FIELD_HTTP_URI, "*qz7Kx*"));
    struct node *code = node_from(&b, number(&b, FIELD_HTTP_STAT_CODE, COMPARE_EQ, 404));
    struct node *agent = node_from(&b, glob(&b, FIELD_HTTP_USER_AGENT, "*curl*"));
    bench_rule(&b, EVENT_HTTP, node_of(&b, NODE_AND, uri, node_of(&b, NODE_NOT, code, NULL)));
    bench_rule(&b, EVENT_HTTP, node_of(&b, NODE_AND, uri, node_of(&b, NODE_NOT, agent, NULL)));
    bench_rule(&b, EVENT_HTTP, node_of(&b, NODE_AND, uri, code));
    bench_compile(&b);
    assert_int_equal(b.set->rules[0].flags & RULE_WAITS, RULE_WAITS);
    assert_int_equal(b.set->rules[1].flags & RULE_WAITS, 0);
    assert_int_equal(b.set->rules[2].flags & RULE_WAITS, 0);
    bench_end(&b);
}

static void a_bad_rule_is_told_at_its_place_and_does_not_stop_the_others(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    struct predicate *bad = regex(&b, FIELD_HTTP_URI, "(abcd", 0);
    bad->place.line = 7;
    bench_rule(&b, EVENT_HTTP, node_from(&b, bad));
    bench_rule(&b, EVENT_STREAM, node_from(&b, domain(&b, FIELD_STREAM_PAYLOAD, "evil.example")));
    struct predicate *offset = glob(&b, FIELD_STREAM_PAYLOAD, "*ab*cd*");
    offset->offsets.from = 7;
    bench_rule(&b, EVENT_STREAM, node_from(&b, offset));
    bench_rule(&b, EVENT_HTTP, node_from(&b, glob(&b, FIELD_HTTP_URI, "*qz7Kx*")));
    bench_compile(&b);
    assert_int_equal(ruleset_count(b.set), 1);
    assert_int_equal(ruleset_rule(b.set, 0)->sid, 4);
    assert_int_equal(b.diagnostics.errors, 3);
    assert_int_equal(find_diagnostic(&b, "regex")->line, 7);
    assert_non_null(find_diagnostic(&b, "stream-bytes-gone"));
    assert_non_null(find_diagnostic(&b, "stream-offsets"));
    bench_end(&b);
}

static void the_fields_read_are_collected(void **unused)
{
    (void)unused;
    struct bench b;
    bench_begin(&b);
    bench_rule(&b, EVENT_HTTP, node_from(&b, glob(&b, FIELD_HTTP_REQUEST_BODY, "*qz7Kx*")));
    struct rule *rule = bench_rule(&b, EVENT_DNS, node_from(&b, glob(&b, FIELD_NONE, "*qz7Kx*")));
    rule->suppress_us = 1000000;
    rule->suppress_by[0] = FIELD_SRC_IP;
    rule->suppress_by_count = 1;
    bench_compile(&b);
    const struct field_set *fields = ruleset_fields(b.set);
    assert_true(field_set_has(fields, FIELD_HTTP_REQUEST_BODY));
    assert_true(field_set_has(fields, FIELD_DNS_TXT));
    assert_true(field_set_has(fields, FIELD_SRC_IP));
    assert_false(field_set_has(fields, FIELD_HTTP_URI));
    bench_end(&b);
}

static void a_tactic_becomes_the_category(void **unused)
{
    (void)unused;
    static const char *tags[] = {"attack.t1071.001", "attack.command-and-control"};
    struct bench b;
    bench_begin(&b);
    struct rule *rule = bench_rule(&b, EVENT_HTTP, node_from(&b, glob(&b, FIELD_HTTP_URI, "*q*")));
    rule->tags = tags;
    rule->tag_count = 2;
    bench_compile(&b);
    assert_string_equal(ruleset_rule(b.set, 0)->category, "Command and Control");
    assert_string_equal(ruleset_rule(b.set, 0)->tags[0], "attack.t1071.001");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_set_compiles_and_wants_nothing),
        cmocka_unit_test(an_and_is_gated_by_its_rarest_child),
        cmocka_unit_test(a_headers_presence_is_gated_by_its_name),
        cmocka_unit_test(an_or_needs_a_gate_from_every_child),
        cmocka_unit_test(a_rule_enters_a_gate_once),
        cmocka_unit_test(what_stands_under_not_is_no_gate),
        cmocka_unit_test(equal_predicates_and_literals_are_kept_once),
        cmocka_unit_test(a_rule_waits_for_what_the_answer_may_take_back),
        cmocka_unit_test(a_bad_rule_is_told_at_its_place_and_does_not_stop_the_others),
        cmocka_unit_test(the_fields_read_are_collected),
        cmocka_unit_test(a_tactic_becomes_the_category),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
