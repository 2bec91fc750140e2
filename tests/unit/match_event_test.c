/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole events against rules: evidence, once a transaction, suppression, ports, header names. */
#include "unit/test.h"

#include "unit/scene.h"

#include "flow/tcp_flow.h"
#include "match/matcher.h"

static void begin(struct scene *s)
{
    scene_begin(s, 80);
}

static void request(struct scene *s, const char *uri, uint64_t tx, bool is_complete)
{
    event_begin(s->event, EVENT_HTTP, TO_SERVER, &s->flow, NULL);
    s->event->is_complete = is_complete;
    s->event->tx_id = tx;
    event_add_bytes(s->event, FIELD_HTTP_URI, view_from_string(uri));
}

static struct node *uri_contains(struct scene *s, const char *pattern)
{
    return node_from(&s->b, glob(&s->b, FIELD_HTTP_URI, pattern));
}

static void evidence_names_field_place_bytes_and_the_authors_words(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*EVIL*"));
    bench_compile(&s.b);
    request(&s, "/a/evil.php", 0, true);
    assert_int_equal(scene_match(&s), 1);
    assert_int_equal(s.b.evidence_count, 1);
    assert_int_equal(s.b.evidence[0].field, FIELD_HTTP_URI);
    assert_true(s.b.evidence[0].has_offset);
    assert_int_equal(s.b.evidence[0].offset, 3);
    assert_string_equal(s.b.excerpt, "evil");
    assert_string_equal(s.b.evidence[0].predicate, "*EVIL*");
    scene_end(&s);
}

static void a_branch_that_does_not_hold_is_no_evidence(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct node *both =
        node_of(&s.b, NODE_AND, uri_contains(&s, "*evil*"), uri_contains(&s, "*absent*"));
    bench_rule(&s.b, EVENT_HTTP, node_of(&s.b, NODE_OR, both, uri_contains(&s, "*php*")));
    bench_compile(&s.b);
    request(&s, "/evil.php", 0, true);
    assert_int_equal(scene_match(&s), 1);
    assert_int_equal(s.b.evidence_count, 1);
    assert_string_equal(s.b.excerpt, "php");
    scene_end(&s);
}

static void a_rule_alerts_once_a_transaction(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
    bench_compile(&s.b);
    request(&s, "/evil", 0, false);
    assert_int_equal(scene_match(&s), 1);
    request(&s, "/evil", 1, false); /* pipelined */
    assert_int_equal(scene_match(&s), 1);
    request(&s, "/evil", 0, true);
    s.event->is_second = true;
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/evil", 1, true);
    s.event->is_second = true;
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/evil", 2, true);
    assert_int_equal(scene_match(&s), 1);
    assert_int_equal(matcher_rule_alerts(s.b.matcher, 0), 3);
    scene_end(&s);
}

/* Whatever their number, and with no memory at all. */
static void a_thousand_rules_alert_once_a_transaction(void **unused)
{
    (void)unused;
    enum { COUNT = 1000 };
    struct scene s;
    begin(&s);
    s.b.budget.limit = 1;
    for (int i = 0; i < COUNT; i++) {
        struct node *ok = node_from(&s.b, number(&s.b, FIELD_HTTP_STAT_CODE, COMPARE_EQ, 200));
        struct node *evil = uri_contains(&s, "*evil*");
        bench_rule(&s.b, EVENT_HTTP, i % 2 ? evil : node_of(&s.b, NODE_OR, evil, ok));
    }
    bench_compile(&s.b);
    request(&s, "/evil", 0, false);
    assert_int_equal(scene_match(&s), COUNT);
    request(&s, "/evil", 0, true);
    s.event->is_second = true;
    event_add_number(s.event, FIELD_HTTP_STAT_CODE, 200);
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/good", 1, false);
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/good", 1, true);
    s.event->is_second = true;
    event_add_number(s.event, FIELD_HTTP_STAT_CODE, 200);
    assert_int_equal(scene_match(&s), COUNT / 2); /* what the answer alone makes true */
    scene_end(&s);
}

/* A counter of the flow differs between the two halves: a rule that reads one waits for the second. */
static void a_rule_that_reads_a_counter_is_decided_once(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct node *few = node_from(&s.b, number(&s.b, FIELD_FLOW_PKTS_TOSERVER, COMPARE_LT, 10));
    bench_rule(&s.b, EVENT_HTTP, node_of(&s.b, NODE_AND, uri_contains(&s, "*evil*"), few));
    bench_compile(&s.b);
    request(&s, "/evil", 0, false);
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/evil", 0, true);
    s.event->is_second = true;
    assert_int_equal(scene_match(&s), 1);
    scene_end(&s);
}

static void direction_fits_the_half_that_a_rule_looks_at(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct node *code = node_from(&s.b, number(&s.b, FIELD_HTTP_STAT_CODE, COMPARE_EQ, 200));
    struct rule *up =
        bench_rule(&s.b, EVENT_HTTP, node_of(&s.b, NODE_AND, uri_contains(&s, "*evil*"), code));
    struct rule *down = bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
    up->direction = RULE_TO_SERVER;
    down->direction = RULE_TO_CLIENT;
    bench_compile(&s.b);
    request(&s, "/evil", 0, false);
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/evil", 0, true); /* the end came, and no answer */
    s.event->is_second = true;
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/evil", 0, true);
    s.event->is_second = true;
    s.event->direction = TO_CLIENT;
    event_add_number(s.event, FIELD_HTTP_STAT_CODE, 200);
    assert_int_equal(scene_match(&s), 2);
    scene_end(&s);
}

/* A hit on an expired list is told, but as informational, and never in place of what holds without it. */
static void hits_on_an_expired_list_are_informational(void **unused)
{
    (void)unused;
    static const char *const NAMES[] = {"evil.example"};
    struct scene s;
    begin(&s);
    struct list *list = list_of(&s.b, LIST_DOMAIN, NAMES, 1);
    list->expires_us = 1000;
    struct node *listed = node_from(&s.b, member(&s.b, FIELD_HTTP_HOST, list));
    bench_rule(&s.b, EVENT_HTTP, node_of(&s.b, NODE_OR, listed, uri_contains(&s, "*php*")));
    bench_rule(
        &s.b, EVENT_HTTP,
        node_of(&s.b, NODE_AND, uri_contains(&s, "*php*"), node_of(&s.b, NODE_NOT, listed, NULL)));
    bench_rule(&s.b, EVENT_HTTP, listed);
    bench_compile(&s.b);
    request(&s, "/a.php", 0, true);
    event_add_bytes(s.event, FIELD_HTTP_HOST, VIEW("www.evil.example"));
    s.event->time_us = 999;
    assert_int_equal(scene_match(&s), 2); /* 1 and 3 */
    assert_int_equal(s.b.expired, 0);
    s.event->time_us = 1000;
    assert_int_equal(scene_match(&s), 3); /* 1 and 2 hold without the list */
    assert_int_equal(s.b.expired, 1);
    assert_int_equal(s.b.sids[2], 3);
    assert_string_equal(s.b.evidence[0].list.name, "names");
    assert_int_equal(s.b.evidence[0].list.expired_us, 1000);
    scene_end(&s);
}

static void evidence_names_a_predicate_once_and_counts_what_it_leaves_out(void **unused)
{
    (void)unused;
    struct scene s;
    char pattern[16], uri[256] = "/";
    begin(&s);
    struct node *all = NULL;
    for (int i = 0; i < EVIDENCE_MAX + 5; i++) {
        snprintf(pattern, sizeof(pattern), "*x%02dy*", i);
        size_t len = strlen(uri);
        snprintf(uri + len, sizeof(uri) - len, "x%02dy", i);
        struct node *one = uri_contains(&s, pattern);
        all = all ? node_of(&s.b, NODE_AND, all, one) : one;
    }
    bench_rule(&s.b, EVENT_HTTP, all);
    struct node *a = uri_contains(&s, "*x01y*");
    bench_rule(&s.b, EVENT_HTTP,
               node_of(&s.b, NODE_OR, a, node_of(&s.b, NODE_AND, a, uri_contains(&s, "*x02y*"))));
    bench_compile(&s.b);
    request(&s, uri, 0, true);
    assert_int_equal(scene_match(&s), 2);
    assert_int_equal(s.b.evidence_left_out, 5);
    assert_int_equal(s.b.evidence_count, 2); /* of the last */
    scene_end(&s);
}

/* A branch that does not hold is no evidence, however much of it does. */
static void evidence_forgets_a_branch_that_does_not_hold(void **unused)
{
    (void)unused;
    struct scene s;
    char pattern[16], uri[256] = "/";
    begin(&s);
    struct node *branch = uri_contains(&s, "*evil*");
    for (int i = 0; i < EVIDENCE_MAX + 5; i++) {
        snprintf(pattern, sizeof(pattern), "*x%02dy*", i);
        size_t len = strlen(uri);
        snprintf(uri + len, sizeof(uri) - len, "x%02dy", i);
        branch = node_of(&s.b, NODE_AND, uri_contains(&s, pattern), branch);
    }
    bench_rule(&s.b, EVENT_HTTP, node_of(&s.b, NODE_OR, branch, uri_contains(&s, "*x01y*")));
    bench_compile(&s.b);
    request(&s, uri, 0, true);
    assert_int_equal(scene_match(&s), 1);
    assert_int_equal(s.b.evidence_count, 1);
    assert_int_equal(s.b.evidence_left_out, 0);
    scene_end(&s);
}

static void not_over_the_answer_is_decided_when_it_came(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct node *code = node_from(&s.b, number(&s.b, FIELD_HTTP_STAT_CODE, COMPARE_EQ, 404));
    bench_rule(
        &s.b, EVENT_HTTP,
        node_of(&s.b, NODE_AND, uri_contains(&s, "*evil*"), node_of(&s.b, NODE_NOT, code, NULL)));
    bench_compile(&s.b);
    request(&s, "/evil", 0, false);
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/evil", 0, true);
    event_add_number(s.event, FIELD_HTTP_STAT_CODE, 404);
    assert_int_equal(scene_match(&s), 0);
    request(&s, "/evil", 1, true);
    event_add_number(s.event, FIELD_HTTP_STAT_CODE, 200);
    assert_int_equal(scene_match(&s), 1);
    scene_end(&s);
}

/* Whichever of the fields that a DNS answer brings: the query alone must not make a `not` over it true. */
static void no_field_of_an_answer_is_missed_before_it_came(void **unused)
{
    (void)unused;
    static const enum field_id FIELDS[] = {FIELD_DNS_RCODE,       FIELD_DNS_ANSWER,
                                           FIELD_DNS_ANSWER_NAME, FIELD_DNS_ANSWER_RRTYPE,
                                           FIELD_DNS_CNAME,       FIELD_DNS_TXT};
    struct scene s;
    begin(&s);
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++)
        bench_rule(&s.b, EVENT_DNS,
                   node_of(&s.b, NODE_NOT, node_from(&s.b, glob(&s.b, FIELDS[i], "x")), NULL));
    bench_compile(&s.b);
    event_begin(s.event, EVENT_DNS, TO_SERVER, &s.flow, NULL);
    s.event->is_complete = false;
    assert_int_equal(scene_match(&s), 0);
    s.event->is_complete = true;
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++)
        event_add_bytes(s.event, FIELDS[i], VIEW("x"));
    assert_int_equal(scene_match(&s), 0);
    scene_end(&s);
}

static void a_suppressed_rule_counts_what_it_leaves_out(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct rule *rule = bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
    rule->suppress_us = 10 * 1000000;
    rule->suppress_by[0] = FIELD_SRC_IP;
    rule->suppress_by_count = 1;
    bench_compile(&s.b);
    size_t alerts = 0;
    for (int second = 0; second < 12; second++) {
        request(&s, "/evil", (uint64_t)second, true);
        s.event->time_us = second * INT64_C(1000000);
        alerts += scene_match(&s);
    }
    assert_int_equal(alerts, 2); /* at 0 s and at 10 s */
    assert_int_equal(s.b.suppressed, 9);
    assert_int_equal(matcher_stats(s.b.matcher)->suppressed, 10);
    flow_of(&s.flow, "10.7.7.7", "192.0.2.9", 80); /* another key */
    request(&s, "/evil", 0, true);
    s.event->time_us = 12 * 1000000;
    assert_int_equal(scene_match(&s), 1);
    scene_end(&s);
}

/* Alerts 1, 2, ... of one second each in spans of ten seconds: which of twenty-four are written. */
static void a_flow_is_marked_by_an_alert_suppressed_or_not(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct rule *rule = bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
    rule->suppress_us = 10 * 1000000;
    bench_compile(&s.b);
    request(&s, "/good", 0, true);
    assert_int_equal(scene_match(&s), 0);
    assert_false(s.flow.flags & FLOW_ALERTED);
    for (size_t written = 1; written != SIZE_MAX; written--) {
        s.flow.flags = 0;
        request(&s, "/evil", 1, true);
        assert_int_equal(scene_match(&s), written);
        assert_true(s.flow.flags & FLOW_ALERTED);
    }
    scene_end(&s);
}

static void each_kind_of_suppression_writes_its_alerts(void **unused)
{
    (void)unused;
    static const struct {
        enum suppress_kind kind;
        uint32_t number;
        const char *written;
    } CASES[] = {
        {SUPPRESS_FIRST, 1, "x.........x.........x..."},
        {SUPPRESS_FIRST, 3, "xxx.......xxx.......xxx."},
        {SUPPRESS_EVERY, 4, "...x...x.....x...x.....x"},
        {SUPPRESS_AFTER, 4, "...x.........x.........x"},
        {SUPPRESS_BEYOND, 8, "........xx........xx...."},
    };
    for (size_t c = 0; c < sizeof(CASES) / sizeof(CASES[0]); c++) {
        struct scene s;
        char written[25] = "";
        uint64_t left_out = 0;
        begin(&s);
        struct rule *rule = bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
        rule->suppress_us = 10 * 1000000;
        rule->suppress_kind = CASES[c].kind;
        rule->suppress_number = CASES[c].number;
        bench_compile(&s.b);
        for (size_t i = 0; i < 24; i++) {
            request(&s, "/evil", i, true);
            s.event->time_us = (int64_t)i * 1000000;
            written[i] = scene_match(&s) ? 'x' : '.';
            left_out += written[i] == 'x' ? s.b.suppressed : 0;
        }
        assert_string_equal(written, CASES[c].written);
        size_t last = strlen(strrchr(written, 'x')) - 1; /* not told yet */
        size_t missing = 0;
        for (size_t i = 0; i < 24; i++)
            missing += written[i] == '.';
        assert_int_equal(left_out + last, missing);
        scene_end(&s);
    }
}

/* Captures are joined in any order: what lies years before a window, or at the end of time, is not in it. */
static void suppression_ends_when_time_goes_back(void **unused)
{
    (void)unused;
    static const int64_t TIMES[] = {INT64_C(1700000000000000), INT64_C(1699999999000000),
                                    INT64_C(1400000000000000), INT64_MIN, INT64_MAX};
    struct scene s;
    begin(&s);
    struct rule *rule = bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
    rule->suppress_us = 10 * 1000000;
    bench_compile(&s.b);
    size_t alerts = 0;
    for (size_t i = 0; i < sizeof(TIMES) / sizeof(TIMES[0]); i++) {
        request(&s, "/evil", i, true);
        s.event->time_us = TIMES[i];
        alerts += scene_match(&s);
    }
    assert_int_equal(alerts, 4); /* all but the one that is a second early */
    scene_end(&s);
}

static void suppression_outlives_its_budget(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    s.b.budget.limit = 16 * 1024;
    struct rule *rule = bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
    rule->suppress_us = INT64_C(1000000000000);
    rule->suppress_by[0] = FIELD_SRC_PORT;
    rule->suppress_by_count = 1;
    bench_compile(&s.b);
    size_t alerts = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        s.flow.client_port = (uint16_t)(i + 1);
        request(&s, "/evil", i, true);
        alerts += scene_match(&s);
        alerts += scene_match(&s);
    }
    assert_int_equal(alerts, 5000);
    assert_true(s.b.budget.peak <= s.b.budget.limit);
    scene_end(&s);
}

static void ports_and_direction_are_asked_of_the_flow(void **unused)
{
    (void)unused;
    static uint16_t ports[] = {8080, 80};
    struct scene s;
    begin(&s);
    struct rule *rule = bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
    rule->ports = ports;
    rule->port_count = 2;
    rule->direction = RULE_TO_SERVER;
    bench_compile(&s.b);
    request(&s, "/evil", 0, true);
    assert_int_equal(scene_match(&s), 1);
    s.event->direction = TO_CLIENT; /* with its answer */
    assert_int_equal(scene_match(&s), 1);
    s.event->direction = TO_SERVER;
    s.flow.server_port = 443;
    assert_int_equal(scene_match(&s), 0);
    scene_end(&s);
}

static void a_header_is_found_by_name_over_folded_lines(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct predicate *p = glob(&s.b, FIELD_HTTP_HEADER_RAW, "secret*value");
    p->header_name = VIEW("X-Key");
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, p));
    bench_compile(&s.b);
    request(&s, "/", 0, true);
    event_add_bytes(s.event, FIELD_HTTP_HEADER_RAW,
                    VIEW("X-Other: secretvalue\r\nx-KEY:  secret\r\n  value  \r\n"));
    assert_int_equal(scene_match(&s), 1);
    request(&s, "/", 1, true);
    event_add_bytes(s.event, FIELD_HTTP_HEADER_RAW,
                    VIEW("X-Other: secretvalue\r\nX-Keys: secretvalue"));
    assert_int_equal(scene_match(&s), 0);
    scene_end(&s);
}

static void a_keyword_is_found_in_any_bytes_field(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, glob(&s.b, FIELD_NONE, "*sqlmap*")));
    bench_compile(&s.b);
    request(&s, "/", 0, true);
    event_add_bytes(s.event, FIELD_HTTP_USER_AGENT, VIEW("sqlmap/1.0"));
    assert_int_equal(scene_match(&s), 1);
    assert_int_equal(s.b.evidence[0].field, FIELD_HTTP_USER_AGENT);
    scene_end(&s);
}

static void the_most_specific_entry_and_its_note_are_shown(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    struct list *list = list_of(&s.b, LIST_IP, NULL, 0);
    assert_true(list_add(list, VIEW("192.0.0.0/8"), NULL));
    assert_true(list_add(list, VIEW("192.0.2.0/24"),
                         &(struct list_entry){.note = VIEW("seen in May"), .confidence = -1}));
    assert_true(list_add(list, VIEW("198.51.100.1"), NULL));
    list->expires_us = 1000;
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, member(&s.b, FIELD_DST_IP, list)));
    bench_compile(&s.b);
    request(&s, "/", 0, true);
    assert_int_equal(scene_match(&s), 1);
    assert_true(view_equal(s.b.evidence[0].list.entry, VIEW("192.0.2.0/24")));
    assert_string_equal(s.b.evidence[0].list.name, "names");
    assert_string_equal(s.b.evidence[0].list.note, "seen in May");
    assert_string_equal(s.b.excerpt, "192.0.2.9");
    s.event->time_us = 1000; /* expired */
    assert_int_equal(scene_match(&s), 1);
    assert_int_equal(s.b.expired, 1);
    scene_end(&s);
}

static void a_regex_that_explodes_is_not_confirmed_and_counted(void **unused)
{
    (void)unused;
    struct scene s;
    char uri[4096];
    begin(&s);
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, regex(&s.b, FIELD_HTTP_URI, "evil(a+)+$", 0)));
    bench_compile(&s.b);
    memcpy(uri, "/evil", 5);
    memset(uri + 5, 'a', sizeof(uri) - 6);
    uri[sizeof(uri) - 2] = 'b';
    uri[sizeof(uri) - 1] = '\0';
    request(&s, uri, 0, true);
    assert_int_equal(scene_match(&s), 0);
    assert_int_equal(matcher_stats(s.b.matcher)->confirm_limit_hits, 1);
    scene_end(&s);
}

static void generations_wrap_round(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_HTTP, uri_contains(&s, "*evil*"));
    bench_compile(&s.b);
    s.b.matcher->generation = (UINT32_C(1) << 31) - 3;
    for (uint64_t tx = 0; tx < 6; tx++) {
        request(&s, tx % 2 ? "/evil" : "/good", tx, true);
        assert_int_equal(scene_match(&s), tx % 2);
    }
    scene_end(&s);
}

static void an_envelope_field_comes_from_the_flow(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, glob(&s.b, FIELD_PROTO, "TCP")));
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, number(&s.b, FIELD_DST_PORT, COMPARE_EQ, 80)));
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, glob(&s.b, FIELD_COMMUNITY_ID, "1:*")));
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, glob(&s.b, FIELD_DIRECTION, "to_server")));
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, number(&s.b, FIELD_FLOW_AGE, COMPARE_GTE, 3)));
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, number(&s.b, FIELD_FLOW_ID, COMPARE_EQ, 77)));
    bench_rule(&s.b, EVENT_HTTP, node_from(&s.b, number(&s.b, FIELD_PCAP_CNT, COMPARE_EQ, 9)));
    bench_compile(&s.b);
    request(&s, "/", 0, true);
    s.event->time_us = 3500000;
    s.event->last_number = 9;
    s.flow.id = 77;
    assert_int_equal(scene_match(&s), 7);
    scene_end(&s);
}

/* What a packet of this direction with these bytes sees of both sizes, as the sids of the rules that hold. */
static size_t sizes(struct scene *s, enum direction direction, uint32_t seq, uint16_t len,
                    unsigned flags)
{
    bool is_up = direction == TO_SERVER;
    struct packet packet = {.ip_version = 4,
                            .ip_proto = IP_TCP,
                            .seq = seq,
                            .payload_len = len,
                            .tcp_flags = (uint8_t)flags,
                            .src = is_up ? s->flow.client : s->flow.server,
                            .dst = is_up ? s->flow.server : s->flow.client,
                            .src_port = is_up ? s->flow.client_port : s->flow.server_port,
                            .dst_port = is_up ? s->flow.server_port : s->flow.client_port};

    event_begin(s->event, EVENT_PACKET, direction, &s->flow, &packet);
    return scene_match(s);
}

static void the_size_of_tcp_counts_syn_fin_and_the_packet_at_hand(void **unused)
{
    (void)unused;
    struct scene s;
    struct tcp_flow tcp = {.side = {{.isn = UINT32_MAX - 4,
                                     .next = 1,
                                     .edge = 6, /* five bytes wait behind a hole */
                                     .flags = SIDE_HAS_NEXT}}};
    begin(&s);
    bench_rule(&s.b, EVENT_PACKET,
               node_from(&s.b, number(&s.b, FIELD_FLOW_TCP_SIZE_TOSERVER, COMPARE_EQ, 11)));
    bench_rule(&s.b, EVENT_PACKET,
               node_from(&s.b, number(&s.b, FIELD_FLOW_TCP_SIZE_TOSERVER, COMPARE_EQ, 19)));
    bench_rule(&s.b, EVENT_PACKET,
               node_from(&s.b, number(&s.b, FIELD_FLOW_TCP_SIZE_TOCLIENT, COMPARE_EQ, 1)));
    bench_rule(&s.b, EVENT_PACKET,
               node_from(&s.b, number(&s.b, FIELD_FLOW_TCP_SIZE_TOCLIENT, COMPARE_EQ, 8)));
    bench_compile(&s.b);
    assert_int_equal(sizes(&s, TO_SERVER, 6, 7, 0), 0); /* no connection is followed */
    s.flow.tcp = &tcp;
    s.flow.state = FLOW_ESTABLISHED;
    assert_int_equal(sizes(&s, TO_SERVER, 1, 2, 0), 2); /* 11, and the server's SYN alone */
    assert_int_equal(s.b.sids[0], 1);
    assert_int_equal(s.b.sids[1], 3);
    assert_int_equal(sizes(&s, TO_SERVER, 6, 7, TCP_FIN), 2); /* 19 with the FIN */
    assert_int_equal(s.b.sids[0], 2);
    assert_int_equal(sizes(&s, TO_CLIENT, 900, 7, 0),
                     2); /* seven bytes behind a SYN that nobody saw */
    assert_int_equal(s.b.sids[1], 4);
    s.flow.tcp = NULL;
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evidence_names_field_place_bytes_and_the_authors_words),
        cmocka_unit_test(a_branch_that_does_not_hold_is_no_evidence),
        cmocka_unit_test(a_rule_alerts_once_a_transaction),
        cmocka_unit_test(a_thousand_rules_alert_once_a_transaction),
        cmocka_unit_test(a_rule_that_reads_a_counter_is_decided_once),
        cmocka_unit_test(direction_fits_the_half_that_a_rule_looks_at),
        cmocka_unit_test(hits_on_an_expired_list_are_informational),
        cmocka_unit_test(evidence_names_a_predicate_once_and_counts_what_it_leaves_out),
        cmocka_unit_test(evidence_forgets_a_branch_that_does_not_hold),
        cmocka_unit_test(not_over_the_answer_is_decided_when_it_came),
        cmocka_unit_test(no_field_of_an_answer_is_missed_before_it_came),
        cmocka_unit_test(a_suppressed_rule_counts_what_it_leaves_out),
        cmocka_unit_test(a_flow_is_marked_by_an_alert_suppressed_or_not),
        cmocka_unit_test(each_kind_of_suppression_writes_its_alerts),
        cmocka_unit_test(suppression_ends_when_time_goes_back),
        cmocka_unit_test(suppression_outlives_its_budget),
        cmocka_unit_test(ports_and_direction_are_asked_of_the_flow),
        cmocka_unit_test(a_header_is_found_by_name_over_folded_lines),
        cmocka_unit_test(a_keyword_is_found_in_any_bytes_field),
        cmocka_unit_test(the_most_specific_entry_and_its_note_are_shown),
        cmocka_unit_test(a_regex_that_explodes_is_not_confirmed_and_counted),
        cmocka_unit_test(generations_wrap_round),
        cmocka_unit_test(an_envelope_field_comes_from_the_flow),
        cmocka_unit_test(the_size_of_tcp_counts_syn_fin_and_the_packet_at_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
