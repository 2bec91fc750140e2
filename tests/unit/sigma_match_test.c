/* SPDX-License-Identifier: BSD-3-Clause */
/* SigmaHQ's rules for web servers and proxies match the requests that their own values describe.
 *
 * Of each rule one choice of its alternatives after the other is made into a request: the values of the URL's
 * fields are joined to a target, those of headers become headers, and what a `not` speaks of is left out.
 * The request goes through the parser and the matcher; a rule for which no choice alerts must stand in
 * EXCUSED, with the reason, and a rule that stands there must not alert. */
#include "unit/test.h"

#include <sys/stat.h>

#include "unit/http_feed.h"

#include "compile/compile.h"
#include "match/match.h"
#include "sigma/rules.h"

#define FOLDER TESTS_DIR "/../../shared/sigma/rules"

enum { CHOICES_MAX = 600, PREDICATES = 128, TEXT_MAX = 2048 };

static const struct {
    const char *file, *reason;
} EXCUSED[] = {
    {"web_exploit_cve_2024_1212_.yml",
     "it looks for what follows the question mark in cs-uri-stem, which is the path"},
};

/* Texts that expressions match. */
static const struct {
    const char *expression, *sample;
} SAMPLES[] = {
    {".{150}", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
               "aaaaaaaa"},
    {"(?i)(ipfs\\.io/|ipfs\\.io\\s).+\\..+@.+\\.[a-z]+", "ipfs.io/ipfs/login.html#a.b@c.example"},
};

struct request {
    char host[TEXT_MAX], path[TEXT_MAX], suffix[TEXT_MAX], rest[TEXT_MAX], end[TEXT_MAX];
    char headers[TEXT_MAX * 4];
    char method[64];
    char bytes[TEXT_MAX * 12];
    int64_t status;
    bool has_agent, has_referer;
};

struct scene {
    struct feed *feed;
    struct matcher *matcher;
    uint32_t wanted_rule;
    bool has_fired;
};

static void on_event(void *context, struct event *event)
{
    struct scene *s = context;
    match_event(s->matcher, event);
}

static void on_alert(void *context, const struct alert *alert)
{
    struct scene *s = context;
    s->has_fired |= alert->rule->index == s->wanted_rule;
}

/* --- from a rule to a request -------------------------------------------------------------------- */

/* The predicates of one choice; `choice` is used up as alternatives are taken. */
static void choose(const struct node *node, size_t *choice, const struct predicate **out,
                   size_t *count)
{
    if (node->kind == NODE_PREDICATE && *count < PREDICATES)
        out[(*count)++] = node->predicate;
    if (node->kind == NODE_AND) {
        for (size_t i = 0; i < node->count; i++)
            choose(node->children[i], choice, out, count);
    }
    if (node->kind == NODE_OR && node->count > 0) {
        size_t pick = *choice % node->count;
        *choice /= node->count;
        choose(node->children[pick], choice, out, count);
    }
}

static void append(char *out, const char *text)
{
    size_t len = strlen(out);
    snprintf(out + len, TEXT_MAX - len, "%s", text);
}

static const char *sample_of(struct view expression)
{
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        if (view_equal(expression, view_from_string(SAMPLES[i].expression)))
            return SAMPLES[i].sample;
    }
    return "";
}

/* What a value of this predicate looks like, spaces as a client sends them. */
static void text_of(const struct predicate *p, bool is_target, char out[TEXT_MAX])
{
    out[0] = '\0';
    if (p->op == MATCH_REGEX)
        append(out, sample_of(p->bytes));
    if (p->op == MATCH_DOMAIN)
        append(out, (const char *)p->bytes.data);
    for (size_t i = 0; p->op == MATCH_GLOB && i < p->piece_count; i++) {
        if (p->pieces[i].kind == GLOB_ONE)
            append(out, "x");
        for (size_t at = 0; at < p->pieces[i].bytes.len; at++) {
            char one[2] = {(char)p->pieces[i].bytes.data[at], '\0'};
            append(out, is_target && one[0] == ' ' ? "%20" : one);
        }
    }
}

static bool begins_anywhere(const struct predicate *p)
{
    return p->op == MATCH_REGEX || (p->piece_count > 0 && p->pieces[0].kind == GLOB_ANY);
}

static bool ends_anywhere(const struct predicate *p)
{
    return p->op == MATCH_REGEX ||
           (p->piece_count > 0 && p->pieces[p->piece_count - 1].kind == GLOB_ANY);
}

static void add_to_target(struct request *r, const struct predicate *p, bool with_host)
{
    char text[TEXT_MAX];
    text_of(p, true, text);
    const char *slash = strchr(text, '/');

    if (strncmp(text, "http", 4) == 0)
        return;
    if (p->field == FIELD_HTTP_PATH && strchr(text, '=') == NULL) {
        append(text[0] == '/' ? r->path : r->suffix, text);
    } else if (with_host && slash != NULL && slash != text) {
        snprintf(r->host, sizeof(r->host), "%s%.*s", text[0] == '.' ? "x" : "", (int)(slash - text),
                 text);
        append(r->path, slash);
    } else if (begins_anywhere(p) && !ends_anywhere(p)) {
        append(r->end, text);
    } else if (text[0] == '/') {
        append(r->path, text);
    } else {
        append(r->rest, r->rest[0] ? "&" : "");
        append(r->rest, text);
    }
}

static void add_header(struct request *r, const char *name, const char *value)
{
    size_t len = strlen(r->headers);
    snprintf(r->headers + len, sizeof(r->headers) - len, "%s: %s\r\n", name, value);
}

static void add_predicate(struct request *r, const struct predicate *p, bool with_host)
{
    char text[TEXT_MAX], name[128];

    text_of(p, false, text);
    if (p->op == MATCH_EXISTS && !p->wanted) {
        r->has_agent |= p->field == FIELD_HTTP_USER_AGENT;
        r->has_referer |= p->field == FIELD_HTTP_REFERER;
    } else if (p->field == FIELD_HTTP_URI_ANY || p->field == FIELD_HTTP_PATH ||
               p->field == FIELD_HTTP_URI || p->field == FIELD_HTTP_URL) {
        add_to_target(r, p, with_host);
    } else if (p->field == FIELD_HTTP_EXTENSION) {
        append(r->path, "/file.");
        append(r->path, text);
    } else if (p->field == FIELD_HTTP_METHOD) {
        snprintf(r->method, sizeof(r->method), "%.60s", text);
    } else if (p->field == FIELD_HTTP_HOST) {
        snprintf(r->host, sizeof(r->host), "%s%.2000s", text[0] == '.' ? "x" : "", text);
    } else if (p->field == FIELD_HTTP_STAT_CODE) {
        r->status = p->number;
    } else if (p->field == FIELD_HTTP_USER_AGENT) {
        r->has_agent = true;
        char agent[TEXT_MAX + 8]; /* a space in front would be trimmed */
        snprintf(agent, sizeof(agent), "%s%s", begins_anywhere(p) ? "x" : "", text);
        add_header(r, "User-Agent", agent);
    } else if (p->field == FIELD_HTTP_REFERER) {
        r->has_referer = true;
        add_header(r, "Referer", text);
    } else if (p->field == FIELD_HTTP_COOKIE) {
        add_header(r, "Cookie", text);
    } else if (p->field == FIELD_HTTP_HEADER_RAW && p->header_name.len > 0) {
        snprintf(name, sizeof(name), "%.*s", (int)p->header_name.len,
                 (const char *)p->header_name.data);
        add_header(r, name, text);
    } else if (p->field == FIELD_HTTP_HEADER_NAMES) {
        add_header(r, text, "1");
    } else if (p->field == FIELD_HTTP_CONTENT_TYPE) {
        add_header(r, "Content-Type", text);
    } else if (p->field == FIELD_NONE) {
        add_header(r, "X-Any", text);
    }
}

static void write_request(struct request *r, const struct node *condition, size_t choice)
{
    const struct predicate *predicates[PREDICATES];
    size_t count = 0;
    bool with_host = choice % 2 == 1;

    *r = (struct request){.host = "server.example", .method = "GET", .status = 200};
    choice /= 2;
    choose(condition, &choice, predicates, &count);
    for (size_t i = 0; i < count; i++)
        add_predicate(r, predicates[i], with_host);
    bool has_mark = strchr(r->path, '?') != NULL || r->rest[0] == '\0';
    snprintf(r->bytes, sizeof(r->bytes),
             "%s %s%s%s%s%s%s HTTP/1.1\r\nHost: %s\r\nContent-Length: 1\r\n%s%s%s\r\nx", r->method,
             r->path[0] == '/' ? "" : "/", r->path, r->suffix,
             has_mark ? (r->rest[0] ? "&" : "") : "?", r->rest, r->end, r->host, r->headers,
             r->has_agent ? "" : "User-Agent: agent\r\n",
             r->has_referer ? "" : "Referer: http://r.example/\r\n");
}

/* --- and back ------------------------------------------------------------------------------------ */

static bool fires(const struct ruleset *set, uint32_t rule, const struct request *r)
{
    struct error error;
    struct budget budget = {0};
    struct scene s = {.feed = feed_new(0), .wanted_rule = rule};
    struct alert_sink sink = {on_alert, &s};
    char answer[128];

    s.matcher = matcher_new(set, &budget, 0, &sink, &error);
    s.feed->context.sink = (struct event_sink){on_event, &s};
    feed_bytes(s.feed, TO_SERVER, view_from_string(r->bytes));
    snprintf(answer, sizeof(answer), "HTTP/1.1 %d Word\r\nContent-Length: 0\r\n\r\n",
             (int)r->status);
    feed_bytes(s.feed, TO_CLIENT, view_from_string(answer));
    feed_finish(s.feed);
    match_flow_end(s.matcher, &s.feed->flow);
    matcher_free(s.matcher);
    assert_int_equal(feed_free(s.feed), 0);
    return s.has_fired;
}

static const char *excuse_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < sizeof(EXCUSED) / sizeof(EXCUSED[0]); i++) {
        if (strcmp(name, EXCUSED[i].file) == 0)
            return EXCUSED[i].reason;
    }
    return NULL;
}

/* Is it as expected? */
static bool check_rule(const struct rule *rule)
{
    struct rule *items[] = {NULL};
    struct rules one = {.items = items, .count = 1};
    struct diagnostics diagnostics;
    struct error error;
    struct request request;
    bool has_fired = false;

    memcpy(items, &rule, sizeof(rule));
    diagnostics_init(&diagnostics);
    struct ruleset *set = compile_rules(&one, &diagnostics, NULL, &error);
    assert_non_null(set);
    for (size_t choice = 0; choice < CHOICES_MAX && !has_fired; choice++) {
        write_request(&request, rule->condition, choice);
        has_fired = fires(set, 0, &request);
    }
    ruleset_release(set);
    diagnostics_clear(&diagnostics);
    bool is_excused = excuse_of(rule->place.file) != NULL;
    if (has_fired == is_excused)
        fprintf(stderr, "%s: %s\n%s\n", rule->place.file,
                is_excused ? "alerts, though EXCUSED says that it cannot"
                           : "does not alert on its own values, for example on",
                request.bytes);
    return has_fired != is_excused;
}

static void rules_for_requests_match_their_own_values(void **state)
{
    (void)state;
    struct stat status;
    struct diagnostics diagnostics;
    size_t wrong = 0, seen = 0;

    if (stat(FOLDER, &status) != 0)
        skip();
    struct rules *rules = rules_new();
    diagnostics_init(&diagnostics);
    assert_int_equal(rules_load(rules, FOLDER, &diagnostics), 0);
    rules_finish(rules, &diagnostics);
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->items[i]->event != EVENT_HTTP)
            continue;
        seen++;
        wrong += !check_rule(rules->items[i]);
    }
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    assert_true(seen >= 100);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_for_requests_match_their_own_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
