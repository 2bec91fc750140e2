/* SPDX-License-Identifier: BSD-3-Clause */
/* Conditions: precedence, quantities, bounds. */
#include "unit/rule_load.h"

static struct loaded load_condition(const char *condition)
{
    char text[200000];
    snprintf(text, sizeof(text),
             RULE_HEAD("http") "detection:\n"
                               "  a: {http.uri: '1'}\n  b: {http.uri: '2'}\n  c: {http.uri: '3'}\n"
                               "  sel_x: {http.uri: '4'}\n  sel_y: {http.uri: '5'}\n"
                               "  sel_z: {http.uri: '6'}\n  _hidden: {http.uri: '7'}\n"
                               "  condition: %s\n",
             condition);
    return load(text);
}

/* Selections are written as their letter; the others by their number. */
static void expect(const char *condition, const char *wanted)
{
    struct loaded loaded = load_condition(condition);
    const char *text = condition_of(&loaded);
    char *out = loaded.rules->arena ? arena_string(loaded.rules->arena, text) : NULL;
    size_t len = 0;

    for (const char *c = text; *c != '\0';) {
        if (strncmp(c, "http.uri '", 10) == 0) {
            out[len++] = c[10];
            c += 12;
        } else {
            out[len++] = *c++;
        }
    }
    out[len] = '\0';
    assert_int_equal(loaded.diagnostics.errors, 0);
    assert_string_equal(out, wanted);
    unload(&loaded);
}

static void expect_fault(const char *condition, const char *id, unsigned column)
{
    struct loaded loaded = load_condition(condition);
    assert_int_equal(loaded.rules->count, 0);
    assert_int_equal(loaded.diagnostics.count, 1);
    assert_string_equal(loaded.diagnostics.items[0].id, id);
    assert_int_equal(loaded.diagnostics.items[0].line, 13);
    assert_int_equal(loaded.diagnostics.items[0].column, column);
    unload(&loaded);
}

static void not_binds_tighter_than_and_and_and_tighter_than_or(void **state)
{
    (void)state;
    expect("a or b and not c", "(1 or (2 and not 3))");
    expect("a and b or c", "((1 and 2) or 3)");
    expect("not a and b", "(not 1 and 2)");
    expect("not a or b", "(not 1 or 2)");
    expect("a and b and c", "(1 and 2 and 3)");
    expect("a or b or c", "(1 or 2 or 3)");
}

static void parentheses_come_first(void **state)
{
    (void)state;
    expect("(a or b) and c", "((1 or 2) and 3)");
    expect("not (a or b)", "not (1 or 2)");
    expect("not(a)", "not 1");
    expect("((a))", "1");
    expect("a and (b and (c))", "(1 and 2 and 3)");
    expect("a and not (b and not (c or sel_x))", "(1 and not (2 and not (3 or 4)))");
}

static void a_double_not_vanishes(void **state)
{
    (void)state;
    expect("not not a", "1");
    expect("not not not a", "not 1");
    expect("not (not a)", "1");
}

static void words_may_be_in_capitals(void **state)
{
    (void)state;
    expect("a AND NOT b OR c", "((1 and not 2) or 3)");
    expect("ALL OF sel_*", "(4 and 5 and 6)");
}

static void them_leaves_out_what_begins_with_an_underscore(void **state)
{
    (void)state;
    expect("1 of them", "(1 or 2 or 3 or 4 or 5 or 6)");
    expect("all of them", "(1 and 2 and 3 and 4 and 5 and 6)");
    expect("any of them", "(1 or 2 or 3 or 4 or 5 or 6)");
    expect("1 of _hid*", "7");
    expect("a and _hidden", "(1 and 7)");
}

static void patterns_match_anywhere(void **state)
{
    (void)state;
    expect("1 of sel_*", "(4 or 5 or 6)");
    expect("all of sel_*", "(4 and 5 and 6)");
    expect("1 of *_y", "5");
    expect("1 of s*_z", "6");
    expect("1 of sel_x", "4");
    expect("a and not 1 of sel_*", "(1 and not (4 or 5 or 6))");
}

static void n_of_is_written_out(void **state)
{
    (void)state;
    expect("2 of sel_*", "((4 and 5) or (4 and 6) or (5 and 6))");
    expect("3 of sel_*", "(4 and 5 and 6)");
}

static void a_list_of_conditions_is_or(void **state)
{
    (void)state;
    expect("[a and b, c]", "((1 and 2) or 3)");
    expect("[a]", "1");
}

static void a_condition_may_run_over_lines(void **state)
{
    (void)state;
    expect("a and\n    b or\n    c", "((1 and 2) or 3)");
    expect(">-\n    a and\n    not b", "(1 and not 2)");
}

static void faults_point_at_their_word(void **state)
{
    (void)state;
    expect_fault("a and", "condition", 19);
    expect_fault("a b", "condition", 16);
    expect_fault("a and and b", "condition", 20);
    expect_fault("or a", "condition", 14);
    expect_fault("()", "condition", 15);
    expect_fault("a and (b", "condition", 20);
    expect_fault("'a and (b'", "condition", 21);
    expect_fault("a)", "condition", 15);
    expect_fault("a and d", "undefined-selection", 20);
    expect_fault("1 of sil_*", "undefined-selection", 19);
    expect_fault("0 of them", "condition", 14);
    expect_fault("7 of them", "condition", 14);
    expect_fault("some of them", "condition", 14);
    expect_fault("sel_*", "condition", 14);
    expect_fault("not", "condition", 17);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char condition[200] = "";
    for (int i = 0; i < 15; i++)
        strncat(condition, "(", sizeof(condition) - strlen(condition) - 1);
    strncat(condition, "a", sizeof(condition) - strlen(condition) - 1);
    for (int i = 0; i < 15; i++)
        strncat(condition, ")", sizeof(condition) - strlen(condition) - 1);
    expect(condition, "1");
    expect_fault("((((((((((((((((((((a))))))))))))))))))))", "condition-depth", 29);
}

static void many_nots_and_many_terms_do_not_recurse(void **state)
{
    (void)state;
    char *condition = test_calloc(1, 190000);
    for (size_t i = 0; i < 20001; i++)
        memcpy(condition + i * 4, "not ", 4);
    memcpy(condition + 20001 * 4, "a", 1);
    expect(condition, "not 1");
    size_t len = 0;
    for (size_t i = 0; i < 20000; i++, len += 5)
        memcpy(condition + len, "a or ", 5);
    memcpy(condition + len, "b", 2);
    struct loaded loaded = load_condition(condition);
    assert_int_equal(loaded.rules->count, 1);
    assert_int_equal(loaded.rules->items[0]->condition->count, 20001);
    unload(&loaded);
    test_free(condition);
}

/* What the aggregation means in Sigma 2's words; "" when it is wrong. */
static void expect_correlation(const char *aggregation, const char *wanted)
{
    char text[1024];
    snprintf(text, sizeof(text),
             RULE_HEAD("http") "detection:\n  a: {http.uri: '1'}\n  timeframe: 5m\n"
                               "  condition: a | %s\n",
             aggregation);
    struct loaded loaded = load(text);
    assert_int_equal(loaded.rules->count, 0);
    assert_int_equal(loaded.diagnostics.count, 1);
    const struct diagnostic *d = &loaded.diagnostics.items[0];
    bool is_refused = strcmp(d->id, "unsupported-aggregation") == 0;
    assert_int_equal(loaded.diagnostics.errors, !is_refused);
    assert_int_equal(loaded.rules->refused[REFUSAL_CORRELATION], is_refused);
    const char *braces = is_refused && d->help ? strchr(d->help, '{') : NULL;
    assert_string_equal(braces ? braces : "", wanted);
    unload(&loaded);
}

static void aggregations_mean_correlations(void **state)
{
    (void)state;
    expect_correlation("count() > 5",
                       "{type: event_count, group-by: [], timespan: 5m, condition: {gt: 5}}");
    expect_correlation("count() by src_ip >= 5", "{type: event_count, group-by: [src_ip], "
                                                 "timespan: 5m, condition: {gte: 5}}");
    expect_correlation("COUNT ( ) BY src_ip,dst_ip<5",
                       "{type: event_count, group-by: [src_ip, dst_ip], timespan: 5m, "
                       "condition: {lt: 5}}");
    expect_correlation("count(http.host) by src_ip <= 5",
                       "{type: value_count, group-by: [src_ip], timespan: 5m, "
                       "condition: {field: http.host, lte: 5}}");
    expect_correlation("sum(http.content_len) by src_ip = 5",
                       "{type: value_sum, group-by: [src_ip], timespan: 5m, "
                       "condition: {field: http.content_len, eq: 5}}");
    expect_correlation("avg(http.content_len) by c-ip == 5",
                       "{type: value_avg, group-by: [c-ip], timespan: 5m, "
                       "condition: {field: http.content_len, eq: 5}}");
    expect_correlation("min(http.content_len) by src_ip > 5", "");
    expect_correlation("near b", "");
    expect_correlation("count() by src_ip > 5 and a", "");
    expect_correlation("count() by > 5", "");
    expect_correlation("count(", "");
    expect_correlation("", "");
}

/* Without what it counts by, the rule would alert on each event. */
static void an_aggregation_of_what_only_the_host_knows_leaves_the_rule_out(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"count(Image) by src_ip > 5", "count() by Image > 5"};

    for (size_t i = 0; i < 2; i++) {
        char text[1024];
        snprintf(text, sizeof(text),
                 RULE_HEAD("http") "detection:\n  a: {http.uri: '1'}\n  timeframe: 5m\n"
                                   "  condition: a | %s\n",
                 TEXTS[i]);
        struct loaded loaded = load(text);
        assert_string_equal(only_fault(&loaded), "not-on-the-wire");
        assert_int_equal(loaded.rules->count, 0);
        assert_int_equal(loaded.rules->refused[REFUSAL_HOST], 1);
        unload(&loaded);
    }
}

static void selections_no_one_asks_for_are_told(void **state)
{
    (void)state;
    struct loaded loaded = load_condition("a and 1 of sel_*");
    assert_int_equal(loaded.diagnostics.warnings, 3); /* b, c, _hidden */
    assert_string_equal(loaded.diagnostics.items[0].id, "unused-selection");
    unload(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_binds_tighter_than_and_and_and_tighter_than_or),
        cmocka_unit_test(parentheses_come_first),
        cmocka_unit_test(a_double_not_vanishes),
        cmocka_unit_test(words_may_be_in_capitals),
        cmocka_unit_test(them_leaves_out_what_begins_with_an_underscore),
        cmocka_unit_test(patterns_match_anywhere),
        cmocka_unit_test(n_of_is_written_out),
        cmocka_unit_test(a_list_of_conditions_is_or),
        cmocka_unit_test(a_condition_may_run_over_lines),
        cmocka_unit_test(faults_point_at_their_word),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(many_nots_and_many_terms_do_not_recurse),
        cmocka_unit_test(aggregations_mean_correlations),
        cmocka_unit_test(an_aggregation_of_what_only_the_host_knows_leaves_the_rule_out),
        cmocka_unit_test(selections_no_one_asks_for_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
