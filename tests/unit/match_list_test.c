/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries of lists in packet time: from when and until when they count, how sure they are, what an alert says of them. */
#include "unit/test.h"

#include "unit/build_rules.h"

#define DAY_S   UINT32_C(86400)
#define START_S (UINT32_C(20000) * DAY_S) /* a day in 2024 */

static struct list *empty_list(struct bench *b, enum list_type type)
{
    bench_begin(b);
    return list_of(b, type, NULL, 0);
}

static void add(struct list *list, const char *text, struct list_entry entry)
{
    assert_true(list_add(list, view_from_string(text), &entry));
}

static void ask(struct bench *b, struct list *list, struct confidence_range confidence)
{
    bool is_ip = list->type == LIST_IP;
    struct predicate *p = member(b, is_ip ? FIELD_DST_IP : FIELD_DNS_QUERY, list);
    p->confidence = confidence;
    bench_rule(b, EVENT_DNS, node_from(b, p));
    bench_compile(b);
}

static const struct confidence_range ANY = {.is_asked = false};

/* Alerts of a query at so many days after START_S; b->expired and b->evidence tell of the last. */
static size_t query(struct bench *b, const char *name, double days)
{
    struct flow flow;
    struct event *event = event_new();
    flow_of(&flow, "192.0.2.1", "198.51.100.77", 53);
    event_begin(event, EVENT_DNS, TO_SERVER, &flow, NULL);
    event_add_bytes(event, FIELD_DNS_QUERY, view_from_string(name));
    event->time_us = (int64_t)((START_S + days * DAY_S) * 1e6);
    event->is_complete = true;
    b->alerts = b->expired = b->early = 0;
    match_event(b->matcher, event);
    event_free(event);
    return b->alerts;
}

static void an_entry_counts_from_its_first_second_to_its_last(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    add(list, "a.example",
        (struct list_entry){.confidence = -1,
                            .valid_from_s = START_S + 10 * DAY_S,
                            .valid_until_s = START_S + 20 * DAY_S});
    ask(&b, list, ANY);
    assert_int_equal(query(&b, "a.example", 9.9999), 1);
    assert_int_equal(b.early, 1);
    assert_int_equal(b.expired, 0);
    assert_true(b.evidence[0].list.valid_from_us == (START_S + INT64_C(10) * DAY_S) * 1000000);
    assert_int_equal(matcher_stats(b.matcher)->early_hits, 1);
    assert_int_equal(query(&b, "a.example", 10), 1);
    assert_int_equal(b.early, 0);
    assert_int_equal(b.expired, 0);
    assert_true(b.evidence[0].list.valid_from_us == 0);
    assert_int_equal(query(&b, "a.example", 19.9999), 1);
    assert_int_equal(b.expired, 0);
    assert_true(b.evidence[0].list.expired_us == 0);
    assert_int_equal(query(&b, "a.example", 20), 1);
    assert_int_equal(b.expired, 1);
    assert_true(b.evidence[0].list.expired_us == (START_S + INT64_C(20) * DAY_S) * 1000000);
    assert_int_equal(matcher_stats(b.matcher)->early_hits, 1);
    bench_end(&b);
}

/* What is not valid yet is told last, behind `not` it takes nothing out, and both kinds together make an alert of both. */
static void early_and_expired_entries_are_told_apart(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_IP);
    add(list, "198.51.100.77",
        (struct list_entry){
            .note = VIEW("early"), .confidence = -1, .valid_from_s = START_S + 10 * DAY_S});
    add(list, "198.51.100.0/24",
        (struct list_entry){
            .note = VIEW("old"), .confidence = -1, .valid_until_s = START_S + 5 * DAY_S});
    struct predicate *p = member(&b, FIELD_DST_IP, list);
    struct list *names = list_of(&b, LIST_DOMAIN, NULL, 0);
    add(names, "new.example",
        (struct list_entry){.confidence = -1, .valid_from_s = START_S + 20 * DAY_S});
    struct predicate *name = member(&b, FIELD_DNS_QUERY, names);
    bench_rule(&b, EVENT_DNS, node_of(&b, NODE_AND, node_from(&b, p), node_from(&b, name)));
    bench_compile(&b);
    assert_int_equal(query(&b, "new.example", 25), 1);
    assert_int_equal(b.early + b.expired, 0);
    assert_int_equal(query(&b, "new.example", 15), 1); /* the name is early, the host is not */
    assert_int_equal(b.early, 1);
    assert_int_equal(b.expired, 0);
    assert_int_equal(query(&b, "new.example", 7), 1); /* the host is early, its net old */
    assert_string_equal(b.evidence[0].list.note, "early");
    assert_int_equal(b.early, 1);
    assert_int_equal(b.expired, 0);
    assert_int_equal(query(&b, "new.example", 3), 1); /* the net is valid */
    assert_string_equal(b.evidence[0].list.note, "old");
    assert_int_equal(query(&b, "other.example", 3), 0);
    bench_end(&b);
}

static void a_list_and_its_entry_expire_with_whichever_is_first(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    list->expires_us = (START_S + INT64_C(30) * DAY_S) * 1000000;
    add(list, "a.example",
        (struct list_entry){.confidence = -1, .valid_until_s = START_S + 20 * DAY_S});
    add(list, "b.example",
        (struct list_entry){.confidence = -1, .valid_until_s = START_S + 40 * DAY_S});
    assert_true(list_add(list, VIEW("c.example"), NULL));
    ask(&b, list, ANY);
    assert_int_equal(query(&b, "a.example", 25), 1);
    assert_int_equal(b.expired, 1);
    assert_int_equal(query(&b, "b.example", 25), 1);
    assert_int_equal(b.expired, 0);
    assert_int_equal(query(&b, "b.example", 35), 1);
    assert_int_equal(b.expired, 1);
    assert_true(b.evidence[0].list.expired_us == list->expires_us);
    assert_int_equal(query(&b, "c.example", 29), 1);
    assert_int_equal(b.expired, 0);
    assert_int_equal(query(&b, "c.example", 31), 1);
    assert_int_equal(b.expired, 1);
    bench_end(&b);
}

static void the_most_specific_entry_that_counts_is_told(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_IP);
    add(list, "198.51.100.77",
        (struct list_entry){
            .note = VIEW("host"), .confidence = -1, .valid_until_s = START_S + 10 * DAY_S});
    add(list, "198.51.100.0/24", (struct list_entry){.note = VIEW("net"), .confidence = -1});
    ask(&b, list, ANY);
    assert_int_equal(query(&b, "x", 5), 1);
    assert_string_equal(b.evidence[0].list.note, "host");
    assert_int_equal(query(&b, "x", 15), 1);
    assert_int_equal(b.expired, 0);
    assert_string_equal(b.evidence[0].list.note, "net");
    assert_true(view_equal(b.evidence[0].list.entry, VIEW("198.51.100.0/24")));
    bench_end(&b);
}

static void a_rule_can_ask_how_sure_an_entry_is(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    add(list, "sure.example", (struct list_entry){.confidence = 80});
    add(list, "half.example", (struct list_entry){.confidence = 50});
    add(list, "unknown.example", (struct list_entry){.confidence = -1, .note = VIEW("x")});
    assert_true(list_add(list, VIEW("plain.example"), NULL));
    ask(&b, list, (struct confidence_range){true, 50, 79});
    assert_int_equal(query(&b, "sure.example", 0), 0);
    assert_int_equal(query(&b, "half.example", 0), 1);
    assert_int_equal(b.evidence[0].list.confidence, 50);
    assert_int_equal(query(&b, "unknown.example", 0), 0); /* nobody said */
    assert_int_equal(query(&b, "plain.example", 0), 0);
    /* the name above is surer: it answers for the one below */
    assert_int_equal(query(&b, "unknown.example.half.example", 0), 1);
    bench_end(&b);
}

static void confidence_halves_each_span_of_decay(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    list->decay_us = INT64_C(90) * DAY_S * 1000000;
    list->date_us = (int64_t)START_S * 1000000;
    add(list, "listed.example", (struct list_entry){.confidence = 80});
    add(list, "seen.example",
        (struct list_entry){.confidence = 80, .first_seen_s = START_S + 90 * DAY_S});
    add(list, "valid.example",
        (struct list_entry){.confidence = 80, .valid_from_s = START_S + 90 * DAY_S});
    add(list, "both.example",
        (struct list_entry){.confidence = 80,
                            .first_seen_s = START_S + 30 * DAY_S,
                            .valid_from_s = START_S + 90 * DAY_S});
    ask(&b, list, (struct confidence_range){true, 40, 100});
    assert_int_equal(query(&b, "listed.example", -5), 1); /* nothing ages backwards */
    assert_int_equal(b.evidence[0].list.confidence, 80);
    assert_int_equal(b.evidence[0].list.age_days, -1);
    assert_int_equal(query(&b, "listed.example", 45), 1);
    assert_int_equal(b.evidence[0].list.confidence, 57);
    assert_int_equal(b.evidence[0].list.confidence_given, 80);
    assert_int_equal(b.evidence[0].list.age_days, 45);
    assert_int_equal(query(&b, "listed.example", 90), 1);
    assert_int_equal(b.evidence[0].list.confidence, 40);
    assert_int_equal(query(&b, "listed.example", 95), 0);
    assert_int_equal(query(&b, "seen.example", 180), 1);
    assert_int_equal(b.evidence[0].list.confidence, 40);
    assert_true(b.evidence[0].list.first_seen_us == (START_S + INT64_C(90) * DAY_S) * 1000000);
    assert_int_equal(query(&b, "seen.example", 270), 0);
    assert_int_equal(query(&b, "valid.example", 135), 1);
    assert_int_equal(b.evidence[0].list.confidence, 57);
    assert_int_equal(b.evidence[0].list.age_days, 45);
    assert_int_equal(query(&b, "both.example", 120),
                     1); /* it ages since it was seen, valid or not */
    assert_int_equal(b.evidence[0].list.confidence, 40);
    assert_int_equal(b.evidence[0].list.age_days, 90);
    assert_int_equal(query(&b, "both.example", 125), 0);
    bench_end(&b);
}

static void a_value_that_stands_twice_is_one_entry(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    add(list, "a.example",
        (struct list_entry){.confidence = 30,
                            .first_seen_s = START_S + 2 * DAY_S,
                            .valid_from_s = START_S + 5 * DAY_S,
                            .valid_until_s = START_S + 10 * DAY_S});
    add(list, "b.example", (struct list_entry){.note = VIEW("other"), .confidence = 30});
    add(list, "A.example.",
        (struct list_entry){.note = VIEW("again"),
                            .confidence = 60,
                            .first_seen_s = START_S + DAY_S,
                            .valid_from_s = START_S + 8 * DAY_S,
                            .valid_until_s = START_S + 20 * DAY_S});
    ask(&b, list, ANY);
    assert_int_equal(b.stats.set_entries, 2);
    assert_int_equal(query(&b, "a.example", 4), 1);
    assert_int_equal(b.early, 1);
    assert_int_equal(query(&b, "a.example", 6), 1);
    assert_int_equal(b.early, 0);
    assert_string_equal(b.evidence[0].list.note, "again");
    assert_int_equal(b.evidence[0].list.confidence, 60);
    assert_true(b.evidence[0].list.first_seen_us == (START_S + INT64_C(1) * DAY_S) * 1000000);
    assert_int_equal(query(&b, "a.example", 15), 1);
    assert_int_equal(b.expired, 0);
    assert_int_equal(query(&b, "a.example", 21), 1);
    assert_int_equal(b.expired, 1);
    assert_int_equal(query(&b, "b.example", 21), 1);
    assert_string_equal(b.evidence[0].list.note, "other");
    bench_end(&b);
}

static void a_rule_with_an_expired_and_a_valid_list_is_no_expired_alert(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    struct list *valid = list_of(&b, LIST_DOMAIN, NULL, 0);
    add(list, "a.example", (struct list_entry){.confidence = -1, .valid_until_s = START_S});
    assert_true(list_add(valid, VIEW("a.example"), NULL));
    bench_rule(&b, EVENT_DNS,
               node_of(&b, NODE_OR, node_from(&b, member(&b, FIELD_DNS_QUERY, list)),
                       node_from(&b, member(&b, FIELD_DNS_QUERY, valid))));
    bench_compile(&b);
    assert_int_equal(query(&b, "a.example", 1), 1);
    assert_int_equal(b.expired, 0);
    bench_end(&b);
}

static void an_expired_alert_does_not_silence_one_that_is_not(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    add(list, "old.example", (struct list_entry){.confidence = -1, .valid_until_s = START_S});
    add(list, "new.example", (struct list_entry){.confidence = -1});
    struct rule *rule = bench_rule(&b, EVENT_DNS, node_from(&b, member(&b, FIELD_DNS_QUERY, list)));
    rule->suppress_us = INT64_C(3600) * 1000000;
    rule->suppress_by[0] = FIELD_SRC_IP;
    rule->suppress_by_count = 1;
    bench_compile(&b);
    assert_int_equal(query(&b, "old.example", 1), 1);
    assert_int_equal(b.expired, 1);
    assert_int_equal(query(&b, "old.example", 1), 0);
    assert_int_equal(query(&b, "new.example", 1), 1);
    assert_int_equal(b.expired, 0);
    assert_int_equal(query(&b, "new.example", 1), 0);
    bench_end(&b);
}

/* As entries do: from the first second, until the last. */
static void a_rule_may_have_dates_of_its_own(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    add(list, "a.example", (struct list_entry){.confidence = -1});
    add(list, "old.example", (struct list_entry){.confidence = -1, .valid_until_s = START_S});
    struct rule *rule = bench_rule(&b, EVENT_DNS, node_from(&b, member(&b, FIELD_DNS_QUERY, list)));
    rule->valid_from_us = (int64_t)(START_S + 10 * DAY_S) * 1000000;
    rule->valid_until_us = (int64_t)(START_S + 20 * DAY_S) * 1000000;
    rule->suppress_us = INT64_C(1000000000) * 1000000;
    rule->suppress_by[0] = FIELD_SRC_IP;
    rule->suppress_by_count = 1;
    bench_compile(&b);
    assert_int_equal(query(&b, "a.example", 9.9999), 1);
    assert_int_equal(b.early, 1);
    assert_int_equal(b.expired, 0);
    assert_int_equal(query(&b, "a.example", 9.9999), 0);
    assert_int_equal(query(&b, "a.example", 10), 1); /* the early one does not silence it */
    assert_int_equal(b.early + b.expired, 0);
    assert_int_equal(query(&b, "a.example", 19.9999), 0);
    assert_int_equal(query(&b, "a.example", 20), 1);
    assert_int_equal(b.early, 0);
    assert_int_equal(b.expired, 1);
    assert_int_equal(query(&b, "old.example", 1), 1); /* the one and the other */
    assert_int_equal(b.early + b.expired, 2);
    bench_end(&b);
}

static void two_rules_share_one_set(void **unused)
{
    (void)unused;
    struct bench b;
    struct list *list = empty_list(&b, LIST_DOMAIN);
    for (unsigned i = 0; i < 100; i++)
        assert_true(
            list_add(list, view_from_string(arena_format(b.arena, "h%u.example", i)), NULL));
    bench_rule(&b, EVENT_DNS, node_from(&b, member(&b, FIELD_DNS_QUERY, list)));
    bench_rule(&b, EVENT_TLS, node_from(&b, member(&b, FIELD_TLS_SNI, list)));
    bench_compile(&b);
    assert_int_equal(b.stats.sets, 1);
    assert_int_equal(b.stats.set_entries, 100);
    bench_end(&b);
}

static void digests_and_urls_are_shown_as_text(void **unused)
{
    (void)unused;
    struct bench b;
    struct flow flow;
    struct event *event = event_new();
    flow_of(&flow, "192.0.2.1", "198.51.100.77", 80);
    bench_begin(&b);
    struct list *hashes = list_of(&b, LIST_SHA1, NULL, 0), *urls = list_of(&b, LIST_URL, NULL, 0);
    assert_true(list_add(hashes, VIEW("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"), NULL));
    assert_true(list_add(urls, VIEW("https://Evil.example:443/a#b"), NULL));
    bench_rule(&b, EVENT_TLS, node_from(&b, member(&b, FIELD_TLS_CERT_FINGERPRINT, hashes)));
    bench_rule(&b, EVENT_HTTP, node_from(&b, member(&b, FIELD_HTTP_URL, urls)));
    bench_compile(&b);
    event_begin(event, EVENT_TLS, TO_CLIENT, &flow, NULL);
    event_add_bytes(event, FIELD_TLS_CERT_FINGERPRINT,
                    VIEW("da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09"));
    event->is_complete = true;
    match_event(b.matcher, event);
    assert_int_equal(b.alerts, 1);
    assert_true(
        view_equal(b.evidence[0].list.entry, VIEW("da39a3ee5e6b4b0d3255bfef95601890afd80709")));
    event_begin(event, EVENT_HTTP, TO_SERVER, &flow, NULL);
    event_add_bytes(event, FIELD_HTTP_URL, VIEW("http://evil.example/a"));
    event->is_complete = true;
    match_event(b.matcher, event);
    assert_int_equal(b.alerts, 2);
    assert_true(view_equal(b.evidence[0].list.entry, VIEW("evil.example/a")));
    event_free(event);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_counts_from_its_first_second_to_its_last),
        cmocka_unit_test(early_and_expired_entries_are_told_apart),
        cmocka_unit_test(a_list_and_its_entry_expire_with_whichever_is_first),
        cmocka_unit_test(the_most_specific_entry_that_counts_is_told),
        cmocka_unit_test(a_rule_can_ask_how_sure_an_entry_is),
        cmocka_unit_test(confidence_halves_each_span_of_decay),
        cmocka_unit_test(a_value_that_stands_twice_is_one_entry),
        cmocka_unit_test(a_rule_with_an_expired_and_a_valid_list_is_no_expired_alert),
        cmocka_unit_test(an_expired_alert_does_not_silence_one_that_is_not),
        cmocka_unit_test(a_rule_may_have_dates_of_its_own),
        cmocka_unit_test(two_rules_share_one_set),
        cmocka_unit_test(digests_and_urls_are_shown_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
