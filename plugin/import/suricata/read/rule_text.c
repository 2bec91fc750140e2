/* SPDX-License-Identifier: BSD-3-Clause */
/* Rule text:   action protocol source port -> target port (name:value; name; ...)
 *
 * Lines      a rule ends with its line, a backslash at the line's end carries it on; # begins a comment line.
 * Options    end at a semicolon that no backslash stands before, quotes or not: so Suricata reads them. The
 *            backslash before a semicolon is taken out; all others belong to the value.
 * Header     words between blanks; a bracket holds its blanks together.
 */
#include "import/suricata/read/rule_text.h"

void rule_text_begin(struct rule_text_reader *r, struct arena *arena, const char *file,
                     struct view text)
{
    *r = (struct rule_text_reader){
        .arena = arena, .file = file, .text = text, .place = {file, 1, 1}};
}

static void advance(struct rule_text_reader *r, size_t to)
{
    for (; r->at < to; r->at++) {
        bool is_end = r->text.data[r->at] == '\n';
        r->place.line += is_end;
        r->place.column = is_end ? 1 : r->place.column + 1;
    }
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct view trim(struct view v)
{
    while (v.len > 0 && is_blank(v.data[0]))
        v = view_skip(v, 1);
    while (v.len > 0 && is_blank(v.data[v.len - 1]))
        v.len--;
    return v;
}

bool rule_text_part(struct view *rest, uint8_t separator, struct view *part)
{
    *part = view_make("", 0);
    if (rest->data == NULL)
        return false;
    size_t end = view_find_byte(*rest, separator);
    *part = trim(view_slice(*rest, 0, end));
    *rest = end == VIEW_NOT_FOUND ? view_make(NULL, 0) : view_skip(*rest, end + 1);
    return true;
}

/* The end of the line that `at` is in, without its newline; a backslash before the newline joins the next one. */
static size_t line_end(struct view text, size_t at)
{
    for (; at < text.len; at++) {
        if (text.data[at] != '\n')
            continue;
        size_t last = at;
        while (last > 0 && text.data[last - 1] == '\r')
            last--;
        if (last == 0 || text.data[last - 1] != '\\')
            break;
    }
    return at;
}

static enum rule_text_result bad(struct rule_text_reader *r, struct diagnostics *diagnostics,
                                 size_t end, const char *help, const char *what)
{
    diagnostics_add(diagnostics, SEVERITY_ERROR, "rule-text", r->place, help, "%s", what);
    advance(r, end);
    return RULE_TEXT_BAD;
}

/* --- the header ---------------------------------------------------------------------------------- */

/* The next word before `end`; empty when there is none. */
static struct view take_word(struct rule_text_reader *r, size_t end)
{
    unsigned depth = 0;

    while (r->at < end && (is_blank(r->text.data[r->at]) || r->text.data[r->at] == '\\'))
        advance(r, r->at + 1);
    size_t start = r->at, at = start;
    for (; at < end; at++) {
        uint8_t c = r->text.data[at];
        if (depth == 0 && (is_blank(c) || c == '('))
            break;
        depth += c == '[';
        depth -= c == ']' && depth > 0;
    }
    advance(r, at);
    return view_slice(r->text, start, at);
}

static const char *read_header(struct rule_text_reader *r, size_t end, struct rule_text *out)
{
    out->action = take_word(r, end);
    out->protocol = take_word(r, end);
    out->source = take_word(r, end);
    out->source_port = take_word(r, end);
    struct view arrow = take_word(r, end);
    out->is_both_ways = view_equal(arrow, VIEW("<>"));
    if (arrow.len > 0 && !out->is_both_ways && !view_equal(arrow, VIEW("->")))
        return "an arrow, -> or <>, was expected between the two sides";
    out->target = take_word(r, end);
    out->target_port = take_word(r, end);
    if (out->target_port.len == 0)
        return "the rule's header has fewer than seven words";
    while (r->at < end && is_blank(r->text.data[r->at]))
        advance(r, r->at + 1);
    if (r->at == end || r->text.data[r->at] != '(')
        return "an opening parenthesis was expected behind the header";
    advance(r, r->at + 1);
    return NULL;
}

/* --- the options --------------------------------------------------------------------------------- */

/* Where the option that begins at `at` ends: its semicolon, or `end`. */
static size_t option_end(struct view text, size_t at, size_t end)
{
    while (at < end && (text.data[at] != ';' || (at > 0 && text.data[at - 1] == '\\')))
        at++;
    return at;
}

/* Without the backslashes before semicolons, and those that join lines. */
static struct view unescaped(struct arena *arena, struct view v)
{
    if (view_find(v, VIEW("\\;")) == VIEW_NOT_FOUND && view_find_byte(v, '\n') == VIEW_NOT_FOUND)
        return v;
    uint8_t *copy = arena_alloc(arena, v.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < v.len; i++) {
        uint8_t next = i + 1 < v.len ? v.data[i + 1] : 0;
        if (v.data[i] == '\\' && (next == ';' || next == '\n' || next == '\r'))
            continue;
        if (v.data[i] != '\n' && v.data[i] != '\r')
            copy[len++] = v.data[i];
    }
    return view_make(copy, len);
}

static void take_option(struct rule_text_reader *r, size_t end, struct option_text *out)
{
    struct view whole = trim(unescaped(r->arena, view_slice(r->text, r->at, end)));
    size_t colon = view_find_byte(whole, ':');

    *out = (struct option_text){.name = trim(view_slice(whole, 0, colon)), .place = r->place};
    if (colon != VIEW_NOT_FOUND)
        out->value = trim(view_skip(whole, colon + 1));
}

static const char *read_options(struct rule_text_reader *r, size_t end, struct rule_text *out)
{
    struct option_text *options =
        arena_array(r->arena, RULE_TEXT_OPTIONS_MAX, sizeof(*out->options));

    for (;;) {
        while (r->at < end && (is_blank(r->text.data[r->at]) || r->text.data[r->at] == '\\'))
            advance(r, r->at + 1);
        if (r->at == end)
            break;
        size_t stop = option_end(r->text, r->at, end);
        if (stop == end)
            return "the option has no semicolon at its end";
        if (out->option_count == RULE_TEXT_OPTIONS_MAX)
            return "the rule has too many options";
        take_option(r, stop, &options[out->option_count++]);
        advance(r, stop + 1);
    }
    out->options = options;
    return NULL;
}

/* --- rules --------------------------------------------------------------------------------------- */

/* Past blanks, empty lines and comments. */
static void skip_comments(struct rule_text_reader *r)
{
    for (;;) {
        while (r->at < r->text.len && is_blank(r->text.data[r->at]))
            advance(r, r->at + 1);
        if (r->at == r->text.len || r->text.data[r->at] != '#')
            return;
        size_t end = view_find_byte(view_skip(r->text, r->at), '\n');
        advance(r, end == VIEW_NOT_FOUND ? r->text.len : r->at + end);
    }
}

enum rule_text_result rule_text_next(struct rule_text_reader *r, struct rule_text *out,
                                     struct diagnostics *diagnostics)
{
    *out = (struct rule_text){.option_count = 0};
    if (r->at == 0 && view_starts(r->text, VIEW("\xef\xbb\xbf"))) /* byte order mark */
        r->at = 3;
    skip_comments(r);
    if (r->at == r->text.len)
        return RULE_TEXT_END;
    out->place = r->place;
    size_t end = line_end(r->text, r->at), close = end;
    const char *fault = read_header(r, end, out);
    if (fault != NULL)
        return bad(r, diagnostics, end, "write: alert tcp any any -> any 80 (msg:\"...\"; sid:1;)",
                   fault);
    while (close > r->at && is_blank(r->text.data[close - 1]))
        close--;
    if (close == r->at || r->text.data[close - 1] != ')')
        return bad(r, diagnostics, end,
                   "a rule ends with its line, unless a backslash stands there",
                   "the rule does not end with a closing parenthesis");
    fault = read_options(r, close - 1, out);
    if (fault != NULL)
        return bad(r, diagnostics, end, "write ; behind every option, and \\; for one within it",
                   fault);
    advance(r, end);
    return RULE_TEXT_RULE;
}
