/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequences from YAML to an answer: placed and relative steps, moving on, numbers, jumps; and what is told of
 * steps that are wrong. */
#include "unit/test.h"

#include "compile/compile.h"
#include "match/match.h"
#include "unit/rule_load.h"

struct scene {
    struct loaded loaded;
    struct compile_stats stats;
    struct ruleset *set;
    struct matcher *matcher;
    struct event *event;
    struct flow flow;
    struct budget budget;
    size_t alerts;
    struct evidence evidence;
    char excerpt[64];
};

static void on_alert(void *context, const struct alert *alert)
{
    struct scene *s = context;
    s->alerts++;
    s->evidence = alert->evidence[0];
    snprintf(s->excerpt, sizeof(s->excerpt), "%.*s", (int)s->evidence.excerpt.len,
             (const char *)s->evidence.excerpt.data);
}

/* A rule on the request's body with this value. */
static void begin(struct scene *s, const char *value)
{
    static char text[4096];
    struct error error = {""};
    const struct alert_sink sink = {on_alert, s};

    memset(s, 0, sizeof(*s));
    snprintf(text, sizeof(text),
             RULE_HEAD("http") "detection:\n  a:\n    http.request_body:\n%s\n  condition: a\n",
             value);
    s->loaded = load(text);
    for (size_t i = 0; i < s->loaded.diagnostics.count; i++)
        if (s->loaded.diagnostics.items[i].severity == SEVERITY_ERROR)
            fprintf(stderr, "%s in:\n%s\n", s->loaded.diagnostics.items[i].text, text);
    assert_int_equal(s->loaded.diagnostics.errors, 0);
    s->set = compile_rules(s->loaded.rules, &s->loaded.diagnostics, &s->stats, &error);
    assert_non_null(s->set);
    s->matcher = matcher_new(s->set, &s->budget, 0, &sink, &error);
    assert_non_null(s->matcher);
    s->event = event_new();
}

static bool holds(struct scene *s, struct view body)
{
    s->alerts = 0;
    event_begin(s->event, EVENT_HTTP, TO_SERVER, &s->flow, NULL);
    event_add_bytes(s->event, FIELD_HTTP_REQUEST_BODY, body);
    match_event(s->matcher, s->event);
    return s->alerts > 0;
}

static void end(struct scene *s)
{
    match_flow_end(s->matcher, &s->flow);
    matcher_free(s->matcher);
    ruleset_release(s->set);
    event_free(s->event);
    unload(&s->loaded);
}

#define SEQ(steps) "      sequence:\n" steps
#define STEP(step) "        - {" step "}\n"

static const struct {
    const char *value;
    const char *holds, *fails; /* bodies */
} CASES[] = {
    /* places from the start */
    {SEQ(STEP("contains: abc, at: 0")), "abcd", "xabc"},
    {SEQ(STEP("contains: abc, at: 2")), "xxabc", "xxxabc"},
    {SEQ(STEP("contains: abc, from: 2")), "xxxabc", "abcx"},
    {SEQ(STEP("contains: abc, to: 5")), "xxabc", "xxxabc"},
    {SEQ(STEP("contains: abc, from: 1, to: 5")), "xxabcx", "abcxxx"},
    {SEQ(STEP("contains: abc, end: true")), "xxabc", "abcx"},
    {SEQ(STEP("contains: ABC")), "xabcx", "xabx"},
    {SEQ(STEP("contains|cased: ABC")), "xABC", "xabc"},
    {SEQ(STEP("hex: '61 ?? 63'")), "xabc", "xabx"},
    {SEQ(STEP("hex: '41'")), "A", "a"},
    /* from where the step before ended */
    {SEQ(STEP("contains: user") STEP("contains: pass, distance: 0")), "user x pass", "pass user"},
    {SEQ(STEP("contains: ab") STEP("contains: cd, distance: 2")), "abxxcd", "abxcd"},
    {SEQ(STEP("contains: ab") STEP("contains: cd, distance: 1, within: 3")), "abxycd", "abxxxcd"},
    {SEQ(STEP("contains: ab") STEP("contains: cd, within: 2")), "abcd", "abxcd"},
    {SEQ(STEP("contains: abcd") STEP("contains: bc, distance: -3")), "abcd", "bcxabcx"},
    {SEQ(STEP("contains: ab") STEP("contains: cd, distance: -100")), "cdab", "xxab"},
    {SEQ(STEP("contains: ab") STEP("contains: cd")), "cdab", "ab"},
    {SEQ(STEP("contains: ab") STEP("contains: cd, distance: 0, end: true")), "abxcd", "abcdx"},
    /* a step that others count from moves on */
    {SEQ(STEP("contains: ab") STEP("contains: cd, within: 2")), "ab ab abcd", "ab ab cd"},
    {SEQ(STEP("contains: aa") STEP("contains: ab, within: 2")), "aaaab", "aaaxab"},
    {SEQ(STEP("contains: a") STEP("contains: b, within: 2") STEP("contains: c, within: 1")),
     "a b ab abc", "a b ab c"},
    {SEQ(STEP("re: '[0-9]+'") STEP("contains: x, within: 1")), "12 34x", "12 34 x"},
    /* negation */
    {SEQ(STEP("contains: ab") STEP("not: true, contains: cd, within: 4")), "abxxxcd", "abxcd"},
    {SEQ(STEP("contains: ab") STEP("not: true, contains: cd, within: 2")), "abcd abxx", "abcd"},
    {SEQ(STEP("contains: ab") STEP("not: true, contains: cd")), "ab", "cdab"},
    {SEQ(STEP("contains: ab") STEP("not: true, re: '[0-9]', distance: 0")), "1ab", "ab1"},
    /* regular expressions */
    {SEQ(STEP("re: 'a+b', at: 0")), "aab", "xab"},
    {SEQ(STEP("re|i: 'A+B'")), "xaab", "xa"},
    {SEQ(STEP("contains: id=") STEP("re: '^[0-9]{3}$', distance: 0")), "id=123", "id=12"},
    {SEQ(STEP("re: '^[0-9]{3}$', from: 0")), "123", "x123"},
    {SEQ(STEP("contains: id=") STEP("re: '[0-9]{3}', distance: 0, within: 3")), "id=123",
     "id=x123"},
    /* bytes that follow */
    {SEQ(STEP("contains: ab") STEP("left: 3")), "abxyz", "abxy"},
    {SEQ(STEP("contains: ab") STEP("not: true, left: 1")), "xxab", "abx"},
    {SEQ(STEP("contains: ab") STEP("not: true, left: 1")), "abxab", "abxabx"},
    /* numbers */
    {SEQ(STEP("bytes: 1, at: 0, eq: 0x61")), "ab", "ba"},
    {SEQ(STEP("bytes: 2, at: 1, eq: 0x6162")), "xab", "xba"},
    {SEQ(STEP("bytes: 2, at: 0, endian: little, eq: 0x6261")), "ab", "ba"},
    {SEQ(STEP("bytes: 4, at: 0, gt: 0x61000000")), "aaaa", "Aaaa"},
    {SEQ(STEP("bytes: 3, at: 0, base: dec, gte: 512")), "512", "511"},
    {SEQ(STEP("bytes: 4, at: 0, base: hex, eq: 31")), "0x1f", "0x20"},
    {SEQ(STEP("bytes: 3, at: 0, base: oct, eq: 8")), "010", "090"},
    {SEQ(STEP("bytes: 4, at: 0, base: dec, lt: 100")), "  42", "  xx"},
    {SEQ(STEP("contains: len=") STEP("bytes: 5, distance: 0, base: dec, gt: 99")), "len=00123",
     "len=00099"},
    {SEQ(STEP("bytes: 1, at: 0, and: 0x20")), "a", "A"},
    {SEQ(STEP("bytes: 1, at: 0, nand: 0x20")), "A", "a"},
    {SEQ(STEP("bytes: 1, at: 0, mask: 0xf0, eq: 6")), "a", "q"},
    {SEQ(STEP("bytes: 1, at: 0, ne: 0x61")), "b", "a"},
    {SEQ(STEP("not: true, bytes: 1, at: 0, eq: 0x61")), "b", "a"},
    {SEQ(STEP("bytes: 4, at: 1, gte: 0")), "12345", "1234"},
    {"      {bytes: 1, at: 0, lte: 0x60}", "A", "a"},
    /* jumps */
    {SEQ(STEP("jump: 1, at: 0, base: dec") STEP("contains: x, within: 1")), "3abcx", "3abx"},
    {SEQ(STEP("jump: 1, at: 0, base: dec, multiply: 2") STEP("contains: x, within: 1")), "2abcdx",
     "2abx"},
    {SEQ(STEP("jump: 1, at: 0, base: dec, add: 1") STEP("contains: x, within: 1")), "1abx", "1axb"},
    {SEQ(STEP("jump: 1, at: 0, base: dec, align: 4") STEP("contains: x, within: 1")), "1abcdx",
     "1ax"},
    {SEQ(STEP("jump: 1, at: 2, base: dec, origin: start") STEP("contains: x, within: 1")), "xa0b",
     "axa0"},
    {SEQ(STEP("jump: 1, at: 0, base: dec, origin: end, add: -3") STEP("contains: x, within: 1")),
     "1abxc", "1axbc"},
    {SEQ(STEP("contains: ab") STEP("jump: 1, distance: 1, base: dec") STEP("left: 2")), "ab.2xxyy",
     "ab.9xxyy"},
};

static void each_kind_of_step_holds_where_it_should(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct scene s;
        begin(&s, CASES[i].value);
        if (!holds(&s, view_from_string(CASES[i].holds)))
            fail_msg("does not hold of \"%s\":\n%s", CASES[i].holds, CASES[i].value);
        if (holds(&s, view_from_string(CASES[i].fails)))
            fail_msg("holds of \"%s\":\n%s", CASES[i].fails, CASES[i].value);
        if (strstr(CASES[i].value, "not: true") == NULL && holds(&s, view_make("", 0)))
            fail_msg("holds of nothing:\n%s", CASES[i].value);
        end(&s);
    }
}

static void evidence_spans_what_the_steps_found(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, SEQ(STEP("contains: ab") STEP("contains: cd, distance: 1, within: 3")));
    assert_true(holds(&s, view_from_string("xxab ab.cdxx")));
    assert_true(s.evidence.has_offset);
    assert_int_equal(s.evidence.offset, 5);
    assert_string_equal(s.excerpt, "ab.cd");
    assert_non_null(strstr(s.evidence.predicate, "2 steps"));
    end(&s);
}

/* Many places for each of many steps: given up and counted, not endless. */
static void a_value_made_to_explode_is_not_confirmed(void **state)
{
    (void)state;
    struct scene s;
    static char body[20000];
    begin(&s, SEQ(STEP("contains: aa") STEP("contains: aa, distance: 0")
                      STEP("contains: aa, distance: 0") STEP("contains: aa, distance: 0")
                          STEP("contains: b, distance: 0")));
    memset(body, 'a', sizeof(body));
    assert_false(holds(&s, view_make(body, sizeof(body))));
    assert_true(matcher_stats(s.matcher)->confirm_limit_hits > 0);
    end(&s);
}

static void a_sequence_is_found_by_its_rarest_literal(void **state)
{
    (void)state;
    struct scene s;
    begin(&s, SEQ(STEP("contains: GET") STEP("contains: zqxjkv, distance: 0")));
    assert_int_equal(s.stats.ungated_rules, 0);
    assert_true(holds(&s, view_from_string("GET zqxjkv")));
    end(&s);
    begin(&s, SEQ(STEP("bytes: 1, at: 0, gt: 3")));
    assert_int_equal(s.stats.ungated_rules, 1);
    end(&s);
}

static void faults_of_steps_are_told_each(void **state)
{
    (void)state;
    static const struct {
        const char *value, *fault;
    } FAULTS[] = {
        {SEQ(STEP("contains: a, frm: 3")), "unknown-key"},
        {SEQ(STEP("from: 3")), "step-kind"},
        {SEQ(STEP("contains: a, hex: '61'")), "step-kind"},
        {SEQ(STEP("contains: a, endian: little")), "step-key"},
        {SEQ(STEP("left: 3, at: 0")), "step-key"},
        {SEQ(STEP("contains: 'a*b'")), "step-wildcard"},
        {SEQ(STEP("hex: '6'")), "hex-value"},
        {SEQ(STEP("re: '('")), "regex"},
        {SEQ(STEP("contains|i: a")), "step-modifier"},
        {SEQ(STEP("bytes: 2, at: 0")), "step-compare"},
        {SEQ(STEP("bytes: 2, gt: 3")), "offset"},
        {SEQ(STEP("bytes: 2, at: 0, gt: 3, lt: 9")), "step-compare"},
        {SEQ(STEP("bytes: 9, at: 0, gt: 3")), "step-width"},
        {SEQ(STEP("bytes: x, at: 0, gt: 3")), "step-number"},
        {SEQ(STEP("contains: a, at: -1")), "step-number"},
        {SEQ(STEP("contains: a, at: 1, distance: 1")), "offset"},
        {SEQ(STEP("contains: abc, from: 3, to: 5")), "offset"},
        {SEQ(STEP("contains: abc, within: 2")), "offset"},
        {SEQ(STEP("contains: abc, not: maybe")), "step-word"},
        {"      sequence: []", "sequence"},
        {"      sequence: abc", "sequence"},
        {"      sequence: [abc]", "wrong-kind"},
        {"      {sequence: [{contains: a}], at: 0}", "two-values"},
    };

    for (size_t i = 0; i < sizeof(FAULTS) / sizeof(FAULTS[0]); i++) {
        char text[1024];
        snprintf(text, sizeof(text),
                 RULE_HEAD("http") "detection:\n  a:\n    http.uri:\n%s\n  condition: a\n",
                 FAULTS[i].value);
        struct loaded loaded = load(text);
        if (strcmp(only_fault(&loaded), FAULTS[i].fault) != 0)
            fail_msg("%s: %s, expected %s", FAULTS[i].value, only_fault(&loaded), FAULTS[i].fault);
        unload(&loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_step_holds_where_it_should),
        cmocka_unit_test(evidence_spans_what_the_steps_found),
        cmocka_unit_test(a_value_made_to_explode_is_not_confirmed),
        cmocka_unit_test(a_sequence_is_found_by_its_rarest_literal),
        cmocka_unit_test(faults_of_steps_are_told_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
