/* SPDX-License-Identifier: BSD-3-Clause */
/* Raw streams: splits, gaps, offsets, the head, the end, ports, budgets, datagrams. */
#include "unit/test.h"

#include "unit/scene.h"

#include "compile/builder.h"
#include "ruleset/tables.h"

static void begin(struct scene *s)
{
    scene_begin(s, 4444);
}

static size_t send(struct scene *s, struct view bytes)
{
    return scene_send(s, TO_SERVER, bytes);
}

static struct rule *payload_rule(struct scene *s, const char *pattern)
{
    return bench_rule(&s->b, EVENT_STREAM,
                      node_from(&s->b, glob(&s->b, FIELD_STREAM_PAYLOAD, pattern)));
}

static void a_match_across_segments_is_shown_whole(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    payload_rule(&s, "*SECRET*");
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("xxse")), 0);
    assert_int_equal(send(&s, VIEW("c")), 0);
    assert_int_equal(send(&s, VIEW("ret and secret again")), 1); /* once a direction */
    assert_string_equal(s.b.excerpt, "secret");
    assert_int_equal(s.b.evidence[0].offset, 2);
    assert_true(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    assert_int_equal(send(&s, VIEW("secret")), 0);
    scene_end(&s);
}

/* A match of varying length is shown from its start, when that is still at hand. */
static void a_regex_is_shown_from_where_it_began(void **unused)
{
    (void)unused;
    struct scene s;
    char filler[200];
    begin(&s);
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, regex(&s.b, FIELD_STREAM_PAYLOAD, "[Ww]ww\\.[A-Za-z.]+\r", 0)));
    bench_rule(&s.b, EVENT_STREAM, node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD, "*bEg*EnD*")));
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, regex(&s.b, FIELD_STREAM_PAYLOAD, "^GET [^ ]{40,}", 0)));
    bench_compile(&s.b);
    memset(filler, '-', sizeof(filler));
    assert_int_equal(send(&s, VIEW("GET /p%61th/X/ HTTP/1.1\r\nHost: wWw.Www.exam")), 0);
    assert_int_equal(send(&s, VIEW("ple.com\r\n")), 1);
    assert_string_equal(s.b.excerpt, "Www.example.com\r");
    assert_true(s.b.evidence[0].has_offset);
    assert_int_equal(s.b.evidence[0].offset, 35);
    assert_int_equal(send(&s, VIEW("xbegxx")), 0);
    assert_int_equal(send(&s, VIEW("xend")), 1);
    assert_string_equal(s.b.excerpt, "begxxxend");
    match_flow_end(s.b.matcher, &s.flow);
    assert_int_equal(send(&s, VIEW("beg")), 0);
    assert_int_equal(send(&s, view_make(filler, sizeof(filler))), 0);
    assert_int_equal(send(&s, VIEW("end.")), 1); /* its start is gone */
    assert_false(s.b.evidence[0].has_offset);
    assert_int_equal(s.b.evidence[0].excerpt.len, 64);
    assert_memory_equal(s.b.excerpt + 60, "-end", 4);
    scene_end(&s);
}

/* One value that Hyperscan cannot take must not stop the others. */
static void a_value_too_long_for_a_stream_is_refused_alone(void **unused)
{
    (void)unused;
    struct scene s;
    char text[5003];
    begin(&s);
    memset(text, 'x', sizeof(text));
    text[0] = text[5001] = '*';
    text[5002] = '\0';
    struct node *two =
        node_of(&s.b, NODE_AND, node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD, text)),
                node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD_HEAD, text)));
    bench_rule(&s.b, EVENT_STREAM, two);
    payload_rule(&s, "*secret*");
    bench_compile(&s.b);
    assert_int_equal(s.b.diagnostics.errors, 2); /* both faults of the rule */
    assert_string_equal(s.b.diagnostics.items[0].id, "stream-length");
    assert_string_equal(s.b.diagnostics.items[1].id, "stream-length");
    assert_int_equal(ruleset_count(s.b.set), 1);
    assert_int_equal(send(&s, VIEW("secret")), 1);
    scene_end(&s);
}

static void the_pattern_that_spoils_a_database_is_found(void **unused)
{
    (void)unused;
    static const char *const EXPRESSIONS[] = {"abc", "def", "(", "ghi", "jkl"};
    static const unsigned FLAGS[5] = {0};
    assert_int_equal(database_culprit(EXPRESSIONS, FLAGS, 5, HS_MODE_STREAM), 2);
    assert_int_equal(database_culprit(EXPRESSIONS, FLAGS, 3, HS_MODE_STREAM), 2);
    assert_int_equal(database_culprit(EXPRESSIONS + 2, FLAGS, 1, HS_MODE_STREAM), 0);
}

static void no_match_reaches_across_a_gap_but_hits_are_kept(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_STREAM,
               node_of(&s.b, NODE_AND, node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD, "*first*")),
                       node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD, "*second*"))));
    payload_rule(&s, "*abcdef*");
    payload_rule(&s, "begins*");
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("first abc")), 0);
    match_stream_gap(s.b.matcher, &s.flow, TO_SERVER, 10);
    assert_int_equal(send(&s, VIEW("def")), 0);
    match_stream_gap(s.b.matcher, &s.flow, TO_SERVER, 10);
    assert_int_equal(send(&s, VIEW("begins again")), 0); /* not the stream's start */
    assert_int_equal(send(&s, VIEW("second")), 1);
    assert_int_equal(s.b.sids[0], 1);
    assert_int_equal(s.b.evidence[1].offset + s.b.evidence[0].offset, 0 + 9 + 10 + 3 + 10 + 12);
    scene_end(&s);
}

static void offsets_count_from_the_streams_start_over_gaps(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct predicate *at = hex(&s.b, FIELD_STREAM_PAYLOAD, "\x16\x03\x01", 3, NULL);
    at->offsets.is_exact = true;
    bench_rule(&s.b, EVENT_STREAM, node_from(&s.b, at));
    struct predicate *within = hex(&s.b, FIELD_STREAM_PAYLOAD, "abc", 3, NULL);
    within->offsets.from = 100;
    within->offsets.to = 110;
    bench_rule(&s.b, EVENT_STREAM, node_from(&s.b, within));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("abc\x16\x03\x01 abc")), 0);
    match_stream_gap(s.b.matcher, &s.flow, TO_SERVER, 90); /* 10 so far */
    assert_int_equal(send(&s, VIEW("\x16\x03\x01 abc")), 1);
    assert_int_equal(s.b.sids[0], 2);
    assert_int_equal(s.b.evidence[0].offset, 104);
    scene_end(&s);
}

static void the_head_ends_at_4096_bytes_and_scanning_with_it(void **unused)
{
    (void)unused;
    struct scene s;
    uint8_t filler[4090];
    begin(&s);
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD_HEAD, "*abcdefgh*")));
    bench_compile(&s.b);
    memset(filler, '-', sizeof(filler));
    assert_int_equal(send(&s, view_make(filler, sizeof(filler))), 0);
    assert_false(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    assert_int_equal(send(&s, VIEW("abcdefgh")), 0); /* 4090..4098 */
    assert_true(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    assert_int_equal(matcher_stats(s.b.matcher)->streams_open, 0);
    scene_end(&s);
}

static void not_is_decided_at_the_end(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct node *hello = node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD, "*hello*"));
    struct node *bye = node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD, "*goodbye*"));
    bench_rule(&s.b, EVENT_STREAM,
               node_of(&s.b, NODE_AND, hello, node_of(&s.b, NODE_NOT, bye, NULL)));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("hello")), 0);
    match_stream_end(s.b.matcher, &s.flow, TO_SERVER, NULL);
    assert_int_equal(s.b.alerts, 1);
    match_flow_end(s.b.matcher, &s.flow);
    assert_int_equal(send(&s, VIEW("hello")), 0);
    assert_int_equal(send(&s, VIEW("goodbye")), 0);
    match_stream_end(s.b.matcher, &s.flow, TO_SERVER, NULL);
    assert_int_equal(s.b.alerts, 0);
    scene_end(&s);
}

static void a_value_tied_to_the_end_is_told_at_the_end(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    payload_rule(&s, "*trailer");
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("trailer, no: ")), 0);
    assert_int_equal(send(&s, VIEW("trailer")), 0);
    match_stream_end(s.b.matcher, &s.flow, TO_SERVER, NULL);
    assert_int_equal(s.b.alerts, 1);
    assert_string_equal(s.b.excerpt, "trailer");
    assert_int_equal(s.b.evidence[0].offset, 13);
    scene_end(&s);
}

static void ports_and_direction_decide_whether_a_stream_is_wanted(void **unused)
{
    (void)unused;
    static uint16_t ports[] = {4444};
    struct scene s;
    begin(&s);
    struct rule *rule = payload_rule(&s, "*secret*");
    rule->ports = ports;
    rule->port_count = 1;
    rule->direction = RULE_TO_SERVER;
    bench_compile(&s.b);
    assert_true(match_wants_stream(s.b.matcher, &s.flow, TO_SERVER));
    assert_false(match_wants_stream(s.b.matcher, &s.flow, TO_CLIENT));
    assert_true(match_stream_is_done(s.b.matcher, &s.flow, TO_CLIENT));
    s.flow.server_port = 80;
    assert_false(match_wants_stream(s.b.matcher, &s.flow, TO_SERVER));
    assert_int_equal(send(&s, VIEW("secret")), 0);
    assert_int_equal(matcher_stats(s.b.matcher)->scans, 0);
    scene_end(&s);
}

static void more_port_lists_than_groups_share_one(void **unused)
{
    (void)unused;
    static uint16_t ports[200];
    struct scene s;
    begin(&s);
    for (uint16_t i = 0; i < 200; i++) {
        struct rule *rule = payload_rule(&s, "*secret*");
        ports[i] = (uint16_t)(4300 + i);
        rule->ports = &ports[i];
        rule->port_count = 1;
    }
    bench_compile(&s.b);
    assert_true(s.b.set->group_count <= GROUP_MAX);
    for (uint16_t port = 4300; port < 4500; port++) {
        s.flow.server_port = port;
        assert_int_equal(send(&s, VIEW("secret")), 1);
        assert_int_equal(s.b.sids[0], port - 4300 + 1);
        match_flow_end(s.b.matcher, &s.flow);
    }
    scene_end(&s);
}

static struct node *port_is(struct scene *s, enum field_id field, enum compare compare, int port)
{
    return node_from(&s->b, number(&s->b, field, compare, port));
}

/* A rule that asks its ports in the condition is not scanned for on others; its group's number of ports is `count`. */
static void is_grouped(enum rule_direction direction, struct scene *s, struct node *ports,
                       uint32_t count)
{
    struct rule *rule = payload_rule(s, "*secret*");
    rule->condition = node_of(&s->b, NODE_AND, rule->condition, ports);
    rule->direction = direction;
    bench_compile(&s->b);
    assert_int_equal(s->b.set->group_count, direction == RULE_EITHER ? 2 : 1);
    assert_int_equal(s->b.set->groups[0].ports.count, count);
    assert_int_equal(match_wants_stream(s->b.matcher, &s->flow, TO_SERVER), true);
    if (count > 0) {
        s->flow.server_port = 80;
        assert_false(match_wants_stream(s->b.matcher, &s->flow, TO_SERVER));
        s->flow.server_port = 4444;
    }
    assert_int_equal(send(s, VIEW("secret")), 1);
    scene_end(s);
}

static void ports_of_a_condition_are_the_groups_ports(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    is_grouped(RULE_TO_SERVER, &s, port_is(&s, FIELD_DST_PORT, COMPARE_EQ, 4444), 1);
    begin(&s);
    is_grouped(RULE_TO_SERVER, &s,
               node_of(&s.b, NODE_AND, port_is(&s, FIELD_DST_PORT, COMPARE_GTE, 4440),
                       port_is(&s, FIELD_DST_PORT, COMPARE_LT, 4450)),
               10);
    begin(&s); /* either side of an `or` says some */
    is_grouped(RULE_EITHER, &s,
               node_of(&s.b, NODE_OR, port_is(&s, FIELD_DST_PORT, COMPARE_EQ, 4444),
                       port_is(&s, FIELD_SRC_PORT, COMPARE_EQ, 4445)),
               2);
    begin(&s); /* one side of it says none */
    is_grouped(RULE_TO_SERVER, &s,
               node_of(&s.b, NODE_OR, port_is(&s, FIELD_DST_PORT, COMPARE_EQ, 4444),
                       node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD, "*cre*"))),
               0);
    begin(&s); /* as many as any */
    is_grouped(RULE_TO_SERVER, &s, port_is(&s, FIELD_DST_PORT, COMPARE_GT, 1024), 0);
    begin(&s); /* what must not be is no list */
    is_grouped(RULE_TO_SERVER, &s,
               node_of(&s.b, NODE_NOT, port_is(&s, FIELD_DST_PORT, COMPARE_EQ, 80), NULL), 0);
}

static void lists_that_share_a_port_are_one_group(void **unused)
{
    (void)unused;
    static uint16_t ports[] = {4444, 4445, 4446};
    struct scene s;
    begin(&s);
    for (size_t i = 0; i < 2; i++) {
        struct rule *rule = payload_rule(&s, "*secret*");
        rule->ports = &ports[i];
        rule->port_count = 2;
        rule->direction = RULE_TO_SERVER;
    }
    bench_compile(&s.b);
    assert_int_equal(s.b.set->group_count, 1);
    assert_int_equal(s.b.set->groups[0].ports.count, 3);
    assert_int_equal(send(&s, VIEW("secret")), 1); /* the other asks for ports of its own */
    assert_int_equal(s.b.sids[0], 1);
    scene_end(&s);
}

static void a_spent_budget_skips_streams_and_counts_their_bytes(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    payload_rule(&s, "*secret*");
    s.b.budget.limit = 64;
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("secret")), 0);
    assert_int_equal(matcher_stats(s.b.matcher)->stream_bytes_skipped, 6);
    assert_true(s.b.budget.used <= s.b.budget.limit);
    scene_end(&s);
}

static void every_budget_is_survived(void **unused)
{
    (void)unused;
    for (size_t limit = 1; limit < 400000; limit += limit / 8 + 1) {
        struct scene s;
        begin(&s);
        payload_rule(&s, "*secret*");
        payload_rule(&s, "*other*");
        bench_compile(&s.b);
        s.b.budget.limit = limit;
        for (int i = 0; i < 20; i++)
            send(&s, VIEW("secret other"));
        match_stream_end(s.b.matcher, &s.flow, TO_SERVER, NULL);
        assert_true(s.b.budget.peak <= limit);
        match_flow_end(s.b.matcher, &s.flow);
        matcher_free(s.b.matcher);
        s.b.matcher = NULL;
        assert_int_equal(s.b.budget.used, 0);
        event_free(s.event);
        bench_end(&s.b);
    }
}

static void each_datagram_is_a_stream_of_its_own(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    payload_rule(&s, "secret*");
    bench_compile(&s.b);
    struct packet packet = {.payload = (const uint8_t *)"secret!", .payload_len = 7};
    for (int i = 0; i < 3; i++)
        match_datagram(s.b.matcher, &s.flow, TO_SERVER, &packet);
    packet.payload++;
    packet.payload_len--;
    match_datagram(s.b.matcher, &s.flow, TO_SERVER, &packet);
    assert_int_equal(s.b.alerts, 3);
    assert_null(s.flow.match);
    scene_end(&s);
}

static void a_rule_without_bytes_is_decided_at_the_first_ones(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_STREAM, node_from(&s.b, prefix(&s.b, FIELD_SRC_IP, "10.0.0.0/8")));
    bench_compile(&s.b);
    match_stream_gap(s.b.matcher, &s.flow, TO_SERVER, 100);
    assert_int_equal(send(&s, VIEW("x")), 1);
    assert_int_equal(send(&s, VIEW("x")), 0);
    scene_end(&s);
}

/* What `suppress` counts is counted each time that it occurs; who is written once is asked once. */
static void a_rule_that_counts_is_asked_at_each_occurrence(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct rule *third = payload_rule(&s, "*login*");
    third->suppress_us = 10 * 1000000;
    third->suppress_kind = SUPPRESS_EVERY;
    third->suppress_number = 3;
    third->suppress_by[0] = FIELD_STREAM_SRC_IP;
    third->suppress_by_count = 1;
    struct rule *first = payload_rule(&s, "*login*");
    first->suppress_us = 10 * 1000000;
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("a login")), 1);
    assert_int_equal(s.b.sids[0], 2);
    assert_int_equal(send(&s, VIEW("another")), 0);
    assert_int_equal(send(&s, VIEW("log")), 0);
    assert_int_equal(send(&s, VIEW("in")), 0);
    assert_int_equal(scene_send(&s, TO_CLIENT, VIEW("login")), 0); /* the other side counts apart */
    assert_int_equal(send(&s, VIEW("third login")), 1);
    assert_int_equal(s.b.sids[0], 1);
    assert_int_equal(matcher_rule_held(s.b.matcher, 0), 4);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_match_across_segments_is_shown_whole),
        cmocka_unit_test(a_regex_is_shown_from_where_it_began),
        cmocka_unit_test(a_value_too_long_for_a_stream_is_refused_alone),
        cmocka_unit_test(the_pattern_that_spoils_a_database_is_found),
        cmocka_unit_test(no_match_reaches_across_a_gap_but_hits_are_kept),
        cmocka_unit_test(offsets_count_from_the_streams_start_over_gaps),
        cmocka_unit_test(the_head_ends_at_4096_bytes_and_scanning_with_it),
        cmocka_unit_test(not_is_decided_at_the_end),
        cmocka_unit_test(a_value_tied_to_the_end_is_told_at_the_end),
        cmocka_unit_test(ports_and_direction_decide_whether_a_stream_is_wanted),
        cmocka_unit_test(ports_of_a_condition_are_the_groups_ports),
        cmocka_unit_test(lists_that_share_a_port_are_one_group),
        cmocka_unit_test(more_port_lists_than_groups_share_one),
        cmocka_unit_test(a_spent_budget_skips_streams_and_counts_their_bytes),
        cmocka_unit_test(every_budget_is_survived),
        cmocka_unit_test(each_datagram_is_a_stream_of_its_own),
        cmocka_unit_test(a_rule_without_bytes_is_decided_at_the_first_ones),
        cmocka_unit_test(a_rule_that_counts_is_asked_at_each_occurrence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
