/* SPDX-License-Identifier: BSD-3-Clause */
/* Required literals of regular expressions, and how rare a literal is. */
#include "unit/test.h"

#include "compile/builder.h"

struct example {
    const char *expression;
    unsigned flags;
    const char *literals; /* joined by '|'; NULL: none can be told */
    bool is_cased;
};

static const struct example EXAMPLES[] = {
    {"evil", 0, "evil", true},
    {"EviL", REGEX_CASELESS, "EviL", false},
    {"ev", 0, NULL, false}, /* shorter than a gate may be */
    {"news\\.php\\?id=[0-9]+", 0, "news.php?id=", true},
    {"abcde?fgh", 0, "abcd", true}, /* e may be missing */
    {"abcde*longer", 0, "longer", true},
    {"abcde+longest", 0, "longest", true},
    {"abcd{2}e", 0, "abcd", true},
    {"abcd{0,2}efg", 0, NULL, false},
    {"(abcd|efgh)", 0, "abcd|efgh", true},
    {"(abcd|ef)", 0, NULL, false}, /* one branch has none: the group has none */
    {"(abcd)?efghi", 0, "efghi", true},
    {"(abcd|)efghij", 0, "efghij", true},
    {"one1|two2|three", 0, "one1|two2|three", true},
    {"one1|two|three", 0, NULL, false},
    {"\\x41\\x42\\x43\\x44", 0, "ABCD", true},
    {"\\x{41}\\x{42}CD", 0, "ABCD", true},
    {"abcde\\x{141}fgh", 0, "abcde", true}, /* no byte, so it is not its low one */
    {"a[b]c[.]d", 0, "abc.d", true},
    {"abcd[xy]efghi", 0, "efghi", true},
    {"abcd[]x]efghi", 0, "efghi", true},
    {"abcd[[:alpha:]]efghi", 0, "efghi", true},
    {"abcd[^]]efghi", 0, "efghi", true},
    {"abcd(?=efgh)", 0, "abcd", true},
    {"(?!efgh)abcd", 0, "abcd", true},
    {"(?<!efgh)abcd", 0, "abcd", true},
    {"(?i)abcd", 0, "abcd", false},
    {"ab(?i:cdefg)", 0, "cdefg", false},
    {"(?<name>abcd)x", 0, "abcd", true},
    {"(?P<name>abcd)(?P=name)", 0, "abcd", true},
    {"(abcd)\\1", 0, "abcd", true},
    {"^abcd$", 0, "abcd", true},
    {"abc\\bdef", 0, "abcdef", true},
    {"abcd\\d+efghi", 0, "efghi", true},
    {"abcd\\p{L}efghi", 0, "efghi", true},
    {"abcd.efghi", 0, "efghi", true},
    {"abcd(?:.*)efghi", 0, "efghi", true},
    {"(?>abcde)fg", 0, "abcde", true},
    /* what it does not know for certain gives nothing */
    {"(?x)ab cd", 0, NULL, false},
    {"\\Qabcd\\E", 0, NULL, false},
    {"(*ACCEPT)abcd", 0, NULL, false},
    {"(?(1)abcd|efgh)", 0, NULL, false},
    {"abcd(?#why)?efgh", 0, NULL, false},
    {"(abcd", 0, NULL, false},
    {"abcd)", 0, NULL, false},
    {"[abcd", 0, NULL, false},
    {"abcd\\", 0, NULL, false},
};

static void literals_are_those_that_every_match_holds(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof(EXAMPLES) / sizeof(EXAMPLES[0]); i++) {
        const struct example *example = &EXAMPLES[i];
        struct arena *arena = arena_new();
        struct literal_set set;
        struct buf text;
        buf_init(&text, 1024);
        bool is_found =
            regex_literals(arena, view_from_string(example->expression), example->flags, &set);
        for (size_t n = 0; is_found && n < set.count; n++) {
            if (n > 0)
                buf_byte(&text, '|');
            buf_add(&text, set.items[n]);
        }
        struct view expected =
            example->literals ? view_from_string(example->literals) : view_make(NULL, 0);
        bool is_right = is_found == (example->literals != NULL) &&
                        view_equal(buf_view(&text), expected) &&
                        (!is_found || set.is_cased == example->is_cased);
        if (!is_right)
            fail_msg("%s gives %.*s", example->expression, (int)text.len,
                     text.data ? (const char *)text.data : "");
        buf_clear(&text);
        arena_free(arena);
    }
}

static void a_literal_that_all_traffic_holds_is_a_poor_gate(void **unused)
{
    (void)unused;
    static const char *const POOR[] = {"Mozilla/5.0", "http://", ".php",        "www.",
                                       "AAAAAAAAAA",  "gecko",   "Content-Type"};
    for (size_t i = 0; i < sizeof(POOR) / sizeof(POOR[0]); i++)
        assert_true(literal_bits(view_from_string(POOR[i]), true) <
                    literal_bits(VIEW("qz7K"), true));
    assert_true(literal_bits(VIEW("abcdefgh"), true) > literal_bits(VIEW("abcd"), true));
}

static void the_best_window_leaves_the_common_part_out(void **unused)
{
    (void)unused;
    struct view best = literal_best(VIEW("Mozilla/5.0 qz7Kx"), 6, true);
    assert_true(view_find(best, VIEW("qz7K")) != VIEW_NOT_FOUND);
}

static void repeats_and_anchors_are_seen(void **unused)
{
    (void)unused;
    assert_int_equal(regex_largest_repeat(VIEW("a{3}b{10,2000}c{4,}")), 2000);
    assert_int_equal(regex_largest_repeat(VIEW("a\\{3000}b")), 0);
    assert_true(regex_is_anchored(VIEW("(^abc|def)")));
    assert_true(regex_is_anchored(VIEW("\\Aabc")));
    assert_false(regex_is_anchored(VIEW("[^a]bc\\^")));
}

/* What it takes to find a gate does not grow with the literal. */
static void the_rarest_part_is_sought_in_the_first_4_kib(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 20];
    memset(bytes, 'e', sizeof(bytes));
    memcpy(bytes + 4090, "qz7Kx!", 6);
    struct view all = view_make(bytes, sizeof(bytes));
    assert_true(view_equal(literal_best(all, 6, true), VIEW("qz7Kx!")));
    memset(bytes + 4090, 'e', 6);
    memcpy(bytes + 5000, "qz7Kx!", 6);
    assert_true(view_equal(literal_best(all, 6, true), VIEW("eeeeee")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_those_that_every_match_holds),
        cmocka_unit_test(a_literal_that_all_traffic_holds_is_a_poor_gate),
        cmocka_unit_test(the_best_window_leaves_the_common_part_out),
        cmocka_unit_test(repeats_and_anchors_are_seen),
        cmocka_unit_test(the_rarest_part_is_sought_in_the_first_4_kib),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
