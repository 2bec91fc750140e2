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
    for (unsigned i = 0; i < COUNT; i++) {
        snprintf(name, sizeof(name), "host%u.example%u.com", i, i % 97);
        assert_true(list_add(list, view_from_string(name), NULL));
    }
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

/* --- against a list that is looked through ------------------------------------------------------- */

enum { ALPHABET_LEN = 4 };

static size_t draw(uint64_t *state, size_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(*state >> 33) % below;
}

/* Few labels, so that values meet: "b.aa.a". */
static void draw_name(uint64_t *state, char *out)
{
    size_t labels = 1 + draw(state, 4), len = 0;
    for (size_t i = 0; i < labels; i++) {
        if (i > 0)
            out[len++] = '.';
        for (size_t k = 0, n = 1 + draw(state, 2); k < n; k++)
            out[len++] = "abAB"[draw(state, ALPHABET_LEN)];
    }
    out[len] = '\0';
}

static void draw_address(uint64_t *state, bool is_prefix, char *out)
{
    static const unsigned BITS[] = {0, 8, 15, 16, 23, 24, 31, 32};
    static const unsigned LONG_BITS[] = {0, 1, 32, 33, 64, 127, 128, 96};
    unsigned a = (unsigned)draw(state, 3), b = (unsigned)draw(state, 3) * 127;
    bool is_v6 = draw(state, 3) == 0;
    int len = is_v6 ? snprintf(out, 60, "2001:db8:%x::%x", a, b)
                    : snprintf(out, 60, "10.%u.%u.%u", a, b, (unsigned)draw(state, 3));
    if (is_prefix)
        snprintf(out + len, (size_t)(60 - len), "/%u",
                 is_v6 ? LONG_BITS[draw(state, 8)] : BITS[draw(state, 8)]);
}

static void draw_value(uint64_t *state, enum list_type type, bool is_entry, char *out)
{
    static const char *const HEADS[] = {"http://", "https://", "HTTP://u@", ""};
    static const char *const TAILS[] = {"", "/", "/a", "/A?b", ":80/a", "/%61", "/a#b", ":81/a"};
    char name[64];

    if (type == LIST_IP) {
        draw_address(state, is_entry, out);
        return;
    }
    if (type == LIST_SHA1 || type == LIST_JA3) {
        bool is_upper = draw(state, 2), has_colons = draw(state, 2);
        size_t len = 0, bytes = type == LIST_SHA1 ? 20 : 16, last = draw(state, 40);
        for (size_t i = 0; i < bytes; i++)
            len += (size_t)snprintf(out + len, 4, is_upper ? "%s%02X" : "%s%02x",
                                    has_colons && i > 0 ? ":" : "",
                                    (unsigned)(i + 1 < bytes ? 0xab : 0xc0 + last));
        return;
    }
    draw_name(state, name);
    if (type == LIST_URL)
        snprintf(out, 128, "%s%s%s", HEADS[draw(state, 4)], name, TAILS[draw(state, 8)]);
    else
        memcpy(out, name, strlen(name) + 1);
}

static bool is_key_equal(enum list_type type, struct view value, struct view key)
{
    uint8_t room[256];
    size_t len = type == LIST_SHA1 ? 20 : 16;

    if (type == LIST_URL)
        return view_equal(view_make(room, key_url(value, room, sizeof(room))), key);
    if (type == LIST_SHA1 || type == LIST_JA3)
        return key_digest(value, room, len) && view_equal(view_make(room, len), key);
    if (type == LIST_DOMAIN && value.len > key.len)
        return view_ends_fold(value, key) && value.data[value.len - key.len - 1] == '.';
    return view_equal_fold(value, key);
}

/* Which entry answers first: the longest name or prefix, of equal keys the first. */
static uint32_t naive_find(const struct list *list, enum field_type type, const union value *value)
{
    uint32_t best = NO_INDEX;
    size_t longest = 0;

    for (uint32_t i = 0; i < list->count; i++) {
        struct view key = list_key(list, i);
        size_t weight = list->type == LIST_IP ? key.data[16] + 1U : key.len;
        bool is_hit =
            type == TYPE_IP
                ? address_in_prefix(&value->ip, (const struct address *)key.data, key.data[16])
                : is_key_equal(list->type, value->bytes, key);
        if (is_hit && weight > longest) {
            longest = weight;
            best = i;
        }
    }
    return best;
}

static void look_ups_agree_with_a_list_that_is_looked_through(void **unused)
{
    (void)unused;
    static const enum list_type TYPES[] = {LIST_IP,     LIST_DOMAIN, LIST_URL,
                                           LIST_STRING, LIST_SHA1,   LIST_JA3};
    uint64_t state = 7;
    size_t hits = 0, asked = 0;

    for (unsigned round = 0; round < 300; round++) {
        enum list_type type = TYPES[round % 6];
        struct bench b;
        char text[128];
        uint32_t members[LOOKUP_MAX];
        bench_begin(&b);
        struct list *list = list_of(&b, type, NULL, 0);
        size_t count = round % 50 == 7 ? 5000 : 1 + draw(&state, 40); /* some with a Bloom filter */
        for (size_t i = 0; i < count; i++) {
            draw_value(&state, type, true, text);
            assert_true(list_add(list, view_from_string(text), NULL));
        }
        bench_rule(
            &b, EVENT_DNS,
            node_from(&b, member(&b, type == LIST_IP ? FIELD_SRC_IP : FIELD_DNS_QUERY, list)));
        bench_compile(&b);
        for (unsigned i = 0; i < 200; i++, asked++) {
            enum field_type field_type = type == LIST_IP ? TYPE_IP : TYPE_BYTES;
            union value value;
            draw_value(&state, type, false, text);
            if (type == LIST_IP)
                assert_true(address_parse(view_from_string(text), &value.ip));
            else
                value.bytes = view_from_string(text);
            size_t found = look(&b, field_type, value, members);
            uint32_t wanted = naive_find(list, field_type, &value);
            assert_int_equal(found > 0, wanted != NO_INDEX);
            if (found > 0)
                assert_int_equal(members[0], wanted);
            hits += found > 0;
        }
        bench_end(&b);
    }
    assert_true(hits > asked / 10 && hits < asked * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_itself_and_what_is_under_it),
        cmocka_unit_test(a_name_longer_than_all_members_is_cut_at_a_label),
        cmocka_unit_test(prefixes_are_found_longest_first),
        cmocka_unit_test(an_address_in_a_text_field_is_looked_up_as_one),
        cmocka_unit_test(many_entries_are_all_found_and_nothing_else),
        cmocka_unit_test(look_ups_agree_with_a_list_that_is_looked_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
