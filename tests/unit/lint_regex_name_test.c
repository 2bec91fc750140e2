/* SPDX-License-Identifier: BSD-3-Clause */
/* Names behind regular expressions. */
#include "unit/test.h"

#include "lint/regex_name.h"

static void names_are_those_that_an_expression_spells_out_and_matches(void **unused)
{
    (void)unused;
    static const struct {
        const char *expression, *names; /* joined by spaces, in their order */
    } ROWS[] = {
        {"google\\.com$", "google.com"},
        {"^google\\.com", "google.com"},
        {"^(.*\\.)?google\\.com$", "google.com"},
        {"\\.google\\.com$", "google.com"},
        {"(^|\\.)google[.]com$", "google.com"},
        {"^(?:[^.]+\\.)*google.com\\.?$", "google.com"},
        {"^(www\\.)?google\\.(com|de)$", "google.com www.google.com google.de www.google.de"},
        {"goo(?:gle)?\\.com", "goo.com google.com"},
        {"^a?b\\.com$", "b.com ab.com"},
        {"google\\.com|bing\\.com", "google.com bing.com"},
        {"google", ""},
        {"^xgoogle\\.com$", "xgoogle.com"},
        {"^[0-9]google\\.com$", ""},     /* never this name alone */
        {"^[0-9]+\\.google\\.com$", ""}, /* not whatever stands before it */
        {"^[a-z0-9-]+\\.google\\.com$", "google.com"},
        {"^[a-z]{12}\\.com$", ""},
        {"\\.com$", "com"},
        {"google\\.com(?!\\.evil)", "google.com"},
        {"(?!google\\.com)evil\\.example", "evil.example"},
        {"(?i)google\\.com", ""},                          /* not read */
        {"GOOGLE\\.com", ""},                              /* names are looked for in lower case */
        {"(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)\\.com", ""}, /* too many */
        {".*", ""},
        {"(a.b){2}", ""},
        {"", ""},
    };

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct arena *arena = arena_new();
        struct predicate p = {.op = MATCH_REGEX, .bytes = view_from_string(ROWS[i].expression)};
        struct view names[REGEX_NAMES_MAX];
        const char *all = "";
        size_t count = regex_names(arena, &p, names);
        for (size_t n = 0; n < count; n++)
            all = arena_format(arena, "%s%s%.*s", all, n > 0 ? " " : "", (int)names[n].len,
                               (const char *)names[n].data);
        if (strcmp(all, ROWS[i].names) != 0)
            fail_msg("%s: %s", ROWS[i].expression, all);
        arena_free(arena);
    }
}

/* 253 bytes is the longest name: the text does not grow beyond, nor do groups nest beyond what is followed. */
static void what_is_too_long_or_too_deep_has_no_names(void **unused)
{
    (void)unused;
    char long_text[400], deep[200] = "";
    struct arena *arena = arena_new();
    struct predicate p = {.op = MATCH_REGEX};
    struct view names[REGEX_NAMES_MAX];

    memset(long_text, 'a', sizeof(long_text));
    long_text[200] = '.';
    p.bytes = view_make(long_text, 253);
    assert_int_equal(regex_names(arena, &p, names), 1);
    p.bytes = view_make(long_text, 254);
    assert_int_equal(regex_names(arena, &p, names), 0);
    for (int i = 0; i < 30; i++)
        strcat(deep, "(");
    strcat(deep, "a\\.com");
    for (int i = 0; i < 30; i++)
        strcat(deep, ")");
    p.bytes = view_from_string(deep);
    assert_int_equal(regex_names(arena, &p, names), 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_that_an_expression_spells_out_and_matches),
        cmocka_unit_test(what_is_too_long_or_too_deep_has_no_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
