/* SPDX-License-Identifier: BSD-3-Clause */
/* Sigma by cases: each rule of sigma_cases.def goes from YAML to the matcher, and each of its events is made by hand. */
#include "unit/test.h"

#include <stdlib.h>

#include "unit/build_rules.h"

#include "rule/loader.h"
#include "sigma/rules.h"

enum { EVENTS_MAX = 8, TEXT_MAX = 4096, CASES_LEAST = 300 };

static const struct example {
    const char *service, *body, *events[EVENTS_MAX];
} EXAMPLES[] = {
#define CASE(service, body, ...) {service, body, {__VA_ARGS__}},
#include "unit/sigma_cases.def"
#undef CASE
};

static const char *logsource_of(const char *service)
{
    static const struct {
        const char *service, *text;
    } OTHERS[] = {{"proxy", "{category: proxy}"},
                  {"webserver", "{category: webserver}"},
                  {"zeek", "{product: zeek, service: dns}"},
                  {"dnslog", "{category: dns}"}};
    static char text[128];

    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        if (strcmp(service, OTHERS[i].service) == 0)
            return OTHERS[i].text;
    }
    snprintf(text, sizeof(text), "{product: shrike, service: %s}", service);
    return text;
}

/* Its number is its rule's sid, less one. */
static void load_example(struct rules *rules, size_t number, struct diagnostics *diagnostics)
{
    const struct example *example = &EXAMPLES[number];
    bool is_whole = strstr(example->body, "condition:") != NULL;
    char text[TEXT_MAX];

    snprintf(text, sizeof(text),
             "title: t\nid: 5f1f4a3e-5a0f-4a8e-9a67-%012zu\nlevel: high\nshrike: {sid: %zu}\n"
             "logsource: %s\ndetection:\n  %s%s%s\n",
             number, number + 1, logsource_of(example->service), is_whole ? "" : "s:\n    ",
             example->body, is_whole ? "" : "\n  condition: s");
    rules_load_text(rules, "case.yml", view_from_string(text), diagnostics);
    if (rules->count != number + 1) {
        fprintf(stderr, "not loaded: %s\n", text);
        diagnostics_print(diagnostics, stderr);
        fail();
    }
}

/* "a{00}b": bytes, in place; returns how many. */
static size_t decode(char *text)
{
    size_t len = 0;

    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '{' && c[1] != '\0' && c[2] != '\0' && c[3] == '}') {
            text[len++] =
                (char)(loader_hex_digit((uint8_t)c[1]) << 4 | loader_hex_digit((uint8_t)c[2]));
            c += 3;
        } else {
            text[len++] = *c;
        }
    }
    return len;
}

static void add_value(struct event *event, const char *name, char *value)
{
    enum field_id field = field_find(event->type, view_from_string(name));
    struct address address;
    int64_t number = 0;

    assert_int_not_equal(field, FIELD_NONE);
    struct view text = view_make(value, decode(value));
    switch (field_get(field)->type) {
    case TYPE_BYTES:
        event_add_bytes(event, field, text);
        return;
    case TYPE_IP:
        assert_true(address_parse(text, &address));
        event_add_ip(event, field, &address);
        return;
    case TYPE_TIME:
        assert_true(loader_parse_time(text, &number));
        event_add_number(event, field, number);
        return;
    case TYPE_NUMBER:
    case TYPE_BOOL:
        assert_true(loader_parse_number(text, &number));
        event_add_number(event, field, number);
        return;
    }
}

/* `text` is used up, and lives as long as the event. */
static void make_event(struct event *event, enum event_type type, struct flow *flow, char *text)
{
    event_begin(event, type, TO_SERVER, flow, NULL);
    event->is_complete = true;
    for (char *part = text; part != NULL;) {
        char *next = strstr(part, " ;; ");
        if (next != NULL)
            *next = '\0';
        char *equals = strchr(part, '=');
        assert_non_null(equals);
        *equals = '\0';
        add_value(event, part, equals + 1);
        part = next ? next + 4 : NULL;
    }
}

static bool is_as_expected(struct bench *b, struct event *event, struct flow *flow, size_t number,
                           const char *text)
{
    char copy[TEXT_MAX];
    size_t hits = 0;

    snprintf(copy, sizeof(copy), "%s", text + 1);
    make_event(event, b->rules.items[number]->event, flow, copy);
    b->alerts = 0;
    match_event(b->matcher, event);
    assert_true(b->alerts < 256);
    for (size_t i = 0; i < b->alerts; i++)
        hits += b->sids[i] == number + 1;
    return hits == (text[0] == '+');
}

static void rules_match_what_the_specification_says(void **state)
{
    (void)state;
    struct bench b;
    struct flow flow;
    size_t wrong = 0, cases = 0, count = sizeof(EXAMPLES) / sizeof(EXAMPLES[0]);
    struct rules *rules = rules_new();

    memset(&b, 0, sizeof(b));
    diagnostics_init(&b.diagnostics);
    for (size_t i = 0; i < count; i++)
        load_example(rules, i, &b.diagnostics);
    rules_load_text(rules, "lists.yml",
                    VIEW("list: bad_names\ntype: domain\nvalues: [evil.example]\n---\n"
                         "list: gates\ntype: string\nvalues: [one, 't*o']\n---\n"
                         "list: bad_addresses\ntype: ip\nvalues: [192.0.2.0/24]\n"),
                    &b.diagnostics);
    rules_finish(rules, &b.diagnostics);
    assert_int_equal(rules->count, count);
    b.rules = *rules;
    bench_compile(&b);
    assert_int_equal(b.diagnostics.errors, 0);
    struct event *event = event_new();
    flow_of(&flow, "10.1.2.3", "192.0.2.9", 80);
    assert_true(loader_parse_time(VIEW("2026-01-31T23:59:58"), &flow.start_us));
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < EVENTS_MAX && EXAMPLES[i].events[k] != NULL; k++, cases++) {
            if (is_as_expected(&b, event, &flow, i, EXAMPLES[i].events[k]))
                continue;
            fprintf(stderr, "wrong: %s\n  on %s\n", EXAMPLES[i].body, EXAMPLES[i].events[k]);
            wrong++;
        }
    }
    printf("%zu cases of %zu rules\n", cases, count);
    match_flow_end(b.matcher, &flow);
    event_free(event);
    matcher_free(b.matcher);
    ruleset_release(b.set);
    diagnostics_clear(&b.diagnostics);
    rules_free(rules);
    assert_int_equal(wrong, 0);
    assert_true(cases >= CASES_LEAST);
}

static const char *const MODIFIERS[] = {
#define MODIFIER(id, name, class) name,
#include "value/modifier.def"
#undef MODIFIER
};

/* "|name" in a key, or "{name" and ", name" in a map, and no longer word. */
static bool asks_with(const char *body, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = body; (at = strstr(at, name)) != NULL; at++) {
        char before = at > body ? at[-1] : '\0', after = at[len];
        bool begins = before == '|' || before == '{' || (before == ' ' && at[-2] == ',');
        if (begins && (after == '|' || after == ':' || after == '\''))
            return true;
    }
    return false;
}

/* Those of the specification (2.1, appendix of modifiers) are rows of modifier.def as ours are (sigma_spec.def). */
static void every_modifier_is_tried(void **state)
{
    (void)state;
    size_t missing = 0;

    for (size_t m = 0; m < sizeof(MODIFIERS) / sizeof(MODIFIERS[0]); m++) {
        bool is_hit = false, is_miss = false;
        for (size_t i = 0; i < sizeof(EXAMPLES) / sizeof(EXAMPLES[0]); i++) {
            if (!asks_with(EXAMPLES[i].body, MODIFIERS[m]))
                continue;
            for (size_t k = 0; k < EVENTS_MAX && EXAMPLES[i].events[k] != NULL; k++) {
                is_hit |= EXAMPLES[i].events[k][0] == '+';
                is_miss |= EXAMPLES[i].events[k][0] == '-';
            }
        }
        if (!is_hit || !is_miss)
            fprintf(stderr, "`%s` has no event that it %s\n", MODIFIERS[m],
                    is_hit ? "misses" : "matches");
        missing += !is_hit || !is_miss;
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_match_what_the_specification_says),
        cmocka_unit_test(every_modifier_is_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
