/* SPDX-License-Identifier: BSD-3-Clause */
/* Sequences: steps over one value, each placed in the value or counted from where the one before ended.
 *
 * Idea       a cursor stands where the last step ended, at first at the value's start. A step looks for its first
 *            place; the next one is asked from there. When it does not hold and counts from this step
 *            (STEP_HAS_FOLLOWER), this step is moved on to its next place, else nothing can help. That is
 *            how Suricata inspects the contents of a buffer.
 * Stretch    what is asked may be a part of the value: the bytes of a stream from some offset on, as far as they came
 *            (struct stretch). All places count from the value's start. What lies before the stretch is
 *            never guessed; what lies behind it depends on how the stretch ends:
 *              ENDS_OPEN   more bytes come: an answer that rests on them is MAYBE, and asked again
 *              ENDS_BLOCK  the value goes on, but this block of it does not (match/window.c). A step with a bound
 *                          that reaches over the edge does not hold here (a later block has all of it); one without
 *                          looks as far as the block
 *              ENDS_GAP    the bytes behind are lost: what is not there is not there, but this is not the end
 *              ENDS_HERE   the value ends
 *            An answer YES or NO is the same however many more bytes come.
 * Relative   a regex's `^` is where it is counted from, not the value's start.
 * Bound      ATTEMPTS_MAX places are tried in all, over however many steps: a value made to have many places for
 *            each of many steps is "not confirmed", and counted, as a regex that explodes is.
 * Recursion  is over the steps (at most SEQUENCE_MAX), never over input.
 */
#include "match/matcher.h"

#include <assert.h>

enum { ATTEMPTS_MAX = 20000 };
#define NOWHERE UINT64_MAX

/* Places are offsets within the whole value. */
struct walk {
    struct matcher *m;
    const struct step_row *steps;
    uint32_t count;
    const struct stretch *stretch;
    uint64_t begin, end; /* of the stretch */
    size_t attempts;
    uint64_t first;      /* where the first step that found something began */
    uint32_t first_step; /* which one it was */
    uint64_t last;       /* where the last one ended */
};

/* Where a step may lie. */
struct room {
    uint64_t low;      /* as the author has it */
    uint64_t from, to; /* as far as the stretch goes; from > to: nowhere */
    bool is_bounded;
    bool is_cut_left, is_cut_right; /* the stretch does not have all of it */
};

static struct room room_of(const struct walk *w, const struct step_row *step, uint64_t at)
{
    uint64_t low = step->from, high = step->to;

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
    return (struct room){
        .low = low,
        .from = low > w->begin ? low : w->begin,
        .to = high < w->end ? high : w->end,
        .is_bounded = high != UINT64_MAX,
        .is_cut_left = low<w->begin, .is_cut_right = high> w->end && w->stretch->ends != ENDS_HERE,
    };
}

static const uint8_t *bytes_of(const struct walk *w, uint64_t at)
{
    assert(at >= w->begin && at <= w->end);
    return w->stretch->bytes.data + (at - w->begin);
}

/* Nothing was found where the stretch has bytes: may it stand behind them? */
static enum outcome unless_cut(const struct walk *w, const struct room *room)
{
    return room->is_cut_right && w->stretch->ends == ENDS_OPEN ? OUTCOME_MAYBE : OUTCOME_NO;
}

/* May a `not` hold though its room is not all there? Only bytes that are lost, or beyond the reach of a step
 * without a bound, count as absent. */
static enum outcome absence(const struct walk *w, const struct room *room)
{
    if (room->is_cut_left)
        return OUTCOME_NO;
    if (!room->is_cut_right)
        return OUTCOME_YES;
    if (w->stretch->ends == ENDS_OPEN)
        return OUTCOME_MAYBE;
    return w->stretch->ends == ENDS_GAP || !room->is_bounded ? OUTCOME_YES : OUTCOME_NO;
}

static bool bytes_equal(const struct step_row *step, const uint8_t *at, struct view bytes,
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

/* First place at or after `from`. */
static uint64_t find_bytes(const struct walk *w, const struct step_row *step,
                           const struct room *room, uint64_t from)
{
    struct view bytes = ruleset_text(w->m->set, step->bytes);
    struct view mask = ruleset_text(w->m->set, step->mask);

    if (from > room->to || room->to - from < bytes.len)
        return NOWHERE;
    if (step->flags & STEP_IS_AT_END) {
        uint64_t at = w->end - bytes.len;
        bool fits = room->to == w->end && w->stretch->ends == ENDS_HERE && at >= from &&
                    bytes_equal(step, bytes_of(w, at), bytes, mask);
        return fits ? at : NOWHERE;
    }
    if (mask.len == 0 && !(step->flags & STEP_IS_EXACT)) {
        struct view here = view_make(bytes_of(w, from), (size_t)(room->to - from));
        size_t at =
            step->flags & STEP_IS_CASED ? view_find(here, bytes) : view_find_fold(here, bytes);
        return at == VIEW_NOT_FOUND ? NOWHERE : from + at;
    }
    uint64_t last = step->flags & STEP_IS_EXACT ? from : room->to - bytes.len;
    for (uint64_t at = from; at <= last; at++) {
        if (bytes_equal(step, bytes_of(w, at), bytes, mask))
            return at;
    }
    return NOWHERE;
}

/* The subject begins where the step's room does, so that `^` is there, or else at the value's start; where that is not in the
 * stretch, at its first byte but with what stands before it, or as no start of anything. */
static uint64_t find_regex(struct walk *w, const struct step_row *step, const struct room *room,
                           uint64_t from, uint64_t *end, bool *is_partial)
{
    bool is_relative = (step->flags & STEP_IS_RELATIVE) != 0;
    uint64_t start = is_relative && !room->is_cut_left ? room->low : w->begin;
    bool is_inside = is_relative && !room->is_cut_left ? false : w->begin > 0;
    size_t before = is_inside ? w->stretch->before : 0;
    uint32_t options = step->flags & STEP_IS_EXACT ? PCRE2_ANCHORED : 0;

    options |= is_inside ? PCRE2_NOTBOL : 0;
    if (room->is_cut_right)
        options |= w->stretch->ends == ENDS_OPEN ? PCRE2_PARTIAL_HARD : PCRE2_NOTEOL;
    const uint8_t *subject =
        w->stretch->bytes.data ? bytes_of(w, start) - before : (const uint8_t *)"";
    int rc = pcre2_match(w->m->set->regexes[step->regex], subject,
                         (size_t)(room->to - start) + before, (size_t)(from - start) + before,
                         options, w->m->regex_data, w->m->regex_context);

    *is_partial = rc == PCRE2_ERROR_PARTIAL;
    if (rc < 0) {
        w->m->stats.confirm_limit_hits += rc != PCRE2_ERROR_NOMATCH && rc != PCRE2_ERROR_PARTIAL;
        return NOWHERE;
    }
    const PCRE2_SIZE *place = pcre2_get_ovector_pointer(w->m->regex_data);
    size_t first = place[0] < place[1] ? place[0] : place[1]; /* \K may turn them round */
    *end = start + place[1] - before;
    return first < before ? start : start + first - before;
}

static uint64_t find(struct walk *w, const struct step_row *step, const struct room *room,
                     uint64_t from, uint64_t *end, bool *is_partial)
{
    bool is_end_hidden = step->flags & STEP_IS_AT_END && room->is_cut_right;

    *is_partial = false;
    if ((step->flags & STEP_IS_EXACT && room->is_cut_left) || is_end_hidden)
        return NOWHERE;
    if (step->kind == QUERY_STEP_REGEX)
        return find_regex(w, step, room, from, end, is_partial);
    uint64_t at = find_bytes(w, step, room, from);
    *end = at == NOWHERE ? at : at + step->bytes.len;
    return at;
}

/* --- numbers in the value ------------------------------------------------------------------------ */

/* Where a step that reads a number reads it; YES when it is wholly there. */
static enum outcome number_place(const struct walk *w, const struct step_row *step, uint64_t at,
                                 uint64_t *out)
{
    int64_t place =
        step->flags & STEP_IS_RELATIVE ? (int64_t)at + step->distance : (int64_t)step->from;
    if (place < 0 || (uint64_t)place < w->begin)
        return OUTCOME_NO;
    if ((uint64_t)place > w->end || w->end - (uint64_t)place < step->width)
        return w->stretch->ends == ENDS_OPEN ? OUTCOME_MAYBE : OUTCOME_NO;
    *out = (uint64_t)place;
    return OUTCOME_YES;
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
static bool read_number(const struct walk *w, const struct step_row *step, uint64_t place,
                        uint64_t *out, size_t *taken)
{
    struct view bytes = view_make(bytes_of(w, place), step->width);
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

static enum outcome number_holds(const struct walk *w, const struct step_row *step, uint64_t at)
{
    uint64_t place, number;
    size_t taken;
    enum outcome is_there = number_place(w, step, at, &place);

    if (is_there != OUTCOME_YES)
        return is_there;
    if (!read_number(w, step, place, &number, &taken))
        return OUTCOME_NO;
    return outcome_of(number_compares(step, number) != ((step->flags & STEP_IS_NEGATED) != 0));
}

/* Moves the cursor; NO when it would leave the value. */
static enum outcome jump(const struct walk *w, const struct step_row *step, uint64_t *at)
{
    uint64_t place, number;
    size_t taken;
    enum outcome is_there = number_place(w, step, *at, &place);

    if (is_there != OUTCOME_YES)
        return is_there;
    if (!read_number(w, step, place, &number, &taken) || number > UINT32_MAX)
        return OUTCOME_NO;
    if (step->origin == QUERY_ORIGIN_END && w->stretch->ends != ENDS_HERE)
        return w->stretch->ends == ENDS_OPEN ? OUTCOME_MAYBE : OUTCOME_NO;
    int64_t by = (int64_t)number * step->multiply;
    if (step->align > 1 && by % step->align != 0)
        by += step->align - by % step->align;
    by += step->add;
    int64_t base = step->origin == QUERY_ORIGIN_START ? 0
                   : step->origin == QUERY_ORIGIN_END ? (int64_t)w->end
                                                      : (int64_t)(place + taken);
    int64_t target = base + by > 0 ? base + by : 0;
    *at = (uint64_t)target;
    if ((uint64_t)target > w->end)
        return w->stretch->ends == ENDS_OPEN ? OUTCOME_MAYBE : OUTCOME_NO;
    return OUTCOME_YES;
}

/* So many bytes follow. They do not when the value ends; where only the stretch does, nobody knows. */
static enum outcome left_holds(const struct walk *w, const struct step_row *step, uint64_t at)
{
    bool is_negated = (step->flags & STEP_IS_NEGATED) != 0;

    if (w->end >= at && w->end - at >= step->number)
        return outcome_of(!is_negated);
    if (w->stretch->ends == ENDS_OPEN)
        return OUTCOME_MAYBE;
    return outcome_of(is_negated && w->stretch->ends == ENDS_HERE);
}

/* --- the walk ------------------------------------------------------------------------------------ */

static enum outcome steps_hold(struct walk *w, uint32_t index, uint64_t at);

static enum outcome absence_holds(struct walk *w, uint32_t index, uint64_t at,
                                  const struct room *room)
{
    const struct step_row *step = &w->steps[index];
    uint64_t end;
    bool is_partial = false;

    if (room->from <= room->to && find(w, step, room, room->from, &end, &is_partial) != NOWHERE)
        return OUTCOME_NO;
    enum outcome is_absent = absence(w, room);
    if (step->flags & STEP_IS_AT_END && w->stretch->ends != ENDS_HERE)
        is_absent = w->stretch->ends == ENDS_OPEN ? OUTCOME_MAYBE : OUTCOME_NO;
    if (is_absent == OUTCOME_NO)
        return OUTCOME_NO;
    enum outcome rest = steps_hold(w, index + 1, at);
    return rest == OUTCOME_YES ? is_absent : rest;
}

/* Enough places were tried; where more bytes come, they may show another way. */
static enum outcome give_up(struct walk *w)
{
    if (w->stretch->ends == ENDS_OPEN)
        return OUTCOME_MAYBE;
    w->m->stats.confirm_limit_hits += w->attempts == ATTEMPTS_MAX + 1;
    return OUTCOME_NO;
}

static void note_place(struct walk *w, uint32_t index, uint64_t found, uint64_t end)
{
    if (w->first == NOWHERE || index <= w->first_step) {
        w->first = found;
        w->first_step = index;
    }
    w->last = end;
}

/* A step that looks for something, and what comes after it. */
static enum outcome search_holds(struct walk *w, uint32_t index, uint64_t at)
{
    const struct step_row *step = &w->steps[index];
    struct room room = room_of(w, step, at);
    enum outcome best = OUTCOME_NO; /* of the places so far */
    uint64_t end;
    bool is_partial;

    if (step->flags & STEP_IS_NEGATED)
        return absence_holds(w, index, at, &room);
    for (uint64_t from = room.from; from <= room.to;) {
        uint64_t found = find(w, step, &room, from, &end, &is_partial);
        if (found == NOWHERE)
            break;
        if (++w->attempts > ATTEMPTS_MAX)
            return give_up(w);
        note_place(w, index, found, end);
        enum outcome rest = steps_hold(w, index + 1, end);
        if (rest == OUTCOME_YES)
            return rest;
        if (rest == OUTCOME_MAYBE)
            best = rest;
        bool has_one_place = step->flags & STEP_IS_EXACT ||
                             (step->flags & STEP_IS_AT_END && step->kind == QUERY_STEP_BYTES);
        bool is_enough = !(step->flags & STEP_HAS_FOLLOWER) && w->stretch->beyond == 0;
        if (is_enough || has_one_place)
            return best;
        from = found + 1;
    }
    return best == OUTCOME_MAYBE ? best : unless_cut(w, &room);
}

static enum outcome steps_hold(struct walk *w, uint32_t index, uint64_t at)
{
    enum outcome here = OUTCOME_NO;

    if (index == w->count)
        return outcome_of(w->stretch->beyond == 0 || w->first == NOWHERE ||
                          w->last > w->stretch->beyond);
    const struct step_row *step = &w->steps[index];
    switch ((enum query_step)step->kind) {
    case QUERY_STEP_BYTES:
    case QUERY_STEP_REGEX:
        return search_holds(w, index, at);
    case QUERY_STEP_NUMBER:
        here = number_holds(w, step, at);
        break;
    case QUERY_STEP_JUMP:
        here = jump(w, step, &at);
        break;
    case QUERY_STEP_LEFT:
        here = left_holds(w, step, at);
        break;
    }
    /* behind a MAYBE the rest may still say no; a jump that is not known leads nowhere */
    if (here == OUTCOME_NO || (here == OUTCOME_MAYBE && step->kind == QUERY_STEP_JUMP))
        return here;
    enum outcome rest = steps_hold(w, index + 1, at);
    return rest == OUTCOME_YES ? here : rest;
}

enum outcome sequence_ask(struct matcher *m, struct span steps, const struct stretch *stretch,
                          struct place_found *found)
{
    struct walk w = {
        .m = m,
        .steps = m->set->steps + steps.first,
        .count = steps.count,
        .stretch = stretch,
        .begin = stretch->begin,
        .end = stretch->begin + stretch->bytes.len,
        .first = NOWHERE,
    };

    enum outcome outcome = steps_hold(&w, 0, 0);
    m->places_tried = w.attempts;
    if (outcome == OUTCOME_YES && found != NULL && w.first != NOWHERE && w.last >= w.first) {
        found->offset = w.first;
        found->has_offset = true;
        found->bytes = view_make(bytes_of(&w, w.first), (size_t)(w.last - w.first));
    }
    return outcome;
}

bool sequence_match(struct matcher *m, const struct predicate_row *p, struct view value,
                    struct place_found *found)
{
    const struct stretch whole = {.bytes = value, .ends = ENDS_HERE};
    return sequence_ask(m, p->pieces, &whole, found) == OUTCOME_YES;
}
