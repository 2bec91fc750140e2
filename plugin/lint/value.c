/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: values that match everything, values that never match, expressions that are dear.
 *
 * Everything  an expression that can be empty (Hyperscan's width of its shortest match is 0) and that PCRE2 finds in each
 *             of some values that have nothing in common. `^$` can be empty, too, and is not found in them.
 *             A range of addresses that leaves none out.
 * Never       an address range asked of a field that holds no address; a name with an empty label, which no name has.
 * Dear        what Hyperscan cannot take is searched for by PCRE2 alone; a repeat within a repeat has PCRE2 try
 *             exponentially many ways; a repeat without bound on a raw stream is never over.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <hs/hs.h>
#include <pcre2.h>

#include "base/memory.h"
#include "lint/lint.h"
#include "lint/shared_address.h"

/* The time that Hyperscan takes for the width of an expression grows with the third power of its length: 0.1 s here. */
enum { GROUPS_DEEP_MAX = 64, WIDTH_ASKED_MAX = 1024 };

static const struct view PROBES[] = {{(const uint8_t *)"", 0},
                                     {(const uint8_t *)"/a?b=c", 6},
                                     {(const uint8_t *)"\r\n\r\n", 4},
                                     {(const uint8_t *)"\0\xff", 2},
                                     {(const uint8_t *)"Zeitung 2026", 12}};

static bool matches_probes(const struct predicate *p)
{
    uint32_t options = (p->regex_flags & REGEX_CASELESS ? PCRE2_CASELESS : 0) |
                       (p->regex_flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0) |
                       (p->regex_flags & REGEX_DOTALL ? PCRE2_DOTALL : 0) | PCRE2_NEVER_UTF;
    int code;
    size_t offset;
    pcre2_code *regex = pcre2_compile(p->bytes.data, p->bytes.len, options, &code, &offset, NULL);
    bool is_found = regex != NULL;

    if (regex == NULL) /* it is told elsewhere */
        return false;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    for (size_t i = 0; data != NULL && is_found && i < sizeof(PROBES) / sizeof(PROBES[0]); i++)
        is_found = pcre2_match(regex, PROBES[i].data, PROBES[i].len, 0, 0, data, NULL) >= 0;
    pcre2_match_data_free(data);
    pcre2_code_free(regex);
    return is_found;
}

/* What looks for nothing but that something is not there: `^(?!GET)` can be empty, and misses some values. */
static bool denies(struct view e)
{
    return view_find(e, VIEW("(?!")) != VIEW_NOT_FOUND ||
           view_find(e, VIEW("(?<!")) != VIEW_NOT_FOUND;
}

/* *shortest: what Hyperscan says of its shortest match; 0 when it is not asked, since the expression is too long. False,
 * with its reason, when it cannot take it at all. */
static bool expression_width(struct lint *lint, const struct predicate *p, unsigned *shortest,
                             const char **why)
{
    unsigned flags = (p->regex_flags & REGEX_CASELESS ? (unsigned)HS_FLAG_CASELESS : 0U) |
                     (p->regex_flags & REGEX_MULTILINE ? (unsigned)HS_FLAG_MULTILINE : 0U) |
                     (p->regex_flags & REGEX_DOTALL ? (unsigned)HS_FLAG_DOTALL : 0U) |
                     HS_FLAG_ALLOWEMPTY;
    hs_expr_info_t *info = NULL;
    hs_compile_error_t *failure = NULL;

    *shortest = 0;
    if (p->bytes.len > WIDTH_ASKED_MAX)
        return true;
    const char *expression = (const char *)arena_copy(lint->arena, p->bytes).data;
    hs_error_t rc = hs_expression_info(expression, flags, &info, &failure);

    if (rc == HS_SUCCESS && info != NULL)
        *shortest = info->min_width;
    else
        *why = failure != NULL ? arena_string(lint->arena, failure->message) : "no reason given";
    hs_free_compile_error(failure);
    memory_free(info);
    return rc == HS_SUCCESS;
}

/* Length of a repeat without bound at the front of `rest`: *, +, {2,}; 0 when it is none. */
static size_t unbounded_at(struct view rest)
{
    if (rest.len == 0)
        return 0;
    if (rest.data[0] == '*' || rest.data[0] == '+')
        return 1;
    if (rest.data[0] != '{')
        return 0;
    size_t end = 1;
    while (end < rest.len && byte_is_digit(rest.data[end]))
        end++;
    bool is_open =
        end > 1 && end + 1 < rest.len && rest.data[end] == ',' && rest.data[end + 1] == '}';
    return is_open ? end + 2 : 0;
}

struct repeats {
    bool has_unbounded, has_nested;
};

/* Past an escape or a class that begins at `at`: its last byte. Any other byte is its own. */
static size_t item_end(struct view e, size_t at)
{
    if (e.data[at] == '\\')
        return at + 1;
    if (e.data[at] != '[')
        return at;
    at += at + 1 < e.len && e.data[at + 1] == '^';
    for (at += 2; at < e.len && e.data[at] != ']'; at++)
        at += e.data[at] == '\\';
    return at;
}

/* One pass over the expression. `(a+)+` and `(a|b*)+` are nested: where the group's alternative ends in a repeat, its
 * bytes can be shared out in many ways. `(a+-)+` is not; a possessive repeat (`a++`) goes back on nothing. */
static struct repeats find_repeats(struct view e)
{
    bool is_open[GROUPS_DEEP_MAX] = {
        false}; /* an alternative of the group at this depth ends in a repeat */
    struct repeats found = {false, false};
    unsigned depth = 0;
    bool ends_in_repeat = false, was_open_group = false;

    for (size_t i = 0; i < e.len; i++) {
        uint8_t c = e.data[i];
        size_t len = unbounded_at(view_skip(e, i));
        bool is_possessive = i + len < e.len && e.data[i + len] == '+';
        bool is_group = false;
        if (c == '(' && depth + 1 < GROUPS_DEEP_MAX) {
            is_open[++depth] = false;
        } else if (c == '|') {
            is_open[depth] |= ends_in_repeat;
        } else if (c == ')' && depth > 0) {
            is_group = is_open[depth--] || ends_in_repeat;
        } else if (len > 0) {
            found.has_unbounded = true;
            found.has_nested |= was_open_group && !is_possessive;
            i += len - 1;
        } else {
            i = item_end(e, i);
        }
        ends_in_repeat = (len > 0 && !is_possessive) || is_group;
        was_open_group = is_group;
    }
    return found;
}

static void lint_regex(struct lint *lint, const struct predicate *p)
{
    const struct repeats repeats = find_repeats(p->bytes);
    bool is_stream = lint->rule->event == EVENT_STREAM;
    const char *why = "";
    unsigned shortest;
    bool is_taken = expression_width(lint, p, &shortest, &why);

    if (shortest == 0 && !denies(p->bytes) && matches_probes(p)) {
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "matches-everything", p->place,
                        "ask `exists: true`, or write what has to be there",
                        "%s: the expression matches every value", lint_shown(lint, p));
        return;
    }
    if (!is_taken && !is_stream)
        diagnostics_add(lint->diagnostics, SEVERITY_NOTE, "beyond-hyperscan", p->place,
                        "without look-around and back references it is searched for at once",
                        "%s: PCRE2 alone can answer it; Hyperscan says: %s", lint_shown(lint, p),
                        why);
    if (repeats.has_nested && (!is_stream || !is_taken))
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "nested-repeat", p->place,
                        "repeat once, or make the inner repeat possessive: `(a++)+`",
                        "%s: a repeat within a repeat can take exponentially long",
                        lint_shown(lint, p));
    if (repeats.has_unbounded && is_stream)
        diagnostics_add(
            lint->diagnostics, SEVERITY_NOTE, "unbounded-repeat", p->place, "bound it: `.{0,200}`",
            "%s: once begun, it is looked for to the end of the stream", lint_shown(lint, p));
}

/* ---- what never matches -------------------------------------------------------------------------------- */

static void lint_label(struct lint *lint, const struct predicate *p)
{
    if (!field_holds_names(p->field) || p->piece_count == 0 || p->transforms != 0)
        return;
    const struct glob_piece *first = &p->pieces[0];
    bool is_empty =
        first->kind == GLOB_LITERAL && first->bytes.len > 1 && first->bytes.data[0] == '.';
    for (size_t i = 0; i < p->piece_count; i++)
        is_empty |= view_find(p->pieces[i].bytes, VIEW("..")) != VIEW_NOT_FOUND;
    if (is_empty)
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "never-matches", p->place,
                        "write the name without the dot, or use `domain`",
                        "%s: a part of the name is empty, so this never matches",
                        lint_shown(lint, p));
}

static void lint_prefix(struct lint *lint, const struct predicate *p)
{
    if (address_is_whole(&p->address, p->prefix_bits)) {
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "matches-everything", p->place,
                        "write the range that is meant", "%s: every %saddress lies in this range",
                        lint_shown(lint, p), p->prefix_bits > 0 ? "IPv4 " : "");
        return;
    }
    bool can_hold = p->field == FIELD_NONE || field_get(p->field)->type != TYPE_BYTES ||
                    field_holds_names(p->field) || p->field == FIELD_DNS_ANSWER ||
                    p->header_name.len > 0;

    if (!can_hold)
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "never-matches", p->place,
                        "ask src_ip or dst_ip, or use `contains`",
                        "`%s` holds no address, so this never matches", field_get(p->field)->name);
}

/* Nothing but `*`. An empty value has no piece. */
static bool is_any(const struct predicate *p)
{
    for (size_t i = 0; i < p->piece_count; i++) {
        if (p->pieces[i].kind != GLOB_ANY)
            return false;
    }
    return p->piece_count > 0 && p->offsets.from == 0 && p->offsets.to == SIZE_MAX;
}

/* `*` alone, which Sigma has for this; whoever means it can say so. */
static void lint_star(struct lint *lint, const struct predicate *p)
{
    if (p->wanted && view_ends(view_from_string(p->text), VIEW("*")))
        diagnostics_add(lint->diagnostics, SEVERITY_NOTE, "matches-everything", p->place,
                        "write `exists: true` when this is meant",
                        "%s: every value fits, so this only asks whether there is one",
                        lint_shown(lint, p));
}

void lint_value(struct lint *lint, const struct predicate *p)
{
    if (p->of != OF_VALUE || p->is_negated)
        return;
    if (p->transforms == 0) { /* a variant has none of the field's shape */
        lint_shape(lint, p);
        lint_closed(lint, p);
    }
    lint_variant(lint, p);
    if (p->op == MATCH_GLOB && is_any(p))
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "matches-everything", p->place,
                        "ask `exists: true`, or write what has to be there",
                        "%s: every value matches this", lint_shown(lint, p));
    else if (p->op == MATCH_REGEX)
        lint_regex(lint, p);
    else if (p->op == MATCH_GLOB)
        lint_label(lint, p);
    else if (p->op == MATCH_EXISTS)
        lint_star(lint, p);
    else if (p->op == MATCH_PREFIX)
        lint_prefix(lint, p);
}
