/* SPDX-License-Identifier: BSD-3-Clause */
/* Documents: metadata, log sources, the shrike block, lists, and the set as a whole. */
#include "unit/rule_load.h"

#include <sys/stat.h>

#define DETECTION "detection: {s: {http.uri: /a}, condition: s}\n"

static void a_rule_keeps_its_metadata(void **state)
{
    (void)state;
    struct loaded loaded =
        load("title: A title\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nstatus: test\n"
             "description: text\nauthor: me\ndate: 2026-01-31\nlevel: critical\n"
             "references: [https://a.example]\nfalsepositives:\n  - None\n  - Rarely: this\n"
             "tags: [attack.t1071.001, attack.command-and-control]\ncustom: kept\n"
             "logsource: {category: proxy}\n" DETECTION);
    assert_int_equal(loaded.diagnostics.count, 0);
    const struct rule *rule = loaded.rules->items[0];
    assert_string_equal(rule->title, "A title");
    assert_string_equal(rule->id, "5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a");
    assert_string_equal(rule->status, "test");
    assert_string_equal(rule->author, "me");
    assert_string_equal(rule->date, "2026-01-31");
    assert_int_equal(rule->level, LEVEL_CRITICAL);
    assert_int_equal(rule->reference_count, 1);
    assert_int_equal(rule->tag_count, 2);
    assert_string_equal(rule->tags[1], "attack.command-and-control");
    assert_string_equal(rule->false_positives[1], "Rarely: this");
    assert_int_equal(rule->event, EVENT_HTTP);
    assert_int_equal(rule->place.line, 1);
    unload(&loaded);
}

static void sids_come_from_the_id_and_stay(void **state)
{
    (void)state;
    struct loaded a = load(RULE_HEAD("http") DETECTION);
    struct loaded b = load("# moved\n\n" RULE_HEAD("http") DETECTION);
    uint32_t sid = a.rules->items[0]->sid;
    assert_true(sid >= 9000000 && sid < 1009000000);
    assert_int_equal(sid, b.rules->items[0]->sid);
    unload(&a);
    unload(&b);
    a = load(RULE_HEAD("http") DETECTION "shrike: {sid: 7}\n");
    assert_int_equal(a.rules->items[0]->sid, 7);
    unload(&a);
}

static size_t refused_of(const struct loaded *loaded)
{
    size_t count = 0;
    for (unsigned i = 0; i < REFUSAL_COUNT; i++)
        count += loaded->rules->refused[i];
    return count;
}

static void expect_event(const char *logsource, enum event_type event)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "title: t\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nlevel: low\nlogsource: {%s}\n"
             "detection: {s: {dst_port: 443}, condition: s}\n",
             logsource);
    struct loaded loaded = load(text);
    assert_int_equal(loaded.diagnostics.errors, 0);
    if (event == EVENT_ANY) {
        assert_int_equal(loaded.rules->count, 0);
        assert_int_equal(refused_of(&loaded), 1);
    } else {
        assert_int_equal(loaded.rules->count, 1);
        assert_int_equal(loaded.rules->items[0]->event, event);
    }
    unload(&loaded);
}

static void log_sources_name_events(void **state)
{
    (void)state;
    expect_event("product: shrike, service: packet", EVENT_PACKET);
    expect_event("product: shrike, service: anomaly", EVENT_ANOMALY);
    expect_event("category: proxy", EVENT_HTTP);
    expect_event("category: webserver, product: apache", EVENT_HTTP);
    expect_event("category: dns", EVENT_DNS);
    expect_event("category: network, service: dns", EVENT_DNS);
    expect_event("category: network, service: connection", EVENT_FLOW);
    expect_event("category: firewall", EVENT_FLOW);
    expect_event("category: network_connection, product: windows", EVENT_FLOW);
    expect_event("product: zeek, service: conn", EVENT_FLOW);
    expect_event("product: zeek, service: http", EVENT_HTTP);
    expect_event("product: zeek, service: dns", EVENT_DNS);
    expect_event("product: zeek, service: ssl", EVENT_TLS);
    expect_event("product: zeek, service: x509", EVENT_TLS);
}

static void log_sources_no_wire_has_are_refused(void **state)
{
    (void)state;
    expect_event("product: zeek, service: dce_rpc", EVENT_ANY);
    expect_event("product: zeek, service: kerberos", EVENT_ANY);
    expect_event("product: windows, category: process_creation", EVENT_ANY);
    expect_event("product: linux, service: auditd", EVENT_ANY);
    expect_event("product: okta", EVENT_ANY);
    expect_event("product: shrike, service: ssh", EVENT_ANY);
}

static void a_refused_rule_does_not_stop_the_others(void **state)
{
    (void)state;
    struct loaded loaded =
        load("title: a\nlogsource: {category: process_creation}\ndetection: {s: {Image: a}, "
             "condition: s}\n"
             "---\n" RULE_HEAD("http") DETECTION
             "---\ntitle: c\ncorrelation: {type: event_count, rules: "
             "[5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a], group-by: [src_ip], timespan: 1h, "
             "condition: {gte: 5}}\n---\nfilter: {}\n");
    char text[128];
    assert_int_equal(loaded.rules->count, 1);
    assert_int_equal(loaded.rules->refused[REFUSAL_HOST], 1);
    assert_int_equal(loaded.rules->refused[REFUSAL_CORRELATION], 1);
    assert_int_equal(refused_of(&loaded), 2);
    assert_true(rules_describe_refused(loaded.rules, text, sizeof(text)));
    assert_string_equal(text, "1 not for the wire, 1 with correlation");
    assert_int_equal(loaded.rules->documents, 4);
    assert_true(loaded.diagnostics.errors > 0); /* of the filter, which names no rules */
    assert_int_equal(loaded.rules->filter_count, 0);
    unload(&loaded);
}

static void aliases_of_other_taxonomies_are_fields(void **state)
{
    (void)state;
    struct loaded loaded =
        load("title: t\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nlevel: low\nlogsource: "
             "{category: proxy}\n"
             "detection: {s: {c-useragent: a, cs-method: GET, sc-status: 200}, condition: s}\n");
    assert_string_equal(condition_of(&loaded),
                        "(http.user_agent 'a' and http.method 'GET' and http.stat_code = 200)");
    unload(&loaded);
}

static void the_shrike_block_is_read(void **state)
{
    (void)state;
    struct loaded loaded =
        load(RULE_HEAD("http") DETECTION
             "shrike:\n  direction: to_server\n  ports: [80, 8000-8002]\n"
             "  suppress: {by: [src_ip, http.host], for: 90m}\n"
             "  valid_from: 2024-01-09\n  valid_until: 2099-01-09T11:52:30Z\n"
             "  tests:\n    - {pcap: ../a.pcap, alerts: 3}\n    - {pcap: b.pcap, alerts: 0}\n");
    assert_int_equal(loaded.diagnostics.count, 0);
    const struct rule *rule = loaded.rules->items[0];
    assert_int_equal(rule->direction, RULE_TO_SERVER);
    assert_int_equal(rule->port_count, 4);
    assert_int_equal(rule->ports[3], 8002);
    assert_int_equal(rule->suppress_us, 90LL * 60 * 1000000);
    assert_int_equal(rule->suppress_by_count, 2);
    assert_int_equal(rule->valid_from_us, 1704758400000000);
    assert_int_equal(rule->valid_until_us, 4071642750000000);
    assert_int_equal(rule->suppress_by[1], FIELD_HTTP_HOST);
    assert_int_equal(rule->test_count, 2);
    assert_string_equal(rule->tests[0].pcap, "../a.pcap");
    assert_int_equal(rule->tests[0].alerts, 3);
    unload(&loaded);
}

static void lists_may_stand_after_the_rules_that_name_them(void **state)
{
    (void)state;
    struct loaded loaded =
        load(RULE_HEAD("http") "detection: {s: {src_ip|expand: '%relays%'}, condition: s}\n"
                               "---\nlist: relays\ntype: ip\nsource: https://a.example\n"
                               "expires: 2100-01-01\nvalues:\n  - 192.0.2.1\n"
                               "  - 2001:db8::/32\n"
                               "  - {value: 10.0.0.0/8, note: lab, confidence: 80}\n");
    assert_int_equal(loaded.diagnostics.count, 0);
    const struct list *list = loaded.rules->items[0]->condition->predicate->list;
    assert_ptr_equal(list, loaded.rules->lists[0]);
    assert_int_equal(list->count, 3);
    assert_int_equal(list_key(list, 1).data[16], 32);
    assert_int_equal(list_key(list, 2).data[16], 104);
    struct list_facts facts = list_facts_of(list, 2);
    assert_string_equal(list_note(list, &facts), "lab");
    assert_int_equal(facts.confidence, 80);
    assert_int_equal(list_facts_of(list, 1).confidence, -1);
    assert_true(list->expires_us == INT64_C(4102444800000000));
    unload(&loaded);
}

static void hashes_of_lists_are_kept_as_bytes(void **state)
{
    (void)state;
    struct loaded loaded =
        load("list: a\ntype: sha1\nvalues: [DA39A3EE5E6B4B0D3255BFEF95601890AFD80709]\n---\n"
             "list: b\ntype: ja3\nvalues: [D41D8CD98F00B204E9800998ECF8427E]\n");
    assert_int_equal(loaded.diagnostics.count, 0);
    assert_int_equal(list_key(loaded.rules->lists[0], 0).len, 20);
    assert_int_equal(list_key(loaded.rules->lists[0], 0).data[19], 0x09);
    assert_true(
        view_equal(list_key(loaded.rules->lists[1], 0),
                   VIEW("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e")));
    unload(&loaded);
}

static void a_rule_without_its_list_is_left_out(void **state)
{
    (void)state;
    struct loaded loaded =
        load(RULE_HEAD("http") "detection: {s: {src_ip|expand: '%none%'}, condition: s}\n");
    assert_string_equal(only_fault(&loaded), "unknown-list");
    assert_int_equal(loaded.rules->count, 0);
    unload(&loaded);
}

static void the_first_of_two_rules_with_one_id_stays(void **state)
{
    (void)state;
    struct loaded loaded = load(RULE_HEAD("http") DETECTION "---\n" RULE_HEAD("http") DETECTION);
    assert_string_equal(only_fault(&loaded), "duplicate-id");
    assert_int_equal(loaded.rules->count, 1);
    assert_int_equal(loaded.rules->items[0]->place.line, 1);
    unload(&loaded);
}

static void levels_have_names_and_severities(void **state)
{
    (void)state;
    assert_string_equal(level_name(LEVEL_INFORMATIONAL), "informational");
    assert_int_equal(level_severity(LEVEL_CRITICAL), 1);
    assert_int_equal(level_severity(LEVEL_HIGH), 1);
    assert_int_equal(level_severity(LEVEL_MEDIUM), 2);
    assert_int_equal(level_severity(LEVEL_LOW), 3);
    assert_int_equal(level_severity(LEVEL_INFORMATIONAL), 4);
}

static size_t load_path(const char *path, struct loaded *loaded)
{
    *loaded = (struct loaded){.rules = rules_new()};
    diagnostics_init(&loaded->diagnostics);
    buf_init(&loaded->text, 1 << 20);
    assert_int_equal(rules_load(loaded->rules, path, &loaded->diagnostics), 0);
    rules_finish(loaded->rules, &loaded->diagnostics);
    return loaded->diagnostics.errors;
}

static void our_own_rules_load(void **state)
{
    (void)state;
    struct loaded loaded;
    assert_int_equal(load_path(TESTS_DIR "/../rules", &loaded), 0);
    assert_int_equal(refused_of(&loaded), 0);
    assert_int_equal(loaded.rules->count + loaded.rules->list_count, loaded.rules->documents);
    unload(&loaded);
}

/* Correlations of correlations, `count` of them in a row, the first at the top; how many are told to be too deep. */
static size_t chains_too_long(unsigned count)
{
    struct buf text;
    size_t told = 0;

    buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < count; i++)
        buf_format(&text,
                   "title: t\nname: c%u\ncorrelation: {type: event_count, rules: [c%u], "
                   "group-by: [src_ip], timespan: 5m, condition: {gte: 2}}\n---\n",
                   i, i + 1);
    buf_format(&text, "name: c%u\n" RULE_HEAD("http") DETECTION, count);
    buf_byte(&text, '\0');
    struct loaded loaded = load((const char *)text.data);
    for (size_t i = 0; i < loaded.diagnostics.count; i++)
        told += strcmp(loaded.diagnostics.items[i].id, "correlation-chain") == 0;
    unload(&loaded);
    buf_clear(&text);
    return told;
}

static void chains_of_correlations_have_a_bound(void **state)
{
    (void)state;
    assert_int_equal(chains_too_long(17), 0);
    assert_int_equal(chains_too_long(18), 1);
    assert_int_equal(chains_too_long(1000), 58); /* each 17 of them */
}

/* SigmaHQ's network rules, where they are at hand. */
static const char *const REFUSALS[] = {"not-on-the-wire",         "unsupported-log-source",
                                       "unsupported-field",       "unsupported-document",
                                       "unsupported-aggregation", "unsupported-taxonomy"};

static bool is_refusal(const struct diagnostic *d)
{
    for (size_t i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
        if (strcmp(d->id, REFUSALS[i]) == 0)
            return true;
    }
    return false;
}

/* Is the row "| `file` | reason |" in the documentation? */
static bool is_documented(const char *docs, const struct diagnostic *d)
{
    char row[2048];
    const char *slash = strrchr(d->file, '/');

    snprintf(row, sizeof(row), "| `%s` | %s |\n", slash ? slash + 1 : d->file, d->text);
    bool is_there = strstr(docs, row) != NULL;
    if (!is_there)
        fprintf(stderr, "not in docs/sigma.md: %s", row);
    return is_there;
}

static size_t rows_of(const char *docs)
{
    size_t count = 0;
    for (const char *at = docs; (at = strstr(at, ".yml` | ")) != NULL; at++)
        count++;
    return count;
}

static void read_docs(char *out, size_t size)
{
    FILE *file = fopen(TESTS_DIR "/../docs/sigma.md", "r");

    assert_non_null(file);
    out[fread(out, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* Each reason is in docs/sigma.md, and nothing else is; the counts by check are printed. */
static void every_rule_of_sigmahq_loads_or_is_refused(void **state)
{
    (void)state;
    static const char FOLDER[] = TESTS_DIR "/../../shared/sigma/rules";
    static char docs[1 << 16];
    size_t counts[sizeof(REFUSALS) / sizeof(REFUSALS[0])] = {0}, refused = 0, missing = 0;
    const char *last = "";
    struct stat status;
    struct loaded loaded;

    if (stat(FOLDER, &status) != 0)
        skip();
    read_docs(docs, sizeof(docs));
    assert_int_equal(load_path(FOLDER, &loaded), 0);
    assert_int_equal(loaded.rules->count + refused_of(&loaded), loaded.rules->documents);
    assert_true(loaded.rules->count >= 119);
    assert_int_equal(loaded.diagnostics.errors, 0);
    for (size_t i = 0; i < loaded.diagnostics.count; i++) {
        const struct diagnostic *d = &loaded.diagnostics.items[i];
        if (!is_refusal(d) || strcmp(d->file, last) == 0) /* the first reason of a rule */
            continue;
        last = d->file;
        refused++;
        missing += !is_documented(docs, d);
        for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
            counts[k] += strcmp(d->id, REFUSALS[k]) == 0;
    }
    for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
        if (counts[k] > 0)
            printf("%zu  %s\n", counts[k], REFUSALS[k]);
    }
    assert_int_equal(missing, 0);
    assert_int_equal(refused, refused_of(&loaded));
    assert_int_equal(refused, rows_of(docs));
    unload(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_keeps_its_metadata),
        cmocka_unit_test(sids_come_from_the_id_and_stay),
        cmocka_unit_test(log_sources_name_events),
        cmocka_unit_test(log_sources_no_wire_has_are_refused),
        cmocka_unit_test(a_refused_rule_does_not_stop_the_others),
        cmocka_unit_test(aliases_of_other_taxonomies_are_fields),
        cmocka_unit_test(the_shrike_block_is_read),
        cmocka_unit_test(lists_may_stand_after_the_rules_that_name_them),
        cmocka_unit_test(hashes_of_lists_are_kept_as_bytes),
        cmocka_unit_test(a_rule_without_its_list_is_left_out),
        cmocka_unit_test(the_first_of_two_rules_with_one_id_stays),
        cmocka_unit_test(levels_have_names_and_severities),
        cmocka_unit_test(chains_of_correlations_have_a_bound),
        cmocka_unit_test(our_own_rules_load),
        cmocka_unit_test(every_rule_of_sigmahq_loads_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
