/* SPDX-License-Identifier: BSD-3-Clause */
/* Property: gates, sets, databases, memory of answers and order of evaluation change nothing, with filters and without.
 * Random rules over random events and streams, from a small alphabet so that they meet, must give
 * exactly what plain evaluation of their conditions gives. */
#include "unit/test.h"

#include "unit/naive_match.h"

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

static const char *const WORDS[] = {
    "abcd",    "bcda", "evil",    "EVIL",     "evil.example", "a",   "x",
    "/news",   ".php", "cmd=",    "cmd=exec", "dcba",         "a.b", "host",
    "example", ".",    "0123456", "evilcd",   "\xff\xfe",     "/"};
enum { WORD_COUNT = sizeof(WORDS) / sizeof(WORDS[0]) };

static const char *const REGEXES[] = {"evil",         "ev[i1]l(abcd)?",  "(abcd|bcda)x*",
                                      "^/news.*php$", "cmd=(exec|evil)", "(?i)EvIl",
                                      "a.c",          "[.]php",          "(?:evil|host)+\\.",
                                      "abcd(?=evil)", "(a)bcd.*\\1",     "cmd\\x3d[a-z]{2,4}",
                                      "\\.example$",  "(abcd)?cmd=",     "0{0}abcd"};
enum { REGEX_COUNT = sizeof(REGEXES) / sizeof(REGEXES[0]) };

static const enum field_id BYTE_FIELDS[] = {FIELD_HTTP_URI, FIELD_HTTP_HOST, FIELD_HTTP_USER_AGENT,
                                            FIELD_HTTP_SET_COOKIE, FIELD_NONE};

static void random_text(uint64_t *state, char *out, size_t words)
{
    out[0] = '\0';
    for (size_t i = draw(state, words + 1); i > 0; i--)
        strcat(out,
               WORDS[draw(state, WORD_COUNT)]); /* room for all: the caller's buffer is large */
}

static void random_glob_text(uint64_t *state, char *out)
{
    static const char *const LINKS[] = {"*", "", "?", "*?", ""};
    out[0] = '\0';
    if (draw(state, 3) > 0)
        strcat(out, "*");
    for (size_t i = 1 + draw(state, 3); i > 0; i--) {
        strcat(out, WORDS[draw(state, WORD_COUNT)]);
        strcat(out, LINKS[draw(state, 5)]);
    }
    if (draw(state, 3) > 0)
        strcat(out, "*");
}

static struct predicate *random_bytes_predicate(struct bench *b, uint64_t *state,
                                                enum field_id field, bool is_stream)
{
    char text[256];
    struct predicate *p;
    uint64_t kind = draw(state, is_stream ? 8 : 10);

    if (kind < 5) {
        random_glob_text(state, text);
        p = glob(b, field, text);
        p->is_cased = draw(state, 3) == 0;
    } else if (kind < 7) {
        const char *word = WORDS[draw(state, WORD_COUNT)];
        p = hex(b, field, word, strlen(word), NULL);
        if (strlen(word) > 3 && draw(state, 2))
            p->mask =
                arena_copy(b->arena, view_make("\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                                               strlen(word)));
    } else if (kind == 7) {
        p = regex(b, field, REGEXES[draw(state, is_stream ? 9 : REGEX_COUNT)], 0);
        p->regex_flags = draw(state, 2) ? REGEX_CASELESS : 0;
    } else if (kind == 8) {
        p = domain(b, field, draw(state, 2) ? "evil.example" : "example");
    } else {
        static const char *const VALUES[] = {"evil.example", "abcd", "a.b", "x"};
        p = member(b, field, list_of(b, draw(state, 2) ? LIST_DOMAIN : LIST_STRING, VALUES, 4));
    }
    if ((p->op == MATCH_GLOB || p->op == MATCH_HEX) && draw(state, 4) == 0) {
        bool is_plain = p->op == MATCH_HEX ||
                        (p->piece_count == 3 && p->pieces[0].kind == GLOB_ANY &&
                         p->pieces[1].kind == GLOB_LITERAL && p->pieces[2].kind == GLOB_ANY);
        if (is_plain) {
            p->offsets.from = draw(state, 8);
            p->offsets.is_exact = draw(state, 2) == 0;
            if (draw(state, 2))
                p->offsets.to = p->offsets.from + draw(state, 20);
        }
    }
    return p;
}

static struct predicate *random_event_predicate(struct bench *b, uint64_t *state)
{
    struct predicate *p;
    switch (draw(state, 8)) {
    case 0:
        p = number(b, FIELD_HTTP_STAT_CODE, (enum compare)draw(state, 5),
                   (int64_t)(200 + draw(state, 3)));
        break;
    case 1:
        p = prefix(b, draw(state, 2) ? FIELD_SRC_IP : FIELD_DST_IP,
                   draw(state, 2) ? "10.0.0.0/8" : "10.1.2.3");
        break;
    case 2:
        p = predicate_of(b, MATCH_EXISTS, BYTE_FIELDS[draw(state, 4)]);
        p->wanted = draw(state, 2);
        return p;
    case 3:
        p = random_bytes_predicate(b, state, FIELD_HTTP_HEADER_RAW, true);
        p->header_name = VIEW("X-Test");
        break;
    case 4:
        p = number(b, FIELD_HTTP_URI, COMPARE_GT, (int64_t)draw(state, 20));
        p->of = OF_LEN;
        break;
    default:
        p = random_bytes_predicate(b, state, BYTE_FIELDS[draw(state, 5)], false);
    }
    p->is_negated = draw(state, 6) == 0;
    return p;
}

static struct node *random_tree(struct bench *b, uint64_t *state, unsigned depth, bool is_stream)
{
    uint64_t kind = draw(state, depth > 3 ? 1 : 6);
    if (kind < 2) {
        enum field_id field = draw(state, 3) ? FIELD_STREAM_PAYLOAD : FIELD_STREAM_PAYLOAD_HEAD;
        struct predicate *p = is_stream ? random_bytes_predicate(b, state, field, true)
                                        : random_event_predicate(b, state);
        return node_from(b, p);
    }
    struct node *left = random_tree(b, state, depth + 1, is_stream);
    if (kind == 5)
        return node_of(b, NODE_NOT, left, NULL);
    struct node *right = random_tree(b, state, depth + 1, is_stream);
    return node_of(b, kind == 2 ? NODE_OR : NODE_AND, left, right);
}

/* --- events --------------------------------------------------------------------------------------
 */

struct sample {
    const struct event *event;
    union value ips[2];
    union value header[2];
    uint32_t header_count;
};

static struct value_list sample_get(void *context, const struct predicate *p, enum field_id field)
{
    struct sample *sample = context;
    if (field == FIELD_SRC_IP || field == FIELD_DST_IP)
        return (struct value_list){&sample->ips[field == FIELD_DST_IP], 1};
    if (p->header_name.len > 0)
        return (struct value_list){sample->header, sample->header_count};
    return event_get(sample->event, field);
}

static void add_text(struct event *event, uint64_t *state, enum field_id field, char room[512],
                     bool is_maybe)
{
    if (is_maybe && draw(state, 3) == 0)
        return;
    random_text(state, room, 5);
    event_add_bytes(event, field, view_from_string(room));
}

static void fill(struct event *event, uint64_t *state, struct sample *sample, char room[8][512])
{
    add_text(event, state, FIELD_HTTP_URI, room[0], false);
    add_text(event, state, FIELD_HTTP_HOST, room[1], true);
    add_text(event, state, FIELD_HTTP_USER_AGENT, room[2], true);
    sample->header_count = 0;
    if (draw(state, 3) > 0) {
        random_text(state, room[3], 4);
        snprintf(room[4], sizeof(room[4]), "Host: y\r\nx-test: %s\r\nX-Testing: abcdevil\r\n",
                 room[3]);
        event_add_bytes(event, FIELD_HTTP_HEADER_RAW, view_from_string(room[4]));
        sample->header[0].bytes = view_from_string(room[3]);
        sample->header_count = 1;
    }
    if (draw(state, 2))
        event_add_number(event, FIELD_HTTP_STAT_CODE, (int64_t)(200 + draw(state, 3)));
    add_text(event, state, FIELD_HTTP_SET_COOKIE, room[5], true);
    add_text(event, state, FIELD_HTTP_SET_COOKIE, room[6], true);
}

/* Says which rule differs, and its condition. */
static void assert_sids(const struct bench *b, const uint32_t *expected, size_t count)
{
    for (size_t i = 0; i < count || i < b->alerts; i++) {
        bool is_same = i < count && i < b->alerts && b->sids[i] == expected[i];
        if (is_same)
            continue;
        bool is_extra = i >= count || (i < b->alerts && b->sids[i] < expected[i]);
        uint32_t sid = is_extra ? b->sids[i] : expected[i];
        fprintf(stderr, "%s alert of rule %u: ", is_extra ? "wrong" : "missing", sid);
        naive_print(b->rules.items[sid - 1]->condition);
        fprintf(stderr, "\n");
        fail();
    }
}

static int compare_u32(const void *a, const void *b)
{
    return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

/* The same event in two halves, the request alone and then with its answer: the same alerts, each once. */
static void match_halves(struct bench *b, struct event *event)
{
    struct value_list kept[EVENT_SLOTS_MAX];

    memcpy(kept, event->slots, sizeof(kept));
    for (enum field_id id = field_first(EVENT_HTTP); id < field_end(EVENT_HTTP); id++) {
        if (field_get(id)->flags & FIELD_ANSWER)
            event->slots[id - event->first].count = 0;
    }
    b->alerts = 0;
    event->is_complete = false;
    match_event(b->matcher, event);
    memcpy(event->slots, kept, sizeof(kept));
    event->is_complete = event->is_second = true;
    match_event(b->matcher, event);
    qsort(b->sids, b->alerts, sizeof(b->sids[0]), compare_u32);
}

static bool is_silenced(const struct rule *rule, struct sample *sample)
{
    for (size_t i = 0; i < rule->filter_count; i++) {
        if (naive_node(rule->filters[i]->what->condition, EVENT_HTTP, sample_get, sample))
            return true;
    }
    return false;
}

static void compare_event(struct bench *b, uint64_t *state, struct event *event)
{
    char room[8][512];
    struct flow flow;
    struct sample sample = {.event = event};
    uint32_t expected[256];
    uint64_t silenced_before = matcher_stats(b->matcher)->silenced;
    size_t count = 0, silenced = 0;

    flow_of(&flow, draw(state, 2) ? "10.1.2.3" : "192.0.2.1", "10.9.9.9", 80);
    sample.ips[0].ip = flow.client;
    sample.ips[1].ip = flow.server;
    event_begin(event, EVENT_HTTP, TO_SERVER, &flow, NULL);
    fill(event, state, &sample, room);
    b->alerts = 0;
    match_event(b->matcher, event);
    for (size_t i = 0; i < b->rules.count; i++) {
        if (!naive_node(b->rules.items[i]->condition, EVENT_HTTP, sample_get, &sample))
            continue;
        if (is_silenced(b->rules.items[i], &sample))
            silenced++;
        else
            expected[count++] = b->rules.items[i]->sid;
    }
    assert_sids(b, expected, count);
    match_halves(b, event);
    assert_sids(b, expected, count);
    assert_int_equal(matcher_stats(b->matcher)->silenced - silenced_before, 2 * silenced);
    match_flow_end(b->matcher, &flow);
}

/* Three filters, each for about every third rule. */
static void add_filters(struct bench *b, uint64_t *state)
{
    enum { FILTERS = 3 };
    struct filter *filters[FILTERS];

    b->rules.filters = arena_array(b->arena, FILTERS, sizeof(struct filter *));
    for (uint32_t f = 0; f < FILTERS; f++) {
        filters[f] = arena_alloc(b->arena, sizeof(*filters[f]));
        filters[f]->what = arena_alloc(b->arena, sizeof(*filters[f]->what));
        filters[f]->what->condition = random_tree(b, state, 0, false);
        filters[f]->number = f;
        b->rules.filters[f] = filters[f];
    }
    b->rules.filter_count = FILTERS;
    for (size_t i = 0; i < b->rules.count; i++) {
        struct rule *rule = b->rules.items[i];
        rule->filters = arena_array(b->arena, FILTERS, sizeof(struct filter *));
        for (size_t f = 0; f < FILTERS; f++) {
            if (draw(state, 3) == 0)
                rule->filters[rule->filter_count++] = filters[f];
        }
    }
}

static void gated_matching_of_events_equals_plain_evaluation(void **unused)
{
    (void)unused;
    struct event *event = event_new();
    for (uint64_t seed = 1; seed <= 30; seed++) {
        uint64_t state = seed;
        struct bench b;
        bench_begin(&b);
        for (int i = 0; i < 40; i++)
            bench_rule(&b, EVENT_HTTP, random_tree(&b, &state, 0, false));
        if (seed % 2 == 0)
            add_filters(&b, &state);
        bench_compile(&b);
        assert_int_equal(b.diagnostics.errors, 0);
        event->wanted = ruleset_fields(b.set);
        for (int i = 0; i < 60; i++)
            compare_event(&b, &state, event);
        bench_end(&b);
    }
    event_free(event);
}

/* --- streams -------------------------------------------------------------------------------------
 */

static struct value_list stream_get(void *context, const struct predicate *p, enum field_id field)
{
    union value *values = context;
    (void)p;
    return (struct value_list){&values[field == FIELD_STREAM_PAYLOAD_HEAD], 1};
}

/* Only rules that were not refused are in the set. */
static void assert_same(struct bench *b, struct view bytes)
{
    union value values[2] = {{.bytes = bytes}, {.bytes = view_slice(bytes, 0, 4096)}};
    uint32_t expected[256];
    size_t count = 0;

    qsort(b->sids, b->alerts, sizeof(b->sids[0]), compare_u32);
    for (size_t i = 0; i < ruleset_count(b->set); i++) {
        uint32_t sid = ruleset_rule(b->set, i)->sid;
        if (naive_node(b->rules.items[sid - 1]->condition, EVENT_STREAM, stream_get, values))
            expected[count++] = sid;
    }
    assert_sids(b, expected, count);
}

static void feed(struct bench *b, uint64_t *state, struct flow *flow, struct view bytes)
{
    size_t most = 1 + draw(state, bytes.len);
    while (bytes.len > 0) {
        size_t step = 1 + draw(state, most);
        match_stream_data(b->matcher, flow, TO_SERVER, view_slice(bytes, 0, step), NULL);
        bytes = view_skip(bytes, step);
    }
    match_stream_end(b->matcher, flow, TO_SERVER, NULL);
    match_flow_end(b->matcher, flow);
}

static void compare_stream(struct bench *b, uint64_t *state, char *room)
{
    struct flow flow;
    room[0] = '\0';
    if (draw(state, 4) == 0) {
        memset(room, '-', 4080);
        room[4080] = '\0';
    }
    random_text(state, room + strlen(room), 12);
    if (room[0] == '\0')
        return;
    struct view bytes = view_from_string(room);
    flow_of(&flow, "10.1.2.3", "10.9.9.9", 80);
    for (int split = 0; split < 3; split++) {
        b->alerts = 0;
        feed(b, state, &flow, bytes);
        assert_same(b, bytes);
    }
    struct packet packet = {.payload = bytes.data, .payload_len = (uint32_t)bytes.len};
    b->alerts = 0;
    match_datagram(b->matcher, &flow, TO_SERVER, &packet);
    assert_same(b, bytes);
    assert_int_equal(matcher_stats(b->matcher)->scan_errors, 0);
}

static void any_split_of_a_stream_equals_plain_evaluation_of_the_whole(void **unused)
{
    (void)unused;
    char *room = malloc(8192);
    for (uint64_t seed = 1; seed <= 12; seed++) {
        uint64_t state = seed * 77;
        struct bench b;
        bench_begin(&b);
        for (int i = 0; i < 30; i++)
            bench_rule(&b, EVENT_STREAM, random_tree(&b, &state, 0, true));
        bench_compile(&b);
        assert_true(ruleset_count(b.set) > 5);
        for (int i = 0; i < 40; i++)
            compare_stream(&b, &state, room);
        /* what is left are the pools' slabs: no stream, no bits */
        assert_int_equal(matcher_stats(b.matcher)->streams_open, 0);
        matcher_free(b.matcher);
        b.matcher = NULL;
        assert_int_equal(b.budget.used, 0);
        bench_end(&b);
    }
    free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gated_matching_of_events_equals_plain_evaluation),
        cmocka_unit_test(any_split_of_a_stream_equals_plain_evaluation_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
