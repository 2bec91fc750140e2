/* SPDX-License-Identifier: BSD-3-Clause */
/* STIX patterns: a reader of tokens and one function a rule of the grammar (STIX 2.1, 9.1-9.8, and the ANTLR
 * grammar of oasis-open/cti-stix2-json-schemas).
 *
 *   observations   FOLLOWEDBY binds loosest, then OR, then AND; then the qualifiers of one observation
 *   comparisons    OR binds looser than AND
 *
 * Chains of one operator are one node with many children. Where people write what the grammar does not have:
 * `==`, `<>`, START and STOP with plain strings (STIX 2.0), and a backslash before another byte than ' and \
 * (it stands for itself: regular expressions are full of them).
 */
#include "import/stix/pattern.h"

#include <stdarg.h>
#include <stdio.h>

enum { PATH_MAX_BYTES = 1024 };

enum token_kind { WORD, NUMBER, QUOTED, SIGN, END, BROKEN };

struct token {
    enum token_kind kind;
    struct view text; /* as written; QUOTED: decoded, without quotes */
    uint8_t prefix;   /* QUOTED: t, h or b; 0 for a string */
    size_t at;
};

struct parser {
    struct arena *arena;
    struct view text;
    size_t at;
    struct token token; /* the next one */
    unsigned depth;
    size_t nodes;
    struct stix_fault *fault;
    bool has_failed;
};

static void fail(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct parser *p, const char *format, ...)
{
    va_list args;

    if (p->has_failed)
        return;
    p->has_failed = true;
    p->fault->offset = p->token.at;
    va_start(args, format);
    vsnprintf(p->fault->text, sizeof(p->fault->text), format, args);
    va_end(args);
}

/* --- tokens -------------------------------------------------------------------------------------- */

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(uint8_t c)
{
    uint8_t folded = byte_fold(c);
    return (folded >= 'a' && folded <= 'z') || byte_is_digit(c) || c == '_' || c == '-';
}

static void skip_blanks(struct parser *p)
{
    for (;;) {
        struct view rest = view_skip(p->text, p->at);
        if (rest.len > 0 && is_blank(rest.data[0])) {
            p->at++;
        } else if (view_starts(rest, VIEW("/*"))) {
            size_t end = view_find(view_skip(rest, 2), VIEW("*/"));
            p->at = end == VIEW_NOT_FOUND ? p->text.len : p->at + 2 + end + 2;
        } else if (view_starts(rest, VIEW("//"))) {
            size_t end = view_find_byte(rest, '\n');
            p->at = end == VIEW_NOT_FOUND ? p->text.len : p->at + end;
        } else {
            return;
        }
    }
}

static void take_quoted(struct parser *p)
{
    size_t start = ++p->at, len = 0;
    struct view text = p->text;

    while (p->at < text.len && text.data[p->at] != '\'')
        p->at += text.data[p->at] == '\\' ? 2 : 1;
    if (p->at >= text.len) {
        p->at = text.len;
        p->token.kind = BROKEN;
        fail(p, "a string without its closing quote");
        return;
    }
    uint8_t *plain = arena_alloc(p->arena, p->at - start + 1);
    for (size_t i = start; i < p->at; i++) {
        uint8_t next = text.data[i + 1];
        if (text.data[i] == '\\' && (next == '\'' || next == '\\'))
            i++;
        else if (text.data[i] == '\\') /* of itself, with what follows */
            plain[len++] = text.data[i++];
        plain[len++] = text.data[i];
    }
    p->at++;
    p->token.kind = QUOTED;
    p->token.text = view_make(plain, len);
}

static void take_run(struct parser *p, enum token_kind kind)
{
    size_t start = p->at++;

    while (p->at < p->text.len &&
           (is_word(p->text.data[p->at]) || (kind == NUMBER && p->text.data[p->at] == '.')))
        p->at++;
    p->token.kind = kind;
    p->token.text = view_slice(p->text, start, p->at);
}

static void next_token(struct parser *p)
{
    skip_blanks(p);
    struct view rest = view_skip(p->text, p->at);
    p->token = (struct token){.kind = END, .text = view_slice(rest, 0, 0), .at = p->at};
    if (rest.len == 0)
        return;
    uint8_t c = rest.data[0], after = rest.len > 1 ? rest.data[1] : 0;
    if (after == '\'' && view_find_byte(VIEW("thb"), c) != VIEW_NOT_FOUND) {
        p->token.prefix = c;
        p->at++;
        take_quoted(p);
    } else if (c == '\'') {
        take_quoted(p);
    } else if (byte_is_digit(c) ||
               ((c == '-' || c == '+') && (byte_is_digit(after) || after == '.'))) {
        take_run(p, NUMBER);
    } else if (is_word(c)) {
        take_run(p, WORD);
    } else {
        static const char *const PAIRS[] = {"!=", "<=", ">=", "==", "<>"};
        size_t len = 1;
        for (size_t i = 0; i < 5; i++)
            len = view_starts(rest, view_from_string(PAIRS[i])) ? 2 : len;
        p->token.kind = SIGN;
        p->token.text = view_slice(rest, 0, len);
        p->at += len;
    }
}

static bool is_token(const struct parser *p, enum token_kind kind, const char *text)
{
    return p->token.kind == kind && view_equal(p->token.text, view_from_string(text));
}

static bool takes(struct parser *p, enum token_kind kind, const char *text)
{
    if (!is_token(p, kind, text))
        return false;
    next_token(p);
    return true;
}

static void expect(struct parser *p, const char *sign, const char *after)
{
    if (!p->has_failed && !takes(p, SIGN, sign))
        fail(p, "`%s` was expected %s", sign, after);
}

/* --- nodes --------------------------------------------------------------------------------------- */

static struct stix_node *new_node(struct parser *p, enum stix_kind kind)
{
    struct stix_node *node = arena_alloc(p->arena, sizeof(*node));

    node->kind = kind;
    if (++p->nodes > STIX_NODES_MAX)
        fail(p, "more than %d parts", STIX_NODES_MAX);
    return node;
}

/* Full at each power of two. */
static void add_child(struct parser *p, struct stix_node *node, struct stix_node *child)
{
    if ((node->count & (node->count - 1)) == 0) {
        struct stix_node **children =
            arena_array(p->arena, node->count ? node->count * 2 : 1, sizeof(struct stix_node *));
        if (node->count > 0)
            memcpy(children, node->children, node->count * sizeof(struct stix_node *));
        node->children = children;
    }
    node->children[node->count++] = child;
}

typedef struct stix_node *parse_fn(struct parser *p);

/* inner (WORD inner)*; a single one stands for itself. */
static struct stix_node *parse_chain(struct parser *p, const char *word, enum stix_kind kind,
                                     parse_fn *inner)
{
    struct stix_node *first = inner(p);

    if (p->has_failed || !is_token(p, WORD, word))
        return first;
    struct stix_node *chain = new_node(p, kind);
    add_child(p, chain, first);
    while (!p->has_failed && takes(p, WORD, word))
        add_child(p, chain, inner(p));
    return chain;
}

static bool enter(struct parser *p)
{
    if (++p->depth > STIX_DEPTH_MAX)
        fail(p, "parentheses more than %d deep", STIX_DEPTH_MAX);
    return !p->has_failed;
}

/* --- literals ------------------------------------------------------------------------------------ */

static bool is_number(struct view text, bool *is_float)
{
    size_t digits = 0, dots = 0;

    for (size_t i = 0; i < text.len; i++) {
        bool is_sign = i == 0 && (text.data[0] == '-' || text.data[0] == '+');
        digits += byte_is_digit(text.data[i]);
        dots += text.data[i] == '.';
        if (!is_sign && !byte_is_digit(text.data[i]) && text.data[i] != '.')
            return false;
    }
    *is_float = dots > 0;
    return digits > 0 && dots <= 1;
}

static bool parse_literal(struct parser *p, struct stix_literal *out)
{
    bool is_float = false;

    out->text = p->token.text;
    if (p->token.kind == QUOTED) {
        out->kind = p->token.prefix == 't'   ? STIX_TIMESTAMP
                    : p->token.prefix == 'h' ? STIX_HEX
                    : p->token.prefix == 'b' ? STIX_BINARY
                                             : STIX_STRING;
    } else if (p->token.kind == NUMBER && is_number(p->token.text, &is_float)) {
        out->kind = is_float ? STIX_FLOAT : STIX_INTEGER;
    } else if (is_token(p, WORD, "true") || is_token(p, WORD, "false")) {
        out->kind = STIX_BOOL;
    } else {
        fail(p,
             "a value was expected: 'text', a number, true, false, t'time', h'hex' or b'base64'");
        return false;
    }
    next_token(p);
    return !p->has_failed;
}

static void add_value(struct parser *p, struct stix_test *test, const struct stix_literal *value)
{
    if ((test->count & (test->count - 1)) == 0) {
        struct stix_literal *values =
            arena_array(p->arena, test->count ? test->count * 2 : 1, sizeof(*values));
        if (test->count > 0)
            memcpy(values, test->values, test->count * sizeof(*values));
        test->values = values;
    }
    test->values[test->count++] = *value;
    if (test->count > STIX_NODES_MAX)
        fail(p, "more than %d values in a set", STIX_NODES_MAX);
}

static void parse_set(struct parser *p, struct stix_test *test)
{
    struct stix_literal value;

    expect(p, "(", "after IN");
    do {
        if (p->has_failed || !parse_literal(p, &value))
            return;
        add_value(p, test, &value);
    } while (!p->has_failed && takes(p, SIGN, ","));
    expect(p, ")", "after the values of IN");
}

/* --- comparisons --------------------------------------------------------------------------------- */

static struct view join_step(struct parser *p, struct view path, struct view step,
                             const char *between)
{
    return view_from_string(arena_format(p->arena, "%.*s%s%.*s", (int)path.len,
                                         (const char *)path.data, between, (int)step.len,
                                         (const char *)step.data));
}

/* type:step.'step'[*].step */
static void parse_path(struct parser *p, struct stix_test *test)
{
    if (p->token.kind != WORD) {
        fail(p, "a path was expected, for example domain-name:value");
        return;
    }
    test->object = p->token.text;
    next_token(p);
    expect(p, ":", "after the type of an object");
    for (bool is_first = true; !p->has_failed; is_first = false) {
        if (p->token.kind != WORD && !(p->token.kind == QUOTED && p->token.prefix == 0)) {
            fail(p, "the name of a property was expected");
            return;
        }
        test->path = is_first ? p->token.text : join_step(p, test->path, p->token.text, ".");
        if (test->path.len > PATH_MAX_BYTES)
            fail(p, "a path of more than %d bytes", PATH_MAX_BYTES);
        next_token(p);
        while (!p->has_failed && test->path.len <= PATH_MAX_BYTES && takes(p, SIGN, "[")) {
            bool is_star = is_token(p, SIGN, "*");
            if (!is_star && p->token.kind != NUMBER) {
                fail(p, "a number or * was expected between brackets");
                return;
            }
            test->path = join_step(p, test->path, VIEW("[*]"), "");
            next_token(p);
            expect(p, "]", "after an index");
        }
        if (p->has_failed || !takes(p, SIGN, "."))
            return;
    }
}

static const struct {
    enum token_kind kind;
    const char *text;
    enum stix_op op;
    bool is_negated;
} OPERATORS[] = {
    {SIGN, "=", STIX_EQ, false},
    {SIGN, "==", STIX_EQ, false},
    {SIGN, "!=", STIX_EQ, true},
    {SIGN, "<>", STIX_EQ, true},
    {SIGN, "<", STIX_LT, false},
    {SIGN, "<=", STIX_LTE, false},
    {SIGN, ">", STIX_GT, false},
    {SIGN, ">=", STIX_GTE, false},
    {WORD, "IN", STIX_IN, false},
    {WORD, "LIKE", STIX_LIKE, false},
    {WORD, "MATCHES", STIX_MATCHES, false},
    {WORD, "ISSUBSET", STIX_ISSUBSET, false},
    {WORD, "ISSUPERSET", STIX_ISSUPERSET, false},
};

/* The operator and its value. */
static void parse_operator(struct parser *p, struct stix_test *test)
{
    struct stix_literal value;
    size_t i = 0;

    test->is_negated = takes(p, WORD, "NOT");
    while (i < sizeof(OPERATORS) / sizeof(OPERATORS[0]) &&
           !is_token(p, OPERATORS[i].kind, OPERATORS[i].text))
        i++;
    if (i == sizeof(OPERATORS) / sizeof(OPERATORS[0])) {
        fail(p, "an operator was expected: = != < <= > >= IN LIKE MATCHES ISSUBSET ISSUPERSET");
        return;
    }
    test->op = OPERATORS[i].op;
    test->is_negated ^= OPERATORS[i].is_negated;
    next_token(p);
    if (test->op == STIX_IN) {
        parse_set(p, test);
        return;
    }
    bool wants_text = OPERATORS[i].kind == WORD;
    if (wants_text && (p->token.kind != QUOTED || p->token.prefix != 0)) {
        fail(p, "a text was expected after %s", OPERATORS[i].text);
        return;
    }
    if (!parse_literal(p, &value))
        return;
    if (value.kind == STIX_BOOL && test->op != STIX_EQ)
        fail(p, "true and false have no order");
    add_value(p, test, &value);
}

static struct stix_node *parse_comparisons(struct parser *p);

static struct stix_node *parse_test(struct parser *p)
{
    if (takes(p, SIGN, "(")) {
        struct stix_node *inner = enter(p) ? parse_comparisons(p) : NULL;
        p->depth--;
        expect(p, ")", "after a comparison");
        return inner;
    }
    struct stix_node *node = new_node(p, STIX_TEST);
    node->test = arena_alloc(p->arena, sizeof(*node->test));
    if (takes(p, WORD, "EXISTS")) {
        node->test->op = STIX_EXISTS;
        parse_path(p, node->test);
        return node;
    }
    parse_path(p, node->test);
    if (!p->has_failed)
        parse_operator(p, node->test);
    return node;
}

static struct stix_node *parse_comparison_and(struct parser *p)
{
    return parse_chain(p, "AND", STIX_AND, parse_test);
}

static struct stix_node *parse_comparisons(struct parser *p)
{
    return parse_chain(p, "OR", STIX_OR, parse_comparison_and);
}

/* --- observations -------------------------------------------------------------------------------- */

/* "300" or "0.5" seconds; false when it is not positive. */
static bool seconds_of(struct view text, int64_t *out_us)
{
    size_t dot = view_find_byte(text, '.');
    uint64_t whole = 0, part = 0, unit = 100000;

    if (dot != 0 && (!view_parse_u64(view_slice(text, 0, dot), &whole) || whole > UINT32_MAX))
        return false;
    for (size_t i = dot == VIEW_NOT_FOUND ? text.len : dot + 1; i < text.len; i++, unit /= 10)
        part += (uint64_t)(text.data[i] - '0') * unit;
    *out_us = (int64_t)(whole * 1000000 + part);
    return *out_us > 0;
}

static void parse_within(struct parser *p, struct stix_node *node)
{
    bool is_float;

    if (p->token.kind != NUMBER || !is_number(p->token.text, &is_float) ||
        !seconds_of(p->token.text, &node->within_us)) {
        fail(p, "a positive number of seconds was expected after WITHIN");
        return;
    }
    next_token(p);
    if (!takes(p, WORD, "SECONDS"))
        fail(p, "SECONDS was expected after WITHIN and its number");
}

static void parse_repeats(struct parser *p, struct stix_node *node)
{
    if (p->token.kind != NUMBER || !view_parse_u64(p->token.text, &node->repeats) ||
        node->repeats == 0) {
        fail(p, "a positive number was expected after REPEATS");
        return;
    }
    next_token(p);
    if (!takes(p, WORD, "TIMES"))
        fail(p, "TIMES was expected after REPEATS and its number");
}

static void parse_start(struct parser *p, struct stix_node *node)
{
    for (unsigned i = 0; i < 2 && !p->has_failed; i++) {
        if (p->token.kind != QUOTED || (p->token.prefix != 't' && p->token.prefix != 0)) {
            fail(p, "a time was expected: t'2024-01-09T11:52:30Z'");
            return;
        }
        next_token(p);
        if (i == 0 && !takes(p, WORD, "STOP"))
            fail(p, "STOP was expected after START and its time");
    }
    node->has_start_stop = true;
}

/* A qualifier behind parentheses around one observation qualifies it. */
static struct stix_node *parse_qualifiers(struct parser *p, struct stix_node *node)
{
    while (!p->has_failed) {
        bool is_twice = false;
        if (takes(p, WORD, "WITHIN")) {
            is_twice = node->within_us != 0;
            parse_within(p, node);
        } else if (takes(p, WORD, "REPEATS")) {
            is_twice = node->repeats != 0;
            parse_repeats(p, node);
        } else if (takes(p, WORD, "START")) {
            is_twice = node->has_start_stop;
            parse_start(p, node);
        } else {
            return node;
        }
        if (is_twice)
            fail(p, "the same qualifier a second time");
    }
    return node;
}

static struct stix_node *parse_observations(struct parser *p);

static struct stix_node *parse_observation(struct parser *p)
{
    struct stix_node *node;

    if (takes(p, SIGN, "(")) {
        node = enter(p) ? parse_observations(p) : NULL;
        p->depth--;
        expect(p, ")", "after observations");
    } else if (takes(p, SIGN, "[")) {
        node = new_node(p, STIX_OBSERVATION);
        add_child(p, node, parse_comparisons(p));
        expect(p, "]", "after a comparison");
    } else {
        fail(p, "`[` was expected");
        return NULL;
    }
    return p->has_failed ? NULL : parse_qualifiers(p, node);
}

static struct stix_node *parse_observation_and(struct parser *p)
{
    return parse_chain(p, "AND", STIX_AND, parse_observation);
}

static struct stix_node *parse_observation_or(struct parser *p)
{
    return parse_chain(p, "OR", STIX_OR, parse_observation_and);
}

static struct stix_node *parse_observations(struct parser *p)
{
    return parse_chain(p, "FOLLOWEDBY", STIX_FOLLOWEDBY, parse_observation_or);
}

struct stix_node *stix_pattern_parse(struct arena *arena, struct view text,
                                     struct stix_fault *fault)
{
    struct parser p = {.arena = arena, .text = text, .fault = fault};

    *fault = (struct stix_fault){0};
    if (text.len > STIX_PATTERN_MAX) {
        fail(&p, "a pattern of more than %d bytes", STIX_PATTERN_MAX);
        return NULL;
    }
    next_token(&p);
    struct stix_node *root = parse_observations(&p);
    if (!p.has_failed && p.token.kind != END)
        fail(&p, "AND, OR, FOLLOWEDBY or the end was expected");
    return p.has_failed ? NULL : root;
}
