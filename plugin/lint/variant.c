/* SPDX-License-Identifier: BSD-3-Clause */
/* Lint: values that no variant of a field has, since its last transform leaves nothing of the kind: capitals in a variant of
 * lower case, whitespace where it was taken out, a digest of another form, a begin without the dot. */
#include "fields/transform.h"
#include "lint/lint.h"
#include "lint/template.h"
#include "rule/regex.h"

static enum transform_id last_of(transform_list list)
{
    unsigned count = 0;

    while (transform_list_get(list, count) != TRANSFORM_NONE)
        count++;
    return count > 0 ? transform_list_get(list, count - 1) : TRANSFORM_NONE;
}

static bool is_lower(enum transform_id last)
{
    return last == TRANSFORM_TO_LOWERCASE || transform_digest_len(last) > 0;
}

static bool has_letter(const struct pattern *pattern, uint8_t first, uint8_t end)
{
    for (size_t i = 0; i < pattern->count; i++) {
        if (pattern->symbols[i] >= first && pattern->symbols[i] <= end)
            return true;
    }
    return false;
}

static bool is_whitespace(uint16_t symbol)
{
    return symbol == ' ' || (symbol >= '\t' && symbol <= '\r');
}

/* So much whitespace in a row. */
static bool has_whitespace(const struct pattern *pattern, size_t least)
{
    size_t run = 0;

    for (size_t i = 0; i < pattern->count && run < least; i++)
        run = is_whitespace(pattern->symbols[i]) ? run + 1 : 0;
    return run == least;
}

static bool is_digest(const struct pattern *pattern, size_t bytes)
{
    char template[2 * 32 + 1] = {0};

    for (size_t i = 0; i < 2 * bytes && i + 1 < sizeof(template); i++)
        template[i] = 'h';
    return pattern->from != 0 || pattern->to != SIZE_MAX || template_fits(template, pattern);
}

/* Why no value of the variant fits; NULL when some may. */
static const char *why_never(enum transform_id last, const struct pattern *pattern)
{
    bool begins_there = pattern->is_tied_start && pattern->from == 0 && pattern->symbols[0] < 256;

    if (pattern->is_cased && is_lower(last) && has_letter(pattern, 'A', 'Z'))
        return "the variant is in lower case";
    if (pattern->is_cased && last == TRANSFORM_TO_UPPERCASE && has_letter(pattern, 'a', 'z'))
        return "the variant is in upper case";
    if (transform_digest_len(last) > 0 && !is_digest(pattern, transform_digest_len(last)))
        return "the variant is the hexadecimal digits of a digest";
    if ((last == TRANSFORM_STRIP_WHITESPACE && has_whitespace(pattern, 1)) ||
        (last == TRANSFORM_COMPRESS_WHITESPACE && has_whitespace(pattern, 2)))
        return "the variant has no such whitespace";
    if (last == TRANSFORM_DOTPREFIX && begins_there && pattern->symbols[0] != '.')
        return "the variant begins with a dot";
    return NULL;
}

void lint_variant(struct lint *lint, const struct predicate *p)
{
    enum transform_id last = last_of(p->transforms);
    struct pattern pattern;
    const char *why = NULL;

    if (last == TRANSFORM_NONE)
        return;
    if (p->op == MATCH_REGEX && is_lower(last) && (p->regex_flags & REGEX_CASELESS) == 0 &&
        regex_needs_capital(p->bytes))
        why = "the variant is in lower case";
    else if (pattern_of(p, &pattern))
        why = why_never(last, &pattern);
    if (why != NULL)
        diagnostics_add(lint->diagnostics, SEVERITY_WARNING, "never-matches", p->place, NULL,
                        "%s: this never matches: %s", lint_shown(lint, p), why);
}
