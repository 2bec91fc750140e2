/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows over streams: sequences and PCRE2's expressions must be answered the same however the bytes were cut, as
 * plain evaluation of each block answers them, and over gaps, ends, both directions and spent budgets. */
#include "unit/test.h"

#include "unit/scene.h"

#include "compile/builder.h"
#include "match/matcher.h"
#include "ruleset/tables.h"

enum { RULES = 6, STEPS_MAX = 4, STREAM_MAX = 12000 };

static void begin(struct scene *s)
{
    scene_begin(s, 4444);
}

static void end(struct scene *s)
{
    match_flow_end(s->b.matcher, &s->flow);
    for (unsigned i = 0; i < RING_CLASSES; i++)
        assert_int_equal(s->b.matcher->rings[i].live, 0);
    scene_end(s);
}

static size_t send(struct scene *s, struct view bytes)
{
    return scene_send(s, TO_SERVER, bytes);
}

static size_t finish(struct scene *s)
{
    s->b.alerts = 0;
    match_stream_end(s->b.matcher, &s->flow, TO_SERVER, NULL);
    return s->b.alerts;
}

static size_t gap(struct scene *s, uint64_t missing)
{
    s->b.alerts = 0;
    match_stream_gap(s->b.matcher, &s->flow, TO_SERVER, missing);
    return s->b.alerts;
}

/* --- steps by hand ------------------------------------------------------------------------------- */

static struct step step_new(enum step_kind kind)
{
    return (struct step){
        .kind = kind, .within = SIZE_MAX, .offsets = {.to = SIZE_MAX}, .multiply = 1};
}

static struct step text(const char *bytes)
{
    struct step step = step_new(STEP_BYTES);
    step.bytes = view_from_string(bytes);
    step.is_cased = true;
    return step;
}

static struct step after(struct step step, int64_t distance, size_t within)
{
    step.is_relative = true;
    step.distance = distance;
    step.within = within;
    return step;
}

static struct step in(struct step step, size_t from, size_t to)
{
    step.offsets = (struct offsets){from, to, false};
    return step;
}

static struct step at(struct step step, size_t place)
{
    step.offsets = (struct offsets){place, SIZE_MAX, true};
    return step;
}

static struct step no(struct step step)
{
    step.is_negated = true;
    return step;
}

static struct step re(const char *expression)
{
    struct step step = step_new(STEP_REGEX);
    step.bytes = view_from_string(expression);
    return step;
}

static struct step left(uint64_t count)
{
    struct step step = step_new(STEP_LEFT);
    step.is_relative = true;
    step.number = count;
    return step;
}

static struct step number_at(unsigned width, size_t place, enum step_compare compare,
                             uint64_t number)
{
    struct step step = step_new(STEP_NUMBER);
    step.width = width;
    step.offsets = (struct offsets){place, SIZE_MAX, true};
    step.compare = compare;
    step.number = number;
    return step;
}

static struct predicate *sequence(struct bench *b, enum field_id field, const struct step *steps,
                                  size_t count)
{
    struct predicate *p = predicate_of(b, MATCH_SEQUENCE, field);
    p->steps = arena_array(b->arena, count, sizeof(*steps));
    memcpy(p->steps, steps, count * sizeof(*steps));
    p->step_count = count;
    p->is_cased = true;
    return p;
}

#define SEQUENCE(s, ...)                                                                           \
    do {                                                                                           \
        const struct step steps_[] = {__VA_ARGS__};                                                \
        bench_rule(&(s)->b, EVENT_STREAM,                                                          \
                   node_from(&(s)->b, sequence(&(s)->b, FIELD_STREAM_PAYLOAD, steps_,              \
                                               sizeof(steps_) / sizeof(steps_[0]))));              \
    } while (0)

/* --- any sequence over any stream in any segments -------------------------------------------------- */

static uint32_t draw(uint64_t *state, uint32_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % below;
}

static struct step draw_place(uint64_t *state, struct step step, size_t index)
{
    if (index > 0 && draw(state, 4) > 0)
        step = after(step, (int64_t)draw(state, 7) - 2,
                     draw(state, 3) ? step.bytes.len + draw(state, 12) : SIZE_MAX);
    else if (draw(state, 4) == 0)
        step = in(step, draw(state, 30), 30 + step.bytes.len + draw(state, 1000));
    else if (draw(state, 6) == 0)
        step = at(step, draw(state, 12));
    return step;
}

static struct step draw_step(uint64_t *state, size_t index)
{
    static const char *const TEXTS[] = {"ab", "abc", "abca", "bcabc", "cccc", "a", "baab", "acb"};
    static const char *const EXPRESSIONS[] = {"a(b|c)\\1", "^b+c",     "c(?=ab)", "[ab]{3}$",
                                              "bca|acb",   "(?<!a)bc", "a.b",     "b(?!c)"};
    struct step step;

    switch (draw(state, 9)) {
    case 0:
        step = re(EXPRESSIONS[draw(state, 8)]);
        break;
    case 1:
        return left(draw(state, 40));
    case 2:
        return no(left(draw(state, 40)));
    case 3:
        if (index == 0)
            return number_at(1, draw(state, 20), STEP_EQ, 'a');
        step = step_new(STEP_NUMBER);
        step.width = 1 + draw(state, 2);
        step.compare = STEP_GT;
        step.number = 'a';
        return after(step, (int64_t)draw(state, 6) - 1, SIZE_MAX);
    default:
        step = text(TEXTS[draw(state, 8)]);
        break;
    }
    step = draw_place(state, step, index);
    step.is_negated = draw(state, 4) == 0;
    if (step.kind == STEP_BYTES && !step.offsets.is_exact && draw(state, 12) == 0)
        step.is_at_end = true;
    return step;
}

static size_t draw_stream(uint64_t *state, uint8_t *out)
{
    size_t len = draw(state, 3) == 0 ? draw(state, STREAM_MAX) : draw(state, 120);
    uint32_t letters = 2 + draw(state, 12);

    for (size_t i = 0; i < len; i++) {
        uint32_t letter = draw(state, letters);
        out[i] = letter < 3 ? (uint8_t)('a' + letter) : letter == 3 ? '\n' : 'x';
    }
    return len;
}

/* What the rule's one predicate should answer: each block asked on its own. */
static bool expected(struct matcher *m, uint32_t rule, const uint8_t *bytes, size_t len)
{
    const struct ruleset *set = m->set;
    uint32_t predicate = set->nodes[set->rules[rule].node].predicate;
    const struct window_row *window = NULL;

    for (uint32_t i = 0; i < set->group_predicate_count; i++) {
        if (set->group_predicates[i].predicate == predicate)
            window = &set->group_predicates[i].window;
    }
    assert_non_null(window);
    for (uint64_t k = 0; k == 0 || (window->hop > 0 && k * window->hop <= len); k++) {
        uint64_t from = k * window->hop, to = from + window->len;
        struct stretch stretch = {
            .bytes = view_slice(view_make(bytes, len), (size_t)from, (size_t)to),
            .begin = from,
            .before = from > 0,
            .ends = to > len           ? ENDS_HERE
                    : window->is_value ? ENDS_HERE
                                       : ENDS_BLOCK,
        };
        if (sequence_ask(m, set->predicates[predicate].pieces, &stretch, NULL) == OUTCOME_YES)
            return true;
    }
    return false;
}

enum cut { CUT_NONE, CUT_EACH, CUT_RANDOM };

/* Bit n: rule n fired. */
static uint64_t fired(struct scene *s, const uint8_t *bytes, size_t len, enum cut cut,
                      uint64_t *state)
{
    uint64_t all = 0;

    for (size_t begin_at = 0; begin_at < len;) {
        size_t piece = cut == CUT_NONE ? len : cut == CUT_EACH ? 1 : 1 + draw(state, 700);
        piece = piece < len - begin_at ? piece : len - begin_at;
        uint8_t *copy = memory_new(piece, 1); /* so that reads beyond it are seen */
        memcpy(copy, bytes + begin_at, piece);
        send(s, view_make(copy, piece));
        memory_free(copy);
        for (size_t i = 0; i < s->b.alerts; i++)
            all |= UINT64_C(1) << s->b.sids[i];
        begin_at += piece;
    }
    finish(s);
    for (size_t i = 0; i < s->b.alerts; i++)
        all |= UINT64_C(1) << s->b.sids[i];
    match_flow_end(s->b.matcher, &s->flow);
    return all;
}

static void check_streams(struct scene *s, uint64_t *state, uint8_t *bytes)
{
    static const enum cut CUTS[] = {CUT_NONE, CUT_EACH, CUT_RANDOM, CUT_RANDOM};

    for (int round = 0; round < 6; round++) {
        size_t len = draw_stream(state, bytes);
        uint64_t wanted = 0;
        if (len == 0)
            continue;
        for (uint32_t r = 0; r < ruleset_count(s->b.set); r++) {
            if (expected(s->b.matcher, r, bytes, len))
                wanted |= UINT64_C(1) << ruleset_rule(s->b.set, r)->sid;
        }
        for (size_t c = 0; c < sizeof(CUTS) / sizeof(CUTS[0]); c++)
            assert_int_equal(fired(s, bytes, len, CUTS[c], state), wanted);
    }
}

static void any_cut_gives_the_same_answer(void **unused)
{
    (void)unused;
    static uint8_t bytes[STREAM_MAX];
    uint64_t state = 7;

    for (int round = 0; round < 150; round++) {
        struct scene s;
        begin(&s);
        for (size_t r = 0; r < RULES; r++) {
            struct step steps[STEPS_MAX];
            size_t count = 1 + draw(&state, STEPS_MAX);
            for (size_t i = 0; i < count; i++)
                steps[i] = draw_step(&state, i);
            enum field_id field =
                draw(&state, 5) ? FIELD_STREAM_PAYLOAD : FIELD_STREAM_PAYLOAD_HEAD;
            bench_rule(&s.b, EVENT_STREAM, node_from(&s.b, sequence(&s.b, field, steps, count)));
        }
        bench_compile(&s.b);
        assert_int_equal(s.b.diagnostics.errors, 0);
        check_streams(&s, &state, bytes);
        end(&s);
    }
}

/* --- places ----------------------------------------------------------------------------------------- */

/* The gate is the last step: the first one may lie a hop before it, in the block before its own. */
static void a_sequence_may_lie_across_any_edge_of_a_block(void **unused)
{
    (void)unused;
    static uint8_t bytes[3000];
    struct scene s;
    begin(&s);
    SEQUENCE(&s, text("ab"), after(text("needle"), 400, 506));
    bench_compile(&s.b);
    for (size_t place = 0; place + 510 < sizeof(bytes); place += 17) {
        memset(bytes, 'x', sizeof(bytes));
        memcpy(bytes + place, "ab", 2);
        memcpy(bytes + place + 2 + 500, "needle", 6);
        assert_int_equal(send(&s, view_make(bytes, sizeof(bytes))), 1);
        assert_int_equal(s.b.evidence[0].offset, place);
        assert_int_equal(s.b.evidence[0].excerpt.len, EXCERPT_KEPT);
        match_flow_end(s.b.matcher, &s.flow);
        bytes[place + 2 + 507] = bytes[place + 2 + 506] = 'x'; /* one byte too far */
        memmove(bytes + place + 2 + 501, "needle", 6);
        assert_int_equal(send(&s, view_make(bytes, sizeof(bytes))), place + 510 < sizeof(bytes));
        match_flow_end(s.b.matcher, &s.flow);
    }
    end(&s);
}

static void steps_may_come_in_later_segments(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    SEQUENCE(&s, text("LOGIN "), no(after(text("guest"), 0, 5)), after(re("^[a-z]+:"), 0, 20));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("x LOG")), 0);
    assert_int_equal(send(&s, VIEW("IN gue")), 0);
    assert_int_equal(send(&s, VIEW("st: LOGIN ad")), 0);
    assert_int_equal(send(&s, VIEW("min")), 0);
    assert_int_equal(send(&s, VIEW(":")), 1);
    assert_string_equal(s.b.excerpt, "LOGIN admin:");
    assert_int_equal(s.b.evidence[0].offset, 15);
    assert_true(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    end(&s);
}

static void offsets_are_those_of_the_stream_when_the_window_moved_on(void **unused)
{
    (void)unused;
    static uint8_t filler[10000];
    struct scene s;
    begin(&s);
    SEQUENCE(&s, in(text("needle"), 20000, 20100), after(text("pin"), 0, SIZE_MAX));
    SEQUENCE(&s, at(text("head"), 2), after(text("needle"), 0, SIZE_MAX));
    bench_compile(&s.b);
    memset(filler, '-', sizeof(filler));
    send(&s, VIEW("--head needl"));
    for (int i = 0; i < 2; i++)
        assert_int_equal(send(&s, view_make(filler, sizeof(filler))), 0);
    assert_int_equal(send(&s, VIEW("needle, pi")), 0);
    assert_int_equal(send(&s, VIEW("n")), 1);
    assert_int_equal(s.b.sids[0], 1);
    assert_int_equal(s.b.evidence[0].offset, 20012);
    assert_string_equal(s.b.excerpt, "needle, pin");
    end(&s);
}

static void numbers_alone_are_asked_of_the_first_bytes_once(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    SEQUENCE(&s, number_at(2, 4, STEP_GT, 0x1000), number_at(1, 0, STEP_EQ, 5));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("\x05....")), 0);
    assert_false(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    assert_int_equal(send(&s, VIEW("\x20")), 1);
    match_flow_end(s.b.matcher, &s.flow);
    assert_int_equal(send(&s, VIEW("\x04...\x20\x20")), 0);
    assert_true(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    end(&s);
}

/* --- what is missing ----------------------------------------------------------------------------------- */

static void a_not_waits_for_its_bytes_or_for_the_end(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    SEQUENCE(&s, text("hello"), no(after(text("bye"), 0, 10)));
    SEQUENCE(&s, text("hello"), no(text("world")));
    SEQUENCE(&s, text("hello"), no(left(3)));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("hello123456789")), 0);
    assert_int_equal(send(&s, VIEW("b")), 1); /* ten bytes, none is `bye` */
    assert_int_equal(s.b.sids[0], 1);
    assert_int_equal(send(&s, VIEW("ye hello")), 0);
    assert_int_equal(finish(&s), 2);
    end(&s);
}

static void a_gap_decides_with_what_is_there(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    SEQUENCE(&s, text("hello"), no(after(text("bye"), 0, 10)));
    SEQUENCE(&s, text("hello"), no(left(3)));
    SEQUENCE(&s, text("hello"), after(text("there"), 0, SIZE_MAX));
    SEQUENCE(&s, no(text("zzzz")), at(text("hello"), 0));
    SEQUENCE(&s, at(text("again"), 100));
    SEQUENCE(&s, re("^again"));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("hello")), 0);
    assert_int_equal(gap(&s, 95), 2); /* bytes follow: `left` holds, and its `not` does not */
    assert_int_equal(s.b.sids[0], 1);
    assert_int_equal(s.b.sids[1], 4);
    assert_int_equal(send(&s, VIEW("again there")), 1);
    assert_int_equal(s.b.sids[0], 5);
    assert_int_equal(s.b.evidence[0].offset, 100);
    assert_int_equal(finish(&s), 0);
    end(&s);
}

/* --- expressions that only PCRE2 can follow -------------------------------------------------------------- */

static void back_references_and_look_around_are_confirmed(void **unused)
{
    (void)unused;
    struct scene s;
    static uint8_t filler[9000];
    begin(&s);
    static const char *const EXPRESSIONS[] = {"key=([a-z]+);\\1!", "(..)\\1{3}", "user(?!name)",
                                              "^abcd(?=efgh)", "x{2000}y"};
    for (size_t i = 0; i < 5; i++)
        bench_rule(&s.b, EVENT_STREAM,
                   node_from(&s.b, regex(&s.b, FIELD_STREAM_PAYLOAD, EXPRESSIONS[i], 0)));
    bench_compile(&s.b);
    assert_int_equal(s.b.diagnostics.errors, 0);
    memset(filler, 'x', sizeof(filler));
    assert_int_equal(send(&s, VIEW("abcdefg")), 0);
    assert_int_equal(send(&s, VIEW("h username key=ab;abc! key=abc")), 1);
    assert_int_equal(s.b.sids[0], 4);
    assert_int_equal(send(&s, VIEW(";abc")), 0);
    assert_int_equal(send(&s, VIEW("! ABABABA user")), 1);
    assert_string_equal(s.b.excerpt, "key=abc;abc!");
    assert_int_equal(send(&s, VIEW("n")), 0);
    assert_int_equal(send(&s, VIEW("o")), 1);
    assert_int_equal(s.b.sids[0], 3);
    assert_int_equal(send(&s, VIEW("CDCDCDCD")), 1);
    assert_int_equal(s.b.sids[0], 2);
    assert_int_equal(send(&s, view_make(filler, 5000)), 0);
    assert_int_equal(send(&s, VIEW("y")), 1);
    end(&s);
}

/* The end of a block is not the end of the stream. */
static void an_end_is_the_streams_end(void **unused)
{
    (void)unused;
    static uint8_t bytes[10000];
    static const char *const EXPRESSIONS[] = {"(n)eedle\\1?\\z", "(n)eedle\\1?$"};
    for (size_t i = 0; i < 2; i++) {
        struct scene s;
        begin(&s);
        bench_rule(&s.b, EVENT_STREAM,
                   node_from(&s.b, regex(&s.b, FIELD_STREAM_PAYLOAD, EXPRESSIONS[i], 0)));
        bench_compile(&s.b);
        memset(bytes, '-', sizeof(bytes));
        memcpy(bytes + 2 * WINDOW_HOP - 6, "needle", 6);
        assert_int_equal(send(&s, view_make(bytes, sizeof(bytes))), 0);
        assert_int_equal(send(&s, VIEW("needle")), 0);
        assert_int_equal(finish(&s), 1);
        assert_int_equal(s.b.evidence[0].offset, sizeof(bytes));
        end(&s);
    }
}

/* --- datagrams, directions, memory ------------------------------------------------------------------------ */

static void a_datagram_is_asked_whole(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    SEQUENCE(&s, number_at(2, 0, STEP_EQ, 0x1234), no(left(20)));
    SEQUENCE(&s, text("needle"), no(text("straw")));
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, regex(&s.b, FIELD_STREAM_PAYLOAD, "(ab)c\\1$", 0)));
    bench_compile(&s.b);
    static const char *const SENT[] = {"\x12\x34 needle", "needle straw", "abcab", "abcab.",
                                       "\x12\x34 needle in a haystack"};
    for (size_t i = 0; i < 5; i++) {
        struct packet packet = {.payload = (const uint8_t *)SENT[i],
                                .payload_len = (uint32_t)strlen(SENT[i])};
        match_datagram(s.b.matcher, &s.flow, TO_SERVER, &packet);
    }
    assert_int_equal(s.b.alerts, 4);
    static const uint32_t SIDS[] = {1, 2, 3, 2};
    assert_memory_equal(s.b.sids, SIDS, sizeof(SIDS));
    assert_null(s.flow.match);
    end(&s);
}

static void a_segment_is_a_value_of_its_own(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    const struct step steps[] = {at(text("cmd:"), 0), after(text("go"), 0, 10)};
    const struct step sized[] = {number_at(1, 0, STEP_EQ, 'z')};
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, sequence(&s.b, FIELD_STREAM_PAYLOAD_SEGMENT, steps, 2)));
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, sequence(&s.b, FIELD_STREAM_PAYLOAD_SEGMENT, sized, 1)));
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD_SEGMENT, "exact")));
    const struct step eight[] = {left(8), no(left(9)), text("eight")};
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, sequence(&s.b, FIELD_STREAM_PAYLOAD_SEGMENT, eight, 3)));
    bench_rule(&s.b, EVENT_STREAM,
               node_from(&s.b, regex(&s.b, FIELD_STREAM_PAYLOAD_SEGMENT, "^(a+)b\\1$", 0)));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("xcmd: go")), 0);
    assert_int_equal(send(&s, VIEW("cm")), 0);
    assert_int_equal(send(&s, VIEW("d: go")), 0);
    assert_int_equal(send(&s, VIEW("cmd: go")), 1);
    assert_int_equal(s.b.evidence[0].offset, 0);
    assert_string_equal(s.b.excerpt, "cmd: go");
    assert_int_equal(send(&s, VIEW("exact!")), 0);
    assert_int_equal(send(&s, VIEW("of eight.")), 0);
    assert_int_equal(send(&s, VIEW("of eight")), 1);
    assert_int_equal(send(&s, VIEW("aabaaa")), 0);
    assert_int_equal(send(&s, VIEW("exact")), 1);
    assert_int_equal(send(&s, VIEW("aabaa")), 1);
    assert_null(s.flow.match->sides[TO_SERVER].window.ring);
    assert_int_equal(send(&s, VIEW("z")), 1);
    assert_true(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    struct packet packet = {.payload = (const uint8_t *)"exact", .payload_len = 5};
    s.b.alerts = 0;
    match_datagram(s.b.matcher, &s.flow, TO_CLIENT, &packet);
    assert_int_equal(s.b.alerts, 1);
    end(&s);
}

static void directions_have_windows_of_their_own(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    SEQUENCE(&s, text("needle"), after(text("pin"), 0, 20));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("needle")), 0);
    match_stream_data(s.b.matcher, &s.flow, TO_CLIENT, VIEW(" pin"), NULL);
    assert_int_equal(s.b.alerts, 0);
    match_stream_data(s.b.matcher, &s.flow, TO_CLIENT, VIEW(" needle pin"), NULL);
    assert_int_equal(s.b.alerts, 1);
    assert_int_equal(send(&s, VIEW("pin")), 1);
    end(&s);
}

static void nothing_is_kept_where_no_rule_needs_it(void **unused)
{
    (void)unused;
    static uint16_t ports[] = {25};
    struct scene s;
    begin(&s);
    bench_rule(&s.b, EVENT_STREAM, node_from(&s.b, glob(&s.b, FIELD_STREAM_PAYLOAD, "*never*")));
    SEQUENCE(&s, text("needle"), after(text("pin"), 0, 20));
    s.b.rules.items[1]->ports = ports;
    s.b.rules.items[1]->port_count = 1;
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("needle pin")), 0);
    assert_null(s.flow.match->sides[TO_SERVER].window.ring);
    match_flow_end(s.b.matcher, &s.flow);
    s.flow.server_port = 25;
    assert_int_equal(send(&s, VIEW("needle pi")), 0);
    assert_int_equal(s.flow.match->sides[TO_SERVER].window.capacity, 512);
    end(&s);
}

static void the_first_bytes_are_let_go_when_they_were_asked(void **unused)
{
    (void)unused;
    static uint8_t filler[5000];
    struct scene s;
    begin(&s);
    SEQUENCE(&s, at(text("abc"), 0), after(text("needle"), 0, SIZE_MAX));
    bench_compile(&s.b);
    assert_int_equal(send(&s, VIEW("abc")), 0);
    assert_non_null(s.flow.match->sides[TO_SERVER].window.ring);
    assert_int_equal(send(&s, view_make(filler, sizeof(filler))), 0);
    assert_null(s.flow.match->sides[TO_SERVER].window.ring);
    assert_true(match_stream_is_done(s.b.matcher, &s.flow, TO_SERVER));
    end(&s);
}

static void a_spent_budget_loses_windows_and_counts_it(void **unused)
{
    (void)unused;
    static uint8_t filler[300];
    size_t lost = 0, found = 0;

    for (size_t limit = 1; limit < 3000000; limit += limit / 3 + 1) {
        struct scene s;
        begin(&s);
        SEQUENCE(&s, text("needle"), after(text("pin"), 0, SIZE_MAX));
        SEQUENCE(&s, no(after(text("zz"), 0, 2)));
        bench_compile(&s.b);
        s.b.budget.limit = limit;
        memset(filler, 'a', sizeof(filler));
        send(&s, VIEW("need"));
        for (int i = 0; i < 40; i++)
            send(&s, view_make(filler, sizeof(filler)));
        send(&s, VIEW("needle"));
        found += send(&s, VIEW("pin"));
        lost += matcher_stats(s.b.matcher)->windows_lost > 0;
        finish(&s);
        assert_true(s.b.budget.peak <= limit);
        match_flow_end(s.b.matcher, &s.flow);
        matcher_free(s.b.matcher);
        s.b.matcher = NULL;
        assert_int_equal(s.b.budget.used, 0);
        event_free(s.event);
        bench_end(&s.b);
    }
    assert_true(lost > 0 && found > 0);
}

static void steps_too_far_apart_are_refused(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    SEQUENCE(&s, at(text("abcd"), 0), at(text("efgh"), 20000));
    SEQUENCE(&s, text("abcd"), left(17000));
    SEQUENCE(&s, text("abcd"), after(text("efgh"), 0, 60000));
    bench_compile(&s.b);
    assert_int_equal(s.b.diagnostics.errors, 2);
    assert_string_equal(s.b.diagnostics.items[0].id, "stream-reach");
    assert_int_equal(ruleset_count(s.b.set), 1);
    end(&s);
}

/* A rule that changes marks is asked for every occurrence. A gate of it that comes again finds the old occurrence in the same
 * block, which is none. */
static void what_held_does_not_hold_again(void **unused)
{
    (void)unused;
    struct scene s;
    begin(&s);
    const struct step steps[] = {text("key"), after(text("val"), 0, 10)};
    struct rule *rule = bench_rule(&s.b, EVENT_STREAM,
                                   node_from(&s.b, sequence(&s.b, FIELD_STREAM_PAYLOAD, steps, 2)));
    rule->marks = arena_array(s.b.arena, 1, sizeof(*rule->marks));
    rule->marks[0] =
        (struct mark_change){MARK_TOGGLE, arena_copy(s.b.arena, VIEW("odd")), rule->place};
    rule->mark_count = 1;
    bench_compile(&s.b);
#define IS_ODD() (s.flow.match->marks != NULL && (s.flow.match->marks[0] & 1) != 0)
    assert_int_equal(send(&s, VIEW("key val")), 1);
    assert_true(IS_ODD());
    send(&s, VIEW("................... val"));
    assert_true(IS_ODD());
    send(&s, VIEW("................... key"));
    assert_true(IS_ODD());
    send(&s, VIEW(" ...val")); /* with the key of the segment before */
    assert_false(IS_ODD());
    send(&s, VIEW("val key val val")); /* two places, one arrival */
    assert_true(IS_ODD());
    send(&s, VIEW("................... val"));
    assert_true(IS_ODD());
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_gives_the_same_answer),
        cmocka_unit_test(a_sequence_may_lie_across_any_edge_of_a_block),
        cmocka_unit_test(steps_may_come_in_later_segments),
        cmocka_unit_test(offsets_are_those_of_the_stream_when_the_window_moved_on),
        cmocka_unit_test(numbers_alone_are_asked_of_the_first_bytes_once),
        cmocka_unit_test(a_not_waits_for_its_bytes_or_for_the_end),
        cmocka_unit_test(a_gap_decides_with_what_is_there),
        cmocka_unit_test(back_references_and_look_around_are_confirmed),
        cmocka_unit_test(an_end_is_the_streams_end),
        cmocka_unit_test(a_datagram_is_asked_whole),
        cmocka_unit_test(a_segment_is_a_value_of_its_own),
        cmocka_unit_test(directions_have_windows_of_their_own),
        cmocka_unit_test(nothing_is_kept_where_no_rule_needs_it),
        cmocka_unit_test(the_first_bytes_are_let_go_when_they_were_asked),
        cmocka_unit_test(a_spent_budget_loses_windows_and_counts_it),
        cmocka_unit_test(steps_too_far_apart_are_refused),
        cmocka_unit_test(what_held_does_not_hold_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
