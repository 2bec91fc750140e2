/* SPDX-License-Identifier: BSD-3-Clause */
/* Marks of flows: who sees what of whom, in one event and over the flow's life; order, memory, streams. */
#include "unit/test.h"

#include "unit/scene.h"

#include "match/matcher.h"

static void begin(struct scene *s)
{
    scene_begin(s, 80);
}

static struct node *mark(struct scene *s, const char *name, bool is_negated)
{
    struct predicate *p = predicate_of(&s->b, MATCH_MARK, FIELD_FLOW_MARK);
    p->bytes = arena_copy(s->b.arena, view_from_string(name));
    p->is_cased = true;
    p->is_negated = is_negated;
    p->text = arena_string(s->b.arena, name);
    return node_from(&s->b, p);
}

static void change(struct scene *s, struct rule *rule, enum mark_act act, const char *name)
{
    if (rule->marks == NULL)
        rule->marks = arena_array(s->b.arena, 4, sizeof(*rule->marks));
    rule->marks[rule->mark_count++] =
        (struct mark_change){act, arena_copy(s->b.arena, view_from_string(name)), rule->place};
}

static struct node *uri(struct scene *s, const char *pattern)
{
    return node_from(&s->b, glob(&s->b, FIELD_HTTP_URI, pattern));
}

/* Asks for a text and, unless `name` is NULL, for a mark. */
static struct rule *http_rule(struct scene *s, const char *pattern, const char *name)
{
    struct node *condition = uri(s, pattern);
    if (name != NULL)
        condition = node_of(&s->b, NODE_AND, condition, mark(s, name, false));
    return bench_rule(&s->b, EVENT_HTTP, condition);
}

static struct rule *stream_rule(struct scene *s, const char *pattern, const char *name)
{
    struct node *condition = node_from(&s->b, glob(&s->b, FIELD_STREAM_PAYLOAD, pattern));
    if (name != NULL)
        condition = node_of(&s->b, NODE_AND, condition, mark(s, name, false));
    return bench_rule(&s->b, EVENT_STREAM, condition);
}

static size_t request(struct scene *s, const char *text)
{
    event_begin(s->event, EVENT_HTTP, TO_SERVER, &s->flow, NULL);
    event_add_bytes(s->event, FIELD_HTTP_URI, view_from_string(text));
    return scene_match(s);
}

static void a_setter_is_seen_by_a_reader_that_stands_before_it(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    http_rule(&s, "*gate*", "stage");
    http_rule(&s, "*gate*", NULL);
    change(&s, http_rule(&s, "*gate*", NULL), MARK_SET, "stage");
    bench_compile(&s.b);
    assert_int_equal(request(&s, "/other"), 0);
    assert_null(s.flow.match); /* nothing was taken for it */
    assert_int_equal(request(&s, "/gate"), 3);
    assert_int_equal(s.b.sids[0], 3);
    assert_int_equal(s.b.sids[1], 2); /* who has to do with no mark stays where it is */
    assert_int_equal(s.b.sids[2], 1);
    scene_end(&s);
}

static void a_chain_holds_in_one_event_whatever_the_order_of_its_rules(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    http_rule(&s, "*gate*", "four");
    change(&s, http_rule(&s, "*gate*", "three"), MARK_SET, "four");
    change(&s, http_rule(&s, "*gate*", "two"), MARK_TOGGLE, "three");
    change(&s, http_rule(&s, "*gate*", "one"), MARK_SET, "two");
    change(&s, http_rule(&s, "*gate*", NULL), MARK_SET, "one");
    bench_compile(&s.b);
    assert_int_equal(request(&s, "/gate"), 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(s.b.sids[i], 5 - i);
    scene_end(&s);
}

/* Each is true unless the other was; a third waits for the second of them. */
static void rules_that_wait_for_each_other_keep_their_order(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    change(&s, http_rule(&s, "*gate*", "second"), MARK_SET, "third");
    struct node *no_second = node_of(&s.b, NODE_AND, uri(&s, "*gate*"), mark(&s, "second", true));
    change(&s, bench_rule(&s.b, EVENT_HTTP, no_second), MARK_SET, "first");
    struct node *no_first = node_of(&s.b, NODE_AND, uri(&s, "*gate*"), mark(&s, "first", true));
    change(&s, bench_rule(&s.b, EVENT_HTTP, no_first), MARK_SET, "second");
    bench_compile(&s.b);
    assert_int_equal(request(&s, "/gate"), 1);
    assert_int_equal(s.b.sids[0], 2);
    scene_end(&s);
}

/* Three rules share one predicate; its answer changes between them. */
static void no_answer_about_marks_is_remembered(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    change(&s, http_rule(&s, "*gate*", "on"), MARK_CLEAR, "on");
    change(&s, http_rule(&s, "*gate*", "on"), MARK_CLEAR, "other");
    http_rule(&s, "*gate*", "on");
    change(&s, http_rule(&s, "*start*", NULL), MARK_SET, "on");
    bench_compile(&s.b);
    assert_int_equal(request(&s, "/start"), 1);
    assert_int_equal(request(&s, "/gate"), 1); /* the first took it back */
    assert_int_equal(s.b.sids[0], 1);
    assert_int_equal(request(&s, "/gate"), 0);
    scene_end(&s);
}

static void marks_are_turned_and_names_are_compared_exactly(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    change(&s, http_rule(&s, "*turn*", NULL), MARK_TOGGLE, "Stage");
    http_rule(&s, "*ask*", "Stage");
    http_rule(&s, "*ask*", "stage");
    bench_compile(&s.b);
    assert_int_equal(request(&s, "/turn"), 1);
    assert_int_equal(request(&s, "/ask"), 1);
    assert_int_equal(s.b.sids[0], 2);
    assert_string_equal(s.b.excerpt, "Stage"); /* evidence names the mark */
    assert_int_equal(s.b.evidence[0].field, FIELD_FLOW_MARK);
    assert_int_equal(request(&s, "/turn"), 1);
    assert_int_equal(request(&s, "/ask"), 0);
    scene_end(&s);
}

static void marks_belong_to_one_flow_and_end_with_it(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    change(&s, http_rule(&s, "*gate*", NULL), MARK_SET, "stage");
    http_rule(&s, "*ask*", "stage");
    bench_compile(&s.b);
    assert_int_equal(request(&s, "/gate"), 1);
    struct flow first = s.flow;
    flow_of(&s.flow, "10.1.2.4", "192.0.2.9", 80);
    assert_int_equal(request(&s, "/ask"), 0);
    match_flow_end(s.b.matcher, &s.flow);
    s.flow = first;
    assert_int_equal(request(&s, "/ask"), 1);
    match_flow_end(s.b.matcher, &s.flow);
    assert_int_equal(request(&s, "/ask"), 0);
    scene_end(&s);
}

static void a_rule_that_says_nothing_sets_marks_and_is_counted(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct rule *silent = http_rule(&s, "*gate*", NULL);
    change(&s, silent, MARK_SET, "stage");
    silent->is_silent = true;
    struct rule *suppressed = http_rule(&s, "*gate*", NULL);
    suppressed->suppress_us = 1000000;
    change(&s, suppressed, MARK_TOGGLE, "turned");
    http_rule(&s, "*ask*", "stage");
    http_rule(&s, "*ask*", "turned");
    bench_compile(&s.b);
    assert_int_equal(request(&s, "/gate"), 1);
    assert_true(s.flow.flags & FLOW_ALERTED);
    s.flow.flags = 0;
    assert_int_equal(request(&s, "/gate"), 0); /* the one says nothing, the other is suppressed */
    assert_int_equal(request(&s, "/ask"), 1);  /* turned back all the same */
    assert_int_equal(s.b.sids[0], 3);
    assert_int_equal(matcher_rule_held(s.b.matcher, 0), 2);
    assert_int_equal(matcher_rule_alerts(s.b.matcher, 0), 0);
    assert_int_equal(matcher_rule_held(s.b.matcher, 1), 2);
    assert_int_equal(matcher_rule_alerts(s.b.matcher, 1), 1);
    scene_end(&s);
}

/* The request alone, then the same with its answer. */
static size_t transaction(struct scene *s, const char *text, int64_t status)
{
    event_begin(s->event, EVENT_HTTP, TO_SERVER, &s->flow, NULL);
    s->event->is_complete = false;
    event_add_bytes(s->event, FIELD_HTTP_URI, view_from_string(text));
    s->b.alerts = 0;
    match_event(s->b.matcher, s->event);
    s->event->is_complete = s->event->is_second = true;
    s->event->direction = TO_CLIENT;
    event_add_number(s->event, FIELD_HTTP_STAT_CODE, status);
    match_event(s->b.matcher, s->event);
    return s->b.alerts;
}

/* The answer marks; who asks for the request or the answer is told once, when the transaction is whole. */
static void a_reader_that_asks_for_the_answer_is_decided_with_it(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct node *either =
        node_of(&s.b, NODE_OR, uri(&s, "*gate*"),
                node_from(&s.b, number(&s.b, FIELD_HTTP_STAT_CODE, COMPARE_EQ, 404)));
    bench_rule(&s.b, EVENT_HTTP, node_of(&s.b, NODE_AND, either, mark(&s, "found", false)));
    struct node *found = node_from(&s.b, number(&s.b, FIELD_HTTP_STAT_CODE, COMPARE_EQ, 200));
    change(&s, bench_rule(&s.b, EVENT_HTTP, found), MARK_SET, "found");
    http_rule(&s, "*gate*", "found"); /* asked with the request alone */
    bench_compile(&s.b);
    assert_int_equal(transaction(&s, "/gate", 404), 0);
    assert_int_equal(transaction(&s, "/gate", 200), 2); /* 2, and 1 after it */
    assert_int_equal(s.b.sids[1], 1);
    assert_int_equal(transaction(&s, "/gate", 404), 2);
    assert_int_equal(s.b.sids[0], 3);
    assert_int_equal(s.b.sids[1], 1);
    scene_end(&s);
}

static void both_directions_of_a_stream_share_marks_and_so_do_its_events(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct rule *hello = stream_rule(&s, "*HELLO*", NULL);
    hello->direction = RULE_TO_SERVER;
    change(&s, hello, MARK_SET, "hello");
    stream_rule(&s, "*WELCOME*", "hello")->direction = RULE_TO_CLIENT;
    http_rule(&s, "*ask*", "hello");
    bench_compile(&s.b);
    assert_int_equal(scene_send(&s, TO_CLIENT, VIEW("WELCOME")), 0);
    assert_int_equal(scene_send(&s, TO_SERVER, VIEW("HELLO")), 1);
    assert_int_equal(scene_send(&s, TO_CLIENT, VIEW("you are WELC")), 0);
    assert_int_equal(scene_send(&s, TO_CLIENT, VIEW("OME")), 1); /* it occurs again */
    assert_int_equal(s.b.evidence[1].offset, 15);
    assert_int_equal(scene_send(&s, TO_CLIENT, VIEW("WELCOME")), 0); /* once a direction */
    assert_int_equal(request(&s, "/ask"), 1);
    scene_end(&s);
}

/* The group of port 80 is scanned first, but its rule stands behind the one for any port. */
static void rules_of_a_stream_are_judged_in_order_over_all_groups(void **unused)
{
    (void)unused;
    static uint16_t ports[] = {80};
    struct scene s;
    begin(&s);
    struct rule *reader = stream_rule(&s, "*HELLO*", "hello");
    reader->ports = ports;
    reader->port_count = 1;
    change(&s, stream_rule(&s, "*HELLO*", NULL), MARK_SET, "hello");
    bench_compile(&s.b);
    assert_int_equal(scene_send(&s, TO_SERVER, VIEW("HELLO")), 2);
    assert_int_equal(s.b.sids[0], 2);
    assert_int_equal(s.b.sids[1], 1);
    scene_end(&s);
}

static void a_stream_sets_its_mark_again_and_alerts_once(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    change(&s, stream_rule(&s, "*HELLO*", NULL), MARK_SET, "hello");
    change(&s, http_rule(&s, "*forget*", NULL), MARK_CLEAR, "hello");
    http_rule(&s, "*ask*", "hello");
    bench_compile(&s.b);
    assert_int_equal(scene_send(&s, TO_SERVER, VIEW("HELLO")), 1);
    assert_int_equal(request(&s, "/forget"), 1);
    assert_int_equal(request(&s, "/ask"), 0);
    assert_int_equal(scene_send(&s, TO_SERVER, VIEW("HELLO HELLO")), 0);
    assert_int_equal(request(&s, "/ask"), 1);
    assert_false(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    scene_end(&s);
}

/* Nothing has to be found for it: it is asked with every packet until the mark is there. */
static void a_stream_rule_of_marks_alone_waits_for_them(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_STREAM, mark(&s, "seen", false))->direction = RULE_TO_SERVER;
    change(&s, http_rule(&s, "*gate*", NULL), MARK_SET, "seen");
    bench_compile(&s.b);
    assert_int_equal(scene_send(&s, TO_SERVER, VIEW("one")), 0);
    assert_int_equal(request(&s, "/gate"), 1);
    assert_false(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    assert_int_equal(scene_send(&s, TO_SERVER, VIEW("two")), 1);
    assert_int_equal(scene_send(&s, TO_SERVER, VIEW("three")), 0);
    assert_true(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    scene_end(&s);
}

static size_t datagram(struct scene *s, const char *text)
{
    struct packet packet = {.payload = (const uint8_t *)text,
                            .payload_len = (uint16_t)strlen(text),
                            .flags = PACKET_HAS_TRANSPORT};
    s->b.alerts = 0;
    match_datagram(s->b.matcher, &s->flow, TO_SERVER, &packet);
    return s->b.alerts;
}

static void each_datagram_sees_the_marks_of_those_before(void **unused)
{
    (void)unused;
    static uint16_t ports[] = {80};
    struct scene s;
    begin(&s);
    stream_rule(&s, "*ask*", "hello");
    struct rule *hello = stream_rule(&s, "*hello*", NULL);
    hello->ports = ports;
    hello->port_count = 1;
    change(&s, hello, MARK_SET, "hello");
    bench_compile(&s.b);
    assert_int_equal(datagram(&s, "ask"), 0);
    assert_int_equal(datagram(&s, "hello and ask"), 2);
    assert_int_equal(datagram(&s, "ask"), 1);
    assert_int_equal(datagram(&s, "hello"), 1);
    scene_end(&s);
}

static void without_a_flow_there_are_no_marks(void **unused)
{
    (void)unused;
    struct scene s;
    struct packet packet = {.ip_version = 4};
    begin(&s);
    struct node *any = node_from(&s.b, number(&s.b, FIELD_PACKET_IP_TTL, COMPARE_GTE, 0));
    change(&s, bench_rule(&s.b, EVENT_PACKET, any), MARK_SET, "seen");
    bench_rule(&s.b, EVENT_PACKET, mark(&s, "seen", false));
    bench_rule(&s.b, EVENT_PACKET, mark(&s, "seen", true));
    bench_compile(&s.b);
    event_begin(s.event, EVENT_PACKET, TO_SERVER, NULL, &packet);
    event_add_number(s.event, FIELD_PACKET_IP_TTL, 64);
    match_event(s.b.matcher, s.event);
    assert_int_equal(s.b.alerts, 2);
    assert_int_equal(s.b.sids[1], 3);
    assert_int_equal(matcher_stats(s.b.matcher)->marks_lost, 0);
    scene_end(&s);
}

static void a_mark_without_memory_is_lost_and_counted(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    s.b.budget.limit = 1;
    change(&s, http_rule(&s, "*gate*", NULL), MARK_SET, "stage");
    change(&s, http_rule(&s, "*gate*", NULL), MARK_CLEAR, "stage");
    http_rule(&s, "*gate*", "stage");
    bench_compile(&s.b);
    assert_int_equal(request(&s, "/gate"), 2);
    assert_int_equal(matcher_stats(s.b.matcher)->marks_lost, 1);
    s.b.budget.limit = 0;
    assert_int_equal(request(&s, "/gate"), 2);
    assert_int_equal(matcher_stats(s.b.matcher)->marks_lost, 1);
    scene_end(&s);
}

/* More marks than one word holds: the last is as good as the first, and an alert names what is set. */
static size_t named;
static char first_name[16];

static void note_marks(void *context, const struct alert *alert)
{
    (void)context;
    named = alert->mark_count;
    if (named > 0)
        snprintf(first_name, sizeof(first_name), "%s", alert->marks[0]);
}

static void there_may_be_many_marks_and_alerts_name_them(void **unused)
{
    (void)unused;
    struct scene s;
    const struct alert_sink sink = {note_marks, NULL};
    char name[16], pattern[16];
    begin(&s);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "mark%03d", i);
        snprintf(pattern, sizeof(pattern), "*set%03d*", i);
        change(&s, http_rule(&s, pattern, NULL), MARK_SET, name);
    }
    http_rule(&s, "*ask*", "mark199");
    bench_compile(&s.b);
    matcher_free(s.b.matcher);
    s.b.matcher = matcher_new(s.b.set, &s.b.budget, 0, &sink, &s.b.error);
    (void)request(&s, "/set199");
    assert_int_equal(named, 1);
    (void)request(&s, "/set063/set064");
    assert_int_equal(named, 3);
    named = 0;
    (void)request(&s, "/ask");
    assert_int_equal(named, 3);
    assert_string_equal(first_name, "mark063");
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setter_is_seen_by_a_reader_that_stands_before_it),
        cmocka_unit_test(a_chain_holds_in_one_event_whatever_the_order_of_its_rules),
        cmocka_unit_test(rules_that_wait_for_each_other_keep_their_order),
        cmocka_unit_test(no_answer_about_marks_is_remembered),
        cmocka_unit_test(marks_are_turned_and_names_are_compared_exactly),
        cmocka_unit_test(marks_belong_to_one_flow_and_end_with_it),
        cmocka_unit_test(a_rule_that_says_nothing_sets_marks_and_is_counted),
        cmocka_unit_test(a_reader_that_asks_for_the_answer_is_decided_with_it),
        cmocka_unit_test(both_directions_of_a_stream_share_marks_and_so_do_its_events),
        cmocka_unit_test(rules_of_a_stream_are_judged_in_order_over_all_groups),
        cmocka_unit_test(a_stream_sets_its_mark_again_and_alerts_once),
        cmocka_unit_test(a_stream_rule_of_marks_alone_waits_for_them),
        cmocka_unit_test(each_datagram_sees_the_marks_of_those_before),
        cmocka_unit_test(without_a_flow_there_are_no_marks),
        cmocka_unit_test(a_mark_without_memory_is_lost_and_counted),
        cmocka_unit_test(there_may_be_many_marks_and_alerts_name_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
