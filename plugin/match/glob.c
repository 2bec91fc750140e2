/* SPDX-License-Identifier: BSD-3-Clause */
/* Globs and masked bytes within one value.
 *
 * Idea       the pieces between two ANYs form a segment of fixed length. The first segment is tied
 *            to the start unless an ANY stands before it, the last to the end unless one follows;
 *            every other is looked for from the left, and the first place found is as good as any.
 *            So the cost is bounded by value times segment length and nothing is tried twice.
 * Offsets    `from` and `to` cut the value first; `at` ties the first segment to `from`.
 */
#include "match/matcher.h"

#include <assert.h>

static bool literal_at(struct view value, size_t at, struct view literal, bool is_cased)
{
    struct view part = view_slice(value, at, at + literal.len);
    return is_cased ? view_equal(part, literal) : view_equal_fold(part, literal);
}

struct segment {
    const struct piece_row *pieces;
    size_t count;
    size_t len; /* bytes it takes */
};

static size_t segment_length(const struct piece_row *pieces, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].kind == PIECE_LITERAL ? pieces[i].bytes.len : 1;
    return len;
}

static bool segment_at(const struct ruleset *set, const struct segment *segment, struct view value,
                       size_t at, bool is_cased)
{
    for (size_t i = 0; i < segment->count; i++) {
        const struct piece_row *piece = &segment->pieces[i];
        if (piece->kind == PIECE_ONE) {
            at++;
            continue;
        }
        if (!literal_at(value, at, ruleset_text(set, piece->bytes), is_cased))
            return false;
        at += piece->bytes.len;
    }
    return true;
}

/* Leftmost place at or after `from` where the segment fits before `end`; VIEW_NOT_FOUND. */
static size_t segment_find(const struct ruleset *set, const struct segment *segment,
                           struct view value, size_t from, size_t end, bool is_cased)
{
    size_t lead = 0; /* bytes before the first literal */
    size_t first = 0;

    while (first < segment->count && segment->pieces[first].kind == PIECE_ONE) {
        first++;
        lead++;
    }
    if (first == segment->count)
        return end >= from && end - from >= segment->len ? from : VIEW_NOT_FOUND;
    struct view literal = ruleset_text(set, segment->pieces[first].bytes);
    while (end >= from && end - from >= segment->len) {
        struct view rest = view_slice(value, from + lead, end);
        size_t at = is_cased ? view_find(rest, literal) : view_find_fold(rest, literal);
        if (at == VIEW_NOT_FOUND)
            return VIEW_NOT_FOUND;
        from += at;
        if (end - from < segment->len)
            return VIEW_NOT_FOUND;
        if (segment_at(set, segment, value, from, is_cased))
            return from;
        from++;
    }
    return VIEW_NOT_FOUND;
}

/* The pieces up to the next ANY; moves *at behind them. */
static struct segment next_segment(const struct piece_row *pieces, size_t count, size_t *at)
{
    size_t begin = *at;
    while (*at < count && pieces[*at].kind != PIECE_ANY)
        (*at)++;
    return (struct segment){pieces + begin, *at - begin,
                            segment_length(pieces + begin, *at - begin)};
}

static bool place_segment(const struct ruleset *set, const struct segment *segment,
                          struct view value, size_t *from, bool is_tied_start, bool is_tied_end,
                          bool is_cased)
{
    size_t at = *from;

    if (value.len - *from < segment->len)
        return false;
    if (is_tied_end) {
        at = value.len - segment->len;
        if ((is_tied_start && at != *from) || !segment_at(set, segment, value, at, is_cased))
            return false;
    } else if (is_tied_start) {
        if (!segment_at(set, segment, value, at, is_cased))
            return false;
    } else {
        at = segment_find(set, segment, value, *from, value.len, is_cased);
        if (at == VIEW_NOT_FOUND)
            return false;
    }
    *from = at + segment->len;
    return true;
}

static void set_place(struct place_found *found, uint64_t offset, struct view bytes)
{
    if (found == NULL)
        return;
    found->offset = offset;
    found->has_offset = true;
    found->bytes = bytes;
}

bool glob_match(const struct ruleset *set, const struct predicate_row *p, struct view value,
                struct place_found *found)
{
    const struct piece_row *pieces = set->pieces + p->pieces.first;
    size_t count = p->pieces.count;
    bool is_cased = (p->flags & QUERY_CASED) != 0;
    size_t cut = p->from < value.len ? (size_t)p->from : value.len;
    size_t at = 0;
    size_t from = 0;
    size_t first_start = VIEW_NOT_FOUND;

    if (p->from > value.len)
        return false;
    struct view part = view_slice(value, cut, p->to < value.len ? (size_t)p->to : value.len);
    bool is_tied = count == 0 || pieces[0].kind != PIECE_ANY || (p->flags & QUERY_AT) != 0;
    while (at < count && pieces[at].kind == PIECE_ANY)
        at++;
    if (at == count) { /* empty, or ANY alone */
        set_place(found, cut, part);
        return count > 0 || part.len == 0;
    }
    while (at < count) {
        struct segment segment = next_segment(pieces, count, &at);
        bool is_last = at == count;
        if (!place_segment(set, &segment, part, &from, is_tied, is_last, is_cased))
            return false;
        if (first_start == VIEW_NOT_FOUND)
            first_start = from - segment.len;
        is_tied = false;
        while (at < count && pieces[at].kind == PIECE_ANY)
            at++;
    }
    set_place(found, cut + first_start, view_slice(part, first_start, from));
    return true;
}

static bool masked_at(const uint8_t *at, struct view bytes, struct view mask, bool is_cased)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (mask.len > 0 && mask.data[i] == 0)
            continue;
        uint8_t byte = is_cased ? at[i] : byte_fold(at[i]);
        if (byte != bytes.data[i])
            return false;
    }
    return true;
}

bool hex_match(const struct ruleset *set, const struct predicate_row *p, struct view value,
               struct place_found *found)
{
    struct view bytes = ruleset_text(set, p->bytes);
    struct view mask = ruleset_text(set, p->mask);
    bool is_cased = (p->flags & QUERY_CASED) != 0;
    size_t end = p->to < value.len ? (size_t)p->to : value.len;

    assert(mask.len == 0 || mask.len == bytes.len);
    if (p->from > end || end - p->from < bytes.len)
        return false;
    size_t last = p->flags & QUERY_AT ? (size_t)p->from : end - bytes.len;
    for (size_t at = (size_t)p->from; at <= last; at++) {
        if (masked_at(value.data + at, bytes, mask, is_cased)) {
            set_place(found, at, view_slice(value, at, at + bytes.len));
            return true;
        }
    }
    return false;
}
