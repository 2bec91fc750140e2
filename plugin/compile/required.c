/* SPDX-License-Identifier: BSD-3-Clause */
/* Required literals: which ones a regular expression cannot do without.
 *
 * Required   a scanner walks the expression once and keeps runs of bytes that stand in every
 *            match: plain characters, escapes of one byte, in a row, outside of anything optional.
 *            A group gives what each of its branches gives, or nothing. It errs on the side of
 *            nothing: what it does not know for certain breaks the run, and a few constructs
 *            (conditions, verbs, \Q, extended mode, comments) make it give up.
 * Case       a letter under (?i) anywhere makes all literals caseless: a wider gate is still a
 *            gate.
 */
#include "compile/builder.h"

enum { NESTING_MAX = 64, RUN_MAX = 128 };

/* A choice of literals of which one must occur; count 0: unknown. */
struct choice {
    struct view items[LITERALS_MAX];
    size_t count;
    unsigned bits; /* of the weakest */
};

struct scan {
    struct view e;
    size_t at;
    struct arena *arena;
    unsigned depth;
    bool has_given_up;
    bool is_caseless;
};

enum atom_kind { ATOM_BYTE, ATOM_EMPTY, ATOM_OTHER, ATOM_GROUP };
struct atom {
    enum atom_kind kind;
    uint8_t byte;
    struct choice *choice; /* ATOM_GROUP; NULL when unknown */
};
struct run {
    uint8_t bytes[RUN_MAX];
    size_t len;
};

static struct choice *scan_alternatives(struct scan *s);

static int peek(const struct scan *s, size_t ahead)
{
    return s->at + ahead < s->e.len ? s->e.data[s->at + ahead] : -1;
}

static struct atom give_up(struct scan *s)
{
    s->has_given_up = true;
    s->at = s->e.len;
    return (struct atom){.kind = ATOM_OTHER};
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool skip_past(struct scan *s, uint8_t end)
{
    size_t found = view_find_byte(view_skip(s->e, s->at), end);
    if (found == VIEW_NOT_FOUND)
        return false;
    s->at += found + 1;
    return true;
}

/* After `\x`: \xH, \xHH, \x{H...}. */
static struct atom scan_hex(struct scan *s)
{
    unsigned value = 0;

    if (peek(s, 0) == '{') {
        for (s->at++; hex_digit(peek(s, 0)) >= 0; s->at++)
            value = value * 16 + (unsigned)hex_digit(peek(s, 0));
        if (peek(s, 0) != '}')
            return give_up(s);
        s->at++;
        if (value > 0xff)
            return (struct atom){.kind = ATOM_OTHER};
        return (struct atom){.kind = ATOM_BYTE, .byte = (uint8_t)value};
    }
    for (int i = 0; i < 2 && hex_digit(peek(s, 0)) >= 0; i++, s->at++)
        value = value * 16 + (unsigned)hex_digit(peek(s, 0));
    return (struct atom){.kind = ATOM_BYTE, .byte = (uint8_t)value};
}

/* \g and \k take a name or number in brackets, or digits. */
static struct atom scan_reference(struct scan *s)
{
    int open = peek(s, 0);
    if (open == '{' || open == '<' || open == '\'') {
        s->at++;
        if (!skip_past(s, open == '{' ? '}' : open == '<' ? '>' : '\''))
            return give_up(s);
    } else {
        if (open == '-' || open == '+')
            s->at++;
        while (peek(s, 0) >= '0' && peek(s, 0) <= '9')
            s->at++;
    }
    return (struct atom){.kind = ATOM_OTHER};
}

static struct atom byte_atom(uint8_t byte)
{
    return (struct atom){.kind = ATOM_BYTE, .byte = byte};
}

/* After a backslash. */
static struct atom scan_escape(struct scan *s)
{
    static const char SINGLE[] = "a\a"
                                 "e\033"
                                 "f\f"
                                 "n\n"
                                 "r\r"
                                 "t\t";
    int c = peek(s, 0);

    if (c < 0)
        return give_up(s);
    s->at++;
    for (size_t i = 0; i + 1 < sizeof(SINGLE); i += 2) {
        if (c == SINGLE[i])
            return byte_atom((uint8_t)SINGLE[i + 1]);
    }
    bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    if (!is_letter && !byte_is_digit((uint8_t)c))
        return byte_atom((uint8_t)c);
    if (c == 'x')
        return scan_hex(s);
    if (c == 'g' || c == 'k')
        return scan_reference(s);
    if (strchr("bBAZzGK", c) != NULL)
        return (struct atom){.kind = ATOM_EMPTY};
    if (strchr("dDsSwWhHvVRNXC", c) != NULL)
        return (struct atom){.kind = ATOM_OTHER};
    if (c == 'p' || c == 'P') {
        if (peek(s, 0) == '{' ? !skip_past(s, '}') : peek(s, 0) < 0)
            return give_up(s);
        if (s->e.data[s->at - 1] != '}')
            s->at++;
        return (struct atom){.kind = ATOM_OTHER};
    }
    if (byte_is_digit((uint8_t)c)) { /* octal or a back reference: not told apart */
        while (peek(s, 0) >= '0' && peek(s, 0) <= '9')
            s->at++;
        return (struct atom){.kind = ATOM_OTHER};
    }
    return give_up(s); /* \Q \E \c \o and what PCRE2 refuses */
}

/* After `[`: skips the class; one plain byte in it counts as that byte. */
static struct atom scan_class(struct scan *s)
{
    size_t begin = s->at;

    if (peek(s, 0) == '^')
        s->at++;
    if (peek(s, 0) == ']')
        s->at++;
    for (; peek(s, 0) >= 0 && peek(s, 0) != ']'; s->at++) {
        int c = peek(s, 0);
        if (c == '\\') {
            if (peek(s, 1) == 'Q' || peek(s, 1) == 'E' || peek(s, 1) < 0)
                return give_up(s);
            s->at++;
        } else if (c == '[' && (peek(s, 1) == ':' || peek(s, 1) == '.' || peek(s, 1) == '=')) {
            uint8_t kind = (uint8_t)peek(s, 1);
            size_t close = s->at + 2;
            while (close + 1 < s->e.len &&
                   !(s->e.data[close] == kind && s->e.data[close + 1] == ']') &&
                   s->e.data[close] != ']')
                close++;
            if (close + 1 < s->e.len && s->e.data[close] == kind)
                s->at = close + 1;
        }
    }
    if (peek(s, 0) < 0)
        return give_up(s);
    struct view inside = view_slice(s->e, begin, s->at);
    s->at++;
    if (inside.len == 1 && inside.data[0] != '^' && inside.data[0] != '[')
        return byte_atom(inside.data[0]);
    if (inside.len == 2 && inside.data[0] == '\\' && strchr(".^$*+?()[]{}|/-\\", inside.data[1]))
        return byte_atom(inside.data[1]);
    return (struct atom){.kind = ATOM_OTHER};
}

static struct atom scan_group_body(struct scan *s, bool counts)
{
    struct choice *choice = scan_alternatives(s);
    if (peek(s, 0) != ')')
        return give_up(s);
    s->at++;
    if (!counts)
        return (struct atom){.kind = ATOM_EMPTY};
    return (struct atom){.kind = ATOM_GROUP, .choice = choice};
}

/* `(?flags)` and `(?flags:...)`; at the first flag. */
static struct atom scan_flags(struct scan *s)
{
    for (; peek(s, 0) >= 0; s->at++) {
        int c = peek(s, 0);
        if (c == ':' || c == ')')
            break;
        if (c == 'i')
            s->is_caseless = true;
        else if (strchr("msnJU-^", c) == NULL)
            return give_up(s);
    }
    int end = peek(s, 0);
    s->at++;
    if (end == ')')
        return (struct atom){.kind = ATOM_EMPTY};
    return scan_group_body(s, true);
}

/* After `(?`. */
static struct atom scan_special_group(struct scan *s)
{
    int c = peek(s, 0);
    int next = peek(s, 1);

    if (c == ':' || c == '|' || c == '>') {
        s->at++;
        return scan_group_body(s, true);
    }
    if (c == '=' || c == '!' || (c == '<' && (next == '=' || next == '!'))) {
        s->at += c == '<' ? 2 : 1;
        return scan_group_body(s, false);
    }
    if (c == '<' || c == '\'' || (c == 'P' && next == '<')) {
        s->at += c == 'P' ? 2 : 1;
        if (!skip_past(s, c == '\'' ? '\'' : '>'))
            return give_up(s);
        return scan_group_body(s, true);
    }
    bool is_call = c == 'R' || c == '&' || c == 'P' || c == '+' || (c >= '0' && c <= '9') ||
                   (c == '-' && next >= '0' && next <= '9');
    if (is_call)
        return skip_past(s, ')') ? (struct atom){.kind = ATOM_OTHER} : give_up(s);
    if (c == '(' || c == '#' || c == 'C' || c == '*' || c < 0)
        return give_up(s);
    return scan_flags(s);
}

static struct atom scan_group(struct scan *s)
{
    if (++s->depth > NESTING_MAX || peek(s, 0) == '*')
        return give_up(s);
    struct atom atom;
    if (peek(s, 0) == '?') {
        s->at++;
        atom = scan_special_group(s);
    } else {
        atom = scan_group_body(s, true);
    }
    s->depth--;
    return atom;
}

static struct atom scan_atom(struct scan *s)
{
    int c = peek(s, 0);
    s->at++;
    switch (c) {
    case '\\':
        return scan_escape(s);
    case '[':
        return scan_class(s);
    case '(':
        return scan_group(s);
    case '^':
    case '$':
        return (struct atom){.kind = ATOM_EMPTY};
    case '.':
    case '{': /* PCRE2 takes it literally when it is no repeat; not worth knowing */
        return (struct atom){.kind = ATOM_OTHER};
    default:
        return byte_atom((uint8_t)c);
    }
}

enum repeat { REPEAT_ONCE, REPEAT_SOME, REPEAT_MAYBE };

/* `{n}`, `{n,}`, `{n,m}` at the brace: position after it, 0 when it is none. */
static size_t braces(const struct scan *s, unsigned *least, unsigned *most)
{
    size_t at = s->at + 1;
    unsigned numbers[2] = {0, 0};
    bool has_digits[2] = {false, false};
    int part = 0;

    for (; at < s->e.len && s->e.data[at] != '}'; at++) {
        if (s->e.data[at] == ',' && part == 0) {
            part = 1;
        } else if (byte_is_digit(s->e.data[at])) {
            if (numbers[part] < 1000000)
                numbers[part] = numbers[part] * 10 + (unsigned)(s->e.data[at] - '0');
            has_digits[part] = true;
        } else {
            return 0;
        }
    }
    if (at == s->e.len || (!has_digits[0] && !has_digits[1]))
        return 0;
    *least = numbers[0];
    *most = part == 0 ? numbers[0] : numbers[1];
    return at + 1;
}

static enum repeat scan_repeat(struct scan *s)
{
    enum repeat repeat = REPEAT_ONCE;
    unsigned least = 1;
    unsigned most;
    size_t after;

    switch (peek(s, 0)) {
    case '*':
    case '?':
        repeat = REPEAT_MAYBE;
        s->at++;
        break;
    case '+':
        repeat = REPEAT_SOME;
        s->at++;
        break;
    case '{':
        after = braces(s, &least, &most);
        if (after == 0)
            return REPEAT_ONCE;
        repeat = least == 0 ? REPEAT_MAYBE : REPEAT_SOME;
        s->at = after;
        break;
    default:
        return REPEAT_ONCE;
    }
    if (peek(s, 0) == '?' || peek(s, 0) == '+') /* lazy, possessive */
        s->at++;
    return repeat;
}

static void keep_better(struct choice *best, const struct choice *other)
{
    if (other != NULL && other->count > 0 && (best->count == 0 || other->bits > best->bits))
        *best = *other;
}

static void flush(struct scan *s, struct run *run, struct choice *best)
{
    if (run->len >= GATE_LITERAL_MIN) {
        struct view bytes = view_make(run->bytes, run->len);
        unsigned bits = literal_bits(bytes, true);
        if (best->count == 0 || bits > best->bits) {
            best->items[0] = arena_copy(s->arena, bytes);
            best->count = 1;
            best->bits = bits;
        }
    }
    run->len = 0;
}

static void scan_sequence(struct scan *s, struct choice *best)
{
    struct run run = {.len = 0};

    best->count = 0;
    while (peek(s, 0) >= 0 && peek(s, 0) != '|' && peek(s, 0) != ')') {
        struct atom atom = scan_atom(s);
        enum repeat repeat = scan_repeat(s);
        if (atom.kind == ATOM_EMPTY)
            continue;
        if (atom.kind != ATOM_BYTE || repeat == REPEAT_MAYBE || run.len == RUN_MAX)
            flush(s, &run, best);
        if (atom.kind == ATOM_BYTE && repeat != REPEAT_MAYBE)
            run.bytes[run.len++] = atom.byte;
        if (atom.kind == ATOM_BYTE && repeat == REPEAT_SOME)
            flush(s, &run, best);
        if (atom.kind == ATOM_GROUP && repeat != REPEAT_MAYBE)
            keep_better(best, atom.choice);
    }
    flush(s, &run, best);
}

static struct choice *scan_alternatives(struct scan *s)
{
    struct choice *all = arena_alloc(s->arena, sizeof(*all));
    struct choice *branch = arena_alloc(s->arena, sizeof(*branch));
    bool is_known = true;

    for (bool is_first = true;; is_first = false) {
        scan_sequence(s, branch);
        if (branch->count == 0 || all->count + branch->count > LITERALS_MAX) {
            is_known = false;
        } else if (is_known) {
            memcpy(all->items + all->count, branch->items, branch->count * sizeof(struct view));
            all->count += branch->count;
            if (is_first || branch->bits < all->bits)
                all->bits = branch->bits;
        }
        if (peek(s, 0) != '|')
            break;
        s->at++;
    }
    return is_known ? all : NULL;
}

bool regex_literals(struct arena *arena, struct view expression, unsigned flags,
                    struct literal_set *out)
{
    struct scan s = {.e = expression, .arena = arena, .is_caseless = (flags & REGEX_CASELESS) != 0};
    struct choice *choice = scan_alternatives(&s);

    if (s.has_given_up || s.at != expression.len || choice == NULL || choice->count == 0)
        return false;
    memcpy(out->items, choice->items, choice->count * sizeof(struct view));
    out->count = choice->count;
    out->is_cased = !s.is_caseless;
    return true;
}

unsigned regex_largest_repeat(struct view expression)
{
    unsigned largest = 0;
    unsigned least;
    unsigned most;

    for (size_t i = 0; i < expression.len; i++) {
        struct scan s = {.e = expression, .at = i};
        if (expression.data[i] == '\\') {
            i++;
        } else if (expression.data[i] == '{' && braces(&s, &least, &most) != 0) {
            largest = most > largest ? most : largest;
            largest = least > largest ? least : largest;
        }
    }
    return largest;
}

bool regex_is_anchored(struct view expression)
{
    for (size_t i = 0; i < expression.len; i++) {
        uint8_t c = expression.data[i];
        if (c == '\\' && i + 1 < expression.len) {
            i++;
            if (expression.data[i] == 'A' || expression.data[i] == 'G')
                return true;
        } else if (c == '^' && (i == 0 || expression.data[i - 1] != '[')) {
            return true;
        }
    }
    return false;
}
