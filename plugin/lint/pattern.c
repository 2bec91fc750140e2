/* SPDX-License-Identifier: BSD-3-Clause */
/* Patterns: rows of symbols, and whether one is found in another. match/glob.c is what they have to agree with. */
#include "lint/pattern.h"

static bool push(struct pattern *out, uint16_t symbol)
{
    if (out->count == PATTERN_MAX)
        return false;
    out->symbols[out->count++] =
        symbol < 256 && !out->is_cased ? byte_fold((uint8_t)symbol) : symbol;
    return true;
}

static bool push_bytes(struct pattern *out, struct view bytes, struct view mask)
{
    for (size_t i = 0; i < bytes.len; i++) {
        bool is_any = mask.len > 0 && mask.data[i] == 0;
        if (!push(out, is_any ? SYMBOL_ONE : bytes.data[i]))
            return false;
    }
    return true;
}

static bool has_byte(const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->count; i++) {
        if (pattern->symbols[i] < 256)
            return true;
    }
    return false;
}

/* What stands before the first symbol and behind the last is said by the ties. */
static bool pattern_of_glob(const struct predicate *p, struct pattern *out)
{
    size_t first = 0, end = p->piece_count;

    while (first < end && p->pieces[first].kind == GLOB_ANY)
        first++;
    while (end > first && p->pieces[end - 1].kind == GLOB_ANY)
        end--;
    out->is_tied_start = first == 0 || p->offsets.is_exact;
    out->is_tied_end = end == p->piece_count;
    for (size_t i = first; i < end; i++) {
        const struct glob_piece *piece = &p->pieces[i];
        bool has_room = piece->kind == GLOB_LITERAL
                            ? push_bytes(out, piece->bytes, view_make("", 0))
                            : push(out, piece->kind == GLOB_ONE ? SYMBOL_ONE : SYMBOL_ANY);
        if (!has_room)
            return false;
    }
    return true;
}

bool pattern_of(const struct predicate *p, struct pattern *out)
{
    out->count = 0;
    out->from = p->offsets.from;
    out->to = p->offsets.to;
    out->is_cased = p->is_cased;
    if (p->of != OF_VALUE)
        return false;
    if (p->op == MATCH_GLOB)
        return pattern_of_glob(p, out) && has_byte(out);
    if (p->op != MATCH_HEX && p->op != MATCH_DOMAIN)
        return false;
    out->is_cased &= p->op == MATCH_HEX;
    out->is_tied_start = p->op == MATCH_HEX && p->offsets.is_exact;
    out->is_tied_end = false; /* a domain may have a dot behind it */
    return push_bytes(out, p->bytes, p->mask) && has_byte(out);
}

bool pattern_of_step(const struct step *step, struct pattern *out)
{
    if (step->kind != STEP_BYTES || step->is_negated)
        return false;
    out->count = 0;
    out->from = step->is_relative ? 0 : step->offsets.from;
    out->to = step->is_relative ? SIZE_MAX : step->offsets.to;
    out->is_cased = step->is_cased;
    out->is_tied_start = !step->is_relative && step->offsets.is_exact;
    out->is_tied_end = step->is_at_end;
    return push_bytes(out, step->bytes, step->mask) && has_byte(out);
}

/* ---- one in another ------------------------------------------------------------------------------------- */

/* Whatever stands for `narrow`, it fits `wide`, which is no ANY. */
static bool symbol_implies(const struct pattern *n, const struct pattern *w, uint16_t narrow,
                           uint16_t wide)
{
    if (wide == SYMBOL_ONE)
        return narrow != SYMBOL_ANY;
    if (narrow >= 256)
        return false;
    if (!w->is_cased)
        return byte_fold((uint8_t)narrow) == wide;
    bool is_letter = narrow >= 'a' && narrow <= 'z';
    return narrow == wide && (n->is_cased || !is_letter);
}

struct run {
    size_t begin, len;
};

static bool run_fits(const struct pattern *n, const struct pattern *w, struct run run, size_t at)
{
    if (at > n->count || n->count - at < run.len)
        return false;
    for (size_t i = 0; i < run.len; i++) {
        if (!symbol_implies(n, w, n->symbols[at + i], w->symbols[run.begin + i]))
            return false;
    }
    return true;
}

static struct run next_run(const struct pattern *w, size_t at)
{
    struct run run = {at, 0};

    while (run.begin < w->count && w->symbols[run.begin] == SYMBOL_ANY)
        run.begin++;
    while (run.begin + run.len < w->count && w->symbols[run.begin + run.len] != SYMBOL_ANY)
        run.len++;
    return run;
}

/* The run is looked for from the left, and the first place is as good as any. */
static bool place_run(const struct pattern *n, const struct pattern *w, struct run run, size_t *at)
{
    bool is_first = run.begin == 0, is_last = run.begin + run.len == w->count;
    size_t end = n->count, place = *at;

    if (is_last && w->is_tied_end) {
        if (end < run.len || end - run.len < place)
            return false;
        place = end - run.len;
        if (is_first && w->is_tied_start && place != 0)
            return false;
    } else if (!is_first || !w->is_tied_start) {
        while (place + run.len <= end && !run_fits(n, w, run, place))
            place++;
    }
    *at = place + run.len;
    return run_fits(n, w, run, place);
}

bool pattern_implies(const struct pattern *n, const struct pattern *w)
{
    bool has_start = n->is_tied_start && n->from == w->from;
    bool has_end = n->is_tied_end && n->to == w->to;
    size_t at = 0;

    if (w->from > n->from || w->to < n->to || (w->is_tied_start && !has_start) ||
        (w->is_tied_end && !has_end))
        return false;
    for (struct run run = next_run(w, 0); run.len > 0; run = next_run(w, run.begin + run.len)) {
        if (!place_run(n, w, run, &at))
            return false;
    }
    return true;
}

bool pattern_is_whole(const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->count; i++) {
        if (pattern->symbols[i] >= 256)
            return false;
    }
    return pattern->is_tied_start && pattern->is_tied_end && pattern->from == 0 &&
           pattern->to == SIZE_MAX;
}

/* A single dot at the end of a name is none of its own. */
bool pattern_is_under(const struct pattern *pattern, struct view domain)
{
    size_t end = pattern->count;

    if (!pattern->is_tied_end || pattern->to != SIZE_MAX)
        return false;
    end -= end > 0 && pattern->symbols[end - 1] == '.';
    if (end < domain.len)
        return false;
    for (size_t i = 0; i < domain.len; i++) {
        uint16_t symbol = pattern->symbols[end - domain.len + i];
        if (symbol >= 256 || byte_fold((uint8_t)symbol) != byte_fold(domain.data[i]))
            return false;
    }
    return end == domain.len ? pattern_is_whole(pattern)
                             : pattern->symbols[end - domain.len - 1] == '.';
}
