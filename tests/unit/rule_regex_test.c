/* SPDX-License-Identifier: BSD-3-Clause */
/* Expressions as lints read them: where a capital has to stand in every match, held against PCRE2 on small texts. */
#include "unit/test.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

#include "rule/regex.h"

static void a_capital_is_needed_where_nothing_else_can_stand(void **unused)
{
    (void)unused;
    static const struct {
        const char *expression;
        bool is_needed;
    } ROWS[] = {
        {"Evil", true},
        {"evil", false},
        {"eviL$", true},
        {"(?<Name>evil)", false},
        {"(?P<Name>evil)\\k<Name>", false},
        {"(?'Name'evil)\\g{Name}", false},
        {"(?<Name>Evil)", true},
        {"\\p{Lu}", false},
        {"\\P{Lu}\\pL", false},
        {"A|b", false},
        {"A|B", true},
        {"x(A|b)", false},
        {"x(A|B)y", true},
        {"x(A|B)?y", false},
        {"x(A|B){0,2}y", false},
        {"x(A|B){1,2}y", true},
        {"A?x", false},
        {"A*x", false},
        {"A+x", true},
        {"A{2}x", true},
        {"A{0}x", false},
        {"A{,2}x", false},
        {"A??x", false},
        {"A++x", true},
        {"\\D\\W\\S\\Ax\\Z", false},
        {"\\x41", true},
        {"\\x4A\\x{4B}", true},
        {"\\xAB", false},
        {"\\x{1F600}", false},
        {"[A-Z]", true},
        {"[AB]x", true},
        {"[A-Za-z]", false},
        {"[A-z]", false},
        {"[^A]", false},
        {"[A-]", false},
        {"[A-Z-]", false},
        {"[A-Z-Z]", false},
        {"[[:upper:]]", false},
        {"[]A]", false},
        {"[A]", true},
        {"(?=A)", true},
        {"(?!A)", false},
        {"(?<!A)x", false},
        {"(?<=A)x", true},
        {"(?i)A", false},
        {"(?si)A", false},
        {"(?s)A", true},
        {"(?i:x)A", false}, /* not read */
        {"(?#A)x", false},
        {"\\QA\\E", false}, /* not read */
        {"(x)\\1A", true},
        {"(?:A(?:B|c))", true},
        {"(?:a(?:B|c))", false},
        {"\\(A\\)", true},
        {"\\[A", true},
        {"", false},
    };

    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (regex_needs_capital(view_from_string(ROWS[i].expression)) != ROWS[i].is_needed)
            fail_msg("%s", ROWS[i].expression);
    }
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

/* Of a text without capitals. */
static bool finds_small(pcre2_code *regex, pcre2_match_data *data)
{
    static const char *const TEXTS[] = {"",   "a",   "b",  "ab", "ba", "aab", "-",   "(a)", "abab",
                                        "b-", "{,2", "a]", "[a", "xa", "1",   "a|b", "aaaa"};

    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        if (pcre2_match(regex, (PCRE2_SPTR)TEXTS[i], strlen(TEXTS[i]), 0, 0, data, NULL) >= 0)
            return true;
    }
    return false;
}

static void what_needs_a_capital_is_found_in_no_text_without(void **unused)
{
    (void)unused;
    static const char *const PARTS[] = {
        "A",    "a",  "B",     "b",  "(",     ")",       "|",  "?",    "*",   "+",   "[",
        "]",    "^",  "-",     "\\", "{1,2}", "{0}",     "x",  "(?:",  "(?=", "(?!", "(?<A>",
        "[A-B", "A-", "\\x41", "$",  "{,2",   "\\p{Lu}", "[^", "(?s)", "(?|", "1"};
    enum { PARTS_COUNT = sizeof(PARTS) / sizeof(PARTS[0]) };
    pcre2_match_data *data = pcre2_match_data_create(16, NULL);
    uint64_t state = 7;
    size_t good = 0, needed = 0;

    for (int round = 0; round < 200000; round++) {
        char text[128] = "";
        int code;
        size_t offset;
        for (size_t i = 1 + draw(&state, 7); i > 0; i--)
            strcat(text, PARTS[draw(&state, PARTS_COUNT)]);
        pcre2_code *regex =
            pcre2_compile((PCRE2_SPTR)text, strlen(text), PCRE2_NEVER_UTF, &code, &offset, NULL);
        if (regex == NULL)
            continue;
        good++;
        bool is_needed = regex_needs_capital(view_from_string(text));
        needed += is_needed;
        if (is_needed && finds_small(regex, data))
            fail_msg("%s", text);
        pcre2_code_free(regex);
    }
    pcre2_match_data_free(data);
    assert_true(good > 20000 && needed > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_capital_is_needed_where_nothing_else_can_stand),
        cmocka_unit_test(what_needs_a_capital_is_found_in_no_text_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
