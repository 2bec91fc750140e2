/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequences: steps over one value, each placed in the value or counted from where the one before ended.
 *
 * Idea       a cursor stands where the last step ended, at first at the value's start. A step looks for its first
 *            place; the next one is asked from there. When it does not hold and counts from this step
 *            (STEP_HAS_FOLLOWER), this step is moved on to its next place, else nothing can help. That is
 *            how Suricata inspects the contents of a buffer.
 * Relative   a regex's `^` is where it is counted from, not the value's start.
 * Bound      ATTEMPTS_MAX places are tried in all, over however many steps: a value made to have many places for
 *            each of many steps is "not confirmed", and counted, as a regex that explodes is.
 * Recursion  is over the steps (at most SEQUENCE_MAX), never over input.
 */
#include "match/matcher.h"

#include <assert.h>

enum { ATTEMPTS_MAX = 20000 };

struct walk {
    struct matcher *m;
    const struct step_row *steps;
    uint32_t count;
    struct view value;
    size_t attempts;
    size_t first; /* where the first step that found something began */
    size_t last;  /* where the last one ended */
};

/* The part of the value in which a step may lie. False when there is none. */
static bool room_of(const struct step_row *step, size_t len, size_t at, size_t *from, size_t *to)
{
    uint64_t low = step->from, high = step->to < len ? step->to : len;

    if (step->flags & STEP_IS_RELATIVE) {
        int64_t begin = (int64_t)at + step->distance;
        uint64_t base = begin > 0 ? (uint64_t)begin : 0;
        low = base > low ? base : low;
        if (step->within != UINT64_MAX) {
            int64_t end = begin + (int64_t)step->within;
            uint64_t least = end > 0 ? (uint64_t)end : 0;
            high = least < high ? least : high;
        }
    }
    *from = (size_t)low;
    *to = (size_t)high;
    return low <= high;
}

static bool bytes_at(const struct step_row *step, const uint8_t *at, struct view bytes,
                     struct view mask)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (mask.len > 0 && mask.data[i] == 0)
            continue;
        if ((step->flags & STEP_IS_CASED ? at[i] : byte_fold(at[i])) != bytes.data[i])
            return false;
    }
    return true;
}

/* First place at or after `from`; VIEW_NOT_FOUND. */
static size_t find_bytes(const struct walk *w, const struct step_row *step, size_t from, size_t to)
{
    struct view bytes = ruleset_text(w->m->set, step->bytes);
    struct view mask = ruleset_text(w->m->set, step->mask);

    if (to - from < bytes.len)
        return VIEW_NOT_FOUND;
    if (step->flags & STEP_IS_AT_END) {
        size_t at = w->value.len - bytes.len;
        bool fits =
            to == w->value.len && at >= from && bytes_at(step, w->value.data + at, bytes, mask);
        return fits ? at : VIEW_NOT_FOUND;
    }
    if (mask.len == 0 && !(step->flags & STEP_IS_EXACT)) {
        struct view room = view_slice(w->value, from, to);
        size_t at =
            step->flags & STEP_IS_CASED ? view_find(room, bytes) : view_find_fold(room, bytes);
        return at == VIEW_NOT_FOUND ? VIEW_NOT_FOUND : from + at;
    }
    size_t last = step->flags & STEP_IS_EXACT ? from : to - bytes.len;
    for (size_t at = from; at <= last; at++) {
        if (bytes_at(step, w->value.data + at, bytes, mask))
            return at;
    }
    return VIEW_NOT_FOUND;
}

/* `base`: where the step's room begins; `from` moves on in it. */
static size_t find_regex(struct walk *w, const struct step_row *step, size_t base, size_t from,
                         size_t to, size_t *end)
{
    size_t start = step->flags & STEP_IS_RELATIVE ? base : 0;
    uint32_t options = step->flags & STEP_IS_EXACT ? PCRE2_ANCHORED : 0;
    const uint8_t *data = w->value.data ? w->value.data : (const uint8_t *)"";
    int rc = pcre2_match(w->m->set->regexes[step->regex], data + start, to - start, from - start,
                         options, w->m->regex_data, w->m->regex_context);

    if (rc < 0) {
        w->m->stats.confirm_limit_hits += rc != PCRE2_ERROR_NOMATCH;
        return VIEW_NOT_FOUND;
    }
    const PCRE2_SIZE *place = pcre2_get_ovector_pointer(w->m->regex_data);
    *end = start + place[1];
    return start + (place[0] < place[1] ? place[0] : place[1]); /* \K may turn them round */
}

static size_t find(struct walk *w, const struct step_row *step, size_t base, size_t from, size_t to,
                   size_t *end)
{
    if (step->kind == QUERY_STEP_REGEX)
        return find_regex(w, step, base, from, to, end);
    size_t at = find_bytes(w, step, from, to);
    *end = at == VIEW_NOT_FOUND ? at : at + step->bytes.len;
    return at;
}

/* --- numbers in the value ------------------------------------------------------------------------ */

/* Where a step that reads a number reads it; false when it is not wholly there. */
static bool number_place(const struct walk *w, const struct step_row *step, size_t at, size_t *out)
{
    int64_t place =
        step->flags & STEP_IS_RELATIVE ? (int64_t)at + step->distance : (int64_t)step->from;
    if (place < 0 || (uint64_t)place > w->value.len || w->value.len - (size_t)place < step->width)
        return false;
    *out = (size_t)place;
    return true;
}

/* Digits, after blanks, as far as they go; false when there are none. `end`: one past the last. */
static bool read_digits(struct view text, unsigned base, uint64_t *out, size_t *end)
{
    size_t i = 0;

    while (i < text.len && byte_is_space(text.data[i]))
        i++;
    if (base == 16 && text.len - i > 2 && text.data[i] == '0' && byte_fold(text.data[i + 1]) == 'x')
        i += 2;
    size_t begin = i;
    for (*out = 0; i < text.len; i++) {
        uint8_t c = byte_fold(text.data[i]);
        unsigned digit = byte_is_digit(c) ? c - 48U : c >= 97 && c <= 102 ? c - 87U : 16;
        if (digit >= base)
            break;
        *out = *out > (UINT64_MAX - digit) / base ? UINT64_MAX : *out * base + digit;
    }
    *end = i;
    return i > begin;
}

/* The number a step reads at `place`, and how many bytes it took. */
static bool read_number(const struct walk *w, const struct step_row *step, size_t place,
                        uint64_t *out, size_t *taken)
{
    struct view bytes = view_slice(w->value, place, place + step->width);
    uint64_t number = 0;

    *taken = step->width;
    if (step->base != 0 && !read_digits(bytes, step->base, &number, taken))
        return false;
    for (size_t i = 0; step->base == 0 && i < bytes.len; i++)
        number = number << 8 | bytes.data[step->flags & STEP_IS_LITTLE ? bytes.len - 1 - i : i];
    *out = (number & step->number_mask) >> step->shift;
    return true;
}

static bool number_compares(const struct step_row *step, uint64_t number)
{
    switch ((enum query_step_compare)step->compare) {
    case QUERY_STEP_EQ:
        return number == step->number;
    case QUERY_STEP_NE:
        return number != step->number;
    case QUERY_STEP_LT:
        return number < step->number;
    case QUERY_STEP_LTE:
        return number <= step->number;
    case QUERY_STEP_GT:
        return number > step->number;
    case QUERY_STEP_GTE:
        return number >= step->number;
    case QUERY_STEP_AND:
        return (number & step->number) != 0;
    case QUERY_STEP_NAND:
        return (number & step->number) == 0;
    }
    return false;
}

static bool number_holds(const struct walk *w, const struct step_row *step, size_t at)
{
    size_t place, taken;
    uint64_t number;

    if (!number_place(w, step, at, &place) || !read_number(w, step, place, &number, &taken))
        return false;
    return number_compares(step, number) != ((step->flags & STEP_IS_NEGATED) != 0);
}

/* Moves the cursor; false when it would leave the value. */
static bool jump(const struct walk *w, const struct step_row *step, size_t *at)
{
    size_t place, taken;
    uint64_t number;

    if (!number_place(w, step, *at, &place) || !read_number(w, step, place, &number, &taken) ||
        number > UINT32_MAX)
        return false;
    int64_t by = (int64_t)number * step->multiply;
    if (step->align > 1 && by % step->align != 0)
        by += step->align - by % step->align;
    by += step->add;
    int64_t base = step->origin == QUERY_ORIGIN_START ? 0
                   : step->origin == QUERY_ORIGIN_END ? (int64_t)w->value.len
                                                      : (int64_t)(place + taken);
    int64_t target = base + by > 0 ? base + by : 0;
    *at = (size_t)target;
    return (uint64_t)target <= w->value.len;
}

/* --- the walk ------------------------------------------------------------------------------------ */

static bool steps_hold(struct walk *w, uint32_t index, size_t at);

/* A step that looks for something, and what comes after it. */
static bool search_holds(struct walk *w, uint32_t index, size_t at)
{
    const struct step_row *step = &w->steps[index];
    size_t from, to, end;

    if (!room_of(step, w->value.len, at, &from, &to))
        return (step->flags & STEP_IS_NEGATED) != 0 && steps_hold(w, index + 1, at);
    if (step->flags & STEP_IS_NEGATED)
        return find(w, step, from, from, to, &end) == VIEW_NOT_FOUND &&
               steps_hold(w, index + 1, at);
    for (size_t base = from; from <= to;) {
        size_t found = find(w, step, base, from, to, &end);
        if (found == VIEW_NOT_FOUND)
            return false;
        if (++w->attempts > ATTEMPTS_MAX) {
            w->m->stats.confirm_limit_hits += w->attempts == ATTEMPTS_MAX + 1;
            return false;
        }
        if (w->first == VIEW_NOT_FOUND || index == 0)
            w->first = found;
        w->last = end;
        if (steps_hold(w, index + 1, end))
            return true;
        if (!(step->flags & STEP_HAS_FOLLOWER) || step->flags & (STEP_IS_EXACT | STEP_IS_AT_END))
            return false;
        from = found + 1;
    }
    return false;
}

static bool steps_hold(struct walk *w, uint32_t index, size_t at)
{
    if (index == w->count)
        return true;
    const struct step_row *step = &w->steps[index];
    switch ((enum query_step)step->kind) {
    case QUERY_STEP_BYTES:
    case QUERY_STEP_REGEX:
        return search_holds(w, index, at);
    case QUERY_STEP_NUMBER:
        return number_holds(w, step, at) && steps_hold(w, index + 1, at);
    case QUERY_STEP_JUMP:
        return jump(w, step, &at) && steps_hold(w, index + 1, at);
    case QUERY_STEP_LEFT:
        return (w->value.len - at >= step->number) != ((step->flags & STEP_IS_NEGATED) != 0) &&
               steps_hold(w, index + 1, at);
    }
    return false;
}

bool sequence_match(struct matcher *m, const struct predicate_row *p, struct view value,
                    struct place_found *found)
{
    struct walk w = {
        .m = m,
        .steps = m->set->steps + p->pieces.first,
        .count = p->pieces.count,
        .value = value,
        .first = VIEW_NOT_FOUND,
    };

    if (!steps_hold(&w, 0, 0))
        return false;
    if (found != NULL && w.first != VIEW_NOT_FOUND && w.last >= w.first) {
        found->offset = w.first;
        found->has_offset = true;
        found->bytes = view_slice(value, w.first, w.last);
    }
    return true;
}
