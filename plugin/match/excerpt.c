/* SPDX-License-Identifier: BSD-3-Clause */
/* Excerpts: the bytes of a stream's hit, kept for the alert, since the stream's bytes are gone by then.
 *
 * Idea       Hyperscan tells where a match ends. Where all matches have one length that tells where it began,
 *            too; otherwise the same expression is searched once more by PCRE2, in the bytes at hand before
 *            the end and as a match that ends there.
 * At hand    are the bytes that just came and the last EXCERPT_KEPT before them, START_MAX at most. A match
 *            that began earlier, or may have, is shown by the bytes before its end, without an offset.
 * Cost       once for each predicate hit of a stream's direction.
 */
#include "match/matcher.h"

#include <assert.h>

/* The bytes [begin, end) of the direction into `out`. */
static void copy_bytes(const struct stream_side *side, struct view bytes, uint64_t begin,
                       uint64_t end, uint8_t *out)
{
    uint64_t chunk = side->offset; /* of bytes.data[0]; the tail lies before it */
    uint64_t known = chunk - side->tail_len;

    assert(begin >= known && end >= begin);
    for (uint64_t at = begin; at < end; at++)
        *out++ = at < chunk ? side->tail[at - known] : bytes.data[at - chunk];
}

/* Where the match that ends at `end` begins, in the bytes from `known` on; UINT64_MAX when that cannot be told. */
static uint64_t find_start(struct matcher *m, const struct stream_side *side, struct view bytes,
                           uint32_t regex, uint64_t known, uint64_t end)
{
    uint64_t begin = end - known > START_MAX ? end - START_MAX : known;
    /* so that `^` and a look behind see that something stands before */
    PCRE2_SIZE first = begin > 0 ? 1 : 0;

    if (regex == NO_INDEX || end - begin <= first)
        return UINT64_MAX;
    copy_bytes(side, bytes, begin, end, m->start_bytes);
    int rc = pcre2_match(m->set->regexes[regex], m->start_bytes, (size_t)(end - begin), first,
                         PCRE2_ENDANCHORED, m->regex_data, m->regex_context);
    if (rc < 0)
        return UINT64_MAX;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m->regex_data);
    bool may_be_earlier = first > 0 && at[0] <= first;
    return may_be_earlier ? UINT64_MAX : begin + at[0];
}

void stream_excerpt(struct matcher *m, const struct stream_side *side, struct view bytes,
                    uint64_t end, struct stream_hit *hit)
{
    const struct group_predicate_row *row = &m->set->group_predicates[hit->predicate];
    uint64_t known = side->offset - side->tail_len;
    uint64_t start = UINT64_MAX;

    hit->len = 0;
    if (row->length > 0)
        start = end - row->length;
    else if (end >= known)
        start = find_start(m, side, bytes, row->regex, known, end);
    hit->has_offset = start != UINT64_MAX;
    hit->offset = start;
    if (end < known) /* a match that was told late */
        return;
    bool is_whole = hit->has_offset && start >= known;
    uint64_t begin = is_whole ? start : end - known > EXCERPT_KEPT ? end - EXCERPT_KEPT : known;
    hit->len = (uint32_t)(end - begin > EXCERPT_KEPT ? EXCERPT_KEPT : end - begin);
    copy_bytes(side, bytes, begin, begin + hit->len, hit->excerpt);
}
