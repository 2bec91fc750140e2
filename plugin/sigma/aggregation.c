/* SPDX-License-Identifier: BSD-3-Clause */
/* Aggregation: what stands behind the bar of an older condition, as a correlation.
 *
 *   tail      = function "(" [ field ] ")" [ "by" field { "," field } ] compare number
 *   compare   = ">" | ">=" | "<" | "<=" | "=" | "=="
 *
 *   count()         event_count          sum(field)    value_sum
 *   count(field)    value_count          avg(field)    value_avg
 *
 * The rule's `timeframe` is the timespan, the fields after `by` are group-by. `min` and `max` have no correlation in Sigma
 * 2, and neither has `near`, which joined other rules: temporal correlations name them. What is said here has no fault is
 * then left out like any correlation, with the correlation in Sigma 2's words.
 */
#include "sigma/aggregation.h"

#include "sigma/correlation.h"

enum { FIELDS_MAX = 16 };

struct tail {
    struct loader *l;
    const struct yaml_node *condition;
    size_t bar_at;
    size_t at;         /* of the next byte */
    struct view token; /* empty at the end */
    size_t token_at;
    const char *type; /* of the correlation */
    struct yaml_node field, groups[FIELDS_MAX];
    size_t group_count;
    const char *compare; /* gt */
    uint64_t number;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_sign(uint8_t c)
{
    return c == '<' || c == '>' || c == '=' || c == '!';
}

static void next_token(struct tail *t)
{
    struct view text = t->condition->text;

    while (t->at < text.len && is_blank(text.data[t->at]))
        t->at++;
    t->token_at = t->at;
    if (t->at < text.len && view_find_byte(VIEW("(),|"), text.data[t->at]) != VIEW_NOT_FOUND) {
        t->at++;
    } else if (t->at < text.len) {
        bool signs = is_sign(text.data[t->at]);
        while (t->at < text.len && !is_blank(text.data[t->at]) &&
               view_find_byte(VIEW("(),|"), text.data[t->at]) == VIEW_NOT_FOUND &&
               is_sign(text.data[t->at]) == signs)
            t->at++;
    }
    t->token = view_slice(text, t->token_at, t->at);
}

static struct place here(const struct tail *t)
{
    return yaml_place_in(t->condition, t->token_at);
}

static bool is_token(const struct tail *t, const char *word)
{
    return view_equal_fold(t->token, view_from_string(word));
}

static bool wrong(struct tail *t, const char *expected)
{
    loader_error(t->l, here(t), "aggregation", "write `| count() by src_ip > 10`",
                 t->token.len > 0 ? "`%s` stands where %s was expected"
                                  : "the aggregation ends%s where %s was expected",
                 loader_shown(t->l, t->token), expected);
    return false;
}

static bool take(struct tail *t, const char *word, const char *expected)
{
    if (!is_token(t, word))
        return wrong(t, expected);
    next_token(t);
    return true;
}

/* The token as a key, for its field to be looked up at its place. */
static struct yaml_node field_of(const struct tail *t)
{
    return (struct yaml_node){.kind = YAML_SCALAR,
                              .place = here(t),
                              .is_one_line = true,
                              .text = arena_copy(t->l->arena, t->token)};
}

static bool take_function(struct tail *t)
{
    static const struct {
        const char *name, *type;
    } FUNCTIONS[] = {{"count", "event_count"},
                     {"sum", "value_sum"},
                     {"avg", "value_avg"},
                     {"min", NULL},
                     {"max", NULL},
                     {"near", NULL}};
    const char *names[] = {"count", "sum", "avg"};
    size_t at = 0;

    while (at < 6 && !is_token(t, FUNCTIONS[at].name))
        at++;
    if (at < 6 && FUNCTIONS[at].type != NULL) {
        t->type = FUNCTIONS[at].type;
        next_token(t);
        return true;
    }
    if (at < 6)
        loader_refuse(t->l, REFUSAL_CORRELATION, here(t), "unsupported-aggregation",
                      at == 5 ? "write a correlation of type temporal that names the rules"
                              : "write a rule that compares the field itself",
                      "the aggregation `%s` has no correlation in Sigma 2", FUNCTIONS[at].name);
    else
        loader_error(
            t->l, here(t), "aggregation",
            loader_did_you_mean(t->l, nearest_name(t->token, names, 3), "one of count, sum, avg"),
            "there is no aggregation `%s`", loader_shown(t->l, t->token));
    return false;
}

static bool take_argument(struct tail *t)
{
    bool is_count = strcmp(t->type, "event_count") == 0;

    if (!take(t, "(", "`(`"))
        return false;
    if (!is_token(t, ")") && t->token.len > 0) {
        t->field = field_of(t);
        t->type = is_count ? "value_count" : t->type;
        next_token(t);
    } else if (!is_count) {
        return wrong(t, "the field to add up");
    }
    return take(t, ")", "`)`");
}

static bool take_groups(struct tail *t)
{
    if (!is_token(t, "by"))
        return true;
    do {
        next_token(t);
        if (t->token.len == 0 || is_sign(t->token.data[0]) || is_token(t, ","))
            return wrong(t, "a field");
        if (t->group_count == FIELDS_MAX)
            return wrong(t, "no more than 16 fields");
        t->groups[t->group_count++] = field_of(t);
        next_token(t);
    } while (is_token(t, ","));
    return true;
}

static bool take_comparison(struct tail *t)
{
    static const char *const SIGNS[] = {">", ">=", "<", "<=", "=", "=="};
    static const char *const NAMES[] = {"gt", "gte", "lt", "lte", "eq", "eq"};
    size_t at = 0;

    while (at < 6 && !is_token(t, SIGNS[at]))
        at++;
    if (at == 6)
        return wrong(t, "one of > >= < <= =");
    t->compare = NAMES[at];
    next_token(t);
    if (!view_parse_u64(t->token, &t->number))
        return wrong(t, "a number");
    next_token(t);
    return t->token.len == 0 || wrong(t, "the end");
}

/* Fields, and the time in which matches are counted. */
static bool check(struct tail *t, const struct yaml_node *timeframe)
{
    struct loader *l = t->l;
    unsigned events = 1U << (unsigned)l->rule->event;
    bool is_number = strcmp(t->type, "value_sum") == 0 || strcmp(t->type, "value_avg") == 0;
    bool is_good = t->field.text.data == NULL || correlation_field(l, &t->field, events, is_number);
    int64_t span_us = 0;

    for (size_t i = 0; i < t->group_count; i++)
        is_good &= correlation_field(l, &t->groups[i], events, false);
    if (timeframe == NULL) { /* it meant the time that a search was over */
        loader_refuse(l, REFUSAL_CORRELATION, yaml_place_in(t->condition, t->bar_at),
                      "unsupported-aggregation", "write `timeframe: 10m` beside the condition",
                      "an aggregation without a `timeframe` has no correlation in Sigma 2");
        return false;
    }
    if (timeframe->kind != YAML_SCALAR || !loader_parse_duration(timeframe->text, &span_us) ||
        span_us == 0) {
        loader_error(l, timeframe->place, "duration", "write 30s, 10m, 1h or 7d; at most 36500d",
                     "`%s` is not a span of time", loader_shown(l, timeframe->text));
        return false;
    }
    return is_good;
}

/* The correlation in Sigma 2's words. */
static const char *correlation_text(const struct tail *t, const struct yaml_node *timeframe)
{
    struct arena *arena = t->l->arena;
    const char *groups = "";

    for (size_t i = 0; i < t->group_count; i++)
        groups = arena_format(arena, "%s%s%s", groups, i ? ", " : "",
                              (const char *)t->groups[i].text.data);
    const char *field = t->field.text.data == NULL
                            ? ""
                            : arena_format(arena, "field: %s, ", (const char *)t->field.text.data);
    return arena_format(arena, "type: %s, group-by: [%s], timespan: %s, condition: {%s%s: %llu}",
                        t->type, groups, loader_shown(t->l, timeframe->text), field, t->compare,
                        (unsigned long long)t->number);
}

void aggregation_read(struct loader *l, const struct condition_tail *tail,
                      const struct yaml_node *timeframe)
{
    struct tail t = {.l = l, .condition = tail->condition, .bar_at = tail->at - 1, .at = tail->at};

    next_token(&t);
    if (!take_function(&t) || !take_argument(&t) || !take_groups(&t) || !take_comparison(&t) ||
        !check(&t, timeframe) || l->is_bad)
        return;
    loader_refuse(
        l, REFUSAL_CORRELATION, yaml_place_in(t.condition, t.bar_at), "unsupported-aggregation",
        arena_format(l->arena, "in Sigma 2 it is the correlation {%s}",
                     correlation_text(&t, timeframe)),
        "aggregation (a correlation of type %s) is not evaluated by this version", t.type);
}
