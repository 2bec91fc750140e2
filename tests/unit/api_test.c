/* SPDX-License-Identifier: BSD-3-Clause */
/* The public API alone, as a host uses it: rules, packets of a capture, alerts. */
#include "unit/test.h"

#include <shrike/shrike.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct seen {
    unsigned alerts;
    unsigned messages;
    char title[100];
    char path[100];
};

static void on_alert(void *context, const struct shrike_alert *alert)
{
    struct seen *seen = context;
    struct shrike_bytes path = {NULL, 0};
    struct shrike_tuple tuple;
    struct shrike_evidence evidence;

    seen->alerts++;
    snprintf(seen->title, sizeof(seen->title), "%s", shrike_alert_title(alert));
    assert_int_equal(shrike_alert_field(alert, "http.path", &path, 1), 1);
    snprintf(seen->path, sizeof(seen->path), "%.*s", (int)path.len, (const char *)path.data);
    shrike_alert_tuple(alert, &tuple);
    assert_int_equal(tuple.server_port, 80);
    assert_int_equal(tuple.ip_proto, 6);
    assert_true(shrike_alert_evidence_count(alert) > 0);
    shrike_alert_evidence(alert, 0, &evidence);
    assert_true(strlen(evidence.predicate) > 0);
}

static void on_message(void *context, const struct shrike_message *message)
{
    struct seen *seen = context;
    seen->messages++;
    assert_non_null(message->text);
}

/* The packets of a little-endian pcap file, without those before `first`. */
static unsigned feed_from(struct shrike_worker *worker, const char *path, unsigned first)
{
    static uint8_t data[65536];
    uint32_t head[4];
    unsigned packets = 0;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(data, 1, 24, file), 24);
    while (fread(head, 1, sizeof(head), file) == sizeof(head)) {
        assert_true(head[2] <= sizeof(data));
        assert_int_equal(fread(data, 1, head[2], file), head[2]);
        const struct shrike_packet packet = {
            .data = data,
            .len = head[2],
            .wire_len = head[3],
            .time_us = (int64_t)head[0] * 1000000 + head[1],
            .link_type = 1,
        };
        if (packets++ >= first)
            assert_int_equal(shrike_worker_packet(worker, &packet), 0);
    }
    fclose(file);
    return packets;
}

static unsigned feed(struct shrike_worker *worker, const char *path)
{
    return feed_from(worker, path, 0);
}

static void a_host_gets_alerts_with_their_reasons(void **state)
{
    (void)state;
    const char *paths[] = {"tests/golden/rules.yml"};
    struct shrike_error error = {""};
    struct seen seen = {0};
    size_t errors = 99;
    struct shrike_ruleset *set = shrike_ruleset_load(paths, 1, on_message, &seen, &errors, &error);
    assert_non_null(set);
    assert_int_equal(errors, 0);
    assert_int_equal(shrike_ruleset_count(set), 2);
    const struct shrike_worker_options options = {
        .size = sizeof(options), .on_alert = on_alert, .context = &seen};
    struct shrike_worker *worker = shrike_worker_new(set, &options, &error);
    assert_non_null(worker);
    shrike_ruleset_release(set); /* the worker holds it */
    unsigned packets = feed(worker, "tests/pcaps/empire.cap");
    shrike_worker_finish(worker);
    assert_int_equal(seen.alerts, 21);
    assert_string_equal(seen.title, "Empire default HTTP listener");
    struct shrike_worker_stats stats = {.size = sizeof(stats)};
    shrike_worker_stats(worker, &stats);
    assert_int_equal(stats.packets, packets);
    assert_int_equal(stats.alerts, 21);
    shrike_worker_free(worker);
}

static void what_is_missing_is_an_error_with_a_text(void **state)
{
    (void)state;
    const char *paths[] = {"tests/no-such-rules.yml"};
    struct shrike_error error = {""};
    struct seen seen = {0};
    assert_null(shrike_ruleset_load(paths, 1, on_message, &seen, NULL, &error));
    assert_true(strlen(error.text) > 0);
    struct shrike_ruleset *empty = shrike_ruleset_load(NULL, 0, NULL, NULL, NULL, &error);
    assert_non_null(empty);
    const struct shrike_worker_options options = {.size = sizeof(options)};
    assert_null(shrike_worker_new(empty, &options, &error));
    assert_string_equal(error.text, "the alert callback is missing");
    shrike_ruleset_release(empty);
}

static void count_alert(void *context, const struct shrike_alert *alert)
{
    (void)alert;
    (*(unsigned *)context)++;
}

struct entry_seen {
    unsigned alerts, early;
    struct shrike_list_entry entry;
    char text[100], note[100], level[100];
};

static void on_listed(void *context, const struct shrike_alert *alert)
{
    struct entry_seen *seen = context;
    struct shrike_list_entry old = {.size = offsetof(struct shrike_list_entry, note),
                                    .note = "mine"};

    seen->alerts++;
    seen->early += (unsigned)shrike_alert_is_early(alert);
    assert_int_equal(shrike_alert_is_expired(alert), 0);
    for (size_t i = 0; i < shrike_alert_evidence_count(alert); i++) {
        seen->entry = (struct shrike_list_entry){.size = sizeof(seen->entry), .note = "untouched"};
        if (shrike_alert_list_entry(alert, i, &seen->entry) != 0) {
            assert_string_equal(seen->entry.note, "untouched");
            continue;
        }
        snprintf(seen->text, sizeof(seen->text), "%.*s", (int)seen->entry.entry.len,
                 (const char *)seen->entry.entry.data);
        snprintf(seen->note, sizeof(seen->note), "%s", seen->entry.note);
        assert_string_equal(seen->entry.list, "seen");
        assert_string_equal(seen->entry.source, "our report");
        assert_string_equal(seen->entry.tlp, "amber");
        assert_int_equal(shrike_alert_list_entry(alert, i, &old), 0);
        assert_string_equal(old.list, "seen");
        assert_string_equal(old.note, "mine"); /* an older host has no such member */
    }
    snprintf(seen->level, sizeof(seen->level), "%s", shrike_alert_level(alert));
}

/* Rules as a file of their own. */
static struct shrike_ruleset *rules_of(const char *text)
{
    char path[] = "/tmp/shrike-api-test-XXXXXX.yml";
    struct shrike_error error;
    int file = mkstemps(path, 4);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
    const char *paths[] = {path};
    struct shrike_ruleset *set = shrike_ruleset_load(paths, 1, NULL, NULL, NULL, &error);
    unlink(path);
    return set;
}

static unsigned alerts_without_the_handshake(struct shrike_ruleset *set, bool refuses_midstream)
{
    struct shrike_error error = {""};
    unsigned alerts = 0;
    const struct shrike_worker_options options = {.size = sizeof(options),
                                                  .on_alert = count_alert,
                                                  .context = &alerts,
                                                  .refuses_midstream = refuses_midstream};
    struct shrike_worker *worker = shrike_worker_new(set, &options, &error);
    assert_non_null(worker);
    feed_from(worker, "tests/pcaps/empire.cap", 3);
    shrike_worker_free(worker);
    return alerts;
}

static void a_host_may_refuse_flows_whose_start_it_did_not_see(void **state)
{
    (void)state;
    struct shrike_ruleset *set = rules_of("title: A request\n"
                                          "id: 7f3f0a52-6d0f-4d3a-9a53-2b6f1f1d9c12\n"
                                          "level: low\n"
                                          "logsource: {product: shrike, service: http}\n"
                                          "detection: {a: {http.method: GET}, condition: a}\n");
    assert_non_null(set);
    unsigned followed = alerts_without_the_handshake(set, false);
    unsigned refused = alerts_without_the_handshake(set, true);
    assert_true(followed > refused);
    shrike_ruleset_release(set);
}

static void a_tick_ends_flows_on_a_quiet_line(void **state)
{
    (void)state;
    struct shrike_error error = {""};
    unsigned alerts = 0;
    struct shrike_ruleset *set = rules_of("title: Flow to a web server\n"
                                          "id: 7f3f0a52-6d0f-4d3a-9a53-2b6f1f1d9c11\n"
                                          "level: low\n"
                                          "logsource: {product: shrike, service: flow}\n"
                                          "detection: {a: {dst_port: 80}, condition: a}\n");
    assert_non_null(set);
    const struct shrike_worker_options options = {
        .size = sizeof(options), .on_alert = count_alert, .context = &alerts};
    struct shrike_worker *worker = shrike_worker_new(set, &options, &error);
    assert_non_null(worker);
    feed(worker, "tests/pcaps/empire.cap");
    unsigned before = alerts;
    shrike_worker_tick(worker, INT64_C(4000000000) * 1000000);
    unsigned after = alerts;
    assert_true(after > before);
    shrike_worker_finish(worker);
    assert_int_equal(alerts, after); /* nothing was left to end */
    shrike_worker_free(worker);
    shrike_ruleset_release(set);
}

static void see_mark(void *context, const struct shrike_alert *alert)
{
    struct shrike_bytes marks[2] = {{NULL, 0}, {NULL, 0}};
    assert_int_equal(shrike_alert_field(alert, "flow.mark", marks, 2), 1);
    assert_memory_equal(marks[0].data, "web", 3);
    (*(unsigned *)context)++;
}

/* The rule alone alerts and clears nothing: what it sets is there when the host hears of it. */
static void the_entry_of_a_list_is_told_with_what_is_known(void **state)
{
    (void)state;
    struct shrike_error error = {""};
    struct entry_seen seen = {0};
    struct shrike_ruleset *set =
        rules_of("list: seen\ntype: ip\nsource: our report\ntlp: amber\n"
                 "values:\n"
                 "- {value: 0.0.0.0/0, note: all, confidence: 70, valid_from: 2099-01-01}\n"
                 "---\n"
                 "title: Listed server\n"
                 "id: 7f3f0a52-6d0f-4d3a-9a53-2b6f1f1d9c12\n"
                 "level: high\n"
                 "logsource: {product: shrike, service: flow}\n"
                 "detection: {a: {dst_port: 80, dst_ip|expand: '%seen%'}, condition: a}\n");
    assert_non_null(set);
    const struct shrike_worker_options options = {
        .size = sizeof(options), .on_alert = on_listed, .context = &seen};
    struct shrike_worker *worker = shrike_worker_new(set, &options, &error);
    assert_non_null(worker);
    shrike_ruleset_release(set);
    feed(worker, "tests/pcaps/empire.cap");
    shrike_worker_finish(worker);
    shrike_worker_free(worker);
    assert_true(seen.alerts > 0);
    assert_int_equal(seen.early, seen.alerts);
    assert_string_equal(seen.level, "informational");
    assert_string_equal(seen.text, "0.0.0.0/0");
    assert_string_equal(seen.note, "all");
    assert_int_equal(seen.entry.confidence, 70);
    assert_int_equal(seen.entry.confidence_given, 70);
    assert_int_equal(seen.entry.age_days, -1);
    assert_int_equal(seen.entry.expired_us, 0);
    assert_true(seen.entry.valid_from_us == INT64_C(4070908800000000));
}

static void the_marks_of_a_flow_are_told(void **state)
{
    (void)state;
    struct shrike_error error = {""};
    unsigned alerts = 0;
    struct shrike_ruleset *set = rules_of("title: Flow to a web server\n"
                                          "id: 7f3f0a52-6d0f-4d3a-9a53-2b6f1f1d9c11\n"
                                          "level: low\n"
                                          "logsource: {product: shrike, service: flow}\n"
                                          "detection: {a: {dst_port: 80}, condition: a}\n"
                                          "shrike: {marks: {set: [web]}}\n");
    assert_non_null(set);
    const struct shrike_worker_options options = {
        .size = sizeof(options), .on_alert = see_mark, .context = &alerts};
    struct shrike_worker *worker = shrike_worker_new(set, &options, &error);
    assert_non_null(worker);
    feed(worker, "tests/pcaps/empire.cap");
    shrike_worker_finish(worker);
    assert_true(alerts > 0);
    shrike_worker_free(worker);
    shrike_ruleset_release(set);
}

static void a_worker_without_rules_counts(void **state)
{
    (void)state;
    struct shrike_error error = {""};
    const struct shrike_worker_options options = {.size = sizeof(options), .on_alert = on_alert};
    assert_null(shrike_worker_new(NULL, NULL, &error));
    struct shrike_worker *worker = shrike_worker_new(NULL, &options, &error);
    assert_non_null(worker);
    unsigned packets = feed(worker, "tests/pcaps/empire.cap");
    struct shrike_worker_stats stats = {.size = sizeof(stats)};
    shrike_worker_stats(worker, &stats);
    assert_int_equal(stats.packets, packets);
    shrike_worker_free(worker);
}

static void an_unknown_link_type_is_refused(void **state)
{
    (void)state;
    struct shrike_error error = {""};
    struct shrike_ruleset *set = shrike_ruleset_load(NULL, 0, NULL, NULL, NULL, &error);
    const struct shrike_worker_options options = {.size = sizeof(options), .on_alert = on_alert};
    struct shrike_worker *worker = shrike_worker_new(set, &options, &error);
    const uint8_t byte = 0;
    const struct shrike_packet packet = {.data = &byte, .len = 1, .wire_len = 1, .link_type = 9999};
    assert_int_equal(shrike_worker_packet(worker, &packet), -1);
    shrike_worker_free(worker);
    shrike_ruleset_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_gets_alerts_with_their_reasons),
        cmocka_unit_test(what_is_missing_is_an_error_with_a_text),
        cmocka_unit_test(a_host_may_refuse_flows_whose_start_it_did_not_see),
        cmocka_unit_test(a_tick_ends_flows_on_a_quiet_line),
        cmocka_unit_test(the_entry_of_a_list_is_told_with_what_is_known),
        cmocka_unit_test(the_marks_of_a_flow_are_told),
        cmocka_unit_test(a_worker_without_rules_counts),
        cmocka_unit_test(an_unknown_link_type_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
