/* SPDX-License-Identifier: BSD-3-Clause */
/* Shadows: what implies what, by a table and by random conditions over random events; and that rules find those in
 * whose shadow they stand without being compared with all. */
#include "unit/test.h"

#include <stdio.h>

#include "lint/implied.h"
#include "sigma/rules.h"
#include "unit/naive_match.h"

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

/* ---- the table -------------------------------------------------------------------------------------------- */

/* "name value" as predicates: globs with their case (`=`), domains, hex, ranges, bounds. */
static struct predicate *question(struct bench *b, const char *text)
{
    const char *value = strchr(text, ' ') + 1;
    size_t kind = (size_t)(value - text) - 1;
    struct predicate *p;

    if (strncmp(text, "domain", kind) == 0)
        return domain(b, FIELD_HTTP_HOST, value);
    if (strncmp(text, "hex", kind) == 0)
        return hex(b, FIELD_HTTP_HOST, value, strlen(value), NULL);
    if (strncmp(text, "in", kind) == 0)
        return prefix(b, FIELD_SRC_IP, value);
    if (strncmp(text, "re", kind) == 0)
        return regex(b, FIELD_HTTP_HOST, value, 0);
    if (strncmp(text, "exists", kind) == 0) {
        p = predicate_of(b, MATCH_EXISTS, FIELD_HTTP_HOST);
        p->wanted = strcmp(value, "true") == 0;
        return p;
    }
    if (strncmp(text, "gt", kind) == 0)
        return number(b, FIELD_HTTP_STAT_CODE, COMPARE_GT, atoi(value));
    if (strncmp(text, "lte", kind) == 0)
        return number(b, FIELD_HTTP_STAT_CODE, COMPARE_LTE, atoi(value));
    if (strncmp(text, "eq", kind) == 0)
        return number(b, FIELD_HTTP_STAT_CODE, COMPARE_EQ, atoi(value));
    p = glob(b, strncmp(text, "uri", 3) == 0 ? FIELD_HTTP_URI : FIELD_HTTP_HOST, value);
    p->is_cased = value[-2] == '=';
    for (const char *at = strchr(text, '@'); at != NULL && at < value; at = NULL) {
        p->offsets.from = (size_t)(at[1] - '0');
        p->offsets.to = at[2] == '-' ? (size_t)(at[3] - '0') : SIZE_MAX;
    }
    return p;
}

static void predicates_imply_what_the_table_says(void **unused)
{
    (void)unused;
    static const struct {
        const char *narrow, *wide;
        bool holds;
    } ROWS[] = {
        {"glob *abcd*", "glob *bc*", true},
        {"glob *bc*", "glob *abcd*", false},
        {"glob *ABCD*", "glob *bc*", true},
        {"glob= *ABCD*", "glob *bc*", true},
        {"glob *bc*", "glob= *bc*", false}, /* BC fits the first alone */
        {"glob *12*", "glob= *12*", true},
        {"glob abcd", "glob abcd", true},
        {"glob abcd", "glob ab*", true},
        {"glob abcd", "glob *cd", true},
        {"glob abcd", "glob *bcd", true},
        {"glob abcd", "glob *bc", false},
        {"glob abcd", "glob ab*cd", true},
        {"glob abcd", "glob abc*cd", false}, /* bytes are not used twice */
        {"glob abcd", "glob ?bc?", true},
        {"glob a?cd", "glob abcd", false},
        {"glob a?cd", "glob a?c*", true},
        {"glob a*cd", "glob a?cd", false},
        {"glob *ab*cd*", "glob *ab*", true},
        {"glob *ab*cd*", "glob *abcd*", false},
        {"glob *ab*cd*", "glob *cd*ab*", false},
        {"glob ab*", "glob *ab*", true},
        {"glob *ab*", "glob ab*", false},
        {"glob *ab", "glob ab*", false},
        {"glob *ab*", "uri *ab*", false},
        {"hex abcd", "glob= *bc*", true},
        {"glob= *abcd*", "hex bc", true},
        {"glob *abcd*", "hex bc", false},
        {"glob@4 *abcd*", "glob *bc*", true},
        {"glob *abcd*", "glob@4 *bc*", false},
        {"glob@4-9 *ab*", "glob@3-9 *ab*", true},
        {"glob@3-9 *ab*", "glob@4-9 *ab*", false},
        {"glob@4 ab*", "glob ab*", false}, /* begins at the fourth byte, not at the first */
        {"glob@4 ab*", "glob@4 a*", true},
        {"glob@0-4 *ab", "glob *ab", false},
        {"domain a.evil.com", "domain evil.com", true},
        {"domain evil.com", "domain a.evil.com", false},
        {"domain notevil.com", "domain evil.com", false},
        {"domain evil.com", "domain EVIL.com", true},
        {"glob a.evil.com", "domain evil.com", true},
        {"glob evil.com", "domain evil.com", true},
        {"glob evil.com.", "domain evil.com", true},
        {"glob notevil.com", "domain evil.com", false},
        {"glob *.evil.com", "domain evil.com", true},
        {"glob *evil.com", "domain evil.com", false},
        {"glob *.evil.com*", "domain evil.com", false},
        {"domain evil.com", "glob *evil*", true},
        {"domain evil.com", "glob *evil.com", false}, /* "evil.com." */
        {"domain evil.com", "glob evil*", false},
        {"in 10.1.2.3", "in 10.0.0.0/8", true},
        {"in 10.1.0.0/16", "in 10.0.0.0/8", true},
        {"in 10.0.0.0/8", "in 10.1.0.0/16", false},
        {"in 11.0.0.0/16", "in 10.0.0.0/8", false},
        {"in 10.0.0.0/8", "in ::/0", true},
        {"gt 10", "gt 5", true},
        {"gt 5", "gt 10", false},
        {"eq 7", "gt 5", true},
        {"eq 5", "gt 5", false},
        {"eq 5", "lte 5", true},
        {"lte 4", "lte 5", true},
        {"gt 5", "lte 5", false},
        {"glob *ab*", "exists true", true},
        {"re ab", "exists true", true},
        {"exists true", "glob *ab*", false},
        {"gt 5", "exists true", false}, /* another field */
        {"re ab", "re ab", true},
        {"re ab", "re a", false},
    };
    struct bench b;

    bench_begin(&b);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct predicate *narrow = question(&b, ROWS[i].narrow), *wide = question(&b, ROWS[i].wide);
        struct means means = {.budget = 100};
        if (predicate_implies(narrow, wide, NULL) != ROWS[i].holds)
            fail_msg("%s -> %s", ROWS[i].narrow, ROWS[i].wide);
        assert_int_equal(condition_implies(node_from(&b, narrow), node_from(&b, wide), &means),
                         ROWS[i].holds);
        struct node *not_narrow = node_of(&b, NODE_NOT, node_from(&b, narrow), NULL);
        struct node *not_wide = node_of(&b, NODE_NOT, node_from(&b, wide), NULL);
        assert_int_equal(condition_implies(not_wide, not_narrow, &means), ROWS[i].holds);
        narrow->is_negated = wide->is_negated = true;
        if (wide->op != MATCH_EXISTS)
            assert_int_equal(predicate_is_negative(narrow), true);
        assert_int_equal(condition_implies(node_from(&b, wide), node_from(&b, narrow), &means),
                         ROWS[i].holds);
    }
    bench_end(&b);
}

static void a_sequence_implies_its_steps(void **unused)
{
    (void)unused;
    struct bench b;
    struct step steps[2] = {{.kind = STEP_BYTES,
                             .is_cased = true,
                             .bytes = VIEW("abcd"),
                             .offsets = {0, SIZE_MAX, true}},
                            {.kind = STEP_BYTES,
                             .is_negated = true,
                             .bytes = VIEW("efgh"),
                             .offsets = {0, SIZE_MAX, false}}};

    bench_begin(&b);
    struct predicate *sequence = predicate_of(&b, MATCH_SEQUENCE, FIELD_HTTP_HOST);
    sequence->steps = steps;
    sequence->step_count = 2;
    assert_true(predicate_implies(sequence, glob(&b, FIELD_HTTP_HOST, "abc*"), NULL));
    assert_true(predicate_implies(sequence, glob(&b, FIELD_HTTP_HOST, "*bcd*"), NULL));
    assert_false(predicate_implies(sequence, glob(&b, FIELD_HTTP_HOST, "*efgh*"), NULL));
    assert_true(predicate_implies(sequence, sequence, NULL));
    steps[0].is_relative = true;
    assert_false(predicate_implies(sequence, glob(&b, FIELD_HTTP_HOST, "abc*"), NULL));
    bench_end(&b);
}

static void what_stands_in_a_list_implies_it(void **unused)
{
    (void)unused;
    static const struct {
        const char *narrow;
        enum list_type type;
        bool holds;
    } ROWS[] = {
        {"domain evil.com", LIST_DOMAIN, true},
        {"domain a.evil.com", LIST_DOMAIN, true},
        {"domain notevil.com", LIST_DOMAIN, false},
        {"domain com", LIST_DOMAIN, false},
        {"glob EVIL.com", LIST_DOMAIN, true},
        {"glob *.evil.com", LIST_DOMAIN, true},
        {"glob *evil.com", LIST_DOMAIN, false},
        {"glob *.evil.com*", LIST_DOMAIN, false},
        {"glob evil.com", LIST_STRING, true},
        {"glob a.evil.com", LIST_STRING, false},
        {"glob *evil.com", LIST_STRING, false},
        {"domain evil.com", LIST_STRING, false},
        {"glob expired.com", LIST_DOMAIN, false},
        {"glob expired.com", LIST_STRING, false},
        {"in 10.1.2.3", LIST_IP, true},
        {"in 10.1.0.0/16", LIST_IP, true},
        {"in 10.0.0.0/8", LIST_IP, false},
        {"in 11.1.2.3", LIST_IP, false},
    };
    static const char *const NAMES[] = {"evil.com", "other.com"}, *const RANGE[] = {"10.1.0.0/16"};
    const struct list_entry expired = {.valid_until_s = 1000, .confidence = -1};
    struct members *members = members_new();
    struct bench b;

    bench_begin(&b);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        bool is_ip = ROWS[i].type == LIST_IP;
        struct predicate *narrow = question(&b, ROWS[i].narrow);
        struct list *list = list_of(&b, ROWS[i].type, is_ip ? RANGE : NAMES, is_ip ? 1 : 2);
        if (!is_ip)
            assert_true(list_add(list, VIEW("expired.com"), &expired));
        struct predicate *wide = member(&b, narrow->field, list);
        if (predicate_implies(narrow, wide, members) != ROWS[i].holds)
            fail_msg("%s", ROWS[i].narrow);
        assert_false(predicate_implies(narrow, wide, NULL));
        struct list *later = list_of(&b, ROWS[i].type, is_ip ? RANGE : NAMES, is_ip ? 1 : 2);
        later->expires_us = 1;
        assert_false(predicate_implies(narrow, member(&b, narrow->field, later), members));
        wide->confidence = (struct confidence_range){true, 20, 80};
        assert_false(predicate_implies(narrow, wide, members));
        struct predicate *other = member(&b, narrow->field, list);
        assert_true(predicate_implies(wide, other, members));
        assert_false(predicate_implies(other, wide, members));
        other->confidence = (struct confidence_range){true, 30, 80};
        assert_true(predicate_implies(other, wide, members));
        assert_false(predicate_implies(wide, other, members));
    }
    bench_end(&b);
    members_free(members);
}

/* ---- random conditions ------------------------------------------------------------------------------------ */

static const char *const WORDS[] = {"a", "b", "ab", "ba", ".", "A", "b.a", "abab", ".ab", "aBba.a"};
enum { WORD_COUNT = sizeof(WORDS) / sizeof(WORDS[0]) };

static const enum field_id TEXT_FIELDS[] = {FIELD_HTTP_URI, FIELD_HTTP_HOST, FIELD_HTTP_SET_COOKIE};

static void random_words(uint64_t *state, char *out, size_t most, bool is_glob)
{
    static const char *const LINKS[] = {"", "", "", "*", "?"};

    out[0] = '\0';
    if (is_glob && draw(state, 2))
        strcat(out, "*");
    for (size_t i = 1 + draw(state, most); i > 0; i--) {
        strcat(out, WORDS[draw(state, WORD_COUNT)]);
        if (is_glob)
            strcat(out, LINKS[draw(state, 5)]);
    }
    if (is_glob && draw(state, 2))
        strcat(out, "*");
}

static struct predicate *random_text_predicate(struct bench *b, uint64_t *state)
{
    enum field_id field = TEXT_FIELDS[draw(state, 3)];
    char text[128];
    uint64_t kind = draw(state, 8);

    random_words(state, text, 3, kind < 5);
    if (kind == 7)
        return domain(b, field, draw(state, 2) ? "ab.a" : "a");
    struct predicate *p = kind < 5 ? glob(b, field, text) : hex(b, field, text, strlen(text), NULL);
    p->is_cased |= draw(state, 3) == 0;
    if (draw(state, 5) == 0) {
        p->offsets.from = draw(state, 3);
        p->offsets.to = draw(state, 2) ? SIZE_MAX : p->offsets.from + 2 + draw(state, 4);
        p->offsets.is_exact = draw(state, 3) == 0;
    }
    return p;
}

static const char *const RANGES[] = {"10.1.2.3", "10.1.0.0/16", "10.0.0.0/8", "::/0"};

/* Names, texts, or addresses. */
static struct predicate *random_list_predicate(struct bench *b, uint64_t *state)
{
    static const char *const NAMES[] = {"a", "ab.a", "b", "ba.ab.a", "aba"};
    uint64_t kind = draw(state, 3);
    size_t first = draw(state, 3), count = 1 + draw(state, 2);

    if (kind == 2)
        return member(b, FIELD_SRC_IP, list_of(b, LIST_IP, RANGES + first, 1));
    return member(b, TEXT_FIELDS[draw(state, 3)],
                  list_of(b, kind == 0 ? LIST_DOMAIN : LIST_STRING, NAMES + first, count));
}

static struct node *random_leaf(struct bench *b, uint64_t *state)
{
    struct predicate *p;

    switch (draw(state, 8)) {
    case 0:
        p = number(b, FIELD_HTTP_STAT_CODE, (enum compare)draw(state, 5),
                   (int64_t)(200 + draw(state, 3)));
        break;
    case 1:
        p = prefix(b, FIELD_SRC_IP, RANGES[draw(state, 4)]);
        break;
    case 2:
        p = predicate_of(b, MATCH_EXISTS, TEXT_FIELDS[draw(state, 3)]);
        p->wanted = draw(state, 2);
        return node_from(b, p);
    case 3:
        p = random_list_predicate(b, state);
        break;
    default:
        p = random_text_predicate(b, state);
    }
    p->is_negated = draw(state, 5) == 0;
    return node_from(b, p);
}

static struct node *random_condition(struct bench *b, uint64_t *state, unsigned depth)
{
    uint64_t kind = draw(state, depth > 1 ? 1 : 5);

    if (kind < 2)
        return random_leaf(b, state);
    struct node *left = random_condition(b, state, depth + 1);
    if (kind == 4)
        return node_of(b, NODE_NOT, left, NULL);
    struct node *right = random_condition(b, state, depth + 1);
    return node_of(b, kind == 2 ? NODE_OR : NODE_AND, left, right);
}

struct sample {
    union value texts[3][2], number, ip;
    uint32_t counts[3], number_count;
    char room[6][64];
};

static void random_sample(struct sample *sample, uint64_t *state)
{
    for (size_t f = 0; f < 3; f++) {
        sample->counts[f] = (uint32_t)draw(state, f == 2 ? 3 : 2);
        for (size_t i = 0; i < sample->counts[f]; i++) {
            random_words(state, sample->room[f * 2 + i], 5, false);
            sample->texts[f][i].bytes = view_from_string(sample->room[f * 2 + i]);
        }
    }
    sample->number_count = (uint32_t)draw(state, 2);
    sample->number.number = (int64_t)(199 + draw(state, 5));
    assert_true(address_parse(view_from_string(draw(state, 2) ? "10.1.2.3" : "10.200.0.1"),
                              &sample->ip.ip));
}

static struct value_list sample_get(void *context, const struct predicate *p, enum field_id field)
{
    struct sample *sample = context;
    (void)p;
    for (size_t f = 0; f < 3; f++) {
        if (TEXT_FIELDS[f] == field)
            return (struct value_list){sample->texts[f], sample->counts[f]};
    }
    if (field == FIELD_SRC_IP)
        return (struct value_list){&sample->ip, 1};
    return (struct value_list){&sample->number, sample->number_count};
}

static void assert_proof(const struct node *narrow, const struct node *wide, struct sample *samples,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!naive_node(narrow, EVENT_HTTP, sample_get, &samples[i]) ||
            naive_node(wide, EVENT_HTTP, sample_get, &samples[i]))
            continue;
        naive_print(narrow);
        fprintf(stderr, "\ndoes not imply\n");
        naive_print(wide);
        fail();
    }
}

static void what_is_said_to_follow_follows(void **unused)
{
    (void)unused;
    enum { CONDITIONS = 120, SAMPLES = 400, ROUNDS = 12 };
    struct sample *samples = calloc(SAMPLES, sizeof(*samples));
    size_t proofs = 0;

    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        struct node *conditions[CONDITIONS];
        uint64_t state = seed;
        struct members *members = members_new();
        struct bench b;
        bench_begin(&b);
        for (size_t i = 0; i < CONDITIONS; i++)
            conditions[i] = random_condition(&b, &state, 0);
        for (size_t i = 0; i < SAMPLES; i++)
            random_sample(&samples[i], &state);
        for (size_t i = 0; i < CONDITIONS * CONDITIONS; i++) {
            const struct node *narrow = conditions[i / CONDITIONS],
                              *wide = conditions[i % CONDITIONS];
            struct means means = {1000, members};
            if (narrow == wide || !condition_implies(narrow, wide, &means))
                continue;
            proofs++;
            assert_proof(narrow, wide, samples, SAMPLES);
        }
        members_free(members);
        bench_end(&b);
    }
    assert_true(proofs > 2000);
    free(samples);
}

/* ---- finding ---------------------------------------------------------------------------------------------- */

static bool is_told(const struct bench *b, size_t rule)
{
    for (size_t i = 0; i < b->diagnostics.count; i++) {
        const struct diagnostic *d = &b->diagnostics.items[i];
        if (d->line == rule + 1 &&
            (strcmp(d->id, "shadowed-rule") == 0 || strcmp(d->id, "duplicate-rule") == 0))
            return true;
    }
    return false;
}

static bool follows(const struct bench *b, struct members *members, size_t narrow, size_t wide)
{
    struct means means = {1000, members};
    return condition_implies(b->rules.items[narrow]->condition, b->rules.items[wide]->condition,
                             &means);
}

/* Has it keys of what is not denied? Those of what is find the same alone. */
static bool has_keys(const struct node *node)
{
    bool all = node->count > 0, any = false;

    if (node->kind == NODE_PREDICATE)
        return !predicate_is_negative(node->predicate);
    for (size_t i = 0; i < node->count; i++) {
        bool has = has_keys(node->children[i]);
        all &= has;
        any |= has;
    }
    return node->kind == NODE_AND ? any : node->kind == NODE_OR && all;
}

/* No shadow is overlooked for the keys' sake, and of rules that imply each other one stays. */
static void a_rule_is_told_when_another_one_matches_all_that_it_matches(void **unused)
{
    (void)unused;
    enum { RULES = 100 };
    size_t told = 0;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t state = seed * 1000;
        struct members *members = members_new();
        struct bench b;
        bench_begin(&b);
        for (size_t i = 0; i < RULES; i++)
            bench_rule(&b, EVENT_HTTP, random_condition(&b, &state, 0))->level = LEVEL_HIGH;
        rules_lint(&b.rules, &b.diagnostics);
        for (size_t i = 0; i < RULES; i++) {
            bool has_shadow = false, is_found = false;
            for (size_t j = 0; j < RULES; j++) {
                if (i == j || !follows(&b, members, i, j) || (j > i && follows(&b, members, j, i)))
                    continue;
                has_shadow = true;
                is_found |= has_keys(b.rules.items[j]->condition);
            }
            if (is_told(&b, i) ? !has_shadow : is_found) {
                naive_print(b.rules.items[i]->condition);
                fail_msg("seed %u, rule %zu: %s", (unsigned)seed, i,
                         is_found ? "overlooked" : "told");
            }
            told += is_found;
        }
        members_free(members);
        bench_end(&b);
    }
    assert_true(told > 300);
}

/* Everything that makes a wider rule no reason to give up the narrower one. */
static void rules_that_are_there_for_more_cast_no_shadow(void **unused)
{
    (void)unused;
    for (int what = 0; what < 9; what++) {
        struct mark_change mark = {.act = MARK_SET, .name = VIEW("m")};
        struct filter filter = {.number = 0};
        const struct filter *filters[] = {&filter};
        uint16_t ports[] = {80, 443};
        struct bench b;
        bench_begin(&b);
        struct rule *narrow =
            bench_rule(&b, EVENT_HTTP, node_from(&b, glob(&b, FIELD_HTTP_URI, "*abcd*")));
        struct rule *wide =
            bench_rule(&b, EVENT_HTTP, node_from(&b, glob(&b, FIELD_HTTP_URI, "*bc*")));
        narrow->ports = wide->ports = ports;
        narrow->port_count = what == 1 ? 0 : 1;
        wide->port_count = what == 1 ? 2 : what == 0 ? 2 : 1;
        wide->is_silent = what == 2;
        narrow->is_silent = what == 3;
        wide->suppress_us = what == 4;
        wide->marks = narrow->marks = &mark;
        wide->mark_count = what == 5;
        narrow->mark_count = what == 6;
        wide->filters = filters;
        wide->filter_count = what == 7;
        wide->level = what == 8 ? LEVEL_LOW : LEVEL_INFORMATIONAL;
        rules_lint(&b.rules, &b.diagnostics);
        if (is_told(&b, 0) != (what == 0))
            fail_msg("%d", what);
        bench_end(&b);
    }
}

/* What two rules ask of one list is not the same when they ask for other entries of it. */
static void rules_that_ask_for_another_confidence_are_no_twins(void **unused)
{
    (void)unused;
    static const char *const NAMES[] = {"evil.com"};
    struct bench b;

    bench_begin(&b);
    const struct list *list = list_of(&b, LIST_DOMAIN, NAMES, 1);
    struct predicate *sure = member(&b, FIELD_HTTP_HOST, list),
                     *surer = member(&b, FIELD_HTTP_HOST, list);
    sure->confidence = (struct confidence_range){true, 50, 100};
    surer->confidence = (struct confidence_range){true, 80, 100};
    bench_rule(&b, EVENT_HTTP, node_from(&b, sure));
    bench_rule(&b, EVENT_HTTP, node_from(&b, surer));
    rules_lint(&b.rules, &b.diagnostics);
    assert_false(is_told(&b, 0));
    assert_true(is_told(&b, 1));
    for (size_t i = 0; i < b.diagnostics.count; i++)
        assert_string_not_equal(b.diagnostics.items[i].id, "duplicate-rule");
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predicates_imply_what_the_table_says),
        cmocka_unit_test(a_sequence_implies_its_steps),
        cmocka_unit_test(what_stands_in_a_list_implies_it),
        cmocka_unit_test(what_is_said_to_follow_follows),
        cmocka_unit_test(a_rule_is_told_when_another_one_matches_all_that_it_matches),
        cmocka_unit_test(rules_that_are_there_for_more_cast_no_shadow),
        cmocka_unit_test(rules_that_ask_for_another_confidence_are_no_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
