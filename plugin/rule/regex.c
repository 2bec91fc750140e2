/* SPDX-License-Identifier: BSD-3-Clause */
/* Regex: tokens as pcre2pattern(3) has them; expressions are good ones (rule/expression.h). */
#include "rule/regex.h"

enum { DEPTH_MAX = 64 };

static uint8_t peek(struct view e, size_t at)
{
    return at < e.len ? e.data[at] : 0;
}

static bool is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_among(uint8_t c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

/* Behind the next `end`. */
static void skip_past(struct view e, size_t *at, uint8_t end)
{
    size_t found = view_find_byte(view_skip(e, *at), end);
    *at = found == VIEW_NOT_FOUND ? e.len : *at + found + 1;
}

/* ---- what repeats an item --------------------------------------------------------------------------------- */

static size_t take_digits(struct view e, size_t *at)
{
    size_t begin = *at;

    while (byte_is_digit(peek(e, *at)))
        (*at)++;
    return *at - begin;
}

/* {2}, {0,3}, {1,}, {,3}; a brace that is none of these stands for itself. */
static bool take_counts(struct view e, size_t *at, struct regex_token *token)
{
    size_t begin = *at + 1, end = begin;

    take_digits(e, &end);
    struct view least = view_slice(e, begin, end), most = least;
    if (peek(e, end) == ',') {
        begin = ++end;
        take_digits(e, &end);
        most = view_slice(e, begin, end);
    }
    if (peek(e, end) != '}' || least.len + most.len == 0)
        return false;
    uint64_t number;
    token->may_be_absent = !view_parse_u64(least, &number) || number == 0;
    token->may_repeat = !view_equal(most, VIEW("1")) && !view_equal(most, VIEW("0"));
    *at = end + 1;
    return true;
}

static void take_repeat(struct view e, size_t *at, struct regex_token *token)
{
    uint8_t c = peek(e, *at);

    if (c == '?' || c == '*' || c == '+') {
        token->may_be_absent = c != '+';
        token->may_repeat = c != '?';
        (*at)++;
    } else if (c != '{' || !take_counts(e, at, token)) {
        return;
    }
    if (is_among(peek(e, *at), "?+")) /* lazy, possessive */
        (*at)++;
}

/* ---- items ------------------------------------------------------------------------------------------------ */

/* {..}, <..>, '..' after an escape that has a name. */
static void skip_name(struct view e, size_t *at)
{
    uint8_t c = peek(e, *at);

    if (!is_among(c, "{<'"))
        return;
    (*at)++;
    skip_past(e, at, c == '{' ? '}' : c == '<' ? '>' : '\'');
}

static int hex_digit(uint8_t c)
{
    if (byte_is_digit(c))
        return c - '0';
    c = byte_fold(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \x4F, \x{4F}; what is beyond a byte is of another kind. */
static struct regex_token hex_byte(struct view e, size_t *at)
{
    struct regex_token token = {.kind = REGEX_BYTE};
    bool has_braces = peek(e, *at) == '{';
    unsigned value = 0;

    *at += has_braces;
    for (size_t digits = 0; hex_digit(peek(e, *at)) >= 0 && (has_braces || digits < 2); digits++) {
        value = value > 0xff ? value : value << 4 | (unsigned)hex_digit(peek(e, *at));
        (*at)++;
    }
    *at += has_braces;
    token.byte = (uint8_t)value;
    if (value > 0xff)
        token.kind = REGEX_OTHER;
    return token;
}

/* Behind the backslash. */
static struct regex_token take_escape(struct view e, size_t *at)
{
    static const char CONTROLS[] = "ntrfae", CONTROL_BYTES[] = "\n\t\r\f\a\033";
    struct regex_token token = {.kind = REGEX_OTHER};
    uint8_t c = peek(e, (*at)++);

    if (c == 'x')
        return hex_byte(e, at);
    if (is_among(c, CONTROLS)) {
        token.kind = REGEX_BYTE;
        token.byte = (uint8_t)CONTROL_BYTES[strchr(CONTROLS, c) - CONTROLS];
    } else if (is_among(c, "AZzGbBKE")) {
        token.kind = REGEX_EMPTY;
    } else if (is_among(c, "dDwWsShHvVRXCN")) {
        token.kind = c == 'R' || c == 'X' ? REGEX_OTHER : REGEX_CLASS;
        if (c == 'N')
            skip_name(e, at);
    } else if (c == 'p' || c == 'P') {
        token.kind = REGEX_CLASS;
        if (peek(e, *at) == '{')
            skip_name(e, at);
        else
            (*at)++;
    } else if (c == 'Q') {
        token.kind = REGEX_ODD;
    } else if (is_among(c, "gko")) {
        skip_name(e, at);
    } else if (c == 'c') {
        (*at)++;
    } else if (byte_is_digit(c)) {
        take_digits(e, at);
    } else if (byte_fold(c) < 'a' || byte_fold(c) > 'z') {
        token.kind = REGEX_BYTE;
        token.byte = c;
    }
    return token;
}

/* Behind the bracket. A class of one byte is that byte. */
static struct regex_token take_class(struct view e, size_t *at)
{
    struct regex_token token = {.kind = REGEX_CLASS, .is_capital = true};
    bool is_negated = peek(e, *at) == '^';
    size_t begin = *at + is_negated, count = 0;
    bool is_range = false, ended_range = false; /* a `-` after a range stands for itself */

    *at = begin;
    while (*at < e.len && (*at == begin || e.data[*at] != ']')) {
        uint8_t c = e.data[(*at)++];
        struct regex_token item = {.kind = REGEX_BYTE, .byte = c};
        if (c == '\\')
            item = take_escape(e, at);
        else if (c == '[' && is_among(peek(e, *at), ":.=")) {
            item.kind = REGEX_CLASS;
            skip_past(e, at, ']');
        }
        bool was_range = is_range;
        is_range = c == '-' && count > 0 && !ended_range && peek(e, *at) != ']';
        ended_range = was_range;
        token.is_capital &= is_range || (item.kind == REGEX_BYTE && is_capital(item.byte));
        token.byte = item.byte;
        count += item.kind == REGEX_BYTE ? 1 : 2;
    }
    (*at)++;
    token.is_capital &= !is_negated && count > 0;
    if (count == 1 && !is_negated)
        token.kind = REGEX_BYTE;
    return token;
}

/* ---- groups ----------------------------------------------------------------------------------------------- */

/* (?s), (?s:...), (?-m:...): behind the question mark. Letters that change how letters are read are odd. */
static struct regex_token take_flags(struct view e, size_t *at)
{
    struct regex_token token = {.kind = REGEX_ODD};

    while (is_among(peek(e, *at), "smnUJ-^"))
        (*at)++;
    uint8_t c = peek(e, (*at)++);
    if (c == ')')
        token.kind = REGEX_EMPTY;
    else if (c == ':')
        token.kind = REGEX_OPEN;
    return token;
}

/* Behind `(?`. */
static struct regex_token take_special(struct view e, size_t *at)
{
    struct regex_token token = {.kind = REGEX_OPEN};
    uint8_t c = peek(e, *at), next = peek(e, *at + 1);
    bool is_behind = c == '<' && is_among(next, "=!*");

    if (is_behind || is_among(c, "=!*")) {
        *at += is_behind ? 2 : 1;
        token.group = (is_behind ? next : c) == '!' ? GROUP_LOOK_NOT : GROUP_LOOK;
    } else if (is_among(c, ":|>")) {
        (*at)++;
    } else if (c == '<' || c == '\'' || (c == 'P' && next == '<')) {
        *at += c == 'P';
        skip_name(e, at);
    } else if (c == '#' || is_among(c, "R&0123456789+CP") || (c == '-' && byte_is_digit(next))) {
        token.kind = c == '#' ? REGEX_EMPTY : REGEX_OTHER;
        skip_past(e, at, ')');
    } else {
        return take_flags(e, at);
    }
    return token;
}

struct regex_token regex_next(struct view e, size_t *at)
{
    struct regex_token token = {.kind = REGEX_BYTE};

    if (*at >= e.len)
        return (struct regex_token){.kind = REGEX_END};
    token.byte = e.data[(*at)++];
    switch (token.byte) {
    case '|':
        token.kind = REGEX_BAR;
        return token;
    case '(':
        token.kind = peek(e, *at) == '*' ? REGEX_ODD : REGEX_OPEN;
        if (peek(e, *at) == '?') {
            (*at)++;
            token = take_special(e, at);
        }
        if (token.kind != REGEX_OTHER)
            return token;
        break;
    case ')':
        token.kind = REGEX_CLOSE;
        break;
    case '^':
    case '$':
        token.kind = REGEX_EMPTY;
        break;
    case '.':
        token = (struct regex_token){.kind = REGEX_CLASS, .byte = '.', .is_dot = true};
        break;
    case '[':
        token = take_class(e, at);
        break;
    case '\\':
        token = take_escape(e, at);
        break;
    default:
        break;
    }
    take_repeat(e, at, &token);
    return token;
}

/* ---- capitals --------------------------------------------------------------------------------------------- */

struct walk {
    struct view expression;
    size_t at;
    bool is_odd;
    struct regex_token last; /* that ended the group */
};

/* The alternatives up to the end of the group: does each of them need a capital? */
static bool needs_capital(struct walk *w, unsigned depth)
{
    bool all = true, any = false;

    for (;;) {
        struct regex_token token = regex_next(w->expression, &w->at);
        bool has = false;
        w->is_odd |= token.kind == REGEX_ODD || depth == DEPTH_MAX;
        if (w->is_odd)
            return false;
        if (token.kind == REGEX_OPEN) {
            has = needs_capital(w, depth + 1) && token.group != GROUP_LOOK_NOT;
            token = w->last;
        } else if (token.kind == REGEX_BAR) {
            all &= any;
            any = false;
            continue;
        } else if (token.kind == REGEX_END || token.kind == REGEX_CLOSE) {
            w->last = token;
            return all && any;
        }
        has |= (token.kind == REGEX_BYTE && is_capital(token.byte)) ||
               (token.kind == REGEX_CLASS && token.is_capital);
        any |= has && !token.may_be_absent;
    }
}

bool regex_needs_capital(struct view expression)
{
    struct walk walk = {.expression = expression};
    bool holds = needs_capital(&walk, 0);

    return holds && !walk.is_odd;
}
