/* SPDX-License-Identifier: BSD-3-Clause */
/* Member: does the entry that a look-up found count now, and how sure is it?
 *
 * Validity    an entry counts from its `valid_from` until its `valid_until` or the list's `expires`, whichever is first.
 *             Before, it hits nothing, and that is counted; after, it hits as expired (see match.c).
 * Confidence  with `decay` it halves each such span, counted from when the entry was first seen, else from when it
 *             became valid, else from the list's date: confidence * 2^-(age / decay), rounded to the nearest.
 * Several     of the entries that a value hits (a prefix within a prefix, a name under a name) the most specific one that
 *             counts is told; one that has expired only when no other counts.
 * Time        is the event's, never the clock's.
 */
#include "match/matcher.h"

#include <math.h>

enum { SECOND_US = 1000000 };
#define DAY_US (INT64_C(86400) * SECOND_US)

static struct set_facts facts_of(const struct ruleset *set, const struct set_row *row,
                                 uint32_t member)
{
    if (!row->has_facts)
        return (struct set_facts){.confidence = -1};
    return set->set_facts[row->facts + set->set_fact_of[row->fact_of + member]];
}

/* When it began to age; 0 when that is not known. */
static int64_t begin_of(const struct set_row *row, const struct set_facts *facts)
{
    uint32_t seen_s = facts->first_seen_s ? facts->first_seen_s : facts->valid_from_s;
    return seen_s ? (int64_t)seen_s * SECOND_US : row->date_us;
}

/* When it ends; 0: never. */
static int64_t end_of(const struct set_row *row, const struct set_facts *facts)
{
    int64_t own_us = (int64_t)facts->valid_until_s * SECOND_US;
    bool is_list_first = row->expires_us != 0 && (own_us == 0 || row->expires_us < own_us);
    return is_list_first ? row->expires_us : own_us;
}

static int confidence_at(const struct set_row *row, const struct set_facts *facts, int64_t now_us)
{
    int64_t begin_us = begin_of(row, facts);

    if (row->decay_us == 0 || facts->confidence <= 0 || begin_us == 0 || now_us <= begin_us)
        return facts->confidence;
    double spans = (double)(now_us - begin_us) / (double)row->decay_us;
    return (int)(facts->confidence * exp2(-spans) + 0.5);
}

static bool is_sure(const struct predicate_row *p, int confidence)
{
    bool is_asked = p->to <= 100;
    return !is_asked || (confidence >= (int)p->from && confidence <= (int)p->to);
}

static void describe(const struct matcher *m, const struct set_row *row, uint32_t member,
                     struct listed *out)
{
    const struct ruleset *set = m->set;
    const struct set_facts facts = facts_of(set, row, member);
    int64_t now_us = m->event->time_us, begin_us = begin_of(row, &facts);
    int64_t end_us = end_of(row, &facts);

    *out = (struct listed){
        .entry = set_entry_key(set, row, member),
        .name = ruleset_string(set, row->name),
        .source = row->source == NO_INDEX ? NULL : ruleset_string(set, row->source),
        .tlp = row->tlp == NO_INDEX ? NULL : ruleset_string(set, row->tlp),
        .note = facts.note == 0 ? NULL : set->set_notes + row->notes + facts.note,
        .confidence = confidence_at(row, &facts, now_us),
        .confidence_given = facts.confidence,
        .first_seen_us = (int64_t)facts.first_seen_s * SECOND_US,
        .age_days = begin_us != 0 && now_us >= begin_us ? (now_us - begin_us) / DAY_US : -1,
        .expired_us = end_us != 0 && now_us >= end_us ? end_us : 0,
    };
}

bool member_holds(struct matcher *m, const struct predicate_row *p, const struct set_row *row,
                  const uint32_t *members, size_t count, struct listed *out)
{
    int64_t now_us = m->event->time_us;
    uint32_t expired = NO_INDEX;

    for (size_t i = 0; i < count; i++) {
        const struct set_facts facts = facts_of(m->set, row, members[i]);
        int64_t end_us = end_of(row, &facts);
        if (!is_sure(p, confidence_at(row, &facts, now_us)))
            continue;
        if (now_us / SECOND_US < (int64_t)facts.valid_from_s) {
            m->stats.early_hits += out == NULL && m->reading == 0;
            continue;
        }
        if (end_us != 0 && now_us >= end_us) {
            expired = expired == NO_INDEX ? members[i] : expired;
            continue;
        }
        if (out != NULL)
            describe(m, row, members[i], out);
        return true;
    }
    if (expired == NO_INDEX)
        return false;
    m->has_expired_hit = true;
    if (!(m->reading & READ_EXPIRED))
        return false;
    if (out != NULL)
        describe(m, row, expired, out);
    return true;
}
