/* SPDX-License-Identifier: BSD-3-Clause */
/* Expand: placeholders within a text become one value for each entry, and each combination of entries. */
#include "unit/rule_load.h"

static const char LISTS[] = "---\nlist: two\ntype: string\nvalues: [a, 'B*']\n"
                            "---\nlist: names\ntype: domain\nvalues: [Bü.de.]\n"
                            "---\nlist: hosts\ntype: ip\nvalues: [192.0.2.1, '2001:db8::1']\n"
                            "---\nlist: nets\ntype: ip\nvalues: [192.0.2.1, 192.0.2.0/24]\n"
                            "---\nlist: hashes\ntype: ja3\n"
                            "values: ['E7:D7:05:A3:28:6E:19:EA:42:F5:87:B3:44:EE:68:65']\n"
                            "---\nlist: urls\ntype: url\nvalues: ['http://a.example/']\n"
                            "---\nlist: none\ntype: string\nvalues: []\n"
                            "---\nlist: old\ntype: string\nexpires: 2020-01-01\nvalues: [a]\n"
                            "---\nlist: new\ntype: string\n"
                            "values: [{value: a, valid_from: 2020-01-01}]\n";

static struct loaded load_body(const char *service, const char *body)
{
    char text[4096];
    snprintf(text, sizeof(text),
             "title: t\nid: 5f1f4a3e-5a0f-4a8e-9a67-0d8f4d1c2b3a\nlevel: high\n"
             "logsource: {product: shrike, service: %s}\ndetection:\n  s:\n    %s\n"
             "  condition: s\n%s",
             service, body, LISTS);
    return load(text);
}

static void expect(const char *service, const char *body, const char *condition)
{
    struct loaded loaded = load_body(service, body);
    if (loaded.diagnostics.errors > 0)
        diagnostics_print(&loaded.diagnostics, stderr);
    assert_string_equal(condition_of(&loaded), condition);
    unload(&loaded);
}

static void expect_fault(const char *body, const char *id, const char *part)
{
    struct loaded loaded = load_body("http", body);
    const struct diagnostic *error = NULL;
    for (size_t i = 0; i < loaded.diagnostics.count; i++) {
        if (loaded.diagnostics.items[i].severity == SEVERITY_ERROR)
            error = &loaded.diagnostics.items[i];
    }
    assert_int_equal(loaded.rules->count, 0);
    assert_int_equal(loaded.diagnostics.errors, 1);
    assert_string_equal(error->id, id);
    if (strstr(error->text, part) == NULL)
        print_message("%s\n", error->text);
    assert_non_null(strstr(error->text, part));
    unload(&loaded);
}

static void a_text_has_a_value_for_each_entry(void **state)
{
    (void)state;
    expect("http", "http.uri|expand: '/%two%.php'", "(http.uri '/a.php' or http.uri '/b*.php')");
    expect("http", "http.uri|expand: '*%two%?\\*'",
           "(http.uri '<any>a<one>*' or http.uri '<any>b*<one>*')");
    expect("http", "http.uri|contains|expand: '%two%'",
           "(http.uri '<any>a<any>' or http.uri '<any>b*<any>')");
    expect("http", "http.uri|expand|startswith: '%two%'",
           "(http.uri 'a<any>' or http.uri 'b*<any>')");
    expect("http", "http.uri|expand|neq: 'x%two%'", "(!http.uri 'xa' and !http.uri 'xb*')");
    expect("http", "http.uri: [{contains|expand: '%two%'}, c]",
           "((http.uri '<any>a<any>' or http.uri '<any>b*<any>') or http.uri 'c')");
}

static void two_placeholders_are_all_combinations(void **state)
{
    (void)state;
    expect("http", "http.uri|expand: '%two%/%two%'",
           "(http.uri 'a/a' or http.uri 'a/b*' or http.uri 'b*/a' or http.uri 'b*/b*')");
    expect("http", "http.uri|expand: '%two%%hosts%'",
           "(http.uri 'a192.0.2.1' or http.uri 'a2001:db8::1' or http.uri 'b*192.0.2.1' or "
           "http.uri 'b*2001:db8::1')");
}

static void entries_are_written_as_authors_would(void **state)
{
    (void)state;
    expect("tls", "ja3.string|expand: 'x%hashes%'",
           "ja3.string 'xe7d705a3286e19ea42f587b344ee6865'");
    expect("dns", "dns.query|expand: 'a.%names%'", "dns.query 'a.xn--b-eha.de'");
    expect("dns", "dns.query|expand: 'ä.%names%'",
           "(dns.query '{c3}{a4}.xn--b-eha.de' or dns.query 'xn--4ca.xn--b-eha.de')");
}

static void percent_signs_may_be_meant(void **state)
{
    (void)state;
    expect("http", "http.uri|expand: '\\%plain%two%'",
           "(http.uri '%plaina' or http.uri '%plainb*')");
    expect("http", "http.uri|expand: '50% %two%'", "(http.uri '50% a' or http.uri '50% b*')");
    expect("http", "http.uri|expand: '\\\\%two%'", "(http.uri '\\a' or http.uri '\\b*')");
    expect("http", "http.uri: '\\%two%'", "http.uri '\\%two%'");
}

static void a_list_without_entries_matches_nothing(void **state)
{
    (void)state;
    expect("http", "http.uri|expand: 'x%none%'", "false");
    expect("http", "http.uri|expand|neq: 'x%none%'", "true");
}

static void what_makes_no_text_is_refused(void **state)
{
    (void)state;
    expect_fault("http.uri|expand: two", "placeholder", "holds no placeholder");
    expect_fault("http.uri|expand: 'x\\%two%'", "placeholder", "holds no placeholder");
    expect_fault("dst_ip|expand: 'x%two%'", "field-type", "is of type ip");
    expect_fault("http.uri|expand|cidr: 'x%two%'", "placeholder", "cidr");
    expect_fault("http.uri: {contains|expand: '%two%', confidence|gte: 1}", "placeholder",
                 "confidence");
    expect_fault("http.uri: {expand: 'x%two%', from: 1}", "offset", "whole values");
    expect_fault("http.uri|expand: 'x%nets%'", "placeholder", "entry 2 of the list `nets`");
    expect_fault("http.uri|expand: 'x%urls%'", "placeholder", "holds URLs");
    expect_fault("http.uri|expand: 'x%old%'", "placeholder", "has dates");
    expect_fault("http.uri|expand: 'x%new%'", "placeholder", "has dates");
    expect_fault("http.uri|expand: '%two%x%gone%'", "unknown-list", "no list `gone`");
}

/* 101 times 100 entries are too many; so is one list of 10,001. */
static void combinations_have_a_bound(void **state)
{
    static const struct {
        unsigned count;
        const char *value;
        bool is_good;
    } ROWS[] = {{100, "%many%/%many%", true},
                {101, "%many%/%many%", false},
                {10000, "x%many%", true},
                {10001, "x%many%", false},
                {10001, "%many%", true}};
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct buf text;
        buf_init(&text, 1 << 20);
        buf_format(&text,
                   RULE_HEAD("http") "detection:\n  s:\n    http.uri|expand: '%s'\n"
                                     "  condition: s\n---\nlist: many\ntype: string\nvalues:\n",
                   ROWS[i].value);
        for (unsigned k = 0; k < ROWS[i].count; k++)
            buf_format(&text, "- v%u\n", k);
        buf_byte(&text, '\0');
        struct loaded loaded = load((const char *)text.data);
        assert_int_equal(loaded.rules->count, ROWS[i].is_good);
        if (!ROWS[i].is_good)
            assert_string_equal(only_fault(&loaded), "placeholder");
        unload(&loaded);
        buf_clear(&text);
    }
}

/* The condition names the selection ten times over: a rule has a bound as well. */
static void a_rule_has_a_bound(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, 1 << 20);
    buf_text(&text, RULE_HEAD("http") "detection:\n");
    for (char c = 'a'; c <= 'k'; c++)
        buf_format(&text, "  %c: {http.uri|expand: '%c%%many%%/%%many%%'}\n", c, c);
    buf_text(&text, "  condition: 1 of them\n---\nlist: many\ntype: string\nvalues:\n");
    for (unsigned k = 0; k < 100; k++)
        buf_format(&text, "- v%u\n", k);
    buf_byte(&text, '\0');
    struct loaded loaded = load((const char *)text.data);
    assert_int_equal(loaded.rules->count, 0);
    assert_string_equal(only_fault(&loaded), "rule-size");
    unload(&loaded);
    buf_clear(&text);
}

/* One entry of a thousand makes a part of a label beyond ASCII: told once. */
static void what_is_told_of_one_text_is_told_once(void **state)
{
    (void)state;
    struct loaded loaded =
        load(RULE_HEAD("dns") "detection: {s: {dns.query|contains|expand: 'ü%l%'}, "
                              "condition: s}\n"
                              "---\nlist: l\ntype: string\nvalues: [a, b, c]\n");
    assert_int_equal(loaded.rules->count, 1);
    assert_string_equal(only_fault(&loaded), "never-matches");
    unload(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_has_a_value_for_each_entry),
        cmocka_unit_test(two_placeholders_are_all_combinations),
        cmocka_unit_test(entries_are_written_as_authors_would),
        cmocka_unit_test(percent_signs_may_be_meant),
        cmocka_unit_test(a_list_without_entries_matches_nothing),
        cmocka_unit_test(what_makes_no_text_is_refused),
        cmocka_unit_test(combinations_have_a_bound),
        cmocka_unit_test(a_rule_has_a_bound),
        cmocka_unit_test(what_is_told_of_one_text_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
