/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists: values become keys, what is said of them is kept once, faults are told with their line and do not stop the rest. */
#include "unit/rule_load.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

static void write_file(char path[32], const char *text, size_t len)
{
    snprintf(path, 32, "/tmp/shrike-list-XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, len), len);
    close(file);
}

static struct loaded load_file(const char *text, size_t len, const char *head)
{
    char path[32], document[512];
    write_file(path, text, len);
    snprintf(document, sizeof(document), "list: a\n%s\nfile: %s\n", head, path);
    struct loaded loaded = load(document);
    unlink(path);
    return loaded;
}

static const struct list *first(const struct loaded *loaded)
{
    assert_int_equal(loaded->rules->list_count, 1);
    return loaded->rules->lists[0];
}

static void every_type_takes_its_values_and_no_others(void **unused)
{
    (void)unused;
    static const struct {
        enum list_type type;
        const char *good[4], *bad[8];
    } ROWS[] = {
        {LIST_IP,
         {"192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32"},
         {"192.0.2.256", "192.0.2.0/33", "192.0.2", "a.example", "192.0.2.1:80", "2001:db8::/129"}},
        {LIST_DOMAIN,
         {"a.example", "A.Example.", "xn--bcher-kva.example", "_x.example"},
         {"a b", "*.a.example", ".a.example", "http://a.example", "a.example/x", "a@b", ".",
          "a:80"}},
        {LIST_URL,
         {"http://a.example/x", "https://a.example", "a.example/x?y", "ftp://a.example/"},
         {"http://a.example/x y", "/x", "http:///x", "http://", "?"}},
        {LIST_STRING, {"any words", "%", "\xff", "*"}, {""}},
        {LIST_JA3,
         {"d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E"},
         {"d41d8cd98f00b204e9800998ecf8427", "g41d8cd98f00b204e9800998ecf8427e"}},
        {LIST_JA4,
         {"t13d1516h2_8daaf6152771_e5627efa2ab1"},
         {"t13d1516h2_8daaf6152771", "t13d1516h2-8daaf6152771-e5627efa2ab1",
          "t13d1516h2_8daaf615277g_e5627efa2ab1"}},
        {LIST_SHA1,
         {"da39a3ee5e6b4b0d3255bfef95601890afd80709",
          "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09"},
         {"da39a3ee5e6b4b0d3255bfef95601890afd8070", "d41d8cd98f00b204e9800998ecf8427e"}},
        {LIST_SHA256,
         {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
         {"da39a3ee5e6b4b0d3255bfef95601890afd80709"}},
    };
    struct rules *rules = rules_new();
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct list *list = list_new(rules, ROWS[i].type);
        size_t count = 0;
        for (size_t k = 0; k < 4 && ROWS[i].good[k] != NULL; k++, count++)
            assert_true(list_add(list, view_from_string(ROWS[i].good[k]), NULL));
        for (size_t k = 0; k < 8 && ROWS[i].bad[k] != NULL; k++)
            assert_false(list_add(list, view_from_string(ROWS[i].bad[k]), NULL));
        assert_int_equal(list->count, count);
    }
    rules_free(rules);
}

/* Labels of 63 bytes and dots between: a name has at most 253 bytes, 254 with the dot at its end. */
static void a_domain_has_as_many_bytes_as_names_may_have(void **unused)
{
    (void)unused;
    char name[256];
    struct rules *rules = rules_new();
    struct list *list = list_new(rules, LIST_DOMAIN);
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 64 == 63 ? '.' : 'a';
    assert_true(list_add(list, view_make(name, 64), NULL));
    assert_true(list_add(list, view_make(name, 65), NULL));
    assert_true(list_add(list, view_make(name, 253), NULL));
    name[253] = '.';
    assert_true(list_add(list, view_make(name, 254), NULL));
    assert_false(list_add(list, view_make(name, 255), NULL));
    assert_int_equal(list_key(list, 3).len, 253); /* the dot is none of it */
    rules_free(rules);
}

/* The wire carries A-labels; a URL's path stays as it is. */
static void names_beyond_ascii_become_a_labels(void **unused)
{
    (void)unused;
    struct rules *rules = rules_new();
    struct list *domains = list_new(rules, LIST_DOMAIN), *urls = list_new(rules, LIST_URL);
    struct list *strings = list_new(rules, LIST_STRING);

    assert_true(list_add(domains, VIEW("a.example"), NULL));
    assert_true(list_add(domains, VIEW("Bücher.Example."), NULL));
    assert_true(view_equal(list_key(domains, 1), VIEW("xn--bcher-kva.example")));
    assert_true(list_add(urls, VIEW("http://bücher.example:8080/ü"), NULL));
    assert_true(view_equal(list_key(urls, 0), VIEW("xn--bcher-kva.example:8080/ü")));
    assert_true(list_add(urls, VIEW("http://a.example/ü"), NULL));
    assert_true(list_add(strings, VIEW("bücher"), NULL));
    assert_true(view_equal(list_key(strings, 0), VIEW("bücher")));
    assert_false(list_add(domains, VIEW("-ü.example"), NULL));
    assert_false(list_add(domains, VIEW("\xff.example"), NULL));
    assert_false(list_add(urls, VIEW("http://-ü.example/"), NULL));
    assert_non_null(list_name_fault(domains, VIEW("-ü.example")));
    assert_non_null(list_name_fault(urls, VIEW("http://-ü.example/")));
    assert_null(list_name_fault(domains, VIEW("a b")));
    assert_null(list_name_fault(strings, VIEW("-ü")));
    rules_free(rules);
}

static void a_note_has_a_bound(void **unused)
{
    (void)unused;
    static char note[LIST_NOTE_MAX + 1000];
    struct rules *rules = rules_new();
    struct list *list = list_new(rules, LIST_DOMAIN);
    memset(note, 'x', sizeof(note));
    struct list_entry entry = {.note = view_make(note, sizeof(note)), .confidence = -1};
    assert_true(list_add(list, VIEW("a.example"), &entry));
    entry.note.len = LIST_NOTE_MAX;
    assert_true(list_add(list, VIEW("b.example"), &entry));
    list_finish(list);
    for (size_t i = 0; i < 2; i++) {
        struct list_facts facts = list_facts_of(list, (uint32_t)i);
        assert_int_equal(strlen(list_note(list, &facts)), LIST_NOTE_MAX);
    }
    assert_true(list->notes.len < 2 * LIST_NOTE_MAX); /* cut, they are one */
    rules_free(rules);
}

static void what_is_said_again_is_kept_once(void **unused)
{
    (void)unused;
    enum { COUNT = 10000 };
    char value[32], note[32];
    struct rules *rules = rules_new();
    struct list *list = list_new(rules, LIST_DOMAIN);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(value, sizeof(value), "host%u.example", i);
        snprintf(note, sizeof(note), "family %u", i % 20);
        struct list_entry entry = {.note = view_from_string(note), .confidence = (int)(i % 3) * 10};
        assert_true(list_add(list, view_from_string(value), i < 100 ? NULL : &entry));
    }
    list_finish(list);
    assert_int_equal(list->fact_of.len, COUNT * 4);
    assert_int_equal(list->facts.len, 61 * sizeof(struct list_facts));
    for (unsigned i = 0; i < COUNT; i++) {
        struct list_facts facts = list_facts_of(list, i);
        snprintf(value, sizeof(value), "host%u.example", i);
        snprintf(note, sizeof(note), "family %u", i % 20);
        assert_true(view_equal(list_key(list, i), view_from_string(value)));
        assert_int_equal(facts.confidence, i < 100 ? -1 : (int)(i % 3) * 10);
        if (i < 100)
            assert_null(list_note(list, &facts));
        else
            assert_string_equal(list_note(list, &facts), note);
    }
    rules_free(rules);
}

/* What the list takes besides the text. */
static void a_list_of_plain_values_costs_four_bytes_an_entry(void **unused)
{
    (void)unused;
    enum { COUNT = 1000 };
    char value[80];
    struct rules *rules = rules_new();
    struct list *names = list_new(rules, LIST_DOMAIN), *hashes = list_new(rules, LIST_SHA256);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(value, sizeof(value), "host%04u.example", i);
        assert_true(list_add(names, view_from_string(value), NULL));
        snprintf(value, sizeof(value), "%032u%028x%04x", 0, 0, i & 0xffff);
        assert_true(list_add(hashes, view_from_string(value), NULL));
    }
    list_finish(names);
    list_finish(hashes);
    assert_int_equal(names->keys.capacity, COUNT * 16);
    assert_int_equal(names->ends.capacity, COUNT * 4);
    assert_int_equal(hashes->keys.capacity, COUNT * 32);
    assert_int_equal(names->fact_of.capacity + names->facts.capacity + hashes->ends.capacity, 0);
    rules_free(rules);
}

static void a_fault_among_many_lines_is_told_and_the_rest_is_kept(void **unused)
{
    (void)unused;
    enum { LINES = 100000, WRONG = 50000 };
    struct buf text;
    buf_init(&text, 8 << 20);
    for (unsigned i = 1; i <= LINES; i++) {
        if (i == WRONG)
            buf_text(&text, "not a name\n");
        else
            buf_format(&text, "host%u.example\r\n", i);
    }
    struct loaded loaded = load_file((const char *)text.data, text.len, "type: domain");
    assert_int_equal(first(&loaded)->count, LINES - 1);
    assert_int_equal(loaded.diagnostics.count, 1);
    assert_string_equal(loaded.diagnostics.items[0].id, "list-value");
    assert_int_equal(loaded.diagnostics.items[0].line, WRONG);
    assert_string_equal(loaded.diagnostics.items[0].text, "`not a name` is not a domain name");
    unload(&loaded);
    buf_clear(&text);
}

static void many_faults_are_told_up_to_a_bound(void **unused)
{
    (void)unused;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < 1000; i++)
        buf_format(&text, "a b%u\nhost%u.example\n", i, i);
    struct loaded loaded = load_file((const char *)text.data, text.len, "type: domain");
    assert_int_equal(first(&loaded)->count, 1000);
    assert_int_equal(loaded.diagnostics.count, 4);
    bool is_counted = false;
    for (size_t i = 0; i < loaded.diagnostics.count; i++)
        is_counted |= strstr(loaded.diagnostics.items[i].text, "997 more values") != NULL;
    assert_true(is_counted);
    unload(&loaded);
    buf_clear(&text);
}

static void lines_may_have_comments_blanks_and_any_end(void **unused)
{
    (void)unused;
    static const char TEXT[] =
        "\xef\xbb\xbf# all\r\n\r\n  a.example\t# relay of May\r\n#b.example\n"
        "c.example #\nd.example";
    struct loaded loaded = load_file(TEXT, sizeof(TEXT) - 1, "type: domain");
    const struct list *list = first(&loaded);
    assert_int_equal(loaded.diagnostics.count, 0);
    assert_int_equal(list->count, 3);
    struct list_facts facts = list_facts_of(list, 0);
    assert_string_equal(list_note(list, &facts), "relay of May");
    facts = list_facts_of(list, 1);
    assert_null(list_note(list, &facts));
    assert_true(view_equal(list_key(list, 2), VIEW("d.example")));
    unload(&loaded);
}

static void columns_are_named_by_the_document(void **unused)
{
    (void)unused;
    static const char TEXT[] = "who,ioc,why,sure,seen,starts,ends\n"
                               "x,a.example,\"relay, of May\",80,2024-01-09,2024-01-10,2027-01-01\n"
                               "y,b.example,,,,,\nz,no name,,,,,\n";
    struct loaded loaded = load_file(
        TEXT, sizeof(TEXT) - 1,
        "type: domain\ncolumns: {value: ioc, note: why, confidence: sure, first_seen: seen, "
        "valid_from: starts, valid_until: ends}");
    const struct list *list = first(&loaded);
    assert_int_equal(loaded.diagnostics.count, 1); /* the third is a fault of its line */
    assert_int_equal(loaded.diagnostics.items[0].line, 4);
    assert_int_equal(list->count, 2);
    struct list_facts facts = list_facts_of(list, 0);
    assert_string_equal(list_note(list, &facts), "relay, of May");
    assert_int_equal(facts.confidence, 80);
    assert_int_equal(facts.first_seen_s, 1704758400);
    assert_int_equal(facts.valid_from_s, 1704844800);
    assert_int_equal(facts.valid_until_s, 1798761600);
    facts = list_facts_of(list, 1);
    assert_int_equal(facts.confidence, -1);
    unload(&loaded);
}

static void columns_without_a_header_have_numbers(void **unused)
{
    (void)unused;
    static const char TEXT[] = "x,192.0.2.1,60\ny,192.0.2.2,70\n";
    struct loaded loaded =
        load_file(TEXT, sizeof(TEXT) - 1, "type: ip\ncolumns: {value: 2, confidence: 3}");
    const struct list *list = first(&loaded);
    assert_int_equal(loaded.diagnostics.count, 0);
    assert_int_equal(list->count, 2);
    assert_int_equal(list_facts_of(list, 1).confidence, 70);
    struct list_facts facts = list_facts_of(list, 1);
    assert_null(list_note(list, &facts));
    unload(&loaded);
}

static void markings_stand_in_tlp_or_in_the_tags(void **unused)
{
    (void)unused;
    struct loaded loaded =
        load("list: a\ntype: ip\ntlp: Amber+Strict\ntags: [tlp.green]\nvalues: [192.0.2.1]\n---\n"
             "list: b\ntype: ip\ntags: [x, TLP.RED]\nvalues: [192.0.2.1]\n---\n"
             "list: c\ntype: ip\ntags: [tlp.none]\nvalues: [192.0.2.1]\n");
    assert_int_equal(loaded.diagnostics.count, 0);
    assert_string_equal(loaded.rules->lists[0]->tlp, "amber+strict");
    assert_string_equal(loaded.rules->lists[1]->tlp, "red");
    assert_null(loaded.rules->lists[2]->tlp);
    unload(&loaded);
}

static void dates_out_of_reach_are_no_dates(void **unused)
{
    (void)unused;
    assert_int_equal(list_seconds(INT64_C(1704758400000000)), 1704758400);
    assert_int_equal(list_seconds(INT64_C(253402214400000000)), 0); /* 9999: for ever */
    assert_int_equal(list_seconds(-1000000), 0);
    assert_int_equal(list_seconds(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_takes_its_values_and_no_others),
        cmocka_unit_test(a_domain_has_as_many_bytes_as_names_may_have),
        cmocka_unit_test(names_beyond_ascii_become_a_labels),
        cmocka_unit_test(a_note_has_a_bound),
        cmocka_unit_test(what_is_said_again_is_kept_once),
        cmocka_unit_test(a_list_of_plain_values_costs_four_bytes_an_entry),
        cmocka_unit_test(a_fault_among_many_lines_is_told_and_the_rest_is_kept),
        cmocka_unit_test(many_faults_are_told_up_to_a_bound),
        cmocka_unit_test(lines_may_have_comments_blanks_and_any_end),
        cmocka_unit_test(columns_are_named_by_the_document),
        cmocka_unit_test(columns_without_a_header_have_numbers),
        cmocka_unit_test(markings_stand_in_tlp_or_in_the_tags),
        cmocka_unit_test(dates_out_of_reach_are_no_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
