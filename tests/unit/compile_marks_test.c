/* SPDX-License-Identifier: BSD-3-Clause */
/* The order of rules with marks, held against what it promises, on random sets of rules. */
#include "unit/test.h"

#include "unit/build_rules.h"

enum { RULES = 14, MARKS = 6, ROUNDS = 60 };

/* What a rule has to do with each mark. */
struct deeds {
    bool reads[MARKS], sets[MARKS], clears[MARKS];
    bool is_reader, is_changer;
};

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % limit;
}

static struct view name_of(uint32_t mark)
{
    static const char NAMES[MARKS][2] = {"a", "b", "c", "d", "e", "f"};
    return view_make(NAMES[mark], 1);
}

static void make_rule(struct bench *b, struct deeds *d, uint64_t *seed)
{
    static const char *const PATTERNS[] = {"/x", "/y"};
    struct node *condition = node_from(b, glob(b, FIELD_HTTP_URI, PATTERNS[random_below(seed, 2)]));
    struct mark_change changes[MARKS];
    size_t count = 0;

    for (uint32_t m = 0; m < MARKS; m++) {
        uint32_t dice = random_below(seed, 20);
        if (dice == 0 || dice == 1) {
            struct predicate *p = predicate_of(b, MATCH_MARK, FIELD_FLOW_MARK);
            p->bytes = name_of(m);
            p->is_negated = dice == 0;
            condition = node_of(b, NODE_AND, condition, node_from(b, p));
            d->reads[m] = d->is_reader = true;
        }
        dice = random_below(seed, 20);
        if (dice < 3) {
            enum mark_act act = dice == 0 ? MARK_CLEAR : dice == 1 ? MARK_SET : MARK_TOGGLE;
            changes[count++] = (struct mark_change){.act = act, .name = name_of(m)};
            d->is_changer = true;
            d->clears[m] = act == MARK_CLEAR;
            d->sets[m] = act != MARK_CLEAR;
        }
    }
    struct rule *rule = bench_rule(b, EVENT_HTTP, condition);
    rule->marks = arena_array(b->arena, MARKS, sizeof(*rule->marks));
    memcpy(rule->marks, changes, count * sizeof(*changes));
    rule->mark_count = count;
}

static int kind_of(const struct deeds *d)
{
    return !d->is_reader ? d->is_changer ? 0 : 3 : d->is_changer ? 1 : 2;
}

/* waits[a][b]: a asks, over any number of rules that read and change, for what b sets. */
static void close_over(const struct deeds d[RULES], bool waits[RULES][RULES])
{
    for (uint32_t a = 0; a < RULES; a++) {
        for (uint32_t b = 0; b < RULES; b++) {
            waits[a][b] = false;
            for (uint32_t m = 0; m < MARKS; m++)
                waits[a][b] |=
                    kind_of(&d[a]) == 1 && kind_of(&d[b]) == 1 && d[a].reads[m] && d[b].sets[m];
        }
    }
    for (uint32_t k = 0; k < RULES; k++) {
        for (uint32_t a = 0; a < RULES; a++) {
            for (uint32_t b = 0; b < RULES; b++)
                waits[a][b] |= waits[a][k] && waits[k][b];
        }
    }
}

static void check_pair(const struct deeds d[RULES], bool waits[RULES][RULES], uint32_t first,
                       uint32_t second)
{
    int left = kind_of(&d[first]), right = kind_of(&d[second]);

    if (left == 3 || right == 3)
        return;
    assert_true(left <= right);
    if (left != right)
        return;
    if (left != 1 || (waits[first][second] && waits[second][first]))
        assert_true(first < second); /* as the files have them */
    else
        assert_false(waits[first][second]);
}

static void setters_come_first_and_all_else_stays(void **unused)
{
    (void)unused;
    uint64_t seed = 1;

    for (int round = 0; round < ROUNDS; round++) {
        struct bench b;
        struct deeds d[RULES] = {0};
        bool waits[RULES][RULES];
        uint32_t at[RULES];
        bench_begin(&b);
        for (uint32_t i = 0; i < RULES; i++)
            make_rule(&b, &d[i], &seed);
        close_over(d, waits);
        b.set = compile_rules(&b.rules, &b.diagnostics, &b.stats, &b.error);
        assert_non_null(b.set);
        assert_int_equal(ruleset_count(b.set), RULES);
        for (uint32_t i = 0; i < RULES; i++) {
            at[i] = ruleset_rule(b.set, i)->sid - 1;
            assert_true(kind_of(&d[at[i]]) == 3 ? at[i] == i : kind_of(&d[i]) != 3);
            for (uint32_t before = 0; before < i; before++)
                check_pair(d, waits, at[before], at[i]);
        }
        bench_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setters_come_first_and_all_else_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
