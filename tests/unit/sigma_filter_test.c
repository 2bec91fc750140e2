/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters: to which rules they apply, what they silence, until when, and that it is counted. */
#include "unit/test.h"

#include <stdlib.h>

#include "unit/build_rules.h"

#include "rule/loader.h"
#include "sigma/rules.h"

enum { TEXT_MAX = 8192 };

/* A rule on /evil, and one on DNS. */
#define RULES                                                                                      \
    "title: r\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nname: the_rule\nlevel: high\n"            \
    "shrike: {sid: 1}\nlogsource: {category: proxy}\ndetection:\n  s: {c-uri|contains: evil}\n"    \
    "  condition: s\n---\n"                                                                        \
    "title: d\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3b\nname: dns_rule\nlevel: high\n"            \
    "shrike: {sid: 2}\nlogsource: {category: dns}\ndetection:\n  s: {query|contains: evil}\n"      \
    "  condition: s\n"

struct scene {
    struct bench b;
    struct rules *rules;
    struct event *event;
    struct flow flow;
    int64_t time_us;
};

static void begin(struct scene *s, const char *text)
{
    memset(s, 0, sizeof(*s));
    diagnostics_init(&s->b.diagnostics);
    s->rules = rules_new();
    rules_load_text(s->rules, "filters.yml", view_from_string(text), &s->b.diagnostics);
    rules_finish(s->rules, &s->b.diagnostics);
    s->b.rules = *s->rules;
    if (s->b.diagnostics.errors > 0)
        diagnostics_print(&s->b.diagnostics, stderr);
    assert_int_equal(s->b.diagnostics.errors, 0);
    bench_compile(&s->b);
    s->event = event_new();
    flow_of(&s->flow, "10.1.2.3", "192.0.2.9", 80);
}

static void end(struct scene *s)
{
    match_flow_end(s->b.matcher, &s->flow);
    event_free(s->event);
    matcher_free(s->b.matcher);
    ruleset_release(s->b.set);
    diagnostics_clear(&s->b.diagnostics);
    rules_free(s->rules);
}

static void request(struct scene *s, const char *uri, const char *host)
{
    event_begin(s->event, EVENT_HTTP, TO_SERVER, &s->flow, NULL);
    s->event->is_complete = true;
    s->event->time_us = s->time_us;
    event_add_bytes(s->event, FIELD_HTTP_URI_ANY, view_from_string(uri));
    if (host != NULL)
        event_add_bytes(s->event, FIELD_HTTP_HOST, view_from_string(host));
}

static void query(struct scene *s, const char *name)
{
    event_begin(s->event, EVENT_DNS, TO_SERVER, &s->flow, NULL);
    s->event->is_complete = true;
    s->event->time_us = s->time_us;
    event_add_bytes(s->event, FIELD_DNS_QUERY, view_from_string(name));
}

static size_t match(struct scene *s)
{
    s->b.alerts = 0;
    match_event(s->b.matcher, s->event);
    return s->b.alerts;
}

/* Alerts of a request to `host` and of a query, under one filter. */
static void expect(const char *logsource, const char *filter, const char *host, size_t requests,
                   size_t queries)
{
    char text[TEXT_MAX];
    struct scene s;

    snprintf(text, sizeof(text),
             RULES "---\ntitle: f\ndescription: why\nlogsource: %s\nfilter:\n  %s\n", logsource,
             filter);
    begin(&s, text);
    request(&s, "/evil", host);
    size_t alerts = match(&s);
    query(&s, "evil.example");
    size_t dns_alerts = match(&s);
    if (alerts != requests || dns_alerts != queries)
        fprintf(stderr, "%s %s on %s: %zu %zu\n", logsource, filter, host, alerts, dns_alerts);
    assert_int_equal(alerts, requests);
    assert_int_equal(dns_alerts, queries);
    assert_int_equal(matcher_filter_silenced(s.b.matcher, 0), 2 - requests - queries);
    assert_int_equal(matcher_stats(s.b.matcher)->silenced, 2 - requests - queries);
    end(&s);
}

static void a_filter_applies_to_the_rules_that_it_names(void **state)
{
    (void)state;
    static const char ALL[] = "{product: shrike}";
    expect(ALL, "rules: any\n  s: {src_ip: 10.1.2.3}\n  condition: s", "a", 0, 0);
    expect(ALL, "rules: [any]\n  s: {src_ip: 10.1.2.3}\n  condition: s", "a", 0, 0);
    expect(ALL, "rules: [the_rule]\n  s: {src_ip: 10.1.2.3}\n  condition: s", "a", 0, 1);
    expect(ALL, "rules: the_rule\n  s: {src_ip: 10.1.2.3}\n  condition: s", "a", 0, 1);
    expect(ALL, "rules: [dns_rule]\n  s: {src_ip: 10.1.2.3}\n  condition: s", "a", 1, 0);
    expect(ALL, "rules: [dns_rule, the_rule]\n  s: {src_ip: 10.1.2.3}\n  condition: s", "a", 0, 0);
    expect(ALL,
           "rules: [5F1F4A3E-5a0f-4a8e-9a67-0d8f4d1c2b3a]\n  s: {src_ip: 10.1.2.3}\n  condition: s",
           "a", 0, 1);
    expect(ALL,
           "rules: [the_rule, 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a]\n  s: {src_ip: 10.1.2.3}\n"
           "  condition: s",
           "a", 0, 1);
    expect(ALL, "rules: [THE_RULE]\n  s: {src_ip: 10.1.2.3}\n  condition: s", "a", 1, 1);
}

static void the_log_source_has_to_fit(void **state)
{
    (void)state;
    static const char ANY[] = "rules: any\n  s: {src_ip: 10.1.2.3}\n  condition: s";
    expect("{category: proxy}", ANY, "a", 0, 1);
    expect("{category: dns}", ANY, "a", 1, 0);
    expect("{category: webserver}", ANY, "a", 1, 1);             /* the same event, another log */
    expect("{category: proxy, product: squid}", ANY, "a", 1, 1); /* the rule does not say so */
    expect("{product: shrike, service: http}", ANY, "a", 0, 1);
    expect("{product: shrike, service: dns}", ANY, "a", 1, 0);
    expect("{product: shrike, service: tls}", ANY, "a", 1, 1);
    expect("{product: zeek}", ANY, "a", 1, 1);
}

static void both_ways_to_write_the_condition_exclude_the_same(void **state)
{
    (void)state;
    static const char *const CONDITIONS[] = {
        "s", "not s", "1 of them", "not 1 of them", "all of s*", "not all of s*"};
    char filter[512];

    for (size_t i = 0; i < sizeof(CONDITIONS) / sizeof(CONDITIONS[0]); i++) {
        snprintf(filter, sizeof(filter), "rules: any\n  s: {cs-host: lab.example}\n  condition: %s",
                 CONDITIONS[i]);
        expect("{category: proxy}", filter, "lab.example", 0, 1);
        expect("{category: proxy}", filter, "other.example", 1, 1);
        expect("{category: proxy}", filter, NULL, 1, 1);
    }
    static const char BUT[] = "rules: any\n  s: {cs-host|endswith: .example}\n"
                              "  t: {cs-host: bad.example}\n  condition: s and not t";
    expect("{category: proxy}", BUT, "lab.example", 0, 1);
    expect("{category: proxy}", BUT, "bad.example", 1, 1);
    expect("{category: proxy}", BUT, "lab.test", 1, 1);
    static const char NEITHER[] = "rules: any\n  s: {cs-host: a.example}\n"
                                  "  t: {cs-host: b.example}\n  condition: not s and not t";
    expect("{category: proxy}", NEITHER, "a.example", 0, 1);
    expect("{category: proxy}", NEITHER, "b.example", 0, 1);
    expect("{category: proxy}", NEITHER, "c.example", 1, 1);
}

static void an_expired_filter_silences_nothing(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, RULES "---\ntitle: f\ndescription: why\nexpires: 2020-06-01\n"
                    "logsource: {product: shrike}\nfilter:\n  rules: any\n"
                    "  s: {src_ip: 10.1.2.3}\n  condition: s\n");
    assert_true(loader_parse_time(VIEW("2020-05-31T23:59:59"), &s.time_us));
    request(&s, "/evil", "a");
    assert_int_equal(match(&s), 0);
    s.time_us += 1000000;
    request(&s, "/evil", "a");
    assert_int_equal(match(&s), 1);
    assert_int_equal(matcher_filter_silenced(s.b.matcher, 0), 1);
    end(&s);
}

static void an_expired_entry_of_its_list_silences_nothing(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, RULES "---\nlist: scanners\ntype: ip\nvalues:\n"
                    "  - {value: 10.1.2.3, valid_until: 2020-06-01}\n---\n"
                    "title: f\ndescription: why\nlogsource: {product: shrike}\nfilter:\n"
                    "  rules: any\n  s: {src_ip|expand: '%scanners%'}\n  condition: not s\n");
    assert_true(loader_parse_time(VIEW("2020-05-31"), &s.time_us));
    request(&s, "/evil", "a");
    assert_int_equal(match(&s), 0);
    assert_true(loader_parse_time(VIEW("2020-06-02"), &s.time_us));
    request(&s, "/evil", "a");
    assert_int_equal(match(&s), 1);
    assert_int_equal(s.b.expired, 0);
    query(&s, "evil.example");
    assert_int_equal(match(&s), 1);
    end(&s);
}

static void the_first_filter_that_holds_is_counted(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, RULES "---\ntitle: f\ndescription: why\nid: 0e95725d-7320-415d-80f7-004da920fc11\n"
                    "logsource: {category: proxy}\nfilter:\n  rules: any\n"
                    "  s: {cs-host: a.example}\n  condition: s\n"
                    "---\ntitle: g\ndescription: because\nlogsource: {product: shrike}\nfilter:\n"
                    "  rules: any\n  s: {src_ip: 10.0.0.0}\n  t: {dst_ip|cidr: 192.0.2.0/24}\n"
                    "  condition: 1 of them\n");
    request(&s, "/evil", "a.example");
    assert_int_equal(match(&s), 0);
    request(&s, "/evil", "b.example");
    assert_int_equal(match(&s), 0);
    request(&s, "/good", "a.example"); /* nothing to silence */
    assert_int_equal(match(&s), 0);
    assert_int_equal(matcher_filter_silenced(s.b.matcher, 0), 1);
    assert_int_equal(matcher_filter_silenced(s.b.matcher, 1), 1);
    assert_int_equal(matcher_rule_alerts(s.b.matcher, 0), 0);
    assert_int_equal(ruleset_filter_count(s.b.set), 2);
    assert_string_equal(ruleset_filter(s.b.set, 0)->id, "0e95725d-7320-415d-80f7-004da920fc11");
    assert_string_equal(ruleset_filter(s.b.set, 0)->reason, "why");
    assert_string_equal(ruleset_filter(s.b.set, 1)->id, "");
    assert_string_equal(ruleset_filter(s.b.set, 1)->expires, "");
    end(&s);
}

/* One transaction comes twice; what the answer says decides, and it is counted once. */
static void a_filter_that_asks_for_the_answer_waits_for_it(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, RULES "---\ntitle: f\ndescription: why\nlogsource: {category: proxy}\nfilter:\n"
                    "  rules: any\n  s: {sc-status: 404}\n  condition: s\n");
    for (int status = 200; status <= 404; status += 204) {
        request(&s, "/evil", "a");
        s.event->is_complete = false;
        assert_int_equal(match(&s), 0);
        request(&s, "/evil", "a");
        s.event->is_second = true;
        event_add_number(s.event, FIELD_HTTP_STAT_CODE, status);
        assert_int_equal(match(&s), status == 200);
    }
    assert_int_equal(matcher_filter_silenced(s.b.matcher, 0), 1);
    end(&s);
}

/* Known with the request: silenced at once, and not again with the answer. */
static void a_transaction_is_silenced_once(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, "title: r\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nlevel: high\n"
              "logsource: {category: proxy}\ndetection:\n  s: {c-uri|contains: evil}\n"
              "  t: {sc-status: 500}\n  condition: 1 of them\n"
              "---\ntitle: f\ndescription: why\nlogsource: {category: proxy}\nfilter:\n"
              "  rules: any\n  s: {cs-host: a.example}\n  condition: s\n");
    request(&s, "/evil", "a.example");
    s.event->is_complete = false;
    assert_int_equal(match(&s), 0);
    request(&s, "/evil", "a.example");
    s.event->is_second = true;
    event_add_number(s.event, FIELD_HTTP_STAT_CODE, 500);
    assert_int_equal(match(&s), 0);
    assert_int_equal(matcher_filter_silenced(s.b.matcher, 0), 1);
    request(&s, "/good", "a.example"); /* true with the answer only */
    s.event->is_complete = false;
    assert_int_equal(match(&s), 0);
    request(&s, "/good", "a.example");
    s.event->is_second = true;
    event_add_number(s.event, FIELD_HTTP_STAT_CODE, 500);
    assert_int_equal(match(&s), 0);
    assert_int_equal(matcher_filter_silenced(s.b.matcher, 0), 2);
    end(&s);
}

static void rules_over_raw_bytes_have_filters_of_the_envelope(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, "title: r\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nlevel: high\n"
              "logsource: {product: shrike, service: stream}\ndetection:\n"
              "  s: {payload|contains: 'evil bytes'}\n  condition: s\n"
              "---\ntitle: f\ndescription: why\nlogsource: {product: shrike}\nfilter:\n"
              "  rules: any\n  s: {dst_ip: 192.0.2.9}\n  condition: s\n");
    match_stream_data(s.b.matcher, &s.flow, TO_SERVER, VIEW("some evil bytes, evil bytes"), NULL);
    match_stream_end(s.b.matcher, &s.flow, TO_SERVER, NULL);
    assert_int_equal(s.b.alerts, 0);
    assert_int_equal(matcher_filter_silenced(s.b.matcher, 0), 1);
    match_flow_end(s.b.matcher, &s.flow);
    flow_of(&s.flow, "10.1.2.3", "192.0.2.10", 80);
    match_stream_data(s.b.matcher, &s.flow, TO_SERVER, VIEW("some evil bytes"), NULL);
    match_stream_end(s.b.matcher, &s.flow, TO_SERVER, NULL);
    assert_int_equal(s.b.alerts, 1);
    end(&s);
}

static void gates_and_evidence_are_those_of_the_rule(void **state)
{
    (void)state;
    struct scene plain, filtered;
    begin(&plain, RULES);
    begin(&filtered,
          RULES "---\ntitle: f\ndescription: why\nlogsource: {product: shrike}\nfilter:\n"
                "  rules: any\n  s: {src_ip: 10.9.9.9}\n  condition: not s\n");
    assert_int_equal(plain.b.stats.patterns, filtered.b.stats.patterns);
    assert_int_equal(plain.b.stats.databases, filtered.b.stats.databases);
    assert_int_equal(plain.b.stats.ungated_rules, filtered.b.stats.ungated_rules);
    request(&plain, "/evil", "a");
    request(&filtered, "/evil", "a");
    assert_int_equal(match(&plain), 1);
    assert_int_equal(match(&filtered), 1);
    assert_int_equal(plain.b.evidence_count, filtered.b.evidence_count);
    assert_string_equal(plain.b.excerpt, filtered.b.excerpt);
    end(&plain);
    end(&filtered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_applies_to_the_rules_that_it_names),
        cmocka_unit_test(the_log_source_has_to_fit),
        cmocka_unit_test(both_ways_to_write_the_condition_exclude_the_same),
        cmocka_unit_test(an_expired_filter_silences_nothing),
        cmocka_unit_test(an_expired_entry_of_its_list_silences_nothing),
        cmocka_unit_test(the_first_filter_that_holds_is_counted),
        cmocka_unit_test(a_filter_that_asks_for_the_answer_waits_for_it),
        cmocka_unit_test(a_transaction_is_silenced_once),
        cmocka_unit_test(rules_over_raw_bytes_have_filters_of_the_envelope),
        cmocka_unit_test(gates_and_evidence_are_those_of_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
