/* SPDX-License-Identifier: BSD-3-Clause */
/* Names behind regular expressions.
 *
 * Idea       an expression is written out as the texts that it may match, with a hole where it leaves open what stands:
 *            `(^|\.)(a|b)\.com` as `a.com`, `.a.com`, `b.com`, `.b.com`. Names are what stands between holes. Since `.` is
 *            taken for a dot and anchors for nothing, PCRE2 is asked in the end: a name counts when the
 *            expression matches it, or two names below it that have nothing in common.
 * Bounds     TEXTS_MAX texts of TEXT_MAX bytes, DEPTH_MAX groups deep; beyond there are no names.
 */
#include "lint/regex_name.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/memory.h"
#include "rule/regex.h"

enum {
    TEXTS_MAX = REGEX_NAMES_MAX,
    TEXT_MAX = 253,
    DEPTH_MAX = 16,
    MATCH_LIMIT = 100000,
    HOLE = 0
};

struct texts {
    struct text {
        uint8_t bytes[TEXT_MAX];
        uint8_t len;
    } items[TEXTS_MAX];
    size_t count;
};

struct walk {
    struct view expression;
    size_t at;
    bool is_odd;
    struct regex_token last; /* that ended the group */
};

/* ---- writing out ------------------------------------------------------------------------------------------ */

static void add_text(struct walk *w, struct texts *texts, const struct text *text)
{
    if (texts->count == TEXTS_MAX)
        w->is_odd = true;
    else
        texts->items[texts->count++] = *text;
}

static void add_byte(struct texts *texts, uint8_t byte)
{
    texts->items[texts->count++] = (struct text){.bytes = {byte}, .len = 1};
}

/* Before the others: what is left when nothing stands there is told first. */
static void add_empty(struct walk *w, struct texts *texts)
{
    add_text(w, texts, &(const struct text){.len = 0});
    if (w->is_odd)
        return;
    struct text *last = &texts->items[texts->count - 1], first = texts->items[0];
    texts->items[0] = *last;
    *last = first;
}

/* Each of `left` with each of `right` behind it, in `left`. */
static void join(struct walk *w, struct texts *left, const struct texts *right)
{
    size_t count = left->count;

    if (count * right->count > TEXTS_MAX) {
        w->is_odd = true;
        return;
    }
    left->count = count * right->count;
    for (size_t i = left->count; i-- > 0;) {
        struct text text = left->items[i % count];
        const struct text *tail = &right->items[i / count];
        if (text.len + tail->len > TEXT_MAX) {
            w->is_odd = true;
            return;
        }
        memcpy(text.bytes + text.len, tail->bytes, tail->len);
        text.len = (uint8_t)(text.len + tail->len);
        left->items[i] = text;
    }
}

static void write_group(struct walk *w, struct texts *out, unsigned depth);

/* What one item may be; *token becomes the one that says how it is repeated. */
static void write_item(struct walk *w, struct regex_token *token, struct texts *out, unsigned depth)
{
    bool is_dot = token->kind == REGEX_CLASS && token->is_dot;
    bool is_look = token->kind == REGEX_OPEN && token->group != GROUP_PLAIN;

    if (token->kind == REGEX_OPEN) {
        write_group(w, out, depth + 1);
        *token = w->last;
    } else if (token->kind == REGEX_BYTE || is_dot) {
        add_byte(out, byte_fold(token->byte));
    } else if (token->kind != REGEX_EMPTY) {
        add_byte(out, HOLE);
    }
    if (is_look || token->may_repeat)
        out->count = 0;
    if (token->may_repeat && !is_look)
        add_byte(out, HOLE);
    if (is_look || out->count == 0 || token->may_be_absent)
        add_empty(w, out);
}

/* The alternatives up to the end of the group. */
static void write_group(struct walk *w, struct texts *out, unsigned depth)
{
    struct texts *branch = memory_new(2, sizeof(*branch)), *item = branch + 1;

    w->is_odd |= depth == DEPTH_MAX;
    add_empty(w, branch);
    while (!w->is_odd) {
        struct regex_token token = regex_next(w->expression, &w->at);
        bool is_end = token.kind == REGEX_END || token.kind == REGEX_CLOSE;
        w->is_odd |= token.kind == REGEX_ODD;
        if (is_end || token.kind == REGEX_BAR) {
            for (size_t i = 0; i < branch->count; i++)
                add_text(w, out, &branch->items[i]);
            branch->count = 0;
            add_empty(w, branch);
        }
        if (is_end) {
            w->last = token;
            break;
        }
        if (token.kind == REGEX_BAR)
            continue;
        item->count = 0;
        write_item(w, &token, item, depth);
        join(w, branch, item);
    }
    memory_free(branch);
}

/* ---- names ------------------------------------------------------------------------------------------------ */

struct finder {
    struct arena *arena;
    pcre2_code *regex;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    struct view *names;
    size_t count;
};

static bool is_matched(const struct finder *f, const char *label, struct view name)
{
    const char *text =
        arena_format(f->arena, "%s%.*s", label, (int)name.len, (const char *)name.data);
    return pcre2_match(f->regex, (PCRE2_SPTR)text, strlen(text), 0, 0, f->data, f->limits) >= 0;
}

/* What stands between two holes: with the dot before it, or one in it. */
static void find_name(struct finder *f, struct view run)
{
    bool has_dot = false;

    while (run.len > 0 && run.data[0] == '.') {
        run = view_skip(run, 1);
        has_dot = true;
    }
    while (run.len > 0 && run.data[run.len - 1] == '.')
        run.len--;
    has_dot |= view_find_byte(run, '.') != VIEW_NOT_FOUND;
    for (size_t i = 0; i < f->count && has_dot; i++)
        has_dot = !view_equal(f->names[i], run);
    if (!has_dot || run.len == 0 || f->count == REGEX_NAMES_MAX)
        return;
    if (is_matched(f, "", run) || (is_matched(f, "a.", run) && is_matched(f, "q-0z.", run)))
        f->names[f->count++] = arena_copy(f->arena, run);
}

static void find_names(struct finder *f, const struct text *text)
{
    for (size_t begin = 0, end; begin < text->len; begin = end + 1) {
        for (end = begin; end < text->len && text->bytes[end] != HOLE;)
            end++;
        find_name(f, view_make(text->bytes + begin, end - begin));
    }
}

size_t regex_names(struct arena *arena, const struct predicate *p,
                   struct view names[REGEX_NAMES_MAX])
{
    struct walk walk = {.expression = p->bytes};
    struct texts *texts = memory_new(1, sizeof(*texts));
    struct finder finder = {.arena = arena, .names = names};
    uint32_t options = p->regex_flags & REGEX_CASELESS ? PCRE2_CASELESS : 0;
    int code;
    size_t offset;

    write_group(&walk, texts, 0);
    if (!walk.is_odd)
        finder.regex = pcre2_compile(p->bytes.data, p->bytes.len, options | PCRE2_NEVER_UTF, &code,
                                     &offset, NULL);
    finder.data = memory_needed(pcre2_match_data_create(1, NULL));
    finder.limits = memory_needed(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(finder.limits, MATCH_LIMIT);
    for (size_t i = 0; i < texts->count && finder.regex != NULL; i++)
        find_names(&finder, &texts->items[i]);
    pcre2_match_context_free(finder.limits);
    pcre2_match_data_free(finder.data);
    pcre2_code_free(finder.regex);
    memory_free(texts);
    return finder.count;
}
