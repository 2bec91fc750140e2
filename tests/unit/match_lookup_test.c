/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets: domains by label, prefixes by length, many entries behind the filter. */
#include "unit/test.h"

#include "unit/build_rules.h"

#include "match/matcher.h"

static size_t look(struct bench *b, enum field_type type, union value value, uint32_t *members)
{
    struct event event = {.time_us = 1};
    b->matcher->event = &event;
    return lookup_value(b->matcher, &b->set->sets[0], type, &value, members, LOOKUP_MAX);
}

static bool has_name(struct bench *b, const char *name)
{
    uint32_t members[LOOKUP_MAX];
    union value value = {.bytes = view_from_string(name)};
    return look(b, TYPE_BYTES, value, members) > 0;
}

static size_t count_ip(struct bench *b, const char *text, uint32_t *members)
{
    union value value;
    assert_true(address_parse(view_from_string(text), &value.ip));
    return look(b, TYPE_IP, value, members);
}

static void begin(struct bench *b, enum list_type type, const char *const *values, size_t count)
{
    bench_begin(b);
    enum field_id field = type == LIST_IP ? FIELD_SRC_IP : FIELD_DNS_QUERY;
    bench_rule(b, EVENT_DNS, node_from(b, member(b, field, list_of(b, type, values, count))));
    bench_compile(b);
}

static void a_domain_is_itself_and_what_is_under_it(void **unused)
{
    (void)unused;
    static const char *const VALUES[] = {"Evil.Example.", "co.uk", "a"};
    struct bench b;
    begin(&b, LIST_DOMAIN, VALUES, 3);
    assert_true(has_name(&b, "evil.example"));
    assert_true(has_name(&b, "EVIL.example."));
    assert_true(has_name(&b, "x.y.evil.example"));
    assert_true(has_name(&b, "x.a"));
    assert_false(has_name(&b, "notevil.example"));
    assert_false(has_name(&b, "evil.example.com"));
    assert_false(has_name(&b, "example"));
    assert_false(has_name(&b, ""));
    assert_false(has_name(&b, "."));
    assert_false(has_name(&b, "...."));
    bench_end(&b);
}

static void a_name_longer_than_all_members_is_cut_at_a_label(void **unused)
{
    (void)unused;
    static const char *const VALUES[] = {"evil.example"};
    struct bench b;
    char name[5000];
    begin(&b, LIST_DOMAIN, VALUES, 1);
    memset(name, 'x', sizeof(name));
    memcpy(name + sizeof(name) - 14, ".evil.example", 14);
    assert_true(has_name(&b, name));
    name[sizeof(name) - 14] = 'x';
    assert_false(has_name(&b, name));
    memset(name, '.', sizeof(name) - 1);
    assert_false(has_name(&b, name));
    bench_end(&b);
}

static void prefixes_are_found_longest_first(void **unused)
{
    (void)unused;
    static const char *const VALUES[] = {"10.0.0.0/8",    "10.1.0.0/16", "10.1.2.3",
                                         "2001:db8::/32", "0.0.0.0/0",   "10.1.2.0/23"};
    uint32_t members[LOOKUP_MAX];
    struct bench b;
    begin(&b, LIST_IP, VALUES, 6);
    assert_int_equal(count_ip(&b, "10.1.2.3", members), 5);
    assert_int_equal(members[0], 2);
    assert_int_equal(members[1], 5);
    assert_int_equal(members[2], 1);
    assert_int_equal(members[3], 0);
    assert_int_equal(members[4], 4);
    assert_int_equal(count_ip(&b, "10.1.3.255", members), 4);
    assert_int_equal(count_ip(&b, "192.0.2.1", members), 1);
    assert_int_equal(count_ip(&b, "2001:db8::1", members), 1);
    assert_int_equal(count_ip(&b, "2001:db9::1", members), 0);
    bench_end(&b);
}

static void an_address_in_a_text_field_is_looked_up_as_one(void **unused)
{
    (void)unused;
    static const char *const VALUES[] = {"10.0.0.0/8"};
    struct bench b;
    begin(&b, LIST_IP, VALUES, 1);
    assert_true(has_name(&b, "10.2.3.4"));
    assert_false(has_name(&b, "11.2.3.4"));
    assert_false(has_name(&b, "no address"));
    bench_end(&b);
}

static void many_entries_are_all_found_and_nothing_else(void **unused)
{
    (void)unused;
    enum { COUNT = 20000 };
    struct bench b;
    char name[64];
    bench_begin(&b);
    struct list *list = list_of(&b, LIST_DOMAIN, NULL, 0);
    list->count = COUNT;
    list->entries = arena_array(b.arena, COUNT, sizeof(*list->entries));
    for (unsigned i = 0; i < COUNT; i++)
        list->entries[i].value =
            view_from_string(arena_format(b.arena, "host%u.example%u.com", i, i % 97));
    bench_rule(&b, EVENT_DNS, node_from(&b, member(&b, FIELD_DNS_QUERY, list)));
    bench_compile(&b);
    assert_int_equal(b.set->sets[0].has_bloom, 1);
    assert_int_equal(b.stats.set_entries, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "www.host%u.example%u.com", i, i % 97);
        assert_true(has_name(&b, name));
        snprintf(name, sizeof(name), "host%u.example%u.com", i + COUNT, i % 97);
        assert_false(has_name(&b, name));
    }
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_itself_and_what_is_under_it),
        cmocka_unit_test(a_name_longer_than_all_members_is_cut_at_a_label),
        cmocka_unit_test(prefixes_are_found_longest_first),
        cmocka_unit_test(an_address_in_a_text_field_is_looked_up_as_one),
        cmocka_unit_test(many_entries_are_all_found_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
